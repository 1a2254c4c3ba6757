"""A calendar that is unwell, and ten thousand mixed requests: what stays right, and what stays behind."""

from infra.bench import proc
from infra.bench.asking import OFFERED, Bench, all_right, check, days, lookups
from infra.bench.bodies import Question
from infra.bench.figures import Figures, Job, percentile
from infra.bench.report import Goal, Table, number
from infra.bench.servers import UNTHROTTLED, Server, business, calendars

TECHNICIANS = 40
LATENCY_MS = 40
FAULTS = {"p503": 0.05, "reset": 0.02, "slow": 0.03, "slow-s": 2.0, "never": 0.01}
WITHIN_MS = 1_000.0
DEADLINE_MS = 6_000.0
"""The product's own default deadline of a tool."""
DEADLINE_SLACK_MS = 250.0
RIGHT_SHARE, MOST_EXTRA = 0.995, 0.12
IDLE_MB = 150.0
GROWTH_MB = 5.0
"""Less than this over ten thousand requests after as many counts as none: caches with a bound fill up."""
MIXED_CALLERS = 8
PAYLOADS = (
    *("20_assistant_request.json", "21_status_update_in_progress.json", "22_status_update_ended.json"),
    *("25_end_of_call_report.json", "30_speech_update.json", "31_conversation_update.json"),
    "40_unknown_future_event.json",
)


def unwell(bench: Bench) -> Table:
    """Lookups while the calendar fails, resets, dawdles and falls silent; compared with the answers of a well one."""
    plan = bench.plan
    questions = lookups(TECHNICIANS)[: plan.unwell_lookups]
    env = {"READBACK_AVAILABILITY_TTL_S": "0", "READBACK_GOOGLE_REQUESTS_PER_MINUTE": UNTHROTTLED}
    with bench.site() as stage:
        google = stage.stand_in(LATENCY_MS, calendars(TECHNICIANS), **FAULTS)
        healthy = stage.stand_in(0, calendars(TECHNICIANS))
        reference = stage.product(business(TECHNICIANS), google=healthy, **env)
        product = stage.product(business(TECHNICIANS), google=google, **env)
        bench.progress(f"unwell: what a well calendar gives to {len(questions)} questions")
        expected = _expected(bench, reference, questions)
        bench.progress(f"unwell: {plan.unwell_lookups} lookups at {plan.unwell_per_s:.0f}/s")
        google.stats()
        job = Job("open", product.port, "/vapi", questions, product.pid, callers=8, rate=plan.unwell_per_s)
        job.count, job.keep, job.marker = plan.unwell_lookups, True, OFFERED
        figures = bench.generator.run(job)
        calls = google.stats().get("freebusy", 0)
    return _unwell_table(figures, expected, calls)


def _expected(bench: Bench, reference: Server, questions: list[Question]) -> dict[int, list[str]]:
    job = Job("closed", reference.port, "/vapi", questions, callers=4, count=len(questions), keep=True, marker=OFFERED)
    figures = bench.generator.run(job)
    all_right("unwell, from a well calendar", figures)
    return {question: starts for question, _, _, starts in figures.kept}


def _unwell_table(figures: Figures, expected: dict[int, list[str]], calls: int) -> Table:
    right = [(ms, starts == expected[question]) for question, ms, _, starts in figures.kept]
    total = max(1, len(right))
    in_time = sum(good and ms <= WITHIN_MS for ms, good in right) / total
    ever = sum(good for _, good in right) / total
    untrue = sum(bool(starts) and starts != expected[question] for question, _, _, starts in figures.kept)
    late = sum(ms > DEADLINE_MS + DEADLINE_SLACK_MS for ms, _ in right) + figures.failed
    extra = calls / max(1, figures.asked) - 1
    p999 = percentile(sorted(ms for ms, _ in right), 0.999)
    table = Table(
        "unwell",
        "5 % 503, 2 % resets, 3 % two-second answers, 1 % never; 40 ms else; open loop",
        ("lookups", "right in 1 s", "right", "untrue", "p50 ms", "p99 ms", "p99.9", "worst ms", "extra calls"),
        [
            (
                str(total),
                f"{in_time:.2%}",
                f"{ever:.2%}",
                str(untrue),
                *(number(value, 0) for value in (figures.p50, figures.p99, p999, figures.worst)),
                f"{extra:+.1%}",
            )
        ],
    )
    table.notes = [
        "right = the very times a well calendar gives; untrue = times offered that it does not give. "
        "Every lookup asks another calendar or day, memory is off (TTL 0), nothing is pushed later.",
    ]
    table.figures = {
        **{"lookups": total, "right_within_1_s": in_time, "right": ever, "untrue": untrue, "late": late},
        **{"p50": figures.p50, "p99": figures.p99, "p99_9": p999, "worst": figures.worst, "extra_calls": extra},
        "not_right": [
            [question, ms] for (question, ms, _, _), (_, good) in zip(figures.kept, right, strict=True) if not good
        ],
    }
    what = "lookups on an unwell calendar:"
    table.goals = [
        Goal(f"{what} right within 1 s", f"at least {RIGHT_SHARE:.1%}", f"{in_time:.2%}", in_time >= RIGHT_SHARE),
        Goal(f"{what} extra calls", f"at most {MOST_EXTRA:.0%}", f"{extra:.1%}", extra <= MOST_EXTRA),
        Goal(
            f"{what} an answer within the deadline", "always", f"{late} later; worst {figures.worst:.0f} ms", not late
        ),
        Goal(f"{what} times offered that are not open", "none", str(untrue), not untrue),
    ]
    return table


def memory(bench: Bench) -> Table:
    """Resident memory at rest, after a warm-up, after as much again and once more; sockets left over."""
    plan = bench.plan
    with bench.site() as stage:
        google = stage.stand_in(0, calendars(TECHNICIANS))
        given = {"database_url": stage.file(), "READBACK_GOOGLE_REQUESTS_PER_MINUTE": UNTHROTTLED}
        # Every start but the first finds its tables there, and has not loaded what makes them.
        stage.stop(stage.product(business(TECHNICIANS), google=google, **given))
        product = stage.product(business(TECHNICIANS), google=google, **given)
        idle, sockets = proc.rss_mb(product.pid), proc.open_files(product.pid)
        readings: list[tuple[int, float | None, int | None]] = [(0, idle, sockets)]
        done = 0
        for target in filter(None, (plan.mixed_first, plan.mixed_total, plan.mixed_beyond)):
            bench.progress(f"memory: mixed requests up to {target}")
            done += _mixed(bench, product, target - done)
            readings.append((done, proc.rss_mb(product.pid), proc.open_files(product.pid)))
    table = Table("memory", "one process after mixed requests", ("requests", "RSS MB", "open files"))
    table.rows = [(str(count), number(rss, 1), str(files or "-")) for count, rss, files in readings]
    table.notes = [
        "Mixed: lookups (right, wrong and empty), bookings on the calendar, bookings found, call events, an unknown "
        f"tool; {MIXED_CALLERS} callers; memory of answers at its default of 30 s.",
    ]
    table.figures = {"readings": readings}
    table.goals = _memory_goals(readings)
    return table


def _memory_goals(readings: list[tuple[int, float | None, int | None]]) -> list[Goal]:
    idle, warm, end = (reading[1] for reading in readings[:3])
    if idle is None or warm is None or end is None:
        return [Goal("memory", "/proc", "-", None)]
    count, grown = readings[2][0], end - warm
    left = (readings[2][2] or 0) - (readings[1][2] or 0)
    return [
        Goal("memory of an idle process", f"under {IDLE_MB:g} MB", f"{idle:.0f} MB", idle < IDLE_MB),
        Goal(
            f"memory after {count} mixed requests against after {readings[1][0]}",
            f"no growth (less than {GROWTH_MB:g} MB)",
            f"{grown:+.1f} MB",
            grown < GROWTH_MB,
        ),
        Goal("open files and sockets left over by them", "none", f"{left:+d}", left <= 0),
    ]


def _mixed(bench: Bench, product: Server, wanted: int) -> int:
    """About `wanted` requests, four fifths of them plain; how many it were."""
    plain = Job("closed", product.port, "/vapi", _mixture(), callers=MIXED_CALLERS, count=wanted * 4 // 5)
    figures = bench.generator.run(plain)
    if figures.failed or figures.wrong:
        all_right("memory", figures)
    done = figures.answers
    booked = [
        check({"technician": f"t{technician}", "date": f"{day:%Y-%m-%d}"})
        for day in days()
        for technician in range(TECHNICIANS)
    ]
    while done < wanted:
        talk = bench.generator.talk(
            "pairs", port=product.port, pid=product.pid, questions=booked, callers=MIXED_CALLERS, seconds=0.2
        )
        done += 2 * (talk["pairs"] + talk["not_confirmed"]) + talk["no_slots"] + talk["failed"]
    return done


def _mixture() -> list[Question]:
    wrong = [
        check({"date": "2020-01-01"}),
        check({"date": "the day after never"}),
        check({"technician": "nobody"}),
        {"tool": "check_availability", "arguments": {"service": "surgery"}},
        {"tool": "order_pizza", "arguments": {}},
        {"tool": "find_appointments", "arguments": {}},
        {"tool": "book_appointment", "arguments": {"slot_id": "invented", "customer_name": "Jordan Smith"}},
    ]
    events: list[Question] = [{"payload": name} for name in PAYLOADS]
    return [*lookups(TECHNICIANS)[:100], *wrong, *events, check({}), check({"date": "tomorrow"})]

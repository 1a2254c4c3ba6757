"""Answers that need the calendar: what the product adds to the calendar's own time, alone, in a crowd, and for a wide
question; and the same by the way tutorials show.
"""

from dataclasses import asdict
from datetime import timedelta

from infra.bench import proc
from infra.bench.asking import TOLD_BUSY, Bench, all_right, check, days, direct, lookups, saturation
from infra.bench.figures import Figures
from infra.bench.report import Goal, Table, middle, number
from infra.bench.servers import UNTHROTTLED, Server, business, calendars

TECHNICIANS = 40
FREEBUSY = "/calendar/v3/freeBusy"
OPEN = "open"
GOALS_MS = {"1": 3.0, "64": 8.0}
OPEN_GOAL_MS = 15.0
CROWD, SMALLER_CROWD = "200", "64"
CROWD_LEAST = 0.8
"""Of the throughput with 64 callers: 200 may not get less than this in all."""
WIDE_TECHNICIANS = 5
WIDE_DAYS = 7
COLD = {"READBACK_AVAILABILITY_TTL_S": "0", "READBACK_GOOGLE_REQUESTS_PER_MINUTE": UNTHROTTLED}

Turn = tuple[Figures, Figures, float]
"""The calendar asked directly, the product, and how many calls the product made per answer."""


def cold(bench: Bench) -> Table:
    """Time above asking the calendar directly in the same round."""
    table = Table(
        "cold",
        "check_availability that has to ask the calendar, against asking it directly",
        (
            *("latency", "callers", "p50 above", "p99 above", "p50 ms", "p99 ms", "req/s", "direct/s"),
            *("CPU us", "calls/ans", "RSS MB"),
        ),
    )
    everything: list[Figures] = []
    for place, latency in enumerate(bench.plan.latencies_ms):
        turns, memory = _at(
            bench, latency, bench.plan.cold_rounds if place == 0 else max(1, bench.plan.cold_rounds - 2)
        )
        for cell, found in turns.items():
            everything += [figures for turn in found for figures in turn[:2]]
            shown = f"{bench.plan.cold_open_per_s:.0f}/s" if cell == OPEN else cell
            table.rows.append((f"{latency} ms", shown, *_cells(found), number(memory, 0)))
        table.figures[str(latency)] = {
            "rss_mb": memory,
            **{
                c: [{"direct": asdict(d), "product": asdict(p), "calls_per_answer": n} for d, p, n in found]
                for c, found in turns.items()
            },
        }
        if place == 0:
            table.goals = _goals(latency, turns, bench.plan.cold_open_per_s)
    table.notes = [
        "above = product minus the stand-in asked directly in the same round, in ms; medians of the rounds. "
        "READBACK_AVAILABILITY_TTL_S=0: nothing is answered from memory.",
        f"READBACK_GOOGLE_REQUESTS_PER_MINUTE is raised to {UNTHROTTLED}; its default keeps to Google's own quota, "
        "which is far below these rates.",
        f"Distinct questions: {TECHNICIANS} calendars and every second day, {len(lookups(TECHNICIANS))} in turn, so "
        "that no two under way at once share a read; calls/ans (calls to the calendar per answer) shows it.",
        f"{bench.plan.cold_open_per_s:.0f}/s = Poisson arrivals that do not wait. "
        "In closed loops the answers of a crowd come in "
        "lockstep and queue for one core. With one caller a p99 rests on few answers: it is nearly the worst of them.",
        saturation(everything),
    ]
    return table


def _at(bench: Bench, latency: int, rounds: int) -> tuple[dict[str, list[Turn]], float | None]:
    plan = bench.plan
    with bench.site() as stage:
        google = stage.stand_in(latency, calendars(TECHNICIANS))
        product = stage.product(business(TECHNICIANS), google=google, **COLD)
        cells = [str(callers) for callers in plan.cold_callers] + [OPEN]
        found: dict[str, list[Turn]] = {cell: [] for cell in cells}
        bench.closed(product, lookups(TECHNICIANS), 16, plan.warm_up_s)
        for turn in range(rounds):
            bench.progress(f"cold, {latency} ms: round {turn + 1} of {rounds}")
            for cell in cells:
                found[cell].append(_turn(bench, google, product, cell))
        return found, proc.rss_mb(product.pid)


def _turn(bench: Bench, google: Server, product: Server, cell: str) -> Turn:
    plan = bench.plan
    asked, straight = lookups(TECHNICIANS), direct(TECHNICIANS)
    if cell == OPEN:
        rate, seconds = plan.cold_open_per_s, plan.cold_open_s
        alone = bench.open(google, straight, rate, seconds, path=FREEBUSY, marker=TOLD_BUSY)
        google.stats()
        through = bench.open(product, asked, rate, seconds)
    else:
        alone = bench.closed(google, straight, int(cell), plan.cold_s, path=FREEBUSY, marker=TOLD_BUSY)
        google.stats()
        through = bench.closed(product, asked, int(cell), plan.cold_s)
    all_right(f"direct, {cell}", alone)
    all_right(f"cold, {cell}", through)
    return alone, through, google.stats().get("freebusy", 0) / through.asked


def _cells(found: list[Turn]) -> tuple[str, ...]:
    cpu = [product.cpu_us for _, product, _ in found if product.cpu_us is not None]
    return (
        number(_above(found, "p50")),
        number(_above(found, "p99")),
        number(middle([product.p50 for _, product, _ in found])),
        number(middle([product.p99 for _, product, _ in found])),
        number(middle([product.per_s for _, product, _ in found]), 0),
        number(middle([alone.per_s for alone, _, _ in found]), 0),
        number(middle(cpu), 0) if cpu else "-",
        number(middle([calls for _, _, calls in found])),
    )


def _above(found: list[Turn], figure: str) -> float:
    return middle([getattr(product, figure) - getattr(alone, figure) for alone, product, _ in found])


def _goals(latency: int, turns: dict[str, list[Turn]], rate: float) -> list[Goal]:
    goals = []
    for callers, most in GOALS_MS.items():
        if callers in turns:
            above = _above(turns[callers], "p50")
            what = f"cold lookup, {latency} ms, p50 above the calendar's own with {callers} caller(s)"
            goals.append(Goal(what, f"at most {most:g} ms", f"{above:.2f} ms", above <= most))
    if CROWD in turns and SMALLER_CROWD in turns:
        crowd, smaller = (middle([turn[1].per_s for turn in turns[c]]) for c in (CROWD, SMALLER_CROWD))
        p99 = middle([turn[1].p99 for turn in turns[CROWD]])
        goals.append(
            Goal(
                f"cold lookup, {latency} ms, no collapse at {CROWD} callers",
                f"at least {CROWD_LEAST} of the throughput with {SMALLER_CROWD}",
                f"{crowd / smaller:.2f} ({crowd:.0f}/s against {smaller:.0f}/s), p99 {p99:.0f} ms",
                crowd >= CROWD_LEAST * smaller,
            )
        )
    above = _above(turns[OPEN], "p99")
    what = f"cold lookup, {latency} ms, open loop at {rate:.0f}/s, p99 above the calendar's own"
    goals.append(Goal(what, f"at most {OPEN_GOAL_MS:g} ms", f"{above:.2f} ms", above <= OPEN_GOAL_MS))
    return goals


def wide(bench: Bench) -> Table:
    """Seven days over five calendars against one day of one calendar, one caller, cold."""
    latency = bench.plan.latencies_ms[0]
    one = lookups(WIDE_TECHNICIANS)
    many = [
        check({"date": f"{day:%Y-%m-%d}", "date_to": f"{day + timedelta(days=WIDE_DAYS - 1):%Y-%m-%d}"})
        for day in days()[:-WIDE_DAYS]
    ]
    found: dict[str, list[tuple[Figures, float]]] = {"one": [], "many": []}
    with bench.site() as stage:
        google = stage.stand_in(latency, calendars(WIDE_TECHNICIANS))
        product = stage.product(business(WIDE_TECHNICIANS), google=google, **COLD)
        for turn in range(bench.plan.tutorial_rounds):
            bench.progress(f"wide: round {turn + 1} of {bench.plan.tutorial_rounds}")
            for name, questions in (("one", one), ("many", many)):
                google.stats()
                figures = bench.closed(product, questions, 1, bench.plan.wide_s)
                all_right(f"wide, {name}", figures)
                found[name].append((figures, google.stats().get("freebusy", 0) / figures.asked))
    calls = {name: middle([count for _, count in rounds]) for name, rounds in found.items()}
    ratio = middle([m.p50 / o.p50 for (m, _), (o, _) in zip(found["many"], found["one"], strict=True)])
    titles = {"one": "one day, one calendar", "many": f"{WIDE_DAYS} days, {WIDE_TECHNICIANS} calendars"}
    table = Table(
        "wide",
        f"a wide question, cold, {latency} ms",
        ("question", "x p50", "calls/answer", "p50 ms", "p99 ms", "CPU us"),
    )
    for name, rounds in found.items():
        cpu = [figures.cpu_us for figures, _ in rounds if figures.cpu_us is not None]
        table.rows.append(
            (
                titles[name],
                number(ratio if name == "many" else 1.0, 3),
                number(calls[name]),
                *(number(middle([getattr(figures, which) for figures, _ in rounds])) for which in ("p50", "p99")),
                number(middle(cpu), 0) if cpu else "-",
            )
        )
    table.notes = ["One caller, no memory (TTL 0). The stand-in's latency does not grow with the range."]
    table.figures = {"x_p50": ratio, "calls_per_answer": calls, "rounds": _plain(found)}
    what = f"{titles['many']}: calls to the calendar per answer"
    table.goals = [Goal(what, "1", f"{calls['many']:.2f}", calls["many"] < 1.1)]
    return table


def tutorial(bench: Bench) -> Table:
    """The synchronous Google client in FastAPI and the product, on the same stand-in, in alternation."""
    latency, plan = bench.plan.latencies_ms[0], bench.plan
    names = {
        "readback": "readback, cold",
        "/def": "def, build() per request",
        "/async": "async def, built once",
    }
    found: dict[str, dict[str, list[tuple[Figures, Figures]]]] = {}
    memory: dict[str, float | None] = {}
    with bench.site() as stage:
        google = stage.stand_in(latency, calendars(TECHNICIANS))
        product = stage.product(business(TECHNICIANS), google=google, **COLD)
        others = {path: stage.tutorial(google) for path in ("/def", "/async")}
        asked, straight = lookups(TECHNICIANS), direct(TECHNICIANS)
        for turn in range(plan.tutorial_rounds):
            bench.progress(f"tutorial: round {turn + 1} of {plan.tutorial_rounds}")
            for callers in (1, 16):
                alone = bench.closed(google, straight, callers, plan.tutorial_s, path=FREEBUSY, marker=TOLD_BUSY)
                for name in names:
                    server, path = (product, "/vapi") if name == "readback" else (others[name], name)
                    figures = bench.closed(server, asked, callers, plan.tutorial_s, path=path)
                    all_right(f"tutorial, {name}, {callers}", figures)
                    found.setdefault(str(callers), {}).setdefault(name, []).append((alone, figures))
                    memory[name] = proc.rss_mb(server.pid)
    return _compared(latency, names, found, memory)


def _compared(
    latency: int,
    names: dict[str, str],
    found: dict[str, dict[str, list[tuple[Figures, Figures]]]],
    memory: dict[str, float | None],
) -> Table:
    table = Table(
        "tutorial",
        f"the tutorial way: google-api-python-client's execute() in FastAPI, cold, {latency} ms",
        ("callers", "server", "x req/s", "x CPU", "p50 above", "p99 above", "req/s", "p99 ms", "CPU us", "RSS MB"),
    )
    for callers, by_name in found.items():
        ours = [figures for _, figures in by_name["readback"]]
        for name, rounds in by_name.items():
            cpu = [figures.cpu_us for _, figures in rounds if figures.cpu_us is not None]
            pairs = list(zip(rounds, ours, strict=True))
            dearer = [f.cpu_us / o.cpu_us for (_, f), o in pairs if f.cpu_us and o.cpu_us]
            table.rows.append(
                (
                    callers,
                    names[name],
                    number(middle([f.per_s / o.per_s for (_, f), o in pairs])),
                    number(middle(dearer), 1) if dearer else "-",
                    *(number(middle([getattr(f, p) - getattr(a, p) for a, f in rounds])) for p in ("p50", "p99")),
                    number(middle([f.per_s for _, f in rounds]), 0),
                    number(middle([f.p99 for _, f in rounds]), 0),
                    number(middle(cpu), 0) if cpu else "-",
                    number(memory[name], 0),
                )
            )
    table.figures = {
        "rss_mb": memory,
        **{c: {n: [[asdict(a), asdict(f)] for a, f in rs] for n, rs in by.items()} for c, by in found.items()},
    }
    table.notes = [
        "x = over readback in the same round; above = minus the stand-in asked directly, in ms. No credentials and no "
        "TLS: with a service account each build() costs a second round trip and a signature besides.",
        "The tutorial server authenticates, asks freeBusy and computes openings; it keeps no duplicates, audit or log.",
    ]
    return table


def _plain(found: dict[str, list[tuple[Figures, float]]]) -> dict[str, list[list[object]]]:
    return {name: [[asdict(figures), calls] for figures, calls in rounds] for name, rounds in found.items()}

"""Answers from memory, with everything a lookup has to do, against the least that any endpoint does."""

import json
import time
from dataclasses import asdict

from infra.bench import proc
from infra.bench.asking import PARTS, Bench, all_right, check, days, saturation
from infra.bench.bodies import RECORDED, Question, template
from infra.bench.figures import Figures
from infra.bench.report import Goal, Table, middle, number
from infra.bench.servers import UNTHROTTLED, Server, business, calendars, result_of

TECHNICIANS = 2
DAYS_ASKED = 14
JUDGED_AT = 16
LEAST_SHARE, MOST_P99 = 0.5, 2.5
OPEN = "open"
SETTLE_S = 0.5
"""Before each turn: what the server before still has to write down would be counted against this one."""

Rounds = dict[str, dict[str, list[Figures]]]
"""By callers, then by server: one entry per round."""


def warm(bench: Bench) -> Table:
    """req/s, percentiles, CPU and memory of floor and product, in alternation."""
    questions = [
        check({"date": f"{day:%Y-%m-%d}", "part_of_day": part}) for day in days()[:DAYS_ASKED] for part in PARTS
    ]
    with bench.site() as stage:
        google = stage.stand_in(0, calendars(TECHNICIANS))
        embedded = stage.product(business(TECHNICIANS, "embedded"))
        kept = stage.product(
            business(TECHNICIANS),
            google=google,
            READBACK_AVAILABILITY_TTL_S="80000",
            READBACK_GOOGLE_REQUESTS_PER_MINUTE=UNTHROTTLED,
        )
        told = result_of(embedded.ask(questions[0]))
        if not told.get("slots"):
            raise ValueError(f"the product offers nothing: {told}")
        bare = stage.floor(_same_size(embedded, questions[0]))
        servers = {"floor": bare, "embedded": embedded, "google": kept}
        for server in (embedded, kept):
            for question in questions:
                server.ask(question)
        rounds = _rounds(bench, servers, questions)
        memory = {name: proc.rss_mb(server.pid) for name, server in servers.items()}
    return _table(bench, rounds, memory, len(template("/vapi", questions[0]).wire(1, 1)))


def _same_size(server: Server, question: Question) -> str:
    """A real result: what the floor gives is as long as what the product gives."""
    answer: str = json.loads(server.ask(question))["results"][0]["result"]
    return answer


def _rounds(bench: Bench, servers: dict[str, Server], questions: list[Question]) -> Rounds:
    plan = bench.plan
    cells = [str(callers) for callers in plan.callers] + [OPEN]
    found: Rounds = {cell: {name: [] for name in servers} for cell in cells}
    for turn in range(plan.rounds):
        bench.progress(f"warm: round {turn + 1} of {plan.rounds}")
        for cell in cells:
            for name, server in servers.items():
                time.sleep(SETTLE_S)
                if cell == OPEN:
                    figures = bench.open(server, questions, plan.open_per_s, plan.open_s)
                else:
                    figures = bench.closed(server, questions, int(cell), plan.warm_s)
                all_right(f"warm, {name}, {cell}", figures)
                found[cell][name].append(figures)
    return found


def _table(bench: Bench, rounds: Rounds, memory: dict[str, float | None], request_bytes: int) -> Table:
    table = Table(
        "warm",
        f"check_availability from memory against a bare Starlette endpoint ({RECORDED.name}, {request_bytes} bytes)",
        ("callers", "server", "x req/s", "x p50", "x p99", "x CPU", "req/s", "p50 ms", "p99 ms", "CPU us", "RSS MB"),
    )
    ratios: dict[str, dict[str, dict[str, float | None]]] = {}
    for cell, by_name in rounds.items():
        for name, figures in by_name.items():
            against = _against(figures, by_name["floor"])
            ratios.setdefault(cell, {})[name] = against
            shown = f"{bench.plan.open_per_s:.0f}/s" if cell == OPEN else cell
            table.rows.append((shown, name, *_cells(figures, against), number(memory[name], 0)))
    table.figures = {"ratios": ratios, "rss_mb": memory}
    table.figures["rounds"] = {c: {n: [asdict(f) for f in fs] for n, fs in by.items()} for c, by in rounds.items()}
    table.goals = _goals(ratios, JUDGED_AT if str(JUDGED_AT) in rounds else bench.plan.callers[-1])
    table.notes = [
        "x = product over floor in the same round; every figure is the median of "
        f"{bench.plan.rounds} rounds, percentiles are over all answers of a round.",
        "floor: secret compared, orjson in, orjson out, answer of the product's length. embedded, google: all of the "
        "product (authentication, duplicates, cap, audit row, metrics, log). google is warm by an "
        f"availability TTL of a day. Five questions a call, {DAYS_ASKED} days and three parts of day in turn.",
        f"{bench.plan.open_per_s:.0f}/s = Poisson arrivals that do not wait.",
        saturation([f for by in rounds.values() for figures in by.values() for f in figures]),
    ]
    return table


def _against(figures: list[Figures], floor: list[Figures]) -> dict[str, float | None]:
    pairs = list(zip(figures, floor, strict=True))
    cpu = [one.cpu_us / other.cpu_us for one, other in pairs if one.cpu_us and other.cpu_us]
    return {
        "per_s": middle([one.per_s / other.per_s for one, other in pairs]),
        "p50": middle([one.p50 / other.p50 for one, other in pairs]),
        "p99": middle([one.p99 / other.p99 for one, other in pairs]),
        "cpu": middle(cpu) if cpu else None,
    }


def _cells(figures: list[Figures], against: dict[str, float | None]) -> tuple[str, ...]:
    cpu = [one.cpu_us for one in figures if one.cpu_us is not None]
    return (
        *(number(against[name]) for name in ("per_s", "p50", "p99", "cpu")),
        number(middle([one.per_s for one in figures]), 0),
        number(middle([one.p50 for one in figures]), 3),
        number(middle([one.p99 for one in figures])),
        number(middle(cpu), 0) if cpu else "-",
    )


def _goals(ratios: dict[str, dict[str, dict[str, float | None]]], at: int) -> list[Goal]:
    found = []
    for name in ("embedded", "google"):
        share, p99 = (ratios[str(at)][name][figure] or 0.0 for figure in ("per_s", "p99"))
        found += [
            Goal(
                f"warm lookup ({name}), requests per second at {at} callers against the floor's",
                f"at least {LEAST_SHARE}",
                f"{share:.2f}",
                share >= LEAST_SHARE,
            ),
            Goal(
                f"warm lookup ({name}), p99 at {at} callers against the floor's",
                f"at most {MOST_P99}",
                f"{p99:.2f}",
                p99 <= MOST_P99,
            ),
        ]
    return found

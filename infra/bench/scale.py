"""One process and three on one PostgreSQL and one Redis: what more of them serve, and whether the cap stays one cap."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from infra.bench import proc
from infra.bench.asking import Bench, all_right, check, days, lookups
from infra.bench.bodies import Question
from infra.bench.booking import rush
from infra.bench.figures import Figures
from infra.bench.report import Goal, Table, middle, number
from infra.bench.servers import UNTHROTTLED, Server, Site, business, calendars, postgres
from tests.servers import UnavailableError, redis_server

PROCESSES = 3
CALLERS = {"warm": 64, "cold": 200}
"""As many as keep one process busy: 64 that wait 40 ms for a calendar ask 1,600 times a second at the very most."""
TECHNICIANS = 40
LATENCY_MS = 40
LEAST_MORE = 1.7
FREE_CORES = 0.15
"""Less than this of the machine at rest: more processes have nothing to run on."""
ASKED_DAYS = 14
SETTLED_S = 3.0
KINDS = {"warm": "80000", "cold": "0"}
"""READBACK_AVAILABILITY_TTL_S for each kind of lookup."""


@dataclass
class Stretch:
    """One measurement, and the cores that the product and everybody on the machine used meanwhile."""

    figures: Figures
    product: float
    machine: float | None


Found = dict[str, dict[int, list[Stretch]]]


def scale(bench: Bench) -> Table:
    """req/s of one process and of three, in alternation, from memory and with a calendar; then the rush on the cap."""
    table = Table(
        "scale",
        f"one process and {PROCESSES} on PostgreSQL and Redis",
        (
            "lookups",
            "callers",
            "processes",
            "x req/s",
            "req/s",
            "p50 ms",
            "p99 ms",
            "product",
            "generator",
            "others",
            "at rest",
        ),
    )
    try:
        with _servers() as (postgres_url, redis_url, told):
            found = {kind: _measured(bench, kind, postgres_url, redis_url) for kind in KINDS}
            bench.progress(f"scale: {bench.plan.cap_calls} calls at once on {PROCESSES} processes")
            shared = {"READBACK_WEB_WORKERS": str(PROCESSES), "READBACK_REDIS_URL": f"{redis_url}/0"}
            _add_cap(bench, table, rush(bench, postgres_url, **shared))
    except UnavailableError as error:
        bench.progress(f"NO POSTGRESQL OR REDIS: {error}")
        table.rows.append(("-",) * len(table.columns))
        table.notes.append(f"IT COULD NOT BE MEASURED: {error}.")
        table.figures = {"missing": str(error)}
        table.goals.append(Goal("three processes against one", f"at least {LEAST_MORE}", "nothing", None))
        return table
    for kind, by_number in found.items():
        _add(table, kind, by_number)
    table.notes = [
        f"{told}. {PROCESSES} = READBACK_WEB_WORKERS={PROCESSES}; jobs run in each. x req/s = {PROCESSES} over one, in "
        f"the same round, median of {bench.plan.scale_rounds} rounds. warm: from memory; cold: every one asks the "
        f"calendar ({LATENCY_MS} ms).",
        "product, generator, others, at rest: cores. Others are the databases, the calendar, and whoever else is on "
        "this machine; where next to nothing is at rest, the machine is the limit, not the product.",
    ]
    return table


@contextmanager
def _servers() -> Iterator[tuple[str, str, str]]:
    """URLs of a PostgreSQL and of a Redis, and how durable the first is. Raises UnavailableError."""
    url, told, stop = postgres()
    try:
        redis_url, stop_redis = redis_server()
        try:
            yield url, redis_url, told
        finally:
            stop_redis()
    finally:
        stop()


def _measured(bench: Bench, kind: str, postgres_url: str, redis_url: str) -> dict[int, list[Stretch]]:
    found: dict[int, list[Stretch]] = {1: [], PROCESSES: []}
    with bench.site() as stage:
        questions = _questions(kind)
        servers = {count: _product(stage, kind, count, postgres_url, redis_url) for count in found}
        for server in servers.values():
            bench.closed(server, questions, CALLERS[kind], SETTLED_S)
        for turn in range(bench.plan.scale_rounds):
            bench.progress(f"scale, {kind}: round {turn + 1} of {bench.plan.scale_rounds}")
            for count, server in servers.items():
                found[count].append(_stretch(bench, server, questions, CALLERS[kind]))
                all_right(f"scale, {kind}, {count}", found[count][-1].figures)
    return found


def _product(stage: Site, kind: str, count: int, postgres_url: str, redis_url: str) -> Server:
    return stage.product(
        business(TECHNICIANS),
        database_url=stage.database(postgres_url),
        google=stage.stand_in(LATENCY_MS, calendars(TECHNICIANS)),
        READBACK_REDIS_URL=f"{redis_url}/{count}",
        READBACK_WEB_WORKERS=str(count),
        READBACK_AVAILABILITY_TTL_S=KINDS[kind],
        READBACK_GOOGLE_REQUESTS_PER_MINUTE=UNTHROTTLED,
    )


def _questions(kind: str) -> list[Question]:
    if kind == "cold":
        return lookups(TECHNICIANS)
    return [
        check({"technician": f"t{number_}", "date": f"{day:%Y-%m-%d}"})
        for day in days()[:ASKED_DAYS]
        for number_ in range(2)
    ]


def _stretch(bench: Bench, server: Server, questions: list[Question], callers: int) -> Stretch:
    before = proc.machine_s()
    figures = bench.closed(server, questions, callers, bench.plan.scale_s)
    after = proc.machine_s()
    took_s = bench.plan.scale_s + bench.plan.warm_up_s
    used = (after - before) / took_s if before is not None and after is not None else None
    return Stretch(figures, (figures.cpu_us or 0.0) * figures.per_s / 1e6, used)


def _add(table: Table, kind: str, by_number: dict[int, list[Stretch]]) -> None:
    rounds = zip(by_number[PROCESSES], by_number[1], strict=True)
    ratio = middle([three.figures.per_s / one.figures.per_s for three, one in rounds])
    at_rest: float | None = None
    for count, stretches in by_number.items():
        figures = [stretch.figures for stretch in stretches]
        product = middle([stretch.product for stretch in stretches])
        generator = middle([one.generator_share for one in figures])
        used = [stretch.machine for stretch in stretches if stretch.machine is not None]
        at_rest = proc.CORES - middle(used) if used else None
        others = max(0.0, middle(used) - product - generator) if used else None
        table.rows.append(
            (
                *(kind, str(CALLERS[kind]), str(count), number(ratio if count > 1 else 1.0)),
                *(number(middle([one.per_s for one in figures]), 0), number(middle([one.p50 for one in figures]))),
                *(number(middle([one.p99 for one in figures])), number(product), number(generator)),
                *(number(others), number(max(0.0, at_rest) if at_rest is not None else None)),
            )
        )
    full = ratio < LEAST_MORE and at_rest is not None and at_rest < FREE_CORES
    table.goals.append(
        Goal(
            f"{kind} lookups, {PROCESSES} processes against one on {proc.CORES} cores: requests per second",
            f"at least {LEAST_MORE} where the machine has the CPU",
            f"{ratio:.2f}" + (f"; all {proc.CORES} cores were in use" if full else ""),
            None if full else ratio >= LEAST_MORE,
        )
    )
    table.figures[kind] = {
        "x_per_s": ratio,
        "rounds": {str(count): [asdict(stretch) for stretch in stretches] for count, stretches in by_number.items()},
    }


def _add_cap(bench: Bench, table: Table, figures: Figures) -> None:
    plan = bench.plan
    passed = sum(bool(starts) for *_, starts in figures.kept)
    other = figures.failed + figures.wrong
    table.figures["cap"] = {"passed": passed, "other": other, "p99": figures.p99}
    table.goals.append(
        Goal(
            f"{plan.cap_calls} calls at once under a cap of {plan.cap} on {PROCESSES} processes: how many pass",
            f"exactly {plan.cap}, everybody answered",
            f"{passed}, {other} not answered",
            passed == plan.cap and not other,
        )
    )

"""Booking on both databases: pairs of lookup and booking, callers racing for one slot, and the daily cap in a rush."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.bench.asking import Bench, check, days
from infra.bench.bodies import Question
from infra.bench.figures import Figures, Job
from infra.bench.report import Goal, Table, number
from infra.bench.servers import POSTGRES_VARIABLE, business, postgres
from tests.servers import UnavailableError

TECHNICIANS = 40
CALLERS = (1, 8)
RACE_P99_MS = 100.0
ANSWERED = '"result"'


def booking(bench: Bench) -> Table:
    """Check and book, then race, on SQLite and on PostgreSQL."""
    table = Table(
        "booking",
        "check_availability then book_appointment, embedded calendars",
        (
            *("database", "callers", "pairs/s", "check p50", "check p99", "book p50", "book p99", "CPU us/pair"),
            "not confirmed",
        ),
    )
    races: list[str] = []
    with databases(bench, table) as found_here:
        for name, server_url, told in found_here:
            found = _on(bench, name, server_url)
            table.figures[name] = {"durability": told, **found}
            for callers in CALLERS:
                table.rows.append((name, str(callers), *_cells(found[str(callers)])))
            races.append(_told(name, found["race"]))
            table.goals += _race_goals(bench, name, found["race"])
            table.notes.append(f"{name}: {told}")
    table.notes += ["ms; every pair is a call of its own and books another slot (technician, day).", *races]
    return table


@contextmanager
def databases(bench: Bench, table: Table) -> Iterator[list[tuple[str, str, str]]]:
    """Name, server URL (empty: SQLite) and how durable; a PostgreSQL that is not there is said loudly."""
    found = [("SQLite", "", "WAL, as the product opens it, in the folder for temporary files")]
    try:
        url, told, stop = postgres()
    except UnavailableError as error:
        bench.progress(f"NO POSTGRESQL: {error}")
        table.notes.append(f"POSTGRESQL IS LEFT OUT: {error}. {POSTGRES_VARIABLE} names one.")
        table.goals.append(Goal(f"{table.name} on PostgreSQL", "as on SQLite", "nothing", None))
        yield found
        return
    try:
        yield [*found, ("PostgreSQL", url, told)]
    finally:
        stop()


def _on(bench: Bench, name: str, server_url: str) -> dict[str, Any]:
    plan = bench.plan
    found: dict[str, Any] = {}
    with bench.site() as stage:
        url = stage.database(server_url) if server_url else ""
        product = stage.product(business(TECHNICIANS, "embedded", minutes=60), database_url=url)
        questions = _each_once()
        raced, booked = questions[: plan.race_rounds], questions[plan.race_rounds :]
        for callers in CALLERS:
            bench.progress(f"booking on {name}, {callers} callers")
            found[str(callers)] = bench.generator.talk(
                "pairs", port=product.port, pid=product.pid, questions=booked, callers=callers, seconds=plan.pairs_s
            )
        bench.progress(f"booking on {name}, {plan.racers} callers racing, {plan.race_rounds} rounds")
        found["race"] = bench.generator.talk("race", port=product.port, questions=raced, callers=plan.racers)
    return found


def _each_once() -> list[Question]:
    """Every technician on every day: more first slots than are booked."""
    return [
        check({"technician": f"t{technician}", "date": f"{day:%Y-%m-%d}"})
        for day in days()
        for technician in range(TECHNICIANS)
    ]


def _cells(found: dict[str, Any]) -> tuple[str, ...]:
    halves = [number(found[half][which]) for half in ("check", "book") for which in ("p50", "p99")]
    wrong = found["no_slots"] + found["not_confirmed"] + found["failed"]
    return number(found["per_s"], 0), *halves, number(found["cpu_us"], 0), str(wrong)


def _told(name: str, race: dict[str, Any]) -> str:
    return (
        f"Race on {name}: winners per round {' '.join(map(str, race['winners']))}; p50 {race['p50']:.1f}, "
        f"p99 {race['p99']:.1f}, worst {race['worst']:.1f} ms; unanswered {race['unanswered']}."
    )


def _race_goals(bench: Bench, name: str, race: dict[str, Any]) -> list[Goal]:
    what = f"{bench.plan.racers} callers racing for one slot, overlapping starts included, {name}"
    rounds, single = len(race["winners"]), race["winners"].count(1)
    return [
        Goal(
            f"{what}: winners",
            f"exactly 1 in each of {rounds} rounds, everybody answered",
            f"1 in {single} of {rounds}, {race['unanswered']} unanswered",
            single == rounds and not race["unanswered"],
        ),
        Goal(f"{what}: p99", f"under {RACE_P99_MS:g} ms", f"{race['p99']:.1f} ms", race["p99"] < RACE_P99_MS),
    ]


def cap(bench: Bench) -> Table:
    """More calls at once than the day allows."""
    plan = bench.plan
    table = Table(
        "cap",
        f"{plan.cap_calls} calls at once, READBACK_DAILY_CALL_CAP={plan.cap}",
        ("database", "passed", "refused", "other", "p50 ms", "p99 ms", "worst ms"),
    )
    with databases(bench, table) as found_here:
        for name, server_url, _ in found_here:
            bench.progress(f"cap on {name}")
            figures = rush(bench, server_url)
            passed = sum(bool(starts) for *_, starts in figures.kept)
            other = figures.failed + figures.wrong
            refused = figures.answers - passed - other
            times = (number(figures.p50), number(figures.p99), number(figures.worst))
            table.rows.append((name, str(passed), str(refused), str(other), *times))
            table.figures[name] = {"passed": passed, "refused": refused, "other": other, "p99": figures.p99}
            what = f"{plan.cap_calls} calls at once under a cap of {plan.cap}, {name}: how many pass"
            table.goals.append(Goal(what, f"exactly {plan.cap}", str(passed), passed == plan.cap and not other))
    return table


def rush(bench: Bench, server_url: str, **env: str) -> Figures:
    """`cap_calls` calls at once, each of which asks once."""
    plan = bench.plan
    with bench.site() as stage:
        url = stage.database(server_url) if server_url else ""
        text = business(TECHNICIANS, "embedded")
        product = stage.product(text, database_url=url, READBACK_DAILY_CALL_CAP=str(plan.cap), **env)
        questions = _each_once()[: plan.cap_calls]
        job = Job("closed", product.port, "/vapi", questions, callers=plan.cap_calls, per_call=1, keep=True)
        job.count, job.marker = plan.cap_calls, ANSWERED
        return bench.generator.run(job)

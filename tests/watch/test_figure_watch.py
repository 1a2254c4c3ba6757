"""Service figures over both databases: fed from their real sources, summed over processes, kept over restarts."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select

from app import metrics
from app.booking.verdicts import MISMATCH
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.db.retention import KEEP_FIGURES_S, Retention
from app.db.schema import bookings, figure_samples, figure_states, read_backs
from app.watch import figure_rows, pages
from app.watch.figure_book import opened as opened_book
from app.watch.figure_counts import Counting, samples
from app.watch.figure_list import FIGURES
from app.watch.figure_overview import UNWATCHED_S, overview
from app.watch.figure_sums import EVERY_S, MOMENT_S, Sample
from app.watch.figure_watch import FORGOTTEN_S, NOT_SEEN, PAGE, TOLD_AGAIN_S
from app.watch.figures import Owner, State
from app.watch.pages import listed, resolved
from tests.fakes.databases import opened
from tests.test_metrics import values
from tests.watch.figured import (
    AFTER_S,
    HOUR_S,
    House,
    JumpingClock,
    answered_badly,
    every_row_bad,
    every_row_good,
    everything_counted_badly,
    everything_counted_well,
    filled,
    turned_away,
)

TOOL = "check_availability"
ERRORS = ("tool_errors", TOOL)
NAMES = {figure.name for figure in FIGURES}
OF = {"tool": {TOOL, "book_appointment"}, "upstream": {"google"}, "cache": {"availability"}, "route": {"/vapi"}}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as started:
        yield started


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


async def bad(house: House, after_s: float = HOUR_S) -> set[str]:
    """Everything goes wrong for so long, and is evaluated twice."""
    house.clock.advance(after_s - 12 * EVERY_S)
    assert await house.counting.keep()
    house.clock.advance(11 * EVERY_S)
    everything_counted_badly()
    await every_row_bad(house.database, house.clock)
    first = await house.raised()
    assert first == {figure.name for figure in FIGURES if figure.in_a_row == 1}
    return await house.raised()


async def test_every_figure_is_raised_by_its_own_source_pages_once_and_ends(house: House) -> None:
    assert await bad(house) == NAMES

    found = await house.standings()
    for figure in FIGURES:
        ofs = {of for name, of in found if name == figure.name}
        assert ofs <= OF.get(figure.of, {"acme", ""}), figure.name
    paged = {kept.page.key: kept.page for kept in await house.database.read(listed) if kept.page.kind == PAGE}
    assert {key.partition(":")[0] for key in paged} == {f.name for f in FIGURES if not f.told_by + f.told_with}
    for key, page in paged.items():
        name, _, of = key.partition(":")
        figure = next(figure for figure in FIGURES if figure.name == name)
        assert page.business == (of if figure.owner is Owner.BUSINESS else "")
        assert page.title.startswith(f"Figure raised: {name}")
        assert figure.remedy in page.body
    assert values()["readback_figure_state", ("tool_errors", TOOL)] == 1.0

    before = await house.pages()
    assert await house.raised() == NAMES
    assert await house.pages() == before, "one page, not one for each look"

    everything_counted_well()
    await every_row_good(house.database)
    house.clock.advance(HOUR_S)
    everything_counted_well()
    await house.look()
    # Of what nothing came since, nobody knows that it is better.
    assert await house.raised() <= {figure.name for figure in FIGURES if figure.least and figure.of in ("", "business")}
    assert (await house.pages())[f"tool_errors:{TOOL}"] == "resolved"
    assert values()["readback_figure_state", ("tool_errors", TOOL)] == 0.0


async def test_an_ordinary_day_raises_nothing_and_writes_nothing(house: House, database: Database) -> None:
    house.clock.advance(HOUR_S - EVERY_S)
    await turned_away(database, house.clock, 30)
    everything_counted_well()
    assert await house.raised() == set()
    found = await house.standings()
    assert {name for (name, _), standing in found.items() if standing.state is State.FINE} >= {
        "tool_errors", "tool_p50", "tool_p95", "tool_p99", "fillers", "upstream_errors", "cache_hits", "refusals"
    }  # fmt: skip
    assert not [name for name, _ in found if name.startswith("ended_")], "calls that we turned away are no error"

    everything_counted_well()
    assert await house.raised() == set()
    assert await house.standings() == found, "what is well is not written again"


async def test_a_calendar_that_denies_us_is_raised_however_fast_it_does(house: House) -> None:
    for _ in range(60):
        metrics.observe_tool(TOOL, "calendar_unavailable", 0.02)
        metrics.observe_upstream("google", "denied", 0.05)
    house.clock.advance(600.0 - EVERY_S)
    await house.look()

    assert await house.raised() == {"tool_errors", "upstream_errors"}


async def test_a_cache_that_answers_only_what_another_process_has_asked_wakes_nobody(house: House) -> None:
    for _ in range(400):
        metrics.count_cache("shared availability", "miss")
    house.clock.advance(600.0 - EVERY_S)
    await house.look()
    assert await house.raised() == set()


async def test_several_processes_are_summed(house: House, database: Database) -> None:
    # Twelve calls each: too few for one, enough together.
    answered_badly(6)
    house.clock.advance(600.0 - EVERY_S)
    assert await house.counting.keep()
    second = Counting(database, house.clock)
    answered_badly(6)
    assert await second.keep()
    house.clock.advance(EVERY_S)

    found = await house.watch.look()

    assert (found[ERRORS].samples, found[ERRORS].value) == (24, 0.5)
    assert found[ERRORS].state is State.FINE, "once is not in a row"
    house.clock.advance(EVERY_S)
    assert (await house.watch.look())[ERRORS].state is State.RAISED


async def test_a_restart_neither_forgets_an_alarm_nor_raises_it_anew(house: House) -> None:
    await bad(house)
    before = await house.pages()
    since = (await house.standings())[ERRORS].since

    house = house.restarted()
    found = await house.look(3.0)

    assert found[ERRORS].state is State.RAISED
    assert found[ERRORS].since == since
    assert await house.pages() == before
    everything_counted_well()
    for _ in range(2):
        house.clock.advance(HOUR_S / 2)
        everything_counted_well()
        await house.look()
    assert not (await house.look())[ERRORS].raised


async def test_a_restart_half_way_goes_on_counting_the_row(house: House) -> None:
    house.clock.advance(570.0)
    answered_badly()
    assert (await house.look())[ERRORS].over == 1
    assert (await house.restarted().look())[ERRORS].state is State.RAISED


async def test_a_gap_in_our_own_counting_is_unknown_and_leaves_alarms_up(house: House) -> None:
    await bad(house)
    house.clock.advance(1_800.0)
    later = house.restarted()
    answered_badly()
    found = await later.look()
    assert found[ERRORS].raised
    assert found[ERRORS].why.startswith("counted for only ")
    assert found["hangs", "book_appointment"].raised, "what nobody saw has not ended"
    fresh = [standing.state for key, standing in found.items() if not standing.raised]
    assert set(fresh) <= {State.UNKNOWN}
    assert values()["readback_figure_state", ("tool_errors", TOOL)] == 1.0

    later.clock.advance(200.0)
    await later.watch.look()
    assert (await later.watch.look())[ERRORS].why == "nobody is counting"


@pytest.mark.parametrize("by_s", [2 * HOUR_S, -2 * HOUR_S], ids=["ahead", "back"])
@pytest.mark.parametrize("restarts", [False, True], ids=["running", "restarted meanwhile"])
async def test_a_clock_that_jumps_does_not_alarm(house: House, by_s: float, restarts: bool) -> None:
    house.clock.advance(HOUR_S)
    await house.look()
    now = house.clock.now()

    def wrote(transaction: Transaction) -> None:
        names = {"id": "b", "reference": "R", "business": "acme", "status": "confirmed", "verification": "written"}
        row = filled(bookings, **names, updated_at=now)
        transaction.connection.execute(insert(bookings).values(**row))
        transaction.connection.execute(insert(read_backs).values(**filled(read_backs, booking="b")))

    await house.database.write(wrote)
    await house.look()

    house.clock.jump(by_s)
    if restarts:
        house = house.restarted()
    for _ in range(6):
        found = await house.look(100.0)
        assert found["unverified_age", "acme"].state is State.UNKNOWN
        if not restarts or by_s < 0:
            assert found["unverified_age", "acme"].why == "our clock jumped"
    assert await house.pages() == {}
    for _ in range(10):
        found = await house.look(100.0)
    # By now it has truly been due for longer than is borne, unless the clock says that it was written later than now.
    assert found["unverified_age", "acme"].raised is (by_s > 0)


async def test_what_a_person_called_over_is_told_again_only_after_hours(house: House, database: Database) -> None:
    await bad(house)
    name = f"tool_errors:{TOOL}"
    now = house.clock.now()
    await database.write(lambda t: resolved(t, PAGE, name, now=now, by="kim"))

    answered_badly()
    await house.look()
    assert [key for key in [kept.page.key for kept in await database.read(listed)] if key == name] == []
    house.clock.advance(TOLD_AGAIN_S)
    answered_badly()
    await house.look()
    assert name in [kept.page.key for kept in await database.read(listed)]


async def quiet(house: House, outcome: str = "ok", times: int = 3) -> bool:
    """Three quarters of an hour with one call in them; whether the figure is raised after it."""
    key = ("upstream_errors", "google")
    house.clock.advance(88 * EVERY_S)
    assert await house.counting.keep()
    for _ in range(times):
        metrics.observe_upstream("google", outcome, 0.1)
    await house.look()
    return (await house.look())[key].raised


@pytest.mark.parametrize(("times", "hours"), [(3, 7), (1, 7)])
async def test_an_outage_ends_where_few_calls_come(house: House, times: int, hours: int) -> None:
    await bad(house)
    assert await quiet(house, times=times)
    raised = [await quiet(house, times=times) for _ in range(hours * 4 // 3)]
    assert raised[:2] == [True, True], "three good answers are not yet enough"
    assert not raised[-1]
    assert (await house.pages())["upstream_errors:google"] == "resolved"


async def test_a_few_good_answers_a_day_end_an_outage_after_that_day(house: House) -> None:
    await bad(house)
    key = ("upstream_errors", "google")
    for hours in (8, 8, 7):
        house.clock.advance(hours * HOUR_S - 12 * 60)
        assert await house.counting.keep()
        house.clock.advance(11 * 60)
        metrics.observe_upstream("google", "ok", 0.1)
        await house.look()
        assert (await house.look())[key].raised
    house.clock.advance(2 * HOUR_S)
    assert await house.counting.keep()
    metrics.observe_upstream("google", "ok", 0.1)
    await house.look()
    assert not (await house.look())[key].raised


async def test_an_outage_that_lasts_does_not_end_where_few_calls_come(house: House) -> None:
    await bad(house)
    assert all([await quiet(house, "unreachable") for _ in range(12)])


async def test_what_is_not_used_any_more_is_forgotten_after_a_day(house: House, database: Database) -> None:
    await bad(house)
    key = ("upstream_errors", "google")
    house.clock.advance(FORGOTTEN_S - 120.0)
    assert (await house.look())[key].raised
    await house.look(200.0 + MOMENT_S)

    assert key not in await house.standings()
    ended = [k for k in await database.read(lambda c: listed(c, all_of_them=True)) if k.page.key == ":".join(key)]
    assert [(kept.status, kept.resolution) for kept in ended] == [("resolved", NOT_SEEN)]
    assert values()["readback_figure_state", key] == 2.0


async def test_the_quicker_half_is_told_of_by_the_figure_of_nearly_all_while_that_is_raised(house: House) -> None:
    await bad(house)
    names = {name.partition(":")[0] for name in await house.pages()}
    assert {"tool_p95", "upstream_p95"} <= names
    assert not {"tool_p50", "upstream_p50"} & names
    without = tuple(figure for figure in FIGURES if figure.name != "tool_p95")
    await House(house.database, house.clock, without).look()
    assert "tool_p50" in {name.partition(":")[0] for name in await house.pages()}


async def test_a_figure_that_is_switched_off_takes_its_page_along(house: House) -> None:
    await bad(house)
    rest = tuple(figure for figure in FIGURES if figure.name != "tool_errors")

    await House(house.database, house.clock, rest).look()

    assert (await house.pages())[f"tool_errors:{TOOL}"] == "resolved"
    assert ERRORS not in await house.standings()


async def test_thresholds_of_the_operator_hold(house: House) -> None:
    lenient = tuple(replace(f, raise_at=60.0) if f.name.startswith("tool_p") else f for f in FIGURES)
    assert not {"tool_p50", "tool_p95", "tool_p99"} & await bad(House(house.database, house.clock, lenient))


def test_states_of_a_booking_are_called_as_those_who_write_them_do() -> None:
    assert figure_rows.MISMATCH == MISMATCH


# --- counting ---------------------------------------------------------------------------------------------------------


def hung(sample: Sample) -> int:
    """How many hangs of a tool `t` it has, and of nothing else."""
    [(family, labels, number)] = json.loads(sample.counted)["numbers"]
    assert (family, labels) == ("hang", ["t"])
    return number


async def test_a_jump_is_remembered_until_the_database_has_it(house: House) -> None:
    house.clock.advance(HOUR_S)
    await house.look()
    house.clock.jump(HOUR_S)
    forgetful = Forgetful(house.database)
    house.watch._database, forgetful.read = forgetful, house.database.read
    forgetful.commits = False
    with pytest.raises(DatabaseUnavailableError):
        await house.watch.look()

    forgetful.commits, forgetful.silent = True, False
    await house.watch.look()

    assert (await house.database.read(opened_book)).jumped_at > 0.0


class Forgetful:
    """A database that commits and then does not say so; or, where it does not commit, says that."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.silent = self.commits = True

    async def write(self, work, within_s: float = 5.0):
        answer = await self.database.write(work, within_s) if self.commits else None
        if self.silent:
            raise DatabaseUnavailableError("the database did not commit in time")
        return answer


async def test_a_row_whose_commit_is_not_known_is_not_counted_twice(database: Database) -> None:
    clock, forgetful = JumpingClock(), Forgetful(database)
    counting = Counting(forgetful, clock)  # type: ignore[arg-type]
    metrics.count_hang("t")
    assert not await counting.keep()
    metrics.count_hang("t")
    metrics.count_hang("t")
    assert not await counting.keep()
    forgetful.silent = False
    clock.advance(60.0)
    assert await counting.keep()
    assert await counting.keep()

    kept = await database.read(lambda c: samples(c, 0.0, clock.now()))

    assert sorted(hung(sample) for sample in kept) == [1, 2]
    assert sorted(sample.seconds for sample in kept) == [0.0, 60.0], "no gap, whatever the database did"


async def test_a_process_writes_what_it_counted_until_it_stops(database: Database) -> None:
    counting = Counting(database, JumpingClock(), every_s=0.01)
    metrics.count_hang("before")
    counting.start()
    metrics.count_hang("t")
    await counting.stop()

    kept = await database.read(lambda c: samples(c, 0.0, 9e9))
    assert [hung(sample) for sample in kept] == [1]


async def test_rows_are_forgotten_after_a_day(house: House, database: Database) -> None:
    await house.look()
    house.clock.advance(KEEP_FIGURES_S + 1.0)
    await house.counting.keep()
    await Retention(database, house.clock).forget()

    count = select(func.count()).select_from(figure_samples)
    assert await database.read(lambda c: c.execute(count).scalar_one()) == 1


# --- the overview -----------------------------------------------------------------------------------------------------


async def test_the_overview_has_every_figure_and_is_never_fine_without_knowing(
    house: House, database: Database
) -> None:
    def shown(now: float):
        return database.read(lambda c: overview(c, FIGURES, now, AFTER_S))

    nothing = await shown(house.clock.now())
    assert {one.figure.name for one in nothing} == NAMES
    assert {one.standing.state for one in nothing} == {State.UNKNOWN}
    assert {one.standing.why for one in nothing} == {"nobody evaluates figures now"}

    await bad(house)
    found = {(one.figure.name, one.of): one for one in await shown(house.clock.now())}
    errors = found[ERRORS]
    assert errors.sentence == f"tool_errors of {TOOL} raised: 50.0% (120 samples, raised above 5.0%)"
    assert errors.as_json() | {"since": 0} == {
        "name": "tool_errors", "of": TOOL, "state": "raised", "raised": True, "since": 0, "value": 0.5, "seen": "",
        "borne": 0.05, "unit": "share", "samples": 120, "least": 20, "why": "", "raise_at": 0.05,
        "clear_at": 0.02, "falls": False,
        "in_a_row": 2, "clear_in_a_row": 2, "window_s": 600.0, "made_of": errors.figure.made_of,
        "owner": "whoever runs this installation", "remedy": errors.figure.remedy, "told_by": "figure",
    }  # fmt: skip
    assert found["dead_letter_age", "acme"].as_json()["told_by"] == "dead_letters_old"

    later = {(one.figure.name, one.of): one for one in await shown(house.clock.now() + UNWATCHED_S + 1.0)}
    assert later[ERRORS].standing.raised
    assert later[ERRORS].sentence.endswith("nobody evaluates figures now (raised above 5.0%)")


async def test_where_nothing_is_there_a_count_is_zero_and_fine(house: House, database: Database) -> None:
    house.clock.advance(HOUR_S)
    await house.look()

    found = await database.read(lambda c: overview(c, FIGURES, house.clock.now(), AFTER_S))

    fine = {one.figure.name for one in found if one.standing.state is State.FINE}
    assert fine == {figure.name for figure in FIGURES if figure.least == 0}
    assert {one.standing.why for one in found if one.figure.name == "tool_p99"} == {"0 of at least 100 samples"}
    kept = select(func.count()).select_from(figure_states)
    assert await database.read(lambda c: c.execute(kept).scalar_one()) == 1, "only that somebody looked"
    assert not await database.read(pages.listed)

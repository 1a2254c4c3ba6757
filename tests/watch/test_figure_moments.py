"""Figures where few calls come: told within a few failed calls, and hardly ever by chance."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

import pytest

from app import metrics
from app.dashboard.overview import NOT_EVALUATED, TOO_FEW, UNKNOWN, _looked, _of_work
from app.watch.chances import at_least_of
from app.watch.figure_counts import samples
from app.watch.figure_day import DAY_S, RAW_S, Day
from app.watch.figure_list import FIGURES
from app.watch.figure_moments import CHANCE, Moments, Verdict
from app.watch.figure_overview import UNWATCHED_S
from app.watch.figure_sums import EVERY_S, MOMENT_S, Counted
from app.watch.figures import State
from tests.fakes.databases import opened
from tests.watch.figured import HOUR_S, SLOW_S, House, reported

APART_S = 6_000.0
"""Between two calls where fourteen come a day."""
A_YEAR = 14 * 365
BORNE = sorted({figure.borne for figure in FIGURES if figure.borne})


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with opened(database_url) as database:
        yield House(database)


async def call(house: House, happens: Callable[[], None]) -> dict[str, State]:
    """The next call of the day, and how each figure stands after two looks; a row is written before and after it."""
    house.clock.advance(APART_S - 4 * EVERY_S)
    await house.look()
    happens()
    await house.look()
    found = await house.look()
    return {name: standing.state for (name, _), standing in found.items()}


def fails() -> None:
    """One call whose three requests to the calendar all fail, slowly."""
    for tool in ("check_availability", "book_appointment"):
        metrics.observe_tool(tool, "internal", SLOW_S)
    for _ in range(3):
        metrics.observe_upstream("google", "unreachable", SLOW_S)
    metrics.count_taken("/vapi")


def works() -> None:
    for tool in ("check_availability", "book_appointment"):
        metrics.observe_tool(tool, "ok", 0.1)
    for _ in range(3):
        metrics.observe_upstream("google", "ok", 0.1)
    metrics.count_taken("/vapi")
    metrics.count_taken("/vapi")


def waits() -> None:
    works()
    metrics.count_hang("check_availability")


def is_refused() -> None:
    for _ in range(8):
        metrics.count_refusal("/vapi", "unauthorized")


TOLD = {
    "errors": (fails, "tool_errors", 3),
    "slowness": (fails, "tool_p95", 3),
    "an upstream": (fails, "upstream_errors", 4),
    "the platform waits": (waits, "hangs", 3),
    "a route refuses all": (is_refused, "refusals", 5),
}


@pytest.mark.parametrize(("happens", "name", "calls"), TOLD.values(), ids=TOLD)
async def test_fourteen_a_day_that_all_fail_have_a_page_within_a_few(
    house: House, happens: Callable[[], None], name: str, calls: int
) -> None:
    found = [(await call(house, happens)).get(name) for _ in range(calls)]

    assert found[-1] is State.RAISED
    assert State.RAISED not in found[:-1], "what one or two show may be chance"
    titles = [kept.page.title for kept in await house.open() if kept.page.key.startswith(name)]
    assert f"was bad in {calls} of {calls} spells of five minutes" in titles[0]


async def test_where_few_calls_come_every_figure_of_times_is_known_after_nine_of_them(house: House) -> None:
    names = [figure.name for figure in FIGURES if figure.of in ("tool", "upstream") and figure.unit == "s"]
    for _ in range(8):
        found = await call(house, works)
    assert [found[name] for name in names] == [State.FEW] * 6
    found = await call(house, works)
    assert [found[name] for name in names] == [State.FINE] * 6


async def test_where_few_calls_come_slowness_is_raised_by_every_figure_of_times_and_told_of_by_one(
    house: House,
) -> None:
    found = [await call(house, fails) for _ in range(9)]
    for of in ("tool", "upstream"):
        raised = {q: [one[f"{of}_{q}"] for one in found].index(State.RAISED) + 1 for q in ("p50", "p95", "p99")}
        assert raised == {"p50": 9, "p95": 3, "p99": 3}
    told = {kept.page.key.partition(":")[0] for kept in await house.open()}
    assert {name for name in told if "_p" in name} == {"tool_p95", "upstream_p95"}


async def test_calls_that_get_no_assistant_have_a_page_after_the_third(house: House) -> None:
    for number in range(3):
        await reported(house.database, house.clock, [f"assistant-request-returned-no-assistant {number}"])
        found = await call(house, works)
    assert found["ended_ours"] is State.RAISED


async def test_it_ends_after_nine_good_calls_and_is_not_raised_anew_by_what_was(house: House) -> None:
    for _ in range(3):
        await call(house, fails)
    after = [(await call(house, works))["tool_errors"] for _ in range(14)]

    assert after == [State.RAISED] * 8 + [State.FINE] * 6


async def test_two_failed_calls_are_too_few_to_tell_and_not_normal(house: House) -> None:
    await call(house, works)
    good = await tile(house)
    for _ in range(2):
        found = await call(house, fails)
    assert found["tool_errors"] is State.FEW
    doubted = await tile(house)

    assert (good.state, good.word) == ("good", TOO_FEW)
    assert (doubted.state, doubted.word) == (UNKNOWN, TOO_FEW)
    assert "bad, in too few calls to tell yet" in doubted.about


async def test_a_failure_that_is_tried_again_and_again_within_one_call_is_one(house: House) -> None:
    for _ in range(5):
        await call(house, works)

    def worst() -> None:
        for _ in range(6):
            fails()

    assert State.RAISED not in (await call(house, worst)).values()


async def test_after_a_restart_it_is_known_at_once(house: House) -> None:
    for _ in range(10):
        await call(house, works)
    house.clock.advance(HOUR_S)
    later = house.restarted()
    later.counting.start()
    await later.counting.stop()

    found = {name: standing.state for (name, _), standing in (await later.look()).items()}

    assert found["tool_errors"] is State.FINE


async def test_after_a_gap_in_our_counting_it_is_not_good_before_it_is_known(house: House) -> None:
    house.clock.advance(HOUR_S)
    for _ in range(30):
        works()
    await house.look()
    house.clock.advance(540.0)
    later = house.restarted()
    for _ in range(30):
        works()
    await later.look()
    assert (await tile(house)).word == "not known yet"

    for _ in range(60):
        works()
        await later.look()
    assert (await tile(house)).state == "good"


async def test_what_nobody_evaluates_or_could_not_count_is_never_called_well(house: House) -> None:
    never = await tile(house)
    assert (never.state, never.value, never.about) == (UNKNOWN, "–", NOT_EVALUATED)
    await house.look()
    begun = await tile(house)
    assert (begun.state, begun.word) == (UNKNOWN, "not known yet"), "hardly anything was counted yet"
    assert int(begun.value) > 10
    for _ in range(10):
        await call(house, works)
    assert (await tile(house)).state == "good"
    house.clock.advance(UNWATCHED_S + 1)
    assert (await tile(house)).about == NOT_EVALUATED
    for _ in range(3):
        found = await call(house, fails)
    assert found["tool_errors"] is State.RAISED
    house.clock.advance(UNWATCHED_S + 1)
    assert (await tile(house)).state == "bad", "what was raised stays so"


async def tile(house: House):
    shown: Any = SimpleNamespace(synthetic_every_s=0.0, used_up=lambda *_: (), name_of=str)
    found = await house.database.read(lambda c: _looked(c, house.clock.now(), shown))
    return next(tile for tile in _of_work(found) if tile.name == "Service figures")


# --- by chance --------------------------------------------------------------------------------------------------------


@cache
def judged(bad: int, number: int, borne: float) -> Verdict | None:
    return Moments(bad, number).verdict(borne)


def told_of(bad: Sequence[bool], borne: float) -> Verdict | None:
    """What the last moments say, one more each time, up to those of a day: the first that say anything."""
    each = (judged(many, number, borne) for number, many in enumerate(accumulate(reversed(bad)), 1))
    return next((verdict for verdict in each if verdict), None)


def false_alarms(borne: float, share: float, years: int) -> int:
    """How often one is told where each moment is bad by chance with this probability."""
    drawn, told, alarms, was = random.Random(11), list[bool](), 0, False
    for _ in range(years * A_YEAR):
        told = [*told[-13:], drawn.random() < share]
        verdict = told_of(told, borne)
        now_is = verdict is Verdict.BAD
        alarms += now_is and not was
        was = now_is or (was and verdict is not Verdict.WELL)
    return alarms


@pytest.mark.parametrize("borne", BORNE)
def test_a_figure_of_which_a_fifth_of_what_is_borne_is_bad_rings_hardly_once_in_five_years(borne: float) -> None:
    assert false_alarms(borne, borne / 5, 20) <= 4


@pytest.mark.parametrize("borne", BORNE)
def test_the_chance_is_exact_where_as_many_are_bad_as_is_borne(borne: float) -> None:
    for number in range(1, 40):
        least = next((bad for bad in range(1, number + 1) if Moments(bad, number).verdict(borne) is Verdict.BAD), None)
        assert least is None or at_least_of(least, number, borne) <= CHANCE < at_least_of(least - 1, number, borne)


@pytest.mark.parametrize(
    ("bad", "number", "share"), [(1, 1, 0.05), (3, 4, 0.05), (2, 14, 0.25), (14, 14, 0.5), (0, 3, 0.1)]
)
def test_so_many_or_more_of_some_is_what_drawing_gives(bad: int, number: int, share: float) -> None:
    drawn = random.Random(5)
    often = sum(sum(drawn.random() < share for _ in range(number)) >= bad for _ in range(40_000)) / 40_000

    assert at_least_of(bad, number, share) == pytest.approx(often, abs=0.01)


# --- a day, read in little --------------------------------------------------------------------------------------------


async def test_a_day_that_is_remembered_is_the_day_that_is_read(house: House) -> None:
    day, database = Day(), house.database
    for step in range(40):
        (fails if step % 3 else works)()
        house.clock.advance(RAW_S / 4)
        assert await house.counting.keep()
        now = house.clock.now()
        remembered = await database.read(lambda c, now=now: day.counted(c, now))
        rows = await database.read(lambda c, now=now: samples(c, now - DAY_S, now))
        whole = Counted(rows, now)
        for window_s in (600.0, 6 * HOUR_S, DAY_S):
            assert remembered.sums(window_s).numbers == whole.sums(window_s).numbers
            assert remembered.sums(window_s).times == whole.sums(window_s).times
        assert [sums.numbers for _, sums in remembered.moments()] == [sums.numbers for _, sums in whole.moments()]
        assert remembered.covered(1_800.0) == pytest.approx(whole.covered(1_800.0), abs=0.01)


async def test_what_is_older_than_a_day_is_dropped_and_a_clock_put_back_begins_anew(house: House) -> None:
    day = Day()

    async def times() -> int:
        now = house.clock.now()
        counted = await house.database.read(lambda c: day.counted(c, now))
        return sum(counted.sums(DAY_S).numbers.get("hang", {}).values())

    metrics.count_hang("t")
    await house.look()
    house.clock.advance(DAY_S / 2)
    assert await times() == 1
    house.clock.jump(-DAY_S / 4)
    assert await times() == 1
    house.clock.advance(DAY_S + MOMENT_S)
    assert await times() == 0

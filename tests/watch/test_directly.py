"""The end of a page that was told from memory: whoever was told hears of it, however long a receiver is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.watch import pages
from app.watch.alarms import AWAY_S, Alarms
from app.watch.book import Book
from app.watch.directly import Directly, Rung
from app.watch.notify import CAUSE_GONE, Notice, Step, Taken
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.test_alarms import soon

NAME = ("database_down", "database")
LONG_S = 3_600.0


class Receivers:
    """`away` take nothing, and say so while `answers` is set; `gone` will never have anything.

    What the others are told is kept.
    """

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.gone: set[str] = set()
        self.answers = asyncio.Event()
        self.answers.set()
        self.told: list[tuple[str, Step, str]] = []
        self.tries = 0

    async def carry(self, url: str, notice: Notice) -> Taken:
        self.tries += 1
        if url in self.gone:
            return Taken.REFUSED
        if url in self.away:
            await self.answers.wait()
            return Taken.FAILED
        self.told.append((url, notice.step, notice.body))
        return Taken.TAKEN

    def ends(self) -> list[tuple[str, str]]:
        return [(url, body) for url, step, body in self.told if step is Step.RESOLVED]


@asynccontextmanager
async def telling(receivers: Receivers, *ends_again_s: float) -> AsyncIterator[Directly]:
    """Somebody who has told both receivers of a page."""
    directly = Directly(
        receivers,
        FakeClock(),
        lambda _: None,
        deadline_s=1.0,
        pauses_s=(0.001,),
        shown=str,
        ends_again_s=ends_again_s,
    )
    directly.carry(rung())
    await soon(lambda: len(directly) == 0)
    yield directly
    await directly.stop(2.0)


def rung() -> Rung:
    return Rung(*NAME, "Away", "b", "Away", ("a", "b"), (), 0.0)


async def test_a_receiver_that_is_away_at_the_end_hears_of_it_when_it_is_back_and_the_others_once() -> None:
    receivers = Receivers()
    async with telling(receivers, *(0.01,) * 200) as directly:
        receivers.away = {"b"}
        directly.over(NAME)
        await soon(lambda: receivers.tries > 8)
        assert receivers.ends() == [("a", CAUSE_GONE)]
        receivers.away.clear()
        await soon(lambda: directly.carried == 0)
    assert receivers.ends() == [("a", CAUSE_GONE), ("b", CAUSE_GONE)]


async def test_an_end_that_nobody_takes_keeps_no_other_page_back_and_is_given_up_some_day() -> None:
    receivers = Receivers()
    async with telling(receivers, 0.05, 0.05) as directly:
        receivers.away = {"a", "b"}
        directly.over(NAME)
        await soon(lambda: receivers.tries == 6 and len(directly) == 0)
        assert directly.carried == 1, "still owed"
        await soon(lambda: directly.carried == 0)
    assert receivers.tries == 2 + 3 * 4


async def test_who_will_never_have_it_is_asked_once() -> None:
    receivers = Receivers()
    async with telling(receivers, LONG_S) as directly:
        receivers.gone = {"a", "b"}
        directly.over(NAME)
        await soon(lambda: directly.carried == 0)
    assert receivers.tries == 4


async def test_what_rings_anew_does_not_wait_for_an_end_that_nobody_takes() -> None:
    receivers = Receivers()
    async with telling(receivers, LONG_S) as directly:
        receivers.away = {"b"}
        directly.over(NAME)
        await soon(lambda: len(directly) == 0)
        receivers.away.clear()
        directly.carry(rung())
        await soon(lambda: len(receivers.told) == 5)
    steps = [(url, step) for url, step, _ in receivers.told]
    assert steps[2:] == [("a", Step.RESOLVED), ("a", Step.RAISED), ("b", Step.RAISED)]


async def test_who_stops_tries_once_more_and_waits_no_longer() -> None:
    receivers = Receivers()
    async with telling(receivers, LONG_S) as directly:
        receivers.away = {"b"}
        directly.over(NAME)
        await soon(lambda: len(directly) == 0)
        receivers.away.clear()
        async with asyncio.timeout(1.0):
            await directly.stop(5.0)
    assert receivers.ends()[-1] == ("b", CAUSE_GONE)


async def test_what_rings_anew_while_the_first_is_being_told_waits_for_one_round_of_its_end_only() -> None:
    receivers = Receivers()
    async with telling(receivers, LONG_S) as directly:
        receivers.away = {"b"}
        receivers.answers.clear()
        directly.carry(rung())
        await soon(lambda: receivers.tries == 4)
        directly.over(NAME)
        directly.carry(rung())
        await asyncio.sleep(0.01)  # it waits by now, for what waits for "b"
        receivers.answers.set()
        await soon(lambda: len(receivers.told) == 5)
    steps = [step for url, step, _ in receivers.told if url == "a"]
    assert steps[:4] == [Step.RAISED, Step.RAISED, Step.RESOLVED, Step.RAISED]


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize(("again", "words"), [(False, ""), (True, CAUSE_GONE)])
async def test_an_owed_end_has_no_words_while_the_same_is_up_in_the_database(
    here: bool, again: bool, words: str
) -> None:
    """Kept by this process (`here`) or by another. When that is over before somebody took it, its end is told."""
    receivers = Receivers()
    async with telling(receivers, *(0.02,) * 200) as directly:
        receivers.away = {"b"}
        directly.over(NAME)
        await soon(lambda: len(directly) == 0)
        directly.over(NAME, "") if here else directly.goes_on({NAME})
        if again:
            directly.over(NAME) if here else directly.goes_on(set())
        receivers.away.clear()
        await soon(lambda: directly.carried == 0)
    assert receivers.ends() == [("a", CAUSE_GONE), ("b", words)]


@pytest.mark.parametrize("here", [True, False])
async def test_nobody_reads_that_the_cause_is_gone_of_what_rang_anew_and_was_kept(
    database_url: str, here: bool
) -> None:
    receivers, clock = Receivers(), FakeClock()
    async with opened(database_url) as database:
        book = Book(database, {}, clock, lambda: None)
        ringing = Alarms(receivers, ("a",), clock, pauses_s=(0.001,), book=book)
        ringing._directly._ends_again_s = (LONG_S,)
        ringing._away_until = clock.monotonic() + AWAY_S
        ringing.start()
        ringing.ring("redis_down", "redis", "t", "b")
        await soon(lambda: len(receivers.told) == 1)
        receivers.away = {"a"}
        ringing.clear("redis_down", "redis")
        await soon(lambda: receivers.tries == 3 and not ringing.on_their_way)
        clock.advance(AWAY_S)
        await ringing._look(book)
        await soon(lambda: not ringing.on_their_way and ringing._keeping is not None and ringing._keeping.done())
        if here:
            ringing.ring("redis_down", "redis", "t", "b")
            await soon(lambda: bool(ringing._kept))
        else:
            page = pages.Page("redis_down", "redis", "t", "b", "")
            await database.write(lambda t: pages.raised(t, page, now=clock.now()))
        await ringing._look(book)
        receivers.away.clear()
        await ringing.stop()
        [kept] = await database.read(pages.listed)
    assert kept.status == "open"
    assert receivers.ends() == [("a", "")]

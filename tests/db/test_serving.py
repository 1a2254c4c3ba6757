"""Who answers callers on one PostgreSQL database: in doubt there is company, which knows of a newcomer in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import create_engine, text

from app.calls import replays
from app.calls.answer import Answer, kept_first
from app.calls.model import ToolResult
from app.db import serving
from app.db.engine import DatabaseUnavailableError, Transaction
from app.db.opening import normalised
from app.db.serving import BEAT_EVERY_S, LOOK_EVERY_S, SILENT_S, SURE_FOR_S, Serving
from tests.calls.reception import Script, call, reception
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


@asynccontextmanager
async def neighbour(url: str, clock: FakeClock) -> AsyncIterator[Serving]:
    """One that has shown up and looked; it looks again only when it is told to."""
    async with opened(url) as database:
        process = Serving(database, clock)
        await process.look()
        yield process


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is slept, instead of sleeping it; who looks again and again is left waiting."""
    slept: list[float] = []

    class Sleeping:
        def __getattr__(self, name: str) -> object:
            return getattr(asyncio, name)

        async def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            if seconds == LOOK_EVERY_S:
                await asyncio.Event().wait()

    monkeypatch.setattr(serving, "asyncio", Sleeping())
    return slept


async def later(clock: FakeClock, seconds: float, *living: Serving) -> None:
    """Time passes, in which the living look."""
    until = clock.monotonic() + seconds
    while clock.monotonic() < until:
        clock.advance(min(LOOK_EVERY_S, until - clock.monotonic()))
        for process in living:
            await process.look()


def test_nobody_counts_as_dead_between_two_signs_of_life_or_as_alone_from_an_old_look() -> None:
    assert BEAT_EVERY_S + 2 * LOOK_EVERY_S < SILENT_S
    assert LOOK_EVERY_S < SURE_FOR_S < SILENT_S


async def test_one_is_alone_for_as_long_as_it_looks(postgres_url: str) -> None:
    clock = FakeClock()
    async with neighbour(postgres_url, clock) as only:
        assert only.alone
        await later(clock, 60.0, only)
        assert only.alone
        clock.advance(SURE_FOR_S)
        assert not only.alone


async def test_a_newcomer_finds_the_first_and_the_first_finds_it_within_a_moment(
    postgres_url: str, waits: list[float]
) -> None:
    clock = FakeClock()
    async with neighbour(postgres_url, clock) as first, opened(postgres_url) as database:
        second = Serving(database, clock)
        await second.start()
        assert not second.alone
        assert SURE_FOR_S not in waits, "a process that starts anew after a crash keeps nobody waiting"
        assert first.alone, "it has not looked since"
        clock.advance(SURE_FOR_S)
        assert not first.alone
        await first.look()
        assert not first.alone
        await second.stop()
        await first.look()
        assert first.alone


async def test_one_that_starts_alone_does_not_wait(postgres_url: str, waits: list[float]) -> None:
    async with opened(postgres_url) as database:
        only = Serving(database, FakeClock())
        await only.start()
        assert only.alone
        assert SURE_FOR_S not in waits
        await only.stop()
        assert not only.alone


async def test_a_killed_one_counts_until_it_has_been_silent_for_long_enough(postgres_url: str) -> None:
    clock = FakeClock()
    async with neighbour(postgres_url, clock):
        pass  # gone without a word
    async with neighbour(postgres_url, clock) as restarted:
        await later(clock, SILENT_S - LOOK_EVERY_S, restarted)
        assert not restarted.alone
        await later(clock, 2 * LOOK_EVERY_S, restarted)
        assert restarted.alone
        await later(clock, BEAT_EVERY_S, restarted)
        rows = await restarted._database.read(lambda c: c.execute(text("select process from serving_processes")).all())
        assert [row.process for row in rows] == [restarted.name]


async def test_a_wall_clock_that_jumps_makes_nobody_dead(postgres_url: str) -> None:
    clock = FakeClock()
    async with neighbour(postgres_url, clock) as first, neighbour(postgres_url, clock) as second:
        for jump in (86_400.0, -200_000.0):
            clock._now += jump
            await later(clock, 2 * SILENT_S, first, second)
            assert not first.alone
            assert not second.alone


async def test_one_that_was_struck_off_while_it_could_not_speak_is_seen_again(postgres_url: str) -> None:
    clock = FakeClock()
    async with neighbour(postgres_url, clock) as first, neighbour(postgres_url, clock) as second:
        await later(clock, 2 * SILENT_S, second)
        assert second.alone
        assert not first.alone, "it has not looked for long"
        await later(clock, LOOK_EVERY_S, first, second)
        assert not first.alone
        assert not second.alone


async def test_a_database_that_does_not_answer_means_company(postgres_url: str) -> None:
    clock = FakeClock()
    async with neighbour(postgres_url, clock) as only:
        engine = create_engine(normalised(postgres_url))
        with engine.begin() as connection:
            connection.execute(text("alter table serving_processes rename to moved"))
        engine.dispose()
        with pytest.raises(DatabaseUnavailableError):
            await only.look()
        clock.advance(SURE_FOR_S)
        assert not only.alone


async def test_on_sqlite_the_file_says_who_is_there(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        process = Serving(database, FakeClock())
        await process.start()
        assert process.alone
        database.shared = True
        assert not process.alone
        await process.stop()


async def test_a_lookup_waits_for_the_database_only_where_another_may_be_asked_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    def noted(transaction: Transaction, answer: Answer) -> ToolResult:
        kept.append(answer.key or "")
        return kept_first(transaction, answer)

    monkeypatch.setattr(replays, "kept_first", noted)
    clock, script = FakeClock(), Script()
    async with neighbour(postgres_url, clock) as first, reception(postgres_url, script, serving=first) as alone:
        given = await alone.ask(call("look_up", "warm", "t1"))
        assert kept == [], "it is kept behind the caller's back"
        async with neighbour(postgres_url, clock) as second:
            clock.advance(SURE_FOR_S)
            await alone.dispatcher._behind.drain()  # a twentieth of a second, and SURE_FOR_S has passed
            async with reception(postgres_url, script, serving=second) as newcomer:
                again = await newcomer.ask(call("look_up", "warm", "t1"))
                assert again[0].as_dict() == given[0].as_dict(), "the answer that was given first"
                await alone.ask(call("look_up", "warm", "t2"))
                assert (await newcomer.ask(call("look_up", "warm", "t2")))[0].as_dict()["run"] == 2
                assert len(kept) >= 1

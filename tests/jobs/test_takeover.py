"""Taking over from the dead: each job once, the deadly ones apart, and not for ever."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import dead_letters, job_processes
from app.jobs.entry import Entry, Started
from app.jobs.members import Member
from app.jobs.takeover import APART_S, MOST_DEATHS, Takeover
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


@dataclass
class Engine:
    """A scripted engine."""

    under_way: list[Started] = field(default_factory=list)
    given_up: list[Started] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)

    async def started(self) -> list[Started]:
        return self.under_way

    async def broken(self) -> list[Started]:
        return self.given_up

    async def keep(self, entries: list[Entry]) -> None:
        self.kept += entries

    async def cancel(self, loads: Sequence[str]) -> None:
        self.cancelled += loads

    async def discard(self, loads: Sequence[str]) -> None:
        self.discarded += loads


class House:
    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.engine = database, FakeClock(), Engine()
        self.member = Member(database, self.clock)
        self.failures: list[tuple[str, str]] = []
        self.takeover = Takeover(database, self.engine, self.member, self.clock, self.failed)

    async def failed(self, entry: Entry, cause: str) -> None:
        self.failures.append((entry.key, cause))


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with opened(database_url) as database:
        yield House(database)


def entry(key: str, deaths: int = 0) -> Entry:
    return Entry("read_back", key, 0.0, {"booking": key, "business": "acme"}, deaths=deaths)


def begun(one: Entry, process: str) -> Started:
    """By itself in its load."""
    return Started(one, process, one.id)


async def test_what_the_dead_had_begun_goes_on_as_its_next_turn_and_the_living_keep_theirs(house: House) -> None:
    other = Member(house.database, house.clock)
    await house.member.beat()
    await other.beat()
    house.engine.under_way = [
        begun(entry("mine"), house.member.name),
        begun(entry("theirs"), other.name),
        begun(entry("orphan"), "gone"),
    ]

    assert await house.takeover.look() == 1

    assert [(one.key, one.turn, one.deaths, one.due) for one in house.engine.kept] == [
        ("orphan", 1, 1, house.clock.now())
    ]
    assert house.engine.cancelled == ["read_back:orphan:0"]


async def test_of_a_load_each_entry_goes_on_and_the_load_is_ended_once(house: House) -> None:
    await house.member.beat()
    house.engine.under_way = [Started(entry(f"b:{n}"), "gone", "load:1") for n in range(3)]

    assert await house.takeover.look() == 3

    assert [(one.key, one.turn, one.deaths) for one in house.engine.kept] == [(f"b:{n}", 1, 1) for n in range(3)]
    assert house.engine.cancelled == ["load:1"]


async def test_after_two_deaths_suspects_begin_apart_from_each_other(house: House) -> None:
    await house.member.beat()
    house.engine.under_way = [begun(entry(f"b:{n}", deaths=MOST_DEATHS - 2), "gone") for n in range(3)]

    await house.takeover.look()

    now = house.clock.now()
    assert [one.due - now for one in house.engine.kept] == [0.0, APART_S, 2 * APART_S]


async def test_the_last_death_is_a_letter_once_however_often_it_is_looked_at(house: House) -> None:
    await house.member.beat()
    house.engine.under_way = [begun(entry("deadly", deaths=MOST_DEATHS - 1), "gone")]

    await house.takeover.look()
    await house.takeover.look()  # as after a crash before the engine heard of it

    found = await house.database.read(lambda connection: connection.execute(select(dead_letters)).fetchall())
    assert [(row.key, row.business, row.status) for row in found] == [("deadly", "acme", "open")]
    assert house.engine.kept == []
    assert set(house.engine.cancelled) == {"read_back:deadly:0"}


async def test_the_dead_are_struck_off_the_list(house: House) -> None:
    other = Member(house.database, house.clock)
    await other.beat()
    await house.member.beat()
    await house.takeover.look()
    house.clock.advance(60)
    await house.member.beat()
    house.engine.under_way = [begun(entry("orphan"), other.name)]

    await house.takeover.look()

    names = await house.database.read(lambda c: c.execute(select(job_processes.c.process)).scalars().all())
    assert names == [house.member.name]


async def test_what_the_engine_gave_up_counts_as_failed(house: House) -> None:
    house.engine.given_up = [begun(entry("b:1"), "gone")]

    await house.takeover.look()

    assert house.failures == [("b:1", "its outcome could not be kept")]
    assert house.engine.discarded == ["read_back:b:1:0"]

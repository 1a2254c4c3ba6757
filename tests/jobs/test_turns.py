"""One turn of a job: what follows from each way in which a handler can end."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import audit, dead_letters, pages
from app.errors import ReadbackError
from app.jobs.entry import Entry
from app.jobs.outbox import Again, Handler
from app.jobs.turns import APART_S, AT_ONCE, CROWD, JITTER, Patience, Turns
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened

PAUSES_S = (1.0, 10.0)
DATA = {"booking": "b:1", "business": "acme"}


class CalendarError(ReadbackError):
    """One of ours."""


class Kept(list[Entry]):
    """An engine that keeps, once it has refused as often as it is told to."""

    refusals = 0

    async def __call__(self, entries: list[Entry]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ReadbackError("down")
        self.extend(entries)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as database:
        yield database


def turns(handler: Handler, kept: Kept, database: Database, deadline_s: float = 20.0) -> Turns:
    return Turns({"read_back": handler}, kept, database, FakeClock(), Patience(PAUSES_S, deadline_s))


def entry(**more: Any) -> Entry:
    return Entry("read_back", "b:1", FakeClock().now(), DATA, **more)


async def lying(database: Database) -> list[tuple[Any, ...]]:
    asked = select(dead_letters.c.kind, dead_letters.c.key, dead_letters.c.business, dead_letters.c.cause)
    return [tuple(row) for row in await database.read(lambda connection: connection.execute(asked).fetchall())]


async def test_done_is_over(database: Database) -> None:
    given: list[Mapping[str, Any]] = []

    async def handler(data: Mapping[str, Any]) -> None:
        given.append(data)

    kept = Kept()
    await turns(handler, kept, database).carry_out(entry())

    assert (given, kept) == ([DATA], [])


async def test_of_a_load_all_are_carried_out_no_more_at_once_than_there_is_room_for(database: Database) -> None:
    under_way, most, done = 0, 0, 0

    async def handler(data: Mapping[str, Any]) -> None:
        nonlocal under_way, most, done
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.4)
        under_way -= 1
        done += 1
        if data["booking"] == "b:3":
            raise CalendarError("silent")

    kept = Kept()
    load = [Entry("read_back", f"b:{n}", FakeClock().now(), {"booking": f"b:{n}"}) for n in range(AT_ONCE + 5)]
    await turns(handler, kept, database).carry_all(load)

    assert (done, most) == (AT_ONCE + 5, AT_ONCE)
    assert [(one.key, one.turn, one.tries) for one in kept] == [("b:3", 1, 1)], "each fails by itself"


async def test_a_load_begins_one_after_the_other_and_a_crowd_at_once(database: Database) -> None:
    async def begun(count: int) -> list[float]:
        began: list[float] = []

        async def handler(_: Mapping[str, Any]) -> None:
            began.append(asyncio.get_running_loop().time())

        load = [Entry("read_back", f"b:{n}", FakeClock().now(), {"booking": f"b:{n}"}) for n in range(count)]
        since = asyncio.get_running_loop().time()
        await turns(handler, Kept(), database).carry_all(load)
        return [at - since for at in began]

    apart = await begun(5)
    crowd = await begun(20 * CROWD)

    assert all(at > 0.9 * place * APART_S for place, at in enumerate(apart))
    assert crowd[-1] < 20 * CROWD * APART_S / 2


async def test_again_is_a_new_turn_with_a_clean_record(database: Database) -> None:
    async def handler(data: Mapping[str, Any]) -> Again:
        return Again(30.0)

    kept = Kept()
    await turns(handler, kept, database).carry_out(entry(turn=4, tries=2, deaths=1))

    assert kept == [Entry("read_back", "b:1", FakeClock().now() + 30.0, DATA, turn=5)]


@pytest.mark.parametrize("tries", [0, 1])
async def test_a_failure_is_tried_again_after_a_longer_pause(database: Database, tries: int) -> None:
    async def handler(data: Mapping[str, Any]) -> None:
        raise CalendarError("unreadable")

    kept = Kept()
    await turns(handler, kept, database).carry_out(entry(turn=7, tries=tries))

    [following] = kept
    assert (following.turn, following.tries) == (8, tries + 1)
    assert abs(following.due - FakeClock().now() - PAUSES_S[tries]) <= PAUSES_S[tries] * JITTER
    assert await lying(database) == []


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (CalendarError("unreadable, ask +15125550142"), "CalendarError: unreadable, ask +1…42"),
        (ValueError("Samantha Rivera is no number"), "ValueError"),
    ],
)
async def test_the_last_failure_is_a_letter_a_page_and_an_audit_row(
    database: Database, error: Exception, cause: str
) -> None:
    async def handler(data: Mapping[str, Any]) -> None:
        raise error

    kept = Kept()
    await turns(handler, kept, database).carry_out(entry(tries=len(PAUSES_S)))

    assert kept == []
    assert await lying(database) == [("read_back", "b:1", "acme", cause)]
    [page] = await database.read(lambda connection: connection.execute(select(pages)).fetchall())
    assert (page.kind, page.business, page.title) == ("dead_letter", "acme", "Work given up: read_back")
    assert cause in page.body
    kinds = await database.read(lambda connection: connection.execute(select(audit.c.kind)).scalars().all())
    assert sorted(kinds) == ["dead_letter", "page_raised"]


async def test_a_kind_that_nobody_here_knows_is_tried_again_as_another_version_may_know_it(database: Database) -> None:
    kept = Kept()
    await Turns({}, kept, database, FakeClock(), Patience(PAUSES_S)).carry_out(entry())

    assert [(following.turn, following.tries) for following in kept] == [(1, 1)]


async def test_a_handler_that_never_ends_is_ended(database: Database) -> None:
    ended: list[bool] = []

    async def handler(data: Mapping[str, Any]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    kept = Kept()
    await turns(handler, kept, database, deadline_s=0.05).carry_out(entry(tries=len(PAUSES_S)))

    assert ended == [True]
    assert (await lying(database))[0][3] == "not done within 0.05 s"


async def test_what_follows_is_kept_however_often_the_engine_refuses_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(data: Mapping[str, Any]) -> Again:
        return Again(1.0)

    monkeypatch.setattr("app.jobs.turns.HAND_ON_AGAIN_S", 0.01)
    kept = Kept()
    kept.refusals = 3
    await turns(handler, kept, database).carry_out(entry())

    assert len(kept) == 1


async def test_without_a_database_a_letter_is_not_lost_but_later(sqlite_url: str) -> None:
    async def handler(data: Mapping[str, Any]) -> None:
        raise CalendarError("unreadable")

    kept = Kept()
    async with opened(sqlite_url) as database:
        pass  # and stopped
    await turns(handler, kept, database).carry_out(entry(tries=len(PAUSES_S)))

    assert [(following.turn, following.tries) for following in kept] == [(1, len(PAUSES_S))]


async def test_interrupted_at_the_end_it_is_handed_on_as_it_was(database: Database) -> None:
    begun = asyncio.Event()

    async def handler(data: Mapping[str, Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    kept = Kept()
    here = turns(handler, kept, database)
    under_way = asyncio.create_task(here.carry_out(entry(tries=1)))
    await begun.wait()
    await here.wind_up(0.05)
    await under_way
    await here.carry_out(entry(turn=9))

    assert [(following.turn, following.tries) for following in kept] == [(1, 1), (10, 0)]
    assert await lying(database) == []

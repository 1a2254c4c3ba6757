"""What is worked out once for all who look is as fresh as it says, and is not worked out twice at once."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection

from app.audit.log import seal
from app.dashboard.shared_look import FRESH_S, STALE_S, SharedLook
from app.db.engine import Database, DatabaseUnavailableError
from tests.fakes.clock import FakeClock


class Looked:
    """Counts the looks; `away` makes them fail."""

    def __init__(self) -> None:
        self.looks, self.away = 0, False

    def __call__(self, _: Connection) -> list[int]:
        self.looks += 1
        time.sleep(0.02)
        if self.away:
            raise DatabaseUnavailableError("away")
        return [self.looks]


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlite_url, seal)
    await opened.start()
    yield opened
    await opened.stop()


async def seen(look: SharedLook[int], wanted: tuple[int, ...]) -> None:
    async with asyncio.timeout(60):
        while await look.now() != wanted:  # noqa: ASYNC110 - a look ends in its own time
            await asyncio.sleep(0.005)


async def test_many_who_look_at_once_are_one_look(database: Database) -> None:
    looked, clock = Looked(), FakeClock()
    look = SharedLook(clock, lambda: database.read(looked))

    assert await asyncio.gather(*(look.now() for _ in range(20))) == [(1,)] * 20
    clock.advance(FRESH_S - 1)
    assert (await look.now(), looked.looks) == ((1,), 1)
    clock.advance(2)
    assert await look.now() == (1,)  # what is known is shown while it is read anew
    await seen(look, (2,))
    await look.stop()


async def test_who_is_in_a_hurry_does_not_wait_for_the_first_look() -> None:
    over = asyncio.Event()

    async def looked() -> list[int]:
        await over.wait()
        return [1]

    clock = FakeClock()
    look = SharedLook(clock, looked)
    assert await look.soon(0.001) is None
    clock.advance(60)
    async with asyncio.timeout(30):
        assert await look.soon(60) is None  # whoever came first has waited for all
    over.set()
    assert await look.now() == (1,)


async def test_what_is_too_old_is_not_shown(database: Database) -> None:
    looked, clock = Looked(), FakeClock()
    look = SharedLook(clock, lambda: database.read(looked))
    assert await look.now() == (1,)
    looked.away = True

    clock.advance(FRESH_S + 1)
    assert await look.now() == (1,)
    clock.advance(STALE_S)
    with pytest.raises(DatabaseUnavailableError):
        await look.now()
    looked.away = False
    async with asyncio.timeout(60):
        while (await asyncio.gather(look.now(), return_exceptions=True))[0] != (looked.looks,):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
    await look.stop()

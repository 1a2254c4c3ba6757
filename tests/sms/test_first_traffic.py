"""From when a business's first two weeks count, and how often the database is asked for it."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import TypeVar

import pytest
from sqlalchemy import Connection, insert

from app.booking.business import Business
from app.db.engine import Database
from app.db.schema import bookings
from app.sms.first_traffic import FirstTraffic
from app.watch.volume_counts import CALL, Came, noted
from tests.booking.acme import NOW, acme
from tests.fakes.databases import opened

T = TypeVar("T")
DAY_S = 86_400.0
BOOKED = {column.name: "" for column in bookings.columns if str(column.type).startswith(("VARCHAR", "TEXT"))}


class Asked:
    """A database that counts how often it is read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.times = 0

    async def read(self, work: Callable[[Connection], T]) -> T:
        self.times += 1
        return await self.database.read(work)


@pytest.fixture
async def asked(database_url: str) -> AsyncIterator[Asked]:
    async with opened(database_url) as database:
        yield Asked(database)


def unsaid(**changes: str) -> Business:
    return acme(live_since=None, **changes)


async def came(asked: Asked, days: float, business: str = "acme") -> None:
    call = Came(business, "+15125550100", CALL, NOW - days * DAY_S)
    await asked.database.write(lambda transaction: noted(transaction.connection, [call]))


async def test_before_anything_came_in_it_is_new_and_looked_for_again(asked: Asked) -> None:
    first = FirstTraffic(asked)  # type: ignore[arg-type]  # reads as the real one does
    assert await first.makes_new(unsaid(), NOW)
    await came(asked, 0.5)
    assert [await first.makes_new(unsaid(), NOW + days * DAY_S) for days in (0, 1, 12, 16)] == [True, True, True, False]
    assert asked.times == 2, "what is known is not asked for again"


async def test_a_business_of_long_ago_is_not_new_and_asked_for_once(asked: Asked) -> None:
    first = FirstTraffic(asked)  # type: ignore[arg-type]  # as above
    await came(asked, 40)
    await came(asked, 1)
    await came(asked, 1, "other")
    assert [await first.makes_new(unsaid(), NOW) for _ in range(3)] == [False] * 3
    assert asked.times == 1
    assert await first.makes_new(unsaid(id="other"), NOW)


async def test_a_quiet_business_whose_counts_are_forgotten_has_its_bookings(asked: Asked) -> None:
    numbers = {column.name: 0 for column in bookings.columns if column.name not in BOOKED}
    row = {**BOOKED, **numbers, "id": "b1", "reference": "RB-1", "business": "acme", "created_at": NOW - 200 * DAY_S}
    await asked.database.write(lambda t: t.connection.execute(insert(bookings).values(row)).rowcount)
    await came(asked, 0.1)
    assert not await FirstTraffic(asked).makes_new(unsaid(), NOW)  # type: ignore[arg-type]  # as above


async def test_what_the_file_says_wins_and_nothing_is_asked(asked: Asked) -> None:
    first = FirstTraffic(asked)  # type: ignore[arg-type]  # as above
    await came(asked, 400)
    assert await first.makes_new(acme(live_since=date(2999, 1, 1)), NOW)
    assert not await first.makes_new(acme(live_since=date(2020, 1, 1)), NOW)
    assert asked.times == 0

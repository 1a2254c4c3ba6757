"""A business on a calendar that does as it is told, for whoever makes no other."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.acme import House, house
from tests.fakes.calendar import FakeCalendar


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def made(database_url: str, calendar: FakeCalendar) -> AsyncIterator[House]:
    async with house(database_url, calendar) as built:
        yield built

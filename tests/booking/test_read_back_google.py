"""Hundreds of bookings on a Google calendar, many of them spoiled: every fault is found and none is invented."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.store import Booking
from tests.booking.acme import HOUR, House, acme, house
from tests.booking.spoiled import (
    BOOKINGS,
    ELSEWHERE,
    LATE,
    NOT_SHARED,
    NOTHING,
    Place,
    SetClock,
    every_fault_is_found_and_none_is_invented,
)
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle(["dana", "lee"]) as server:
        yield server


@pytest.fixture
async def made(sqlite_url: str, google: FakeGoogle) -> AsyncIterator[House]:
    calendar = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=(100_000, 100_000)))
    await calendar.start()
    async with house(sqlite_url, calendar, business=acme(), clock=SetClock()) as built:
        yield built
    await calendar.close()


def spoilable(google: FakeGoogle) -> Place:
    def moved(booking: Booking) -> None:
        times = {"start": rfc3339(booking.starts + HOUR), "end": rfc3339(booking.ends + HOUR)}
        google.store.change("dana", booking.event_id, times, "", whole=False)

    def hide(hidden: bool) -> None:
        for reading in ("get", "list"):
            google.fail_always(reading, NOT_SHARED if hidden else None)

    return Place(
        write_faults={
            NOTHING: faults.NOT_WRITTEN,
            ELSEWHERE: faults.written_elsewhere("lee"),
            LATE: faults.written_at(HOUR, shown=False),
            f"{LATE}, shown": faults.written_at(HOUR, shown=True),
        },
        behind={
            "cancelled": lambda booking: google.store.delete("dana", booking.event_id, ""),
            "moved": moved,
            "retitled": lambda b: _ignored(google.store.change("dana", b.event_id, {"summary": "-"}, "", whole=False)),
        },
        spoil_write=lambda fault: google.fail_next("insert", fault),
        hide=hide,
    )


def rfc3339(moment: int) -> dict[str, str]:
    return {"dateTime": datetime.fromtimestamp(moment, UTC).isoformat()}


def _ignored(_: object) -> None:
    return None


async def test_every_fault_is_found_and_none_is_invented(made: House, google: FakeGoogle) -> None:
    await every_fault_is_found_and_none_is_invented(made, spoilable(google))

    assert google.counts["insert"] == BOOKINGS, "nothing was written a second time"
    assert google.counts["delete"] + google.counts["patch"] + google.counts["update"] == 0, "nor taken away"

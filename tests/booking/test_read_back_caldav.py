"""Hundreds of bookings on a CalDAV calendar, many of them spoiled: every fault is found and none is invented."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.booking.business import Technician
from app.booking.store import Booking
from tests.booking.acme import HOUR, HOURS, SERVICES, House, acme, house
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
from tests.fakes.caldav_server import FakeCaldav

READS = ("get", "query", "find", "multiget", "freebusy")


@pytest.fixture
async def caldav() -> AsyncIterator[FakeCaldav]:
    async with FakeCaldav() as server:
        yield server


@pytest.fixture
async def made(sqlite_url: str, caldav: FakeCaldav) -> AsyncIterator[House]:
    calendar = CaldavCalendar(CaldavOptions())
    await calendar.start()
    services = tuple(service.id for service in SERVICES)
    people = tuple(Technician(p, p.title(), f"fake:{caldav.url(p)}", services, HOURS) for p in ("dana", "lee"))
    async with house(sqlite_url, calendar, business=acme(technicians=people), clock=SetClock()) as built:
        yield built
    await calendar.close()


def spoilable(caldav: FakeCaldav) -> Place:
    def path(booking: Booking) -> str:
        return f"/dana/{booking.event_id}.ics"

    def edit(booking: Booking, pattern: str, by: str) -> None:
        text, edits = re.subn(pattern, by, caldav.resources[path(booking)][1])
        assert edits == 1, (pattern, text)
        caldav.store(path(booking), text)

    def moved(booking: Booking) -> None:
        for name, moment in (("DTSTART", booking.starts), ("DTEND", booking.ends)):
            edit(booking, rf"(?m)^{name}:.*Z", f"{name}:{utc(moment + HOUR)}")

    def hide(hidden: bool) -> None:
        for reading in READS:
            caldav.fail_always(reading, NOT_SHARED if hidden else None)

    return Place(
        write_faults={
            NOTHING: faults.NOT_WRITTEN,
            ELSEWHERE: faults.written_elsewhere("lee"),
            LATE: faults.written_at(HOUR, shown=False),
        },
        behind={
            "removed": lambda booking: caldav.remove(path(booking)),
            "cancelled": lambda booking: edit(booking, r"(?m)^(STATUS:).*\r$", r"\1CANCELLED\r"),
            "moved": moved,
            "retitled": lambda booking: edit(booking, r"(?m)^(SUMMARY:).*\r$", r"\1Private\r"),
        },
        spoil_write=lambda fault: caldav.fail_next("put", fault),
        hide=hide,
    )


def utc(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y%m%dT%H%M%SZ}"


async def test_every_fault_is_found_and_none_is_invented(made: House, caldav: FakeCaldav) -> None:
    await every_fault_is_found_and_none_is_invented(made, spoilable(caldav))

    assert caldav.counts["put"] == BOOKINGS, "nothing was written a second time"
    assert caldav.counts["delete"] == 0, "nor taken away"

"""CaldavCalendar on a real server, with what people have on their calendars there."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.booking.calendar import Absent, Cancelled, Changed, Event, Refused, Unknown
from tests.fakes.radicale import ACCOUNT, Radicale

HOUR = 3600
DAY = 24 * HOUR
MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z, a Tuesday
VISIT = Event("visit00001", MORNING + HOUR, MORNING + 2 * HOUR, "Inspection: Ann", "Notes", "RB-1")
WITHIN_S = 10.0


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with Radicale(tmp_path_factory.mktemp("radicale"), password=True) as server:
        yield server


@pytest.fixture
def name() -> str:
    return f"dana-{uuid4().hex}"


@pytest.fixture
def dana(radicale: Radicale, name: str) -> str:
    return radicale.collection(name)


@pytest.fixture
async def calendar(radicale: Radicale, dana: str) -> AsyncIterator[CaldavCalendar]:
    options = CaldavOptions([(radicale.url, *ACCOUNT)], {dana: ZoneInfo("America/Chicago")})
    started = CaldavCalendar(options)
    await started.start()
    yield started
    await started.close()


CHICAGO = (
    "BEGIN:VTIMEZONE", "TZID:America/Chicago",
    "BEGIN:DAYLIGHT", "TZOFFSETFROM:-0600", "TZOFFSETTO:-0500", "DTSTART:20070311T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "END:DAYLIGHT",
    "BEGIN:STANDARD", "TZOFFSETFROM:-0500", "TZOFFSETTO:-0600", "DTSTART:20071104T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU", "END:STANDARD", "END:VTIMEZONE",
)  # fmt: skip
"""Every program sends the rules of its zone along (RFC 5545 asks for them); without them servers guess."""

PEOPLES: dict[str, tuple[list[str], list[tuple[int, int]]]] = {
    "a plain hour": (["DTSTART:20300101T050000Z", "DTEND:20300101T060000Z"], [(5, 6)]),
    "their own zone": (["DTSTART;TZID=Europe/Berlin:20300101T080000", "DURATION:PT1H"], [(7, 8)]),
    "tentative": (["DTSTART:20300101T050000Z", "DURATION:PT1H", "STATUS:TENTATIVE"], [(5, 6)]),
    "cancelled": (["DTSTART:20300101T050000Z", "DURATION:PT1H", "STATUS:CANCELLED"], []),
    "transparent": (["DTSTART:20300101T050000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"], []),
    "a day off, here and not in UTC": (["DTSTART;VALUE=DATE:20300102"], [(30, 48)]),
    "the day before, that reaches into ours": (["DTSTART;VALUE=DATE:20291231"], [(0, 6)]),
    "floating": (["DTSTART:20300101T080000", "DTEND:20300101T090000"], [(14, 15)]),
    "every day": (["DTSTART:20291001T050000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"], [(5, 6), (29, 30)]),
    "every day but one": (
        ["DTSTART:20291001T050000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", "EXDATE:20300101T050000Z"], [(29, 30)]),
    "every week, by the wall": (
        ["DTSTART;TZID=America/Chicago:20290703T080000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"], [(14, 15)]),
    "every Wednesday off": (["DTSTART;VALUE=DATE:20290704", "RRULE:FREQ=WEEKLY"], [(30, 48)]),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), PEOPLES.values(), ids=PEOPLES.keys())
async def test_what_people_have_there_is_seen_when_it_is(
    radicale: Radicale,
    calendar: CaldavCalendar,
    name: str,
    dana: str,
    lines: list[str],
    expected: list[tuple[int, int]],
) -> None:
    radicale.put(name, "theirs.ics", ["UID:theirs", "SUMMARY:Theirs", *lines], CHICAGO)
    busy = (await calendar.free([dana], MORNING, MORNING + 2 * DAY, within_s=WITHIN_S))[dana]
    listed = await calendar.events(dana, MORNING, MORNING + 2 * DAY, within_s=WITHIN_S)
    assert not isinstance(busy, Unknown)
    assert not isinstance(listed, Unknown)
    assert [((start - MORNING) / HOUR, (end - MORNING) / HOUR) for start, end in busy] == expected
    clipped = [(max(event.start, MORNING), min(event.end, MORNING + 2 * DAY)) for event in listed]
    assert [((start - MORNING) / HOUR, (end - MORNING) / HOUR) for start, end in clipped] == expected


async def test_an_event_that_a_program_renamed_is_found_moved_and_cancelled(
    radicale: Radicale, calendar: CaldavCalendar, name: str, dana: str
) -> None:
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    assert isinstance(written, Event)
    path = f"/readback/{name}/"
    elsewhere = {"Destination": f"{radicale.url}{name}/ABCD-1234.ics"}
    status, _ = radicale.request("MOVE", f"{path}visit00001.ics", headers=elsewhere)
    assert status == 201
    assert await calendar.get(dana, VISIT.id, within_s=WITHIN_S) == written
    to = (MORNING + 5 * HOUR, MORNING + 6 * HOUR)
    moved = await calendar.move(dana, VISIT.id, to, written.etag, within_s=WITHIN_S)
    assert isinstance(moved, Event)
    assert await calendar.cancel(dana, VISIT.id, written.etag, within_s=WITHIN_S) == Changed()
    assert await calendar.cancel(dana, VISIT.id, moved.etag, within_s=WITHIN_S) == Cancelled()
    assert await calendar.get(dana, VISIT.id, within_s=WITHIN_S) == Absent()


async def test_a_calendar_that_is_not_there_is_unknown_and_refuses(
    calendar: CaldavCalendar, radicale: Radicale
) -> None:
    nobody = f"{radicale.url}nobody/"
    assert isinstance((await calendar.free([nobody], MORNING, MORNING + DAY, within_s=WITHIN_S))[nobody], Unknown)
    assert isinstance(await calendar.get(nobody, VISIT.id, within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.book(nobody, VISIT, within_s=WITHIN_S), Refused)
    assert isinstance(await calendar.cancel(nobody, VISIT.id, "", within_s=WITHIN_S), Unknown)


async def test_a_wrong_password_is_unknown_and_nothing_is_written(radicale: Radicale, dana: str) -> None:
    stranger = CaldavCalendar(CaldavOptions([(radicale.url, ACCOUNT[0], "wrong")]))
    await stranger.start()
    told = (await stranger.free([dana], MORNING, MORNING + DAY, within_s=WITHIN_S))[dana]
    outcome = await stranger.book(dana, VISIT, within_s=WITHIN_S)
    await stranger.close()
    assert isinstance(told, Unknown)
    assert told.reason.startswith("401: ")
    assert isinstance(outcome, Refused)

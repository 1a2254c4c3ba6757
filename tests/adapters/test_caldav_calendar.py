"""CaldavCalendar against a scripted server over real sockets: what each fault becomes at the port."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.adapters.caldav_transport import Credential
from app.booking.calendar import Absent, Busy, Cancelled, Changed, Changes, Event, Refused, Unknown
from tests.fakes import google_faults as faults
from tests.fakes.caldav_server import FakeCaldav, calendar_object
from tests.fakes.google_faults import Fault

HOUR = 3600
DAY = 24 * HOUR
MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z
VISIT = Event("visit00001", MORNING + HOUR, MORNING + 2 * HOUR, "Inspection: Ann", "Notes", "RB-1")
ONE_TO_TWO = ("DTSTART:20300101T010000Z", "DTEND:20300101T020000Z")
WITHIN_S = 5.0


@pytest.fixture
async def caldav() -> AsyncIterator[FakeCaldav]:
    async with FakeCaldav() as server:
        yield server


@pytest.fixture
async def calendar(caldav: FakeCaldav) -> AsyncIterator[CaldavCalendar]:
    started = CaldavCalendar(CaldavOptions())
    await started.start()
    yield started
    await started.close()


@asynccontextmanager
async def asking(credentials: list[Credential]) -> AsyncIterator[CaldavCalendar]:
    started = CaldavCalendar(CaldavOptions(credentials))
    await started.start()
    yield started
    await started.close()


@pytest.fixture
def dana(caldav: FakeCaldav) -> str:
    return caldav.url("dana")


async def hours(calendar: CaldavCalendar, name: str, days: int = 1) -> list[tuple[float, float]] | Unknown:
    told = (await calendar.free([name], MORNING, MORNING + days * DAY, within_s=WITHIN_S))[name]
    return told if isinstance(told, Unknown) else in_hours(told)


def in_hours(busy: Busy) -> list[tuple[float, float]]:
    return [((start - MORNING) / HOUR, (end - MORNING) / HOUR) for start, end in busy]


# --- free ------------------------------------------------------------------------------------------------------------


async def test_each_calendar_answers_for_itself(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    caldav.add("dana", "a.ics", "UID:a", *ONE_TO_TWO)
    nobody = caldav.url("nobody")
    told = await calendar.free([dana, nobody, dana], MORNING, MORNING + DAY, within_s=WITHIN_S)
    assert told[dana] == ((MORNING + HOUR, MORNING + 2 * HOUR),)
    assert told[nobody] == Unknown("404: there is no such calendar")


async def test_calendars_are_asked_at_the_same_time(caldav: FakeCaldav, calendar: CaldavCalendar) -> None:
    names = [caldav.url(name) for name in ("dana", "lee")]
    caldav.fail_always("query", faults.NEVER)
    asking = asyncio.ensure_future(calendar.free(names, MORNING, MORNING + DAY, within_s=60))
    await asyncio.wait_for(caldav.asked(2, "query", "freebusy"), 30)
    assert not asking.done()
    asking.cancel()


async def test_a_free_busy_answer_out_of_order_overlapping_and_folded_is_merged(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    for number, (start, end) in enumerate([("05", "06"), ("01", "03"), ("02", "04")]):
        caldav.add(
            "dana", f"{number}.ics", f"UID:{number}", f"DTSTART:20300101T{start}0000Z", f"DTEND:20300101T{end}0000Z"
        )
    assert await hours(calendar, dana) == [(1, 4), (5, 6)]


def free_busy(*lines: str) -> Fault:
    text = ["BEGIN:VCALENDAR", "BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY", "END:VCALENDAR", ""]
    return Fault("body", detail="\r\n".join(text).encode())


async def test_time_that_free_busy_alone_knows_of_is_busy(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    caldav.fail_next(
        "freebusy",
        free_busy(
            "FREEBUSY:20300101T100000Z/PT1H",
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20300101T030000Z/PT1H",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20300101T230000Z/PT2H",
            "FREEBUSY;FBTYPE=FREE:20300101T120000Z/PT1H",
        ),
    )
    assert await hours(calendar, dana) == [(3, 4), (10, 11), (23, 24)]


CANNOT_ANSWER = {
    **{str(code): faults.status(code) for code in (400, 403, 405, 501)},
    "html": faults.HTML,
    "empty": faults.EMPTY,
    "no periods but nonsense": free_busy("FREEBUSY:soon"),
}


@pytest.mark.parametrize("fault", CANNOT_ANSWER.values(), ids=CANNOT_ANSWER.keys())
async def test_without_free_busy_the_events_tell(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, fault: Fault
) -> None:
    caldav.fail_always("freebusy", fault)
    caldav.add("dana", "busy.ics", "UID:busy", *ONE_TO_TWO)
    caldav.add("dana", "clear.ics", "UID:clear", "DTSTART:20300101T030000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT")
    caldav.add("dana", "gone.ics", "UID:gone", "DTSTART:20300101T040000Z", "DURATION:PT1H", "STATUS:CANCELLED")
    caldav.add("dana", "maybe.ics", "UID:maybe", "DTSTART:20300101T050000Z", "DURATION:PT1H", "STATUS:TENTATIVE")
    assert await hours(calendar, dana) == [(1, 2), (5, 6)]


USELESS = {
    "401": faults.UNAUTHORIZED,
    "403": faults.FORBIDDEN,
    "404": faults.status(404),
    "302": faults.status(302, location="https://elsewhere.example/"),
    "507": faults.status(507),
    "html": faults.HTML,
    "not xml": faults.NOT_JSON,
    "empty": faults.EMPTY,
}


@pytest.mark.parametrize("fault", USELESS.values(), ids=USELESS.keys())
async def test_what_tells_nothing_is_unknown_everywhere(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, fault: Fault
) -> None:
    caldav.add("dana", "visit00001.ics", "UID:visit00001", *ONE_TO_TWO)
    caldav.fail_always("*", fault)
    assert isinstance(await hours(calendar, dana), Unknown)
    assert isinstance(await calendar.events(dana, MORNING, MORNING + DAY, within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.get(dana, "visit00001", within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.changes(dana, "", within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.changes(dana, "1", within_s=WITHIN_S), Unknown)


@pytest.mark.parametrize(("fault", "status"), [(faults.UNAUTHORIZED, 401), (faults.status(403), 403)])
@pytest.mark.parametrize("line", ["", "lee/", "dan/", "dana/below/"])
async def test_a_calendar_that_no_credential_is_for_is_said_to_be_asked_without_one(
    caldav: FakeCaldav, dana: str, line: str, fault: Fault, status: int
) -> None:
    caldav.fail_always("*", fault)
    lines = [(dana.removesuffix("dana/") + line, "ann", "s3cr3t")] if line else []
    async with asking(lines) as calendar:
        read, written = await hours(calendar, dana), await calendar.book(dana, VISIT, within_s=WITHIN_S)
        cancelled = await calendar.cancel(dana, VISIT.id, "", within_s=WITHIN_S)
    assert isinstance(read, Unknown)
    assert isinstance(written, Refused)
    assert isinstance(cancelled, Unknown)
    lacking = f"{status}: no line of READBACK_CALDAV_CREDENTIALS is at or above {dana}, so the server was asked "
    assert {read.reason, written.reason, cancelled.reason} == {f"{lacking}without a user and password"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.UNAUTHORIZED, "401: the server does not take the user and password that READBACK_CALDAV_CREDENTIALS"),
        (faults.status(403), "403: this user may not do that"),
    ],
)
@pytest.mark.parametrize("below", ["dana/", "dana", ""])
async def test_a_refused_password_is_said_so_that_an_operator_knows_what_to_do(
    caldav: FakeCaldav, dana: str, below: str, fault: Fault, said: str
) -> None:
    caldav.fail_always("*", fault)
    async with asking([(dana.removesuffix("dana/") + below, "ann", "s3cr3t")]) as calendar:
        told = await hours(calendar, dana)
    assert isinstance(told, Unknown)
    assert told.reason.startswith(said)


PASSING = {
    "503": faults.UNAVAILABLE,
    "429": faults.TOO_MANY_REQUESTS,
    "reset": faults.RESET,
    "closed without an answer": faults.CLOSE,
    "never answers": faults.NEVER,
    "slow": faults.slow(30),
    "dripping": faults.dripping(1.0),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
@pytest.mark.parametrize("operation", ["freebusy", "query", "get"])
async def test_a_read_survives_one_fault(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, operation: str, fault: Fault
) -> None:
    caldav.add("dana", "visit00001.ics", "UID:visit00001", *ONE_TO_TWO)
    caldav.fail_next(operation, fault)
    if operation == "get":
        assert isinstance(await calendar.get(dana, "visit00001", within_s=WITHIN_S), Event)
    else:
        assert await hours(calendar, dana) == [(1, 2)]
    assert caldav.counts[operation] >= 2


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
@pytest.mark.parametrize("operation", ["freebusy", "query"])
async def test_a_read_that_meets_the_fault_every_time_is_unknown_by_its_deadline(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, operation: str, fault: Fault
) -> None:
    caldav.fail_always(operation, fault)
    began = time.monotonic()
    told = await calendar.free([dana], MORNING, MORNING + DAY, within_s=0.5)
    assert isinstance(told[dana], Unknown)
    assert time.monotonic() - began < 3.0
    assert caldav.counts[operation] <= 2


async def test_an_answer_without_end_is_unknown(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    caldav.fail_always("query", Fault("body", detail=b"x" * (5 * 2**20)))
    assert isinstance(await hours(calendar, dana), Unknown)


async def test_a_server_that_is_not_there_is_unknown_and_a_write_to_it_refused(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    await caldav.stop()
    assert isinstance(await hours(calendar, dana), Unknown)
    assert isinstance(await calendar.book(dana, VISIT, within_s=1), Refused)
    assert isinstance(await calendar.cancel(dana, "visit00001", "", within_s=1), Unknown)


# --- all-day events and zones ----------------------------------------------------------------------------------------

NEXT_DAY = ("DTSTART;VALUE=DATE:20300102", "DTEND;VALUE=DATE:20300103")


@pytest.mark.parametrize(
    ("own_zone", "handed_in", "expected"),
    [
        ("", None, [(24, 48)]),
        ("", "America/Chicago", [(30, 54)]),
        ("Australia/Sydney", "America/Chicago", [(13, 37)]),
        ("Nowhere/Else", "America/Chicago", [(30, 54)]),
    ],
)
async def test_an_all_day_event_is_a_day_of_the_calendars_zone(
    own_zone: str, handed_in: str | None, expected: list[tuple[float, float]]
) -> None:
    async with FakeCaldav(zone=own_zone) as caldav:
        dana = caldav.url("dana")
        zones = {dana: ZoneInfo(handed_in)} if handed_in else {}
        calendar = CaldavCalendar(CaldavOptions(zones=zones))
        await calendar.start()
        caldav.add("dana", "day.ics", "UID:day", *NEXT_DAY)
        # As a server tells it that takes the day for one of UTC, and an hour of somebody else's after it.
        caldav.fail_always("freebusy", free_busy("FREEBUSY:20300102T000000Z/20300103T080000Z"))
        busy = await hours(calendar, dana, days=4)
        listed = await calendar.events(dana, MORNING, MORNING + 4 * DAY, within_s=WITHIN_S)
        await calendar.close()
    assert isinstance(listed, tuple)
    assert [((event.start - MORNING) / HOUR, (event.end - MORNING) / HOUR) for event in listed] == expected
    assert isinstance(busy, list)
    assert busy[0][0] == expected[0][0]
    assert busy[-1][1] == 56
    assert sum(end - start for start, end in busy) == 24 + 8 - max(0, expected[0][1] - 48)


async def test_an_all_day_event_reaches_into_a_range_that_begins_after_its_day_in_utc(caldav: FakeCaldav) -> None:
    dana = caldav.url("dana")
    calendar = CaldavCalendar(CaldavOptions(zones={dana: ZoneInfo("America/Chicago")}))
    await calendar.start()
    caldav.add("dana", "day.ics", "UID:day", *NEXT_DAY)
    start = MORNING + 2 * DAY + HOUR
    told = await calendar.free([dana], start, start + 10 * HOUR, within_s=WITHIN_S)
    await calendar.close()
    assert told[dana] == ((start, MORNING + 2 * DAY + 6 * HOUR),)


async def test_the_calendars_zone_is_asked_for_once(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    for _ in range(3):
        await hours(calendar, dana)
    assert caldav.counts["zone"] == 1


# --- events, get, changes --------------------------------------------------------------------------------------------

NOT_TO_BE_PLACED = {
    "recurring, not expanded": [*ONE_TO_TWO, "RRULE:FREQ=WEEKLY"],
    "no start": ["DTEND:20300101T020000Z"],
    "zone nobody knows": ["DTSTART;TZID=Nowhere/Else:20300101T010000", "DURATION:PT1H"],
}


@pytest.mark.parametrize("lines", NOT_TO_BE_PLACED.values(), ids=NOT_TO_BE_PLACED.keys())
async def test_one_event_that_cannot_be_placed_makes_the_answer_unknown(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, lines: list[str]
) -> None:
    caldav.add("dana", "one.ics", "UID:one", *ONE_TO_TWO)
    caldav.add("dana", "two.ics", "UID:two", *lines)
    assert isinstance(await calendar.events(dana, MORNING, MORNING + DAY, within_s=WITHIN_S), Unknown)
    assert isinstance(await hours(calendar, dana), Unknown)


async def test_only_what_recurs_is_asked_for_again_and_expanded(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    caldav.add("dana", "one.ics", "UID:one", *ONE_TO_TWO)
    caldav.add("dana", "two.ics", "UID:two", "DTSTART:20300101T030000Z", "DTEND:20300101T040000Z", "RRULE:FREQ=DAILY")
    text = calendar_object("UID:two", "RECURRENCE-ID:20300101T030000Z", "DTSTART:20300101T050000Z", "DURATION:PT1H")
    data = f'<C:calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav">{text}</C:calendar-data>'
    inside = f"<propstat><prop>{data}</prop><status>HTTP/1.1 200 OK</status></propstat>"
    response = f"<response><href>/dana/two.ics</href>{inside}</response>"
    caldav.fail_next("multiget", Fault("body", detail=f'<multistatus xmlns="DAV:">{response}</multistatus>'.encode()))
    listed = await calendar.events(dana, MORNING, MORNING + DAY, within_s=WITHIN_S)
    assert isinstance(listed, tuple)
    assert [event.id for event in listed] == ["one", f"two#{MORNING + 3 * HOUR}"]
    [again] = [request.body.decode() for request in caldav.requests if request.operation == "multiget"]
    assert "two.ics" in again
    assert "one.ics" not in again
    assert '<C:expand start="20291230T000000Z" end="20300104T000000Z"/>' in again


async def test_an_event_without_its_data_makes_the_answer_unknown(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    caldav.add("dana", "one.ics", "UID:one", *ONE_TO_TWO)
    response = "<response><href>/dana/one.ics</href><propstat><prop/><status>HTTP/1.1 200 OK</status></propstat>"
    body = f'<multistatus xmlns="DAV:">{response}</response></multistatus>'.encode()
    caldav.fail_always("query", Fault("body", detail=body))
    assert isinstance(await hours(calendar, dana), Unknown)


async def test_many_events_are_read_off_the_loop(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    for number in range(300):
        caldav.add("dana", f"{number}.ics", f"UID:{number}", *ONE_TO_TWO, "DESCRIPTION:" + "x" * 200)
    listed = await calendar.events(dana, MORNING, MORNING + DAY, within_s=30)
    assert isinstance(listed, tuple)
    assert len(listed) == 300


async def test_an_event_that_a_program_renamed_is_found_and_cancelled_where_it_is(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    assert isinstance(written, Event)
    caldav.add("dana", "visit00001-else.ics", "UID:visit00001-else", *ONE_TO_TWO)
    caldav.resources["/dana/ABCD-1234.ics"] = caldav.resources.pop("/dana/visit00001.ics")
    assert await calendar.get(dana, "visit00001", within_s=WITHIN_S) == written
    assert await calendar.cancel(dana, "visit00001", '"old"', within_s=WITHIN_S) == Changed()
    assert await calendar.cancel(dana, "visit00001", written.etag, within_s=WITHIN_S) == Cancelled()
    assert list(caldav.resources) == ["/dana/visit00001-else.ics"]
    assert await calendar.get(dana, "visit00001", within_s=WITHIN_S) == Absent()


async def test_an_answer_about_another_event_is_unknown(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    caldav.add("dana", "visit00001.ics", "UID:visit00002", *ONE_TO_TWO)
    assert isinstance(await calendar.get(dana, "visit00001", within_s=WITHIN_S), Unknown)


@pytest.mark.parametrize("find", [faults.FORBIDDEN, faults.HTML, faults.status(404), faults.status(501)])
async def test_absent_is_only_what_the_server_clearly_says(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, find: Fault
) -> None:
    caldav.fail_always("find", find)
    assert isinstance(await calendar.get(dana, "visit00001", within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.cancel(dana, "visit00001", "", within_s=WITHIN_S), Unknown)


async def test_a_resource_of_another_server_is_nothing_to_send_a_password_to(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    text = calendar_object("UID:visit00001", *ONE_TO_TWO)
    data = f'<C:calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav">{text}</C:calendar-data>'
    inside = f"<propstat><prop>{data}</prop><status>HTTP/1.1 200 OK</status></propstat>"
    response = f"<response><href>http://evil.example/visit00001.ics</href>{inside}</response>"
    body = f'<multistatus xmlns="DAV:">{response}</multistatus>'.encode()
    caldav.fail_always("find", Fault("body", detail=body))
    assert isinstance(await calendar.cancel(dana, "visit00001", "", within_s=WITHIN_S), Unknown)


async def test_changes_name_what_is_gone_and_start_over_after_an_unknown_token(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    first = await calendar.changes(dana, "", within_s=WITHIN_S)
    assert isinstance(first, Changes)
    assert first.events == (written,)
    await calendar.cancel(dana, VISIT.id, "", within_s=WITHIN_S)
    then = await calendar.changes(dana, first.cursor, within_s=WITHIN_S)
    assert isinstance(then, Changes)
    assert then.events == (Event("visit00001", 0, 0, cancelled=True),)
    again = await calendar.changes(dana, "long-forgotten", within_s=WITHIN_S)
    assert again == Changes(then.cursor, (), reset=True)


# --- book ------------------------------------------------------------------------------------------------------------


async def test_a_booking_is_one_conditional_write_of_one_plain_event(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    assert isinstance(await calendar.book(dana, VISIT, within_s=WITHIN_S), Event)
    (request,) = caldav.requests
    assert (request.method, request.path, request.headers["if-none-match"]) == ("PUT", "/dana/visit00001.ics", "*")
    lines = request.body.decode().splitlines()
    for line in ("UID:visit00001", "DTSTART:20300101T010000Z", "DTEND:20300101T020000Z", "SUMMARY:Inspection: Ann",
                 "DESCRIPTION:Notes", "X-READBACK-REFERENCE:RB-1", "TRANSP:OPAQUE", "STATUS:CONFIRMED"):  # fmt: skip
        assert line in lines
    assert any(line.startswith("DTSTAMP:2") for line in lines)
    assert not any(line.startswith(("ATTENDEE", "ORGANIZER", "BEGIN:VALARM")) for line in lines)


Fate = tuple[Fault, type, bool]
"""The fault a write meets, what the port says, whether the event is there in the end."""

FATES: dict[str, Fate] = {
    "written, the answer is lost": (faults.COMMIT_THEN_RESET, Event, True),
    "written, the answer never comes": (faults.COMMIT_THEN_HANG, Event, True),
    "written, then 503": (faults.COMMIT_THEN_503, Event, True),
    "answer drips": (faults.dripping(10), Event, True),
    "written late": (faults.slow(20), Event, True),
    "not written, 503": (faults.UNAVAILABLE, Unknown, False),
    "not written, no answer": (faults.NEVER, Unknown, False),
    "not written, closed": (faults.CLOSE, Unknown, False),
    "wrong hour": (faults.written_at(HOUR, shown=False), Event, True),
    "nothing written, looks right": (faults.NOT_WRITTEN, Event, False),
    **{
        f"refused with {code}": (faults.status(code), Refused, False)
        for code in (302, 400, 401, 403, 404, 405, 413, 415, 423, 429, 501, 507)
    },
    "409 and not there": (faults.status(409), Refused, False),
    "412 and not there": (faults.status(412), Unknown, False),
}


@pytest.mark.parametrize(("fault", "said", "there"), FATES.values(), ids=FATES.keys())
async def test_the_fate_of_a_write(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, fault: Fault, said: type, there: bool
) -> None:
    caldav.fail_always("put", fault)
    outcome = await calendar.book(dana, VISIT, within_s=1.0)
    assert isinstance(outcome, said), outcome
    assert bool(caldav.resources) is there
    assert caldav.counts["put"] == 1


async def test_an_unclear_write_that_cannot_be_looked_up_is_unknown(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    caldav.fail_next("put", faults.COMMIT_THEN_RESET)
    caldav.fail_always("get", faults.NEVER)
    assert isinstance(await calendar.book(dana, VISIT, within_s=0.5), Unknown)


async def test_a_name_in_use_is_settled_by_reading(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    assert await calendar.book(dana, VISIT, within_s=WITHIN_S) == written
    caldav.add("dana", "visit00001.ics", "UID:visit00001", "DTSTART:20300101T030000Z", "DURATION:PT1H")
    assert isinstance(await calendar.book(dana, VISIT, within_s=WITHIN_S), Refused)
    caldav.fail_always("get", faults.UNAVAILABLE)
    assert isinstance(await calendar.book(dana, VISIT, within_s=WITHIN_S), Unknown)


async def test_two_writers_of_one_visit_make_one_event(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    outcomes = await asyncio.gather(*(calendar.book(dana, VISIT, within_s=WITHIN_S) for _ in range(16)))
    assert all(isinstance(outcome, Event) for outcome in outcomes)
    assert len(caldav.resources) == 1


async def test_a_server_that_gives_no_etag_is_read(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    caldav.tells_etag_on_put = False
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    assert isinstance(written, Event)
    assert written.etag == caldav.resources["/dana/visit00001.ics"][0]


# --- move ------------------------------------------------------------------------------------------------------------

THREE_TO_FOUR = (MORNING + 3 * HOUR, MORNING + 4 * HOUR)


async def booked(calendar: CaldavCalendar, dana: str) -> Event:
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    assert isinstance(written, Event)
    return written


async def test_a_move_is_one_conditional_write_that_keeps_all_else(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    written = await booked(calendar, dana)
    etag, text = caldav.resources["/dana/visit00001.ics"]
    caldav.resources["/dana/visit00001.ics"] = (etag, text.replace("STATUS:", "LOCATION:12 Oak Street\r\nSTATUS:"))
    moved = await calendar.move(dana, VISIT.id, THREE_TO_FOUR, written.etag, within_s=WITHIN_S)
    assert moved == await calendar.get(dana, VISIT.id, within_s=WITHIN_S)
    assert isinstance(moved, Event)
    assert moved == replace(written, start=THREE_TO_FOUR[0], end=THREE_TO_FOUR[1], etag=moved.etag)
    [put] = [request for request in caldav.requests if request.headers.get("if-match")]
    assert put.headers["if-match"] == written.etag
    lines = put.body.decode().splitlines()
    assert {"LOCATION:12 Oak Street", "SEQUENCE:1", "X-READBACK-REFERENCE:RB-1"} <= set(lines)
    assert sum(line.startswith("DTSTART") for line in lines) == sum(line.startswith("DTSTAMP") for line in lines) == 1


async def test_a_move_asked_for_again_is_one_move(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    written = await booked(calendar, dana)
    first = await calendar.move(dana, VISIT.id, THREE_TO_FOUR, written.etag, within_s=WITHIN_S)
    assert await calendar.move(dana, VISIT.id, THREE_TO_FOUR, written.etag, within_s=WITHIN_S) == first
    assert caldav.counts["put"] == 2


async def test_what_somebody_changed_or_removed_is_not_moved(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    written = await booked(calendar, dana)
    assert await calendar.move(dana, VISIT.id, THREE_TO_FOUR, '"old"', within_s=WITHIN_S) == Changed()
    caldav.add("dana", "visit00001.ics", "UID:visit00001", *ONE_TO_TWO, "RRULE:FREQ=DAILY")
    series = caldav.resources["/dana/visit00001.ics"][0]
    assert isinstance(await calendar.move(dana, VISIT.id, THREE_TO_FOUR, series, within_s=WITHIN_S), Refused)
    caldav.resources.clear()
    assert await calendar.move(dana, VISIT.id, THREE_TO_FOUR, written.etag, within_s=WITHIN_S) == Absent()


async def test_an_event_that_a_program_renamed_is_moved_where_it_is(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    written = await booked(calendar, dana)
    caldav.resources["/dana/ABCD-1234.ics"] = caldav.resources.pop("/dana/visit00001.ics")
    assert isinstance(await calendar.move(dana, VISIT.id, THREE_TO_FOUR, written.etag, within_s=WITHIN_S), Event)
    assert list(caldav.resources) == ["/dana/ABCD-1234.ics"]


MOVES: dict[str, tuple[Fault, type, bool]] = {
    "moved, the answer is lost": (faults.COMMIT_THEN_RESET, Event, True),
    "moved, the answer never comes": (faults.COMMIT_THEN_HANG, Event, True),
    "moved, then 503": (faults.COMMIT_THEN_503, Event, True),
    "not moved, 503": (faults.UNAVAILABLE, Unknown, False),
    "not moved, no answer": (faults.NEVER, Unknown, False),
    "not moved, closed": (faults.CLOSE, Unknown, False),
    "not moved, 412": (faults.status(412), Changed, False),
    **{f"refused with {code}": (faults.status(code), Refused, False) for code in (302, 400, 401, 403, 429, 507)},
}


@pytest.mark.parametrize(("fault", "said", "there"), MOVES.values(), ids=MOVES.keys())
async def test_the_fate_of_a_move(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, fault: Fault, said: type, there: bool
) -> None:
    written = await booked(calendar, dana)
    caldav.fail_always("put", fault)
    outcome = await calendar.move(dana, VISIT.id, THREE_TO_FOUR, written.etag, within_s=1.0)
    assert isinstance(outcome, said), outcome
    assert ("DTSTART:20300101T030000Z" in caldav.resources["/dana/visit00001.ics"][1]) is there
    assert caldav.counts["put"] == 2


async def test_a_move_that_cannot_begin_is_refused(caldav: FakeCaldav, calendar: CaldavCalendar, dana: str) -> None:
    written = await booked(calendar, dana)
    caldav.fail_always("get", faults.UNAVAILABLE)
    moved = await calendar.move(dana, VISIT.id, THREE_TO_FOUR, written.etag, within_s=WITHIN_S)
    assert isinstance(moved, Refused)
    assert caldav.counts["put"] == 1


# --- cancel ----------------------------------------------------------------------------------------------------------

ENDS: dict[str, tuple[Fault, type]] = {
    "done, the answer is lost": (faults.COMMIT_THEN_RESET, Cancelled),
    "done, the answer never comes": (faults.COMMIT_THEN_HANG, Cancelled),
    "done, then 503": (faults.COMMIT_THEN_503, Cancelled),
    "not done, 503": (faults.UNAVAILABLE, Unknown),
    "not done, no answer": (faults.NEVER, Unknown),
    "not done, 401": (faults.UNAUTHORIZED, Unknown),
    "not done, 403": (faults.FORBIDDEN, Unknown),
    "404 although it is there": (faults.status(404), Unknown),
    "412": (faults.status(412), Changed),
}


@pytest.mark.parametrize(("fault", "said"), ENDS.values(), ids=ENDS.keys())
async def test_the_end_of_a_cancellation(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str, fault: Fault, said: type
) -> None:
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    assert isinstance(written, Event)
    caldav.fail_always("delete", fault)
    outcome = await calendar.cancel(dana, VISIT.id, written.etag, within_s=1.0)
    assert isinstance(outcome, said), outcome
    assert bool(caldav.resources) is not isinstance(outcome, Cancelled)


async def test_a_cancellation_that_was_carried_out_and_repeated_is_no_change(
    caldav: FakeCaldav, calendar: CaldavCalendar, dana: str
) -> None:
    written = await calendar.book(dana, VISIT, within_s=WITHIN_S)
    assert isinstance(written, Event)
    caldav.resources.clear()
    assert await calendar.cancel(dana, VISIT.id, written.etag, within_s=WITHIN_S) == Cancelled()


# --- addresses and credentials ---------------------------------------------------------------------------------------


async def test_an_address_may_be_written_as_people_write_it(caldav: FakeCaldav, calendar: CaldavCalendar) -> None:
    caldav.collections.add("/d%C3%A5na/")
    for name in ("dåna", "d%C3%A5na"):
        assert await hours(calendar, caldav.url(name).removesuffix("/")) == []


async def test_the_longest_url_above_a_calendar_decides_whose_password_it_gets(caldav: FakeCaldav) -> None:
    root = f"http://127.0.0.1:{caldav.port}"
    credentials = [(root, "all", "a"), (f"{root}/dan", "near", "n"), (f"{root}/dana/", "dana", "d:é")]
    calendar = CaldavCalendar(CaldavOptions(credentials=credentials))
    await calendar.start()
    for name in ("dana", "lee"):
        await calendar.get(caldav.url(name), "x", within_s=WITHIN_S)
    await calendar.close()
    keys = {request.path.split("/")[1]: request.headers["authorization"] for request in caldav.requests}
    assert keys == {"dana": "Basic ZGFuYTpkOsOp", "lee": "Basic YWxsOmE="}


async def test_another_server_gets_no_password(caldav: FakeCaldav) -> None:
    credentials = [(f"http://127.0.0.1:{caldav.port + 1}/", "u", "p"), ("https://127.0.0.1/", "u", "p")]
    calendar = CaldavCalendar(CaldavOptions(credentials=credentials))
    await calendar.start()
    await calendar.get(caldav.url("dana"), "x", within_s=WITHIN_S)
    await calendar.close()
    assert all("authorization" not in request.headers for request in caldav.requests)


def test_options_do_not_show_a_password() -> None:
    assert "hunter2" not in repr(CaldavOptions(credentials=[("https://host/", "dana", "hunter2")]))

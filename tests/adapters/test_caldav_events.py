"""Calendar objects as people's programs write them: placed in time, or refused; never dropped."""

from zoneinfo import ZoneInfo

import pytest

from app.adapters.caldav_events import events_of, instances, main_event, moved, zone_of
from app.adapters.caldav_xml import UnreadableError
from app.booking.calendar import Event
from app.booking.ical import entry
from tests.fakes.caldav_server import calendar_object

HOUR = 3600
DAY = 24 * HOUR
MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z
CHICAGO = ZoneInfo("America/Chicago")


def only(*lines: str) -> Event:
    (placed,) = events_of(calendar_object("UID:one", *lines), CHICAGO, '"1"')
    return placed.event


TIMES = {
    "utc": (["DTSTART:20300101T010000Z", "DTEND:20300101T020000Z"], (1, 2)),
    "zone": (["DTSTART;TZID=America/New_York:20300101T010000", "DTEND;TZID=America/New_York:20300101T020000"], (6, 7)),
    "two zones": (["DTSTART;TZID=America/New_York:20300101T010000", "DTEND;TZID=Etc/UTC:20300101T080000"], (6, 8)),
    "duration": (["DTSTART:20300101T010000Z", "DURATION:PT90M"], (1, 2.5)),
    "floating": (["DTSTART:20300101T010000", "DTEND:20300101T020000"], (7, 8)),
    "all day": (["DTSTART;VALUE=DATE:20300102", "DTEND;VALUE=DATE:20300103"], (30, 54)),
    "all day without end": (["DTSTART;VALUE=DATE:20300102"], (30, 54)),
    "all day of some days": (["DTSTART;VALUE=DATE:20300102", "DURATION:P2D"], (30, 78)),
    "no length": (["DTSTART:20300101T010000Z"], (1, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "hours"), TIMES.values(), ids=TIMES.keys())
def test_an_event_lies_where_its_zone_puts_it(lines: list[str], hours: tuple[float, float]) -> None:
    event = only(*lines)
    assert ((event.start - MORNING) / HOUR, (event.end - MORNING) / HOUR) == hours


def test_a_duration_over_a_change_of_clocks_is_exact() -> None:
    event = only("DTSTART;TZID=America/Chicago:20300310T010000", "DURATION:PT2H")
    assert event.end - event.start == 2 * HOUR


def test_a_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    event = only("DTSTART;VALUE=DATE:20300310", "DTEND;VALUE=DATE:20300311")
    assert event.end - event.start == 23 * HOUR


@pytest.mark.parametrize(
    ("lines", "opaque", "cancelled"),
    [
        ([], True, False),
        (["TRANSP:OPAQUE", "STATUS:CONFIRMED"], True, False),
        (["TRANSP:TRANSPARENT"], False, False),
        (["STATUS:TENTATIVE"], True, False),
        (["STATUS:CANCELLED"], True, True),
        (["status:cancelled"], True, True),
    ],
)
def test_what_an_event_blocks(lines: list[str], opaque: bool, cancelled: bool) -> None:
    event = only("DTSTART:20300101T010000Z", "DTEND:20300101T020000Z", *lines)
    assert (event.opaque, event.cancelled) == (opaque, cancelled)


UNREADABLE = {
    "no start": ["DTEND:20300101T020000Z"],
    "start is no time": ["DTSTART:tomorrow", "DTEND:20300101T020000Z"],
    "start twice": ["DTSTART:20300101T010000Z", "DTSTART:20300101T030000Z"],
    "ends before it starts": ["DTSTART:20300101T020000Z", "DTEND:20300101T010000Z"],
    "a day that ends at an hour": ["DTSTART;VALUE=DATE:20300101", "DTEND:20300101T010000Z"],
    "zone nobody knows": ["DTSTART;TZID=Nowhere/Else:20300101T010000", "DTEND:20300101T020000Z"],
    "status nobody knows": ["DTSTART:20300101T010000Z", "STATUS:MAYBE"],
    "duration that is none": ["DTSTART:20300101T010000Z", "DURATION:long"],
}


@pytest.mark.parametrize("lines", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_placed_is_refused(lines: list[str]) -> None:
    with pytest.raises(UnreadableError):
        events_of(calendar_object("UID:one", *lines), CHICAGO, "")


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", calendar_object("DTSTART:20300101T010000Z"),
     calendar_object("UID:one", "DTSTART:20300101T010000Z")[:-30]],
)  # fmt: skip
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        events_of(text, CHICAGO, "")


@pytest.mark.parametrize("rule", ["RRULE:FREQ=WEEKLY", "RDATE:20300108T010000Z", "RRULE:nonsense"])
def test_a_recurring_event_that_was_not_expanded_is_refused(rule: str) -> None:
    found = events_of(calendar_object("UID:one", "DTSTART:20300101T010000Z", rule), CHICAGO, "")
    with pytest.raises(UnreadableError, match="not expanded"):
        list(instances(found))


def test_instances_of_one_series_have_ids_of_their_own() -> None:
    text = calendar_object("UID:one", "RECURRENCE-ID:20300101T010000Z", "DTSTART:20300101T030000Z", "DURATION:PT1H")
    (placed,) = instances(events_of(text, CHICAGO, ""))
    assert placed.event.id == f"one#{MORNING + HOUR}"


def test_of_a_series_the_master_stands_for_the_resource() -> None:
    changed = calendar_object("UID:one", "RECURRENCE-ID:20300101T010000Z", "DTSTART:20300101T030000Z")
    master = calendar_object("UID:one", "DTSTART:20300101T010000Z", "RRULE:FREQ=DAILY")
    both = changed.replace("END:VCALENDAR\r\n", "") + master.split("PRODID:-//Somebody//EN\r\n")[1]
    event = main_event(both, CHICAGO, "").event
    assert (event.id, event.repeats) == ("one", True)


def test_our_own_event_comes_back_as_it_was_written() -> None:
    ours = Event("visit1", MORNING, MORNING + HOUR, "Häuschen: Ann; \\n, Lee", "A\nB, " + "long " * 40, "RB-1")
    read = main_event(entry(ours, MORNING).decode(), CHICAGO, '"1"').event
    assert (read.id, read.start, read.end, read.reference, read.opaque) == (
        "visit1",
        ours.start,
        ours.end,
        "RB-1",
        True,
    )
    assert (read.summary, read.description) == (ours.summary, ours.description)
    assert read.created == "2030-01-01T00:00:00Z"


def test_what_xml_cannot_carry_is_not_written() -> None:
    ours = Event("visit1", MORNING, MORNING + HOUR, "A\x0bn\x00n\x7f\ufffe\ud800", "one\r\ntwo\rthree", "RB-1")
    read = main_event(entry(ours, MORNING).decode(), CHICAGO, "").event
    assert (read.summary, read.description) == ("Ann", "one\ntwo\nthree")


def test_an_event_that_is_moved_keeps_what_its_people_added() -> None:
    kept = ("LOCATION:12 Oak Street", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "END:VALARM")
    times = ("DTSTART;TZID=America/Chicago:20300101T010000", "DURATION:PT1H", "SEQUENCE:4")
    text = calendar_object("UID:one", *times, *kept)
    lines = moved(text, (MORNING, MORNING + HOUR), MORNING - DAY).splitlines()
    for line in ("DTSTART:20300101T000000Z", "DTEND:20300101T010000Z", "DTSTAMP:20291231T000000Z", "SEQUENCE:5",
                 "LAST-MODIFIED:20291231T000000Z", "LOCATION:12 Oak Street", "TRIGGER:-PT15M"):  # fmt: skip
        assert lines.count(line) == 1
    assert not [line for line in lines if line.startswith("DURATION")]


@pytest.mark.parametrize(
    "more", [["RRULE:FREQ=DAILY"], ["RECURRENCE-ID:20300101T010000Z"], ["END:VEVENT", "BEGIN:VEVENT"]]
)
def test_a_series_is_not_moved(more: list[str]) -> None:
    with pytest.raises(UnreadableError):
        moved(calendar_object("UID:one", "DTSTART:20300101T010000Z", *more), (MORNING, MORNING + HOUR), MORNING)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("America/Chicago", "America/Chicago"),
        ("/citadel.org/20190101_1/America/Chicago", "America/Chicago"),
        ("Etc/UTC", "Etc/UTC"),
        ("Central Nowhere Time", None),
        ("../../etc/passwd", None),
    ],
)
def test_a_calendars_zone_is_the_one_it_names(name: str, zone: str | None) -> None:
    found = zone_of(f"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:{name}\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n")
    assert (found.key if found else None) == zone


@pytest.mark.parametrize("text", ["", "nonsense", "America/Chicago"])
def test_a_zone_that_cannot_be_read_is_none(text: str) -> None:
    assert zone_of(text) is None

"""What an appointment was promised to be, against what a calendar shows: every difference, and no false one."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from app.booking.calendar import Absent, Event
from app.booking.comparison import Difference, Wanted, differences, moved, shown, span
from tests.booking.acme import CHICAGO, HOUR, TUESDAY_9, at

WANTED = Wanted("e1", TUESDAY_9, TUESDAY_9 + HOUR, "K7Q2MX", "Ann Lee")
RIGHT = Event("e1", TUESDAY_9, TUESDAY_9 + HOUR, "Home inspection: Ann Lee", reference="K7Q2MX")
OTHER = Event("e2", TUESDAY_9, TUESDAY_9 + HOUR, "Dentist")
COPY = replace(RIGHT, id="e2")
HALF = 1800

CASES: dict[str, tuple[Event | Absent, tuple[Event, ...] | None, tuple[Difference, ...]]] = {
    "as promised": (RIGHT, (RIGHT,), ()),
    "as promised, the list not asked for": (RIGHT, None, ()),
    "a person's event beside it": (RIGHT, (RIGHT, OTHER), ()),
    "a note in the title": (replace(RIGHT, summary="Home  inspection: ann lee (gate 4)"), (RIGHT,), ()),
    "another etag": (replace(RIGHT, etag="x", description="Bring a ladder"), (RIGHT,), ()),
    "nothing there": (Absent(), (), (Difference.ABSENT,)),
    "cancelled": (replace(RIGHT, cancelled=True), (), (Difference.CANCELLED,)),
    "cancelled and moved": (replace(RIGHT, cancelled=True, start=0), (), (Difference.CANCELLED,)),
    "an hour late": (
        replace(RIGHT, start=RIGHT.start + HOUR, end=RIGHT.end + HOUR),
        (),
        (Difference.START, Difference.END),
    ),
    "longer": (replace(RIGHT, end=RIGHT.end + HALF), (RIGHT,), (Difference.END,)),
    "a second late": (replace(RIGHT, start=RIGHT.start + 1), (RIGHT,), (Difference.START,)),
    "shown as free": (replace(RIGHT, opaque=False), (), (Difference.FREE,)),
    "another reference": (replace(RIGHT, reference="ZZZZZZ"), (RIGHT,), (Difference.REFERENCE,)),
    "no reference": (replace(RIGHT, reference=""), (RIGHT,), (Difference.REFERENCE,)),
    "another customer": (
        replace(RIGHT, summary="Home inspection: Bob Roe"),
        (RIGHT,),
        (Difference.CUSTOMER,),
    ),
    "an empty title": (replace(RIGHT, summary=""), (RIGHT,), (Difference.CUSTOMER,)),
    "not in the list": (RIGHT, (), (Difference.UNLISTED,)),
    "twice": (RIGHT, (RIGHT, COPY), (Difference.TWICE,)),
    "under another id": (Absent(), (COPY,), (Difference.ABSENT, Difference.TWICE)),
}


@pytest.mark.parametrize(("found", "listed", "expected"), CASES.values(), ids=CASES)
def test_every_difference_is_named(
    found: Event | Absent, listed: tuple[Event, ...] | None, expected: tuple[Difference, ...]
) -> None:
    assert differences(WANTED, found, listed) == expected


CANCELLED: dict[str, tuple[Event | Absent, tuple[Event, ...], tuple[Difference, ...]]] = {
    "gone": (Absent(), (), ()),
    "cancelled": (replace(RIGHT, cancelled=True), (OTHER,), ()),
    "still there": (RIGHT, (RIGHT,), (Difference.STILL_THERE,)),
    "still there, at another time": (replace(RIGHT, start=0, end=9), (), (Difference.STILL_THERE,)),
    "a copy is still there": (Absent(), (COPY,), (Difference.STILL_THERE,)),
}


@pytest.mark.parametrize(("found", "listed", "expected"), CANCELLED.values(), ids=CANCELLED)
def test_of_a_cancelled_appointment_nothing_may_be_left(
    found: Event | Absent, listed: tuple[Event, ...], expected: tuple[Difference, ...]
) -> None:
    assert differences(replace(WANTED, there=False), found, listed) == expected


def test_only_a_live_event_at_another_time_has_moved() -> None:
    late = replace(RIGHT, start=RIGHT.start + HOUR, end=RIGHT.end + HOUR)
    assert moved(WANTED, late)
    assert not moved(WANTED, RIGHT)
    assert not moved(WANTED, replace(late, cancelled=True))
    assert not moved(WANTED, Absent())


@pytest.mark.parametrize(
    ("start", "end", "zone", "words"),
    [
        (TUESDAY_9, TUESDAY_9 + HOUR, CHICAGO, "2026-11-24 09:00 to 10:00 (America/Chicago)"),
        (
            at("2026-11-24", "23:30"),
            at("2026-11-25", "00:30"),
            CHICAGO,
            "2026-11-24 23:30 to 2026-11-25 00:30 (America/Chicago)",
        ),
        (TUESDAY_9, TUESDAY_9 + HOUR, ZoneInfo("UTC"), "2026-11-24 15:00 to 16:00 (UTC)"),
    ],
)
def test_a_time_is_said_in_the_zone_of_the_business(start: int, end: int, zone: ZoneInfo, words: str) -> None:
    assert span(start, end, zone) == words


def test_what_is_shown_names_nobody() -> None:
    seen = [shown(found, CHICAGO) for found, _, _ in CASES.values()]
    assert "no such event" in seen
    assert not [words for words in seen if "Ann" in words or "Bob" in words or "ladder" in words]

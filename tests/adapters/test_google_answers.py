"""Reading Google's answers: what is clear is read exactly, what is not is malformed."""

from typing import Any

import pytest

from app.adapters.google_answers import MalformedError, busy_of, event_of, instant, merged, rfc3339

MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z
HOUR = 3600


@pytest.mark.parametrize(
    ("text", "epoch_s"),
    [
        ("2030-01-01T00:00:00Z", MORNING),
        ("2029-12-31T18:00:00-06:00", MORNING),
        ("2030-01-01T05:30:00+05:30", MORNING),
        ("2030-01-01T00:00:00.500Z", MORNING + 0.5),
    ],
)
def test_an_instant_is_read_with_its_offset(text: str, epoch_s: float) -> None:
    assert instant(text) == epoch_s


@pytest.mark.parametrize(
    "value",
    [
        *("", "T", "2030-01-01", "2030-01-01T00:00:00", "2030-01-01 00:00:00Z", "20300101T000000Z"),
        *("2030-13-01T00:00:00Z", "2030-W01-1T00:00:00Z", None, 0, True, [], {}),
    ],
)
def test_anything_else_is_malformed(value: object) -> None:
    with pytest.raises(MalformedError):
        instant(value)


def test_a_time_goes_out_in_utc() -> None:
    assert rfc3339(MORNING) == "2030-01-01T00:00:00Z"


def test_broken_seconds_are_rounded_outwards() -> None:
    listed = {"a": {"busy": [{"start": "2030-01-01T01:00:00.9Z", "end": "2030-01-01T02:00:00.1Z"}]}}
    assert busy_of(listed, "a", MORNING, MORNING + 9 * HOUR) == ((MORNING + HOUR, MORNING + 2 * HOUR + 1),)


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        ([], ()),
        ([(1, 2)], ((1, 2),)),
        ([(3, 4), (1, 2)], ((1, 2), (3, 4))),
        ([(1, 2), (2, 3)], ((1, 3),)),
        ([(1, 9), (2, 3)], ((1, 9),)),
        ([(1, 3), (2, 5), (7, 8)], ((1, 5), (7, 8))),
    ],
)
def test_intervals_that_overlap_or_touch_are_one(given: list[tuple[int, int]], joined: object) -> None:
    assert merged(given) == joined


def test_an_all_day_event_in_its_own_zone_and_over_a_clock_change() -> None:
    item = {"id": "a", "start": {"date": "2026-11-01"}, "end": {"date": "2026-11-02"}}
    event = event_of(item, "America/Chicago")
    assert event.end - event.start == 25 * HOUR


@pytest.mark.parametrize(
    "end", [{"date": "2026-11-02"}, {"dateTime": "2026-11-02T00:00:00"}, {"date": 20261102}, {}, None, []]
)
def test_a_time_that_needs_a_zone_nobody_gave_is_malformed(end: Any) -> None:
    with pytest.raises(MalformedError):
        event_of({"id": "a", "start": {"dateTime": "2026-11-01T00:00:00Z"}, "end": end}, "")


@pytest.mark.parametrize("properties", [None, [], "x", {"private": None}, {"private": {"readback_reference": 7}}])
def test_a_reference_that_is_not_ours_is_none(properties: Any) -> None:
    times = {"start": {"dateTime": "2026-11-01T00:00:00Z"}, "end": {"dateTime": "2026-11-01T01:00:00Z"}}
    assert event_of({"id": "a", **times, "extendedProperties": properties}, "").reference == ""


@pytest.mark.parametrize(("recurrence", "repeats"), [(["RRULE:FREQ=WEEKLY"], True), (None, False), ([], False)])
def test_what_somebody_made_a_series_is_known_by_its_rule(recurrence: Any, repeats: bool) -> None:
    times = {"start": {"dateTime": "2026-11-01T00:00:00Z"}, "end": {"dateTime": "2026-11-01T01:00:00Z"}}
    assert event_of({"id": "a", **times, "recurrence": recurrence}, "").repeats is repeats

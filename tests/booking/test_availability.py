"""Days that went wrong somewhere once: clock changes, midnight, adjoining hours, tight fits."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.booking.availability import (
    Opening,
    PartOfDay,
    bookable,
    candidates,
    choose,
    claim_range,
    is_open,
    last_bookable_day,
)
from app.booking.business import Business, Service, Technician, WeeklyHours
from app.booking.calendar import Interval

CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK = ZoneInfo("America/New_York")
INSPECTION = Service("inspection", "Home inspection", 60)
TUESDAY = date(2026, 11, 24)
LONG_AGO = 0


def every_day(*hours: tuple[int, int]) -> WeeklyHours:
    return (tuple((opens * 60, closes * 60) for opens, closes in hours),) * 7


def acme(
    zone: ZoneInfo = CHICAGO, hours: WeeklyHours | None = None, people: tuple[str, ...] = ("dana",), step: int = 30
) -> Business:
    hours = hours or every_day((8, 12), (13, 17))
    technicians = tuple(Technician(p, p.title(), f"embedded:acme/{p}", ("inspection",), hours) for p in people)
    return Business(
        "acme",
        "Acme Pest Control",
        zone,
        (),
        hours,
        (INSPECTION,),
        technicians,
        booking_window_days=40_000,
        slot_step_minutes=step,
    )


def at(day: date, clock: str, zone: ZoneInfo = CHICAGO, fold: int = 0) -> int:
    hour, minute = map(int, clock.split(":"))
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold).timestamp())


def offered(
    business: Business,
    day: date,
    service: Service = INSPECTION,
    busy: tuple[Interval, ...] = (),
    claimed: tuple[Interval, ...] = (),
    now: int = LONG_AGO,
) -> list[str]:
    """Starts on `day` as the wall clock shows them, with the offset."""
    who = business.technicians
    free = candidates(business, service, who, {t.id: busy for t in who}, {t.id: claimed for t in who}, day, day)
    found = bookable(business, free, now)
    return [datetime.fromtimestamp(o.start, business.zone).strftime("%H:%M %z") for o in found]


def clocks(*args: object, **more: object) -> list[str]:
    return [start[:5] for start in offered(*args, **more)]


def test_visits_lie_inside_opening_hours() -> None:
    assert clocks(acme(step=60), TUESDAY) == ["08:00", "09:00", "10:00", "11:00", "13:00", "14:00", "15:00", "16:00"]


def test_a_visit_that_ends_a_minute_after_closing_is_not_offered() -> None:
    assert clocks(acme(hours=(((8 * 60, 9 * 60 + 59),),) * 7), TUESDAY) == ["08:00", "08:30"]
    assert clocks(acme(hours=(((8 * 60, 10 * 60),),) * 7), TUESDAY) == ["08:00", "08:30", "09:00"]


def test_adjoining_hours_are_one_stretch() -> None:
    split = acme(hours=every_day((8, 10), (10, 12)))
    assert clocks(split, TUESDAY) == clocks(acme(hours=every_day((8, 12))), TUESDAY)
    assert "09:30" in clocks(split, TUESDAY)


def test_hours_may_end_at_midnight_and_a_visit_ends_there_too() -> None:
    assert clocks(acme(hours=every_day((22, 24))), TUESDAY) == ["22:00", "22:30", "23:00"]


def test_open_round_the_clock_goes_on_past_midnight_unless_the_next_day_is_closed() -> None:
    always = acme(hours=every_day((0, 24)))
    assert clocks(always, TUESDAY)[-1] == "23:30"
    closed = replace(always, closed=frozenset({date(2026, 11, 25)}))
    assert clocks(closed, TUESDAY)[-1] == "23:00"
    assert clocks(closed, date(2026, 11, 25)) == []


def test_a_technician_s_own_closed_days_and_hours_count() -> None:
    business = acme(people=("dana", "lee"))
    dana, lee = business.technicians
    away = replace(dana, closed=frozenset({TUESDAY}))
    late = replace(lee, hours=every_day((18, 19)))
    business = replace(business, technicians=(away, late))
    assert clocks(business, TUESDAY) == ["18:00"]


def test_the_grid_counts_from_local_midnight_whatever_the_hours_and_offset_are() -> None:
    hours = (((8 * 60 + 10, 12 * 60),),) * 7
    assert clocks(acme(hours=hours, step=45), TUESDAY) == ["08:15", "09:00", "09:45", "10:30"]
    assert clocks(acme(ZoneInfo("Asia/Kathmandu"), hours, step=60), TUESDAY) == ["09:00", "10:00", "11:00"]


def test_a_visit_fits_exactly_between_two_events() -> None:
    busy = ((at(TUESDAY, "08:00"), at(TUESDAY, "09:00")), (at(TUESDAY, "10:00"), at(TUESDAY, "17:00")))
    assert clocks(acme(), TUESDAY, busy=busy) == ["09:00"]
    assert clocks(acme(), TUESDAY, busy=((busy[0][0], busy[0][1] + 1), busy[1])) == []
    assert clocks(acme(), TUESDAY, busy=(busy[0], (busy[1][0] - 1, busy[1][1]))) == []


def test_buffers_keep_away_from_events_and_add_up_with_the_buffers_of_own_bookings() -> None:
    padded = replace(INSPECTION, buffer_before_minutes=30, buffer_after_minutes=30)
    visit = at(TUESDAY, "10:00")
    event = (visit, visit + 3600)
    hours = acme(hours=every_day((7, 14)))
    assert clocks(hours, TUESDAY, padded, busy=(event,)) == [
        "07:00",
        "07:30",
        "08:00",
        "08:30",
        "11:30",
        "12:00",
        "12:30",
        "13:00",
    ]
    assert claim_range(padded, visit) == (visit - 1800, visit + 5400)
    assert clocks(hours, TUESDAY, padded, claimed=(claim_range(padded, visit),)) == [
        "07:00",
        "07:30",
        "08:00",
        "12:00",
        "12:30",
        "13:00",
    ]


def test_buffers_may_reach_out_of_opening_hours() -> None:
    padded = replace(INSPECTION, buffer_before_minutes=45, buffer_after_minutes=45)
    assert clocks(acme(), TUESDAY, padded) == clocks(acme(), TUESDAY)


def test_events_out_of_order_overlapping_or_empty_are_read_alike() -> None:
    eight, nine, ten, twelve = (at(TUESDAY, c) for c in ("08:00", "09:00", "10:00", "12:00"))
    busy = ((ten, twelve), (eight, nine), (eight, ten), (at(TUESDAY, "14:30"), at(TUESDAY, "14:30")))
    assert clocks(acme(), TUESDAY, busy=busy) == ["13:00", "13:30", "14:00", "14:30", "15:00", "15:30", "16:00"]


def test_who_is_unknown_is_never_offered() -> None:
    business = acme(people=("dana", "lee"))
    found = candidates(business, INSPECTION, business.technicians, {"lee": ()}, {}, TUESDAY, TUESDAY)
    assert {o.technician for o in found} == {"lee"}
    assert candidates(business, INSPECTION, business.technicians, {}, {}, TUESDAY, TUESDAY) == ()


def test_notice_and_window_move_with_now() -> None:
    business = replace(acme(), minimum_notice_minutes=120, booking_window_days=1)
    noon = at(TUESDAY, "12:00")
    assert clocks(business, TUESDAY, now=noon) == ["14:00", "14:30", "15:00", "15:30", "16:00"]
    assert clocks(business, TUESDAY, now=noon + 1)[0] == "14:30"
    assert clocks(business, date(2026, 11, 25), now=noon) != []
    assert clocks(business, date(2026, 11, 26), now=noon) == []
    assert last_bookable_day(business, noon) == date(2026, 11, 25)


def test_what_is_kept_is_not_copied_when_nothing_falls_away() -> None:
    business = acme()
    kept = candidates(business, INSPECTION, business.technicians, {"dana": ()}, {}, TUESDAY, TUESDAY)
    assert bookable(business, kept, at(TUESDAY, "07:00")) is kept


def test_a_repeated_hour_is_offered_twice_and_a_visit_lasts_its_real_minutes() -> None:
    night = acme(NEW_YORK, every_day((0, 3)))
    day = date(2026, 11, 1)
    assert offered(night, day) == [
        "00:00 -0400",
        "00:30 -0400",
        "01:00 -0400",
        "01:30 -0400",
        "01:00 -0500",
        "01:30 -0500",
        "02:00 -0500",
    ]
    # From 00:30 to 01:30 by the wall could be one hour or two; the second 01:00 is taken, the first is not.
    second = at(day, "01:00", NEW_YORK, fold=1)
    assert offered(night, day, busy=((second, second + 3600),)) == [
        "00:00 -0400",
        "00:30 -0400",
        "01:00 -0400",
        "02:00 -0500",
    ]
    # Four hours by the clock's real run fit between 00:00 and 03:00 on the wall.
    assert offered(night, day, replace(INSPECTION, minutes=240)) == ["00:00 -0400"]


def test_hours_that_end_inside_a_repeated_hour_are_open_both_times() -> None:
    night = acme(NEW_YORK, (((0, 90),),) * 7)
    half = replace(INSPECTION, minutes=30)
    assert offered(night, date(2026, 11, 1), half) == ["00:00 -0400", "00:30 -0400", "01:00 -0400", "01:00 -0500"]


def test_a_skipped_hour_is_never_offered_and_a_visit_across_it_ends_later_by_the_wall() -> None:
    night = acme(NEW_YORK, every_day((0, 5)))
    day = date(2027, 3, 14)
    assert offered(night, day) == [
        "00:00 -0500",
        "00:30 -0500",
        "01:00 -0500",
        "01:30 -0500",
        "03:00 -0400",
        "03:30 -0400",
        "04:00 -0400",
    ]
    assert offered(night, day, replace(INSPECTION, minutes=240)) == ["00:00 -0500"]
    assert offered(acme(NEW_YORK, every_day((2, 3))), day) == []


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # Midnight itself is skipped: the grid still counts from it.
        ("Africa/Cairo", date(2026, 4, 24), ["01:00", "01:30", "02:00"]),
        ("America/Santiago", date(2026, 9, 6), ["01:00", "01:30", "02:00"]),
        ("Asia/Beirut", date(2026, 3, 29), ["01:00", "01:30", "02:00"]),
        # Half an hour is repeated, and half an hour skipped.
        ("Australia/Lord_Howe", date(2026, 4, 5), ["00:00", "00:30", "01:00", "01:30", "01:30", "02:00"]),
        ("Australia/Lord_Howe", date(2026, 10, 4), ["00:00", "00:30", "01:00", "01:30"]),
        # A day that the zone never had.
        ("Pacific/Apia", date(2011, 12, 30), []),
        ("Pacific/Apia", date(2011, 12, 31), ["00:00", "00:30", "01:00", "01:30", "02:00"]),
    ],
)
def test_clock_changes_round_the_world(zone: str, day: date, expected: list[str]) -> None:
    assert clocks(acme(ZoneInfo(zone), every_day((0, 3))), day) == expected


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Nuuk", "Asia/Beirut"])
def test_the_hour_before_midnight_can_be_the_repeated_one(zone: str) -> None:
    last_hour = {
        "Africa/Cairo": date(2026, 10, 29),
        "America/Nuuk": date(2026, 10, 24),
        "Asia/Beirut": date(2026, 10, 24),
    }
    evening = acme(ZoneInfo(zone), every_day((22, 24)))
    assert clocks(evening, last_hour[zone]) == ["22:00", "22:30", "23:00", "23:30", "23:00"]


def test_a_day_that_comes_back_after_the_next_one_began_keeps_its_order() -> None:
    # At 00:01 on 7 November 2010 the clocks of Newfoundland went back into the 6th.
    zone = ZoneInfo("America/St_Johns")
    business = acme(zone, every_day((0, 24)))
    first, last = date(2010, 11, 6), date(2010, 11, 7)
    found = candidates(business, INSPECTION, business.technicians, {"dana": ()}, {}, first, last)
    starts = [o.start for o in found]
    assert starts == sorted(set(starts))
    assert len(starts) == (48 + 1) + (1 + 48)
    assert at(first, "23:30", zone, fold=1) in starts
    assert at(last, "00:00", zone, fold=0) in starts
    assert at(last, "00:00", zone, fold=1) in starts
    first_midnight = at(last, "00:00", zone, fold=0)
    busy = ((first_midnight + 3600, first_midnight + 7200),)
    found = candidates(business, INSPECTION, business.technicians, {"dana": busy}, {}, first, last)
    assert first_midnight in [o.start for o in found]


def opening(clock: str, technician: str = "dana", day: date = TUESDAY) -> Opening:
    start = at(day, clock)
    return Opening(start, start + 3600, technician)


def test_parts_of_the_day_go_by_the_local_start() -> None:
    found = [opening(c) for c in ("08:00", "11:59", "12:00", "16:59", "17:00", "23:30")]

    def part(name: PartOfDay) -> list[Opening]:
        return choose(found, name, CHICAGO, {}, 50, each_technician=False)

    assert part(PartOfDay.MORNING) == found[:2]
    assert part(PartOfDay.AFTERNOON) == found[2:4]
    assert part(PartOfDay.EVENING) == found[4:]
    assert part(PartOfDay.ANY) == found


def test_the_least_booked_technician_gets_the_start_and_the_first_one_among_equals() -> None:
    both = [opening("09:00", "dana"), opening("09:00", "lee"), opening("10:00", "dana")]
    assert choose(both, PartOfDay.ANY, CHICAGO, {"dana": 2, "lee": 1}, 3, each_technician=False) == both[1:]
    assert choose(both, PartOfDay.ANY, CHICAGO, {"dana": 1, "lee": 1}, 3, each_technician=False) == [both[0], both[2]]
    assert choose(both, PartOfDay.ANY, CHICAGO, {"dana": 1}, 1, each_technician=False) == [both[1]]
    assert choose(both, PartOfDay.ANY, CHICAGO, {}, 2, each_technician=True) == both[:2]
    assert choose(both, PartOfDay.ANY, CHICAGO, {}, 0, each_technician=False) == []


@pytest.mark.parametrize(
    ("clock", "open_then"),
    [("08:00", True), ("07:30", False), ("08:15", False), ("11:00", True), ("11:30", False), ("16:00", True)],
)
def test_the_write_path_knows_the_grid_and_the_hours(clock: str, open_then: bool) -> None:
    business = acme()
    assert is_open(business, INSPECTION, business.technicians[0], at(TUESDAY, clock), LONG_AGO) is open_then


def test_the_write_path_keeps_notice_window_and_closed_days() -> None:
    business = replace(acme(), minimum_notice_minutes=60, booking_window_days=3)
    dana, ten = business.technicians[0], at(TUESDAY, "10:00")
    assert is_open(business, INSPECTION, dana, ten, ten - 3600)
    assert not is_open(business, INSPECTION, dana, ten, ten - 3599)
    assert is_open(business, INSPECTION, dana, ten, at(date(2026, 11, 21), "00:00"))
    assert not is_open(business, INSPECTION, dana, ten, at(date(2026, 11, 20), "23:59"))
    assert not is_open(business, INSPECTION, replace(dana, closed=frozenset({TUESDAY})), ten, ten - 7200)
    assert not is_open(business, INSPECTION, dana, ten + 1, ten - 7200)


def test_an_opening_is_told_in_utc_seconds() -> None:
    business = acme()
    found = candidates(business, INSPECTION, business.technicians, {"dana": ()}, {}, TUESDAY, TUESDAY)
    start = int(datetime(2026, 11, 24, 14, 0, tzinfo=UTC).timestamp())
    assert found[0] == Opening(start, start + 3600, "dana")

"""When somebody calls back: what was asked for if somebody is there then, else the soonest time, never a guess."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.booking.callback_time import NEVER_OPEN_S, CallbackTime, callback_time, soonest
from app.errors import Code, SaidError
from tests.booking.acme import CHICAGO, NOW, acme, at

FRIDAY, MONDAY, TUESDAY = "2026-11-20", "2026-11-23", "2026-11-24"


@pytest.mark.parametrize("when", [None, "", "  ", "now", "ASAP", "As soon as possible.", "any time"])
def test_without_a_time_it_is_the_soonest(when: str | None) -> None:
    assert callback_time(acme(), NOW, when) == CallbackTime(NOW, at(FRIDAY, "11:00"))


def test_the_soonest_is_promised_to_five_minutes_unless_somebody_leaves_before() -> None:
    assert soonest(acme(), NOW + 61).due == at(FRIDAY, "11:05")
    assert soonest(acme(), NOW + 3599).due == at(FRIDAY, "12:00")
    odd = acme(hours=(((480, 661),),) * 7)
    assert soonest(odd, NOW + 60).due == at(FRIDAY, "11:01")


def test_who_keeps_no_hours_calls_back_within_a_day() -> None:
    assert soonest(acme(hours=((),) * 7), NOW).due == NOW + NEVER_OPEN_S


@pytest.mark.parametrize(
    ("when", "day", "earliest", "due"),
    [
        ("monday", MONDAY, "08:00", "17:00"),
        ("Monday afternoon", MONDAY, "13:00", "17:00"),
        ("tuesday in the morning", TUESDAY, "08:00", "12:00"),
        ("the afternoon on tuesday", TUESDAY, "13:00", "17:00"),
        ("monday at 3pm", MONDAY, "15:00", "15:00"),
        ("at 3 p.m. on tuesday", TUESDAY, "15:00", "15:00"),
        ("monday 3", MONDAY, "15:00", "15:00"),
        ("monday 9:30", MONDAY, "09:30", "09:30"),
        ("15:00", FRIDAY, "15:00", "15:00"),
        ("at 10:00", FRIDAY, "10:00", "10:00"),
        ("noon", FRIDAY, "12:00", "12:00"),
        ("today", FRIDAY, "10:00", "17:00"),
        ("friday", FRIDAY, "10:00", "17:00"),
        ("this afternoon", FRIDAY, "13:00", "17:00"),
        (TUESDAY, TUESDAY, "08:00", "17:00"),
        (f"{TUESDAY} 15:00", TUESDAY, "15:00", "15:00"),
        (f"{TUESDAY}T15:00", TUESDAY, "15:00", "15:00"),
        (f"{TUESDAY}T15:00:00-06:00", TUESDAY, "15:00", "15:00"),
        (f"{TUESDAY}T21:00:00Z", TUESDAY, "15:00", "15:00"),
        ("december 1", "2026-12-01", "08:00", "17:00"),
        ("1 December", "2026-12-01", "08:00", "17:00"),
        ("dec 1st at 3pm", "2026-12-01", "15:00", "15:00"),
        ("december 1 3", "2026-12-01", "15:00", "15:00"),
        ("tuesday, the 1st, in the morning", "2026-12-01", "08:00", "12:00"),
        ("11/24", TUESDAY, "08:00", "17:00"),
    ],
)
def test_words_become_a_time_inside_opening_hours(when: str, day: str, earliest: str, due: str) -> None:
    assert callback_time(acme(), NOW, when) == CallbackTime(at(day, earliest), at(day, due))


def test_a_day_that_is_open_to_its_end_is_said_to_be_open_to_midnight() -> None:
    late = acme(hours=(((1020, 1440),),) * 7)

    with pytest.raises(SaidError, match=r"On Monday, November 23 it can be 5:00 PM to midnight\."):
        callback_time(late, NOW, "monday morning")


def test_a_weekday_whose_hours_are_over_today_is_next_weeks() -> None:
    evening = at(FRIDAY, "18:00")

    assert callback_time(acme(), evening, "friday").earliest == at("2026-11-27", "08:00")
    assert callback_time(acme(), evening, "friday at 9").due == at("2026-11-27", "09:00")


def test_any_day_at_a_time_is_the_first_on_which_it_can_be() -> None:
    assert callback_time(acme(), NOW, "any day at 9 am").due == at("2026-11-23", "09:00")
    assert callback_time(acme(), at(FRIDAY, "14:00"), "any day in the morning").earliest == at("2026-11-23", "08:00")


def test_any_day_at_an_hour_that_can_be_two_asks_which_and_looks_for_no_later_day() -> None:
    long = acme(hours=(*(((420, 1260),),) * 5, ((480, 720),), ()))

    for now in ("06:00", "10:00"):  # at ten, today's eight in the morning is past, but not tomorrow's
        with pytest.raises(SaidError, match="morning or afternoon"):
            callback_time(long, at("2026-11-23", now), "any day at 8")
    assert callback_time(long, at("2026-11-23", "10:00"), "today at 8").due == at("2026-11-23", "20:00")


def test_next_week_is_the_first_time_in_it_at_which_somebody_is_there() -> None:
    assert callback_time(acme(), at(FRIDAY, "10:00"), "next week").earliest == at("2026-11-23", "08:00")
    assert callback_time(acme(), at(FRIDAY, "10:00"), "next week at 3").due == at("2026-11-23", "15:00")
    assert callback_time(acme(closed=frozenset([date(2026, 11, 23)])), at(FRIDAY, "10:00"), "next week").earliest == at(
        "2026-11-24", "08:00"
    )


@pytest.mark.parametrize(
    ("when", "code", "said"),
    [
        ("tomorrow", Code.INVALID_ARGUMENTS, "next time somebody is there is Monday, November 23 from 8:00 AM"),
        ("tonight", Code.INVALID_ARGUMENTS, "it can be 10:00 AM to 12:00 PM and 1:00 PM to 5:00 PM"),
        ("monday 12:30", Code.INVALID_ARGUMENTS, "it can be 8:00 AM to 12:00 PM and 1:00 PM to 5:00 PM"),
        ("03:00", Code.PAST_DATE, "3:00 AM on Friday, November 20, 2026 is past"),
        ("9 am", Code.PAST_DATE, "9:00 AM on Friday, November 20, 2026 is past"),
        ("yesterday", Code.PAST_DATE, "is in the past"),
        ("2020-01-01", Code.PAST_DATE, "is in the past"),
        ("2027-11-20", Code.OUTSIDE_WINDOW, "too far ahead"),
        ("next tuesday", Code.INVALID_ARGUMENTS, "Ask which one is meant"),
        ("12/1", Code.INVALID_ARGUMENTS, "give the date, 2026-12-01 or 2027-01-12"),
        ("february 30", Code.INVALID_ARGUMENTS, "no such day"),
        ("december", Code.INVALID_ARGUMENTS, "could not read when"),
        ("next month at 3pm", Code.INVALID_ARGUMENTS, "could not read when"),
        ("end of next week", Code.INVALID_ARGUMENTS, "could not read when"),
        ("25:00", Code.INVALID_ARGUMENTS, "could not read when"),
        ("13 pm", Code.INVALID_ARGUMENTS, "could not read when"),
        ("in a while", Code.INVALID_ARGUMENTS, "could not read when"),
        ("x" * 200, Code.INVALID_ARGUMENTS, "could not read when"),
    ],
)
def test_what_cannot_be_promised_is_said_back(when: str, code: Code, said: str) -> None:
    with pytest.raises(SaidError) as refused:
        callback_time(acme(), NOW, when)

    assert refused.value.code is code
    assert said in refused.value.say


def test_a_time_that_could_be_two_is_asked_about() -> None:
    always = acme(hours=(((0, 1440),),) * 7)

    with pytest.raises(SaidError, match="morning or afternoon"):
        callback_time(always, NOW, "monday at 3")


def test_a_time_the_clocks_skip_is_nobodys_and_a_repeated_one_the_first() -> None:
    always = acme(hours=(((0, 1440),),) * 7, booking_window_days=10)

    with pytest.raises(SaidError, match="Nobody is there then"):
        callback_time(always, at("2026-03-06", "10:00"), "2026-03-08 02:30")
    assert callback_time(always, at("2026-10-30", "10:00"), "2026-11-01 01:30").due == at("2026-11-01", "01:30")


WORDS = st.sampled_from(
    [
        "today",
        "tomorrow",
        "monday",
        "friday",
        "next",
        "this",
        "on",
        "at",
        "in",
        "the",
        "3",
        "15:00",
        "3pm",
        "noon",
        "t",
        "december",
        "1",
        "1st",
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=5).map(" ".join) | st.text(max_size=30), st.integers(0, 14 * 86_400))
def test_whatever_is_said_is_a_time_inside_hours_and_ahead_or_a_sentence(when: str, later: int) -> None:
    now = NOW + later
    try:
        found = callback_time(acme(), now, when)
    except SaidError:
        return
    assert now <= found.earliest <= found.due
    local = datetime.fromtimestamp(found.due, CHICAGO)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    assert local.weekday() < 5
    assert 8 * 3600 <= seconds <= 12 * 3600 or 13 * 3600 <= seconds <= 17 * 3600


@pytest.mark.parametrize("when", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "december 9999", "feb 0000"])
def test_a_year_that_no_clock_comes_to_is_said_back(when: str) -> None:
    with pytest.raises(SaidError) as said:
        callback_time(acme(), NOW, when)
    assert said.value.code in (Code.INVALID_ARGUMENTS, Code.PAST_DATE, Code.OUTSIDE_WINDOW)

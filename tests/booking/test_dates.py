"""What the agent's words for dates mean, and what it hears when they cannot be taken."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.booking.business import Business
from app.booking.dates import Days, resolve
from app.errors import Code, SaidError

CHICAGO = ZoneInfo("America/Chicago")
ACME = Business("acme", "Acme Pest Control", CHICAGO, (), ((),) * 7, (), (), booking_window_days=60)
FRIDAY = int(datetime(2026, 11, 20, 10, 0, tzinfo=CHICAGO).timestamp())


def asked(date: str | None = None, weekday: str | None = None, date_to: str | None = None, now: int = FRIDAY) -> Days:
    return resolve(ACME, now, date=date, weekday=weekday, date_to=date_to)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("2026-11-24", "2026-11-24"),
        (" 2026-11-24 ", "2026-11-24"),
        ("2026-12-4", "2026-12-04"),
        ("20261124", "2026-11-24"),
        ("2026-11-24T09:00:00-06:00", "2026-11-24"),
        ("2026-11-24T09:00:00", "2026-11-24"),
        ("2026-11-24 09:00", "2026-11-24"),
        ("2026-11-25T03:00:00Z", "2026-11-24"),
        ("2026-11-25T00:00:00.000Z", "2026-11-25"),
        ("2026-11-25T00:00+00:00", "2026-11-25"),
        ("2026-11-25T00:00:00+14:00", "2026-11-24"),
        ("2026-11-24T23:30:00+14:00", "2026-11-24"),
        ("2026-11-24T03:30:00+14:00", "2026-11-23"),
        ("today", "2026-11-20"),
        ("Tonight", "2026-11-20"),
        ("TOMORROW", "2026-11-21"),
        ("the day after tomorrow", "2026-11-22"),
        ("Tuesday", "2026-11-24"),
        ("tues", "2026-11-24"),
        ("Wed.", "2026-11-25"),
        ("thurs", "2026-11-26"),
        ("on Monday", "2026-11-23"),
        ("this  sunday", "2026-11-22"),
        ("this coming saturday", "2026-11-21"),
        ("next Friday", "2026-11-27"),
        ("2026-11-20", "2026-11-20"),
        ("2027-01-19", "2027-01-19"),
        ("December 1", "2026-12-01"),
        ("dec 1st", "2026-12-01"),
        ("Dec. 1, 2026", "2026-12-01"),
        ("1 December", "2026-12-01"),
        ("the 1st of December", "2026-12-01"),
        ("1-Dec-2026", "2026-12-01"),
        ("tuesday, december 1", "2026-12-01"),
        ("Tues the 1st", "2026-12-01"),
        ("november 20", "2026-11-20"),
        ("january 5", "2027-01-05"),
        ("the 15th", "2026-12-15"),
        ("20th", "2026-11-20"),
        ("the 5th of next month", "2026-12-05"),
        ("11/24", "2026-11-24"),
        ("24/11", "2026-11-24"),
        ("11/24/2026", "2026-11-24"),
        ("11/24/26", "2026-11-24"),
        ("24.11.2026", "2026-11-24"),
        ("2026/12/1", "2026-12-01"),
        ("12/12", "2026-12-12"),
    ],
)
def test_words_for_a_day_mean_that_day(words: str, meant: str) -> None:
    assert asked(words) == Days(day(meant), day(meant))


@pytest.mark.parametrize(
    "nothing", [None, "", "  ", "{{date}}", "{{ customer.date }}", "null", "None", "undefined", "ASAP", "any"]
)
def test_what_was_not_given_means_the_next_seven_days(nothing: str | None) -> None:
    assert asked(nothing, nothing, nothing) == Days(day("2026-11-20"), day("2026-11-26"))


@pytest.mark.parametrize(("date", "weekday"), [("friday", None), (None, "Friday"), ("on fri", None), ("Fri", "friday")])
def test_a_weekday_that_is_today_keeps_next_week_in_reserve(date: str | None, weekday: str | None) -> None:
    assert asked(date, weekday) == Days(day("2026-11-20"), day("2026-11-20"), otherwise=day("2026-11-27"))


@pytest.mark.parametrize("words", ["today", "2026-11-20", "this friday"])
def test_today_by_any_other_word_is_today_only(words: str) -> None:
    assert asked(words).otherwise is None


@pytest.mark.parametrize(("window_days", "otherwise"), [(6, None), (7, date(2026, 11, 27))])
def test_next_week_is_in_reserve_only_inside_the_booking_window(window_days: int, otherwise: date | None) -> None:
    short = replace(ACME, booking_window_days=window_days)
    answer = resolve(short, FRIDAY, date="friday", weekday=None, date_to=None)
    assert answer == Days(day("2026-11-20"), day("2026-11-20"), otherwise)


@pytest.mark.parametrize(
    ("words", "weekday", "first", "last"),
    [
        ("next week", None, "2026-11-23", "2026-11-29"),
        ("Sometime next week", None, "2026-11-23", "2026-11-29"),
        ("the following week", None, "2026-11-23", "2026-11-29"),
        ("this week", None, "2026-11-20", "2026-11-22"),
        ("this weekend", None, "2026-11-21", "2026-11-22"),
        ("next weekend", None, "2026-11-28", "2026-11-29"),
        ("tuesday next week", None, "2026-11-24", "2026-11-24"),
        ("next week", "Tuesday", "2026-11-24", "2026-11-24"),
        ("friday of next week", None, "2026-11-27", "2026-11-27"),
        ("next month", None, "2026-12-01", "2026-12-31"),
        ("this month", None, "2026-11-20", "2026-11-30"),
        ("in december", None, "2026-12-01", "2026-12-31"),
        ("January", None, "2027-01-01", "2027-01-19"),
    ],
)
def test_a_week_or_a_month_is_from_its_first_day_on_or_from_today(
    words: str, weekday: str | None, first: str, last: str
) -> None:
    assert asked(words, weekday) == Days(day(first), day(last))


def test_a_range_may_reach_to_the_end_of_a_week_and_a_week_to_the_end_of_the_window() -> None:
    assert asked("tomorrow", None, "next week") == Days(day("2026-11-21"), day("2026-11-29"))
    assert asked("next week", None, "2026-12-02") == Days(day("2026-11-23"), day("2026-12-02"))
    short = resolve(replace(ACME, booking_window_days=5), FRIDAY, date="next week", weekday=None, date_to=None)
    assert short == Days(day("2026-11-23"), day("2026-11-25"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("monday this week", Code.PAST_DATE, "Monday, November 16, 2026 is in the past."),
        ("october 2026", Code.PAST_DATE, "Saturday, October 31, 2026 is in the past."),
        ("december", Code.OUTSIDE_WINDOW, "Tuesday, December 1, 2026 is too far ahead."),
        ("november 19", Code.OUTSIDE_WINDOW, "Friday, November 19, 2027 is too far ahead."),
        ("next week", Code.OUTSIDE_WINDOW, "Monday, November 23, 2026 is too far ahead."),
    ],
)
def test_a_week_that_cannot_be_booked_is_refused_like_a_day(words: str, code: Code, said: str) -> None:
    with pytest.raises(SaidError, match=said) as refused:
        resolve(replace(ACME, booking_window_days=2), FRIDAY, date=words, weekday=None, date_to=None)
    assert refused.value.code is code


def test_a_date_is_the_same_with_what_nobody_sees_in_it() -> None:
    assert asked("2026\u201311\u201324\u200b").first == day("2026-11-24")


def test_a_weekday_is_not_offered_that_cannot_be_booked() -> None:
    short = replace(ACME, booking_window_days=2)
    with pytest.raises(SaidError) as refused:
        resolve(short, FRIDAY, date="2026-11-21", weekday="monday", date_to=None)
    assert refused.value.say == (
        "November 21, 2026 is a Saturday, not a Monday. "
        f"No Monday can be booked yet: the last day is Sunday, November 22, 2026 (2026-11-22). {TODAY}"
    )


def test_today_is_the_business_s_own_day() -> None:
    late = int(datetime(2026, 11, 20, 23, 59, tzinfo=CHICAGO).timestamp())
    assert asked("today", now=late).first == day("2026-11-20")
    assert asked("today", now=late + 60).first == day("2026-11-21")


@pytest.mark.parametrize(
    ("date", "weekday", "date_to", "first", "last"),
    [
        ("2026-11-24", None, "2026-11-26", "2026-11-24", "2026-11-26"),
        ("2026-11-24", "Tuesday", "2026-12-25", "2026-11-24", "2026-12-25"),
        (None, None, "2026-11-30", "2026-11-20", "2026-11-30"),
        (None, "monday", "friday", "2026-11-23", "2026-11-27"),
        ("friday", None, "friday", "2026-11-20", "2026-11-20"),
        ("tomorrow", None, "tomorrow", "2026-11-21", "2026-11-21"),
        ("2027-01-15", None, "2027-02-01", "2027-01-15", "2027-01-19"),
        ("2026-11-16", None, "2026-11-22", "2026-11-20", "2026-11-22"),
        (None, "tue", None, "2026-11-24", "2026-11-24"),
    ],
)
def test_a_range_is_cut_to_what_can_be_booked(
    date: str | None, weekday: str | None, date_to: str | None, first: str, last: str
) -> None:
    assert asked(date, weekday, date_to) == Days(day(first), day(last))


TODAY = "Today is Friday, November 20, 2026."


@pytest.mark.parametrize(
    ("date", "weekday", "date_to", "code", "said"),
    [
        (
            "2025-11-24",
            None,
            None,
            Code.PAST_DATE,
            f"Monday, November 24, 2025 is in the past. {TODAY} Did you mean Tuesday, November 24, 2026 (2026-11-24)?",
        ),
        (
            "2026-01-05",
            None,
            None,
            Code.PAST_DATE,
            f"Monday, January 5, 2026 is in the past. {TODAY} Did you mean Tuesday, January 5, 2027 (2027-01-05)?",
        ),
        ("yesterday", None, None, Code.PAST_DATE, f"Thursday, November 19, 2026 is in the past. {TODAY}"),
        ("2024-02-29", None, None, Code.PAST_DATE, f"Thursday, February 29, 2024 is in the past. {TODAY}"),
        (None, None, "2026-11-01", Code.PAST_DATE, f"Sunday, November 1, 2026 is in the past. {TODAY}"),
        (
            "2025-11-24",
            "Tuesday",
            "2026-11-30",
            Code.PAST_DATE,
            f"Monday, November 24, 2025 is in the past. {TODAY} Did you mean Tuesday, November 24, 2026 (2026-11-24)?",
        ),
        (
            "2027-05-05",
            "monday",
            None,
            Code.OUTSIDE_WINDOW,
            "Wednesday, May 5, 2027 is too far ahead. The last day that can be booked is "
            f"Tuesday, January 19, 2027 (2027-01-19). {TODAY}",
        ),
        (
            "2026-11-24",
            "Wednesday",
            None,
            Code.INVALID_ARGUMENTS,
            "November 24, 2026 is a Tuesday, not a Wednesday. "
            f"The Wednesday nearest to it is Wednesday, November 25, 2026 (2026-11-25). {TODAY}",
        ),
        (
            "today",
            "thursday",
            None,
            Code.INVALID_ARGUMENTS,
            "November 20, 2026 is a Friday, not a Thursday. "
            f"The Thursday nearest to it is Thursday, November 26, 2026 (2026-11-26). {TODAY}",
        ),
        (
            "next tuesday",
            None,
            None,
            Code.INVALID_ARGUMENTS,
            "Next Tuesday could be Tuesday, November 24 or Tuesday, December 1. "
            f"Ask which one is meant and give the date, 2026-11-24 or 2026-12-01. {TODAY}",
        ),
        (
            "2027-01-19",
            "wednesday",
            None,
            Code.INVALID_ARGUMENTS,
            "January 19, 2027 is a Tuesday, not a Wednesday. "
            f"The Wednesday nearest to it is Wednesday, January 13, 2027 (2027-01-13). {TODAY}",
        ),
        ("2026-02-30", None, None, Code.INVALID_ARGUMENTS, f"There is no February 30 in 2026. {TODAY}"),
        *(
            (
                none,
                None,
                None,
                Code.INVALID_ARGUMENTS,
                f"There is no such day in the calendar. Ask for the date. {TODAY}",
            )
            for none in ("february 30", "31 november 2026", "13/13", "0/5", "2026/13/1", "the 32nd")
        ),
        (
            "12/1",
            None,
            None,
            Code.INVALID_ARGUMENTS,
            "12/1 could be Tuesday, December 1 or Tuesday, January 12, 2027. "
            f"Ask which one is meant and give the date, 2026-12-01 or 2027-01-12. {TODAY}",
        ),
        (
            "monday december 1",
            None,
            None,
            Code.INVALID_ARGUMENTS,
            "December 1, 2026 is a Tuesday, not a Monday. "
            f"The Monday nearest to it is Monday, November 30, 2026 (2026-11-30). {TODAY}",
        ),
        (
            "next month",
            "wednesday",
            None,
            Code.INVALID_ARGUMENTS,
            f"A month has several of them. Ask which Wednesday is meant and give its date. {TODAY}",
        ),
        *(
            (
                some,
                None,
                None,
                Code.INVALID_ARGUMENTS,
                "That can be several days. Ask which days and give the first as date and the last as date_to. "
                f"The whole is Monday, November 23 (2026-11-23) to Sunday, November 29 (2026-11-29). {TODAY}",
            )
            for some in (
                "end of next week",
                "the beginning of next week",
                "early next week",
                "at the end of the following week",
            )
        ),
        (
            None,
            None,
            "end of the month",
            Code.INVALID_ARGUMENTS,
            "That can be several days. Ask which day and give the last one as date_to. "
            f"The whole is Sunday, November 1 (2026-11-01) to Monday, November 30 (2026-11-30). {TODAY}",
        ),
        (
            "2026-11-24",
            None,
            "2026-11-23",
            Code.INVALID_ARGUMENTS,
            f"The date_to, Monday, November 23, 2026, is before the date, Tuesday, November 24, 2026. {TODAY}",
        ),
        (
            "2026-11-24",
            None,
            "2026-12-26",
            Code.INVALID_ARGUMENTS,
            f"The date_to can be at most 31 days after the date. {TODAY}",
        ),
        (
            None,
            "someday",
            None,
            Code.INVALID_ARGUMENTS,
            f"The weekday must be an English weekday, like Tuesday. {TODAY}",
        ),
        (
            "2026-11-24",
            "2026-11-24",
            None,
            Code.INVALID_ARGUMENTS,
            f"The weekday must be an English weekday, like Tuesday. {TODAY}",
        ),
    ],
)
def test_what_cannot_be_taken_is_said_back_with_today(
    date: str | None, weekday: str | None, date_to: str | None, code: Code, said: str
) -> None:
    with pytest.raises(SaidError) as refused:
        asked(date, weekday, date_to)
    assert (refused.value.code, refused.value.say) == (code, said)


@pytest.mark.parametrize(
    "garbage",
    [
        "before long",
        "24.11.",
        "12-1",
        "someday december 1",
        "2026-13-01",
        "2026-11-24T99:00",
        "2026-11-24T15:00-17:00",
        "2026-11-24T09:00-11:00",
        "2026-11-24 08:00-10:00",
        "0001-01-01T00:00:00+14:00",
        "tuesday\nor wednesday",
        "２０２６-11-24",
        "-1",
        "9" * 10_000,
        "\x00",
    ],
)
@pytest.mark.parametrize("argument", ["date", "date_to"])
def test_garbage_gets_the_wanted_form_and_is_not_repeated(argument: str, garbage: str) -> None:
    with pytest.raises(SaidError) as refused:
        asked(**{argument: garbage})
    assert refused.value.code is Code.INVALID_ARGUMENTS
    assert refused.value.say == (
        f"The {argument} must be given as YYYY-MM-DD, or as today, tomorrow or a weekday. {TODAY}"
    )


@pytest.mark.parametrize("edge", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("weekday", [None, "sunday"])
@pytest.mark.parametrize("date_to", [None, "0001-01-01", "9999-12-31", "monday"])
def test_the_ends_of_time_are_refused_like_any_other_day(edge: str, weekday: str | None, date_to: str | None) -> None:
    with pytest.raises(SaidError) as refused:
        asked(edge, weekday, date_to)
    assert refused.value.code in {Code.PAST_DATE, Code.OUTSIDE_WINDOW}
    assert "\n" not in refused.value.say


@pytest.mark.parametrize(
    "date", ["december 9999", "feb 0000", "december 1 9999", "1 feb 0000", "12/1/9999", "in may 1999"]
)
def test_a_year_that_no_calendar_of_ours_has_is_said_back(date: str) -> None:
    with pytest.raises(SaidError):
        asked(date)

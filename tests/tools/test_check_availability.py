"""Asking what is open: every argument of it, every way it can be wrong, and what the caller is told."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.db.engine import DatabaseUnavailableError
from tests.booking.acme import FOLLOW_UP, HOUR, INSPECTION, NOW, TTL_S, TUESDAY_9, acme, at
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon
from tests.tools.talking import Agent, agent
from tools.check_availability import ANYBODY

TUESDAY = "2026-11-24"


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def ask(sqlite_url: str, calendar: FakeCalendar) -> AsyncIterator[Agent]:
    async with agent(sqlite_url, calendar) as talking:
        yield talking


async def starts(ask: Agent, **arguments: Any) -> list[str]:
    """`DD HH:MM` of what is offered for an inspection."""
    answer = await ask("check_availability", **({"service": "inspection"} | arguments))
    assert answer["ok"] is True, answer
    return [datetime.fromisoformat(slot["start"]).strftime("%d %H:%M") for slot in answer["slots"]]


async def refused(ask: Agent, **arguments: Any) -> tuple[str, str]:
    answer = await ask("check_availability", **({"service": "inspection"} | arguments))
    assert answer["ok"] is False, answer
    assert "slots" not in answer
    return answer["code"], answer["say"]


# --- what is offered --------------------------------------------------------------------------------------------------


async def test_an_offer_has_all_that_the_contract_names(ask: Agent) -> None:
    answer = await ask("check_availability", service="inspection", date=TUESDAY)
    assert set(answer) == {"ok", "say", "slots", "time_zone", "checked_at"}
    assert answer["time_zone"] == "America/Chicago"
    assert answer["checked_at"] == "2026-11-20T10:00:00-06:00"
    assert [set(slot) for slot in answer["slots"]] == [{"slot_id", "start", "end", "technician"}] * 3
    first = answer["slots"][0]
    assert (first["start"], first["end"]) == ("2026-11-24T08:00:00-06:00", "2026-11-24T09:00:00-06:00")
    assert answer["say"] == "For Home inspection I can offer Tuesday, November 24 at 8:00 AM, 8:30 AM or 9:00 AM."


async def test_without_a_date_it_is_the_next_seven_days(ask: Agent) -> None:
    found = await starts(ask, limit=50)
    assert found[0] == "20 13:00", "two hours' notice, and the lunch break"
    assert len(found) == 50
    only_thursday = await starts(ask, limit=50, date="2026-11-26")
    assert only_thursday[0] == "26 08:00"
    assert not [s for s in await starts(ask, limit=50, part_of_day="evening") if s.startswith("27")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 3),
        ({"limit": 1}, 1),
        ({"limit": "2"}, 2),
        ({"limit": 50}, 50),
        ({"limit": 500}, 50),
        ({"limit": "500"}, 50),
        ({"limit": 51.0}, 50),
        ({"limit": None}, 3),
        ({"limit": ""}, 3),
    ],
)
async def test_three_times_unless_asked_for_more_and_never_more_than_fifty(
    ask: Agent, given: dict[str, Any], expected: int
) -> None:
    assert len(await starts(ask, date=TUESDAY, date_to="2026-12-20", **given)) == expected


@pytest.mark.parametrize("limit", [0, -1, "many", 2.5])
async def test_a_limit_that_is_none_is_said(ask: Agent, limit: Any) -> None:
    code, say = await refused(ask, limit=limit)
    assert code == "invalid_arguments"
    assert "limit" in say


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("morning", ["24 08:00", "24 11:00"]),
        ("afternoon", ["24 13:00", "24 16:00"]),
        (" Morning ", ["24 08:00", "24 11:00"]),
        ("ANY", ["24 08:00", "24 16:00"]),
        ("all day", ["24 08:00", "24 16:00"]),
        ("in the mornings", ["24 08:00", "24 11:00"]),
        ("evening", []),
    ],
)
async def test_a_part_of_the_day_is_by_the_start(ask: Agent, part: str, expected: list[str]) -> None:
    found = await starts(ask, date=TUESDAY, part_of_day=part, limit=50)
    assert found[:1] + found[-1:] == expected


@pytest.mark.parametrize(
    ("asked", "expected", "said"),
    [
        ({"date": "2026-11-24T15:00"}, ["24 15:00", "24 15:30", "24 16:00"], ""),
        ({"date": "2026-11-24T15:00:00-06:00"}, ["24 15:00", "24 15:30", "24 16:00"], ""),
        ({"date": "2026-11-24T00:00:00-06:00"}, ["24 08:00", "24 08:30", "24 09:00"], ""),
        ({"date": "2026-11-24T00:00:00"}, ["24 08:00", "24 08:30", "24 09:00"], ""),
        ({"date": "tuesday at 3pm"}, ["24 15:00", "24 15:30", "24 16:00"], ""),
        ({"date": "tuesday at 3"}, ["24 15:00", "24 15:30", "24 16:00"], ""),
        ({"date": "tuesday at 3pm", "part_of_day": "morning"}, ["24 15:00", "24 15:30", "24 16:00"], ""),
        ({"date": "noon on tuesday"}, ["24 13:00", "24 13:30", "24 14:00"], "12:00 PM on Tuesday, November 24"),
        ({"date": "after 12pm", "weekday": "tuesday"}, ["24 13:00", "24 13:30", "24 14:00"], ""),
        ({"date": "2026-11-24T15:10"}, ["24 15:30", "24 16:00"], "3:10 PM on Tuesday, November 24"),
        ({"date": "tuesday at 8pm"}, ["24 15:00", "24 15:30", "24 16:00"], "8:00 PM or later on Tuesday, November 24"),
        ({"date": "tuesday after 7pm", "part_of_day": "evening"}, [], None),
        ({"date": "after 3pm", "limit": 4}, ["20 15:00", "20 15:30", "20 16:00", "23 15:00"], ""),
        ({"date": "next week after 3pm", "limit": 4}, ["23 15:00", "23 15:30", "23 16:00", "24 15:00"], ""),
        ({"date": "next week"}, ["23 08:00", "23 08:30", "23 09:00"], ""),
        ({"date": "2026-11-24T15:30", "date_to": "2026-11-25"}, ["24 15:30", "24 16:00", "25 08:00"], ""),
        ({"date": "next week at 9pm", "limit": 1}, ["23 16:00"], "9:00 PM or later from Monday, November 23 to Sunday"),
        ({"date": "next week at 3pm"}, ["23 15:00", "24 15:00", "25 15:00"], ""),
        ({"date": "next week at 3:10pm", "limit": 1}, ["23 15:30"], "3:10 PM from Monday, November 23 to Sunday"),
        ({"date": "friday at 9am"}, ["27 09:00", "27 09:30", "27 10:00"], ""),
        ({"date": "tuesday before 3pm"}, ["24 08:00", "24 08:30", "24 09:00"], ""),
        ({"date": "tuesday before 3pm", "part_of_day": "afternoon"}, ["24 13:00", "24 13:30", "24 14:00"], ""),
        ({"date": "between 2 and 4", "weekday": "tuesday"}, ["24 14:00", "24 14:30", "24 15:00"], ""),
        ({"date": "dec 1st, 2 to 4 pm", "limit": 9}, ["01 14:00", "01 14:30", "01 15:00", "01 15:30"], ""),
        ({"date": "tuesday between 2 and 4", "limit": 9}, ["24 14:00", "24 14:30", "24 15:00", "24 15:30"], ""),
        ({"date": "next week before 9am", "limit": 3}, ["23 08:00", "23 08:30", "24 08:00"], ""),
        ({"date": "tuesday before 8am"}, ["24 08:00", "24 08:30", "24 09:00"], "a time before 8:00 AM on Tuesday"),
        (
            {"date": "tuesday between 11:30 and 12:45"},
            ["24 11:00", "24 13:00", "24 13:30"],
            "a time between 11:30 AM and 12:45 PM on Tuesday, November 24",
        ),
        ({"date": "today before 9am"}, ["20 13:00", "20 13:30", "20 14:00"], "a time before 9:00 AM on Friday"),
        ({"date": "friday before 9am", "limit": 1}, ["27 08:00"], ""),
        ({"date": "friday before 3pm", "limit": 1}, ["20 13:00"], ""),
        ({"date": "next month between 2pm and 3pm"}, ["01 14:00", "01 14:30", "02 14:00"], ""),
        ({"date": "tomorrow morning"}, [], None),
        ({"date": "today at 9am"}, ["20 13:00", "20 13:30", "20 14:00"], "9:00 AM on Friday, November 20"),
    ],
)
async def test_an_hour_said_with_the_day_is_from_when_on_and_what_cannot_be_had_is_said(
    ask: Agent, asked: dict[str, Any], expected: list[str], said: str | None
) -> None:
    for _ in range(2):  # and again from memory
        answer = await ask("check_availability", service="inspection", **asked)
        assert [datetime.fromisoformat(slot["start"]).strftime("%d %H:%M") for slot in answer["slots"]] == expected
        if said is not None:
            assert answer["say"].startswith(f"I can't offer {said}" if said else "For Home inspection I can offer")


@pytest.mark.parametrize(
    ("date", "first", "said"),
    [
        ("2026-11-24T21:00Z", "24 15:00", "9:00 PM UTC is Tuesday, November 24 at 3:00 PM here."),
        ("2026-11-25T02:00:00+05:00", "24 15:00", "2:00 AM UTC+05:00 is Tuesday, November 24 at 3:00 PM here."),
        ("2026-11-24T15:00Z", "24 09:00", "3:00 PM UTC is Tuesday, November 24 at 9:00 AM here."),
        ("2026-11-24T15:10Z", "24 09:30", "3:10 PM UTC is Tuesday, November 24 at 9:10 AM here."),
        ("2026-11-24T09:00-06:00", "24 09:00", "9:00 AM, 9:30 AM or 10:00 AM."),
    ],
)
async def test_what_an_hour_of_another_zone_is_here_is_said(ask: Agent, date: str, first: str, said: str) -> None:
    """A model that puts a Z to whatever it heard is found out by whoever said it."""
    for _ in range(2):
        answer = await ask("check_availability", service="inspection", date=date)
        assert datetime.fromisoformat(answer["slots"][0]["start"]).strftime("%d %H:%M") == first
        assert answer["say"].endswith(f" {said}")


async def test_an_hour_that_is_taken_is_said_and_the_next_are_offered(ask: Agent, calendar: FakeCalendar) -> None:
    three = at(TUESDAY, "15:00")
    calendar.always("free", Step(answer={"dana": ((three, three + HOUR),), "lee": ((three, three + HOUR),)}))
    answer = await ask("check_availability", service="inspection", date=f"{TUESDAY}T15:00")
    assert answer["say"] == (
        "I can't offer 3:00 PM on Tuesday, November 24. "
        "For Home inspection I can offer Tuesday, November 24 at 4:00 PM."
    )


@pytest.mark.parametrize("call", ["c1", "c2"], ids=["same call", "called again"])
@pytest.mark.parametrize("state", ["confirmed", "pending", "held"])
async def test_a_caller_who_asks_for_the_hour_they_have_hears_that_it_is_theirs(
    ask: Agent, calendar: FakeCalendar, state: str, call: str
) -> None:
    asked = {"service": "inspection", "technician": "dana", "date": f"{TUESDAY}T09:00"}
    (slot,) = (await ask("check_availability", **asked, limit=1))["slots"]
    if state != "confirmed":
        calendar.script("book", Step(delay_s=0.5) if state == "held" else scripted.DONE_BUT_UNKNOWN)
    booking = asyncio.create_task(ask("book_appointment", slot_id=slot["slot_id"], customer_name="Ann Lee"))
    if state == "held":
        await soon(lambda: calendar.count("book") == 1)
    else:
        assert (await booking)["outcome"] == state
    reference = " ".join((await ask.house.row()).reference)
    visit = "Home inspection with Dana on Tuesday, November 24 at 9:00 AM"
    unsure = ", not confirmed by the calendar yet"
    said = {
        "confirmed": f"You already have {visit}, reference {reference}. ",
        "pending": f"You already have {visit}{unsure}, reference {reference}. ",
        "held": f"It is just being booked for you: {visit}{unsure}, reference {reference}. Ask again in a moment. ",
    }[state]
    not_then = "I can't offer 9:00 AM on Tuesday, November 24. For"
    for date in (f"{TUESDAY}T09:00", f"{TUESDAY}T09:30"):
        answer = await ask("check_availability", call=call, **(asked | {"date": date}))
        assert answer["say"].startswith(f"{said}I can't offer 9:")
        assert set(answer) == {"ok", "say", "slots", "time_zone", "checked_at"}
    for caller in ("+15125550177", None):
        answer = await ask("check_availability", call="c3", caller=caller, **asked)
        assert answer["say"].startswith(not_then), "whose time it is hears nobody else"
    free = await ask("check_availability", call=call, **(asked | {"date": f"{TUESDAY}T14:00"}))
    assert free["say"].startswith("For Home inspection with Dana I can offer Tuesday, November 24 at 2:00 PM")
    await booking


async def test_a_caller_hears_of_the_hour_that_a_move_of_theirs_is_to_take(ask: Agent, calendar: FakeCalendar) -> None:
    asked = {"service": "inspection", "technician": "dana", "limit": 1}
    nine, two = [
        (await ask("check_availability", **asked, date=f"{TUESDAY}T{hour}"))["slots"][0]["slot_id"]
        for hour in ("09:00", "14:00")
    ]
    booked = await ask("book_appointment", slot_id=nine, customer_name="Ann Lee")
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    await ask("reschedule_appointment", reference=booked["reference"], slot_id=two)
    answer = await ask("check_availability", **asked, date=f"{TUESDAY}T14:00")
    assert answer["say"].startswith(
        "You already have Home inspection with Dana on Tuesday, November 24 at 2:00 PM, not confirmed by the calendar "
        f"yet, reference {' '.join(booked['reference'])}. I can't offer 2:00 PM"
    )


async def test_a_caller_who_has_the_last_of_a_day_hears_so(ask: Agent, calendar: FakeCalendar) -> None:
    slot = await ask.first_slot(technician="dana", date=TUESDAY)
    booked = await ask("book_appointment", slot_id=slot["slot_id"], customer_name="Ann Lee")
    for who in ("dana", "lee"):
        calendar.people_write(who, at(TUESDAY, "00:00"), at("2026-11-25", "00:00"))
    ask.house.clock.advance(TTL_S + 1)
    answer = await ask("check_availability", service="inspection", date=TUESDAY)
    assert answer["say"].startswith("You already have Home inspection with Dana on Tuesday, November 24 at ")
    assert f"reference {' '.join(booked['reference'])}. There is nothing free on Tuesday, November 24." in answer["say"]


async def test_what_was_found_is_said_though_our_rows_cannot_be_read(
    ask: Agent, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = at(TUESDAY, "15:00")
    calendar.always("free", Step(answer={"dana": ((three, three + HOUR),), "lee": ((three, three + HOUR),)}))
    asked = {"service": "inspection", "date": f"{TUESDAY}T15:00"}
    first = await ask("check_availability", **asked)

    async def away(*_: Any, **__: Any) -> Any:
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(ask.house.database, "read", away)
    assert (await ask("check_availability", **asked))["say"] == first["say"]


async def test_a_database_that_hangs_keeps_nobody_waiting_for_what_the_calendar_tells(
    sqlite_url: str, calendar: FakeCalendar
) -> None:
    three, released = at(TUESDAY, "15:00"), threading.Event()
    calendar.always("free", Step(answer={"dana": ((three, three + HOUR),), "lee": ((three, three + HOUR),)}))
    asked = {"service": "inspection", "date": f"{TUESDAY}T15:00"}
    async with agent(sqlite_url, calendar, deadline_s=0.8) as ask:
        first = await ask("check_availability", caller=None, **asked)
        hanging = [asyncio.create_task(ask.house.database.read(lambda _: released.wait(10))) for _ in range(4)]
        await asyncio.sleep(0.05)
        answer = await ask("check_availability", **asked)
        released.set()
        await asyncio.gather(*hanging)
    assert (answer["ok"], answer["say"]) == (True, first["say"])


@pytest.mark.parametrize("who", ["dana", "Dana", " DANA ", "Dana."])
async def test_a_technician_is_asked_for_by_id_or_name_in_any_case(ask: Agent, who: str) -> None:
    answer = await ask("check_availability", service="inspection", date=TUESDAY, technician=who)
    assert {slot["technician"] for slot in answer["slots"]} == {"dana"}
    assert "with Dana" in answer["say"]


@pytest.mark.parametrize("who", [*sorted(ANYBODY), "Any", " ANYONE ", "null", "N/A"])
async def test_anybody_is_whoever_can_come(ask: Agent, who: str) -> None:
    wanted = await ask("check_availability", service="inspection", date=TUESDAY)
    answer = await ask("check_availability", service="inspection", date=TUESDAY, technician=who)
    assert (answer["ok"], answer["say"]) == (True, wanted["say"])


@pytest.mark.parametrize(
    "service",
    [
        "inspection",
        "Home inspection",
        "HOME  INSPECTION ",
        "home\ninspection.",
        "home_inspection",
        '"Home-Inspection"',
        "\u2018home inspection\u2019",
    ],
)
async def test_a_service_is_asked_for_by_id_or_name_in_any_case(ask: Agent, service: str) -> None:
    assert len(await starts(ask, service=service, date=TUESDAY)) == 3


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        ({"date": "today"}, "20 13:00", "20 16:00"),
        ({"date": "tomorrow"}, None, None),
        ({"date": "monday"}, "23 08:00", "23 16:00"),
        ({"weekday": "Tuesday"}, "24 08:00", "24 16:00"),
        ({"date": TUESDAY, "weekday": "Tuesday"}, "24 08:00", "24 16:00"),
        ({"date": TUESDAY, "date_to": "2026-11-25"}, "24 08:00", "25 16:00"),
        ({"date": TUESDAY, "dateTo": "2026-11-25", "partOfDay": "morning"}, "24 08:00", "25 11:00"),
        ({"date": "tuesday afternoon"}, "24 13:00", "24 16:00"),
        ({"date": "tonight"}, None, None),
        ({"date": "2026-11-19", "date_to": "2026-11-20"}, "20 13:00", "20 16:00"),
        ({"date": "2027-01-18", "date_to": "2027-02-10"}, "18 08:00", "19 16:00"),
    ],
)
async def test_days_are_what_the_caller_means(
    ask: Agent, given: dict[str, Any], first: str | None, last: str | None
) -> None:
    found = await starts(ask, limit=50, **given)
    assert (found[:1], found[-1:]) == (([first], [last]) if first else ([], []))


async def test_todays_weekday_is_today_while_something_is_left_then_next_week(
    ask: Agent, calendar: FakeCalendar
) -> None:
    assert (await starts(ask, weekday="friday"))[0] == "20 13:00"
    assert (await starts(ask, date="Friday", part_of_day="morning"))[0] == "27 08:00"
    for who in ("dana", "lee"):
        calendar.people_write(who, NOW, NOW + 10 * HOUR)
    ask.house.clock.advance(31)
    assert (await starts(ask, date="friday"))[0] == "27 08:00"


async def test_when_neither_friday_has_anything_only_what_was_looked_at_is_said(
    ask: Agent, calendar: FakeCalendar
) -> None:
    for who in ("dana", "lee"):
        calendar.people_write(who, NOW, NOW + 10 * HOUR)
        calendar.people_write(who, at("2026-11-27", "00:00"), at("2026-11-28", "00:00"))
    answer = await ask("check_availability", service="inspection", date="friday")
    assert answer["ok"] is True
    assert answer["slots"] == []
    assert answer["say"] == (
        "There is nothing free on Friday, November 20. "
        "The next open days are Monday, November 23; Tuesday, November 24 and Wednesday, November 25."
    )


# --- who comes --------------------------------------------------------------------------------------------------------


async def test_one_per_start_with_who_has_been_booked_least(ask: Agent) -> None:
    first = await ask.first_slot(date=TUESDAY)
    assert first["technician"] == "dana"
    await ask("book_appointment", slot_id=first["slot_id"], customer_name="Ann Lee")
    answer = await ask("check_availability", service="inspection", date=TUESDAY, limit=50)
    offered = [(slot["start"], slot["technician"]) for slot in answer["slots"]]
    assert len({start for start, _ in offered}) == len(offered)
    assert {who for _, who in offered} == {"lee"}


async def test_a_persons_event_and_our_own_holds_are_never_offered(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.people_write("dana", at(TUESDAY, "08:00"), at(TUESDAY, "12:00"))
    calendar.always("book", scripted.UNKNOWN)
    taken = await ask.first_slot(date=TUESDAY, technician="dana")
    assert taken["start"] == "2026-11-24T13:00:00-06:00"
    await ask("book_appointment", slot_id=taken["slot_id"], customer_name="Ann Lee")
    calendar.stored.clear()
    ask.house.clock.advance(31)
    found = await starts(ask, date=TUESDAY, technician="dana", part_of_day="afternoon")
    assert found[0] == "24 14:30", "the hold with its buffer, though no calendar shows it"


async def test_a_repeated_hour_is_offered_twice(sqlite_url: str) -> None:
    night = ((0, 240),)
    business = acme(hours=(night,) * 7, services=(replace(FOLLOW_UP, minutes=30),), slot_step_minutes=60)
    technicians = tuple(replace(t, hours=(night,) * 7) for t in business.technicians)
    clock = FakeClock(at("2026-10-30", "10:00"))
    async with agent(sqlite_url, business=replace(business, technicians=technicians), clock=clock) as ask:
        answer = await ask("check_availability", date="2026-11-01", limit=50)
        assert [slot["start"] for slot in answer["slots"]] == [
            "2026-11-01T00:00:00-05:00",
            "2026-11-01T01:00:00-05:00",
            "2026-11-01T01:00:00-06:00",
            "2026-11-01T02:00:00-06:00",
            "2026-11-01T03:00:00-06:00",
        ]
        assert "before the clocks go back" in answer["say"]
        assert "after the clocks go back" in answer["say"]


# --- nothing free -----------------------------------------------------------------------------------------------------


async def test_an_empty_day_names_the_next_open_ones(ask: Agent) -> None:
    answer = await ask("check_availability", service="inspection", date="2026-11-21")
    assert set(answer) == {"ok", "say", "slots", "time_zone", "checked_at"}
    assert (answer["ok"], answer["slots"]) == (True, [])
    assert answer["say"] == (
        "There is nothing free on Saturday, November 21. "
        "The next open days are Monday, November 23; Tuesday, November 24 and Wednesday, November 25."
    )


async def test_days_booked_out_for_weeks_are_looked_past(ask: Agent, calendar: FakeCalendar) -> None:
    for who in ("dana", "lee"):
        calendar.people_write(who, NOW, at("2026-12-28", "00:00"))
    answer = await ask("check_availability", service="inspection", date="tomorrow")
    assert "The next open days are Monday, December 28; Tuesday, December 29" in answer["say"]


async def test_a_window_booked_out_to_its_end_is_said_to_be(ask: Agent, calendar: FakeCalendar) -> None:
    for who in ("dana", "lee"):
        calendar.people_write(who, NOW, NOW + 90 * 24 * HOUR)
    answer = await ask("check_availability", service="inspection", date="tomorrow")
    assert (answer["ok"], answer["slots"]) == (True, [])
    assert "no later day is open for booking yet" in answer["say"]


async def test_later_days_that_cannot_be_seen_are_not_said_to_be_full(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.script("free", Step(), scripted.UNKNOWN)
    answer = await ask("check_availability", service="inspection", date="2026-11-21")
    assert (answer["ok"], answer["slots"]) == (True, [])
    assert answer["say"] == (
        "There is nothing free on Saturday, November 21, and I can't see yet which later days are open."
    )


async def test_a_part_of_the_day_without_anything_is_not_said_of_the_whole_day(ask: Agent) -> None:
    answer = await ask("check_availability", service="inspection", date=TUESDAY, part_of_day="evening")
    assert (answer["ok"], answer["slots"]) == (True, [])
    assert answer["say"] == (
        "There is nothing free in the evening on Tuesday, November 24, "
        "nor on any later day that is open for booking yet. Other times of day are free."
    )


async def test_mornings_that_are_full_leave_the_afternoon(ask: Agent, calendar: FakeCalendar) -> None:
    for who in ("dana", "lee"):
        calendar.people_write(who, at(TUESDAY, "08:00"), at(TUESDAY, "12:00"))
    answer = await ask("check_availability", service="inspection", date=TUESDAY, part_of_day="morning")
    assert answer["say"] == (
        "There is nothing free in the morning on Tuesday, November 24. The next days with such times are "
        "Wednesday, November 25; Thursday, November 26 and Friday, November 27. Other times of day are free."
    )


async def test_one_technicians_full_day_is_not_said_of_all(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.people_write("lee", at(TUESDAY, "00:00"), at("2026-11-25", "00:00"))
    answer = await ask("check_availability", service="inspection", date=TUESDAY, technician="lee")
    assert answer["say"] == (
        "There is nothing free with Lee on Tuesday, November 24. The next days with such times are "
        "Wednesday, November 25; Thursday, November 26 and Friday, November 27."
    )


# --- what is not known ------------------------------------------------------------------------------------------------


async def test_a_calendar_that_does_not_tell_is_never_offered(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.script("free", scripted.UNKNOWN)
    code, say = await refused(ask, date=TUESDAY)
    assert code == "calendar_unavailable"
    assert "can't see the calendar" in say
    assert len(await starts(ask, date=TUESDAY)) == 3, "nothing of it was kept"


async def test_who_does_not_tell_is_left_out_and_the_others_offered(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.always("free", Step(answer={"dana": scripted.UNKNOWN.answer, "lee": ()}))
    answer = await ask("check_availability", service="inspection", date=TUESDAY, limit=50)
    assert {slot["technician"] for slot in answer["slots"]} == {"lee"}


async def test_nothing_free_with_those_who_tell_is_not_nothing_free(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.always("free", Step(answer={"dana": scripted.UNKNOWN.answer, "lee": ((NOW, NOW + 90 * 24 * HOUR),)}))
    code, _ = await refused(ask, date=TUESDAY)
    assert code == "calendar_unavailable"


async def test_an_answer_says_how_old_it_is(ask: Agent, calendar: FakeCalendar) -> None:
    await starts(ask, date=TUESDAY)
    ask.house.clock.advance(20)
    answer = await ask("check_availability", service="inspection", date=TUESDAY)
    assert answer["checked_at"] == "2026-11-20T10:00:00-06:00"
    ask.house.clock.advance(20)
    answer = await ask("check_availability", service="inspection", date=TUESDAY)
    assert answer["checked_at"] == "2026-11-20T10:00:40-06:00"
    assert calendar.count("free") == 2


# --- what is wrong ----------------------------------------------------------------------------------------------------


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "past": ({"date": "2026-11-19"}, "past_date", "Friday, November 20, 2026"),
    "yesterday": ({"date": "yesterday"}, "past_date", "Friday, November 20, 2026"),
    "too far": ({"date": "2027-06-01"}, "outside_window", "January 19, 2027"),
    "other weekday": ({"date": TUESDAY, "weekday": "Monday"}, "invalid_arguments", "is a Tuesday, not a Monday"),
    "no such day": ({"date": "2026-11-31"}, "invalid_arguments", "no November 31"),
    "no date": ({"date": "before long"}, "invalid_arguments", "YYYY-MM-DD"),
    "backwards": ({"date": TUESDAY, "date_to": "2026-11-23"}, "invalid_arguments", "before"),
    "too long": ({"date": TUESDAY, "date_to": "2026-12-26"}, "invalid_arguments", "31"),
    "service": ({"service": "roof\nrepair"}, "unknown_service", "Home inspection, Ant treatment and Follow-up visit"),
    "no service": ({"service": ""}, "invalid_arguments", "Which service"),
    "technician": ({"technician": "bob\r\nby"}, "invalid_arguments", "Dana and Lee"),
    "part": ({"part_of_day": "noonish"}, "invalid_arguments", "part_of_day"),
}


@pytest.mark.parametrize(("given", "code", "said"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_said_so_that_it_can_be_put_right(
    ask: Agent, given: dict[str, Any], code: str, said: str
) -> None:
    found, say = await refused(ask, **given)
    assert found == code
    assert said in say


async def test_a_technician_who_does_something_else_is_said_to(sqlite_url: str) -> None:
    business = acme()
    dana, lee = business.technicians
    business = replace(business, technicians=(dana, replace(lee, services=("follow-up",))))
    async with agent(sqlite_url, business=business) as ask:
        code, say = await refused(ask, technician="Lee")
        assert code == "invalid_arguments"
        assert say == "Lee does not do Home inspection. For that there is Dana."


async def test_the_only_service_need_not_be_named(sqlite_url: str) -> None:
    async with agent(sqlite_url, business=acme(services=(INSPECTION,))) as ask:
        answer = await ask("checkAvailability", date=TUESDAY)
        assert len(answer["slots"]) == 3
        assert ask.house.slot_ids.read(answer["slots"][2]["slot_id"], ask.house.business).start == TUESDAY_9

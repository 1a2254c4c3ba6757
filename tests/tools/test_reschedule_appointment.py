"""Moving an appointment through the tool: said as moved only when it is, and until then the old time is kept."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from app.booking import owner
from app.booking.store import changed
from tests.booking.acme import CALLER, HOUR, SLOT_TTL_S, TUESDAY_9, at
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, people_first
from tests.tools.talking import Agent, agent

STRANGER = "+15125550999"
TEN, NOON_13 = TUESDAY_9 + HOUR + 1800, TUESDAY_9 + 4 * HOUR
NUMBERS: Iterator[int] = count(1)


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def ask(database_url: str, calendar: FakeCalendar) -> AsyncIterator[Agent]:
    async with agent(database_url, calendar) as talking:
        yield talking


def minted(ask: Agent, start: int, who: str = "dana", service: str = "inspection") -> str:
    house = ask.house
    return house.slot_ids.mint(house.business, service, who, start, house.clock.now())


async def booked(ask: Agent, start: int = TUESDAY_9, name: str = "Ann Lee", caller: str | None = CALLER) -> str:
    answer = await ask(
        "book_appointment", caller=caller, call=f"b{next(NUMBERS)}", slot_id=minted(ask, start), customer_name=name
    )
    assert answer["outcome"] == "confirmed"
    reference: str = answer["reference"]
    return reference


async def move(ask: Agent, reference: str, start: int = NOON_13, who: str = "dana", **more: str | None) -> dict:
    given = {"reference": reference, "slot_id": minted(ask, start, who), "call": f"m{next(NUMBERS)}"} | more
    return await ask("reschedule_appointment", **given)


async def test_a_time_in_another_year_is_said_with_its_year(ask: Agent) -> None:
    first, second = at("2027-01-12", "09:00"), at("2027-01-12", "13:00")
    booking = await ask("book_appointment", slot_id=minted(ask, first), customer_name="Ann Lee")
    said = [booking, await ask("find_appointments"), await move(ask, booking["reference"], second)]
    said += [await ask(tool, reference=booking["reference"]) for tool in ("send_confirmation", "cancel_appointment")]
    for answer, clock in zip(said, ("9:00 AM", "9:00 AM", "1:00 PM", "1:00 PM", "1:00 PM"), strict=True):
        assert f"on Tuesday, January 12, 2027 at {clock}" in answer["say"]


async def test_a_moved_appointment_is_said_with_its_old_reference(ask: Agent, calendar: FakeCalendar) -> None:
    reference = await booked(ask)
    answer = await move(ask, reference)
    assert set(answer) == {"ok", "say", "outcome", "reference", "start", "end", "technician"}
    assert (answer["ok"], answer["outcome"], answer["reference"]) == (True, "confirmed", reference)
    assert (answer["start"], answer["end"]) == ("2026-11-24T13:00:00-06:00", "2026-11-24T14:00:00-06:00")
    assert answer["say"] == (
        "Your appointment is moved: Home inspection with Dana on Tuesday, November 24 at 1:00 PM. "
        f"Your reference is still {' '.join(reference)}."
    )
    (event,) = calendar.ours("dana")
    assert (event.start, event.reference) == (NOON_13, reference)
    found = await ask("find_appointments")
    assert [(a["reference"], a["start"]) for a in found["appointments"]] == [(reference, answer["start"])]


@pytest.mark.parametrize("others", ["nobody else", "somebody beside it", "somebody over it"])
async def test_half_an_hour_later_is_offered_to_who_moves_it(ask: Agent, calendar: FakeCalendar, others: str) -> None:
    reference = await booked(ask)
    half = HOUR // 2
    if others == "somebody beside it":
        calendar.people_write("dana", TUESDAY_9 + HOUR, TUESDAY_9 + 2 * HOUR)  # busy time without a seam
    if others == "somebody over it":
        calendar.people_write("dana", TUESDAY_9 + half, TUESDAY_9 + HOUR)
    ask.house.lookups.drop("fake:dana")

    async def starts(**more: str) -> dict[str, str]:
        asked = {"service": "inspection", "date": "2026-11-24", "technician": "dana", "limit": 50}
        found = await ask("check_availability", **asked, **more)
        return {slot["start"]: slot["slot_id"] for slot in found["slots"]}

    before, to_move = await starts(), await starts(reference=reference)
    later, earlier = "2026-11-24T09:30:00-06:00", "2026-11-24T08:30:00-06:00"
    assert not {earlier, later} & before.keys()
    assert (later in to_move) is (others == "nobody else")
    assert (earlier in to_move) is (others != "somebody over it")
    assert "2026-11-24T09:00:00-06:00" not in to_move, "there it is already"
    assert await starts(reference=reference, caller=STRANGER) == before, "it is free to nobody else"
    if later in to_move:
        answer = await ask("reschedule_appointment", call="m", reference=reference, slot_id=to_move[later])
        assert (answer["outcome"], answer["start"]) == ("confirmed", later)
        rival = await ask("book_appointment", call="r", slot_id=to_move[later], customer_name="Bo Ray")
        assert rival["code"] == "slot_taken"


async def test_half_an_hour_later_is_offered_also_where_nothing_read_is_kept(sqlite_url: str) -> None:
    async with agent(sqlite_url, FakeCalendar(), ttl_s=0) as ask:
        reference = await booked(ask)
        asked = {"service": "inspection", "date": "2026-11-24", "technician": "dana", "limit": 50}
        found = await ask("check_availability", **asked, reference=reference)
    assert {"2026-11-24T08:30:00-06:00", "2026-11-24T09:30:00-06:00"} <= {slot["start"] for slot in found["slots"]}


async def test_moved_there_back_and_there_again_is_three_moves(ask: Agent, calendar: FakeCalendar) -> None:
    reference = await booked(ask)
    there, back = minted(ask, NOON_13), minted(ask, TUESDAY_9)
    for slot_id, start in ((there, NOON_13), (back, TUESDAY_9), (there, NOON_13)):
        answer = await ask("reschedule_appointment", call="same", reference=reference, slot_id=slot_id)
        assert answer["outcome"] == "confirmed"
        assert calendar.ours("dana")[0].start == start
    again = await ask("reschedule_appointment", call="same", reference=reference, slot_id=there)
    assert again["outcome"] == "confirmed"
    assert calendar.count("move") == 3


async def test_the_old_time_is_offered_again_and_the_new_one_is_not(ask: Agent) -> None:
    reference = await booked(ask)
    await move(ask, reference)
    answer = await ask("check_availability", service="inspection", date="2026-11-24", technician="dana", limit=50)
    starts = {slot["start"] for slot in answer["slots"]}
    assert "2026-11-24T09:00:00-06:00" in starts
    assert "2026-11-24T13:00:00-06:00" not in starts


async def test_a_taken_time_is_refused_with_others_and_the_old_one_stands(ask: Agent, calendar: FakeCalendar) -> None:
    reference = await booked(ask)
    await booked(ask, NOON_13, "Bo Ray", STRANGER)
    answer = await move(ask, reference)
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "slot_taken", "refused")
    assert len(answer["slots"]) == 3
    assert "stays as it is" in answer["say"]
    assert " with " not in answer["say"].partition("I can offer")[2], "none of these is the time that is gone"
    assert sorted(event.start for event in calendar.ours("dana")) == [TUESDAY_9, NOON_13]


async def test_of_thirty_movers_and_bookers_of_one_slot_one_wins_and_the_others_keep_theirs(
    ask: Agent, calendar: FakeCalendar
) -> None:
    starts = [TUESDAY_9 + day * 24 * HOUR + at for day in (0, 1, 2) for at in (-HOUR, HOUR, 5 * HOUR, 6 * HOUR + 1800)]
    references = [await booked(ask, start, caller=f"+1512555{n:04}") for n, start in enumerate(starts)]
    before = {reference: start for reference, start in zip(references, starts, strict=True)}
    target = TUESDAY_9 + 3 * 24 * HOUR
    movers = [
        move(ask, reference, target, caller=f"+1512555{n % len(starts):04}", call=f"race{n}")
        for n, reference in enumerate(references * 2)
    ]
    bookers = [
        ask("book_appointment", call=f"rival{n}", slot_id=minted(ask, target), customer_name=f"Rival {n}")
        for n in range(6)
    ]
    answers = await asyncio.gather(*movers, *bookers)
    won = {answer["reference"] for answer in answers if answer["outcome"] == "confirmed"}
    assert len(won) == 1
    for answer in answers:
        assert answer["outcome"] != "refused" or answer["code"] in ("slot_taken", "still_checking")
    now = {row.reference: row.starts for row in await ask.house.rows() if row.status == "confirmed"}
    assert list(now.values()).count(target) == 1
    assert {r: start for r, start in now.items() if r not in won} == {r: s for r, s in before.items() if r not in won}
    assert sorted(now.values()) == sorted(event.start for event in calendar.ours("dana"))
    assert all(row.status != "held" for row in await ask.house.rows())


async def test_a_silent_calendar_refuses_and_says_no_more_than_is_known(ask: Agent, calendar: FakeCalendar) -> None:
    reference = await booked(ask)
    calendar.script("events", scripted.UNKNOWN)
    answer = await move(ask, reference)
    assert (answer["code"], answer["outcome"], answer["slots"]) == ("calendar_unavailable", "refused", [])
    assert "I have not moved your appointment on Tuesday, November 24 at 9:00 AM" in answer["say"]


async def test_a_pending_move_promises_nothing_and_keeps_both_times(ask: Agent, calendar: FakeCalendar) -> None:
    reference = await booked(ask)
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    answer = await move(ask, reference)
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "still_checking", "pending")
    assert "is moved" not in answer["say"]
    for start in (TUESDAY_9, NOON_13):
        rival = await ask("book_appointment", call="r", slot_id=minted(ask, start), customer_name="Bo Ray")
        assert rival["code"] == "slot_taken"
    again = await move(ask, reference)
    assert again["outcome"] == "pending"
    other = await move(ask, reference, TEN)
    assert (other["outcome"], other["code"]) == ("refused", "still_checking")


async def test_an_event_edited_meanwhile_is_not_overwritten_and_the_caller_hears_of_it(
    ask: Agent, calendar: FakeCalendar
) -> None:
    reference = await booked(ask)
    calendar.script("move", scripted.CHANGED)
    answer = await move(ask, reference)
    assert (answer["outcome"], answer["code"]) == ("refused", "not_allowed")
    assert "was changed on our side" in answer["say"]
    assert calendar.ours("dana")[0].start == TUESDAY_9


async def test_a_person_who_wrote_while_we_moved_wins(ask: Agent, calendar: FakeCalendar) -> None:
    reference = await booked(ask)
    calendar.script("move", people_first(NOON_13, NOON_13 + HOUR))
    answer = await move(ask, reference)
    assert (answer["outcome"], answer["code"]) == ("refused", "slot_taken")
    assert calendar.ours("dana")[0].start == TUESDAY_9, "moved back"


# --- what may not be moved --------------------------------------------------------------------------------------------


async def test_an_offer_that_is_too_old_is_refused_with_new_ones(ask: Agent) -> None:
    reference = await booked(ask)
    slot_id = minted(ask, NOON_13)
    ask.house.clock.advance(SLOT_TTL_S)
    answer = await ask("reschedule_appointment", reference=reference, slot_id=slot_id)
    assert (answer["code"], answer["outcome"], len(answer["slots"])) == ("slot_expired", "refused", 3)
    assert answer["service"] == "inspection", "so that the same visit can be looked for"


async def test_a_visit_that_has_begun_is_not_moved(ask: Agent) -> None:
    reference = await booked(ask)
    ask.house.clock.advance(TUESDAY_9 - int(ask.house.clock.now()))
    answer = await move(ask, reference, TUESDAY_9 + 24 * HOUR)
    assert (answer["code"], answer["outcome"]) == ("not_allowed", "refused")
    assert "already begun" in answer["say"]


async def test_a_time_offered_for_another_service_is_not_taken(ask: Agent) -> None:
    reference = await booked(ask)
    slot_id = minted(ask, NOON_13, service="treatment")
    answer = await ask("reschedule_appointment", reference=reference, slot_id=slot_id)
    assert (answer["code"], answer["outcome"]) == ("invalid_arguments", "refused")
    assert "Ant treatment" in answer["say"]


async def test_who_booked_what_is_not_done_any_more_is_not_sent_to_look_for_times(ask: Agent) -> None:
    reference = await booked(ask)
    row = await ask.house.row()
    await ask.house.database.write(lambda t: changed(t, row, service="taken-out-of-the-file"))
    answer = await move(ask, reference)
    assert (answer["code"], answer["outcome"], answer["slots"]) == ("not_allowed", "refused", [])
    assert "taken-out-of-the-file" not in answer["say"]
    assert "stays as it is" in answer["say"]
    assert (await ask("cancel_appointment", reference=reference))["outcome"] == "confirmed"


async def test_a_cancelled_appointment_is_not_moved(ask: Agent) -> None:
    reference = await booked(ask)
    await ask("cancel_appointment", reference=reference)
    answer = await move(ask, reference)
    assert (answer["code"], answer["outcome"]) == ("not_found", "refused")


# --- whose it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caller", "name", "moved"),
    [
        (CALLER, None, True),
        (CALLER, "Somebody Else", True),
        (STRANGER, "Ann Lee", True),
        (None, "ann lee", True),
        (STRANGER, None, False),
        (STRANGER, "Ann", False),
        (None, None, False),
    ],
)
async def test_only_who_it_belongs_to_moves_it(ask: Agent, caller: str | None, name: str | None, moved: bool) -> None:
    reference = await booked(ask)
    answer = await move(ask, reference, caller=caller, customer_name=name)
    unknown = await move(ask, "AAAAAA", caller=caller, customer_name=name)
    assert answer["ok"] is moved
    assert moved or answer == unknown, "nobody learns which of the two was wrong"
    assert unknown["code"] == "not_found"
    assert unknown["outcome"] == "refused"


async def test_a_withheld_number_is_nobodys(ask: Agent) -> None:
    reference = await booked(ask, caller=None)
    assert (await move(ask, reference, caller=None))["code"] == "not_found"


async def test_who_tries_too_often_is_not_looked_up_any_more_but_the_owner_is(ask: Agent) -> None:
    reference = await booked(ask)
    for n in range(owner.MOST_BY_ONE):
        answer = await ask("find_appointments", caller=STRANGER, reference=f"AAAAA{n}", customer_name="Ann Lee")
        assert answer["code"] == "not_found"
    tried = await move(ask, reference, caller=STRANGER, customer_name="Ann Lee")
    assert (tried["code"], tried["outcome"]) == ("not_allowed", "refused"), "right by now, and too late"
    assert (await move(ask, reference))["outcome"] == "confirmed"
    ask.house.clock.advance(int(owner.WINDOW_S) + 1)
    found = await ask("find_appointments", caller=STRANGER, call="c9", reference=reference, customer_name="Ann Lee")
    assert found["ok"] is True

"""What a person approved is done though the offer has grown too old meanwhile, or the customer hears why it is not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from app.calls.texting import ReceivedText
from app.db.schema import tasks, text_outbox
from app.review.reviews import WITHIN_S, Proposal, decided, opened
from app.sms.conversations import of
from app.sms.reviewed import MEANWHILE, Reviewed
from app.sms.tool_calls import through
from tests.booking.acme import CALLER, HOUR, SLOT_TTL_S, TUESDAY_9, acme
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar
from tests.fakes.databases import opened as opened_database
from tests.tools.talking import Agent, agent

LINE = "+15125550100"
LATE_S = WITHIN_S - 60
"""In time for a decision, too late for the offer."""


@dataclass
class Desk:
    """Where people decide, over everything real but the calendar."""

    talking: Agent
    reviewed: Reviewed
    calendar: FakeCalendar

    async def approved(
        self, tool: str = "book_appointment", start: int = TUESDAY_9, late_s: int = LATE_S, **arguments: Any
    ) -> None:
        """A change to an offered time, approved so late that the offer is too old, and carried out twice."""
        identity = await self.proposed(start, late_s, tool=tool, arguments=arguments)
        for _ in range(2):
            await self.reviewed.decided({"review": identity})

    async def proposed(
        self,
        at: int,
        late_s: int = 0,
        *,
        tool: str = "book_appointment",
        arguments: Mapping[str, Any] | None = None,
        conversation: str = "conv1",
        **about: Any,
    ) -> str:
        """The id of such a change, decided and not carried out yet."""
        house = self.talking.house
        slot_id = house.slot_ids.mint(house.business, "inspection", "dana", at, house.clock.now())
        content = {
            "tool": tool,
            "arguments": {"slot_id": slot_id, **(arguments or {"customer_name": "Ann Lee"})},
            "session": "SM1",
            "conversation": conversation,
            "customer": CALLER,
            "line": LINE,
            "said": "Tuesday, please",
            **about,
        }
        proposal = Proposal("acme", f"sms:{conversation}:SM1", "high_stakes", "A change for a customer.", content)
        identity = await house.database.write(lambda t: opened(t, proposal, now=house.clock.now()))
        house.clock.advance(late_s)  # type: ignore[attr-defined]  # the tests' own clock
        await house.database.write(lambda t: decided(t, identity, True, by="Ann", now=house.clock.now()))
        return identity

    async def told(self) -> str:
        """The one text that tells the customer."""
        rows = await self.talking.house.database.read(lambda c: c.execute(select(text_outbox.c.body)).scalars().all())
        (body,) = rows
        return str(body)

    async def booked(self, **about: Any) -> dict[str, Any]:
        """Somebody books Tuesday at nine by phone."""
        house = self.talking.house
        slot_id = house.slot_ids.mint(house.business, "inspection", "dana", TUESDAY_9, house.clock.now())
        return await self.talking("book_appointment", **{"slot_id": slot_id, "customer_name": "Ann Lee", **about})


@asynccontextmanager
async def staffed(url: str, **changes: Any) -> AsyncIterator[Desk]:
    calendar = FakeCalendar()
    async with agent(url, calendar, business=acme(**changes)) as talking:
        ask = through(talking.dispatch)
        yield Desk(talking, Reviewed(talking.house.database, ask, talking.house.clock), calendar)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with staffed(database_url) as made:
        yield made


def test_a_decision_may_take_longer_than_an_offer_lasts() -> None:
    assert LATE_S > SLOT_TTL_S


async def test_nothing_is_done_about_what_is_still_to_be_decided(sqlite_url: str) -> None:
    content = {"tool": "book_appointment", "arguments": {}, "conversation": "conv1", "customer": CALLER, "line": LINE}
    proposal = Proposal("acme", "sms:conv1:SM1", "high_stakes", "A change for a customer.", content)
    async with staffed(sqlite_url) as desk:
        database, now = desk.talking.house.database, desk.talking.house.clock.now()
        identity = await database.write(lambda t: opened(t, proposal, now=now))
        await desk.reviewed.decided({"review": identity})
        assert await database.read(lambda c: c.execute(select(text_outbox)).all()) == []
        assert await database.read(lambda c: c.execute(select(tasks)).all()) == [], "nobody is to call either"


async def test_the_same_time_is_booked_once_if_it_is_still_open(desk: Desk) -> None:
    await desk.approved(customer_name="Ann Lee")

    (row,) = await desk.talking.house.rows()
    assert (row.starts, row.technician, row.status, row.caller) == (TUESDAY_9, "dana", "confirmed", CALLER)
    assert "You're booked: Home inspection with Dana on Tuesday, November 24 at 9:00 AM" in await desk.told()


async def test_one_wish_that_was_approved_twice_is_done_and_told_once(desk: Desk) -> None:
    for _ in range(2):
        await desk.approved(customer_name="Ann Lee", late_s=60)

    assert [row.status for row in await desk.talking.house.rows()] == ["confirmed"]
    assert "You're booked" in await desk.told()


async def test_it_is_found_among_more_times_than_are_offered_at_once(sqlite_url: str) -> None:
    async with staffed(sqlite_url, slot_step_minutes=5) as desk:
        await desk.approved(start=TUESDAY_9 + 7 * HOUR, customer_name="Ann Lee")
        assert "on Tuesday, November 24 at 4:00 PM" in await desk.told()


async def test_an_appointment_is_moved_to_it_as_well(desk: Desk) -> None:
    reference = (await desk.booked())["reference"]
    await desk.approved("reschedule_appointment", TUESDAY_9 + 4 * HOUR, reference=reference)

    (row,) = [row for row in await desk.talking.house.rows() if row.status == "confirmed"]
    assert (row.reference, row.starts) == (reference, TUESDAY_9 + 4 * HOUR)
    assert "Your appointment is moved" in await desk.told()


async def test_who_can_have_it_no_more_hears_so_and_of_other_times(desk: Desk) -> None:
    await desk.booked(caller="+15125550143", call="c9", customer_name="Bob Stone")
    await desk.approved(customer_name="Ann Lee")

    assert [row.caller for row in await desk.talking.house.rows()] == ["+15125550143"]
    said = await desk.told()
    assert said.startswith("Sorry, that took us too long: the time you chose is gone by now, so nothing was booked.")
    assert "For Home inspection I can offer Tuesday, November 24 at 8:00 AM" in said
    assert said.endswith("Which other time suits you?")


async def test_who_has_it_already_is_told_so_and_booked_no_second_time(desk: Desk) -> None:
    reference = (await desk.booked())["reference"]
    await desk.approved(customer_name="Ann Lee")

    assert len(await desk.talking.house.rows()) == 1
    said = await desk.told()
    assert " ".join(reference) in said
    assert "nothing was" not in said


async def test_who_had_it_booked_meanwhile_is_not_told_that_it_is_gone(desk: Desk) -> None:
    reference = (await desk.booked())["reference"]
    await desk.approved(late_s=1, customer_name="Ann Lee")

    assert len(await desk.talking.house.rows()) == 1
    said = await desk.told()
    assert " ".join(reference) in said
    assert "sorry" not in said.lower()


async def test_what_was_approved_while_the_calendar_is_away_is_left_to_a_person(desk: Desk) -> None:
    desk.calendar.always("free", scripted.UNKNOWN)
    await desk.approved(late_s=60, customer_name="Ann Lee")

    assert not any(row.active for row in await desk.talking.house.rows())
    assert (await desk.told()).startswith("We could not reach the calendar, so nothing was changed. Someone will call")
    assert [task.kind for task in await desk.talking.house.tasks()] == ["callback"]


async def test_what_nobody_can_say_of_what_was_approved_is_left_to_a_person(desk: Desk) -> None:
    async def breaks(*given: Any) -> Mapping[str, Any]:
        if given[2] == "request_callback":
            return await through(desk.talking.dispatch)(*given)
        return {"ok": False, "code": "internal", "say": "Something went wrong."}

    desk.reviewed._ask = breaks
    await desk.approved(late_s=60, customer_name="Ann Lee")

    assert (await desk.told()).startswith(
        "Something went wrong on our side and I can't say whether that was done. Some"
    )


async def test_what_cannot_be_looked_at_is_left_to_a_person(desk: Desk) -> None:
    desk.calendar.always("free", scripted.UNKNOWN)
    await desk.approved(customer_name="Ann Lee")

    assert await desk.talking.house.rows() == []
    assert "so nothing was changed" in await desk.told()
    assert [task.kind for task in await desk.talking.house.tasks()] == ["callback"]


async def test_one_decision_of_a_conversation_is_carried_out_after_the_other_whichever_processes_do(
    database_url: str,
) -> None:
    async with staffed(database_url, reviewed=frozenset({"book_appointment"})) as desk:
        house = desk.talking.house
        async with opened_database(database_url) as another:
            elsewhere = Reviewed(another, through(desk.talking.dispatch), house.clock)
            written = ReceivedText("SM1", CALLER, LINE, "Tuesday, please")
            name = await house.database.write(lambda t: of(t, "acme", written, now=house.clock.now()))
            wanted = [
                await desk.proposed(start, conversation=name, service="inspection", start=str(start), technician="dana")
                for start in (TUESDAY_9, TUESDAY_9 + 2 * HOUR)
            ]

            async def carried_out(reviewed: Reviewed, identity: str) -> None:
                if await reviewed.decided({"review": identity}) is not None:
                    await asyncio.sleep(0.01)
                    await carried_out(reviewed, identity)

            pairs = zip((desk.reviewed, elsewhere), wanted, strict=True)
            await asyncio.gather(*(carried_out(*pair) for pair in pairs))

        assert len([row for row in await house.rows() if row.active]) == 1
        bodies = await house.database.read(lambda c: c.execute(select(text_outbox.c.body)).scalars().all())
    assert sorted(body.startswith(MEANWHILE) for body in bodies) == [False, True]

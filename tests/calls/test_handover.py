"""A platform that asks where to transfer a call is told, or told what to say instead; no report is lost half-way."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Connection

from app.audit.log import seal
from app.booking.business import Business, Businesses
from app.calls.arrivals import UNKNOWN_LINE, Declined, Diverted
from app.calls.events import CallEvent, CallEvents
from app.calls.handover import CONNECTING, NO_NUMBER, SORRY, Handover
from app.calls.model import CallRef
from app.db.engine import Database
from app.promises.transfer_fate import TransferFate
from app.promises.transfers import NO_WORD_S, SAME_ATTEMPT_S
from tests.booking.acme import CALLER, NOW, acme
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, held_up, opened
from tests.fakes.push import FakePush

PERSON = "+15125550199"
REF = CallRef("vapi", "c1", CALLER, ("+15125550100",))
BARE = CallRef("vapi", "c1")
STAFFED = acme(person=PERSON)


class Office:
    """What hands calls over and hears of them, on one database."""

    def __init__(self, database: Database, *businesses: Business) -> None:
        self.alarms, self.clock, self.database = FakeAlarms(), FakeClock(NOW), database
        served = Businesses({business.id: business for business in businesses or (STAFFED,)})
        alarms: Any = self.alarms
        self.handover = Handover(served, database, FakePush(), alarms, self.clock)
        self.events = CallEvents(database, served, alarms, self.clock)

    async def report(self, kind: str, reason: str | None = None, ref: CallRef = REF, to: str | None = None) -> None:
        name, _, status = kind.partition(":")
        await self.events.store(CallEvent(ref, name, status or None, reason, {}, to is not None, to))


@asynccontextmanager
async def office(url: str, *businesses: Business, sealing: Any = seal) -> AsyncIterator[Office]:
    async with opened(url, sealing) as database:
        yield Office(database, *businesses)


def tasks(url: str) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in executed(url, "SELECT business, phone, status FROM tasks")]


async def test_it_is_told_who_is_there(database_url: str) -> None:
    async with office(database_url) as at:
        assert await at.handover.destination(REF) == Diverted(PERSON, CONNECTING)
        assert await at.handover.destination(REF) == Diverted(PERSON, CONNECTING), "asked again, told again"

    assert executed(database_url, "SELECT attempt, state FROM transfers") == [(1, "asked")]


async def test_when_nobody_is_there_it_says_when_somebody_calls_back(sqlite_url: str) -> None:
    async with office(sqlite_url, acme()) as at:
        answer = await at.handover.destination(REF)

    assert isinstance(answer, Declined)
    assert answer.say.endswith("call you back by Friday, November 20 at 11:00 AM.")
    assert tasks(sqlite_url) == [("acme", CALLER, "open")]


async def test_when_nobody_is_there_and_no_number_is_known_it_asks_for_one(sqlite_url: str) -> None:
    async with office(sqlite_url, acme()) as at:
        assert await at.handover.destination(structs.replace(REF, caller=None)) == Declined(NO_NUMBER)


async def test_an_unknown_line_hears_so_and_rings(sqlite_url: str) -> None:
    async with office(sqlite_url, STAFFED, replace(STAFFED, id="zenith", lines=())) as at:
        assert await at.handover.destination(structs.replace(REF, lines=("+15125550999",))) == Declined(UNKNOWN_LINE)
        assert at.alarms.kinds() == ["unknown_line"]


@pytest.mark.parametrize(
    ("business", "answer", "rings"),
    [(STAFFED, Diverted(PERSON, CONNECTING), ["transfers_not_followed"]), (acme(), Declined(SORRY), [])],
)
async def test_without_a_database_the_call_is_transferred_all_the_same_if_somebody_is_there(
    sqlite_url: str, business: Business, answer: Diverted | Declined, rings: list[str]
) -> None:
    async with office(sqlite_url, business) as at:
        await at.database.stop()
        assert await at.handover.destination(REF) == answer
        assert at.handover.fallback(REF) == answer
        assert at.alarms.kinds() == rings


async def test_who_is_transferred_while_the_database_hangs_waits_a_second_for_it(sqlite_url: str) -> None:
    async with office(sqlite_url) as at, held_up(at.database):
        began = time.monotonic()
        assert await at.handover.destination(REF) == Diverted(PERSON, CONNECTING)
        assert time.monotonic() - began < 1.8


@pytest.mark.parametrize("reports", [1, 3])
@pytest.mark.parametrize(
    "kinds",
    [("status-update:forwarding", "status-update:ended", "end-of-call-report"),
     ("end-of-call-report", "status-update:ended", "status-update:forwarding"),
     ("status-update:ended", "transfer-update", "end-of-call-report")],
    ids=["in order", "in reverse", "mixed"],
)  # fmt: skip
async def test_a_failed_transfer_is_one_task_however_it_is_reported(
    sqlite_url: str, kinds: Sequence[str], reports: int
) -> None:
    async with office(sqlite_url) as at:
        await at.handover.destination(REF)
        for kind in kinds * reports:
            connecting = kind.endswith(("forwarding", "transfer-update"))
            reason = None if connecting else "call.forwarding.no-answer"
            await at.report(kind, reason, BARE, PERSON if connecting else None)

    assert tasks(sqlite_url) == [("acme", CALLER, "open")]
    assert executed(sqlite_url, "SELECT count(*) FROM call_events") == [(3,)]


async def test_a_transfer_that_came_about_is_nobodys_task(sqlite_url: str) -> None:
    async with office(sqlite_url) as at:
        await at.handover.destination(REF)
        await at.report("status-update:forwarding", to=PERSON)
        await at.report("end-of-call-report", "assistant-forwarded-call")
        at.clock.advance(NO_WORD_S)
        await TransferFate(at.database, at.clock)({"call": REF.key, "attempt": 1})

    assert tasks(sqlite_url) == []


async def test_the_second_transfer_of_a_call_is_followed_by_reports_of_a_kind_that_was_stored(sqlite_url: str) -> None:
    async with office(sqlite_url) as at:
        await at.report("status-update:forwarding", to="+15125550171")
        at.clock.advance(SAME_ATTEMPT_S + 1)
        assert await at.handover.destination(REF) == Diverted(PERSON, CONNECTING)
        await at.report("status-update:forwarding", to=PERSON)

    assert executed(sqlite_url, "SELECT state FROM transfers ORDER BY attempt") == [("superseded",), ("put_through",)]


class DiedError(Exception):
    """What a process that ends in the middle of a commit leaves behind: nothing."""


async def test_a_report_whose_task_could_not_be_written_is_not_taken_for_stored(database_url: str) -> None:
    async with office(database_url) as at:
        await at.handover.destination(REF)

    def dying(connection: Connection, records: list[Any]) -> tuple[int, int]:
        if records:
            raise DiedError
        return seal(connection, records)

    async with office(database_url, sealing=dying) as at:
        await at.report("end-of-call-report", "call.in-progress.error-transfer-failed")
        await at.events.stop()
        assert at.alarms.kinds() == ["call_event_lost"]
    assert (tasks(database_url), executed(database_url, "SELECT kind FROM call_events")) == ([], [])

    async with office(database_url) as at:
        await at.report("end-of-call-report", "call.in-progress.error-transfer-failed")
    assert tasks(database_url) == [("acme", CALLER, "open")]


async def test_what_no_report_told_is_found_by_the_job(sqlite_url: str) -> None:
    async with office(sqlite_url) as at:
        await at.handover.destination(REF)
        at.clock.advance(NO_WORD_S)
        for _ in range(2):
            await TransferFate(at.database, at.clock)({"call": REF.key, "attempt": 1})

    assert tasks(sqlite_url) == [("acme", CALLER, "open")]

"""A whole server's word on an appointment: verified by itself, and no longer called so once a person changed it."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.db.schema import bookings, tasks
from tests.fakes.google_calendar import FakeGoogle
from tests.flows import books
from tests.flows.businesses import DANA, GOOGLE, acme, written
from tests.flows.running import MovedClock, Readback, environment, serving
from tests.flows.speaking import CALLER, SAM, new_call, new_id

WITHIN_S = 60.0
SIX_HOURS_S = 6 * 3600 + 60


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA]) as server:
        yield server


async def shown(server: Readback) -> dict:
    """The caller's only appointment, as a model hears it."""
    [found] = await server.call((new_id(), "find_appointments", {}), call_id=new_call(), caller=CALLER)
    [appointment] = found["appointments"]
    return {**appointment, "say": found["say"]}


async def test_an_appointment_is_verified_and_a_later_change_is_found(
    google: FakeGoogle, sqlite_url: str, tmp_path: Path
) -> None:
    clock = MovedClock(time.time())
    variables = environment(
        sqlite_url,
        written(tmp_path, acme(GOOGLE[:1])),
        READBACK_GOOGLE_API_URL=google.url,
        READBACK_READ_BACK_AFTER_S="0",
    )

    def state() -> str:
        [row] = books.rows(sqlite_url, bookings)
        return str(row["verification"])

    async with serving(variables, clock) as server:
        far = datetime.fromtimestamp(clock.now() + 10 * 86_400, UTC).date().isoformat()
        [slot] = await server.offers(limit=1, date=far)
        call = {"call_id": new_call(), "caller": CALLER}
        asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
        [booked] = await server.call(asked, **call)
        assert booked["outcome"] == "confirmed", booked
        clock.advance(1_000)
        assert await books.eventually(lambda: state() == "verified", WITHIN_S)
        assert (await shown(server))["verification"] == "verified"

        [event] = [event for event in google.events(DANA) if event["summary"].endswith(SAM["customer_name"])]
        google.store.delete(DANA, event["id"], "")
        clock.advance(SIX_HOURS_S)
        assert await books.eventually(lambda: state() == "changed", WITHIN_S)
        [task] = books.rows(sqlite_url, tasks)
        assert (task["kind"], task["subject"]) == ("tell_customer", booked["reference"])
        appointment = await shown(server)
        assert appointment["verification"] == "changed"
        assert "changed on the calendar" in appointment["say"]

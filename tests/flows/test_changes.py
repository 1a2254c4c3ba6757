"""Moving and cancelling against a whole server: faults of the calendar, and its own end at any moment of a move."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest

from app.audit.log import verify
from app.db.opening import normalised, open_engine
from app.db.schema import bookings, job_outbox
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.flows import books
from tests.flows.businesses import DANA, GOOGLE, LEE, acme
from tests.flows.running import Process
from tests.flows.speaking import SAM, new_id

ROUNDS = 5
SETTLED_WITHIN_S = 90.0
REMOVED_WITHIN_S = 90.0


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA, LEE]) as server:
        yield server


async def asked(server: Process, tool: str, **arguments: Any) -> dict[str, Any]:
    """One tool called in a new call, from the number that booked."""
    [answer] = await server.call((new_id(), tool, arguments))
    return answer


async def booked(server: Process, slot: dict[str, Any]) -> str:
    answer = await asked(server, "book_appointment", slot_id=slot["slot_id"], **SAM)
    assert answer["outcome"] == "confirmed", answer
    reference: str = answer["reference"]
    return reference


async def test_a_caller_moves_and_cancels_on_the_embedded_calendar(
    start: Callable[..., Process], database_url: str
) -> None:
    server = start(database_url)
    offers = await server.offers(limit=50, technician="dana")
    reference = await booked(server, offers[4])
    for slot in (offers[5], offers[3], offers[40]):
        moved = await asked(server, "reschedule_appointment", reference=reference, slot_id=slot["slot_id"])
        assert (moved["outcome"], moved["start"]) == ("confirmed", slot["start"]), "also over its own old time"
        found = await asked(server, "find_appointments")
        assert [(a["reference"], a["start"]) for a in found["appointments"]] == [(reference, slot["start"])]
    assert await books.unsound(database_url) == []
    assert (await asked(server, "cancel_appointment", reference=reference))["outcome"] == "confirmed"
    assert books.booked(database_url) == []
    assert await books.unsound(database_url) == []
    again = await asked(server, "cancel_appointment", reference=reference)
    assert (again["ok"], again["outcome"]) == (True, "confirmed")
    assert offers[40]["start"] in [offer["start"] for offer in await server.offers(limit=50, technician="dana")]


async def test_a_move_not_heard_of_holds_both_times_until_it_is_settled(
    start: Callable[..., Process], sqlite_url: str, google: FakeGoogle
) -> None:
    server = start(sqlite_url, acme(GOOGLE), READBACK_GOOGLE_API_URL=google.url, READBACK_TOOL_DEADLINE_MS="3000")
    offers = await server.offers(limit=50, technician="dana")
    reference = await booked(server, offers[0])
    google.fail_next("patch", faults.COMMIT_THEN_HANG)
    google.fail_always("get", faults.UNAVAILABLE)
    google.faults.fail_next("get", faults.slow(0.0))
    pending = await asked(server, "reschedule_appointment", reference=reference, slot_id=offers[20]["slot_id"])
    assert pending["outcome"] == "pending"
    open_starts = [offer["start"] for offer in await server.offers(limit=50, technician="dana")]
    assert offers[0]["start"] not in open_starts
    assert offers[20]["start"] not in open_starts
    google.fail_always("get", None)

    def moved() -> bool:
        return [(row["status"], row["revision"]) for row in books.booked(sqlite_url)] == [("confirmed", 2)]

    assert await books.eventually(moved, SETTLED_WITHIN_S)
    [event] = google.events(DANA)
    assert event["id"] == books.booked(sqlite_url)[0]["event_id"]
    assert await books.unsound(sqlite_url) == []


@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url"])
async def test_killed_at_any_moment_of_a_move_there_is_one_appointment_and_no_orphan_hold(
    start: Callable[..., Process], google: FakeGoogle, request: pytest.FixtureRequest, database: str
) -> None:
    url: str = request.getfixturevalue(database)
    chance = random.Random(len(database))
    server = start(url, acme(GOOGLE), READBACK_GOOGLE_API_URL=google.url)
    reference = await booked(server, (await server.offers(limit=1))[0])
    for number in range(ROUNDS):
        who = ("dana", "lee")[number % 2] if number else "dana"
        slot = chance.choice(await server.offers(limit=50, technician=who))
        google.latency_s = 0.06
        moving = asyncio.create_task(
            asked(server, "reschedule_appointment", reference=reference, slot_id=slot["slot_id"])
        )
        await asyncio.sleep(chance.uniform(0.0, 0.35))
        server.kill()
        await asyncio.gather(moving, return_exceptions=True)
        google.latency_s = 0.0
        _age_holds(url)
        await asyncio.to_thread(server.start)
        assert await books.eventually(lambda: not _under_way(url), SETTLED_WITHIN_S)
        one = await books.eventually(lambda: _one_appointment(url, google, reference) == [], REMOVED_WITHIN_S)
        assert one, _one_appointment(url, google, reference)
    assert books.read(url, verify).holds


def _under_way(url: str) -> list[dict[str, Any]]:
    return books.rows(url, bookings, bookings.c.status.in_(("held", "pending")))


def _one_appointment(url: str, google: FakeGoogle, reference: str) -> list[str]:
    """What is wrong: its event has to be there as its row says, and any other be gone or noted for removal."""
    [row] = books.booked(url, bookings.c.reference == reference)
    noted = [orjson.loads(job["data"]) for job in books.rows(url, job_outbox, job_outbox.c.kind == "remove_event")]
    left_over = {(f"google:{job['calendar'].partition(':')[2]}", job["event"]) for job in noted}
    there = {
        (f"google:{name}", stored.item["id"]): (stored.start, stored.end)
        for name in (DANA, LEE)
        for stored in google.store.calendar(name).events.values()
        if not stored.cancelled
    }
    own = (row["calendar"], row["event_id"])
    wrong = [] if there.pop(own, None) == (row["starts"], row["ends"]) else [f"{own} is not as its row says"]
    return wrong + [f"{event} is nobody's" for event in there if event not in left_over]


def _age_holds(url: str) -> None:
    """As if the machine had been off for ten minutes: the holds of then are over."""
    engine = open_engine(normalised(url), writes=True)
    try:
        with engine.begin() as connection:
            connection.execute(
                bookings.update().values(hold_until=bookings.c.hold_until - 600, created_at=bookings.c.created_at - 600)
            )
    finally:
        engine.dispose()

"""Ends and beginnings: killed in the middle, asked to stop, started again, and callers who go away."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.db.companion_files import beside
from app.db.opening import normalised, open_engine
from app.db.schema import tasks
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.flows import books
from tests.flows.businesses import DANA, GOOGLE, acme
from tests.flows.running import ROOT, VAPI_SECRET, Process
from tests.flows.speaking import SAM, new_call, new_id, tool_calls
from tests.flows.test_bad_database import locked

SLOW_S = 1.5
ONLY_DANA = GOOGLE[:1]
SETTLED_WITHIN_S = 60.0


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA]) as server:
        yield server


async def arrives(google: FakeGoogle, operation: str) -> None:
    """Wait until Google has been asked to do this."""
    async with asyncio.timeout(30):
        while not google.counts[operation]:  # noqa: ASYNC110 - the fake counts and does not notify
            await asyncio.sleep(0.005)


async def stopped(server: Process) -> int:
    return await asyncio.to_thread(server.stop)


@pytest.mark.parametrize(
    ("database", "moment"),
    [("sqlite_url", "freebusy"), ("sqlite_url", "insert"), ("sqlite_url", "list"), ("postgres_url", "insert")],
)
async def test_killed_in_the_middle_of_a_booking_nothing_is_doubled_or_lost(
    start: Callable[..., Process], google: FakeGoogle, request: pytest.FixtureRequest, database: str, moment: str
) -> None:
    url: str = request.getfixturevalue(database)
    variables = {"READBACK_GOOGLE_API_URL": google.url, "READBACK_TOOL_DEADLINE_MS": "3000"}
    server = start(url, acme(ONLY_DANA), **variables)
    [slot] = await server.offers(limit=1)
    google.counts.clear()
    google.fail_next(moment, faults.slow(SLOW_S))
    call_id, identity = new_call(), new_id()
    asked = (identity, "book_appointment", {"slot_id": slot["slot_id"], **SAM})
    booking = asyncio.create_task(server.call(asked, call_id=call_id))
    await arrives(google, moment)
    server.kill()
    assert isinstance((await asyncio.gather(booking, return_exceptions=True))[0], Exception)

    await asyncio.to_thread(server.start)
    # Until it is known what became of it, nobody else can have the time.
    rival = {"slot_id": slot["slot_id"], "customer_name": "Somebody Else"}
    assert (await server.tool("book_appointment", rival))["code"] in ("slot_taken", "not_offered")
    assert slot["start"] not in [offer["start"] for offer in await server.offers(limit=50)]

    # The platform delivers again: the caller gets an outcome, and it is true.
    [again] = await server.call(asked, call_id=call_id)
    there = google.events(DANA)
    assert len(there) <= 1
    if again.get("outcome") == "confirmed":
        assert len(there) == 1
    assert len(books.booked(server.database_url)) == 1
    server.kill()


async def test_what_a_dead_process_held_is_given_back_or_confirmed(
    start: Callable[..., Process], sqlite_url: str, google: FakeGoogle
) -> None:
    server = start(sqlite_url, acme(ONLY_DANA), READBACK_GOOGLE_API_URL=google.url)
    [slot] = await server.offers(limit=1)
    google.counts.clear()
    google.fail_next("insert", faults.slow(SLOW_S))
    asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
    booking = asyncio.create_task(server.call(asked))
    await arrives(google, "insert")
    server.kill()
    await asyncio.gather(booking, return_exceptions=True)
    _age_holds(sqlite_url)
    await asyncio.to_thread(server.start)

    def confirmed() -> bool:
        return [row["status"] for row in books.booked(sqlite_url)] == ["confirmed"]

    assert await books.eventually(confirmed, SETTLED_WITHIN_S)
    [event] = google.events(DANA)
    assert event["id"] == books.booked(sqlite_url)[0]["event_id"]
    assert await stopped(server) == 0


async def test_a_hold_without_an_event_is_given_back(
    start: Callable[..., Process], sqlite_url: str, google: FakeGoogle
) -> None:
    server = start(sqlite_url, acme(ONLY_DANA), READBACK_GOOGLE_API_URL=google.url)
    [slot] = await server.offers(limit=1)
    google.counts.clear()
    google.fail_next("freebusy", faults.NEVER)
    booking = asyncio.create_task(server.tool("book_appointment", {"slot_id": slot["slot_id"], **SAM}))
    await arrives(google, "freebusy")
    server.kill()
    await asyncio.gather(booking, return_exceptions=True)
    assert [row["status"] for row in books.booked(sqlite_url)] == ["held"]
    _age_holds(sqlite_url)
    await asyncio.to_thread(server.start)
    assert await books.eventually(lambda: not books.booked(sqlite_url), SETTLED_WITHIN_S)
    assert slot["start"] in [offer["start"] for offer in await server.offers(limit=50)]
    assert google.events(DANA) == []
    assert await stopped(server) == 0


async def test_killed_while_the_database_is_away_whoever_heard_not_sure_yet_hears_the_end(
    start: Callable[..., Process], database_url: str, google: FakeGoogle
) -> None:
    server = start(database_url, acme(ONLY_DANA), READBACK_GOOGLE_API_URL=google.url)
    [slot] = await server.offers(limit=1)
    google.counts.clear()
    google.fail_next("insert", faults.NEVER)
    asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
    booking = asyncio.create_task(server.call(asked))
    await arrives(google, "insert")
    notes = ROOT / beside(database_url, "pending", "pending")
    with locked(database_url):
        [result] = await booking
        assert result["outcome"] == "pending", result
        server.kill()
        [note] = notes.iterdir()
        assert not [word for word in SAM.values() if word in note.read_text()]
    [held] = books.booked(database_url)
    assert held["status"] == "held"
    _age_holds(database_url)
    note.write_text(re.sub(r'"at":([0-9.]+)', lambda at: f'"at":{float(at[1]) - 600}', note.read_text()))
    await asyncio.to_thread(server.start)

    def owed() -> list[str]:
        return [task["subject"] for task in books.rows(database_url, tasks)]

    assert await books.eventually(owed, SETTLED_WITHIN_S) == [held["reference"]]
    notes.rmdir()  # nothing is left in it
    assert not books.booked(database_url)
    assert await stopped(server) == 0


def _age_holds(url: str) -> None:
    """As if the machine had been off for ten minutes: the holds of then are over."""
    engine = open_engine(normalised(url), writes=True)
    try:
        with engine.begin() as connection:
            connection.execute(
                books.bookings.update().values(
                    hold_until=books.bookings.c.hold_until - 600, created_at=books.bookings.c.created_at - 600
                )
            )
    finally:
        engine.dispose()


async def test_asked_to_stop_it_finishes_the_booking_under_way(
    start: Callable[..., Process], database_url: str, google: FakeGoogle
) -> None:
    server = start(database_url, acme(ONLY_DANA), READBACK_GOOGLE_API_URL=google.url)
    [slot] = await server.offers(limit=1)
    google.counts.clear()
    google.fail_next("insert", faults.slow(SLOW_S))
    asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
    booking = asyncio.create_task(server.call(asked))
    await arrives(google, "insert")
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    [booked] = await booking
    assert booked["outcome"] == "confirmed"
    assert await stopped(server) == 0
    assert [row["status"] for row in books.booked(database_url)] == ["confirmed"]
    assert await books.unsound(database_url) == []


async def test_after_a_restart_the_same_requests_get_the_same_answers(
    start: Callable[..., Process], database_url: str
) -> None:
    server = start(database_url)
    call_id = new_call()
    look = (new_id(), "check_availability", {"service": "inspection", "date": "tomorrow"})
    [open_times] = await server.call(look, call_id=call_id)
    book = (new_id(), "book_appointment", {"slot_id": open_times["slots"][0]["slot_id"], **SAM})
    [booked] = await server.call(book, call_id=call_id)
    assert booked["outcome"] == "confirmed"
    assert await stopped(server) == 0

    server.start()
    assert await server.call(look, call_id=call_id) == [open_times]
    assert await server.call(book, call_id=call_id) == [booked]
    [repeated] = await server.call((new_id(), *book[1:]), call_id=call_id)
    assert repeated["reference"] == booked["reference"]
    assert len(books.booked(database_url)) == 1
    assert open_times["slots"][0]["start"] not in [
        offer["start"] for offer in await server.offers(limit=50, technician=open_times["slots"][0]["technician"])
    ]
    assert await books.unsound(database_url) == []


async def test_a_caller_who_hangs_up_is_booked_all_the_same(
    start: Callable[..., Process], sqlite_url: str, google: FakeGoogle
) -> None:
    server = start(sqlite_url, acme(ONLY_DANA), READBACK_GOOGLE_API_URL=google.url)
    [slot] = await server.offers(limit=1)
    google.counts.clear()
    google.fail_next("insert", faults.slow(SLOW_S))
    call_id = new_call()
    await send_and_leave(
        server, tool_calls((new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM}), call_id=call_id), google
    )

    def confirmed() -> bool:
        return [row["status"] for row in books.booked(sqlite_url)] == ["confirmed"]

    assert await books.eventually(confirmed)
    assert len(google.events(DANA)) == 1
    [row] = await books.audited(sqlite_url, call_id)
    assert row["outcome"] == "ok"
    assert await books.unsound(sqlite_url) == []


async def send_and_leave(server: Process, asked: dict[str, Any], google: FakeGoogle) -> None:
    """Post, wait until the write is on its way, and close the connection."""
    body = json.dumps(asked).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = (
        f"POST /vapi HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {VAPI_SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    await arrives(google, "insert")
    writer.transport.abort()

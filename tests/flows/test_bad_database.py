"""The database on its bad days: locked by somebody else, and gone, in the middle of a call."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from app.booking.settle import EVERY_S
from app.db.once import looking
from app.db.schema import dead_letters, job_outbox
from app.db.schema import pages as pages_kept
from app.watch.database_page import PAGE_AFTER_S
from tests.fakes.databases import soon
from tests.fakes.page_receiver import PageReceiver
from tests.flows import books
from tests.flows.running import READY_WITHIN_S, Process
from tests.flows.speaking import SAM, arrival, message, new_call, new_id

LOCKED_S = 3.0
TELLS = ("cannot be counted", "The database does not answer")
DEADLINE_MS = "1500"
ANSWERED_WITHIN_S = 10.0
CAP = "acme=1000"
PUBLIC = "https://voice.example"
MANY = 12
SETTLED_WITHIN_S = 90.0
"""A hold whose request died with the database stands for half a minute, and is given one more."""


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    """Nobody else can write, as when a backup or a person's tool holds the database."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout = 20000")
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")
        return
    with psycopg.connect(url) as holder:
        holder.execute(
            "LOCK TABLE tool_calls, bookings, audit, calls, cap_counts, call_events IN ACCESS EXCLUSIVE MODE"
        )
        yield
        holder.rollback()


@contextlib.contextmanager
def gone(url: str) -> Iterator[None]:
    """Nobody can connect, and who was connected no longer is."""
    name = url.rsplit("/", 1)[1]
    with psycopg.connect(url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        other.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        yield
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


async def promptly(answer: Any) -> Any:
    async with asyncio.timeout(ANSWERED_WITHIN_S):
        return await answer


async def whole_call(server: Process, call_id: str, slot: str) -> tuple[dict[str, Any], ...]:
    """What a call does, each step answered in time and in words."""
    look = {"service": "inspection", "date": "tomorrow"}
    await promptly(server.vapi(message("status-update", call_id=call_id, status="in-progress")))
    [open_times] = await promptly(server.call((new_id(), "check_availability", look), call_id=call_id))
    book = (new_id(), "book_appointment", {"slot_id": slot, **SAM})
    [booked] = await promptly(server.call(book, call_id=call_id))
    [found] = await promptly(server.call((new_id(), "find_appointments", {}), call_id=call_id))
    return open_times, booked, found


async def test_locked_in_the_middle_of_a_call(start: Callable[..., Process], database_url: str) -> None:
    async with PageReceiver() as pages:
        server = start(
            database_url,
            READBACK_TOOL_DEADLINE_MS=DEADLINE_MS,
            READBACK_DAILY_CALL_CAPS=CAP,
            READBACK_PAGE_URLS=pages.url,
        )
        [slot] = await server.offers(limit=1)
        call_id = new_call()
        with locked(database_url):
            began = time.monotonic()
            answer = arrival(await promptly(server.vapi(message("assistant-request", call_id=call_id))))
            assert "assistantId" in answer
            _, booked, _ = await whole_call(server, call_id, slot["slot_id"])
            assert (booked["ok"], booked["code"] in ("still_checking", "internal")) == (False, True), booked
            await asyncio.sleep(max(0.0, LOCKED_S - (time.monotonic() - began)))
        await _comes_back(server, call_id, slot["slot_id"])
        # Of a database that was away for a moment only what was not counted meanwhile tells; else the page about it.
        async with asyncio.timeout(30):
            while not any(page.title.endswith(TELLS) for page in pages.pages):  # noqa: ASYNC110 - nobody says it
                await asyncio.sleep(0.05)


async def test_gone_in_the_middle_of_a_call(start: Callable[..., Process], postgres_url: str) -> None:
    server = start(postgres_url, READBACK_TOOL_DEADLINE_MS=DEADLINE_MS, READBACK_DAILY_CALL_CAPS=CAP)
    [slot] = await server.offers(limit=1)
    call_id = new_call()
    with gone(postgres_url):
        answer = arrival(await promptly(server.vapi(message("assistant-request", call_id=call_id))))
        assert "assistantId" in answer
        _, booked, found = await whole_call(server, call_id, slot["slot_id"])
        assert (booked["ok"], found["ok"]) == (False, False)
        assert (await server.get("/healthz")).status_code == 200
        ready = await server.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, "down")
    await _comes_back(server, call_id, slot["slot_id"])


async def test_gone_for_a_while_is_one_page_and_one_end_whatever_the_processes(
    start: Callable[..., Process], postgres_url: str
) -> None:
    async with PageReceiver() as pages:
        server = start(postgres_url, READBACK_WEB_WORKERS="2", READBACK_PAGE_URLS=pages.url, READBACK_PUBLIC_URL=PUBLIC)
        up = '"event":"started","logger":"app.main.server"'
        await soon(lambda: server.log.read_text().count(up) == 2, READY_WITHIN_S)
        with gone(postgres_url):
            await pages.wait_for(1, PAGE_AFTER_S + ANSWERED_WITHIN_S)
            address = pages.pages[0].body.partition(f"Acknowledge: {PUBLIC}")[2]
            async with server.client("") as client:
                assert "I have it" in (await client.get(address)).text
                assert "Acknowledged by Kim" in (await client.post(address, data={"by": "Kim"})).text
            for _ in range(4):  # whichever worker answers
                assert "Acknowledged by Kim" in (await server.get(address)).text
            await asyncio.sleep(1.5 * EVERY_S)  # each worker has settled in vain by then
        await pages.wait_for(2, ANSWERED_WITHIN_S)
        async with asyncio.timeout(ANSWERED_WITHIN_S):  # the other worker sees a moment later that it is over
            while "Resolved at" not in (await server.get(address)).text:  # noqa: ASYNC110  # another process tells
                await asyncio.sleep(0.1)
        assert server.stop() == 0
    with looking(postgres_url) as connection:
        [kept] = connection.execute(select(pages_kept).where(pages_kept.c.kind == "database_down"))
    assert (kept.status, kept.acknowledged_by) == ("resolved", "Kim")
    assert [page.type for page in pages.pages] == ["failure", "success"]
    assert {"The database does not answer" in page.title for page in pages.pages} == {True}


async def test_workers_that_begin_while_it_is_gone_answer_tell_and_give_way(
    start: Callable[..., Process], postgres_url: str
) -> None:
    async with PageReceiver() as pages:
        server = start(postgres_url, READBACK_WEB_WORKERS="2", READBACK_PAGE_URLS=pages.url)
        up = '"event":"started","logger":"app.main.server"'
        await soon(lambda: server.log.read_text().count(up) == 2, READY_WITHIN_S)
        with gone(postgres_url):
            for pid in server.workers():
                os.kill(pid, signal.SIGKILL)
            await pages.wait_for(1, READY_WITHIN_S + PAGE_AFTER_S)
            assert (await server.get("/readyz")).status_code == 503
            asked = (new_id(), "check_availability", {"service": "inspection"})
            [result] = await server.call(asked, call_id=new_call())
            assert (result["ok"], bool(result["say"])) == (False, True)
        await pages.wait_for(2, ANSWERED_WITHIN_S)
        await soon(lambda: server.log.read_text().count(up) == 4, READY_WITHIN_S)
        assert await server.offers(limit=1)
        with gone(postgres_url):
            os.kill(server.workers()[0], signal.SIGKILL)
            await soon(lambda: server.log.read_text().count("database_away") > 2, READY_WITHIN_S)
            assert server.stop() == 0
    assert [page.type for page in pages.pages] == ["failure", "success"]


async def test_gone_under_load_with_jobs_waiting(start: Callable[..., Process], postgres_url: str) -> None:
    """A restart of the database server while people book and read-backs fall due: each job is done, and done once."""
    server = start(postgres_url, READBACK_READ_BACK_AFTER_S="3")
    slots = await server.offers(limit=50, technician="Dana")
    apart = slots[::3][:MANY]

    async def book(slot: dict[str, Any]) -> dict[str, Any]:
        asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
        [result] = await server.call(asked, call_id=new_call())
        return result

    answers = await asyncio.gather(*(book(slot) for slot in apart[: MANY // 2]))
    before = {result["reference"] for result in answers if result["outcome"] == "confirmed"}
    assert before
    during = [asyncio.create_task(book(slot)) for slot in apart[MANY // 2 :]]
    with gone(postgres_url):
        await asyncio.sleep(LOCKED_S + 1.5)  # the first half falls due meanwhile
    answers = await asyncio.gather(*during)
    assert {bool(answer["say"]) for answer in answers} == {True}

    def read_back() -> list[str]:
        rows = books.rows(postgres_url, books.audit, books.audit.c.kind == "read_back_verified")
        return [row["subject"] for row in rows]

    kept = await books.eventually(lambda: _settled(postgres_url, read_back()), SETTLED_WITHIN_S)
    assert kept, (books.booked(postgres_url), read_back())
    references = sorted(row["reference"] for row in books.booked(postgres_url))
    assert set(references) >= before
    assert sorted(read_back()) == references
    assert books.rows(postgres_url, dead_letters) == []
    assert await books.unsound(postgres_url) == []


def _settled(url: str, read_back: list[str]) -> bool:
    """Whether nothing is in doubt or waiting any more."""
    booked = books.booked(url)
    return (
        {row["status"] for row in booked} == {"confirmed"}
        and {row["reference"] for row in booked} == set(read_back)
        and books.rows(url, job_outbox) == []
    )


async def _comes_back(server: Process, call_id: str, slot: str) -> None:
    """Everything works again by itself; what was asked meanwhile is audited and nothing is half-written."""

    async def ready() -> bool:
        return (await server.get("/readyz")).status_code == 200

    until = time.monotonic() + books.SETTLED_WITHIN_S
    while not await ready() and time.monotonic() < until:  # noqa: ASYNC110 - only the server knows
        await asyncio.sleep(0.2)
    assert await ready()
    url = server.database_url
    # A claim that was taken after its caller had heard "not yet" is held until somebody has looked into it.
    assert await books.unsound(url, SETTLED_WITHIN_S) == []
    mine = books.bookings.c.call_key == f"vapi:{call_id}"
    booked = await _booked_at_last(server, call_id, slot)
    [booking] = books.booked(url, mine)
    assert booking["reference"] == booked["reference"]
    rows = await books.audited(url, call_id, 4)
    assert {row["tool"] for row in rows} == {"check_availability", "book_appointment", "find_appointments"}
    # Let in while it could not be counted, it is counted a moment after the database is back.
    assert await books.eventually(lambda: books.counted(url).get("acme") == 1), books.counted(url)
    assert await books.unsound(url) == []


async def _booked_at_last(server: Process, call_id: str, slot: str) -> dict[str, Any]:
    """Ask until it is booked; the first time may still hear what became of the attempt under way."""
    until = time.monotonic() + books.SETTLED_WITHIN_S
    while True:
        book = (new_id(), "book_appointment", {"slot_id": slot, **SAM})
        [booked] = await server.call(book, call_id=call_id)
        if booked.get("outcome") == "confirmed":
            return booked
        assert time.monotonic() < until, booked
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("statement", ["DELETE FROM audit WHERE seq = 1", "UPDATE audit SET data = '{}' WHERE seq = 1"])
async def test_a_hand_in_the_audit_log_shows(start: Callable[..., Process], sqlite_url: str, statement: str) -> None:
    server = start(sqlite_url)
    call_id = new_call()
    await server.call((new_id(), "check_availability", {"service": "inspection"}), call_id=call_id)
    assert len(await books.audited(sqlite_url, call_id)) == 1
    assert server.stop() == 0
    assert await books.unsound(sqlite_url) == []
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        try:
            connection.execute(statement)
            connection.commit()
        except sqlite3.DatabaseError:
            return  # refused by the database itself, which is better still
    assert not books.read(sqlite_url, books.verify).holds

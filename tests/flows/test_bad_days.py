"""Bad days: two things go wrong at once, and every booking ends verified or with a person, who hears of it once."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db.schema import bookings, pages, tasks
from tests.fakes import google_faults as faults
from tests.fakes.databases import locked_by_another_process
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.page_receiver import PageReceiver
from tests.fakes.recording_server import Fault
from tests.fakes.redis import OwnRedis
from tests.flows import books
from tests.flows.businesses import DANA, GOOGLE, LEE, acme, written
from tests.flows.running import Process, environment
from tests.flows.speaking import SAM, new_call, new_id
from tests.flows.test_kill_trial import time_passes
from tests.nursery import begun

SETTLED_WITHIN_S = 90.0
DEADLINE_MS = "2500"
AFTER_S = "3"
LISTENS_S = 3.0
"""For a page that comes twice."""
HALF = ("held", "pending")


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA, LEE]) as server:
        yield server


@pytest.fixture
async def receiver() -> AsyncIterator[PageReceiver]:
    async with PageReceiver() as server:
        yield server


class Worker(Process):
    """`readback work`, which nobody can ask anything."""

    def start(self, *, wait: bool = False) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.process = begun("app", ["work"], kept | self.variables, self.log)


class Day:
    """One installation: a server that answers, workers that do the rest, their calendar and their pager."""

    def __init__(self, url: str, folder: Path, google: FakeGoogle, receiver: PageReceiver) -> None:
        self.url, self.folder, self.google, self.receiver = url, folder, google, receiver
        self.running: list[Process] = []
        self.businesses = written(folder, acme(GOOGLE))

    def variables(self, **more: str) -> dict[str, str]:
        given = {
            "READBACK_GOOGLE_API_URL": self.google.url,
            "READBACK_PAGE_URLS": self.receiver.url,
            "READBACK_TOOL_DEADLINE_MS": DEADLINE_MS,
            "READBACK_READ_BACK_AFTER_S": AFTER_S,
            "READBACK_AVAILABILITY_TTL_S": "0",
        }
        return environment(self.url, self.businesses, **(given | more))

    def serve(self, **more: str) -> Process:
        return self._run(Process(self.variables(READBACK_JOBS="off", **more), self._log()))

    def work(self, **more: str) -> Process:
        return self._run(Worker(self.variables(**more), self._log()))

    def _log(self) -> Path:
        return self.folder / f"log-{len(self.running)}"

    def _run(self, process: Process) -> Process:
        self.running.append(process)
        process.start()
        return process

    def rows(self, table: Any, *where: Any) -> list[dict[str, Any]]:
        return books.rows(self.url, table, *where)

    def booking(self, reference: str) -> dict[str, Any]:
        (found,) = self.rows(bookings, bookings.c.reference == reference)
        return found

    def appointments(self) -> list[dict[str, Any]]:
        return self.rows(bookings, bookings.c.amends == "")

    def heard_about(self, reference: str) -> list[str]:
        """Titles of the pages about a reference that woke somebody."""
        pages_heard = [page for page in self.receiver.pages if page.type == "failure"]
        return [page.title for page in pages_heard if reference in page.title + page.body]

    def events(self) -> dict[str, list[tuple[str, int]]]:
        """What is on the calendars of ours, by reference."""
        found: dict[str, list[tuple[str, int]]] = {}
        for calendar in (DANA, LEE):
            for event in self.google.events(calendar):
                reference = event.get("extendedProperties", {}).get("private", {}).get("readback_reference")
                if reference and event.get("status") != "cancelled":
                    found.setdefault(reference, []).append((calendar, event["start"]["dateTime"]))
        return found

    async def left_to_chance(self) -> list[str]:
        """What is neither verified nor with a person, or on a calendar and nobody's, once all had time to settle."""
        await books.eventually(lambda: not self._complaints(), SETTLED_WITHIN_S)
        return self._complaints()

    def _complaints(self) -> list[str]:
        events, known = self.events(), {row["key"] for row in self.rows(pages)}
        known |= {row["subject"] for row in self.rows(tasks)}
        found = [f"{row['reference']} is {row['status']}" for row in self.rows(bookings) if row["status"] in HALF]
        for row in self.appointments():
            reference, there = row["reference"], events.pop(row["reference"], [])
            if row["status"] in ("confirmed", "cancelled") and row["verification"] != "verified":
                found += [f"{reference} is {row['verification']}, and nobody knows"] if reference not in known else []
            elif len(there) != (row["status"] == "confirmed") and reference not in known:
                found.append(f"{reference} is {row['status']}, and there is {there}")
        return found + [f"{reference} is on a calendar and nobody's" for reference in events]

    def stop(self) -> None:
        for process in self.running:
            process.stop()
        for process in self.running:
            assert process.leaks() == []


@pytest.fixture
def day(database_url: str, tmp_path: Path, google: FakeGoogle, receiver: PageReceiver) -> Iterator[Day]:
    made = Day(database_url, tmp_path, google, receiver)
    yield made
    made.stop()


async def asked(server: Process, tool: str, **arguments: Any) -> dict[str, Any]:
    [answer] = await server.call((new_id(), tool, arguments), call_id=new_call())
    return answer


async def booked(server: Process, slot: dict[str, Any], **more: Any) -> dict[str, Any]:
    return await asked(server, "book_appointment", slot_id=slot["slot_id"], **(SAM | more))


def removed_by_hand(google: FakeGoogle, calendar: str, event: str) -> None:
    google.store.delete(calendar, event, "")


def without_dana() -> str:
    """The business file once she has left."""
    head, dana, lee = acme(GOOGLE).split("[[businesses.acme.technicians]]")
    assert DANA in dana
    return f"{head}[[businesses.acme.technicians]]{lee}"


async def appointment(day: Day, server: Process, *, verified: bool, who: str = "dana") -> dict[str, Any]:
    """The row of a confirmed visit."""
    slot = (await server.offers(limit=50, technician=who))[10]
    answer = await booked(server, slot)
    assert answer["outcome"] == "confirmed", answer
    reference = answer["reference"]
    if verified:
        await books.eventually(lambda: day.booking(reference)["verification"] == "verified", SETTLED_WITHIN_S)
    return day.booking(reference)


async def test_the_pager_is_down_while_an_event_vanishes_and_the_worker_dies(day: Day) -> None:
    server = day.serve()
    row = await appointment(day, server, verified=False)
    removed_by_hand(day.google, DANA, row["event_id"])
    day.receiver.always = Fault(status=503)
    worker = day.work()
    await books.eventually(lambda: day.receiver.requests)
    worker.kill()
    day.receiver.requests.clear()
    day.receiver.always = Fault()
    day.work()
    await books.eventually(lambda: day.heard_about(row["reference"]))
    await asyncio.sleep(LISTENS_S)
    assert len(day.heard_about(row["reference"])) == 1, day.receiver.pages
    assert await day.left_to_chance() == []


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "to a colleague"])
async def test_a_move_dies_half_way_and_the_office_takes_its_event_away(day: Day, in_place: bool) -> None:
    server, worker = day.serve(), day.work()
    row = await appointment(day, server, verified=True)
    slot = (await server.offers(limit=50, technician="dana" if in_place else "lee"))[30]
    day.google.fail_next("patch" if in_place else "insert", faults.COMMIT_THEN_HANG)
    before = day.events()
    asking = asked(server, "reschedule_appointment", reference=row["reference"], slot_id=slot["slot_id"])
    moving = asyncio.create_task(asking)
    await books.eventually(lambda: day.events() != before)
    server.kill()
    worker.kill()
    await asyncio.gather(moving, return_exceptions=True)
    removed_by_hand(day.google, DANA, row["event_id"])
    time_passes(day.url, set())
    day.work()
    assert await day.left_to_chance() == []
    after = day.booking(row["reference"])
    if in_place:
        await books.eventually(lambda: day.heard_about(row["reference"]))
        assert (after["starts"], len(day.heard_about(row["reference"]))) == (row["starts"], 1)
        assert day.events() == {}, "nothing was overwritten"
    else:
        assert after["calendar"] == f"google:{LEE}"
        assert list(day.events()) == [row["reference"]]


async def test_a_booking_dies_in_its_write_and_the_database_is_locked_at_the_next_start(day: Day) -> None:
    server, worker = day.serve(), day.work()
    [slot] = await server.offers(limit=1, technician="dana")
    day.google.fail_next("insert", faults.COMMIT_THEN_HANG)
    booking = asyncio.create_task(booked(server, slot))
    await books.eventually(lambda: day.google.events(DANA))
    server.kill()
    worker.kill()
    await asyncio.gather(booking, return_exceptions=True)
    time_passes(day.url, set())
    with locked_by_another_process(day.url):
        day.work()
        day.work()
        await asyncio.sleep(LISTENS_S)
    assert await day.left_to_chance() == []
    [row] = day.appointments()
    assert list(day.events()) == ([row["reference"]] if row["status"] == "confirmed" else [])


async def test_redis_goes_in_a_rush_and_the_database_stalls(day: Day) -> None:
    with OwnRedis() as redis:
        more = {"READBACK_REDIS_URL": redis.url, "READBACK_TOOL_DEADLINE_MS": "6000"}
        servers = [day.serve(**more), day.serve(**more)]
        day.work(**more)
        offers = await servers[0].offers(limit=50, technician="dana")
        rush = [
            asyncio.create_task(booked(servers[n % 2], offers[n % 12], customer_name=f"Caller {n}")) for n in range(24)
        ]
        await asyncio.sleep(0.05)
        redis.kill()
        with locked_by_another_process(day.url):
            await asyncio.sleep(1.0)
        told = await asyncio.gather(*rush)
        assert await day.left_to_chance() == []
    confirmed = {answer["reference"] for answer in told if answer["outcome"] == "confirmed"}
    assert confirmed
    assert confirmed <= {row["reference"] for row in day.appointments() if row["status"] == "confirmed"}


async def test_a_technician_is_taken_out_while_the_calendar_cannot_be_read(day: Day) -> None:
    server, worker = day.serve(), day.work()
    row = await appointment(day, server, verified=True)
    for process in (server, worker):
        process.stop()
    written(day.folder, without_dana())
    day.google.fail_always("*", faults.UNAVAILABLE)
    server = day.serve()
    day.work()
    await books.eventually(lambda: day.receiver.pages)
    await asyncio.sleep(LISTENS_S)
    [page] = [page for page in day.receiver.pages if row["reference"] in page.body]
    assert "technician dana is no longer in the business file" in page.body
    assert "Put the business file right and start again" in page.body
    cannot = await asked(server, "cancel_appointment", reference=row["reference"])
    assert (cannot["outcome"], cannot["code"]) == ("refused", "calendar_unavailable")
    day.google.fail_always("*", None)
    assert (await asked(server, "cancel_appointment", reference=row["reference"]))["outcome"] == "confirmed"
    await books.eventually(lambda: any(page.type == "success" for page in day.receiver.pages))
    assert any(page.type == "success" for page in day.receiver.pages), "nothing is left there to be seen to"
    assert await day.left_to_chance() == []

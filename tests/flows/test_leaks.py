"""Ten thousand requests of every kind: memory, tasks and connections are afterwards what they were before."""

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.google_calendar import FakeGoogle
from tests.flows import books
from tests.flows.businesses import ACME_LINE, GOOGLE, acme, written
from tests.flows.running import ROOT, TOOLS_SECRET, VAPI_SECRET, Process, Readback, environment, serving
from tests.flows.speaking import new_call, new_id, tool_calls

REQUESTS = 5_000
"""On each of two servers: one that remembers what it read for half a minute, one that reads for every question."""
WARM_UP = 2_000
CALLERS = 16
GROWTH_MB = 16.0
"""What may be added after the warm-up: answers are remembered for replays, a kilobyte or two each, 20,000 at most."""
IDLE_MB = 150.0
POOLED = 24
"""Files that pools may have opened meanwhile: readers of the database with three each, connections to Google."""
SETTLED_WITHIN_S = 30.0
FEW = 400


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle(records=False) as server:
        yield server


def vapi(*asked: tuple[str, str, Any], **about: Any) -> tuple[str, str, bytes]:
    return "/vapi", VAPI_SECRET, json.dumps(tool_calls(*asked, **about)).encode()


def plain(tool: str, arguments: Any, **around: Any) -> tuple[str, str, bytes]:
    body = json.dumps({**around, "line": ACME_LINE, "arguments": arguments}).encode()
    return f"/tools/{tool}", TOOLS_SECRET, body


def mixed(slots: Iterator[dict[str, Any]]) -> Iterator[tuple[str, str, bytes]]:
    """Requests without end: lookups, bookings, repeats, nonsense and strangers."""
    look = {"service": "inspection", "date": "tomorrow"}
    for number in itertools.count():
        kind = number % 20
        call_id = new_call()
        if kind == 0 and (slot := next(slots, None)):
            yield vapi(
                (new_id(), "book_appointment", {"slot_id": slot["slot_id"], "customer_name": "Sam"}), call_id=call_id
            )
        elif kind == 1:
            yield vapi((new_id(), "find_appointments", {}), (new_id(), "check_availability", look), call_id=call_id)
        elif kind == 2:
            yield "/vapi", VAPI_SECRET, b'{"message": {"type": "tool-calls", "toolCallList": [{"function": 7}, null]}}'
        elif kind == 3:
            yield "/vapi", VAPI_SECRET, b"{not json"
        elif kind == 4:
            yield plain("check_availability", {"service": 7, "date": ["no"]}, call_id=call_id)
        elif kind == 5:
            yield plain("no_such_tool", {}, call_id=call_id, tool_call_id=new_id())
        elif kind == 6 and number < 200:
            yield "/vapi", "a-strangers-guess", b"{}"
        elif kind < 12:
            yield vapi((new_id(), "check_availability", look), call_id=call_id)
        else:
            yield plain("check_availability", look | {"part_of_day": "any", "limit": number % 50 + 1})


async def send(server: Readback, requests: Iterator[tuple[str, str, bytes]], count: int) -> set[int]:
    """Send so many, as sixteen callers would; the statuses that came back."""
    statuses: set[int] = set()
    taken = itertools.islice(requests, count)
    connector = aiohttp.TCPConnector(limit=CALLERS)
    async with aiohttp.ClientSession(server.url, connector=connector) as client:

        async def caller() -> None:
            for path, secret, body in taken:
                async with client.post(path, data=body, headers={"Authorization": f"Bearer {secret}"}) as response:
                    await response.read()
                    statuses.add(response.status)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return statuses


async def slots_of(server: Readback) -> Iterator[dict[str, Any]]:
    """Open times that do not overlap, of both technicians."""
    found = []
    for technician in ("Dana", "Lee"):
        for first in range(2, 50, 4):
            day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + first * 86_400))
            offers = await server.offers(limit=50, technician=technician, date=day)
            found += offers[::3]
    return iter(found)


def open_files(server: Process) -> int:
    assert server.process is not None
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the operating system does not tell")
@pytest.mark.parametrize("ttl_s", ["30", "0"], ids=["remembering", "always reading"])
async def test_nothing_grows_and_nothing_is_left_over(
    start: Callable[..., Process], sqlite_url: str, google: FakeGoogle, ttl_s: str
) -> None:
    server = start(
        sqlite_url,
        acme(GOOGLE),
        READBACK_GOOGLE_API_URL=google.url,
        READBACK_AVAILABILITY_TTL_S=ttl_s,
        READBACK_LOG_LEVEL="error",
    )
    requests = mixed(await slots_of(server))
    assert await send(server, requests, WARM_UP) <= {200, 400, 401, 429}
    assert await books.unsound(sqlite_url) == []
    files, memory = open_files(server), server.resident_mb()

    assert await send(server, requests, REQUESTS - WARM_UP) <= {200, 400}
    assert await books.unsound(sqlite_url) == []
    assert server.resident_mb() - memory < GROWTH_MB
    assert await books.eventually(lambda: open_files(server) <= files + POOLED, SETTLED_WITHIN_S)
    assert len(books.booked(sqlite_url)) > REQUESTS // 100
    assert server.stop() == 0


async def test_no_task_is_left_over(sqlite_url: str, tmp_path: Path, google: FakeGoogle) -> None:
    variables = environment(
        sqlite_url,
        written(tmp_path, acme(GOOGLE)),
        READBACK_GOOGLE_API_URL=google.url,
        READBACK_AVAILABILITY_TTL_S="0",
    )
    async with serving(variables) as server:
        requests = mixed(await slots_of(server))
        await send(server, requests, FEW)
        before = await idle_tasks()
        await send(server, requests, FEW)
        assert await idle_tasks() <= before
    assert len(google.connections) == 0


async def idle_tasks() -> int:
    """How many tasks there are once their number no longer falls."""
    least = len(asyncio.all_tasks())
    until = time.monotonic() + 3
    while time.monotonic() < until:
        await asyncio.sleep(0.1)
        if len(asyncio.all_tasks()) < least:
            least, until = len(asyncio.all_tasks()), time.monotonic() + 3
    return least


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the operating system does not tell")
@pytest.mark.parametrize("calendars", ["embedded", "google"])
async def test_an_idle_process_is_small(
    start: Callable[..., Process], sqlite_url: str, google: FakeGoogle, calendars: str
) -> None:
    demo = (ROOT / "infra" / "businesses" / "demo.toml").read_text(encoding="utf-8")
    server = start(sqlite_url, demo if calendars == "embedded" else acme(GOOGLE), READBACK_GOOGLE_API_URL=google.url)
    assert (await server.get("/readyz")).status_code == 200
    assert server.resident_mb() < IDLE_MB

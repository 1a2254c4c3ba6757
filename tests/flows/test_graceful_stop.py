"""Asked to stop under load, a server loses nothing that it took: who was booked has been told so."""

import asyncio
import itertools
import os
import signal
from collections.abc import Callable

import httpx
import pytest

from tests.flows import books
from tests.flows.running import STOP_WITHIN_S, Process

AT_ONCE = 12
BEFORE = 8
"""Answers before the signal comes; the other callers are waiting for theirs, or on their way."""


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_whoever_was_booked_while_it_stopped_was_told(
    start: Callable[..., Process], database_url: str, workers: str
) -> None:
    server = start(database_url, READBACK_WEB_WORKERS=workers)
    slots = [slot for who in ("Dana", "Lee") for slot in await server.offers(limit=50, technician=who)]
    told: dict[str, str] = {}
    turned_away: list[str] = []
    left = enumerate(itertools.cycle(slots))  # a slot that is gone is refused: they go on asking
    enough = asyncio.Event()

    async def book() -> None:
        """One caller after the other, until the door is closed."""
        for number, slot in left:
            name = f"Caller {number}"
            try:
                asked = {"slot_id": slot["slot_id"], "customer_name": name}
                told[name] = (await server.tool("book_appointment", asked))["outcome"]
            except httpx.HTTPError:
                turned_away.append(name)
                return
            if len(told) >= BEFORE:
                enough.set()

    booking = [asyncio.create_task(book()) for _ in range(AT_ONCE)]
    await enough.wait()
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGTERM)
    async with asyncio.timeout(STOP_WITHIN_S):
        await asyncio.gather(*booking)
    assert await asyncio.to_thread(server.process.wait, STOP_WITHIN_S) == 0

    assert turned_away  # it was still being asked when it closed its door
    confirmed = {name for name, outcome in told.items() if outcome == "confirmed"}
    booked = {row["customer_name"] for row in books.booked(database_url)}
    assert booked == confirmed
    assert booked.isdisjoint(turned_away)
    assert await books.unsound(database_url) == []

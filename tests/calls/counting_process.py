"""A process of its own that counts calls when told to, and says how many it let in and how long the slowest took."""

import asyncio
import json
import sys
import time

from app.audit.log import seal
from app.calls.cap import DailyCap
from app.db.engine import Database
from tests.calls.test_cap import ACME, called, capped
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock


async def count(url: str, first: int, calls: int, cap: int, within_s: float) -> None:
    """Counts `calls` calls at once, from number `first` on, as soon as a line comes in."""
    database, alarms = Database(url, seal, shared=True), FakeAlarms()
    await database.start()
    counting = DailyCap(database, alarms, FakeClock(), 0, within_s)  # type: ignore[arg-type]  # it rings alike
    await database.write(lambda _: None)  # connected, as a server is before its first call
    print("ready", flush=True)  # noqa: T201 - how its starter hears of it
    await asyncio.to_thread(sys.stdin.readline)
    slowest = 0.0

    async def one(number: int) -> bool:
        nonlocal slowest
        began = time.perf_counter()
        admitted = await counting.admit(called(number), capped(cap, ACME))
        slowest = max(slowest, time.perf_counter() - began)
        return admitted

    admitted = await asyncio.gather(*(one(number) for number in range(first, first + calls)))
    await counting.drain()
    await database.stop()
    pages = [rung.title for rung in alarms.rung]
    print(json.dumps({"admitted": sum(admitted), "slowest_ms": slowest * 1000, "pages": pages}))  # noqa: T201 - as above


if __name__ == "__main__":
    _, url, first, calls, cap, within_s = sys.argv
    asyncio.run(count(url, int(first), int(calls), int(cap), float(within_s)))

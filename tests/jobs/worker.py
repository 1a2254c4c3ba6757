"""A working process for the tests, with kinds of jobs made to be watched, to last, and to kill."""

import argparse
import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.audit.log import seal
from app.clock import SystemClock
from app.db.engine import Database
from app.jobs import members, work
from app.jobs.entry import Entry
from app.jobs.outbox import Handler
from app.jobs.work import Jobs
from tests.fakes.alarms import FakeAlarms
from tests.jobs.working import QUICK, note


class KilledAfterKeeping(Jobs):
    """Dies between the engine's commit and the outbox's."""

    async def keep(self, entries: list[Entry]) -> None:
        await super().keep(entries)
        os.kill(os.getpid(), signal.SIGKILL)


def handlers(notes: Path, long_s: float) -> Mapping[str, Handler]:
    async def quick(data: Mapping[str, Any]) -> None:
        note(notes, "done", data["key"])

    async def long(data: Mapping[str, Any]) -> None:
        note(notes, "begun", data["key"])
        await asyncio.sleep(long_s)
        note(notes, "done", data["key"])

    async def deadly(data: Mapping[str, Any]) -> None:
        note(notes, "begun", data["key"])
        os.kill(os.getpid(), signal.SIGKILL)

    return {"quick": quick, "long": long, "deadly": deadly}


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("notes", type=Path)
    parser.add_argument("--long-s", type=float, default=1.0)
    parser.add_argument("--grace-s", type=float, default=5.0)
    parser.add_argument("--dies-in-relay", action="store_true")
    chosen = parser.parse_args()
    members.BEAT_S, members.SILENT_S, members.LEASE_S, work.BEAT_S = 0.3, 6.0, 4.0, 0.3
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(chosen.url, seal, shared=True)
    await database.start()
    jobs = (KilledAfterKeeping if chosen.dies_in_relay else Jobs)(
        database=database,
        handlers=handlers(chosen.notes, chosen.long_s),
        timers=(),
        alarms=FakeAlarms(),  # type: ignore[arg-type]  # rings and clears as the real ones do
        clock=SystemClock(),
        patience=QUICK,
    )
    jobs.start()
    note(chosen.notes, "up", "-")
    await stop.wait()
    await jobs.stop(chosen.grace_s)
    await database.stop()


if __name__ == "__main__":
    asyncio.run(main())

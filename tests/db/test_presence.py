"""Who else has the database file open: known to a newcomer at once, and forgotten with the one who had it."""

import asyncio
import subprocess
import sys
from pathlib import Path

from app.audit.log import seal
from app.db.engine import NOTICED_WITHIN_S, Database
from app.db.presence import SUFFIX, Presence

HOLDING = """
import sys, time
from app.db.presence import Presence
Presence(sys.argv[1]).enter()
print("there", flush=True)
time.sleep(600)
"""


def test_the_first_is_alone_and_the_second_is_not(tmp_path: Path) -> None:
    first, second, third = (Presence(str(tmp_path / "readback.db")) for _ in range(3))
    assert first.enter() is False
    assert second.enter() is True
    first.leave()
    assert third.enter() is True
    second.leave()
    third.leave()
    assert first.enter() is False
    first.leave()


def test_a_killed_process_leaves_nobody_behind(tmp_path: Path) -> None:
    file = str(tmp_path / "readback.db")
    other = subprocess.Popen([sys.executable, "-c", HOLDING, file], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "there\n"
    mine = Presence(file)
    assert mine.enter() is True
    mine.leave()
    other.kill()
    other.wait()
    other.stdout.close()
    assert mine.enter() is False
    mine.leave()


def test_where_no_lock_can_be_made_there_may_be_company(tmp_path: Path) -> None:
    assert Presence(str(tmp_path / "no" / "such" / "folder")).enter() is True


async def test_whoever_was_there_comes_to_know_of_the_newcomer(sqlite_url: str, tmp_path: Path) -> None:
    first, second = Database(sqlite_url, seal), Database(sqlite_url, seal)
    await first.start()
    assert first.shared is False
    await second.start()
    async with asyncio.timeout(10 * NOTICED_WITHIN_S):
        while not first.shared:  # noqa: ASYNC110 - the writer looks once a second, and says so to nobody
            await asyncio.sleep(0.02)
    assert second.shared is True
    await first.stop()
    await second.stop()
    alone = Database(sqlite_url, seal)
    await alone.start()
    assert alone.shared is False
    await alone.stop()
    assert (tmp_path / f"readback.db{SUFFIX}").stat().st_size == 0

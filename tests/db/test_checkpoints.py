"""What SQLite carries from its log to the file, it carries beside the callers, and the log does not grow for ever."""

import asyncio
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from app.db.checkpoints import AT_LAST_PAGES, EVERY_COMMITS, Checkpoints
from app.db.engine import Transaction
from app.db.opening import database_file
from app.db.schema import secrets
from tests.fakes.databases import opened

ROUNDS = 4
PAGES = 10
LARGE = "x" * PAGES * 4096
LEFT = 16
"""Commits after the one that set it off, which the next time takes along."""
WITHIN_S = 10.0


def in_the_file_alone(file: Path) -> int:
    """How many rows are there without the log; none while it is being carried over."""
    with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as connection, suppress(sqlite3.DatabaseError):
        return int(connection.execute("SELECT count(*) FROM secrets").fetchone()[0])
    return 0


async def test_the_log_is_carried_over_without_a_caller_doing_it(sqlite_url: str) -> None:
    file = Path(database_file(sqlite_url) or "")
    assert (ROUNDS + 1) * EVERY_COMMITS * PAGES < AT_LAST_PAGES  # so that it is not SQLite that does it

    async with opened(sqlite_url) as database:
        for turn in range(ROUNDS):
            for number in range(EVERY_COMMITS):
                row = {"name": f"{turn} {number}", "value": LARGE}

                def keep(transaction: Transaction, row: dict[str, str] = row) -> None:
                    transaction.connection.execute(secrets.insert().values(row))

                await database.write(keep, lasting=False)
            until = time.monotonic() + WITHIN_S
            while in_the_file_alone(file) < (turn + 1) * EVERY_COMMITS - LEFT:
                assert time.monotonic() < until
                await asyncio.sleep(0.02)

        log = file.with_name(f"{file.name}-wal").stat().st_size
        assert log < 2 * EVERY_COMMITS * (PAGES + 3) * 4200  # it began anew each time
        assert not database.shared  # nobody else's writing


def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    checkpoints = Checkpoints(str(tmp_path / "gone.db"))
    checkpoints.start()
    for _ in range(EVERY_COMMITS):
        checkpoints.committed()
    time.sleep(0.1)
    checkpoints.stop(WITHIN_S)

    assert list(tmp_path.iterdir()) == []
    assert not checkpoints._thread.is_alive()

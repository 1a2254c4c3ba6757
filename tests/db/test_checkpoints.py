"""What SQLite carries from its log to the file, it carries beside the callers, and the log does not grow for ever."""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from app.db.checkpoints import AT_LAST_PAGES, EVERY_COMMITS, Checkpoints
from app.db.engine import Transaction
from app.db.opening import database_file
from app.db.schema import secrets
from tests.fakes.databases import opened, soon

ROUNDS = 4
PAGES = 10
LARGE = "x" * PAGES * 4096
WITHIN_S = 30.0


def in_the_file_alone(file: Path) -> int:
    """How many rows are there without the log."""
    with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM secrets").fetchone()[0])


def left_in_the_log(file: Path) -> int:
    """Frames of the log that are not carried over: `mxFrame` less `nBackfill` (https://sqlite.org/walformat.html)."""
    index = file.with_name(f"{file.name}-shm").read_bytes()
    written, carried = (int.from_bytes(index[place : place + 4], sys.byteorder) for place in (16, 96))
    return written - carried


async def test_the_log_is_carried_over_without_a_caller_doing_it(sqlite_url: str) -> None:
    file = Path(database_file(sqlite_url) or "")
    assert (ROUNDS + 1) * EVERY_COMMITS * PAGES < AT_LAST_PAGES  # so that it is not SQLite that does it

    async with opened(sqlite_url) as database:
        for number in range(ROUNDS * EVERY_COMMITS):
            row = {"name": str(number), "value": LARGE}

            def keep(transaction: Transaction, row: dict[str, str] = row) -> None:
                transaction.connection.execute(secrets.insert().values(row))

            await database.write(keep, lasting=False)
            if database._checkpoints._commits == 0:  # now it is due
                await soon(lambda: left_in_the_log(file) == 0, WITHIN_S)
                assert in_the_file_alone(file) == number + 1

        log = file.with_name(f"{file.name}-wal").stat().st_size
        assert log < 1.5 * EVERY_COMMITS * (PAGES + 3) * 4200  # it began anew each time
        assert in_the_file_alone(file) > (ROUNDS - 1) * EVERY_COMMITS
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

"""Looking something up in the audit log, and walking it in the background."""

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from app.audit import chain, search
from app.audit.anchors import note
from app.audit.chain import BROKEN, HOLDS, NEVER, Chain
from app.audit.log import Head, head, record, seal
from app.audit.search import Sought, found
from app.clock import SystemClock
from app.db.engine import Database
from app.db.once import committing, looking
from app.db.schema import audit

ROWS = 130


def filled(url: str, rows: int = ROWS) -> None:
    with committing(url, seal) as transaction:
        for number in range(rows):
            kind, business = "even" if number % 2 == 0 else "odd", "acme" if number % 10 else "zenith"
            record(transaction, kind, business=business, subject=f"s{number % 5}", at=1_000.0 + number * 10)


def sought(url: str, **what: object) -> tuple[list[int], int | None]:
    with looking(url) as connection:
        looked = found(connection, Sought(**what))  # type: ignore[arg-type]  # as the test says
    return [row.seq for row in looked.rows], looked.older


def test_what_is_looked_for_comes_newest_first_and_page_by_page(database_url: str) -> None:
    filled(database_url)

    first, older = sought(database_url)
    assert (first, older) == (list(range(130, 80, -1)), 81)
    assert sought(database_url, before=31) == (list(range(30, 0, -1)), None)
    assert sought(database_url, subject="s0") == ([seq for seq in range(130, 0, -1) if seq % 5 == 1], None)
    assert sought(database_url, kind="odd", business="zenith") == ([], None)
    assert sought(database_url, kind="even", business="zenith", before=40)[0] == [31, 21, 11, 1]
    assert sought(database_url, until=1_000.0 + 3 * 10) == ([3, 2, 1], None)
    assert sought(database_url, subject="nobody") == ([], None)


def test_a_look_goes_back_no_further_than_its_stretch(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(database_url)
    monkeypatch.setattr(search, "STRETCH_ROWS", 40)

    assert sought(database_url, kind="none") == ([], 91)
    assert sought(database_url, kind="none", before=91) == ([], 51)
    assert sought(database_url, kind="none", before=11) == ([], None)


async def walked(url: str, anchors: Path) -> Chain:
    database = Database(url, seal)
    await database.start()
    walk = Chain(database, anchors, SystemClock())
    assert walk.state.word == NEVER
    walk.begin()
    walk.begin()
    until = time.monotonic() + 60
    while walk.state.word == "walking":
        assert time.monotonic() < until
        await asyncio.sleep(0.01)
    await walk.stop()
    await database.stop()
    return walk


async def test_a_log_that_holds_is_said_to_hold(database_url: str, tmp_path: Path) -> None:
    filled(database_url)
    anchors = tmp_path / "anchors"
    with looking(database_url) as connection:
        note(anchors, head(connection), 1.0)

    state = (await walked(database_url, anchors)).state

    assert (state.word, state.rows, state.total, state.anchors, state.why) == (HOLDS, ROWS, ROWS, 1, "")


@pytest.mark.parametrize(
    ("spoil", "rows", "why"),
    [
        (update(audit).where(audit.c.seq == 60).values(subject="x"), 0, "row 60 was changed"),
        (delete(audit).where(audit.c.seq == 60), 0, "row 60 is missing"),
        (delete(audit).where(audit.c.seq > 100), 100, "row 130 was anchored and is gone: the end was cut off"),
        (delete(audit).where(audit.c.seq > 129), 129, "row 130 was anchored and is gone: the end was cut off"),
        (delete(audit), 0, "row 130 was anchored and is gone: the end was cut off"),
    ],
    ids=["changed", "missing", "cut off", "one row cut off", "emptied"],
)
async def test_what_was_tampered_with_is_found(
    sqlite_url: str, tmp_path: Path, spoil: object, rows: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "STEP_ROWS", 50)
    filled(sqlite_url)
    anchors = tmp_path / "anchors"
    with looking(sqlite_url) as connection:
        note(anchors, head(connection), 1.0)
    with committing(sqlite_url, seal) as transaction:
        transaction.connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_update")
        transaction.connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_delete")
        transaction.connection.execute(spoil)  # type: ignore[call-overload]  # one statement or another

    state = (await walked(sqlite_url, anchors)).state

    assert (state.word, state.why) == (BROKEN, why)
    assert state.rows >= rows


async def test_a_log_written_anew_does_not_pass(sqlite_url: str, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    note(anchors, Head(7, "0" * 64), 1.0)
    filled(sqlite_url)

    assert (await walked(sqlite_url, anchors)).state.why == "row 7 is not the one that was anchored"


async def test_unreadable_anchors_are_no_proof(sqlite_url: str, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    anchors.write_text("nonsense\n")

    assert (await walked(sqlite_url, anchors)).state.word == BROKEN

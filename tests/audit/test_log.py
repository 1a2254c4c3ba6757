"""The audit log: whoever changes, drops, reorders or cuts off what happened is found out, on both databases."""

import asyncio
import sqlite3
import sys
from typing import Any

import psycopg
import pytest

from app.audit import log as audit_log
from app.audit.log import GENESIS, Head, Record, record, verify
from app.db.engine import Database, Transaction
from app.db.opening import database_file
from tests.fakes.databases import executed, opened
from tests.processes import ROOT

WRITER = """
import asyncio, sys
from app.audit.log import record, seal
from app.db.engine import Database

async def main():
    database = Database(sys.argv[1], seal)
    await database.start()
    sys.stdin.readline()
    for number in range(40):
        await asyncio.gather(*(
            database.write(lambda t, s=f"{sys.argv[2]} {number} {part}": record(t, "written", subject=s, at=1.5), 30.0)
            for part in range(3)
        ))
    await database.stop()

asyncio.run(main())
"""


def happened(subject: str, **data: Any) -> Any:
    def work(transaction: Transaction) -> None:
        record(transaction, "tool_call", business="acme", subject=subject, at=1_795_000_000.123456, **data)

    return work


async def filled(database: Database, rows: int = 6) -> None:
    for number in range(1, rows + 1):
        await database.write(happened(f"call {number}", tool="check_availability", minutes=number * 0.1))


def tampered(url: str, *statements: str) -> None:
    """What somebody with full access to the database can do: the triggers are only in an honest hand's way."""
    if database_file(url):
        drop = [f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete", "replace")]
    else:
        drop = ["ALTER TABLE audit DISABLE TRIGGER USER"]
    executed(url, *drop, *statements)


async def test_an_untouched_log_holds(database_url: str) -> None:
    async with opened(database_url) as database:
        empty = await database.read(verify)
        await filled(database)
        verdict = await database.read(verify)

    assert (empty.holds, empty.rows, empty.head) == (True, 0, Head(0, GENESIS))
    assert (verdict.holds, verdict.rows) == (True, 6)


async def test_a_log_longer_than_a_page_holds(database_url: str) -> None:
    def many(transaction: Transaction) -> None:
        for number in range(audit_log.PAGE_ROWS + 10):
            record(transaction, "many", subject=str(number), at=float(number))

    async with opened(database_url) as database:
        await database.write(many, 60.0)
        verdict = await database.read(verify, 60.0)

    assert (verdict.holds, verdict.rows) == (True, audit_log.PAGE_ROWS + 10)


CLOSE_UP = tuple(f"UPDATE audit SET seq = {seq} - 1 WHERE seq = {seq}" for seq in (4, 5, 6))  # noqa: S608 - numbers
SWAP = (
    "UPDATE audit SET seq = -3 WHERE seq = 3",
    "UPDATE audit SET seq = 3 WHERE seq = 4",
    "UPDATE audit SET seq = 4 WHERE seq = -3",
)


@pytest.mark.parametrize(
    ("statements", "broken_at"),
    [
        (("UPDATE audit SET data = '{}' WHERE seq = 3",), 3),
        (("UPDATE audit SET at = at + 1 WHERE seq = 3",), 3),
        (("UPDATE audit SET kind = 'other' WHERE seq = 1",), 1),
        (("UPDATE audit SET business = 'zenith' WHERE seq = 6",), 6),
        (("UPDATE audit SET subject = 'another call' WHERE seq = 3",), 3),
        (("UPDATE audit SET business = 'acmecall', subject = ' 3' WHERE seq = 3",), 3),
        (("UPDATE audit SET hash = previous WHERE seq = 3",), 3),
        (("UPDATE audit SET previous = hash WHERE seq = 3",), 3),
        (("DELETE FROM audit WHERE seq = 3",), 3),
        (("DELETE FROM audit WHERE seq = 1",), 1),
        (("DELETE FROM audit WHERE seq = 3", *CLOSE_UP), 3),
        (SWAP, 3),
    ],
    ids=lambda value: value[0][:60] if isinstance(value, tuple) else "",
)
async def test_what_was_tampered_with_is_found(database_url: str, statements: tuple[str, ...], broken_at: int) -> None:
    async with opened(database_url) as database:
        await filled(database)
        tampered(database_url, *statements)
        verdict = await database.read(verify)

    assert not verdict.holds
    assert verdict.broken_at == broken_at
    assert str(broken_at) in verdict.why


async def test_a_row_cannot_be_written_anew_with_its_own_hash_and_the_link_to_it(database_url: str) -> None:
    async with opened(database_url) as database:
        await filled(database)
        third = await database.read(lambda c: list(audit_log.rows(c))[2])
        texts = (third.kind, third.business, third.subject, "{}")
        forged = audit_log.chained(third.previous, third.seq, third.at, texts)
        tampered(
            database_url,
            f"UPDATE audit SET data = '{{}}', hash = '{forged}' WHERE seq = 3",  # noqa: S608 - a hash of our own
            f"UPDATE audit SET previous = '{forged}' WHERE seq = 4",  # noqa: S608 - a hash of our own
        )
        verdict = await database.read(verify)

    assert (verdict.holds, verdict.broken_at) == (False, 4)


async def test_a_cut_off_end_is_found_by_an_anchor_and_only_by_it(database_url: str) -> None:
    async with opened(database_url) as database:
        await filled(database)
        anchored = await database.read(audit_log.head)
        tampered(database_url, "DELETE FROM audit WHERE seq > 4")

        assert (await database.read(verify)).holds
        verdict = await database.read(lambda c: verify(c, {anchored.seq: anchored.hash}))
    assert (verdict.holds, verdict.broken_at) == (False, 6)
    assert "cut off" in verdict.why


async def test_a_log_written_anew_is_found_by_an_anchor(database_url: str) -> None:
    async with opened(database_url) as database:
        await filled(database)
        anchored = await database.read(audit_log.head)
        tampered(database_url, "DELETE FROM audit")
        for number in range(8):
            await database.write(happened(f"invented {number}"))

        assert (await database.read(verify)).holds
        verdict = await database.read(lambda c: verify(c, {anchored.seq: anchored.hash}))
    assert (verdict.holds, verdict.broken_at) == (False, 6)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET data = '{}' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT OR REPLACE INTO audit SELECT seq, at, 'other', business, subject, data, previous, hash FROM audit",
        "INSERT INTO audit SELECT seq, at, 'other', business, subject, data, previous, hash FROM audit "
        "ON CONFLICT (seq) DO UPDATE SET kind = 'other'",
    ],
)
async def test_the_database_refuses_to_change_what_happened(database_url: str, statement: str) -> None:
    sqlite = database_url.startswith("sqlite")
    if (sqlite and "TRUNCATE" in statement) or (not sqlite and "OR REPLACE" in statement):
        pytest.skip("not a statement of this database")
    if sqlite and "ON CONFLICT" in statement:
        statement = statement.replace("FROM audit ON", "FROM audit WHERE true ON")
    async with opened(database_url) as database:
        await filled(database)
        with pytest.raises((sqlite3.Error, psycopg.Error), match="append-only"):
            executed(database_url, statement)
        verdict = await database.read(verify)

    assert (verdict.holds, verdict.rows) == (True, 6)


async def test_what_was_undone_is_not_in_the_log(database_url: str) -> None:
    def undone(transaction: Transaction) -> None:
        happened("undone")(transaction)
        raise KeyError("no")

    async with opened(database_url) as database:
        await filled(database, 2)
        with pytest.raises(KeyError):
            await database.write(undone)
        await filled(database, 1)

        assert executed(database_url, "SELECT count(*) FROM audit WHERE subject = 'undone'") == [(0,)]
        assert (await database.read(verify)).rows == 3


async def test_writers_of_two_processes_keep_one_chain(database_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, database_url, name,
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for name in ("first", "second")
    ]  # fmt: skip
    answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [error.decode() for _, error in answers] == ["", ""]

    async with opened(database_url) as database:
        verdict = await database.read(verify)
    assert (verdict.holds, verdict.rows, verdict.why) == (True, 240, "")


AWKWARD = [
    Record("k" * 100, "acme", "call", {}, 1.0),
    Record("kind", "b" * 500, "s" * 5_000, {}, 1.0),
    Record("kind", "acme", "a\0b", {"text": "a\0b"}, 1.0),
    Record("kind", "acme", "half \ud83d", {"text": "half \ud83d"}, 1.0),
    Record("kind", "acme", "call", {"number": 2**70, "set": {1}}, 1.0),
    Record("kind", "acme", "call", {}, 1),
    Record("kind", "acme", "call", {}, 1_795_000_000.1234567),
]


@pytest.mark.parametrize("awkward", AWKWARD, ids=range(len(AWKWARD)))
async def test_no_record_can_fail_the_commit_it_is_in(database_url: str, awkward: Record) -> None:
    async with opened(database_url) as database:
        await database.write(lambda t: t.records.append(awkward))
        await database.write(happened("after"))
        verdict = await database.read(verify)

    assert (verdict.holds, verdict.rows) == (True, 2)

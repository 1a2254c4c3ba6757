"""What happened, in an append-only log whose rows each carry the hash of the one before.

Rows are written in the same commit as what they record. Changing, dropping or reordering one breaks the chain; cutting
off the end shows against heads that were noted outside the database.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, func, select

from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.prepared import Prepared
from app.db.schema import audit

GENESIS = "0" * 64
PAGE_ROWS = 5_000
MAX_KIND_CHARS = 64
MAX_BUSINESS_CHARS = 128
MAX_SUBJECT_CHARS = 256


_append = BulkInsert(audit)
_head = Prepared(
    select(audit.c.seq, audit.c.hash).where(audit.c.seq == select(func.max(audit.c.seq)).scalar_subquery())
)


class Record(NamedTuple):
    """One thing that happened. `data` must already be free of personal data."""

    kind: str
    business: str
    subject: str
    data: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row: how many there are, and the hash that stands for all of them."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the chain holds. `broken_at` is the first row that does not fit, `why` says how."""

    rows: int
    head: Head
    broken_at: int | None = None
    why: str = ""

    @property
    def holds(self) -> bool:
        return self.broken_at is None


def record(
    transaction: Transaction, kind: str, *, business: str = "", subject: str = "", at: float, **data: Any
) -> None:
    """Note something in the same commit as the transaction's own work."""
    transaction.records.append(Record(kind, business, subject, data, at))


def seal(connection: Connection, records: list[Record]) -> None:
    """Append records to the chain.

    The caller's transaction holds the write lock, so the head cannot move meanwhile.
    """
    newest = head(connection)
    seq, previous = newest.seq, newest.hash
    rows = []
    for entry in records:
        seq += 1
        kind = _fitting(entry.kind, MAX_KIND_CHARS)
        business = _fitting(entry.business, MAX_BUSINESS_CHARS)
        subject = _fitting(entry.subject, MAX_SUBJECT_CHARS)
        data, at = _dumped(entry.data), float(entry.at)
        digest = chained(previous, seq, at, (kind, business, subject, data))
        rows.append((seq, at, kind, business, subject, data, previous, digest))
        previous = digest
    if rows:
        _append(connection, rows)


def _fitting(text: str, limit: int) -> str:
    """A text that every database takes. One record must not fail the commit of all who are in it."""
    if not text.isascii() or "\0" in text:
        text = text.encode("utf-8", "replace").decode().replace("\0", "")
    return text[:limit]


def _dumped(data: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(data, default=str).decode()
    except TypeError:  # a number past 64 bits, half a character: the slower writer knows how
        return json.dumps(data, default=str)


def chained(previous: str, seq: int, at: float, texts: tuple[str, str, str, str]) -> str:
    """The hash of one row: SHA-256 over a JSON list, so that no two different rows share their bytes."""
    return hashlib.sha256(orjson.dumps([previous, seq, repr(at), *texts])).hexdigest()


def unfit(row: Any, expected: int, previous: str) -> str:
    """Why this row is not the one that follows; empty when it is."""
    if row.seq != expected:
        return f"row {expected} is missing"
    if row.previous != previous or row.hash != chained(
        previous, row.seq, row.at, (row.kind, row.business, row.subject, row.data)
    ):
        return f"row {row.seq} was changed"
    return ""


def head(connection: Connection) -> Head:
    """The newest row, or the beginning."""
    row = _head(connection).first()
    return Head(row.seq, row.hash) if row else Head(0, GENESIS)


def holds_head(connection: Connection, noted: Head) -> bool:
    """Whether a head that was noted is among the rows."""
    return connection.execute(select(audit.c.hash).where(audit.c.seq == noted.seq)).scalar() == noted.hash


def rows(connection: Connection) -> Iterator[Any]:
    """Every row from the first, a page at a time."""
    after = 0
    while True:
        page = connection.execute(
            select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(PAGE_ROWS)
        ).fetchall()
        yield from page
        if len(page) < PAGE_ROWS:
            return
        after = page[-1].seq


def verify(connection: Connection, anchors: Mapping[int, str] | None = None) -> Verdict:
    """Walk the whole chain; `anchors` maps sequence numbers to hashes noted outside the database."""
    previous, expected = GENESIS, 1
    wanted = dict(anchors or {})
    for row in rows(connection):
        here = Head(expected - 1, previous)
        if why := unfit(row, expected, previous):
            return Verdict(expected - 1, here, expected, why)
        if wanted.pop(row.seq, row.hash) != row.hash:
            return Verdict(expected - 1, here, row.seq, f"row {row.seq} is not the one that was anchored")
        previous, expected = row.hash, expected + 1
    final = Head(expected - 1, previous)
    if wanted:
        first = min(wanted)
        return Verdict(final.seq, final, first, f"row {first} was anchored and is gone: the end was cut off")
    return Verdict(final.seq, final)

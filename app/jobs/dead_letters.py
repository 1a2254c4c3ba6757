"""Work that could not be done, kept with all that is needed to try it again, until a person has dealt with it.

A letter is never deleted here: replayed or discarded, it stays as history.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, func, select, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import dead_letters
from app.errors import ReadbackError
from app.jobs.outbox import Data, Job, put
from app.log import redact
from app.watch.pages import Page, naming, raised, resolved

PAGE = "dead_letter"
"""Kind of the page that is up while a business has open letters of one kind of work."""
MOST_LISTED = 1_000
LONGEST_CAUSE = 500
LONGEST_KEY = 180
REPLAY_MARK = re.compile(r"~[0-9a-f]{12}$")

_insert = BulkInsert(dead_letters)
_d = dead_letters.c


class LetterError(ReadbackError):
    """There is no such letter, or it has been dealt with; the text says which."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What could not be done and why. `cause` is for operators and free of personal data; `data` are ids."""

    kind: str
    key: str
    business: str
    cause: str
    data: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter as it is kept. `status` is `open`, `replayed` or `discarded`; times in epoch seconds."""

    id: str
    kind: str
    key: str
    business: str
    cause: str
    data: Mapping[str, Any]
    status: str
    created_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class Pile:
    """The open letters: how many, and when the oldest was buried (0 without any)."""

    letters: int
    oldest_at: float


def bury(transaction: Transaction, letter: Letter, *, now: float) -> str:
    """Keep a letter in the caller's transaction; its id."""
    identity = uuid.uuid4().hex
    cause, data = letter.cause[:LONGEST_CAUSE], orjson.dumps(letter.data).decode()
    row = (identity, letter.kind, letter.key, letter.business, cause, data, "open", now, now)
    _insert(transaction.connection, [row])
    record(
        transaction,
        "dead_letter",
        business=letter.business,
        subject=letter.key,
        at=now,
        letter=identity,
        work=letter.kind,
        cause=cause,
    )
    return identity


def given_up(transaction: Transaction, letter: Letter, *, now: float) -> bool:
    """Bury a job that is not tried any more and page about it; False when its letter lies there open already."""
    there = select(_d.id).where(_d.kind == letter.kind, _d.key == letter.key, _d.status == "open")
    if transaction.connection.execute(there).first() is not None:
        return False
    identity = bury(transaction, letter, now=now)
    body = (
        f"{letter.kind} {letter.key} could not be done and is not tried any more: {letter.cause[:LONGEST_CAUSE]}. "
        f"Look at it with `readback dead-letters show {identity}`, then replay or discard it, and what came after it: "
        "`readback dead-letters list`."
    )
    page = Page(PAGE, _page_key(letter.kind, letter.business), f"Work given up: {letter.kind}", body, letter.business)
    raised(transaction, page, now=now)
    return True


def listed(
    connection: Connection,
    status: str = "open",
    most: int = MOST_LISTED,
    after: tuple[float, str] | None = None,
    *,
    kind: str = "",
) -> list[Kept]:
    """Letters in one state, the oldest first; `after`: when the last one of the page before was buried, and its id.

    `kind`: of this kind of work alone.
    """
    asked = select(dead_letters).where(_d.status == status).order_by(_d.created_at, _d.id).limit(most)
    if kind:
        asked = asked.where(_d.kind == kind)
    if after is not None:
        asked = asked.where(_d.created_at >= after[0], (_d.created_at > after[0]) | (_d.id > after[1]))
    return [_kept(row) for row in connection.execute(asked)]


def letter_of(connection: Connection, identity: str) -> Kept:
    """One letter, whatever its state. Raises `LetterError`."""
    row = connection.execute(select(dead_letters).where(_d.id == identity)).first()
    if row is None:
        raise LetterError(f"There is no dead letter {identity[:64]}.")
    return _kept(row)


def pile(connection: Connection) -> Pile:
    """How much lies open, and since when."""
    asked = select(func.count(), func.min(_d.created_at)).where(_d.status == "open")
    letters, oldest = connection.execute(asked).one()
    return Pile(letters, oldest or 0.0)


def replay(transaction: Transaction, identity: str, *, by: str, now: float) -> Job:
    """Put the letter's job once more, as a job of its own; its handler looks first at what is done already.

    Raises `LetterError` when it is not open: a replay that is repeated must not do the work twice.
    """
    letter = _closed(transaction, identity, "replayed", now=now)
    key = f"{REPLAY_MARK.sub('', letter.key)[:LONGEST_KEY]}~{letter.id[:12]}"
    job = Job(letter.kind, key, now, letter.data)
    put(transaction, job, now=now)
    _note(transaction, letter, "dead_letter_replayed", now=now, by=by, job=key)
    return job


def discard(transaction: Transaction, identity: str, *, by: str, reason: str = "", now: float) -> None:
    """Decide that the letter's job is not to be done, which ends the page about it alone.

    Raises `LetterError` when it is not open.
    """
    letter = _closed(transaction, identity, "discarded", now=now)
    for kind, key in naming(transaction.connection, letter.id):
        if kind != PAGE:  # that one is about all of them
            resolved(transaction, kind, key, now=now, by=by)
    _note(transaction, letter, "dead_letter_discarded", now=now, by=by, reason=redact(reason)[:LONGEST_CAUSE])


def _closed(transaction: Transaction, identity: str, status: str, *, now: float) -> Kept:
    """Take an open letter out of the pile, and its page down if it was the last of its kind."""
    connection = transaction.connection
    letter = letter_of(connection, identity)
    change = update(dead_letters).where(_d.id == identity, _d.status == "open").values(status=status, changed_at=now)
    if not connection.execute(change).rowcount:
        raise LetterError(f"The dead letter {identity[:64]} was {letter.status} already.")
    alike = select(_d.id).where(_d.status == "open", _d.kind == letter.kind, _d.business == letter.business)
    if connection.execute(alike.limit(1)).first() is None:
        resolved(transaction, PAGE, _page_key(letter.kind, letter.business), now=now)
    return letter


def _note(transaction: Transaction, letter: Kept, kind: str, *, now: float, **data: str) -> None:
    record(
        transaction,
        kind,
        business=letter.business,
        subject=letter.key,
        at=now,
        letter=letter.id,
        work=letter.kind,
        **data,
    )


def _page_key(kind: str, business: str) -> str:
    return f"{business}:{kind}"


def _kept(row: Any) -> Kept:
    data = orjson.loads(row.data)
    return Kept(row.id, row.kind, row.key, row.business, row.cause, data, row.status, row.created_at, row.changed_at)

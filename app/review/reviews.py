"""What somebody wants done and a person decides about first: proposed, approved, rejected, or expired.

A proposal that nobody decides about in time is not carried out. Whatever becomes of it, a job noted in the same commit
tells the customer, so no decision is lost.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import job_outbox, reviews
from app.errors import ReadbackError
from app.redaction import redact
from app.watch.pages import OURSELVES, Page, raised, resolved

DUE: Final = "review_due"
DECIDED: Final = "review_decided"
"""Kinds of the jobs that end a review in time and carry out what became of it."""
PAGE: Final = "review"
WITHIN_S: Final = 1_800.0
"""For a person to decide; a customer who texts waits no longer."""
MOST_LISTED: Final = 500
MOST_SINCE: Final = 50
"""Texts of a customer that are kept beside a review, the first and the last of them: a flood hides neither."""
MORE_SINCE: Final = "(More was written between these than is kept here.)"
NOTE_CHARS: Final = 500
OPEN, APPROVED, REJECTED, EXPIRED = "open", "approved", "rejected", "expired"
OVERTAKEN: Final = "overtaken"
"""Done meanwhile, as the customer has been told: nothing is left to decide."""

_ENDS: Final = {
    EXPIRED: f"{OURSELVES}nobody decided in time, so it is not done",
    OVERTAKEN: f"{OURSELVES}it is done meanwhile, so nothing is left to decide",
}
"""How its page ends where no person decided."""
_insert = BulkInsert(reviews)
# What `jobs.outbox.put` would write, from below it, as for tasks.
_job = BulkInsert(job_outbox, keep_first=True)
_r = reviews.c


class ReviewError(ReadbackError):
    """There is no such review, or it has been decided; the text says which."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be done if a person agrees. `what` says it without personal data; `content` is the rest, JSON.

    `why` comes from a closed set (`high_stakes`, `low_confidence`, ...). `key`, when given, names it for good.
    """

    business: str
    conversation: str
    why: str
    what: str
    content: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A review as it stands. `content` may hold a customer's data: only `show` tells it."""

    id: str
    business: str
    conversation: str
    why: str
    what: str
    content: Mapping[str, Any]
    status: str
    due: float
    opened_at: float
    decided_at: float
    decided_by: str
    note: str


def opened(transaction: Transaction, proposal: Proposal, *, now: float, within_s: float = WITHIN_S) -> str:
    """Have a person decide, and page them; the review's id. The same key is the same review, decided or not."""
    connection = transaction.connection
    identity = proposal.key or uuid.uuid4().hex
    if connection.execute(select(_r.id).where(_r.id == identity)).first() is not None:
        return identity
    due = now + within_s
    content = orjson.dumps(dict(proposal.content)).decode()
    first = (identity, proposal.business, proposal.conversation, proposal.why, proposal.what, content)
    _insert(connection, [(*first, OPEN, due, now, 0.0, "", "")])
    _put(transaction, DUE, identity, due, now)
    record(
        transaction, "review_opened", business=proposal.business, subject=identity, at=now, why=proposal.why, due=due
    )
    minutes, why = round(within_s / 60), proposal.why.replace("_", " ")
    body = (
        f"{proposal.what} ({why}). Without a decision within {minutes} minutes it is not done. "
        f"See it with: readback reviews show {identity}"
    )
    raised(
        transaction, Page(PAGE, identity, f"A decision is wanted: {proposal.what}", body, proposal.business), now=now
    )
    return identity


def decided(transaction: Transaction, identity: str, approve: bool, *, by: str, note: str = "", now: float) -> Kept:
    """A person has decided; what was decided is carried out by a job. Raises `ReviewError` when it is not open."""
    review = by_id(transaction.connection, identity)
    if review.status == OPEN and now > review.due:
        raise ReviewError(f"The review {identity} is over: nobody decided in time.")
    return _closed(transaction, review, APPROVED if approve else REJECTED, by=by, note=note, now=now)


def expired(transaction: Transaction, identity: str, *, now: float) -> bool:
    """The time is over, and nothing is done; False when somebody decided before."""
    review = by_id(transaction.connection, identity)
    if review.status != OPEN:
        return False
    _closed(transaction, review, EXPIRED, by="", note="", now=now)
    return True


def overtaken(
    transaction: Transaction, conversation: str, is_done: Callable[[Mapping[str, Any]], bool], *, now: float
) -> None:
    """What is done by now needs no decision. `conversation` is how the names of its turns begin."""
    for review in open_ones(transaction.connection, conversation):
        if is_done(review.content):
            _closed(transaction, review, OVERTAKEN, by="", note="", now=now)


def wrote_since(transaction: Transaction, conversation: str, texts: Mapping[str, str], but: str = "") -> None:
    """What a customer has written, by the ids of their texts, belongs to what is still to be decided about them.

    `conversation` is how the names of its turns begin; `but` is the turn of these very texts, which may have opened one
    before it was cut off.
    """
    mine = _r.conversation.startswith(conversation, autoescape=True), _r.status == OPEN, _r.conversation != but
    for row in transaction.connection.execute(select(_r.id, _r.proposal).where(*mine)).fetchall():
        content = orjson.loads(row.proposal)
        content["since"] = _bounded({**content.get("since", {}), **texts})
        change = update(reviews).where(_r.id == row.id).values(proposal=orjson.dumps(content).decode())
        transaction.connection.execute(change)


def _bounded(since: Mapping[str, str]) -> dict[str, str]:
    told = [(identity, words) for identity, words in since.items() if identity]
    if len(told) <= MOST_SINCE and len(told) == len(since):
        return dict(told)
    half = MOST_SINCE // 2
    return dict([*told[:half], ("", MORE_SINCE), *told[-half:]])


def is_open(connection: Connection, conversation: str) -> bool:
    """Whether anything is still to be decided about it."""
    mine = _r.conversation.startswith(conversation, autoescape=True), _r.status == OPEN
    return connection.execute(select(_r.id).where(*mine).limit(1)).first() is not None


def open_ones(connection: Connection, conversation: str) -> Sequence[Kept]:
    """What is still to be decided about it; `conversation` is how the names of its turns begin."""
    mine = _r.conversation.startswith(conversation, autoescape=True), _r.status == OPEN
    return [_kept(row) for row in connection.execute(select(reviews).where(*mine))]


def approved_since(connection: Connection, conversation: str, since: float) -> Sequence[Kept]:
    """What was approved about it since a moment; `conversation` is how the names of its turns begin."""
    mine = _r.conversation.startswith(conversation, autoescape=True), _r.status == APPROVED, _r.decided_at > since
    return [_kept(row) for row in connection.execute(select(reviews).where(*mine))]


def beside(connection: Connection, review: Kept) -> Sequence[Kept]:
    """What was asked for besides it while both waited, or it besides them; whatever became of them."""
    mine = (
        _r.business == review.business,
        _r.opened_at.between(review.opened_at - WITHIN_S, review.opened_at + WITHIN_S),
    )
    near = [_kept(row) for row in connection.execute(select(reviews).where(*mine))]
    return [
        one for one in near if one.id in review.content.get("beside", ()) or review.id in one.content.get("beside", ())
    ]


def by_id(connection: Connection, identity: str) -> Kept:
    """One review, whatever became of it. Raises `ReviewError`."""
    row = connection.execute(select(reviews).where(_r.id == identity)).first()
    if row is None:
        raise ReviewError(f"There is no review {identity[:64]}.")
    return _kept(row)


def listed(connection: Connection, *, everything: bool = False, most: int = MOST_LISTED) -> Sequence[Kept]:
    """Open ones, the one that is due first at the head; with `everything` also those decided, newest first."""
    asked = select(reviews).limit(most)
    asked = asked.order_by(_r.opened_at.desc()) if everything else asked.where(_r.status == OPEN).order_by(_r.due)
    return [_kept(row) for row in connection.execute(asked)]


def waiting(connection: Connection, after: tuple[float, str] | None, most: int) -> Sequence[Kept]:
    """Open ones, the one that is due first at the head; from behind the due time and the id of one on."""
    asked = select(reviews).where(_r.status == OPEN).order_by(_r.due, _r.id).limit(most)
    if after is not None:
        asked = asked.where(_r.due >= after[0], (_r.due > after[0]) | (_r.id > after[1]))
    return [_kept(row) for row in connection.execute(asked)]


def decided_lately(connection: Connection, most: int) -> Sequence[Kept]:
    """Those that are no longer open, the newest first."""
    asked = select(reviews).where(_r.status != OPEN).order_by(_r.opened_at.desc()).limit(most)
    return [_kept(row) for row in connection.execute(asked)]


def _closed(transaction: Transaction, review: Kept, status: str, *, by: str, note: str, now: float) -> Kept:
    values = {"status": status, "decided_at": now, "decided_by": by[:128], "note": redact(note)[:NOTE_CHARS]}
    change = update(reviews).where(_r.id == review.id, _r.status == OPEN).values(**values)
    if not transaction.connection.execute(change).rowcount:
        found = by_id(transaction.connection, review.id)
        whose = f" by {found.decided_by}" if found.decided_by else ""
        raise ReviewError(f"The review {review.id} was {found.status} already{whose}; that stays as it is.")
    resolved(transaction, PAGE, review.id, now=now, by=_ENDS.get(status, by))
    if status != OVERTAKEN:
        _put(transaction, DECIDED, review.id, now, now)
    record(
        transaction,
        f"review_{status}",
        business=review.business,
        subject=review.id,
        at=now,
        by=by[:128],
        note=values["note"],
    )
    return by_id(transaction.connection, review.id)


def _put(transaction: Transaction, kind: str, identity: str, due: float, now: float) -> None:
    transaction.topics.add("jobs")
    _job(transaction.connection, [(kind, identity, due, orjson.dumps({"review": identity}).decode(), now)])


def _kept(row: Any) -> Kept:
    values = dict(row._mapping)
    return Kept(content=orjson.loads(values.pop("proposal")), **values)

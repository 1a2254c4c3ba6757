"""Texts owed to customers, from the commit they are noted in to the end of each. Nothing here sends one.

A row only moves forward: what is known of a text is never forgotten for something that was known earlier.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.prepared import Prepared, PreparedUpdate
from app.db.schema import text_outbox
from app.jobs.outbox import Job, put
from app.promises.gsm import fitted

SEND = "send_text"
"""The kind of the job that sends one, and follows it until the carrier has it."""
CONFIRMATION, REMINDER_DAY, REMINDER_HOURS = "confirmation", "reminder_day", "reminder_hours"
NEWS, REPLY, NOTICE, REVIEWED = "news", "reply", "notice", "reviewed"
"""Kinds of texts. A notice answers what the customer said about being texted at all; `reviewed` says what a person
decided about what they asked for."""
PROACTIVE: Final = (REMINDER_DAY, REMINDER_HOURS)
"""What nobody waits for, so that it keeps quiet hours."""
PENDING, SENDING, UNKNOWN, ACCEPTED, SENT = "pending", "sending", "unknown", "accepted", "sent"
DELIVERED, UNDELIVERED, FAILED = "delivered", "undelivered", "failed"
REJECTED, WITHHELD, EXPIRED = "rejected", "withheld", "expired"
"""The carrier refused it; the customer wants none; it was of no use any more."""
OPEN: Final = (PENDING, SENDING, UNKNOWN)
"""States in which our own work on a text is not over."""
ENDED_BADLY: Final = (UNDELIVERED, FAILED, REJECTED, WITHHELD, EXPIRED)
GOOD_FOR_S: Final = 86_400.0
"""A text that says nothing else is of no use after a day."""

_insert = BulkInsert(text_outbox)
_x = text_outbox.c
_ABOUT = (_x.booking == bindparam("booking"), _x.revision == bindparam("revision"), _x.kind == bindparam("kind"))
_NOTED = Prepared(select(_x.id).where(*_ABOUT))
_STANDS = Prepared(select(text_outbox).where(*_ABOUT))
_BY_ID = Prepared(select(text_outbox).where(_x.id == bindparam("this")))
_CHANGE = PreparedUpdate(text_outbox, _x.id)


@dataclass(frozen=True, slots=True)
class Text:
    """One text. (`booking`, `revision`, `kind`) is one text for good; numbers are E.164.

    Replies belong to no booking: there `booking` stands for the turn of a conversation and `revision` for the place in
    it. `not_before` and `good_until` bound when it is sent, epoch seconds; 0: at once, and for a day.
    """

    business: str
    to_number: str
    from_number: str
    body: str
    kind: str
    booking: str
    revision: int
    channel: str = "sms"
    conversation: str = ""
    not_before: float = 0.0
    good_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Owed:
    """A text as it is kept. `sid` is the carrier's name for it, `code` its reason when something went wrong."""

    id: str
    business: str
    to_number: str
    from_number: str
    body: str
    kind: str
    booking: str
    revision: int
    state: str
    created_at: float
    channel: str
    conversation: str
    sid: str
    code: int
    attempts: int
    attempted_at: float
    not_before: float
    good_until: float
    changed_at: float

    @property
    def useless_after(self) -> float:
        """When it is of no use any more, epoch seconds."""
        return self.good_until or self.created_at + GOOD_FOR_S


def noted(transaction: Transaction, text: Text, *, now: float) -> bool:
    """Put a text into the outbox, to be sent; False when it is there already, whatever became of it.

    Here, where every text begins, its words become such as a carrier takes.
    """
    if is_noted(transaction.connection, text.booking, text.revision, text.kind):
        return False
    identity = uuid.uuid4().hex
    first = (identity, text.business, text.to_number, text.from_number, fitted(text.body), text.kind)
    second = (text.booking, text.revision, PENDING, now, text.channel, text.conversation)
    last = ("", 0, 0, 0.0, text.not_before, text.good_until, now)
    _insert(transaction.connection, [(*first, *second, *last)])
    put(transaction, sending(identity, max(now, text.not_before)), now=now)
    record(
        transaction,
        "text_noted",
        business=text.business,
        subject=text.booking,
        at=now,
        text=identity,
        about=text.kind,
        revision=text.revision,
    )
    return True


def is_noted(connection: Connection, booking: str, revision: int, kind: str) -> bool:
    """Whether there is such a text, whatever became of it."""
    return _NOTED(connection, booking=booking, revision=revision, kind=kind).first() is not None


def owed(transaction: Transaction, text: Text, *, now: float) -> Owed:
    """The one text about this: noted now, or whatever has become of it since it was."""
    noted(transaction, text, now=now)
    about = {"booking": text.booking, "revision": text.revision, "kind": text.kind}
    return _owed(_STANDS(transaction.connection, **about).one())


def made_news(transaction: Transaction, booking: str, revision: int) -> bool | None:
    """Have the confirmation of a booking count as the news of it; False when it failed, None when there is none."""
    about = (_x.booking == booking, _x.revision == revision, _x.kind == CONFIRMATION)
    state = transaction.connection.execute(select(_x.state).where(*about)).scalar()
    if state is None or state in ENDED_BADLY:
        return None if state is None else False
    transaction.connection.execute(update(text_outbox).where(*about).values(kind=NEWS))
    return True


def sending(identity: str, due: float, again: str = "") -> Job:
    """The job that sends a text. `again` sets it apart from one that was done, or lost, already."""
    return Job(SEND, f"{identity}{again}", due, {"text": identity})


def by_id(connection: Connection, identity: str) -> Owed | None:
    """The text with this id of ours."""
    row = _BY_ID(connection, this=identity).first()
    return None if row is None else _owed(row)


def by_sid(connection: Connection, sid: str) -> Owed | None:
    """The text that the carrier calls so."""
    row = connection.execute(select(text_outbox).where(_x.sid == sid)).first()
    return None if row is None else _owed(row)


def one_before(connection: Connection, text: Owed) -> Owed | None:
    """The first earlier text of the same conversation that is still on its way: words keep their order."""
    if not text.conversation:
        return None
    earlier = or_(_x.created_at < text.created_at, and_(_x.created_at == text.created_at, _x.revision < text.revision))
    asked = select(text_outbox).where(_x.conversation == text.conversation, _x.state.in_(OPEN), earlier)
    row = connection.execute(asked.order_by(_x.created_at, _x.revision).limit(1)).first()
    return None if row is None else _owed(row)


def known_sids(connection: Connection, sids: Sequence[str]) -> set[str]:
    """Those of the carrier's names that texts of ours have."""
    return set(connection.execute(select(_x.sid).where(_x.sid.in_(sids))).scalars())


def left_lying(connection: Connection, *, before: float, most: int) -> list[Owed]:
    """Texts our work on which is not over and on which nothing has happened since, oldest first."""
    asked = select(text_outbox).where(_x.state.in_(OPEN), _x.changed_at < before, _x.not_before < before)
    return [_owed(row) for row in connection.execute(asked.order_by(_x.created_at).limit(most))]


def waiting_for_carrier(connection: Connection, *, before: float) -> set[str]:
    """Businesses with a text that did not go when it was tried, or that could have gone by then."""
    ready = (_x.created_at < before, _x.not_before < before)
    asked = select(_x.business).where(_x.state.in_(OPEN), or_(_x.attempts > 0, and_(*ready))).distinct()
    return set(connection.execute(asked).scalars())


def moved(transaction: Transaction, text: Owed, state: str, *, now: float, **values: Any) -> None:
    """Note how far a text got."""
    _CHANGE(transaction.connection, text.id, state=state, changed_at=now, **values)
    if state not in OPEN:
        record(
            transaction,
            f"text_{state}",
            business=text.business,
            subject=text.booking,
            at=now,
            text=text.id,
            about=text.kind,
            **{name: values[name] for name in ("sid", "code") if values.get(name)},
        )


def _owed(row: Any) -> Owed:
    return Owed(**row._mapping)

"""Conversations and the texts in them, as rows: who has one in hand, what waits for an answer, and what was left."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Integer, bindparam, func, or_, select, update

from app.audit.log import record
from app.calls.texting import ReceivedText
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.prepared import Prepared, PreparedUpdate
from app.db.schema import conversations, texts_in
from app.log import masked_phone
from app.sms.turn import Conversation, Incoming

WAITING, DONE = "waiting", "done"
"""States of a text: an answer is owed; none is, any more or at all."""
MOST_LEFT: Final = 100

_insert_text = BulkInsert(texts_in, keep_first=True)
_insert_conversation = BulkInsert(conversations, keep_first=True)
_c, _t = conversations.c, texts_in.c
_THERE = Prepared(select(_t.id).where(_t.id == bindparam("text")))

_here = (_t.conversation == bindparam("conversation"), _t.state == WAITING)
_mine = (_c.id == bindparam("this"), _c.holder == bindparam("mine"))
_free = or_(_c.holder == "", _c.held_until <= bindparam("moment"))
_let_go = {"holder": "", "held_until": 0.0, "changed_at": bindparam("moment")}
_waiting_texts = select(texts_in).where(*_here).order_by(_t.received_at, _t.id).limit(bindparam("most", type_=Integer))
_WAITING_IN = Prepared(select(_t.conversation).where(_t.id == bindparam("text"), _t.state == WAITING))
_CAME = Prepared(
    select(_t.conversation, _t.received_at).where(_t.id == bindparam("text"), _t.state == WAITING, _t.turn == "")
)
_OF = Prepared(select(conversations).where(_c.id == bindparam("this")))
_HOLD = Prepared(
    update(conversations)
    .where(_c.id == bindparam("this"), _free)
    .values(holder=bindparam("by"), held_until=bindparam("until"))
)
_RELEASE = Prepared(update(conversations).where(*_mine).values(_let_go))
_LEAVE = Prepared(update(conversations).where(*_mine).values({**_let_go, "state": bindparam("left")}))
_BEGUN = Prepared(select(func.max(_t.turn)).where(*_here))
_ALL = Prepared(_waiting_texts)
_OF_TURN = Prepared(_waiting_texts.where(_t.turn == bindparam("begun")))
_CHANGE_TEXT = PreparedUpdate(texts_in, _t.id)
_SINCE = Prepared(
    select(func.count())
    .select_from(texts_in)
    .where(_t.conversation == bindparam("conversation"), _t.received_at > bindparam("moment"))
)


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation in the hands of `holder`."""

    conversation: Conversation
    holder: str


@dataclass(frozen=True, slots=True)
class Came:
    """A text that waits, since when in epoch seconds; its conversation, and all that waits there, if nobody has it."""

    at: float
    conversation: Conversation | None = None
    texts: Sequence[Incoming] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """A text that nobody has answered."""

    id: str
    business: str
    received_at: float


def short(*parts: str) -> str:
    """32 signs that stand for these parts."""
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def of(transaction: Transaction, business: str, text: ReceivedText, *, now: float) -> str:
    """The id of the conversation a text belongs to; it is begun if need be."""
    identity = short(business, text.customer, text.line, text.channel)
    row = (identity, business, text.customer, text.line, text.channel, "{}", "", 0.0, now)
    _insert_conversation(transaction.connection, [row])
    return identity


def kept(transaction: Transaction, business: str, conversation: str, text: ReceivedText, *, now: float) -> bool:
    """Keep a text as waiting; False when it is there already."""
    connection = transaction.connection
    if _THERE(connection, text=text.id).first() is not None:
        return False
    row = (text.id, business, conversation, text.body, text.media, text.form, WAITING, "", now, now)
    _insert_text(connection, [row])
    customer = masked_phone(text.customer)
    record(transaction, "text_received", business=business, subject=text.id, at=now, customer=customer)
    return True


def waiting_in(connection: Connection, text: str) -> str | None:
    """The conversation in which this text waits for an answer; None when it does not."""
    return _WAITING_IN(connection, text=text).scalar()


def came(connection: Connection, text: str, *, most: int, now: float) -> Came | None:
    """A text that waits and of which no turn was begun; None when there is none."""
    row = _CAME(connection, text=text).first()
    if row is None:
        return None
    its, begun = (
        _OF(connection, this=row.conversation).one(),
        _BEGUN(connection, conversation=row.conversation).scalar(),
    )
    if begun or (its.holder and its.held_until > now):
        return Came(row.received_at)
    waiting = list(_ALL(connection, conversation=row.conversation, most=most))
    return Came(row.received_at, _conversation(its), [_incoming(each) for each in waiting])


def hold(transaction: Transaction, identity: str, holder: str, *, now: float, until: float) -> Held | None:
    """Take a conversation in hand; None while somebody else has it."""
    if not _HOLD(transaction.connection, this=identity, moment=now, by=holder, until=until).rowcount:
        return None
    return Held(_conversation(_OF(transaction.connection, this=identity).one()), holder)


def is_there(connection: Connection, identity: str) -> bool:
    """Whether there is such a conversation."""
    return _OF(connection, this=identity).first() is not None


def hold_on(transaction: Transaction, held: Held, until: float) -> None:
    """Keep it in hand for longer, if it still is."""
    mine = (_c.id == held.conversation.id, _c.holder == held.holder)
    transaction.connection.execute(update(conversations).where(*mine).values(held_until=until))


def release(transaction: Transaction, held: Held, state: str | None, *, now: float) -> bool:
    """Let go of it, with the state it is left in (None: as it was); False when somebody else has it."""
    mine = {"this": held.conversation.id, "mine": held.holder, "moment": now}
    if state is None:
        return bool(_RELEASE(transaction.connection, **mine).rowcount)
    return bool(_LEAVE(transaction.connection, **mine, left=state).rowcount)


def begin_turn(transaction: Transaction, held: Held, *, most: int) -> Sequence[Incoming]:
    """The texts to answer now, oldest first: those of a turn that was begun and not finished, else all that wait."""
    connection = transaction.connection
    here = held.conversation.id
    begun = _BEGUN(connection, conversation=here).scalar() or ""
    rows = list((_OF_TURN if begun else _ALL)(connection, conversation=here, most=most, begun=begun))
    if not begun:
        for row in rows:
            _CHANGE_TEXT(connection, row.id, turn=rows[-1].id)
    return [_incoming(row) for row in rows]


def since(connection: Connection, conversation: str, moment: float) -> int:
    """How many texts came in here since a moment."""
    return int(_SINCE(connection, conversation=conversation, moment=moment).scalar_one())


def done_with(transaction: Transaction, texts: Sequence[str], *, now: float) -> None:
    """No answer is owed to these texts any more."""
    for text in texts:
        _CHANGE_TEXT(transaction.connection, text, state=DONE, changed_at=now)


def left_waiting(connection: Connection, *, before: float) -> list[Left]:
    """Texts that wait since before a moment, oldest first."""
    asked = select(_t.id, _t.business, _t.received_at).where(_t.state == WAITING, _t.received_at < before)
    return [Left(*row) for row in connection.execute(asked.order_by(_t.received_at).limit(MOST_LEFT))]


def words_of(connection: Connection, conversation: str, turn: str) -> str:
    """What the customer wrote in a turn that `short` names, oldest first; empty when that is not known any more."""
    asked = select(_t.turn, _t.body).where(_t.conversation == conversation, _t.turn != "")
    rows = connection.execute(asked.order_by(_t.received_at.desc(), _t.id.desc()).limit(MOST_LEFT)).all()
    return "\n".join(row.body for row in reversed(rows) if short(row.turn) == turn)


def known(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these texts that were kept."""
    return set(connection.execute(select(_t.id).where(_t.id.in_(ids))).scalars())


def lines_by(connection: Connection, channel: str) -> set[str]:
    """The numbers of ours to which somebody has written by this channel."""
    return set(connection.execute(select(_c.line).where(_c.channel == channel).distinct()).scalars())


def newest(connection: Connection) -> float:
    """When the newest text came in; 0 when none ever did."""
    return connection.execute(select(func.max(_t.received_at))).scalar() or 0.0


def _conversation(row: Any) -> Conversation:
    return Conversation(row.id, row.business, row.customer, row.line, orjson.loads(row.state), row.channel)


def _incoming(row: Any) -> Incoming:
    return Incoming(row.id, row.body, row.received_at, row.media)

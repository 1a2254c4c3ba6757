"""What was asked and answered before: the same request, under its old id or a new one, gets the first outcome."""

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, and_, bindparam, or_, select, text, update

from app.calls.lines import TEXTS
from app.calls.model import ToolCall, ToolResult
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.prepared import Prepared
from app.db.schema import tool_calls
from app.errors import Code

MAX_LOADED = 10_000

_insert = BulkInsert(tool_calls)
_keep = BulkInsert(tool_calls, keep_first=True)
_SEEN = Prepared(
    select(tool_calls)
    .where(
        or_(
            tool_calls.c.key == bindparam("this"),
            and_(tool_calls.c.request == bindparam("request"), tool_calls.c.started_at > bindparam("since")),
        )
    )
    .order_by(tool_calls.c.started_at.desc())
)
"""This delivery, and the same request under other ids since then, newest first."""
_SEEN_OF_MANY = Prepared(
    text(
        "SELECT * FROM tool_calls WHERE key = ANY(CAST(:keys AS text[]))"
        " OR (request = ANY(CAST(:requests AS text[])) AND started_at > :since) ORDER BY started_at DESC"
    )
)
"""As `_SEEN`, on PostgreSQL, for many at once and since the earliest of them."""
_this = update(tool_calls).where(tool_calls.c.key == bindparam("this"))
_ANSWER = Prepared(select(tool_calls.c.result).where(tool_calls.c.key == bindparam("this")))
_FINISH = Prepared(_this.values(result=bindparam("answer")))
_FINISH_OPEN = Prepared(_this.values(result=bindparam("answer"), request=None))
_FINISH_MANY = Prepared(
    text(
        "UPDATE tool_calls SET result = done.result, request = CASE WHEN done.open THEN NULL ELSE request END"
        " FROM json_to_recordset(CAST(:done AS json)) AS done(this text, result text, open boolean)"
        " WHERE tool_calls.key = done.this"
    )
)
"""As the two above, on PostgreSQL, for many at once."""


@dataclass(frozen=True, slots=True)
class Begun:
    """This request is ours to carry out; `key` is where its result belongs."""

    key: str


@dataclass(frozen=True, slots=True)
class Answered:
    """It was carried out before, with this result."""

    result: ToolResult


@dataclass(frozen=True, slots=True)
class Under:
    """Somebody is carrying it out right now."""

    key: str
    owner: str
    started_at: float


Begin = Begun | Answered | Under


@dataclass(frozen=True, slots=True)
class Request:
    """A state-changing request. `key` names one delivery (None without an id), `request` what it is about."""

    key: str | None
    request: str
    owner: str
    business: str
    name: str
    at: float
    repeat_since: float


class Kept(NamedTuple):
    """The answer of a lookup, under the key of its delivery."""

    key: str
    business: str
    name: str
    result: ToolResult
    at: float


def always(_: Connection, __: ToolResult) -> bool:
    """An outcome that nothing can make untrue."""
    return True


def delivery_key(call: ToolCall, business: str, occurrence: int = 0, *, changes: bool) -> str | None:
    """The key of one delivery: platform, call and tool-call id, at one business: what a caller of one was told must
    never reach another's, should both count their calls from 1. None when there is no id to go by.

    `occurrence` tells apart different calls that a platform put under one id into one message. Where a model counts its
    calls from 0 in each of its turns, the tool tells them apart, and of what is only looked up what was asked: times
    that were found are no answer to who wants one of them or asks of another day. A change asked for again under its id
    is the same one whatever its arguments; of a text, whatever it is: we number them. Without a call id the tool-call
    id alone is too short to trust, so who asks, and what, become part of the key.
    """
    if call.tool_call_id is None:
        return None
    parts: list[Any] = [call.ref.platform, business, call.ref.call_id, call.tool_call_id, occurrence]
    if call.ref.call_id is None:
        parts += [call.ref.caller, call.name, canonical(call.arguments)]
    if not changes:
        parts += ["lookup", call.name, canonical(call.arguments)]
    elif call.ref.platform != TEXTS:
        parts.append(call.name)
    return _digest(parts)


def request_key(call: ToolCall, business: str, name: str, identity: Any) -> str:
    """The key of what a state-changing request is about, within its call; without one, within its caller's.

    Where the platform signals neither, no two requests are known to be one person's.
    """
    whose = call.ref.call_id or call.ref.caller or uuid.uuid4().hex
    return _digest([call.ref.platform, whose, business, name, canonical(identity)])


Stands = Callable[[Connection, ToolResult], bool]
Wanted = tuple[Request, Stands]


class _Row(NamedTuple):
    """What there is to know of a request that was begun or answered before."""

    key: str
    request: str | None
    owner: str
    result: str | None
    started_at: float


def begin(transaction: Transaction, request: Request, stands: Stands = always) -> Begin:
    """Claim a request, or find who has it. Transactions are ordered, so exactly one of any number begins.

    An outcome that no longer `stands` answers only its own delivery again: a new request is carried out.
    """
    return begin_each(transaction, [(request, stands)])[0]


def begin_each(transaction: Transaction, wanted: Sequence[Wanted]) -> list[Begin]:
    """As `begin`, for one request after the other; a server is asked once for all."""
    connection = transaction.connection
    begun: list[Begin] = []
    if len(wanted) == 1 or connection.dialect.name != "postgresql":
        for request, stands in wanted:
            key = request.key or uuid.uuid4().hex
            seen = _SEEN(connection, this=key, request=request.request, since=request.repeat_since).all()
            found, rows = _decided(connection, key, request, stands, seen)
            _insert(connection, rows)
            begun.append(found)
        return begun
    keys = [request.key or uuid.uuid4().hex for request, _ in wanted]
    requests, since = [request.request for request, _ in wanted], min(request.repeat_since for request, _ in wanted)
    before, new = _SEEN_OF_MANY(connection, keys=keys, requests=requests, since=since).all(), []
    here: list[_Row] = []
    for key, (request, stands) in zip(keys, wanted, strict=True):
        seen = [row for row in (*reversed(here), *before) if _is_seen_by(row, key, request)]
        found, rows = _decided(connection, key, request, stands, seen)
        here += [_Row(row[0], row[1], row[2], row[5], row[6]) for row in rows]
        new += rows
        begun.append(found)
    _insert(connection, new)
    return begun


def _is_seen_by(row: Any, key: str, request: Request) -> bool:
    again = row.request == request.request and row.started_at > request.repeat_since
    return bool(row.key == key or again)


def _decided(
    connection: Connection, key: str, request: Request, stands: Stands, seen: Sequence[Any]
) -> tuple[Begin, list[tuple[Any, ...]]]:
    """What `seen`, newest first, says of a request, and what is to be kept of it."""

    def row(about: str | None, result: str | None) -> list[tuple[Any, ...]]:
        return [(key, about, request.owner, request.business, request.name, result, request.at)]

    before = next((row for row in seen if row.key == key), None)
    if before is not None:
        return _found(before), []
    repeat = _found(seen[0]) if seen else None
    if isinstance(repeat, Answered) and not stands(connection, repeat.result):
        repeat = None
    if isinstance(repeat, Answered):
        # The new id is answered for good as well; the window stays where the first request opened it.
        return repeat, row(None, dumped(repeat.result))
    return (repeat, []) if repeat is not None else (Begun(key), row(request.request, None))


def take_over(transaction: Transaction, under: Under, owner: str, at: float) -> bool:
    """Take a request from a process that has not been heard of; True for exactly one taker."""
    taken = transaction.connection.execute(
        update(tool_calls)
        .where(tool_calls.c.key == under.key, tool_calls.c.owner == under.owner, tool_calls.c.result.is_(None))
        .values(owner=owner, started_at=at)
    )
    return taken.rowcount == 1


def finish(transaction: Transaction, results: Sequence[tuple[str, ToolResult, bool]]) -> None:
    """Keep results by key. One that is `repeatable` (the last) is not pinned: it may be tried again under a new id."""
    connection = transaction.connection
    if len(results) == 1 or connection.dialect.name != "postgresql":
        for key, result, repeatable in results:
            (_FINISH_OPEN if repeatable else _FINISH)(connection, this=key, answer=dumped(result))
        return
    done = [{"this": key, "result": dumped(result), "open": again} for key, result, again in results]
    _FINISH_MANY(connection, done=orjson.dumps(done).decode())


def keep(transaction: Transaction, answers: Sequence[Kept]) -> int:
    """Keep answers of lookups; one that is there already stays. How many were new."""
    rows = [(a.key, None, "", a.business, a.name, dumped(a.result), a.at) for a in answers]
    return _keep(transaction.connection, rows)


def answered(connection: Connection, key: str) -> ToolResult | None:
    """The stored answer of one delivery, if there is one yet."""
    stored = _ANSWER(connection, this=key).scalar()
    return loaded(stored) if stored else None


def recent(connection: Connection, since: float) -> list[tuple[str, ToolResult]]:
    """Answers given since `since`, oldest first."""
    found = connection.execute(
        select(tool_calls.c.key, tool_calls.c.result)
        .where(tool_calls.c.started_at > since, tool_calls.c.result.is_not(None))
        .order_by(tool_calls.c.started_at.desc())
        .limit(MAX_LOADED)
    ).fetchall()
    return [(row.key, loaded(row.result)) for row in reversed(found)]


def dumped(result: ToolResult) -> str:
    """A result as it is stored."""
    return result.as_json().decode()


def loaded(stored: str | bytes) -> ToolResult:
    """A stored result, as it was."""
    facts = orjson.loads(stored)
    ok, say, code = facts.pop("ok"), facts.pop("say"), facts.pop("code", None)
    return ToolResult(ok, say, Code(code) if code else None, facts)


def _found(row: Any) -> Answered | Under:
    if row.result is not None:
        return Answered(loaded(row.result))
    return Under(row.key, row.owner, row.started_at)


def canonical(value: Any) -> str:
    """A value as text, the same for the same value however it was put together. Never raises for what JSON holds."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str).decode()
    except TypeError:  # a number past 64 bits, half a character, lists within lists: the slower writer knows how
        pass
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except RecursionError:
        return uuid.uuid4().hex  # deeper than any tool takes: like nothing else


def occurrences(calls: Sequence[ToolCall]) -> list[int]:
    """How many different calls before each one share its id: 0 for the first, and for its exact repeats."""
    kinds: dict[str | None, dict[str, int]] = {}
    found = []
    for call in calls:
        same_id = kinds.setdefault(call.tool_call_id, {})
        found.append(same_id.setdefault(canonical([call.name, call.arguments]), len(same_id)))
    return found


def _digest(parts: list[Any]) -> str:
    return hashlib.blake2b(orjson.dumps(parts), digest_size=24).hexdigest()

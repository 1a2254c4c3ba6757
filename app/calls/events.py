"""What a platform reports about a call, stored once per call and kind in whichever order it comes.

What it says of a transfer is taken in by the same commit, so that no report is kept whose failure nobody hears of.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, and_, insert, select

from app import log
from app.audit.log import record
from app.booking.business import Businesses
from app.calls.model import CallRef
from app.clock import Clock
from app.db.behind import Behind
from app.db.engine import Database, DatabaseRefusedError, Transaction
from app.db.schema import call_events
from app.errors import ReadbackError
from app.jobs.dead_letters import Letter, given_up
from app.promises.transfers import Report, reported
from app.watch.alarms import Alarms
from app.watch.calm import Calm

MAX_KIND_CHARS = 64
UNREAD: Final = "call_report"
"""The kind of a report that says of no call, of its dead letter, and of the job that reads it again."""
MOST_WAITING: Final = 500
"""Reports that wait for a database that is away. Most are small; one of a long call's end has a hundred kilobytes."""
MOST_WAITING_BYTES: Final = 64_000_000
"""Of all of them together."""
CARRY_WORK: Final = frozenset({"end-of-call-report", "transfer-update"})
"""Kinds of reports after which something is to be done."""
logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One report. `kind` is `status-update`, `transfer-update` or `end-of-call-report`; `body` carries no secret.

    `put_through` says that the call is being connected to somebody outside, `destination` to whom if it is named.
    """

    ref: CallRef
    kind: str
    status: str | None
    ended_reason: str | None
    body: Mapping[str, Any]
    put_through: bool = False
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class _Late:
    """A report that waits: without its body as it was read, which takes several times the room."""

    event: CallEvent
    body: bytes
    at: float


class CallEvents:
    """Stores reports. A platform does not send one twice on purpose, so what is lost rings; but of what waited in a
    process that is killed nobody knows.
    """

    def __init__(self, database: Database, businesses: Businesses, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._businesses = businesses
        self._alarms = alarms
        self._clock = clock
        self._calm = Calm(clock.monotonic())
        self._waiting: Behind[_Late] = Behind(database, self._all_taken_in, self._never_taken, lasting=True)

    async def store(self, event: CallEvent) -> None:
        """Keep one report, the first of its kind for its call. Never raises: the platform needs its acknowledgement.

        One that the database does not take now waits for it, in memory.
        """
        if event.ref.call_id is None and event.kind not in CARRY_WORK:
            return
        try:
            await self._database.write(lambda t: self.taken_in(t, event))
        except DatabaseRefusedError as error:
            self._given_up(event, error)
            return
        except ReadbackError as error:
            self._wait(event, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, the platform needs its acknowledgement
            self._given_up(event, error)
            return
        if self._calm.is_over(self._clock.monotonic()):
            self._alarms.clear("call_event_lost", "events")

    async def stop(self) -> None:
        """Store what waits; what the database does not take now is lost, and pages."""
        await self._waiting.stop()

    def _wait(self, event: CallEvent, error: ReadbackError) -> None:
        try:
            body = _written(event.body).encode()
        except Exception as unwritable:  # noqa: BLE001 - as where it is stored
            self._given_up(event, unwritable)
            return
        waiting = self._waiting.unwritten()
        if len(waiting) >= MOST_WAITING or len(body) + sum(len(one.body) for one in waiting) > MOST_WAITING_BYTES:
            self._given_up(event, error)
            return
        logger.warning("call_event_waits", kind=event.kind, error=str(error))
        self._waiting.add(_Late(replace(event, body={}), body, self._clock.now()))

    def _all_taken_in(self, transaction: Transaction, waited: Sequence[_Late]) -> None:
        for late in waited:
            self._take_in(transaction, late.event, late.body.decode(), late.at)

    def _given_up(self, event: CallEvent, error: Exception) -> None:
        logger.error("call_event_lost", kind=event.kind, exc_info=error)
        self._lost(1)

    def _never_taken(self, count: int) -> None:
        logger.error("call_events_lost", reports=count)
        self._lost(count)

    def _lost(self, count: int) -> None:
        self._calm.trouble(self._clock.monotonic())
        self._alarms.ring(
            "call_event_lost",
            "events",
            "Reports about calls cannot be stored",
            f"{count} or more could not be. The calls themselves are not affected; what became of their transfers, and "
            "what was said in them, is not known here.",
        )

    def taken_in(self, transaction: Transaction, event: CallEvent) -> None:
        """Store it, and follow the call's transfer. A report that was stored before may be about a later transfer.

        One about no call that carries work is put aside, with its dead letter.
        """
        self._take_in(transaction, event, _written(event.body), self._clock.now())

    def _take_in(self, transaction: Transaction, event: CallEvent, body: str, at: float) -> None:
        """`at`: when it came."""
        now, business = self._clock.now(), self._businesses.find(event.ref.lines, event.ref.assistant)
        if event.ref.call_id is None:
            _put_aside(transaction, event, body, business.id if business else "", now)
            return
        _stored(transaction, event, body, at, now)
        if not event.put_through and not event.ended_reason:
            return
        report = Report(
            call_key=event.ref.key,
            business=business.id if business else "",
            caller=event.ref.caller or "",
            put_through=event.put_through,
            destination=event.destination or "",
            reason=(event.ended_reason or "").replace("\0", ""),
        )
        reported(transaction, report, now=now)


def _stored(transaction: Transaction, event: CallEvent, body: str, at: float, now: float) -> bool:
    kind = f"{event.kind}:{event.status}" if event.kind == "status-update" and event.status else event.kind
    kind = kind.replace("\0", "")[:MAX_KIND_CHARS]
    key = {"platform": event.ref.platform, "call_id": event.ref.stored_id, "kind": kind}
    there = select(call_events.c.at).where(*(call_events.c[name] == value for name, value in key.items()))
    if transaction.connection.execute(there).first() is not None:
        return False
    ended_reason = event.ended_reason.replace("\0", "") if event.ended_reason else event.ended_reason
    transaction.connection.execute(insert(call_events).values(**key, ended_reason=ended_reason, body=body, at=at))
    record(
        transaction,
        "call_reported",
        subject=event.ref.stored_id,
        at=now,
        platform=event.ref.platform,
        report=kind,
        ended_reason=ended_reason,
    )
    return True


def unread(platform: str, key: str) -> ColumnElement[bool]:
    """The row of a report that was put aside."""
    e = call_events.c
    return and_(e.platform == platform, e.call_id == key, e.kind == UNREAD)


def _put_aside(transaction: Transaction, event: CallEvent, body: str, business: str, now: float) -> None:
    """Keep its body once, under a kind of its own, so that nobody takes it for the report of a call."""
    platform = event.ref.platform
    key = hashlib.sha256(body.encode()).hexdigest()[:32]
    if transaction.connection.execute(select(call_events.c.at).where(unread(platform, key))).first() is None:
        row = {"platform": platform, "call_id": key, "kind": UNREAD, "ended_reason": None, "body": body, "at": now}
        transaction.connection.execute(insert(call_events).values(**row))
    cause = f"a {event.kind} of {platform} says of no call, so that nobody knows whose it is"
    given_up(transaction, Letter(UNREAD, key, business, cause, {"platform": platform, "report": key}), now=now)


def _written(body: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(body, default=str).decode()
    except TypeError:  # a number past 64 bits, half a character: the slower writer knows how
        return json.dumps(body, default=str)

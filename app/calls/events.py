"""What a platform reports about a call, stored once per call and kind in whichever order it comes.

What it says of a transfer is taken in by the same commit, so that no report is kept whose failure nobody hears of.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import insert, select

from app import log
from app.audit.log import record
from app.booking.business import Businesses
from app.calls.model import CallRef
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import call_events
from app.promises.transfers import Report, reported
from app.watch.alarms import Alarms

MAX_KIND_CHARS = 64
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


class CallEvents:
    """Stores reports. A platform does not send one twice on purpose, so nothing is lost silently: a failure rings."""

    def __init__(self, database: Database, businesses: Businesses, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._businesses = businesses
        self._alarms = alarms
        self._clock = clock

    async def store(self, event: CallEvent) -> None:
        """Keep one report, the first of its kind for its call. Never raises: the platform needs its acknowledgement."""
        if event.ref.call_id is None:
            return
        now = self._clock.now()
        try:
            await self._database.write(lambda t: self._taken_in(t, event, now))
        except Exception as error:
            logger.error("call_event_lost", kind=event.kind, exc_info=error)
            self._alarms.ring(
                "call_event_lost",
                "events",
                "Reports about calls cannot be stored",
                f"A {event.kind} could not be stored ({type(error).__name__}). The call itself is not affected.",
            )
            return
        self._alarms.clear("call_event_lost", "events")

    def _taken_in(self, transaction: Transaction, event: CallEvent, now: float) -> None:
        """Store it, and follow the call's transfer. A report that was stored before may be about a later transfer."""
        _stored(transaction, event, now)
        if not event.put_through and not event.ended_reason:
            return
        business = self._businesses.find(event.ref.lines, event.ref.assistant)
        report = Report(
            call_key=event.ref.key,
            business=business.id if business else "",
            caller=event.ref.caller or "",
            put_through=event.put_through,
            destination=event.destination or "",
            reason=(event.ended_reason or "").replace("\0", ""),
        )
        reported(transaction, report, now=now)


def _stored(transaction: Transaction, event: CallEvent, now: float) -> bool:
    kind = f"{event.kind}:{event.status}" if event.kind == "status-update" and event.status else event.kind
    kind = kind.replace("\0", "")[:MAX_KIND_CHARS]
    key = {"platform": event.ref.platform, "call_id": event.ref.stored_id, "kind": kind}
    there = select(call_events.c.at).where(*(call_events.c[name] == value for name, value in key.items()))
    if transaction.connection.execute(there).first() is not None:
        return False
    body = _written(event.body)
    ended_reason = event.ended_reason.replace("\0", "") if event.ended_reason else event.ended_reason
    transaction.connection.execute(insert(call_events).values(**key, ended_reason=ended_reason, body=body, at=now))
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


def _written(body: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(body, default=str).decode()
    except TypeError:  # a number past 64 bits, half a character: the slower writer knows how
        return json.dumps(body, default=str)

"""Transfers to a person, each followed to its end: one that failed, or of which nobody knows, is an urgent callback.

Every step is one transaction, and every report may come twice and in any order. However many say that a transfer
failed, there is one task.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.audit.log import record
from app.db.engine import Transaction
from app.db.schema import transfers
from app.jobs.outbox import Data, Job, put
from app.log import masked_phone
from app.promises.fates import Fate, fate, is_failed_transfer, is_proof, weightier
from app.promises.references import digest, reference
from app.review.tasks import MOST_DETAILS_CHARS, Kept, Task, added, by_key, closed, opened

KIND = "transfer_failed"
FATE = "transfer_fate"
"""The kind of the job that looks whether anything was heard of a transfer."""
NO_WORD_S = 120.0
"""After which a transfer that nothing was heard of counts as failed."""
NO_END_S = 900.0
"""The same for one that is under way, and whose end was never reported."""
URGENT_S = 600.0
"""Within which somebody calls back a caller whose transfer failed."""
SAME_ATTEMPT_S = 30.0
"""Within which being asked again is the same request once more."""
REPORT = "the platform's report"
"""Who closes a task about a transfer that turned out well."""
REASON_CHARS = 128
UNKNOWN = "has no known outcome"

_t = transfers.c


@dataclass(frozen=True, slots=True)
class Asked:
    """A caller wants a person. `numbers` in the order they are to be tried; `details` is the caller's reason, private.

    `followed`: the platform will report what became of it.
    """

    call_key: str
    business: str
    caller: str
    numbers: Sequence[str]
    details: str = ""
    followed: bool = True


@dataclass(frozen=True, slots=True)
class Transfer:
    """One attempt. `state` is asked, put_through, connected, failed, unheard, superseded or handed_over."""

    call_key: str
    attempt: int
    business: str
    destination: str
    caller: str
    state: str
    put_through: bool
    reason: str
    details: str
    asked_at: float
    changed_at: float

    @property
    def name(self) -> str:
        """What its tasks and jobs are named by."""
        return digest(self.call_key, self.attempt)


@dataclass(frozen=True, slots=True)
class Trying:
    """The attempt to make now. `again`: it was asked for a moment ago, and is under way already."""

    transfer: Transfer
    again: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a platform says about a call: that it is forwarding it, to whom, or why it ended. Empty: not said."""

    call_key: str
    business: str
    caller: str
    put_through: bool
    destination: str
    reason: str


def begun(transaction: Transaction, asked: Asked, *, now: float) -> Trying | None:
    """The transfer to try now; None when everybody who is there was tried in this call, and is given up on."""
    before = of_call(transaction.connection, asked.call_key)
    last = before[-1] if before else None
    if last is not None:
        last = _also_about(transaction, last, asked.details)
        asked = replace(asked, details=last.details)
    if last is not None and last.state in ("asked", "handed_over") and now - last.asked_at <= SAME_ATTEMPT_S:
        return Trying(last, again=True)
    tried = {attempt.destination for attempt in before if attempt.state != "connected"}
    left = [number for number in asked.numbers if number not in tried]
    if not left:
        if last is not None:
            _given_up(transaction, last, UNKNOWN, now)
        return None
    if last is not None and last.state in ("asked", "put_through"):
        _moved(transaction, last, "superseded", now)
    state = "asked" if asked.followed else "handed_over"
    return Trying(_stored(transaction, _attempt(asked, len(before) + 1, left[0], state, now), now))


def not_taken(transaction: Transaction, transfer: Transfer, *, now: float) -> None:
    """The platform did not take the order to transfer, as far as we know: the caller is called back."""
    found = of_call(transaction.connection, transfer.call_key)
    current = next(one for one in found if one.attempt == transfer.attempt)
    if current.state == "asked":
        _given_up(transaction, current, "is not known to have come about", now)


def reported(transaction: Transaction, report: Report, *, now: float) -> None:
    """Take in one report. It may come again, late, or before one that was sent earlier."""
    transfer = _meant(transaction, report, now)
    if transfer is None:
        return
    reason = weightier(transfer.reason, report.reason[:REASON_CHARS])
    put_through = transfer.put_through or report.put_through
    known = replace(transfer, put_through=put_through, reason=reason)
    state = _state_after(transfer.state, known)
    if (state, put_through, reason) == (transfer.state, transfer.put_through, transfer.reason):
        return
    moved = _moved(transaction, known, state, now)
    if state == "connected" and is_proof(reason):
        _close_tasks(transaction, moved, now)
    elif state == transfer.state:
        return
    elif state == "failed":
        _made_up_for(transaction, moved, now)
    elif state == "unheard":
        _open_task(transaction, _task(moved, now, UNKNOWN), moved, now)


def looked_at(transaction: Transaction, call_key: str, attempt: int, *, now: float) -> float:
    """Give up on a transfer that nothing was heard of for too long; in how many seconds to look again, 0 for never."""
    found = [one for one in of_call(transaction.connection, call_key) if one.attempt == attempt]
    if not found or found[0].state not in ("asked", "put_through"):
        return 0.0
    transfer = found[0]
    until = transfer.asked_at + (NO_END_S if transfer.state == "put_through" else NO_WORD_S)
    if now < until:
        return until - now
    why = "ended before it was put through" if transfer.reason else UNKNOWN
    _given_up(transaction, transfer, why, now)
    return 0.0


def owed(connection: Connection, call_key: str) -> float | None:
    """When a caller whose transfer failed is called back, if that is still to be done: epoch seconds."""
    task = _owed(connection, call_key)
    return None if task is None else task.due


def _owed(connection: Connection, call_key: str) -> Kept | None:
    for transfer in reversed(of_call(connection, call_key)):
        for key in _task_keys(transfer):
            task = by_key(connection, key)
            if task is not None and task.status == "open":
                return task
    return None


def of_call(connection: Connection, call_key: str) -> Sequence[Transfer]:
    """Every attempt of a call, the first one first."""
    rows = connection.execute(select(transfers).where(_t.call_key == call_key).order_by(_t.attempt))
    return [Transfer(**row._mapping) for row in rows]


def _also_about(transaction: Transaction, last: Transfer, words: str) -> Transfer:
    """What a caller gives as a reason when they ask once more is no less a reason, also where the task is there."""
    task = _owed(transaction.connection, last.call_key)
    if task is not None:
        added(transaction, task, words)
    if words in last.details or len(last.details) >= MOST_DETAILS_CHARS:
        return last
    details = f"{last.details}\n{words}".strip()
    this = (_t.call_key == last.call_key, _t.attempt == last.attempt)
    transaction.connection.execute(update(transfers).where(*this).values(details=details))
    return replace(last, details=details)


def _attempt(asked: Asked, number: int, destination: str, state: str, now: float) -> Transfer:
    return Transfer(
        call_key=asked.call_key,
        attempt=number,
        business=asked.business,
        destination=destination,
        caller=asked.caller,
        state=state,
        put_through=False,
        reason="",
        details=asked.details,
        asked_at=now,
        changed_at=now,
    )


def _stored(transaction: Transaction, transfer: Transfer, now: float) -> Transfer:
    """Keep it, with the job that looks after it when no word comes."""
    transaction.connection.execute(insert(transfers).values(**_columns(transfer)))
    if transfer.state != "handed_over":
        about: Data = {"call": transfer.call_key, "attempt": transfer.attempt}
        put(transaction, Job(FATE, transfer.name, now + NO_WORD_S, about), now=now)
    _record(transaction, transfer, now)
    return transfer


def _meant(transaction: Transaction, report: Report, now: float) -> Transfer | None:
    """Which attempt a report is about; a transfer that nobody asked us about is followed from its first report on."""
    attempts = of_call(transaction.connection, report.call_key)
    same = [one for one in attempts if one.destination == report.destination]
    if attempts and (same or not report.destination or not report.put_through):
        return same[-1] if same else attempts[-1]
    if not report.put_through and not is_failed_transfer(report.reason):
        return None
    asked = Asked(report.call_key, report.business, report.caller, ())
    for last in attempts[-1:]:
        if last.state in ("asked", "put_through"):
            _moved(transaction, last, "superseded", now)
    return _stored(transaction, _attempt(asked, len(attempts) + 1, report.destination, "asked", now), now)


def _state_after(before: str, known: Transfer) -> str:
    """What failed stays failed, and who was given up on is given up: only proof of a connection takes that back."""
    if before in ("failed", "superseded", "handed_over"):
        return before
    now_known = fate(known.put_through, known.reason)
    if before == "unheard" and now_known is Fate.CONNECTED and not is_proof(known.reason):
        return before
    if now_known is not Fate.OPEN:
        return now_known.value
    return "put_through" if known.put_through and before == "asked" else before


def _made_up_for(transaction: Transaction, transfer: Transfer, now: float) -> None:
    """Have the caller called back, unless somebody was told to when nothing was known."""
    before = by_key(transaction.connection, _task_keys(transfer)[1])
    if before is None or (before.status == "done" and before.closed_by == REPORT):
        _open_task(transaction, _task(transfer, now, "failed"), transfer, now)


def _given_up(transaction: Transaction, transfer: Transfer, why: str, now: float) -> None:
    """Nobody knows how it went, so the caller is called back."""
    if transfer.state in ("asked", "put_through"):
        moved = _moved(transaction, transfer, "unheard", now)
        _open_task(transaction, _task(moved, now, why), moved, now)


def _open_task(transaction: Transaction, task: Task, transfer: Transfer, now: float) -> None:
    """One at a time for each call: nobody is to be called back twice for two numbers that did not answer."""
    if owed(transaction.connection, transfer.call_key) is None:
        opened(transaction, task, now=now)


def _close_tasks(transaction: Transaction, transfer: Transfer, now: float) -> None:
    """The caller has spoken to somebody: whatever was to be made up for in this call is."""
    for attempt in of_call(transaction.connection, transfer.call_key):
        for key in _task_keys(attempt):
            closed(transaction, key, by=REPORT, now=now)


def _task(transfer: Transfer, now: float, fate_in_words: str) -> Task:
    certain, unheard = _task_keys(transfer)
    whom = "Call the caller back now." if transfer.caller else "No number was signalled: look for it in the call."
    return Task(
        key=certain if transfer.state == "failed" else unheard,
        kind=KIND,
        business=transfer.business,
        subject=reference("T", transfer.name),
        what=f"A transfer to a person {fate_in_words}. {whom}",
        due=now + URGENT_S,
        phone=transfer.caller,
        details=transfer.details,
        urgent=True,
    )


def _task_keys(transfer: Transfer) -> tuple[str, str]:
    """For one that failed, and for one that nothing is known of."""
    return f"transfer:{transfer.name}", f"transfer:{transfer.name}:unheard"


def _moved(transaction: Transaction, transfer: Transfer, state: str, now: float) -> Transfer:
    moved = replace(transfer, state=state, changed_at=now)
    transaction.connection.execute(
        update(transfers)
        .where(_t.call_key == transfer.call_key, _t.attempt == transfer.attempt)
        .values(state=state, put_through=moved.put_through, reason=moved.reason, changed_at=now)
    )
    _record(transaction, moved, now)
    return moved


def _record(transaction: Transaction, transfer: Transfer, now: float) -> None:
    record(
        transaction,
        f"transfer_{transfer.state}",
        business=transfer.business,
        subject=transfer.call_key.partition(":")[2],
        at=now,
        attempt=transfer.attempt,
        destination=masked_phone(transfer.destination),
        reason=transfer.reason,
    )


def _columns(transfer: Transfer) -> dict[str, Any]:
    return {column.name: getattr(transfer, column.name) for column in transfers.columns}

"""Things a person has promised to do, or has to: opened and closed in the same commit as what they are about.

Whoever opens one, it is followed: the job that pages before it is late is noted in the same commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, select, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import job_outbox, tasks
from app.watch.pages import SUPERSEDED, Page, is_raised, newest, raised, resolved, reworded, superseded

FOLLOW_UP = "task_due"
"""The kind of the job that follows a task until it is done."""
DUE_SOON, LATE = "task_due_soon", "task_late"
"""The pages about a task that nobody has done yet."""
OURSELVES = "readback"
"""Closes a task that is needless now."""
WARN_SHARE = 0.25
WARN_AT_LEAST_S = 300.0
WARN_AT_MOST_S = 1_800.0
"""A person is paged when a quarter of the time is left: five minutes ahead at least, and never so long ahead that it
is night where the time is a morning's."""
MAX_LISTED = 500
MOST_DETAILS_CHARS = 4_000
"""From where on a task takes no more words."""
_LAST, _SINCE = " Last seen: ", " Since then: "

_insert = BulkInsert(tasks)
# What `jobs.outbox.put` would write, from below it: no room above may forget to have its tasks followed.
_follow = BulkInsert(job_outbox, keep_first=True)
_t = tasks.c


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `key` names it for good: the same key is the same task, and a closed one is not opened again.

    `kind` comes from a closed set (`callback`, `transfer_failed`, `tell_customer`, those of texting). `subject` is the
    reference it is about. `what` says in one sentence what to do, without personal data; whom to call is `phone`, and
    what they said `details`, which no log, page or list shows. `due` is when it must be done, epoch seconds. An
    `urgent` one is paged as it is opened.
    """

    key: str
    kind: str
    business: str
    subject: str
    what: str
    due: float
    phone: str = ""
    details: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A task as it stands in the database. `status` is open or done.

    `paged` is the kind of page about `subject`, or this task alone, that tells of it; empty when only its own do.
    """

    key: str
    kind: str
    business: str
    subject: str
    what: str
    phone: str
    due: float
    status: str
    opened_at: float
    changed_at: float
    closed_by: str
    note: str
    details: str
    paged: str

    @property
    def warn_at(self) -> float:
        """When a person is paged about it, before it is late."""
        return _warn_at(self.opened_at, self.due)


def opened(transaction: Transaction, task: Task, *, now: float) -> bool:
    """Open a task and have it followed; False when its key was used before."""
    connection = transaction.connection
    if connection.execute(select(_t.key).where(_t.key == task.key)).first() is not None:
        return False
    first = (task.key, task.kind, task.business, task.subject, task.what, task.phone, task.due)
    _insert(connection, [(*first, "open", now, now, "", "", task.details, "")])
    follow_up = orjson.dumps({"task": task.key}).decode()
    _follow(connection, [(FOLLOW_UP, task.key, _warn_at(now, task.due), follow_up, now)])
    record(
        transaction,
        "task_opened",
        business=task.business,
        subject=task.subject,
        at=now,
        task=task.key,
        work=task.kind,
        due=task.due,
    )
    if task.urgent:
        raised(transaction, due_soon(task), now=now)
    return True


def added(transaction: Transaction, task: Kept, words: str) -> None:
    """An open task is about these words too; said before, or too many, they change nothing."""
    if words not in task.details and len(task.details) < MOST_DETAILS_CHARS:
        details = f"{task.details}\n{words}".strip()
        transaction.connection.execute(update(tasks).where(_t.key == task.key).values(details=details))


def seen_last(
    transaction: Transaction, key: str, words: str, *, now: float, ring: bool, elsewhere: bool = False
) -> None:
    """An open task, and the pages that are up about it, end with these words, in place of those that were seen last.

    `ring`: people are paged with them anew; else only who looks, or is told again, reads them. `elsewhere`: the words
    are of another matter of the same customer's, and stand beside what was seen of this one.
    """
    task = by_key(transaction.connection, key)
    if task is None or task.status != "open":
        return
    task = replace(task, what=_ending(task.what, words, elsewhere))
    transaction.connection.execute(update(tasks).where(_t.key == key).values(what=task.what))
    up = newest(transaction.connection, task.paged, task.subject)
    first = [replace(up.page, body=_ending(up.page.body, words, elsewhere))] if up else []
    for page in (*first, due_soon(task), late(task)):
        if not ring:
            reworded(transaction, page.kind, page.key, page, now=now)
        elif superseded(transaction, page.kind, page.key, now=now):
            raised(transaction, page, now=now)


def _ending(text: str, words: str, elsewhere: bool) -> str:
    opening, mark, since = text.partition(_SINCE)
    return f"{opening}{_SINCE}{words}" if elsewhere else f"{opening.partition(_LAST)[0]}{_LAST}{words}{mark}{since}"


def open_one(connection: Connection, kind: str, business: str, phone: str) -> Kept | None:
    """The newest open task of a kind about a number; None when there is none."""
    asked = select(tasks).where(_t.status == "open", _t.kind == kind, _t.business == business, _t.phone == phone)
    row = connection.execute(asked.order_by(_t.opened_at.desc(), _t.key).limit(1)).first()
    return _kept(row) if row else None


def paged(transaction: Transaction, key: str, page: Page, *, now: float) -> bool:
    """Raise this page about an open task, keyed by its subject or key, unless people are paged about it already.

    Until the task is late this page is the only one about it.
    """
    task = by_key(transaction.connection, key)
    if task is None or task.status != "open" or any(is_raised(transaction, kind, key) for kind in (DUE_SOON, LATE)):
        return False
    transaction.connection.execute(update(tasks).where(_t.key == key).values(paged=page.kind))
    return raised(transaction, page, now=now)


def closed(transaction: Transaction, key: str, *, by: str, note: str = "", now: float, goes_on: bool = False) -> bool:
    """Mark a task done by somebody, which ends its pages; False when it is not open.

    By `OURSELVES`: nobody had to do it. `goes_on`: another task takes its place, so nobody hears that it is over.
    """
    task = by_key(transaction.connection, key)
    done = transaction.connection.execute(
        update(tasks)
        .where(_t.key == key, _t.status == "open")
        .values(status="done", changed_at=now, closed_by=by, note=note)
    )
    if task is None or not done.rowcount:
        return False
    record(transaction, "task_closed", subject=key, at=now, by=by)
    teller = SUPERSEDED if goes_on else "" if by == OURSELVES else by
    for kind, about in ((DUE_SOON, key), (LATE, key), *told_by(task)):
        resolved(transaction, kind, about, now=now, by=teller)
    return True


def told_by(task: Kept) -> tuple[tuple[str, str], ...]:
    """Kind and key of what may be the page that `paged` raised."""
    return ((task.paged, task.subject), (task.paged, task.key)) if task.paged else ()


def due_soon(task: Task | Kept) -> Page:
    """The page before a task is late."""
    body = f"{task.what} It is about {task.subject}. See it with: readback tasks show {task.key}"
    return Page(
        DUE_SOON, task.key, f"To be done now: {task.kind.replace('_', ' ')} {task.subject}", body, task.business
    )


def late(task: Kept) -> Page:
    """The page when a task is late, and again for as long as nobody has done it."""
    body = f"{task.what} It is late. When it is done, say so with: readback tasks done {task.key}"
    return Page(LATE, task.key, f"Late: {_named(task)}", body, task.business)


def _named(task: Task | Kept) -> str:
    return f"{task.kind.replace('_', ' ')} {task.subject}"


def by_key(connection: Connection, key: str) -> Kept | None:
    """The task with this key, open or done."""
    row = connection.execute(select(tasks).where(_t.key == key)).first()
    return _kept(row) if row else None


def open_about(connection: Connection, kind: str, subject: str) -> Sequence[str]:
    """Keys of the open tasks of a kind about a reference."""
    asked = select(_t.key).where(_t.status == "open", _t.kind == kind, _t.subject == subject)
    return connection.execute(asked).scalars().all()


def named(connection: Connection, word: str) -> Sequence[Kept]:
    """The task with this key; else those, open ones first, that are about this reference."""
    exact = by_key(connection, word)
    if exact is not None:
        return [exact]
    return about(connection, "".join(sign for sign in word.upper() if sign.isalnum()))


def about(connection: Connection, subject: str) -> Sequence[Kept]:
    """The tasks about a reference, open ones first."""
    found = connection.execute(select(tasks).where(_t.subject == subject).order_by(_t.status.desc(), _t.due))
    return [_kept(row) for row in found]


def listed(connection: Connection, *, everything: bool = False, most: int = MAX_LISTED) -> Sequence[Kept]:
    """Open tasks, the one that is due first at the head; with `everything` also what is done, newest first."""
    chosen = select(tasks).limit(most)
    chosen = chosen.order_by(_t.changed_at.desc()) if everything else chosen.where(_t.status == "open").order_by(_t.due)
    return [_kept(row) for row in connection.execute(chosen)]


def waiting(connection: Connection, after: tuple[float, str] | None, most: int) -> Sequence[Kept]:
    """Open tasks, the one that is due first at the head; from behind the due time and the key of one on."""
    asked = select(tasks).where(_t.status == "open").order_by(_t.due, _t.key).limit(most)
    if after is not None:
        asked = asked.where(_t.due >= after[0], (_t.due > after[0]) | (_t.key > after[1]))
    return [_kept(row) for row in connection.execute(asked)]


def _warn_at(opened_at: float, due: float) -> float:
    return max(opened_at, due - min(max(WARN_AT_LEAST_S, (due - opened_at) * WARN_SHARE), WARN_AT_MOST_S))


def _kept(row: Any) -> Kept:
    return Kept(**row._mapping)

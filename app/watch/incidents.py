"""Incidents: what is wrong, said in public by a person, step by step until it is over.

Every step is an update that nobody changes afterwards, in the same commit as its row in the audit log. What is said is
kept without personal data, since anybody may read it.
"""

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import incident_updates, incidents
from app.errors import ReadbackError
from app.log import redact
from app.watch import pages

PARTS: Final = ("calls", "texts", "booking", "calendar", "callbacks", "crm")
"""What customers notice; an incident names those that are affected."""
PAGE: Final = "incident_update_due"
FIRST_WORDS: Final = "We are looking into it."
LONGEST_TITLE: Final = 160
LONGEST_WORDS: Final = 2_000
LONGEST_BY: Final = 80
MOST_UPDATES: Final = 200
"""Of one incident; what takes more of them is several incidents."""
MOST_LISTED: Final = 1_000
SHORTEST_ID: Final = 4
"""Characters by which an incident may be named, if no other begins with them."""
LEAST_MINUTES, MOST_MINUTES = 5, 1_440

_insert = BulkInsert(incidents)
_insert_update = BulkInsert(incident_updates)
_i, _u = incidents.c, incident_updates.c


class IncidentError(ReadbackError):
    """What was asked cannot be done with an incident; the text says why."""


class WordingError(IncidentError):
    """What was said is no title, update, part or pace of any incident, whatever state it is in."""


class State(StrEnum):
    """How far we are."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Impact(StrEnum):
    """How much of it customers notice."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"


NEXT: Final[Mapping[State, tuple[State, ...]]] = {
    State.INVESTIGATING: (State.INVESTIGATING, State.IDENTIFIED, State.MONITORING, State.RESOLVED),
    State.IDENTIFIED: (State.IDENTIFIED, State.MONITORING, State.RESOLVED),
    State.MONITORING: (State.MONITORING, State.INVESTIGATING, State.IDENTIFIED, State.RESOLVED),
    State.RESOLVED: (),
}
"""Forward, or as it is; back only from a repair that did not hold."""
EVERY_MINUTES: Final[Mapping[State, int]] = {State.INVESTIGATING: 30, State.IDENTIFIED: 30, State.MONITORING: 60}
"""How long the public waits for the next update, unless the incident says otherwise."""


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that was said. `at` in epoch seconds."""

    at: float
    by: str
    state: State
    words: str


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it is kept. `business` empty: all of them; `page`: the page it was opened from, or empty.

    `due_at`: when the next update is due, or was; of a resolved one, 0. `every_minutes`: 0 is `EVERY_MINUTES` by state.
    """

    id: str
    title: str
    business: str
    parts: tuple[str, ...]
    impact: Impact
    state: State
    page: str
    every_minutes: int
    due_at: float
    opened_at: float
    opened_by: str
    changed_at: float
    updates: tuple[Update, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What somebody says who opens an incident. A `page` that was raised for one business makes it that business's.

    `every_minutes` None: `EVERY_MINUTES` by state.
    """

    title: str
    words: str = FIRST_WORDS
    parts: Sequence[str] = ()
    impact: Impact = Impact.MINOR
    business: str = ""
    page: str = ""
    every_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says about an incident that is open; None leaves that as it is."""

    words: str
    state: State | None = None
    impact: Impact | None = None
    parts: Sequence[str] | None = None


def opened(transaction: Transaction, opening: Opening, *, by: str, now: float) -> Incident:
    """Open an incident; whoever opens one from a page has acknowledged that page. Raises `IncidentError`."""
    title, words, by = _title(opening.title), _words(opening.words), _name(by)
    parts, every = _parts(opening.parts), _every(opening.every_minutes)
    business = opening.business
    if opening.page:
        business = _page_business(transaction, opening)
        pages.acknowledged(transaction, opening.page, by=by, now=now)
    state, identity = State.INVESTIGATING, uuid.uuid4().hex
    due = due_at(state, every, now)
    row = (identity, title, business, ",".join(parts), opening.impact.value, state.value, opening.page)
    _insert(transaction.connection, [(*row, every, due, now, by, now)])
    _insert_update(transaction.connection, [(identity, 1, now, by, state.value, words)])
    facts = {"title": title, "impact": opening.impact.value, "parts": list(parts), "by": by, "words": words}
    record(transaction, "incident_opened", business=business, subject=identity, at=now, page=opening.page, **facts)
    return found(transaction.connection, identity)


def said(transaction: Transaction, name: str, what: Said, *, by: str, now: float) -> Incident:
    """Add an update, which ends the page about a missing one; with the state resolved, it is over.

    Raises `IncidentError` when there is no such incident, or it cannot come to that state.
    """
    before = found(transaction.connection, name)
    state, words, by = what.state or before.state, _words(what.words), _name(by)
    _check_way(before, state)
    parts = before.parts if what.parts is None else _parts(what.parts)
    impact = what.impact or before.impact
    at = _later(before, now)
    due = 0.0 if state is State.RESOLVED else due_at(state, before.every_minutes, at)
    values = {"state": state.value, "impact": impact.value, "parts": ",".join(parts), "due_at": due, "changed_at": at}
    transaction.connection.execute(update(incidents).where(_i.id == before.id).values(values))
    number = len(before.updates) + 1
    _insert_update(transaction.connection, [(before.id, number, at, by, state.value, words)])
    pages.resolved(transaction, PAGE, before.id, now=now)
    kind = "incident_resolved" if state is State.RESOLVED else "incident_updated"
    facts = {"state": state.value, "impact": impact.value, "parts": list(parts), "by": by, "words": words}
    record(transaction, kind, business=before.business, subject=before.id, at=now, **facts)
    return found(transaction.connection, before.id)


def due_at(state: State, every_minutes: int, now: float) -> float:
    """When the next update is due, of an incident that got one now."""
    return now + 60.0 * (every_minutes or EVERY_MINUTES[state])


def found(connection: Connection, name: str) -> Incident:
    """The incident with this id, or the only one whose id begins so. Raises `IncidentError`."""
    lowered = name.strip().lower()
    if not lowered.isascii() or not lowered.isalnum() or len(lowered) < SHORTEST_ID:
        raise IncidentError(f"An incident is named by its id, or the first {SHORTEST_ID} or more characters of it.")
    rows = connection.execute(select(incidents).where(_i.id.startswith(lowered, autoescape=True)).limit(2)).fetchall()
    if not rows:
        raise IncidentError("There is no incident with this id; `readback incident list --all` shows them.")
    if len(rows) > 1:
        raise IncidentError("Several incidents begin so; give more characters of the id.")
    return with_updates(connection, rows)[0]


def listed(connection: Connection, *, all_of_them: bool = False) -> list[Incident]:
    """Incidents that are open, or all, the newest first, at most `MOST_LISTED`; without their updates."""
    query = select(incidents).order_by(_i.opened_at.desc(), _i.id).limit(MOST_LISTED)
    rows = connection.execute(query if all_of_them else query.where(_i.state != State.RESOLVED.value))
    return [_incident(row, ()) for row in rows]


def with_updates(connection: Connection, rows: Sequence[Any]) -> list[Incident]:
    """The incidents of these rows, each with what was said about it, the oldest first."""
    told: dict[str, list[Update]] = {row.id: [] for row in rows}
    query = select(incident_updates).where(_u.incident.in_(told)).order_by(_u.incident, _u.number)
    for row in connection.execute(query):
        told[row.incident].append(Update(row.at, row.by, State(row.state), row.words))
    return [_incident(row, told[row.id]) for row in rows]


def _later(before: Incident, now: float) -> float:
    """Now, in a second of its own: whoever reads times of whole seconds knows what was said last, and that it was."""
    return max(now, math.floor(before.changed_at) + 1.0)


def _incident(row: Any, updates: Iterable[Update]) -> Incident:
    return Incident(
        id=row.id,
        title=row.title,
        business=row.business,
        parts=tuple(row.parts.split(",")) if row.parts else (),
        impact=Impact(row.impact),
        state=State(row.state),
        page=row.page,
        every_minutes=row.every_minutes,
        due_at=due_at(State(row.state), row.every_minutes, row.changed_at) if row.due_at else 0.0,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        changed_at=row.changed_at,
        updates=tuple(updates),
    )


# --- what is refused --------------------------------------------------------------------------------------------------


def _check_way(before: Incident, state: State) -> None:
    if before.state is State.RESOLVED:
        raise IncidentError("This incident is resolved, and stays so; open a new one if it is back.")
    if state not in NEXT[before.state]:
        possible = ", ".join(NEXT[before.state])
        raise IncidentError(f"From {before.state} an incident cannot go to {state}; it can go to: {possible}.")
    if len(before.updates) >= MOST_UPDATES and state is not State.RESOLVED:
        raise IncidentError(f"This incident has {MOST_UPDATES} updates already; resolve it and open a new one.")


def _page_business(transaction: Transaction, opening: Opening) -> str:
    """Whose incident it is. The page must be there, and no other incident open for it."""
    page = pages.found(transaction.connection, opening.page)
    if page is None:
        raise IncidentError("There is no page with this id; `readback pages list --all` shows them.")
    same = select(_i.id).where(_i.page == opening.page, _i.state != State.RESOLVED.value)
    other = transaction.connection.execute(same).scalar()
    if other is not None:
        raise IncidentError(f"Incident {other} is open for this page already.")
    return opening.business or page.page.business


def _title(text: str) -> str:
    title = redact(_printable(text))
    if not title or len(title) > LONGEST_TITLE:
        raise WordingError(f"A title has 1 to {LONGEST_TITLE} characters.")
    return title


def _words(text: str) -> str:
    """Paragraphs as they were written, without what no page can show."""
    words = redact("\n".join(line for line in map(_printable, text[: 2 * LONGEST_WORDS].splitlines()) if line))
    if not words or len(words) > LONGEST_WORDS:
        raise WordingError(f"An update has 1 to {LONGEST_WORDS} characters.")
    return words


def _name(text: str) -> str:
    return _printable(text)[:LONGEST_BY] or "somebody"


def _parts(given: Sequence[str]) -> tuple[str, ...]:
    unknown = [part for part in given if part not in PARTS]
    if unknown:
        raise WordingError(f"There is no part {_printable(unknown[0])[:40]!r}; the parts are {', '.join(PARTS)}.")
    return tuple(part for part in PARTS if part in given)


def _every(minutes: int | None) -> int:
    if minutes is None:
        return 0
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise WordingError(f"Updates are due every {LEAST_MINUTES} to {MOST_MINUTES} minutes.")
    return minutes


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())

"""The draft of what is written after an incident: facts that are known anyway, headings for what only people know.

No personal data: whatever came from outside passes through the redaction once more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, or_, select

from app.audit.counted import counted
from app.db.schema import dead_letters, pages, synthetic_calls
from app.log import redact
from app.watch.changed import Event, changed
from app.watch.incidents import Incident, State

BEFORE_S: Final = 30 * 60.0
"""How long before its opening an incident is looked for: somebody opens it when it has begun."""
MOST_ROWS: Final = 200
"""Of each kind; that there were more is said."""

_p, _d, _s = pages.c, dead_letters.c, synthetic_calls.c


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about an incident. Times in epoch seconds; `since` lies before its opening."""

    incident: Incident
    since: float
    until: float
    changes: tuple[Event, ...]
    pages: tuple[Event, ...]
    letters: tuple[Event, ...]
    synthetic_failed: tuple[Event, ...]
    synthetic_made: int
    audit: dict[str, int]
    cut_short: tuple[str, ...]
    """Of what there was more than is shown."""


def collected(connection: Connection, incident: Incident, *, now: float) -> Facts:
    """Everything of the incident's time, until now while it is open."""
    since, until = _span(connection, incident, now)
    raised, letters = _pages(connection, incident, since, until), _letters(connection, incident, since, until)
    made, failed = _synthetic(connection, since, until)
    changes = changed(connection, since, until, incident.business, most=MOST_ROWS)
    named = {"changes": changes, "pages": raised, "dead letters": letters, "synthetic calls": failed}
    return Facts(
        incident=incident,
        since=since,
        until=until,
        changes=tuple(changes),
        pages=tuple(raised),
        letters=tuple(letters),
        synthetic_failed=tuple(failed),
        synthetic_made=made,
        audit=counted(connection, since, until, incident.business),
        cut_short=tuple(name for name, events in named.items() if len(events) >= MOST_ROWS),
    )


def draft(facts: Facts) -> str:
    """The draft as Markdown."""
    incident = facts.incident
    over = incident.state is State.RESOLVED
    lines = [
        f"# Post-mortem: {_line(incident.title)}",
        "",
        "Draft. The facts are from the records; what is in brackets is for a person to write.",
        "",
        f"- Incident: {incident.id}",
        f"- Impact: {incident.impact}",
        f"- Affected: {', '.join(incident.parts) or 'nothing named'}"
        f"; {f'business {_line(incident.business)}' if incident.business else 'all businesses'}",
        f"- Opened: {_at(incident.opened_at)}",
        f"- Resolved: {f'{_at(facts.until)}, after {_long(facts.until - incident.opened_at)}' if over else 'not yet'}",
        f"- Looked at: {_at(facts.since)} to {_at(facts.until)}",
        "",
        "## Summary",
        "",
        "[What happened, whom it harmed and how it ended, in three sentences.]",
        "",
        "## Timeline",
        "",
        *_timeline(facts),
        "",
        *_figures(facts),
    ]
    for heading, wanted in _FOR_PEOPLE:
        lines += ["", f"## {heading}", "", wanted]
    return "\n".join(lines)


_FOR_PEOPLE: Final = (
    ("Causes", "[What made it possible, not who. What made it last?]"),
    ("What went well", "[What found it, what kept it small.]"),
    ("What to change", "[One line each: what, by whom, until when.]"),
)


def _timeline(facts: Facts) -> list[str]:
    updates = [Event(one.at, f"{one.state}: {one.words}") for one in facts.incident.updates]
    known = (*facts.changes, *facts.pages, *facts.letters, *facts.synthetic_failed)
    events = sorted((*updates, *known), key=lambda event: event.at)
    told = [f"- {_at(event.at)} {_line(event.text)}" for event in events]
    return [*told, *(f"- [There were more {name} than are shown.]" for name in facts.cut_short)]


def _figures(facts: Facts) -> list[str]:
    return [
        "## Figures",
        "",
        f"- Pages raised, acknowledged or resolved: {len(facts.pages)}",
        f"- Dead letters: {len(facts.letters)}",
        f"- Synthetic calls: {facts.synthetic_made}, of which failed: {len(facts.synthetic_failed)}",
        "",
        "| audit log | rows |",
        "|---|---|",
        *(f"| {_line(kind)} | {rows} |" for kind, rows in facts.audit.items()),
    ]


# --- what is in the records ------------------------------------------------------------------------------------------


def _span(connection: Connection, incident: Incident, now: float) -> tuple[float, float]:
    began = incident.opened_at
    if incident.page:
        raised = connection.execute(select(_p.raised_at).where(_p.id == incident.page)).scalar()
        began = min(began, raised) if raised is not None else began
    return began - BEFORE_S, incident.changed_at if incident.state is State.RESOLVED else now


def _pages(connection: Connection, incident: Incident, since: float, until: float) -> list[Event]:
    """Each page when it was raised, when somebody took it and who, and when it was over."""
    ended = (_p.status == "resolved") & _p.changed_at.between(since, until)
    within = or_(_p.raised_at.between(since, until), _p.acknowledged_at.between(since, until), ended)
    query = select(pages).where(within, *_of(_p.business, incident))
    events = []
    for row in connection.execute(query.order_by(_p.raised_at).limit(MOST_ROWS)):
        if since <= row.raised_at <= until:
            events.append(Event(row.raised_at, f"page {row.kind}: {row.title}"))
        if since <= row.acknowledged_at <= until:
            # At the end: a name before a colon, such as "admin token", would pass for one of a secret.
            taken = f"page {row.kind} acknowledged: {row.title} (by {row.acknowledged_by or 'somebody'})"
            events.append(Event(row.acknowledged_at, taken))
        if row.status == "resolved" and since <= row.changed_at <= until:
            events.append(Event(row.changed_at, f"page {row.kind} resolved: {row.title}"))
    return events


def _letters(connection: Connection, incident: Incident, since: float, until: float) -> list[Event]:
    query = select(dead_letters).where(_d.created_at.between(since, until), *_of(_d.business, incident))
    rows = connection.execute(query.order_by(_d.created_at).limit(MOST_ROWS))
    return [Event(row.created_at, f"dead letter {row.kind}: {row.cause}") for row in rows]


def _synthetic(connection: Connection, since: float, until: float) -> tuple[int, list[Event]]:
    """How many there were, and those that failed; they are of the whole installation."""
    when = _s.at.between(since, until)
    made = connection.execute(select(func.count()).select_from(synthetic_calls).where(when)).scalar_one()
    query = select(synthetic_calls).where(when, _s.failed != "").order_by(_s.at).limit(MOST_ROWS)
    rows: Iterable[Any] = connection.execute(query)
    return int(made), [Event(row.at, f'synthetic call failed at "{row.failed}": {row.seen}') for row in rows]


def _of(column: ColumnElement[str], incident: Incident) -> tuple[ColumnElement[bool], ...]:
    return (column.in_(("", incident.business)),) if incident.business else ()


def _line(text: str) -> str:
    """On one line, without personal data, and without what Markdown would take for a table or HTML."""
    flat = " ".join(redact(text).split())
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _long(seconds: float) -> str:
    minutes = int(max(0.0, seconds) // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"

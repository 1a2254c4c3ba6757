"""What is in the audit log about something, a page at a time, newest first. However long the log is, a look is short.

Without a subject, which is indexed, a look goes back over a bounded stretch of rows, and says where it ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from app.audit.counted import first_after
from app.audit.log import head
from app.db.schema import audit

STRETCH_ROWS: Final = 10_000
"""Looked at in one go for a kind or a business."""
MOST_FOUND: Final = 50

_a = audit.c


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; empty is anything. `before`: rows with a smaller number only; `until`: epoch seconds."""

    subject: str = ""
    kind: str = ""
    business: str = ""
    before: int | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Rows, newest first. `older`: ask again before this row for what is older; None when there is no more."""

    rows: Sequence[Any]
    older: int | None


def found(connection: Connection, sought: Sought) -> Found:
    """One look."""
    top = sought.before or head(connection).seq + 1
    if sought.until is not None:
        top = min(top, first_after(connection, sought.until))
    asked = select(audit).where(_a.seq < top).order_by(_a.seq.desc()).limit(MOST_FOUND)
    bottom = 1
    if sought.subject:
        asked = asked.where(_a.subject == sought.subject)
    else:
        bottom = max(1, top - STRETCH_ROWS)
        asked = asked.where(_a.seq >= bottom)
    if sought.kind:
        asked = asked.where(_a.kind == sought.kind)
    if sought.business:
        asked = asked.where(_a.business == sought.business)
    rows = connection.execute(asked).fetchall()
    end = rows[-1].seq if len(rows) == MOST_FOUND else bottom
    return Found(rows, end if end > 1 else None)

"""Tasks as a person reads them: in a list without anybody's number, and one by one with whom to call."""

from typing import Any

from app.clock import utc
from app.log import masked_phone
from app.review.evidence import as_lines
from app.review.tasks import Kept


def as_listed(task: Kept, now: float) -> dict[str, Any]:
    """One entry of a list: no number in full, and nothing a caller said."""
    return {
        "key": task.key,
        "kind": task.kind,
        "business": task.business,
        "subject": task.subject,
        "what": task.what,
        "phone": masked_phone(task.phone),
        "due": utc(task.due),
        "status": task.status,
        "late": task.status == "open" and now > task.due,
    }


def as_shown(task: Kept, now: float) -> dict[str, Any]:
    """Everything there is, for whoever is going to do it."""
    return as_listed(task, now) | {
        "phone": task.phone,
        "details": task.details,
        "opened_at": utc(task.opened_at),
        "closed_by": task.closed_by,
        "closed_at": utc(task.changed_at) if task.status != "open" else None,
        "note": task.note,
    }


def as_line(task: Kept, now: float) -> str:
    """One line of a list."""
    entry = as_listed(task, now)
    state = "LATE" if entry["late"] else task.status
    return f"{state:4}  due {entry['due']}  {task.business}  {task.subject}  {task.key}  {entry['phone']}  {task.what}"


def as_sheet(task: Kept, now: float) -> str:
    """All of it, a line each."""
    return "\n".join(as_lines(as_shown(task, now)))

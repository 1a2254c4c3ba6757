"""An incident as an operator reads it: with who said what, which the public is not told."""

from typing import Any

from app.clock import utc
from app.watch.incidents import Incident


def described(incident: Incident) -> dict[str, Any]:
    """An incident as JSON; times in UTC."""
    return {
        "id": incident.id,
        "title": incident.title,
        "state": incident.state.value,
        "impact": incident.impact.value,
        "parts": list(incident.parts),
        "business": incident.business or None,
        "page": incident.page or None,
        "opened_at": utc(incident.opened_at),
        "opened_by": incident.opened_by,
        "changed_at": utc(incident.changed_at),
        "due_at": utc(incident.due_at) if incident.due_at else None,
        "updates": [
            {"at": utc(one.at), "by": one.by, "state": one.state.value, "words": one.words} for one in incident.updates
        ],
    }

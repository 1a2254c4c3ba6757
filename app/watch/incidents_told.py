"""An incident as an operator reads it: with who said what, which the public is not told."""

from typing import Any

from app.clock import moment
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
        "opened_at": moment(incident.opened_at),
        "opened_by": incident.opened_by,
        "changed_at": moment(incident.changed_at),
        "due_at": moment(incident.due_at) if incident.due_at else None,
        "updates": [
            {"at": moment(one.at), "by": one.by, "state": one.state.value, "words": one.words}
            for one in incident.updates
        ],
    }

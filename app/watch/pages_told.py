"""A page as an operator reads it: what it says, its state, whom it reached and whom not. Shows no receiver's URL."""

from datetime import UTC, datetime
from typing import Any

from app.watch.escalation import NEVER
from app.watch.pages import Kept


def described(kept: Kept) -> dict[str, Any]:
    """Everything about it, times in RFC 3339, null for what has not happened."""
    return {
        "id": kept.id,
        "status": kept.status,
        "title": kept.page.title,
        "body": kept.page.body,
        "kind": kept.page.kind,
        "key": kept.page.key,
        "business": kept.page.business,
        "raised_at": _at(kept.raised_at),
        "changed_at": _at(kept.changed_at),
        "acknowledged_at": _at(kept.acknowledged_at),
        "acknowledged_by": kept.acknowledged_by,
        "resolution": kept.resolution,
        "rounds": kept.progress.round,
        "next_at": _at(kept.next_at) if kept.next_at < NEVER else None,
        "receivers": [
            {
                "receiver": reach.shown,
                "reached_at": _at(reach.reached_at),
                "failed": reach.failed,
                "refused": reach.refused,
            }
            for reach in kept.progress.reach.values()
        ],
    }


def in_a_line(told: dict[str, Any]) -> str:
    """One described page for a list."""
    reached = sum(1 for receiver in told["receivers"] if receiver["reached_at"])
    title = " ".join(told["title"].split())
    return f"{told['id']}  {told['status']:12}  {told['raised_at']}  reached {reached}  {title}"


def _at(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None

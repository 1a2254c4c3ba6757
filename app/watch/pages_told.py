"""A page as an operator reads it: what it says, its state, whom it reached and whom not. Shows no receiver's URL."""

from collections.abc import Mapping
from typing import Any, Final

from app.clock import utc
from app.watch.escalation import NEVER, WITHIN
from app.watch.pages import HELD, SUPERSEDED, Kept, who_ended
from app.watch.places import on_dashboard, place_of

ENDS: Final[Mapping[str, str]] = {"": "the cause is gone", SUPERSEDED: "another page tells of it"}
"""How a page ended that nobody ended."""


def described(kept: Kept) -> dict[str, Any]:
    """Everything about it, times in RFC 3339, null for what has not happened."""
    return {
        "id": kept.id,
        "status": kept.status,
        "waits": kept.status == "open" and kept.told == HELD,
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
        "ended": how_ended(kept) or None,
        "place": on_dashboard(kept),
        "of": place_of(kept).what,
        "rounds": kept.progress.round,
        "next_at": _at(kept.next_at) if kept.next_at < NEVER else None,
        "receivers": [
            {
                "receiver": reach.shown,
                "reached_at": _at(reach.reached_at),
                "failed": reach.failed,
                "refused": reach.refused,
            }
            for name, reach in kept.progress.reach.items()
            if name != WITHIN  # that it waits is no receiver, least of all one that was not reached
        ],
    }


def how_ended(kept: Kept) -> str:
    """Who said that it is over, or why it is; empty while it is not."""
    return ENDS.get(kept.resolution, who_ended(kept.resolution)) if kept.status == "resolved" else ""


def in_a_line(told: dict[str, Any]) -> str:
    """One described page for a list."""
    reached = sum(1 for receiver in told["receivers"] if receiver["reached_at"])
    title = " ".join(told["title"].split())
    how_far = "waits behind another page" if told["waits"] else f"reached {reached}"
    return f"{told['id']}  {told['status']:12}  {told['raised_at']}  {how_far}  {title}"


def in_hand(kept: Kept, now: float) -> str:
    """For who comes second: who has it already, or that it is over."""
    minutes = max(0, int(now - (kept.acknowledged_at if kept.status == "acknowledged" else kept.changed_at)) // 60)
    ago = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    if kept.status == "acknowledged":
        return f"{kept.acknowledged_by or 'Somebody'} took it {ago}: it is in hand. Nothing was changed."
    return f"It was resolved {ago}: {how_ended(kept)}. Nothing was changed."


def _at(seconds: float) -> str | None:
    return utc(seconds) if seconds else None

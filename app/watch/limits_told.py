"""A limit as an operator reads it: its value and where that is from, its present use, and what is missing about it."""

import math
from collections.abc import Mapping
from typing import Any

from app.clock import utc
from app.watch.limit_watch import Use
from app.watch.limits import Confirmed, Forecast, Limit, wrong


def described(
    limit: Limit, entered: Mapping[str, Confirmed], use: Use | None, goes: Forecast | None, now: float
) -> dict[str, Any]:
    """Everything about it, null for what is not known."""
    entry = entered.get(limit.name) if limit.confirmed_by_person else None
    value = use.value if use else entry.amount(limit.unit) if entry else limit.value
    return {
        "name": limit.name,
        "bounds": limit.bounds,
        "value": value if value is None or math.isfinite(value) else None,
        "unit": limit.unit,
        "source": limit.source.value,
        "where": limit.where,
        "owner": limit.owner,
        "how": limit.how,
        "used": round(use.used, 6) if use else None,
        "may_fill": limit.may_fill,
        "uncounted": "" if use else _uncounted(limit),
        "share": round(goes.share, 4) if use and goes and math.isfinite(use.value) else None,
        "reached_at": utc(goes.reached_at) if goes and goes.reached_at is not None else None,
        "confirmed": {"value": entry.value, "by": entry.by, "at": utc(entry.at)} if entry else None,
        "wrong": wrong(limit, entry, now),
    }


def _uncounted(limit: Limit) -> str:
    """Why no use of it is shown, in a word.

    `fixed`: it bounds one thing, such as a time or a size, and is not used up. `elsewhere`: only its owner's panel
    shows it. `unlimited`: there is none now. `unknown`: no process has said lately. `uncounted`: nobody counts it.
    """
    if limit.counted:
        return "unknown" if limit.has_use else "unlimited"
    return "elsewhere" if limit.confirmed_by_person else "uncounted" if limit.unit == "connections" else "fixed"

"""A limit as an operator reads it: its value and where that is from, its present use, and what is missing about it."""

import math
from collections.abc import Mapping
from typing import Any

from app.clock import moment
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
        "share": round(goes.share, 4) if goes else None,
        "reached_at": moment(goes.reached_at) if goes and goes.reached_at is not None else None,
        "confirmed": {"value": entry.value, "by": entry.by, "at": moment(entry.at)} if entry else None,
        "wrong": wrong(limit, entry, now),
    }

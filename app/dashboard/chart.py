"""What a chart is drawn of, as columns of numbers: the browser draws them, a table beside them says the same.

None is where there is nothing to draw: an hour that has not begun, or of which nobody knows what is usual.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from app.watch.judgement import LEAST_FLOOD

MOST_DRAWN: Final = 6
"""Tools in one chart, the most used ones: more lines nobody can tell apart."""


def day(hours: Sequence[Mapping[str, Any]], zone: str, now: float) -> str:
    """One day of a line; `hours` as `volume_overview` has them, in order."""
    starts = [datetime.fromisoformat(hour["start"]).timestamp() for hour in hours]
    columns = {
        "at": starts,
        "count": [hour["count"] if start <= now else None for start, hour in zip(starts, hours, strict=True)],
        "counted": [hour["counted"] for hour in hours],
        "outside": [_outside(hour, start, now) for start, hour in zip(starts, hours, strict=True)],
    } | {name: [hour[name] for hour in hours] for name in ("low", "expected", "high")}
    return orjson.dumps({"zone": zone, **columns}).decode()


def latency(tools: Sequence[Mapping[str, Any]]) -> str:
    """Which share of each tool's calls was answered within how many seconds; `tools` as `latency.rows` has them."""
    drawn = tools[:MOST_DRAWN]
    return orjson.dumps(
        {
            "within": [step["s"] for step in drawn[0]["within"]] if drawn else [],
            "tools": [row["tool"].replace("_", " ") for row in drawn],
            "shares": [[step["share"] for step in row["within"]] for row in drawn],
        }
    ).decode()


def _outside(hour: Mapping[str, Any], start: float, now: float) -> bool:
    """Whether an hour that was counted is not like others of its kind; one that goes on can only be above them yet."""
    count, high = hour["count"], hour["high"]
    if high is None or not hour["counted"] or start > now:
        return False
    if not high:  # a call at night is no matter, a flood is
        return bool(count >= LEAST_FLOOD)
    return bool(count > high or (count < hour["low"] and start + 3_600 <= now))

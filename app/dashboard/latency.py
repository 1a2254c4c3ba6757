"""How long tools take to answer, out of the counts that `/metrics` shows: since the processes started, not per day."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))

SAMPLE: Final = re.compile(r"^readback_tool_seconds_bucket\{(.*)\} (\S+)$", re.M)
LABEL: Final = re.compile(r'(\w+)="([^"]*)"')


def counted(exposition: str) -> dict[str, dict[float, float]]:
    """How often each tool was answered within each bound in seconds, whatever came of it; the last bound is inf."""
    found: dict[str, dict[float, float]] = {}
    for named, times in SAMPLE.findall(exposition):
        labels = dict(LABEL.findall(named))
        bounds, bound = found.setdefault(labels["tool"], {}), float(labels["le"])
        bounds[bound] = bounds.get(bound, 0.0) + float(times)
    return found


def rows(times: Mapping[str, Mapping[float, float]]) -> list[dict[str, Any]]:
    """Each tool's calls, quantiles in seconds and the share within each bound, the most used first.

    None: above the highest bound.
    """
    told = []
    for tool, bounds in times.items():
        calls = bounds.get(math.inf, 0.0)
        figures = {name: quantile(bounds, share) for name, share in QUANTILES}
        within = [
            {"s": bound, "share": round(bounds[bound] / calls, 4) if calls else None}
            for bound in sorted(bounds)
            if not math.isinf(bound)
        ]
        told.append({"tool": tool, "calls": int(calls), **figures, "within": within})
    return sorted(told, key=lambda row: (-row["calls"], row["tool"]))


def quantile(bounds: Mapping[float, float], share: float) -> float | None:
    """The value below which this share lies, straight between two bounds; None without calls, or above the highest."""
    whole = bounds.get(math.inf, 0.0)
    before_bound, before = 0.0, 0.0
    for bound in sorted(bounds):
        within = bounds[bound]
        if within >= whole * share and within > before:
            if math.isinf(bound):
                return None
            return before_bound + (bound - before_bound) * (whole * share - before) / (within - before)
        before_bound, before = bound, within
    return None

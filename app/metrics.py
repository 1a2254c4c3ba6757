"""Figures for the outside: every metric the product exports, behind functions cheap enough to call on each request.

Label values must come from closed sets (configured names, enums); a family that outgrows its bound folds the rest into
`other`, so a caller's mistake can never fill the memory. Nothing here knows a phone number, a name or a URL.
"""

import os
from typing import Final, Generic, TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MULTIPROCESS_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus-client itself, once, while it is imported: the parent sets it before any worker starts."""

MOST_CHILDREN: Final = 2_000
"""Label combinations per family. The largest honest family is one per configured business."""

BUCKETS_S: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 10.0, 20.0,
)  # fmt: skip
"""1 ms to 20 s; 0.8 s is the filler's budget and 6 s the tool deadline, both at their defaults."""

Child = TypeVar("Child", bound=MetricWrapperBase)

_SEVERAL_PROCESSES: Final = MULTIPROCESS_DIR in os.environ


class _Children(dict[str | tuple[str, ...], Child], Generic[Child]):
    """The children of one family by label value(s): one dictionary look-up instead of prometheus-client's `labels`."""

    def __init__(self, family: Child) -> None:
        super().__init__()
        self._family = family

    def __missing__(self, key: str | tuple[str, ...]) -> Child:
        values = (key,) if isinstance(key, str) else key
        if len(self) >= MOST_CHILDREN:
            return self._family.labels(*("other",) * len(values))
        child = self[key] = self._family.labels(*values)
        return child


disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped there; half the series, and nobody's dashboard asks when a counter was born
_REGISTRY = CollectorRegistry(auto_describe=False)
if not _SEVERAL_PROCESSES:  # of several processes the one that happens to answer would show only itself
    ProcessCollector(registry=_REGISTRY)
    PlatformCollector(registry=_REGISTRY)
    GCCollector(registry=_REGISTRY)


def _counter(name: str, text: str, *labels: str) -> _Children[Counter]:
    return _Children(Counter(name, text, labels, registry=_REGISTRY))


def _histogram(name: str, text: str, *labels: str) -> _Children[Histogram]:
    return _Children(Histogram(name, text, labels, registry=_REGISTRY, buckets=BUCKETS_S))


def _latest(name: str, text: str, *labels: str) -> _Children[Gauge]:
    """A gauge whose value all processes share: the last one written is the true one."""
    return _Children(Gauge(name, text, labels, registry=_REGISTRY, multiprocess_mode="mostrecent"))


def _summed(name: str, text: str, *labels: str) -> _Children[Gauge]:
    """A gauge of which every living process holds its own part."""
    return _Children(Gauge(name, text, labels, registry=_REGISTRY, multiprocess_mode="livesum"))


_TOOLS = _histogram("readback_tool_seconds", "Time to answer one tool call.", "tool", "outcome")
_UPSTREAM_SECONDS = _histogram("readback_upstream_seconds", "Time of one request to an outside service.", "upstream")
_UPSTREAM_REQUESTS = _counter(
    "readback_upstream_requests_total", "Requests to outside services.", "upstream", "outcome"
)
_ALARMS = _counter("readback_alarms_total", "Alarms rung, repetitions not counted.", "kind")
_PAGES = _counter("readback_pages_total", "Pages by what became of them.", "outcome")
_CAP_USED = _latest("readback_cap_used", "Calls counted today against the cap.", "business")
_CAP_LIMIT = _latest("readback_cap_limit", "The daily cap on calls; 0 is no cap.", "business")
_CACHE = _counter("readback_cache_total", "Look-ups in a cache.", "cache", "result")
_CLAIMS_LOST = _counter("readback_claims_lost_total", "Claims on a slot that somebody else held.", "business")
_REFUSALS = _counter("readback_refusals_total", "Requests refused before they were read.", "route", "reason")
_MESSAGES = _counter("readback_messages_total", "Platform messages received.", "type")
_PUSHES = _counter("readback_pushes_total", "Answers pushed into a live call.", "outcome")
_READ_BACKS = _counter("readback_read_backs_total", "Bookings read back from their calendar.", "outcome")
_BOOKINGS = _counter("readback_bookings_total", "Attempts to book, move or cancel.", "outcome")
_AUDIT_ROWS = Counter("readback_audit_rows_total", "Rows appended to the audit log.", registry=_REGISTRY)
_QUEUE_DEPTH = _summed("readback_queue_depth", "Items waiting in a bounded queue.", "queue")
_QUEUE_DROPPED = _counter("readback_queue_dropped_total", "Items a full queue refused.", "queue")


def observe_tool(tool: str, outcome: str, seconds: float) -> None:
    """One answered tool call; `tool` is a known name or `unknown`, `outcome` is `ok` or a code."""
    _TOOLS[tool, outcome].observe(seconds)


def observe_upstream(upstream: str, outcome: str, seconds: float) -> None:
    """One request to an outside service, whatever came of it."""
    _UPSTREAM_SECONDS[upstream].observe(seconds)
    _UPSTREAM_REQUESTS[upstream, outcome].inc()


def count_alarm(kind: str) -> None:
    """One alarm that rang; an alarm already ringing is not counted again."""
    _ALARMS[kind].inc()


def count_page(outcome: str) -> None:
    """One page to one receiver: `delivered`, `retried`, `failed` or `dropped`."""
    _PAGES[outcome].inc()


def set_cap(business: str, used: int, limit: int) -> None:
    """Calls counted today and the cap; `limit` 0 is no cap."""
    _CAP_USED[business].set(used)
    _CAP_LIMIT[business].set(limit)


def count_cache(cache: str, result: str) -> None:
    """One look-up: `hit`, `miss`, `joined` (somebody else's flight) and the like."""
    _CACHE[cache, result].inc()


def count_claim_lost(business: str) -> None:
    """One claim on a slot that came second."""
    _CLAIMS_LOST[business].inc()


def count_refusal(route: str, reason: str) -> None:
    """One refused request; `route` is the route's pattern, never the path that was asked for."""
    _REFUSALS[route, reason].inc()


def count_message(type: str) -> None:
    """One platform message; a type nobody knows is `unknown`."""
    _MESSAGES[type].inc()


def count_push(outcome: str) -> None:
    """One answer pushed into a live call: `delivered`, `refused`, `failed` or `not_allowed`."""
    _PUSHES[outcome].inc()


def count_read_back(outcome: str) -> None:
    """One booking read back from its calendar."""
    _READ_BACKS[outcome].inc()


def count_booking(outcome: str) -> None:
    """One attempt to book: `confirmed`, `pending` or `refused`."""
    _BOOKINGS[outcome].inc()


def count_audit_rows(rows: int = 1) -> None:
    """Rows appended to the audit log."""
    _AUDIT_ROWS.inc(rows)


def set_queue_depth(queue: str, depth: int) -> None:
    """Items waiting in this process's part of a bounded queue."""
    _QUEUE_DEPTH[queue].set(depth)


def count_queue_drop(queue: str) -> None:
    """One item a full queue refused."""
    _QUEUE_DROPPED[queue].inc()


def render() -> tuple[bytes, str]:
    """The exposition: body and content type. Of several worker processes any one answers for all."""
    if not _SEVERAL_PROCESSES:
        return generate_latest(_REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped
    return generate_latest(registry), CONTENT_TYPE_LATEST


def forget_process(pid: int) -> None:
    """Drop a dead worker's part of the summed gauges; its counters stay. Does nothing with one process."""
    if _SEVERAL_PROCESSES:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped

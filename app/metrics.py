"""Figures for the outside: every metric the product exports, behind functions cheap enough to call on each request.

Label values must come from closed sets (configured names, enums); a family that outgrows its bound folds the rest into
`other`, so a caller's mistake can never fill the memory. Nothing here knows a phone number, a name or a URL.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from operator import add
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

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
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus-client itself, once, while it is imported: the parent sets it before any worker starts."""

MOST_CHILDREN: Final = 2_000
"""Label combinations per family. The largest honest family is one per configured business."""

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 10.0, 20.0)
"""1 ms to 20 s; 0.8 s is the filler's budget and 6 s the tool deadline, both at their defaults."""

Child = TypeVar("Child", bound=MetricWrapperBase)

_SEVERAL_PROCESSES: Final = MULTIPROCESS_DIR in os.environ


class _Children(dict[str | tuple[str, ...], Child], Generic[Child]):
    """A family's children by label value(s), its only one by (): one dictionary look-up instead of its `labels`."""

    def __init__(self, family: Child) -> None:
        super().__init__()
        self._family = family

    def __missing__(self, key: str | tuple[str, ...]) -> Child:
        values = (key,) if isinstance(key, str) else key
        if len(self) >= MOST_CHILDREN:
            return self._family.labels(*("other",) * len(values))
        child = self[key] = self._family.labels(*values) if values else self._family
        return child


class _Tallies(dict[str | tuple[str, ...], int]):
    """Counts of one family that are handed to prometheus-client now and then: an addition is a tenth of its `inc`.

    Only for what the loop alone counts, on the way of every request.
    """

    def __init__(self, children: _Children[Counter]) -> None:
        super().__init__()
        self._children = children
        _TALLIES.append(self)

    def __missing__(self, key: str | tuple[str, ...]) -> int:
        return 0

    def hand_in(self) -> None:
        """Add what was counted to the family."""
        counted = list(self.items())
        self.clear()
        for key, times in counted:
            self._children[key].inc(times)


_TALLIES: list[_Tallies] = []


disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped there; half the series, and nobody's dashboard asks when a counter was born
_REGISTRY = CollectorRegistry(auto_describe=False)
if not _SEVERAL_PROCESSES:  # of several processes the one that happens to answer would show only itself
    ProcessCollector(registry=_REGISTRY)
    PlatformCollector(registry=_REGISTRY)
    GCCollector(registry=_REGISTRY)


def _counter(name: str, text: str, *labels: str) -> _Children[Counter]:
    return _Children(Counter(name, text, labels, registry=_REGISTRY))


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...] = BUCKETS_S) -> _Children[Histogram]:
    return _Children(Histogram(name, text, labels, registry=_REGISTRY, buckets=buckets))


def _latest(name: str, text: str, *labels: str) -> _Children[Gauge]:
    """A gauge whose value all processes share: the last one written is the true one."""
    return _Children(Gauge(name, text, labels, registry=_REGISTRY, multiprocess_mode="mostrecent"))


def _summed(name: str, text: str, *labels: str) -> _Children[Gauge]:
    """A gauge of which every living process holds its own part."""
    return _Children(Gauge(name, text, labels, registry=_REGISTRY, multiprocess_mode="livesum"))


_TOOLS = _histogram("readback_tool_seconds", "Time to answer one tool call.", "tool", "outcome")
_UPSTREAM_SECONDS = _histogram("readback_upstream_seconds", "Time of one request to an outside service.", "upstream")
_UPSTREAM_REQUESTS = _counter("readback_upstream_requests_total", "Requests to the outside.", "upstream", "outcome")
_ALARMS = _counter("readback_alarms_total", "Alarms rung, repetitions not counted.", "kind")
_PAGES = _counter("readback_pages_total", "Pages by what became of them.", "outcome")
_CAP_USED = _latest("readback_cap_used", "Calls counted today against the cap.", "business")
_CAP_LIMIT = _latest("readback_cap_limit", "The daily cap on calls; 0 is no cap.", "business")
_CACHE = _counter("readback_cache_total", "Look-ups in a cache.", "cache", "result")
_CLAIMS_LOST = _counter("readback_claims_lost_total", "Claims on a slot that somebody else held.", "business")
_REFUSALS = _counter("readback_refusals_total", "Requests refused before they were read.", "route", "reason")
_TAKEN = _counter("readback_requests_taken_total", "Requests that were answered, and not refused.", "route")
_MESSAGES = _counter("readback_messages_total", "Platform messages received.", "type")
_PUSHES = _counter("readback_pushes_total", "Answers pushed into a live call.", "outcome")
_READ_BACKS = _counter("readback_read_backs_total", "Bookings read back from their calendar.", "outcome")
_BOOKINGS = _counter("readback_bookings_total", "Attempts to book, move or cancel.", "outcome")
_JOBS = _counter("readback_jobs_total", "Turns of background jobs by what became of them.", "kind", "outcome")
_LATE_S: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_JOB_LATENESS = _histogram("readback_job_lateness_seconds", "From due to begun, of jobs.", buckets=_LATE_S)
_DEAD_LETTERS = _latest("readback_dead_letters", "Open dead letters.", "state")
_DEAD_LETTER_AGE = _latest("readback_dead_letter_oldest_seconds", "Age of the oldest open dead letter.", "state")
_CRM_COPIES = _counter("readback_crm_copies_total", "Answers of CRMs about copies of bookings.", "outcome")
_INFERENCES = _counter("readback_inferences_total", "Attempts to have a model answer.", "provider", "outcome")
_SPEND = _counter("readback_model_spend_micros_total", "Millionths of a dollar spent on models.", "business")
_BREAKERS = _latest("readback_breaker_open", "0 closed, 0.5 trying one request, 1 open.", "upstream")
_SYNTHETIC_CALLS = _counter("readback_synthetic_calls_total", "Calls made to ourselves.", "outcome")
_SYNTHETIC_SECONDS = _latest("readback_synthetic_call_seconds", "How long the last call made to ourselves took.")
_TEXTS_IN = _counter("readback_texts_in_total", "Texts that came in: new, or delivered again.", "outcome")
_TURNS = _counter("readback_text_turns_total", "Turns of text conversations.", "outcome")
_TEXTS_OUT = _counter("readback_texts_out_total", "Texts that went out, by what became of them.", "kind", "state")
_SEGMENTS = _counter("readback_text_segments_total", "Segments of texts handed to the carrier.", "kind")
_STATES: Final = "0 normal, 1 silent, 2 flood, 3 unknown, 4 learning, 5 quiet."
_VOLUME = _latest("readback_volume_state", _STATES, "business", "line")
_AUDIT_ROWS = _counter("readback_audit_rows_total", "Rows appended to the audit log.")
_LIMIT_USED = _latest("readback_limit_used", "Present use of a limit that can be counted.", "limit")
_LIMIT_VALUE = _latest("readback_limit_value", "The limit itself.", "limit")
_HANGS = _counter("readback_hangs_total", "Times a platform waited too long, by the tool under way.", "tool")
_FIGURES = _latest("readback_figure_state", "A service figure: 0 fine, 1 raised, 2 not known.", "figure", "of")
_UNKNOWN_FIELDS = _counter("readback_unknown_fields_total", "Fields of answers that nobody here knows.", "upstream")
_SETTINGS = _latest("readback_settings_records", "Records at the platform not as applied, or never.", "state")
_CANARIES = _latest("readback_canary_percent", "Share of callers who get the new version; 0 is none.", "business")
_SIGN_INS = _counter("readback_sign_ins_total", "Attempts to sign in to the dashboard.", "outcome")
_QUEUE_DEPTH = _summed("readback_queue_depth", "Items waiting in a bounded queue.", "queue")
_QUEUE_DROPPED = _counter("readback_queue_dropped_total", "Items a full queue refused.", "queue")


class Counts(NamedTuple):
    """What one process has counted: times by family, first label and bucket, and numbers by family and labels."""

    times: Mapping[str, Mapping[str, tuple[int, ...]]]
    numbers: Mapping[str, Mapping[tuple[str, ...], int]]


_TIMED: Final = {"tool": _TOOLS, "upstream": _UPSTREAM_SECONDS}
_NUMBERED: Final = dict(request=_UPSTREAM_REQUESTS, cache=_CACHE, refusal=_REFUSALS, hang=_HANGS, taken=_TAKEN)
"""What service figures are made of, by the names under which it is kept."""

_CACHE_TALLY, _MESSAGE_TALLY, _TAKEN_TALLY = _Tallies(_CACHE), _Tallies(_MESSAGES), _Tallies(_TAKEN)


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
    """One try of a page: `delivered`, `retried`, `failed`, `refused` or `dropped`, or `held` behind another page."""
    _PAGES[outcome].inc()


def set_settings_drift(drifted: int, without_baseline: int) -> None:
    """How many records at the platform are not as they were applied, and how many were never applied."""
    _SETTINGS["drifted"].set(drifted)
    _SETTINGS["no_baseline"].set(without_baseline)


def set_cap(business: str, used: int, limit: int) -> None:
    """Calls counted today and the cap; `limit` 0 is no cap."""
    _CAP_USED[business].set(used)
    _CAP_LIMIT[business].set(limit)


def count_cache(cache: str, result: str) -> None:
    """One look-up: `hit`, `miss`, `joined` (somebody else's flight) and the like."""
    _CACHE_TALLY[cache, result] += 1


def count_claim_lost(business: str) -> None:
    """One claim on a slot that came second."""
    _CLAIMS_LOST[business].inc()


def count_refusal(route: str, reason: str) -> None:
    """One refused request; `route` is the route's pattern, never the path that was asked for."""
    _REFUSALS[route, reason].inc()


def count_taken(route: str) -> None:
    """One request that was answered and not refused, of the same routes."""
    _TAKEN_TALLY[route] += 1


def count_message(type: str) -> None:
    """One platform message; a type nobody knows is `unknown`."""
    _MESSAGE_TALLY[type] += 1


def count_push(outcome: str) -> None:
    """One answer pushed into a live call: `delivered`, `refused`, `failed` or `not_allowed`."""
    _PUSHES[outcome].inc()


def count_read_back(outcome: str) -> None:
    """One booking read back from its calendar."""
    _READ_BACKS[outcome].inc()


def count_booking(outcome: str) -> None:
    """One attempt to book, move or cancel: `confirmed`, `pending` or `refused`."""
    _BOOKINGS[outcome].inc()


def count_job(kind: str, outcome: str) -> None:
    """One turn of a job: `done`, `again`, `failed`, `dead`, `interrupted` or `taken_over`."""
    _JOBS[kind, outcome].inc()


def observe_job_lateness(seconds: float) -> None:
    """How long after its due time a job began."""
    _JOB_LATENESS[()].observe(seconds)


def set_dead_letters(letters: int, oldest_s: float) -> None:
    """Open dead letters, and how old the oldest of them is (0 without any)."""
    _DEAD_LETTERS["open"].set(letters)
    _DEAD_LETTER_AGE["open"].set(oldest_s)


def count_crm_copy(outcome: str) -> None:
    """One answer of a CRM: `copied`, `seen`, `refused`, `unknown`, `different`, `absent`, `unreadable` or `spared`."""
    _CRM_COPIES[outcome].inc()


def count_text_in(outcome: str) -> None:
    """One text that came in: `new`, `again`, or `found` where the webhook never delivered it."""
    _TEXTS_IN[outcome].inc()


def count_turn(outcome: str) -> None:
    """One turn of a text conversation: `answered`, or `overtaken` by another worker."""
    _TURNS[outcome].inc()


def count_text_out(kind: str, state: str) -> None:
    """One text of ours that came to this state."""
    _TEXTS_OUT[kind, state].inc()


def count_segments(kind: str, segments: int) -> None:
    """Segments of one text that was handed to the carrier."""
    _SEGMENTS[kind].inc(segments)


def count_inference(provider: str, outcome: str) -> None:
    """One attempt: `ok`, `refused` by the model, or `bad`: no answer, or one that is good for nothing."""
    _INFERENCES[provider, outcome].inc()


def count_spend(business: str, micros: int) -> None:
    """Money that one attempt cost, in millionths of a dollar."""
    _SPEND[business].inc(micros)


def set_breaker(upstream: str, state: float) -> None:
    """How far a breaker of ours is open: 0, 0.5 while it tries one request, 1. `upstream` is a configured name."""
    _BREAKERS[upstream].set(state)


def observe_synthetic_call(outcome: str, seconds: float) -> None:
    """One call made to ourselves: `ok` or `failed`, and how long it took from its first step to its last."""
    _SYNTHETIC_CALLS[outcome].inc()
    _SYNTHETIC_SECONDS[()].set(seconds)


def set_volume(business: str, line: str, state: int) -> None:
    """What a line, its number masked, is now."""
    _VOLUME[business, line].set(state)


def count_audit_rows(rows: int) -> None:
    """So many rows were appended to the audit log."""
    _AUDIT_ROWS[()].inc(rows)


def count_hang(tool: str) -> None:
    """A platform says that it waits too long; `tool` is the known one under way, else `unknown` or `none`."""
    _HANGS[tool].inc()


def set_figure(figure: str, of: str, state: int) -> None:
    """What a service figure is now; `of` is a tool, an upstream and the like, or empty."""
    _FIGURES[figure, of].set(state)


def count_unknown_fields(upstream: str, fields: int) -> None:
    """Fields of one answer that are in no declared shape."""
    _UNKNOWN_FIELDS[upstream].inc(fields)


def set_canary(business: str, percent: int) -> None:
    """The share of callers who get a new version of a business's assistant; 0 where none is on trial."""
    _CANARIES[business].set(percent)


def set_limit(name: str, used: float, value: float) -> None:
    """Present use of a limit of the register, and the limit."""
    _LIMIT_USED[name].set(used)
    _LIMIT_VALUE[name].set(value)


def counted() -> Counts:
    """This process's own counts, whatever others share the exposition. Takes half a millisecond, in any thread."""
    # prometheus-client's way to a value of one process goes through samples, at twenty times the cost.
    numbers = {
        name: {_labels(key): int(child._value.get()) for key, child in list(family.items())}
        for name, family in _NUMBERED.items()
    }
    times: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, family in _TIMED.items():
        of_it, number = times.setdefault(name, {}), numbers.setdefault(name, {})
        for key, child in list(family.items()):
            labels, buckets = _labels(key), tuple(int(bucket.get()) for bucket in child._buckets)
            of_it[labels[0]] = tuple(map(add, buckets, of_it.get(labels[0], (0,) * len(buckets))))
            if len(labels) > 1:
                number[labels] = sum(buckets)
    return Counts(times, numbers)


def _labels(key: str | tuple[str, ...]) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else key


def count_sign_in(outcome: str) -> None:
    """One attempt to sign in to the dashboard: `ok`, `refused` or `limited`."""
    _SIGN_INS[outcome].inc()


def set_queue_depth(queue: str, depth: int) -> None:
    """Items waiting in this process's part of a bounded queue."""
    _QUEUE_DEPTH[queue].set(depth)


def count_queue_drop(queue: str) -> None:
    """One item a full queue refused."""
    _QUEUE_DROPPED[queue].inc()


def hand_in() -> None:
    """Show what was only counted so far; with several processes each does so a few times a second."""
    for tally in _TALLIES:
        tally.hand_in()


def render() -> tuple[bytes, str]:
    """The exposition: body and content type. Of several worker processes any one answers for all."""
    hand_in()
    if not _SEVERAL_PROCESSES:
        return generate_latest(_REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped
    return generate_latest(registry), CONTENT_TYPE_LATEST


def forget_dead_processes() -> None:
    """Drop ended workers' parts of the summed gauges; what they counted stays. Does nothing with one process."""
    for part in Path(os.environ.get(MULTIPROCESS_DIR, os.devnull)).glob("gauge_live*.db"):
        with suppress(PermissionError):  # another user's process, which lives
            try:
                os.kill(int(part.stem.rpartition("_")[2]), 0)
            except ProcessLookupError:
                part.unlink(missing_ok=True)

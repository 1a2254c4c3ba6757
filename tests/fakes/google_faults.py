"""What a scripted Google may do wrong. A fault describes; the server and the store carry it out."""

import random
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ANY = "*"


@dataclass(frozen=True)
class Fault:
    """One misbehaviour. `kind` says which; the other fields are read by some kinds only."""

    kind: str
    status: int = 500
    reason: str = "backendError"
    seconds: float = 0.0
    detail: Any = None
    headers: tuple[tuple[str, str], ...] = ()


def status(code: int, reason: str = "backendError", **headers: str) -> Fault:
    """Answer with an error before doing anything."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fault("status", status=code, reason=reason, headers=pairs)


UNAVAILABLE = status(503, "backendError")
USER_RATE_LIMIT = status(403, "userRateLimitExceeded")
RATE_LIMIT = status(403, "rateLimitExceeded")
TOO_MANY_REQUESTS = status(429, "rateLimitExceeded")
QUOTA_EXCEEDED = status(403, "quotaExceeded")
FORBIDDEN = status(403, "forbidden")
BAD_REQUEST = status(400, "invalid")
UNAUTHORIZED = status(401, "authError")

NEVER = Fault("never")
"""Take the request, do nothing, answer nothing."""
RESET = Fault("reset")
"""Take the request, do nothing, reset the connection."""
CLOSE = Fault("close")
"""Take the request, do nothing, close the connection without an answer."""
COMMIT_THEN_HANG = Fault("commit_hang")
COMMIT_THEN_RESET = Fault("commit_reset")
COMMIT_THEN_503 = Fault("commit_status", status=503)
NOT_WRITTEN = Fault("not_written")
"""Answer a write as if it had been done."""
HTML = Fault("body", detail=b"<html><body>Sorry</body></html>")
NOT_JSON = Fault("body", detail=b"\xff\xfe{")
EMPTY = Fault("body", detail=b"")
ERROR_IN_200 = Fault("body", detail=b'{"error": {"code": 503, "message": "Backend Error"}}')
RENAMED = Fault("renamed")
"""A success whose fields have other names: busy, items, id, start, end."""


def slow(seconds: float) -> Fault:
    """A right answer, late."""
    return Fault("slow", seconds=seconds)


def dripping(seconds: float = 0.1) -> Fault:
    """A right answer, one byte every `seconds`."""
    return Fault("drip", seconds=seconds)


def written_elsewhere(calendar: str) -> Fault:
    """The write goes to another calendar; the answer looks right."""
    return Fault("elsewhere", detail=calendar)


def written_at(shift_s: int, *, shown: bool) -> Fault:
    """The event is stored at another hour; `shown` says whether the answer shows it."""
    return Fault("shifted", seconds=shift_s, detail=shown)


def calendar_errors(calendar: str, reason: str = "internalError") -> Fault:
    """freeBusy: this calendar has errors, inside a 200."""
    return Fault("calendar_errors", detail=calendar, reason=reason)


def calendar_missing(calendar: str) -> Fault:
    """freeBusy: this calendar is not in the answer."""
    return Fault("calendar_missing", detail=calendar)


def calendar_as(calendar: str, entry: Any) -> Fault:
    """freeBusy: this calendar's entry is replaced by `entry`."""
    return Fault("calendar_as", reason=calendar, detail=entry)


def item_as(changes: dict[str, Any]) -> Fault:
    """An event answer, or the first item of a listing, with these keys replaced (None removes one)."""
    return Fault("item_as", detail=changes)


class FaultPlan:
    """Which fault comes next, by operation: scripted ones first, then by what is asked, then by chance with a seed."""

    def __init__(self) -> None:
        self._next: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._where: list[tuple[str, bytes, Fault]] = []
        self._chances: list[tuple[float, Fault]] = []
        self._operations: frozenset[str] = frozenset()
        self._random = random.Random(0)

    def fail_next(self, operation: str, fault: Fault, times: int = 1) -> None:
        """The next `times` requests of `operation` (`*` = any) meet `fault`."""
        self._next[operation].extend([fault] * times)

    def fail_always(self, operation: str, fault: Fault | None) -> None:
        """Every request of `operation`, until called with None."""
        if fault is None:
            self._always.pop(operation, None)
        else:
            self._always[operation] = fault

    def fail_where(self, operation: str, words: bytes, fault: Fault) -> None:
        """Every request of `operation` whose body has these words, however many are on their way at once."""
        self._where.append((operation, words, fault))

    def by_chance(self, chances: Iterable[tuple[float, Fault]], operations: Iterable[str], seed: int = 1) -> None:
        """Each request of `operations` meets at most one fault, each with its own probability."""
        self._chances, self._operations = list(chances), frozenset(operations)
        self._random = random.Random(seed)

    def take(self, operation: str, body: bytes = b"") -> Fault | None:
        """The fault this request meets."""
        for key in (operation, ANY):
            if self._next.get(key):
                return self._next[key].popleft()
            if key in self._always:
                return self._always[key]
        for where, words, fault in self._where:
            if where == operation and words in body:
                return fault
        if operation in self._operations:
            drawn = self._random.random()
            for chance, fault in self._chances:
                if drawn < chance:
                    return fault
                drawn -= chance
        return None

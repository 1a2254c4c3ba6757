"""Figures read from what processes counted, shares, quantiles, rates, and whether a moment of it is bad."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from app.metrics import BUCKETS_S
from app.watch.figure_sums import Sums
from app.watch.figures import Material, Moment, Read, Reading

ANSWERED: Final = frozenset({"ok", "delivered", "refused", "client_error"})
"""Outcomes of requests that an upstream answered as it should, though not always as we hoped. Being denied is none."""
WENT_WRONG: Final = frozenset({"internal", "calendar_unavailable"})
"""Outcomes of tool calls that say nothing to the caller, by a fault of ours or of a calendar."""
MOSTLY: Final = 0.5
SHARED: Final = "shared "
"""How the names of caches begin that all processes have in common."""
CLIENT_GONE: Final = "client gone"
"""Counted with refusals, and none."""
PLATFORM_ROUTES: Final = (
    "/vapi",
    "/tools/",
    "/retell/",
    "/elevenlabs/",
    "/bland/",
    "/telnyx/",
    "/mcp",
    "/twilio/",
    "/google/",
)
"""How the routes begin that platforms call: elsewhere people and strangers are refused as a matter of course."""
WAITED_FOR: Final = frozenset({"google", "caldav"})
"""Upstreams for which a caller waits at every lookup. That others take long, models above all, is their nature."""
ALL_TOOLS: Final = "none"
"""Of a hang while no tool was under way."""


def quantile(buckets: Sequence[int], share: float) -> float:
    """Seconds within which this share of times lies, as a straight line through its bucket has it.

    Of what lies beyond the last bound only that bound is known.
    """
    wanted = share * sum(buckets)
    below = 0
    for number, count in enumerate(buckets[: len(BUCKETS_S)]):
        if count and below + count >= wanted:
            low = BUCKETS_S[number - 1] if number else 0.0
            return low + (BUCKETS_S[number] - low) * (wanted - below) / count
        below += count
    return BUCKETS_S[-1]


def slowest(family: str, share: float) -> Read:
    """A quantile of times, of each tool or upstream."""

    def read(given: Material) -> Mapping[str, Reading]:
        times = given.sums.times.get(family, {})
        return {of: Reading(quantile(buckets, share), sum(buckets)) for of, buckets in times.items()}

    return read


def share(family: str, counts: Callable[[str], bool]) -> Read:
    """How many of each first label's have a second label that counts."""

    def read(given: Material) -> Mapping[str, Reading]:
        numbers = given.sums.numbers.get(family, {})
        return _shares([(of, counts(label), number) for (of, label), number in numbers.items()])

    return read


def hits(given: Material) -> Mapping[str, Reading]:
    """How much each cache of a process answers; what all share is asked only where a process's own has nothing."""
    return {of: one for of, one in share("cache", "hit".__eq__)(given).items() if not of.startswith(SHARED)}


def mostly(family: str, counts: Callable[[str], bool]) -> Moment:
    """Whether most of each first label's have a second label that counts."""

    def judge(sums: Sums, _: float) -> Mapping[str, bool]:
        numbers = sums.numbers.get(family, {})
        found = _shares([(of, counts(label), number) for (of, label), number in numbers.items()])
        return {of: reading.value > MOSTLY for of, reading in found.items()}

    return judge


def slow(family: str, of_these: Collection[str] | None = None) -> Moment:
    """Whether half of the times of each tool or upstream are longer than is borne."""

    def judge(sums: Sums, bound_s: float) -> Mapping[str, bool]:
        times = sums.times.get(family, {})
        return {
            of: quantile(buckets, MOSTLY) > bound_s
            for of, buckets in times.items()
            if of_these is None or of in of_these
        }

    return judge


def hung(sums: Sums, _: float) -> Mapping[str, bool]:
    """Whether a platform waited for each tool, of those that were called."""
    waited = {tool for (tool,) in sums.numbers.get("hang", {})}
    called = {tool for (tool, _), _ in sums.numbers.get("tool", {}).items()}
    return {tool: tool in waited for tool in {*waited, *called, *([ALL_TOOLS] if called else [])}}


def turned_away(sums: Sums, _: float) -> Mapping[str, bool]:
    """Whether each platform's route refused more than it took."""
    refused: dict[str, int] = defaultdict(int)
    for (route, reason), number in sums.numbers.get("refusal", {}).items():
        refused[route] += 0 if reason == CLIENT_GONE else number
    taken = {route: number for (route,), number in sums.numbers.get("taken", {}).items()}
    routes = {route for route in {*refused, *taken} if route.startswith(PLATFORM_ROUTES)}
    return {route: refused[route] > taken.get(route, 0) for route in routes if refused[route] or route in taken}


def not_answered(outcome: str) -> bool:
    """Whether a request to an upstream got no answer worth the name."""
    return outcome not in ANSWERED


def refusals(given: Material) -> Mapping[str, Reading]:
    """Requests refused a minute, of each route."""
    refused: dict[str, int] = defaultdict(int)
    for (route, reason), number in given.sums.numbers.get("refusal", {}).items():
        refused[route] += 0 if reason == CLIENT_GONE else number
    minutes = max(given.sums.seconds, 60.0) / 60
    return {route: Reading(number / minutes, number) for route, number in refused.items()}


def hangs(given: Material) -> Mapping[str, Reading]:
    """How often a platform said that it waited too long, by the tool under way."""
    return {tool: Reading(number, number) for (tool,), number in given.sums.numbers.get("hang", {}).items()}


def _shares(counts: Sequence[tuple[str, bool, int]]) -> Mapping[str, Reading]:
    counting: dict[str, int] = defaultdict(int)
    everything: dict[str, int] = defaultdict(int)
    for of, counts_in, number in counts:
        everything[of] += number
        counting[of] += number if counts_in else 0
    return {of: Reading(counting[of] / number, number) for of, number in everything.items() if number}

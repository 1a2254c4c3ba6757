"""What is said of a line's volume: how many were expected, how many came, since when, and how sure that is."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.watch.judgement import State, certain_in_s, false_a_year
from app.watch.volume_counts import TEXT
from app.watch.volume_lines import WHOLE, Decision

SILENCE: Final = "silence"
FLOOD: Final = "flood"
KINDS: Final = {State.SILENT: SILENCE, State.FLOOD: FLOOD}
"""Kinds of pages."""
ALL_LINES: Final = "All lines together"
LINE: Final = "Line"
LINES: Final = "Lines"
"""How a body begins."""
NO_LINE: Final = "what names no line"
HOLIDAY: Final = (
    "If it is a holiday there, name its day in `closed` of the business file: then it is expected to be still."
)
MOST_NAMED: Final = 50
"""Lines in a body."""
MOST_BUSINESSES: Final = 20
"""The same of businesses."""
SHOWN_CALLS: Final = 0.05
"""What is less is 0.0 when it is written."""


def sentence(decision: Decision, now: float) -> str:
    """What a line is now, in a sentence or two."""
    verdict, zone = decision.verdict, decision.watched.zone
    if verdict.state is State.LEARNING:
        return f"Learning what is usual: {verdict.why}."
    if verdict.state is State.UNKNOWN:
        return f"Not known: {verdict.why}."
    if verdict.state is State.FLOOD:
        return (
            f"{verdict.seen} {_things(decision)} since {_moment(zone, verdict.since)}, where {verdict.expected:.1f} "
            f"are usual: chance alone does that {_chance(verdict.log_chance)}."
        )
    if verdict.state is State.SILENT:
        return f"{_missing(decision)}: chance alone does that {_chance(verdict.log_chance)}.{_false(decision)}"
    return _quiet(decision, now)


def title(party: Sequence[Decision]) -> str:
    """The head of a page about one line, several, or all of a business together."""
    first = lead(party)
    things = " and ".join(sorted({_things(one) for one in party}))
    lines = ", all lines" if first.line == WHOLE else f", {len(party)} lines" if len(party) > 1 else ""
    return f"{_what(first)}: {things} to {first.watched.name}{lines}"


def body(party: Sequence[Decision], now: float) -> str:
    """A page's own words. It begins with `whom` it is about."""
    first = lead(party)
    if first.verdict.state is State.SILENT:
        advice = (
            "Call the number from an ordinary phone. If it does not reach the agent, look at the number's routing, the "
            "platform and the tunnel or proxy before this server. If it does, ask it for an open time: an agent that "
            f"has lost its tools asks nothing here. {HOLIDAY}"
        )
    else:
        advice = "Look at who is calling: a campaign, an outage that people ask about, or somebody's machine."
    of_one = f"{name(first)}: " if len(party) > 1 and first.line != WHOLE else ""
    said = f"{of_one}{sentence(first, now)}"
    return f"{whom(party)} {said} {advice} `readback volume show` has the hours of today."


def whom(party: Sequence[Decision]) -> str:
    """What a page is about, as it begins."""
    first = lead(party)
    if first.line == WHOLE:
        return f"{ALL_LINES}: {_listed(first.watched.lines)}."
    if len(party) == 1 and not first.line:
        return "What names no line of the business."
    return f"{LINES if len(party) > 1 else LINE} {_listed([name(one) for one in party])}."


def name(decision: Decision) -> str:
    """What it is called among others."""
    return decision.line or NO_LINE


def named(text: str) -> frozenset[str]:
    """The names with which a body begins; none where it is about all."""
    if is_about_all(text):
        return frozenset()
    head, _, names = text.partition(". ")[0].partition(" ")
    return frozenset(names.split(", ")) if head in (LINE, LINES) else frozenset({NO_LINE})


def is_about_all(text: str) -> bool:
    """Whether a body is about all lines of a business together."""
    return text.startswith(ALL_LINES)


def duration(seconds: float) -> str:
    """A length of time in a word or two."""
    if seconds < 90 * 60:
        return f"{max(1, math.ceil(seconds / 60))} min"
    if seconds < 48 * 3_600:
        return f"{seconds / 3_600:.1f} h"
    return f"{seconds / 86_400:.1f} days"


def lead(party: Sequence[Decision]) -> Decision:
    """All lines together, or else the one that is least by chance."""
    return min(party, key=lambda one: (one.line != WHOLE, one.verdict.log_chance))


def title_of_many(party: Sequence[Decision]) -> str:
    """The head of a page about businesses that are silent, or flooded, together."""
    things = " and ".join(sorted({_things(one) for one in party}))
    return f"{_what(party[0])}: {things} to {len(party)} businesses"


def body_of_many(party: Sequence[Decision], of: int, now: float) -> str:
    """Its words, of so many businesses in all. It begins with `whom_of_many` it is about."""
    first = lead(party)
    said = f"{whom_of_many(party, of)} {first.watched.name}: {sentence(first, now)}"
    joins = "joins this page and rings nobody but the people whom a business names in `page`."
    if first.verdict.state is State.FLOOD:
        return (
            f"{said} Look at what they have in common: one campaign, an outage that people ask about, or a machine "
            f"that dials them all; the callers of all of them use up the daily caps. Who is flooded within an hour "
            f"{joins} `readback volume list` has every line."
        )
    return (
        f"{said} Look first at what they have in common: the voice platform, this server's address and the way to it; "
        f"`readback doctor` does. {HOLIDAY} Who fell silent with them {joins} `readback volume list` has every line."
    )


def whom_of_many(party: Sequence[Decision], of: int) -> str:
    """What it is about, as it begins."""
    names = sorted(one.watched.name for one in party)
    odd = "silent" if party[0].verdict.state is State.SILENT else "flooded"
    verb = f"are {odd} together" if len(party) > 1 else f"is still {odd}"
    return f"{len(party)} of {of} businesses {verb}: {_listed(names, MOST_BUSINESSES)}."


def _what(decision: Decision) -> str:
    return "Silence" if decision.verdict.state is State.SILENT else "Flood"


def _quiet(decision: Decision, now: float) -> str:
    verdict, profile = decision.verdict, decision.profile
    since = f"No {_things(decision, 1)} since {_moment(decision.watched.zone, verdict.since)}"
    left = certain_in_s(profile, verdict, now) if profile else None
    zone = decision.watched.zone
    certain = "for more than four weeks" if left is None else f"for another {duration(left)}, {_until(zone, now, left)}"
    counted = " in the time that was counted" if verdict.uncounted >= SHOWN_CALLS else ""
    usual = f"{since}; {verdict.expected:.1f} expected by now{counted}"
    if verdict.state is State.TOO_QUIET:
        return f"Too quiet to tell: {usual}. Silence would have to last {certain}; only a synthetic call can tell now."
    return f"Normal: {usual}. Total silence would be certain if it lasted {certain}."


def _missing(decision: Decision) -> str:
    """Since when nothing has come, and what makes that certain: the whole time, or one day of it."""
    verdict, zone = decision.verdict, decision.watched.zone
    since = f"No {_things(decision, 1)} since {_moment(zone, verdict.since)}"
    if verdict.still is None:
        return f"{since}, where {verdict.expected:.1f} were to be expected"
    day = datetime.fromtimestamp(verdict.still.begins, zone).strftime("%a %d %b")
    return f"{since}, and none on {day}, where {verdict.still.expected:.1f} were to be expected that day"


def _false(decision: Decision) -> str:
    """How often chance alone is called a silence there."""
    if decision.profile is None:
        return ""
    return f" Alarms by chance come about {false_a_year(decision.profile):.1f} times a year on such a line."


def _listed(names: Sequence[str], most: int = MOST_NAMED) -> str:
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def _things(decision: Decision, number: int = 2) -> str:
    return ("text" if decision.channel == TEXT else "call") + ("s" if number > 1 else "")


def _moment(zone: ZoneInfo, at: float) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%a %d %b %H:%M %Z")


def _until(zone: ZoneInfo, now: float, left: float) -> str:
    """When so much time is over, in the line's own clocks, to the minute that has begun by then."""
    at = now + math.ceil(left / 60) * 60
    today = datetime.fromtimestamp(now, zone).date() == datetime.fromtimestamp(at, zone).date()
    return f"until {datetime.fromtimestamp(at, zone).strftime('%H:%M %Z' if today else '%a %d %b %H:%M %Z')}"


def _chance(log_chance: float) -> str:
    """One in so many, to one figure."""
    if log_chance < -math.log(1e9):
        return "once in more than 1,000,000,000 times"
    times = math.exp(-log_chance)
    digits = max(0, int(math.log10(max(times, 1.0))))
    return f"once in {round(times, -digits):,.0f} times"

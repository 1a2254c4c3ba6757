"""The words of the status page: whether all is normal, in one sentence, and times as people and machines read them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from app.watch.incidents import PARTS, Impact
from app.watch.status import Copy, Notice

NOT_REACHED: Final = "we cannot reach our own records right now"
_SPOKEN: Final = {"crm": "CRM"}
_WORST_FIRST: Final = (Impact.MAJOR, Impact.MINOR, Impact.NONE)


def word(copy: Copy) -> str:
    """`normal`, `notice`, `minor`, `major`, or `unknown`: what is old is never called normal."""
    if copy.open:
        worst = _worst(copy.open)
        return "notice" if worst is Impact.NONE else worst.value
    return "normal" if copy.reached else "unknown"


def sentence(copy: Copy) -> str:
    """Whether all is normal."""
    if copy.as_of is None:
        return f"{NOT_REACHED[0].upper()}{NOT_REACHED[1:]}, so we cannot say how things are."
    if copy.reached:
        return f"{_problem(copy.open)}." if copy.open else "All is normal: no incident is open."
    known = _problem(copy.open) if copy.open else "No incident was open"
    return f"{known}, as of {moment(copy.as_of)}; {NOT_REACHED}."


def affected(parts: Sequence[str]) -> str:
    """Parts in words: `calls, texts and CRM`."""
    spoken = [_SPOKEN.get(part, part) for part in parts]
    return f"{', '.join(spoken[:-1])} and {spoken[-1]}" if len(spoken) > 1 else "".join(spoken)


def instant(seconds: float) -> str:
    """For machines: RFC 3339, in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(seconds: float) -> str:
    """For people: day and time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y, %H:%M UTC").lstrip("0")


def _problem(notices: Sequence[Notice]) -> str:
    worst = _worst(notices)
    if worst is Impact.NONE:
        return "Everything works, and we are watching something"
    what = "There is an outage" if worst is Impact.MAJOR else "There is a problem"
    counted = [notice for notice in notices if notice.impact is not Impact.NONE]
    named = {part for notice in counted for part in notice.parts}
    parts = affected([part for part in PARTS if part in named])
    whom = " for some" if all(notice.for_some for notice in counted) else ""
    return f"{what} with {parts}{whom}" if parts else f"{what}{whom}"


def _worst(notices: Sequence[Notice]) -> Impact:
    impacts = {notice.impact for notice in notices}
    return next(impact for impact in _WORST_FIRST if impact in impacts)

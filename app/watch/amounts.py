"""An amount as a person types it from a panel, and as one reads it. Pure. What could mean two things is not read."""

import math
import re
from typing import Final

TIMES: Final = {"k": 1e3, "K": 1e3, "thousand": 1e3, "M": 1e6, "million": 1e6}
PERIODS: Final = {
    "s": {"s", "sec", "secs", "second", "seconds"},
    "min": {"min", "mins", "minute", "minutes"},
    "h": {"h", "hr", "hour", "hours"},
    "day": {"d", "day", "days"},
    "month": {"mo", "month", "months"},
}
WHOLES: Final = ("day", "month")
"""Over which an amount without a period may be used up; what goes by the second or hour is a rate, and no amount."""

SHORTEST_WORD: Final = 3
"""Letters. Of fewer nobody learns what a panel shows."""

_UNLIMITED: Final = re.compile(r"(?:unlimited|no limit)\b", re.IGNORECASE)
_GROUPED: Final = r"[0-9]{1,3}(?P<mark>[, '’_])[0-9]{3}(?:(?P=mark)[0-9]{3})*(?:\.[0-9]{1,6})?"
_PLAIN: Final = r"[0-9]{1,15}(?:\.(?![0-9]{3}(?![0-9]))[0-9]{1,6})?(?:[eE][0-9]{1,2})?"
"""A point before three digits is a fraction to some and thousands to others."""
_AMOUNT: Final = re.compile(
    rf"(?P<number>{_GROUPED}|{_PLAIN})(?: ?(?P<times>{'|'.join(TIMES)})\b)?(?![-0-9.,'’_]| [0-9])"
)
_NOTHING: Final = re.compile(
    r"[-−] ?[$€£]?[0-9].*|[-+−]?(?:nan|inf|infinity)|[$€£]? ?0+(?:[.,]0+)?(?: ?(?:USD|EUR|GBP|[$€£%]))?", re.IGNORECASE
)
_WORD: Final = re.compile(r" ?([A-Za-z]+)")
_PER: Final = re.compile(r"(?:/|\bper\b|\ban?\b) ?([0-9]*) ?([A-Za-z]+)")


def amount(text: str, unit: str) -> float | None:
    """The amount that a text begins with, in this unit; infinity for unlimited, None for what cannot be read as such.

    Nothing is converted: an amount in another unit, as in `500 ms` or `10 per second` of a minute, is none.
    """
    text = text.strip()
    if _UNLIMITED.match(text):
        return math.inf
    found = _AMOUNT.match(text)
    if found is None or not _fits(text[found.end() :], unit):
        return None
    return float(re.sub(r"[, '’_]", "", found["number"])) * TIMES.get(found["times"], 1.0)


def in_digits(value: float, most: int = 6) -> str:
    """A number as people read it, never with an exponent; `most`: digits of what is below a thousand."""
    told = f"{value:.{most}g}"
    if abs(value) >= 1_000 or "e+" in told:
        return f"{value:,.0f}"
    return f"{value:.6f}".rstrip("0").rstrip(".") if "e" in told else told


def says_nothing(text: str) -> bool:
    """Whether a text is nothing but a number that is 0, below it, or none at all, or neither a number nor a word."""
    word = not text.isascii() or sum(map(str.isalpha, text)) >= SHORTEST_WORD or any(map(str.isdigit, text))
    return not word or _NOTHING.fullmatch(text.strip()) is not None


def _fits(rest: str, unit: str) -> bool:
    """Whether what follows the number is of this unit, as far as it says."""
    word = _WORD.match(rest)
    if unit in PERIODS:
        return word is None or word[1].lower() in PERIODS[unit]
    if rest[:1].isalpha() and word is not None and word[1] != unit:
        return False
    period = unit.partition("/")[2]
    may_be = (period,) if period else WHOLES
    for many, named in _PER.findall(rest):
        other = any(named.lower() in words for which, words in PERIODS.items() if which not in may_be)
        if other or (period and many not in ("", "1")):
            return False
    return True

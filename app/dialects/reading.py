"""Reading what models and platforms put where arguments, ids and numbers belong.

A shape we cannot read is said in words for the agent; nothing here raises.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from app.booking.contact import unspaced

UNREADABLE = "I could not read that request because its details were incomplete. Please send them again, in full."
NOT_NAMED = "I could not read that request because its details came as a list without names. Please name each detail."

_TEXT_MAX = 512
_URL_MAX = 2_048
_PHONE_MAX = 40
_LEAST_LINE = 10**10
_KNOWN_LINES = 1_024


def arguments(given: Any) -> tuple[Mapping[str, Any], str | None]:
    """The arguments as an object, and None; or nothing and a sentence for the agent.

    Takes an object, its JSON as a string, that string encoded once more, an empty string, or null.
    """
    for _ in range(3):  # an object, inside a string, inside a string
        if type(given) is dict:
            return given, None
        if given is None:
            return {}, None
        if type(given) is not str:
            break
        if not (given := given.strip()):
            return {}, None
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            return {}, UNREADABLE
    if type(given) is dict:
        return given, None
    return {}, NOT_NAMED if type(given) is list else UNREADABLE


def text(given: Any) -> str | None:
    """A value a platform signals as text (an id, a number), without surrounding blanks.

    None for anything else: empty, far too long, or a placeholder such as `{{customer.number}}` that nobody filled in.
    """
    if type(given) is not str:
        return None
    stripped = given.strip()
    return stripped if 0 < len(stripped) <= _TEXT_MAX and "{{" not in stripped else None


def identity(given: Any) -> str | None:
    """An id that must be echoed, exactly as it came; a number as it is written. None when there is none."""
    if type(given) is str:
        return given or None
    return str(given) if type(given) in (int, float) else None


def url(given: Any) -> str | None:
    """A URL as the platform signals it, or None; whether it may be used is for others to decide."""
    return given if type(given) is str and 0 < len(given) <= _URL_MAX else None


WITHHELD = frozenset(("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"))
"""Digits that spell ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE: shared by many callers."""


def phone(given: Any) -> str | None:
    """A caller's number as the platform signals it, as E.164 however it is spaced; None when it is none or withheld."""
    number = text(given)
    if number is None or number[0] != "+":
        return None
    digits = number[1:]
    if not digits.isdigit():
        digits = unspaced(digits[:_PHONE_MAX])
    if not (5 <= len(digits) <= 15 and digits.isascii() and digits.isdigit() and digits[0] != "0"):
        return None
    number = f"+{digits}"
    return None if number in WITHHELD else number


def line(given: Any) -> str | None:
    """The number that was dialled, as business files have it however it is spaced; any other text as it came.

    Digits alone, as text or as a number, are one with its country code if they are long enough to be that.
    """
    words = text(str(given)) if type(given) is int and given >= _LEAST_LINE else text(given)
    return None if words is None else _as_line(words)


@lru_cache(maxsize=_KNOWN_LINES)
def _as_line(words: str) -> str:
    alone = words.isascii() and words.isdigit() and int(words) >= _LEAST_LINE
    return phone(f"+{words}" if alone else words) or words

"""Days that are named to say that they are not meant, and days named from one that is not known here. Pure."""

import re
from datetime import date, timedelta

from app.sms.day_names import FROM_TODAY, WEEKDAYS

_BETWEEN = " , "
_WEEKEND = (5, 6)
_DAY_NAMES = "|".join(sorted((*FROM_TODAY, *WEEKDAYS), key=len, reverse=True))
_ANY_DAY = rf"(?:next |this )?(?:{_DAY_NAMES}|week ?ends?)\b"
_PART = r"(?: (?:in the )?(?:mornings?|afternoons?|evenings?|nights?)\b)?"
_SEVERAL = (
    rf"{_ANY_DAY}{_PART}(?:,? (?:or|nor|and|&) (?:on )?{_ANY_DAY}{_PART}(?! (?:is|are|works?|would|will|at)\b))*"
    r"(?: either\b)?"
)
_UNFIT = (
    r"(?:(?:is|are|does|do|will|would|wo) ?n[o']?t|(?:is|are|does|will|would) not|isnt|doesnt|wont|is no|no longer) "
    r"(?:\w+ )?"
    r"(?:works?|good|great|ok|okay|fine|possible|suits?|fits?|free|an option)\b|"
    r"(?:is|are) (?:bad|out|full|taken|impossible|busy|too (?:early|late|soon))\b"
)
UNFIT_DAY = re.compile(
    r"(?:^|[.,;!?\n]|\b(?:because|since|cause|cuz|but|and|so|now|sorry|hi|hey|hello|ok|okay|no|actually|afraid|think|"
    r"unfortunately|looks like|turns out|well|ugh|sadly|says|said|know|guys|fear|morning|reali[sz]ed|found out)\b) ?"
    r"(?:(?:the|my|our) )?"
    rf"{_SEVERAL} (?:{_UNFIT})"
)
"""A day that does not suit, unlike "what if Tuesday doesn't work" and "the weather on Tuesday is bad"."""
_NOT_THEN = re.compile(
    rf"\b(?:not|forget(?: about)?|skip|scrap|no(?= (?:\w+days|week ?ends?)\b)|"
    rf"instead of|other than|apart from|except(?: for)?|besides|"
    rf"(?:(?<=any day )|(?<=anyday )|(?<=any time )|(?<=anytime )|(?<=anything ))but|"
    rf"(?:can'?t|cannot|can not|won'?t) (?:do|make|make it|come|be there)) "
    rf"(?:on |this |next |the |my |our )*{_SEVERAL}|"
    rf"{_ANY_DAY}{_PART} (?:{_UNFIT})"
)
_DAY_WORD = re.compile(rf"\b(?P<day>{_DAY_NAMES}|week ?ends?)\b")
_BEYOND = re.compile(
    rf"\b(?:the )?{_ANY_DAY} (?:after|before|following) that\b|\bthe {_ANY_DAY} (?:after|following)(?=\W*$)|"
    rf"\b(?:(?:black|(?<!\ba )good) (?=fri)|cyber (?=mon)|ash (?=wed)|easter (?=sun|mon)){_ANY_DAY}|"
    rf"\b(?:(?:the )?(?:{_ANY_DAY}|week|weekend) )?(?:after|before|following) "
    r"(?:thanksgiving|christmas|x-?mas|new year\S*|easter|labor day|memorial day|independence day|the holidays?)\b"
)
"""A day that is named from one that is not known here: which it is has to be asked."""
_FROM_UNKNOWN = ("after", "before", "following", "black ", "cyber ", "good ", "ash ", "easter ")


_WORKING_DAYS = re.compile(r"\b(?:(?:any|on|only|on any) )?(?:week ?|business )days?(?: only)?\b")


def without_weekends(words: str) -> tuple[tuple[int, ...], str]:
    """Saturday and Sunday where days of the week are asked for, and the words that are left."""
    left, found = _WORKING_DAYS.subn(_BETWEEN, words)
    return _WEEKEND if found else (), left


def without_barred(words: str, today: date) -> tuple[tuple[int, ...], str]:
    """The weekdays that are not meant (Monday is 0), and the words that are left."""
    if not _DAY_WORD.search(words):
        return (), words
    barred: list[int] = []

    def left_out(match: re.Match[str]) -> str:
        barred.extend(_weekdays_in(match[0], today))
        return _BETWEEN

    left = _NOT_THEN.sub(left_out, words)
    return tuple(barred), left


def without_beyond(words: str) -> tuple[bool, str]:
    """Whether a day is named from one that is not known here, and the words without it."""
    left, found = _BEYOND.subn(_BETWEEN, words) if any(word in words for word in _FROM_UNKNOWN) else (words, 0)
    return found > 0, left


def _weekdays_in(words: str, today: date) -> list[int]:
    found: list[int] = []
    for match in _DAY_WORD.finditer(words):
        word = match["day"]
        if word in FROM_TODAY:
            found.append((today + timedelta(days=FROM_TODAY[word])).weekday())
        else:
            found += [WEEKDAYS[word]] if word in WEEKDAYS else _WEEKEND
    return found

"""The names of days and months and the numbers of days, as people text them; English, with the Spanish names."""

import re

WEEKDAY_WORDS = (
    ("monday", "mondays", "mon", "lunes"),
    ("tuesday", "tuesdays", "tues", "tue", "teusday", "tuseday", "martes"),
    ("wednesday", "wednesdays", "weds", "wed", "wensday", "wednsday", "wendsday", "miercoles", "miércoles"),
    ("thursday", "thursdays", "thurs", "thur", "thu", "thrusday", "thursay", "jueves"),
    ("friday", "fridays", "fri", "firday", "viernes"),
    ("saturday", "saturdays", "sat", "saterday", "sabado", "sábado"),
    ("sunday", "sundays", "sun", "domingo"),
)
MONTH_WORDS = (
    ("january", "jan", "enero"),
    ("february", "feb", "febrero"),
    ("march", "mar", "marzo"),
    ("april", "apr", "abril"),
    ("may", "mayo"),
    ("june", "jun", "junio"),
    ("july", "jul", "julio"),
    ("august", "aug", "agosto"),
    ("september", "sept", "sep", "septiembre"),
    ("october", "oct", "octubre"),
    ("november", "nov", "noviembre"),
    ("december", "dec", "diciembre"),
)
WEEKDAYS = {word: number for number, words in enumerate(WEEKDAY_WORDS) for word in words}
MONTHS = {word: number for number, words in enumerate(MONTH_WORDS, start=1) for word in words}
FROM_TODAY = {
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "tonite": 0,
    "hoy": 0,
    **dict.fromkeys(("tomorrow", "tomorow", "tommorow", "tommorrow", "tmrw", "tmr", "tmw", "2morrow", "mañana"), 1),
    **dict.fromkeys(("tomarrow", "tomoz", "tmro", "tmmrw", "2moro", "2morow", "2mrw", "2mro"), 1),
    "pasado mañana": 2,
}
_TO_TWENTY = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth"),
    *("nineteenth", "twentieth"),
)
_EARLY = _TO_TWENTY[:5]
_ORDINALS = {word: number for number, word in enumerate(_TO_TWENTY, start=1)}
_ORDINALS |= {f"twenty {word}": number for number, word in enumerate(_TO_TWENTY[:9], start=21)}
_ORDINALS |= {"thirtieth": 30, "thirty first": 31}
_LATE_WORD = "|".join(sorted(set(_ORDINALS) - set(_EARLY), key=len, reverse=True)).replace(" ", "[- ]")
_EARLY_WORD = "|".join(_EARLY)
_MONTH = "|".join(MONTHS)
_ORDINAL_DAY = re.compile(
    rf"\b(?P<late>{_LATE_WORD})\b|"
    rf"\b(?P<before>(?:{_MONTH}) (?:the )?|(?:{'|'.join(WEEKDAYS)}),? the |on the |the (?=\w+\W*$)(?!first))"
    rf"(?P<early>{_EARLY_WORD})\b(?! (?:one|option|time|slot|available|thing))|"
    rf"\b(?P<of>{_EARLY_WORD})(?= (?:of )?(?:{_MONTH})\b)"
)
"""A number of a day in words; the early ones elsewhere choose among what was offered."""


_LEAST_MISSPELT = 6
"""Letters of a name that is known by one slip, too: shorter ones are too near to other words."""


def _slips(name: str) -> set[str]:
    """What becomes of it when a letter within is doubled or swapped with its neighbour, or a long one lacks one."""
    within = range(1, len(name) - 1)
    missing = {name[:at] + name[at + 1 :] for at in within if len(name) > _LEAST_MISSPELT}
    doubled = {name[: at + 1] + name[at:] for at in range(1, len(name))}
    swapped = {name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in within}
    return missing | doubled | swapped


_MISSPELT = {
    slip: name
    for name in (*(words[0] for words in (*WEEKDAY_WORDS, *MONTH_WORDS)), "tomorrow")
    if len(name) >= _LEAST_MISSPELT
    for slip in _slips(name)
    if slip not in WEEKDAYS and slip not in MONTHS and slip not in FROM_TODAY
}
_DIGIT = re.compile("[0-9]")
_LONG_WORD = re.compile(r"\b[a-z]{5,10}\b")
_DAY_OF_WEEK = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_GROWN_TOGETHER = re.compile(
    rf"\b(?P<name>{_MONTH}|{_DAY_OF_WEEK})(?=[0-9]{{1,4}}(?![0-9]))|(?<![0-9/:.-])(?P<day>[0-9]{{1,2}})(?=(?:{_MONTH})\b)"
)
_FORTNIGHT = re.compile(r"\b(?:a )?fortnight\b")
_ONE_OR_OTHER = re.compile(rf"\b({_DAY_OF_WEEK}) ?[/|] ?(?=(?:{_DAY_OF_WEEK})\b)")


def in_full(words: str) -> str:
    """`words` (lower case) with the names of days and dates as they are read: "dec third" as "dec 3th", "nov24" apart.

    A slip in a long name is mended, and days with a stroke between them are one or the other.
    """
    words = _LONG_WORD.sub(lambda match: _MISSPELT.get(match[0], match[0]), _FORTNIGHT.sub("two weeks", words))
    if _DIGIT.search(words):
        words = _GROWN_TOGETHER.sub(r"\g<0> ", words)
    if "/" in words or "|" in words:
        words = _ONE_OR_OTHER.sub(r"\1 or ", words)
    return _ORDINAL_DAY.sub(_digits, words)


def _digits(match: re.Match[str]) -> str:
    word = match["late"] or match["early"] or match["of"]
    return f"{match['before'] or ''}{_ORDINALS[word.replace('-', ' ')]}th"

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


def in_digits(words: str) -> str:
    """`words` (lower case) with "december third" as "december 3th", which a date is read from like any other."""
    return _ORDINAL_DAY.sub(_digits, words)


def _digits(match: re.Match[str]) -> str:
    word = match["late"] or match["early"] or match["of"]
    return f"{match['before'] or ''}{_ORDINALS[word.replace('-', ' ')]}th"

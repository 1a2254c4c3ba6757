"""The few words of other languages that are texted beside English, or say a time, as what they are in English. Pure."""

import re
from collections.abc import Callable

_COUNTS = {"una": "one", "un": "one", "dos": "two", "tres": "three", "cuatro": "four"}
_COUNT = rf"(?P<count>{'|'.join(_COUNTS)}|[0-9]{{1,2}})"
_HOURS = {
    word: hour
    for hour, word in enumerate(
        ("una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"), 1
    )
}
_POLITELY = r"(?:,? (?:bitte|danke|gerne?|merci|s'il (?:vous|te) pla[iî]t|svp))?"
_MY_TERMIN = (
    r"(?:\b(?:ich )?(?:m[oö]chte|muss|will) (?:ich )?(?:bitte |leider )?)?\b(?:mein|d)en termin(?: bitte| leider)?"
)
_UNITS = {"hora": "hour", "día": "day", "dia": "day", "semana": "week"}
_GERMAN_DAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = {**dict(zip(_GERMAN_DAYS, _ENGLISH_DAYS, strict=True)), **dict(zip(_FRENCH_DAYS, _ENGLISH_DAYS, strict=True))}

CALL_ABROAD = (
    r"\b(?:mich|uns|bitte)\b(?:[^.!?\n]|(?<=[0-9])\.){0,60}?(?<!nicht )\b(?:an|zur[üu]ck)(?:zu)?rufen\b|"
    r"\bruf(?:t|en|e)? (?:sie )?(?:mich|uns)\b(?![^.!?\n]{0,40}\bnicht\b)|\bum (?:einen )?r[üu]ckruf\b|"
    r"\br?appel(?:ez|le)[- ](?:moi|nous)\b(?! (?:pas|que|le prix|l'))|"
    r"(?<!besoin de )(?:\bm'|\bme |\bnous )r?appeler\b"
)
"""Words that ask for a call, in German and French."""
_BESIDE_A_CALL = (
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|demain|aujourd|maintenant|bient[oô]t|vite|rapidement|"
    r"imm[eé]diatement|urgemment|directement|d'\w+|d[eè]s|svp|stp|s'il|merci|please|quand|pour|avant|apr[eè]s|plus|le|la|"
    r"les|l'\w+|ce|cet|cette|en|et|ou|[aà]|au|aux|de|du|si|sur|dans|entre|vers|lors\w*|un|une|ici|chez|mon|ma|mes|notre|nos|matin|midi|soir|t[oô]t|"
    r"tard|car|mais|que|afin|par|sans|possible|tomorrow|today|the|in|on|at|next|morning|afternoon|evening|\w+day"
)
NO_CALL_ABROAD = re.compile(
    r"\b(?:nicht|nie|niemals)(?: (?:mehr|weiter|immer|wieder|noch|einmal|erneut|mich|uns))* "
    r"(?:an|zur[üu]ck)(?:zu)?rufen\b|"
    r"\bh(?:[öo]|oe)rt?(?:en)?(?: (?:sie|bitte|endlich|doch))* auf\b(?:,? (?:mich|uns) (?:an|zur[üu]ck)zurufen\b)?|"
    r"\bohne (?:mich|uns) (?:an|zur[üu]ck)zurufen\b|"
    r"\b(?:pas|plus|jamais|pas (?:la peine|besoin|n[eé]cessaire|utile) (?:de|que)|inutile de|arr[eê]te[zr]? de|"
    r"cesse[zr]? de|[eé]vite[zr]? de|sans) (?:m'|me |nous )r?appeler\b|"
    rf"\bm'appeler (?!(?:{_BESIDE_A_CALL})\b)[^\W\d_][\w'-]*(?: (?!(?:{_BESIDE_A_CALL})\b)[^\W\d_][\w'-]*)?\W*$|"
    r"\b(?:no (?:hace falta|es necesario|necesita[ns]?|(?:tienen?|hay) que|vuelvan? a|quiero|deben?)|no|nunca|sin|"
    r"(?<!no )(?:dej|par)(?:e|en|a|ar|ad) de)(?: (?:volver a|que))? ll[aá]m(?:e|en|ar)(?:me|nos)?\b"
)
"""Words that ask for none, or only for a name: "vous pouvez m'appeler Jean"."""
_TIMES_OF_CALL = (
    (r"(?<!guten )\b(?:am n[äa]chsten )?morgen fr[üu]h\b|\bdemain matin\b", "tomorrow morning"),
    (r"\b(?:[üu]bermorgen|apr[eè]s-demain)\b", "the day after tomorrow"),
    (r"\bam morgen\b", "in the morning"),
    (r"(?<!guten )\bmorgen\b|\bdemain\b", "tomorrow"),
    (r"\bheute\b|\baujourd'?hui\b", "today"),
    (r"\bce soir\b", "today evening"),
    (r"\b(?:am )?vormittags?\b|\b(?:le )?matin\b|(?:(?<=tag )|(?<=woch ))fr[üu]h\b", "morning"),
    (r"\b(?:am )?nachmittags?\b|\b(?:l')?apr[eè]s-midi\b", "afternoon"),
    (r"(?<!guten )\b(?:am )?abends?\b|\b(?:le )?soir\b", "evening"),
    (r"\bam ([0-9]{1,2})\.(?![0-9])|\ble ([0-9]{1,2})\b(?![:h])", r"on the \1\2th"),
    (r"\bn[äa]chste woche\b|\b(?:la )?semaine prochaine\b", "next week"),
)
_DAY_OF_CALL = re.compile(
    rf"(?:(?<=mich )|(?<=uns )|\b(?:am|diesen|n[äa]chsten|kommenden) )(?P<german>{'|'.join(_GERMAN_DAYS)})\b|"
    rf"\b(?P<french>{'|'.join(_FRENCH_DAYS)})\b",
    re.I,
)
"""Not without such words before it: people are named Freitag and Sonntag."""


def _timed_call(match: re.Match[str]) -> str:
    """The whole text in which a call is asked for, with the day and its part in English."""
    text = match[0]
    for form, english in _TIMES_OF_CALL:
        text = re.sub(form, english, text, flags=re.I)
    return _DAY_OF_CALL.sub(lambda day: _DAYS[(day["german"] or day["french"]).lower()], text)


def _in_time(match: re.Match[str]) -> str:
    """`in two weeks`, from "dentro de dos semanas"."""
    return f"in {_span(match)}"


def _later(match: re.Match[str]) -> str:
    """`one hour later`, from "una hora más tarde"; who shall be told of it then hears of it then, and is not moved."""
    if match["told"]:
        return match[0]
    return f"{_span(match)} {'earlier' if match['way'].lower().endswith(('temprano', 'antes')) else 'later'}"


def _clock(match: re.Match[str]) -> str:
    """`at 9:45`, from "a las diez menos cuarto"; `at 10 or 11`, from "a las diez o las once"."""
    hour, part = _HOURS[match["hour"].lower()], (match["part"] or "").lower().strip()
    minutes = {"": "", "y media": ":30", "y cuarto": ":15", "menos cuarto": ":45"}[part]
    other = f" or {_HOURS[match['other'].lower()]}" if match["other"] else ""
    return f"at {(hour - 1 or 12) if minutes == ':45' else hour}{minutes}{other}"


def _span(match: re.Match[str]) -> str:
    count = match["count"].lower()
    plural = "" if count in ("una", "un", "1") else "s"
    return f"{_COUNTS.get(count, count)} {_UNITS[match['unit'].lower()]}{plural}"


ABROAD: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(rf"^\W*(?:ja|jawohl|oui|d'accord){_POLITELY}\W*$", re.I), "yes"),
    (re.compile(rf"^\W*(?:nein|non){_POLITELY}\W*$", re.I), "no"),
    (
        re.compile(
            rf"\ba las? (?P<hour>{'|'.join(_HOURS)})\b(?P<part> y media\b| y cuarto\b| menos cuarto\b)?"
            rf"(?: o (?:a )?las? (?P<other>{'|'.join(_HOURS)})\b)?(?! (?:y|menos|[ou])\b)",
            re.I,
        ),
        _clock,
    ),
    (
        re.compile(
            r"\bya no l[ao] (?:necesito|quiero)\b(?! (?:el|este|ese|para|a las?|hoy|mañana|tan|as[ií]|con)\b"
            r".*\b(?:mejor|sino|pero|prefier\w+|puede\w*)\b)",
            re.I,
        ),
        "I don't need it",
    ),
    (re.compile(r"^\W*(?:danke(?: sch[oö]n)?|vielen dank|merci(?: beaucoup)?)\W*$", re.I), "thanks"),
    (re.compile(r"^\W*(?:claro que s[ií]|por supuesto)\W*$", re.I), "yes"),
    (re.compile(r"\bno (?:me |la |lo |se )?(?:canc[eé]l[ae]n?|an[uú]l[ae]n?|cancelar|anular)\b", re.I), "don't cancel"),
    (re.compile(r"\b(?:ne pas annuler|n'annulez pas|n'annule pas)\b", re.I), "don't cancel"),
    (re.compile(r"\botra (?=cita|visita|inspecci[oó]n|fumigaci[oó]n)", re.I), "another "),
    (re.compile(r"\bn[uú]mero (?=[0-9]\b)", re.I), "number "),
    (re.compile(r"\bd[eé]placer\b", re.I), "move"),
    (re.compile(r"\bmon (?:rendez-?vous|rdv)\b", re.I), "my appointment"),
    (re.compile(r"\bje (?:voudrais|veux|souhaite|dois|aimerais) annuler\b", re.I), "I want to cancel"),
    (re.compile(r"\bannuler\b", re.I), "cancel"),
    (re.compile(rf"{_MY_TERMIN} (?:absagen|stornieren)\b", re.I), "I want to cancel my appointment"),
    (re.compile(rf"{_MY_TERMIN} (?:verschieben|verlegen)\b", re.I), "I want to move my appointment"),
    (re.compile(r"\b(?:um )?([0-9]{1,2}(?::[0-5][0-9])?) uhr\b", re.I), r"at \1"),
    (
        re.compile(r"\b(?:(?:para )?la )?(?:semana que (?:viene|entra)|pr[oó]xima semana|semana pr[oó]xima)\b", re.I),
        "next week",
    ),
    (re.compile(rf"\b(?:en|dentro de) {_COUNT} (?P<unit>d[ií]a|semana)s?\b", re.I), _in_time),
    (
        re.compile(
            r"(?P<told>\b(?:av[ií]s|confirm|recu[eé]rd|record|ll[aá]m|m[aá]nd|d[ií]ga|escr[ií]b|m[eé]nsaj|tex)\w*[^.,!?\n]{0,60}?"
            r"\b(?:antes|despu[eé]s)\b)|"
            rf"\b{_COUNT} (?P<unit>hora|d[ií]a|semana)s? "
            r"(?P<way>m[aá]s (?:tarde|temprano)|(?:antes|despu[eé]s)(?! de(?:l)?\b))\b",
            re.I,
        ),
        _later,
    ),
    (re.compile(rf"(?s)\A.*?(?:{CALL_ABROAD}).*\Z", re.I), _timed_call),
    (re.compile(r"\by (?:hacer|agendar|reservar|programar|sacar) otra\b", re.I), "and book another one"),
)
"""A form and what stands in its place."""

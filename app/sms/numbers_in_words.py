"""Which of some numbered choices a text names, by its number or its place. Pure."""

import re
from collections.abc import Sequence

NUMBERS = {
    **dict.fromkeys(("one", "uno", "una"), 1),
    **dict.fromkeys(("two", "dos", "too", "to"), 2),
    **dict.fromkeys(("three", "tres"), 3),
    **dict.fromkeys(("four", "cuatro"), 4),
    **dict.fromkeys(("five", "cinco"), 5),
    **dict.fromkeys(("six", "seis"), 6),
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
ORDINALS |= {"primero": 1, "primera": 1, "segundo": 2, "segunda": 2, "tercero": 3, "tercera": 3}
_BEFORE = (
    r"(?:(?:does|would|will|is|let'?s|i'?ll|i|we|can|could|may|you|please|yes|yeah|yep|ok|okay|sure|hmm|um|el|la|the|do|go|"
    r"with|take|have|get|want|choose|pick|like|prefer|say|works?|give|me|book|for|make|it|that|wait|no|how|but|"
    r"about|be),? )*"
)
_AFTER = (
    r"(?: (?:please|pls|plz|works?|for|me|is|it|good|fine|great|perfect|thanks|thank|you|thx|sounds|then|would|"
    r"open|free|available|possible|left|taken|"
    r"be|best|better|instead|with \w+|"
    r"por|favor|one|ok))*"
)
_N = rf"(?:[0-9]{{1,2}}|{'|'.join(NUMBERS)})"
CORRECTED = re.compile(
    rf"^(?:{_BEFORE}{_N}{_AFTER},? )?(?:(?:no|oops|sorry|wait|i mean|rather),? )+(?={_N}\b)|"
    r"^(?:(?:please|pls|can|could|would|will|you|we|i|let's|actually|i'd like to|i (?:want|need|have) to|to|and|but|"
    r"then|(?:yes|yeah|yep|ok|okay),?) )*"
    r"(?:move|change|switch|push|shift|bump|reschedule) (?:(?:it|that|this|me|back|up|out|the (?:time|hour)|"
    r"(?:the|my|our) (?:visit|appointment|appt)) )*(?:(?:(?:the|my|our) )?[a-z]{3,}(?: [a-z]{3,})? )?to "
    rf"(?={_N}\b)"
)
"""A number that is taken back for the one that follows, or what is to become another number."""
_HOUR = rf"(?:[0-9]{{1,2}}|{'|'.join(word for word, number in NUMBERS.items() if number > 2 or word == 'two')})"
AN_HOUR = re.compile(
    rf"\b(?:to|make (?:it|that)|is|come|how about|what about|say) {_HOUR}(?!\w)|"
    rf"\b{_HOUR} (?:instead|(?:is|would be|works) (?:better|best|possible)|possible|available|open|free)\b|{_HOUR} ?\?$"
)
"""A number that is an hour where nothing is numbered."""
NUMBER = re.compile(rf"{_BEFORE}[#(]?(?P<number>[0-9]{{1,2}}|{'|'.join(NUMBERS)})[).]?{_AFTER}")
_NO_NUMBER = re.compile(r"\b(?:too?|the one)$")
"""What is a number only where nothing stands before it: "do I have to", "the one with Lee"."""
_PLACE = (
    r" (?:left|right|turn|exit|light|(?:\w+ )?(?:floor|story|bridge|house|building|door|gate|bell|entrance|driveway|"
    r"street|road))"
)
"""What is at "the second bridge" is no second choice."""
CHOICE = re.compile(
    r"(?:#|\b(?:number|option|opt|choice|no\.|num|slot|opci[oó]n) ?#?)(?P<number>[1-9]|one|two|three|four|five)\b|"
    rf"(?:^|\bthe |\bel |\bla )(?P<ordinal>{'|'.join(ORDINALS)})(?: (?:one|option|time|slot|choice|opci[oó]n))?"
    rf"(?=$|\W*$|[ ,.!](?!available|thing|semana|vez|hora))(?!{_PLACE}\b)|"
    rf"(?:^|\bthe )(?P<digits>[1-9])(?:st|nd|rd|th)\b(?!{_PLACE}\b)"
)


def read_number(segments: Sequence[str], low: str) -> int | None:
    """The number of a choice. Of several parts that name one the last counts."""
    named = None
    for part in (CORRECTED.sub("", segment.lower().strip(" .!?)(\"'")) for segment in segments):
        match = NUMBER.fullmatch(part)
        if match and (match["number"] == part or not _NO_NUMBER.search(part[: match.end("number")])):
            named = NUMBERS.get(match["number"]) or int(match["number"])
    for match in CHOICE.finditer(low):
        word = match["number"] or match["ordinal"] or match["digits"]
        named = NUMBERS.get(word) or ORDINALS.get(word) or int(word)
    return named

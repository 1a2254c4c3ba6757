"""What can be the name of a customer, by its letters and capitals and the words before it."""

import re
from collections.abc import Collection, Sequence

from app.sms.given_names import GIVEN_NAMES_KNOWN
from app.sms.ground import Ground
from app.sms.vocabulary import YES

MAX_NAME_WORDS = 4
MAX_NAME_CHARS = 80
_PERSON = "person"
"""The intent that can be a last name, too."""

_NAME = r"[^\W\d_][\w'.-]*(?: [^\W\d_][\w'.-]*){0,3}?"
NAME_CUE = re.compile(
    rf"\b(?:(?:my )?name(?:'s| is)(?: spelle?[dt])?|(?:change|switch|correct) (?:the |my )?name (?:on it )?to|"
    rf"(?:the )?name:|under(?: the)? name(?: of)?|me llamo|"
    rf"mi nombre es) (?P<name>{_NAME})(?=$|[,.;!\n]| and\b| i\b)",
    re.I,
)
WEAK_NAME_CUE = re.compile(
    r"\b(?:[Ii]'?m|[Ii] am|[Tt]his is|[Ii]t'?s|[Ff]or|[Ss]oy|[Hh]ere is|[Cc]all me) (?:(?:my|our) [a-z-]+,? )?"
    r"(?P<name>[A-Z][\w'.-]+(?: [A-Z][\w'.-]+){1,3})"
    r"(?=$|[,.;!?\n]| (?:on|at|in|this|next|and|please|pls|today|tomorrow|mon|tue|wed|thu|fri|sat|sun)\w*\b)"
)
_IS = r"(?: name(?: is|'s)?[ :]+|: ?)"
_BETWEEN = r"[ ,.;\n]{1,4}(?:and )?(?:my |the )?"
_FIRST = rf"first{_IS}(?P<first>[^\W\d_][\w'-]*)"
_LAST = rf"(?:(?:last|family){_IS}|surname(?: is)?[ :]+)(?P<last>[^\W\d_][\w'-]*)"
_SURNAME_FIRST = re.compile(rf"\b(?i:{_LAST}), ?(?P<first>[A-Z][\w'-]+)(?=\W*$|[;!?\n(]|[.,] | and\b)")
"""Said to be one: who writes "name: Jane, Austin" may live there."""
_PARTICLES = frozenset(("da", "de", "del", "den", "der", "di", "dos", "du", "la", "las", "los", "st", "van", "von"))
_NAMED_BY_COMMA = re.compile(
    rf"\b(?i:name(?:'s| is|:)) ?(?P<last>(?:(?i:{'|'.join(sorted(_PARTICLES))})\.? ){{0,2}}[A-Z][\w'-]*), ?"
    r"(?P<first>[A-Z][\w'-]+(?: [A-Z]\.?)?)(?=\W*$|[;!?\n(]|[.,] | and\b)"
)
_BOTH_PARTS = tuple(
    re.compile(rf"\b{one}{_BETWEEN}{other}(?!\w)", re.I) for one, other in ((_FIRST, _LAST), (_LAST, _FIRST))
)
"""Each by what it is: "last name: Roe, first name: Jane"."""
NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['.-](?=[^\W\d_]|$)|[\u0300-\u036f])*")
AROUND_NAME = re.compile(
    r"^(?:(?:yes|yeah|sure|ok|okay|hi|hello|well)[ ,]+)?(?:it'?s|it is|its|i'?m|i am|this is|for|under|call me|"
    r"my name is|"
    r"put it under|soy|that'?s|name)? ?(?=\S)"
    r"|[ ,]*\b(?:please|pls|thanks|thank you|thx|here|speaking|gracias)\W*$",
    re.I,
)
_NO_NAMES = """
a about after again ahead all am amen an and ant ants any anything appointment appt are as at available away be
because before book booking both bro bugs but by bye call cambiar can cancel cant change christmas cita confirm
cool could cuando day did didnt do does doesnt done dont dude dunno earlier either el else english fine first
for fourth free from get give go good gracias great haha hello help hey hi hmm hmmm hola home how huh i id idk
if ignore ill im in instructions is it je just keep know la last later les let like lol man maybe me mi mice
more morning move my name need neither never next nice no none nope not nothing now of off ok okay on one option
or our out over para perfect person please previous price prompt question quiero reschedule right roaches same
schedule second should si sir so soon sooner sorry sound spanish stop sure system sí test than thank thanks that
thats the their them then there these they third this those three time to today tomorrow too two ugh uh um un
una unless until up us visit wait want was we well were what whatever whats when where which who whose why will
with work works would wrong wtf yay yeah yep yes yess yet you your
"""
NO_NAMES = frozenset(_NO_NAMES.split())

GIVEN_NAMES = frozenset(("Will", "May", "April", "June", "August", "Summer", "Guy"))
"""Words that are names where nothing but a name is asked for."""
ASKING_FOR = frozenset(
    ("a", "call", "chat", "connect", "get", "human", "live", "need", "real", "some", "speak", "talk", "text", "want")
)
"""Before "person" they make no name."""


def surname_first(text: str, own_words: Collection[str]) -> str:
    """`Jane Roe`, from "Roe, Jane"; empty where it is written in another way."""
    surname, comma, first = (part.strip() for part in text.partition(","))
    *particles, last = surname.split() or [""]
    written = all(word[:1].isupper() for word in (last, *first.split()))
    if not comma or not first or not written or YES.match(surname.lower()):
        return ""
    one = all(word.lower().strip(".") in _PARTICLES for word in particles) and fitting(last, own_words)
    return f"{first} {surname}" if one and fitting(first, own_words) else ""


def by_parts(text: str, ground: Ground) -> str:
    """`Jane Roe`, from "last name: Roe, first name: Jane"; empty where it is written in another way."""
    parts = next(filter(None, (form.search(text) for form in _BOTH_PARTS)), None)
    if parts is None or all(ground.when(parts[which])[0] for which in ("first", "last")):
        return ""
    return fitting(f"{parts['first']} {parts['last']}", ground.own_words)


def fitting(name: str, not_these: Collection[str]) -> str:
    """The name, with capitals if it has none; empty if it is none."""
    words = name.split()
    if not 1 <= len(words) <= MAX_NAME_WORDS + 1 or len(name) > MAX_NAME_CHARS:
        return ""
    for place, word in enumerate(words):
        between = 0 < place < len(words) - 1
        if between and (word == "&" or word.lower() in _PARTICLES):  # "Smith & Sons", "Maria de la Cruz"
            continue
        if not NAME_WORD.fullmatch(word) or word.lower().strip(".'") in NO_NAMES or word.lower() in not_these:
            return ""
    return " ".join(words) if name != name.lower() else " ".join(word[:1].upper() + word[1:] for word in words)


def whole_name(words: str, ground: Ground) -> str:
    """A first and a last name, without the day that may follow it: "for Bob Lee Tuesday"."""
    named = words.split()
    while named and ground.when(named[-1])[0]:
        named.pop()
    theirs = {word.lower() for word in named} <= ground.technicians
    return "" if len(named) < 2 or theirs else fitting(" ".join(named), ground.own_words)


def alone(text: str, segments: Sequence[str], left: str, own_words: Collection[str]) -> str:
    """The text as an answer to "what is your name?", if it can be one; else its last part, if that looks like one."""
    if left.strip() != text.lower().strip() and left.strip(" ,") != text.lower().strip(" ,"):
        return ""  # it names a time
    bare = AROUND_NAME.sub("", text).strip(" .,!")
    if name := surname_first(bare, own_words):
        return name
    name = fitting(bare, own_words if len(bare.split()) == 1 else frozenset())
    if not name and len(segments) > 1 and all(word[:1].isupper() for word in segments[-1].split()):
        name = fitting(segments[-1], own_words)
    first, *rest = segments or [""]
    if not name and len(first.split()) > 1 and rest and all(any(c.isdigit() for c in part) for part in rest):
        name = fitting(first, own_words)  # with a number to call and an address
    return name if len(name) > 1 else ""


def named(text: str, segments: Sequence[str], ground: Ground, beside: bool) -> str:
    """A name that is said to be one, or that stands in a part of its own beside something else."""
    if both := by_parts(text, ground):
        return both
    if (match := _SURNAME_FIRST.search(text)) and not ground.when(match["first"])[0]:
        known = ground.own_words | ground.technicians
        if both := surname_first(f"{match['last']},{match['first']}", known):
            return both
    if (match := _NAMED_BY_COMMA.search(text)) and _is_given(match["first"]) and not _is_given(match["last"]):
        return surname_first(f"{match['last']},{match['first']}", ground.own_words)
    if match := NAME_CUE.search(text):
        return fitting(match["name"], frozenset()) or titled(match["name"], match["name"].lower(), None)
    if match := WEAK_NAME_CUE.search(text):
        return whole_name(match["name"], ground)
    if not beside:
        return ""
    for part in segments:
        words = part.split()
        written = all(word[:1].isupper() and not word.isupper() for word in words)
        if 2 <= len(words) < MAX_NAME_WORDS and written and not ground.when(part)[0]:
            return whole_name(part, ground)
    return ""


def _is_given(name: str) -> bool:
    return name.split()[0].lower() in GIVEN_NAMES_KNOWN


def titled(text: str, left: str, intent: str | None) -> str:
    """A first and a last name, one of which is the name of a day, a month or a person: whoever was asked decides."""
    words = AROUND_NAME.sub("", text).strip(" .,!").split()
    written = all(NAME_WORD.fullmatch(word) and word[0].isupper() and not word.isupper() for word in words)
    if not 2 <= len(words) <= MAX_NAME_WORDS or not written:
        return ""
    person = words[-1] == "Person"
    if intent not in (None, _PERSON if person else None) or (person and words[0].lower() in ASKING_FOR):
        return ""
    others = [word for word in left.split() if word.strip(" .,!") not in NO_NAMES and word.strip(" .,!")]
    return " ".join(words) if others or words[0] == "Will" else ""

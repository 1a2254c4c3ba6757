"""What can be the name of a customer, by its letters and capitals."""

from collections.abc import Collection, Sequence

from app.sms import vocabulary as v
from app.sms.ground import Ground

MAX_NAME_WORDS = 4
MAX_NAME_CHARS = 80


def surname_first(text: str, own_words: Collection[str]) -> str:
    """`Jane Roe`, from "Roe, Jane"; empty where it is written in another way."""
    surname, comma, first = (part.strip() for part in text.partition(","))
    written = all(word[:1].isupper() for word in (surname, *first.split()))
    if not comma or not first or not written or v.YES.match(surname.lower()):
        return ""
    one = len(surname.split()) == 1 and fitting(surname, own_words)
    return f"{first} {surname}" if one and fitting(first, own_words) else ""


def fitting(name: str, not_these: Collection[str]) -> str:
    """The name, with capitals if it has none; empty if it is none."""
    words = name.split()
    if not 1 <= len(words) <= MAX_NAME_WORDS + 1 or len(name) > MAX_NAME_CHARS:
        return ""
    for word in words:
        if not v.NAME_WORD.fullmatch(word) or word.lower().strip(".'") in v.NO_NAMES or word.lower() in not_these:
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
    bare = v.AROUND_NAME.sub("", text).strip(" .,!")
    if name := surname_first(bare, own_words):
        return name
    name = fitting(bare, own_words if len(bare.split()) == 1 else frozenset())
    if not name and len(segments) > 1 and all(word[:1].isupper() for word in segments[-1].split()):
        name = fitting(segments[-1], own_words)
    first, *rest = segments or [""]
    if not name and len(first.split()) > 1 and rest and all(any(c.isdigit() for c in part) for part in rest):
        name = fitting(first, own_words)  # with a number to call and an address
    return name if len(name) > 1 else ""

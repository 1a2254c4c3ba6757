"""What can be the name of a customer, by its letters and capitals."""

from collections.abc import Collection

from app.sms import vocabulary as v

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

"""How to reach a customer, as heard on the phone. Lenient: a visit is not lost over a misheard e-mail address."""

import re
import unicodedata

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    parse,
)
from phonenumbers import region_code_for_number as region_of

from app.booking.business import Business

_SPOKEN = ((r"\s+at\s+", "@"), (r"\s+dot\s+", "."), (r"\s+(?:underscore)\s+", "_"), (r"\s+(?:dash|hyphen)\s+", "-"))
_SPACING = str.maketrans("", "", " ().-/\u00a0\u2010\u2011")
_OWN_NUMBER = frozenset(
    {
        "same", "same number", "the same", "the same number", "this number", "this one", "my number", "caller id",
        "the number i'm calling from", "the number they are calling from", "the number they're calling from",
    }
)  # fmt: skip
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")


def phone_of(given: str | None, business: Business, caller: str) -> str:
    """The number as E.164; the caller's own when none was given or what was given is no number.

    A number without its area code is none: it reaches nobody.
    """
    if not given:
        return caller
    try:
        number = parse(given, _region(business))
    except NumberParseException:
        return caller
    whole = is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return format_number(number, PhoneNumberFormat.E164) if whole else caller


def phone_and_heard(given: str | None, business: Business, caller: str) -> tuple[str, str]:
    """As `phone_of`, and a note with what was heard when that is no number."""
    if not given or is_own(given):
        return caller, ""
    found = phone_of(given, business, "")
    return (found, "") if found else (caller, f"Phone as heard: {given}")


def is_own(given: str) -> bool:
    """Whether these words mean the number that somebody calls from."""
    return " ".join(given.casefold().split()).strip(".") in _OWN_NUMBER


def unspaced(number: str) -> str:
    """A number without what people write between its digits."""
    return number.replace("(0)", "").translate(_SPACING)


def email_of(given: str | None) -> tuple[str, str]:
    """The address, and a note with what was heard when that is no address."""
    if not given:
        return "", ""
    text = f" {given.lower()} "
    for pattern, sign in _SPOKEN:
        text = re.sub(pattern, sign, text)
    text = "".join(text.split())
    return (text, "") if _EMAIL.fullmatch(text) else ("", f"E-mail as heard: {given}")


def same_name(booked: str, said: str | None) -> bool:
    """Whether two names are the same, whatever the case, accents, hyphens and spacing; no name is nobody's.

    The whole name has to be right: a part of it would let references be tried out with common first names.
    """
    return bool(folded := _folded(said or "")) and _folded(booked) == folded


def one_line(text: str) -> str:
    """Text as it can be stored and shown in one line: no control characters, nothing invisible."""
    return _visible(" ".join(text.split()))


def several_lines(text: str) -> str:
    """As `one_line`, with its line breaks kept."""
    return "\n".join(one_line(line) for line in text.splitlines()).strip()


def _visible(text: str) -> str:
    return "".join(char for char in text if char.isprintable()).strip()


def _folded(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", name.casefold()) if char.isalnum())


def _region(business: Business) -> str:
    for line in business.lines:
        try:
            return region_of(parse(line)) or "US"
        except NumberParseException:
            continue
    return "US"

"""How to reach a customer, as heard on the phone. Lenient: a visit is not lost over a misheard e-mail address."""

import re

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse
from phonenumbers import region_code_for_number as region_of

from app.booking.business import Business

_SPOKEN = ((r"\s+at\s+", "@"), (r"\s+dot\s+", "."), (r"\s+(?:underscore)\s+", "_"), (r"\s+(?:dash|hyphen)\s+", "-"))
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")


def phone_of(given: str | None, business: Business, caller: str) -> str:
    """The number as E.164; the caller's own when none was given or what was given is no number."""
    if not given:
        return caller
    try:
        number = parse(given, _region(business))
    except NumberParseException:
        return caller
    return format_number(number, PhoneNumberFormat.E164) if is_possible_number(number) else caller


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
    """Whether two names are the same person's, whatever the case and spacing; no name is nobody's."""
    return bool(said) and _folded(booked) == _folded(said or "")


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _region(business: Business) -> str:
    for line in business.lines:
        try:
            return region_of(parse(line)) or "US"
        except NumberParseException:
            continue
    return "US"

"""Text without personal data and secrets, recognised by their form.

A person's name in free text cannot be recognised, so it must stand where nobody shows it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

LONGEST_TEXT: Final = 4_000
"""Characters kept of one value."""
REDACTED: Final = "[redacted]"
CARD: Final = "[card]"
E164_DIGITS: Final = 15
LEAST_IBAN_CHARS: Final = 15

UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.I)
_GAP = r"[ .()/\u00a0\u2010-\u2015-]"
_FREE = r"(?:(?<![\w+])(?<!\d\.)|(?<=card)|(?<=visa)|(?<=amex))"
"""Where a card's number begins: not within a word, or a decimal number."""
_AFTER_IT = rf"(?:{_GAP}{{1,2}}\d\d?/\d{{2,4}}(?:{_GAP}{{1,2}}\d{{3,4}})?|{_GAP}{{1,2}}\d{{3}})?(?![\w/])"
"""Its last digits or its code, and the day it expires."""
_DIGITS = re.compile(r"\d(?:[^\w,:;{}\[\]]{0,3}\d){6}")
"""Seven digits with little between them: only then is the slower search for a phone number worth it."""
_PHONE = re.compile(
    rf"""
    (?P<keep>
        \b[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}\b       # call ids
      | (?<![\d+])\d{{4}}-[01]\d-[0-3]\d(?!\d)(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?
            (?:Z|[+-]\d\d:?\d\d\b)?)?                                                    # dates and times
      | (?<![\d.+])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?![\d.])(?!-\d)                         # IPv4 addresses
      | (?<![\w+])\d+\.\d+(?![\d.-])                                                     # one decimal number
    )
    | (?P<card>
        {_FREE}[3-6]\d{{3}}(?:{_GAP}{{1,2}}\d{{4}}){{3}}(?!\w){_AFTER_IT}                   # in fours
      | {_FREE}3[04-9]\d\d{_GAP}{{1,2}}\d{{6}}{_GAP}{{1,2}}\d{{4,5}}(?!\w){_AFTER_IT}       # American Express, Diners
    )
    | (?P<run>{_FREE}(?:[3-6]\d|2[2-7])\d{{11,17}}(?!\w))                               # a card's, if it adds up
    | (?P<secret>(?<![\w+-])\d{{3}}{_GAP}\d\d{_GAP}\d{{4}}(?![\w-]))                    # social security
    | (?P<phone>
        \+{_GAP}?\d(?:{_GAP}{{0,3}}\d){{5,16}}                                           # E.164, any spacing
      | (?<![\w+])00\d(?:{_GAP}{{0,2}}\d){{7,14}}                                        # 00 instead of +
      | (?<![\w+])(?:1{_GAP}?)?\(?[2-9]\d\d\)?{_GAP}{{0,3}}\d{{3}}{_GAP}{{0,3}}\d{{4}}(?!\w)  # North America
      | (?<![\w+.])0\d{{2,5}}{_GAP}{{0,2}}\d{{2,5}}{_GAP}?\d{{2,6}}(?!\w)                # national, trunk 0
      | (?<![\w+.])(?!1\d{{12}}(?!\d))\d{{11,15}}(?!\w)                                  # bare; not epoch ms
      | (?<![\w+])\d(?:{_GAP}{{1,2}}\d){{6,14}}(?!\w)                                    # digit by digit
      | (?<![\w+.-])[2-9]\d\d-\d{{4}}(?![\w-])                                           # local
    )
    | (?P<spaced>{_FREE}(?:[3-6]{_GAP}?\d|2{_GAP}?[2-7])(?:{_GAP}{{0,2}}\d){{11,17}}(?!\w))  # the same, in any groups
    """,
    re.X | re.I,
)
_IBAN = re.compile(r"\b[A-Za-z]{2}\d\d(?: ?[A-Za-z0-9]{4}){2,6}(?: ?[A-Za-z0-9]{1,4})?\b")
_SAID = r"(?:\s*(?:is|was|are|number|num|no\.?|code|[:=#-]))*\s*"
_SOCIAL = r"(?:ssn|social(?:\s+security)?|tax\s+id|itin)\b"
_CVV = r"(?:cvv2?|cvc2?|cv2|security\s+code)\b"
_BESIDE_ITS_NAME = re.compile(
    rf"(?P<named>\b(?:{_SOCIAL}{_SAID}(?=\d{{9}}(?!\w))|{_CVV}{_SAID}(?=\d{{3,4}}(?!\w))))\d+"
    rf"|(?<![\w.-])(?:\d{{9}}(?=\W+(?:is\W+)?(?:(?:my|the)\W+)?{_SOCIAL})|\d{{3,4}}(?=\W+is\W+(?:my|the)\W+{_CVV}))",
    re.I,
)
"""Digits that only the word beside them tells from a reference or a house number."""
_EMAIL = re.compile(r"[^\s@<>\"'(),:;=\[\]{}]{1,64}@[^\s@<>\"'(),:;/\[\]{}]{1,255}\.\w{2,63}")
_BEARER = re.compile(r"\b(bearer|basic) +[\w.~+/=:-]{6,}", re.I)
_URL = re.compile(r"\b([a-z][a-z0-9+.-]{0,30})://([^\s/?#\"'<>]*)([^\s\"'<>]*)", re.I)
_LONG = re.compile(r"[A-Za-z0-9+/]{32,}={1,2}|[\w+=~-]{32,}")
_KNOWN_LONG = re.compile(r"(?:(?:CA|SM|MM|RE)[0-9a-f]{32}|[a-z0-9]{1,16}(?:-[a-z0-9]{1,16}){3,})\Z", re.I)
"""Long words that are no secret: UUIDs, host names, Twilio's call and message ids."""
_PREFIXED = re.compile(r"\b(?:sk|pk|rk|xox[abprs]|ghp|gho|glpat|AIza)[-_]?[\w-]{12,}|\beyJ[\w.-]{20,}")
_NAMED = re.compile(
    r"\b(\w{0,40}(?:passw(?:or)?d|secrets?|token|api_?keys?))([\"']?\s*[=:]\s*[\[\"']*)([^\s,;&]{4,})", re.I
)
VALUES_IN_ERRORS = re.compile(
    r"(?:input_value=).*?(?=, input_type)|\[parameters: .*|\bDETAIL: .*|\bFailing row .*", re.S
)
"""Where pydantic, SQLAlchemy and PostgreSQL quote the offending data in the message of an error."""


def redact(text: str) -> str:
    """The text without phone numbers, numbers of cards, accounts and social security, e-mail addresses, and secrets.

    Dates, times, UUIDs, addresses of machines, references and shorter numbers stay readable. What is masked is masked
    however its signs are written, full-width ones as plain ones. Never raises.
    """
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "…"
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    masked = _masked(plain)
    return text if masked == plain else masked


def _masked(text: str) -> str:
    if "://" in text:
        text = _URL.sub(_masked_url, text)
    return without_people(_without_secrets(text))


@lru_cache(maxsize=1_024)
def masked_phone(number: str | None) -> str:
    """At most the last two digits: `+15125550142` becomes `+1…42`. Without a number: `none`."""
    if not number:
        return "none"
    digits = [sign for sign in number if sign.isdigit()]
    tail = "".join(digits[-2:]) if len(digits) >= 7 else ""
    head = number.strip()[:2]
    return f"{head if head in ('+1', '+7') else head[:1] if head[:1] == '+' else ''}…{tail}"


def without_people(text: str) -> str:
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    low = text.lower()
    if "cv" in low or "security" in low or "ssn" in low or "social" in low or "tax" in low or "itin" in low:
        text = _BESIDE_ITS_NAME.sub(rf"\g<named>{REDACTED}", text)
    if _DIGITS.search(text) is not None:
        text = _PHONE.sub(_masked_match, _IBAN.sub(_masked_account, text))
    return text


def _without_secrets(text: str) -> str:
    if len(text) < 12:
        return text
    low = text.lower()  # a plain look for the word costs a tenth of the expression that finds it in place
    if "bearer " in low or "basic " in low:
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
    if "token" in low or "secret" in low or "passw" in low or "key" in low:
        text = _NAMED.sub(rf"\1\2{REDACTED}", text)
    text = _PREFIXED.sub(REDACTED, text)
    return _LONG.sub(_masked_long, text) if len(text) >= 32 else text


def _masked_match(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found.group()
    if kind == "keep":
        return text
    if kind == "card" or (kind in ("run", "spaced") and _is_card(text)):
        return CARD
    if kind == "secret":
        return REDACTED
    return text if kind == "spaced" or (kind == "run" and len(text) > E164_DIGITS) else masked_phone(text)


def _is_card(text: str) -> bool:
    """Whether the digits add up as those of a card do (ISO/IEC 7812-1, Luhn)."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _masked_account(found: re.Match[str]) -> str:
    """An IBAN whose check digits are right (ISO 13616), and whatever words after it were taken along."""
    words = found.group().split(" ")
    for end in range(len(words), 0, -1):
        bare = "".join(words[:end])
        if len(bare) >= LEAST_IBAN_CHARS and int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1:
            return " ".join([REDACTED, *words[end:]])
    return found.group()


def _masked_long(found: re.Match[str]) -> str:
    word = found.group()
    return word if _KNOWN_LONG.match(word) or not any(sign.isdigit() for sign in word) else REDACTED


def _masked_url(found: re.Match[str]) -> str:
    """Scheme and host stay. User info goes, and so does the path where the path itself is the key."""
    scheme, place, rest = found.groups()
    _, at, host = place.rpartition("@")
    secret_path = "vapi" in host.lower() or "hooks." in host.lower() or "webhook" in host.lower()
    return f"{scheme}://{'…@' if at else ''}{host}{'/…' if secret_path and rest else rest}"

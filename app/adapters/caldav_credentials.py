"""Users and passwords of CalDAV servers, as the operator lists them. What is wrong is one sentence that names the line
and never repeats it; a password that would travel unencrypted is refused.
"""

import re
from urllib.parse import urlsplit

from app.adapters.caldav_transport import Credential
from app.booking.business_tables import is_loopback
from app.errors import ConfigurationError

VARIABLE = "READBACK_CALDAV_CREDENTIALS"
PLAIN_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
WANTED = "it must be one such as https://caldav.example.com/dana/ user password"


def load_credentials(text: str) -> tuple[Credential, ...]:
    """Lines of URL, user and password, the password being the rest of its line; empty and `#` lines are left out.

    An entry is for everything at and below its URL. Raises ConfigurationError.
    """
    entries: list[Credential] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _entry(line, number)
        if any(entry[0].rstrip("/") == url.rstrip("/") for url, _, _ in entries):
            raise _wrong(number, "has a URL that another line has already")
        entries.append(entry)
    return tuple(entries)


def _entry(line: str, number: int) -> Credential:
    words = line.strip().split(maxsplit=2)
    if len(words) < 3 or ":" in words[1] or CONTROL_CHARACTER.search(words[1] + words[2]):
        raise _wrong(number, "is not a URL, a user and a password")
    url, user, password = words
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong(number, "begins with no plain URL") from None
    if not PLAIN_URL.fullmatch(url) or not host:
        raise _wrong(number, "begins with no plain URL")
    if parts.scheme == "http" and not is_loopback(host):
        raise _wrong(number, "would send a password unencrypted")
    return url, user, password


def _wrong(number: int, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{VARIABLE} line {number} {problem}; {WANTED}.")

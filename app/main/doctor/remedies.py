"""What a person does about a calendar that cannot be reached, read or written: it follows from why, in our own words.

Adapters say why; nothing of theirs is called or known here but those words, which the doctor's tests hold together.
"""

import re
from typing import Final

Rows = tuple[tuple[str, str], ...]
"""What is said of a failure, as a pattern, and what is done about it. The first that is found counts."""

UNREACHED: Final[Rows] = (
    (
        "DNSError",
        "This machine finds no such name: check how it is written, and this machine's DNS.",
    ),
    (
        "CertificateError|SSLError",
        "What answers there has no certificate that this machine trusts: check address, port and this machine's clock; "
        "where a private authority signed it, have this machine trust that.",
    ),
    (
        "cannot connect",
        "Nothing takes a connection there: check address and port, that the service runs, what a firewall lets out.",
    ),
    (
        "in time|no end after|connection lost",
        "It is slow, or something on the way drops it: check the service's own status, and firewall and proxy, then "
        "look again.",
    ),
)
GOOGLE: Final[Rows] = (
    (
        "no credentials",
        "Set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, and restart.",
    ),
    (
        "invalid_grant|RefreshError|401",
        "Google does not take our credentials: make a new key for the service account, put it where "
        "GOOGLE_APPLICATION_CREDENTIALS points, restart, and see that this machine's clock is right.",
    ),
    (
        "token refresh failed",
        "Google's address for tokens cannot be reached from here: check token_uri in the key file, this machine's DNS, "
        "and what a firewall lets out.",
    ),
    (
        "accessNotConfigured|SERVICE_DISABLED",
        "Enable the Google Calendar API for the project of the service account, on console.cloud.google.com.",
    ),
    (
        "429|[rR]ateLimitExceeded|quotaExceeded",
        "Google asks for fewer requests: look again in a minute; if it lasts, lower "
        "READBACK_GOOGLE_REQUESTS_PER_MINUTE or ask for a larger quota.",
    ),
    (
        "404|410|has errors in the answer|is not in the answer",
        "There is no such calendar, or it is not shared with us: check `calendar` in the business file, and share it "
        'with the service account\'s e-mail address, with "Make changes to events".',
    ),
    (
        "written.*403",
        'It may be read and not written: give the service account\'s e-mail address "Make changes to events" there.',
    ),
    (
        "403",
        'Share it with the service account\'s e-mail address, with "Make changes to events"; an administrator may have '
        "to allow sharing outside the organization.",
    ),
    ("\\b5\\d\\d\\b", "Google has trouble itself: see its status page, and look again."),
)
CALDAV: Final[Rows] = (
    (
        "no line of READBACK_CALDAV_CREDENTIALS",
        "Add a line with this address, a user and a password, such as https://caldav.example.com/dana/ user password, "
        "to READBACK_CALDAV_CREDENTIALS, or to the file that READBACK_CALDAV_CREDENTIALS_FILE names, and restart.",
    ),
    (
        "401",
        "Correct user and password for this address in READBACK_CALDAV_CREDENTIALS; an account with a second factor "
        "needs a password for apps.",
    ),
    (
        "written.*403",
        "It may be read and not written: have its owner allow this user to change events there.",
    ),
    ("403", "Have its owner share it with this user, for reading and changing."),
    ("404|410|409", "There is no such calendar: put the address that its own settings show into `calendar`."),
    ("3\\d\\d: the calendar has moved", "Put the address that it moved to into `calendar` in the business file."),
    ("507", "Make room on the server, or raise what this account may store."),
    ("\\b5\\d\\d\\b|\\b429\\b", "The server has trouble itself: see its log or its status page, and look again."),
)
EMBEDDED: Final[Rows] = (
    (
        "not committed",
        "It can be read and not written: see that the database's file is where it was, that its disk has room and "
        "takes writes, and that this user may write there.",
    ),
    ("in time|waiting", "The database is kept busy or its disk is slow: see what else uses it, then look again."),
    ("Error", "See that the database that READBACK_DATABASE_URL names is there and runs, and what its log says."),
)
BY_SCHEME: Final[dict[str, tuple[Rows, str]]] = {
    "google": (
        (*GOOGLE, *UNREACHED),
        "Check `calendar` in the business file, and that it is shared with the service account's e-mail address, with "
        '"Make changes to events".',
    ),
    "caldav": ((*CALDAV, *UNREACHED), "Check that its address is that of a CalDAV calendar, and see the server's log."),
    "embedded": (EMBEDDED, "Check the database."),
}
NO_CALENDAR: Final = "Check `calendar` in the business file."


def remedy(scheme: str, seen: str) -> str:
    """What to do about a calendar of this kind of which this was seen."""
    rows, otherwise = BY_SCHEME.get(scheme, ((), NO_CALENDAR))
    return next((done for pattern, done in rows if re.search(pattern, seen)), otherwise)

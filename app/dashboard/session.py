"""Who is signed in: a signed cookie and the token that every form of its session carries. Pure; keeps nothing.

The key follows from the admin token, so a new token ends every session; and from the installation's secret, so that
nobody who finds a cookie can try tokens against it.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Final

LASTS_S: Final = 12 * 3_600
"""A session's whole life, however busy it is."""
IDLE_S: Final = 2 * 3_600
"""Without a look for so long, it is over."""
RENEWED_S: Final = 300
"""A cookie says again when it was last used after so long."""
SKEW_S: Final = 60
"""How far ahead another process's clock may be."""
NAME_CHARS: Final = 40
NOBODY_NAMED: Final = "dashboard"


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. `by` is the name that was given with it, for the audit log. Times in epoch seconds."""

    id: str
    by: str
    begun: int
    seen: int

    @property
    def until(self) -> int:
        """When it is over at the latest."""
        return self.begun + LASTS_S


class Sessions:
    """Signs and reads the cookies of one admin token."""

    def __init__(self, token: bytes, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"dashboard session\0" + token, "sha256")

    def begun(self, by: str, now: float) -> Session:
        """A new session of somebody who has shown the token."""
        name = " ".join("".join(c if c.isprintable() else " " for c in by).split())[:NAME_CHARS]
        return Session(secrets.token_hex(16), name or NOBODY_NAMED, int(now), int(now))

    def cookie(self, session: Session) -> str:
        """The value that stands for it."""
        name = base64.urlsafe_b64encode(session.by.encode("utf-8", "replace")).decode()
        told = f"{session.id}.{session.begun}.{session.seen}.{name}"
        return f"{told}.{self._mac('cookie', told)}"

    def read(self, value: str, now: float) -> Session | None:
        """The session of a cookie; None when it is not ours, or over."""
        told, _, mac = value.rpartition(".")
        if not value.isascii() or not hmac.compare_digest(mac, self._mac("cookie", told)):
            return None
        try:
            identity, begun, seen, name = told.split(".")
            session = Session(
                identity, base64.urlsafe_b64decode(name).decode("utf-8", "replace"), int(begun), int(seen)
            )
        except (ValueError, binascii.Error):
            return None
        fresh = session.begun - SKEW_S <= now < session.until and now - session.seen < IDLE_S
        return session if fresh else None

    def renewed(self, session: Session, now: float) -> Session | None:
        """The session as used now; None while it need not be said again."""
        return replace(session, seen=int(now)) if now - session.seen >= RENEWED_S else None

    def form_token(self, session: Session) -> str:
        """What every form of the session carries, and no other site can know."""
        return self._mac("form", session.id)

    def form_token_ok(self, session: Session, given: str) -> bool:
        """Whether a form was ours, and of this very session."""
        return given.isascii() and hmac.compare_digest(given, self.form_token(session))

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

"""Browsers that are known: each has attempts to sign in of its own, so that no stranger can keep it out.

A signed mark says nothing but that; it lets nobody in. Who signs in is given one, and so is who is first to open
an address that `readback sign-in` prints on the machine: in that stands a mark of another kind, good for that alone.
After OWASP's "Slow Down Online Guessing Attacks with Device Cookies".
"""

import hashlib
import hmac
import secrets
from typing import Final

KNOWN_FOR_S: Final = 180 * 86_400
"""After its last sign-in."""
PASS_LASTS_S: Final = 900
"""What `readback sign-in` prints."""
PASSES: Final = b"dashboard sign-in address"


class Browsers:
    """Signs and reads marks. The key is the installation's alone: a new admin token makes nobody a stranger."""

    def __init__(self, secret: bytes, kind: bytes = b"dashboard browser") -> None:
        self._key = hmac.digest(secret, kind, "sha256")

    def marked(self, now: float, lasts_s: int = KNOWN_FOR_S, name: str = "") -> str:
        """A mark, of the browser of this name, else of a new one."""
        told = f"{name or secrets.token_hex(16)}.{int(now) + lasts_s}"
        return f"{told}.{self._mac(told)}"

    def known(self, mark: str, now: float) -> str | None:
        """The name of the browser with this mark; None when it is not ours, or too old."""
        told, _, mac = mark.rpartition(".")
        if not mark.isascii() or not hmac.compare_digest(mac, self._mac(told)):
            return None
        name, _, until = told.partition(".")
        return name if now < int(until) else None

    def _mac(self, told: str) -> str:
        return hmac.new(self._key, told.encode(), hashlib.sha256).hexdigest()

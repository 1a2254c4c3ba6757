"""The address at which one page is acknowledged: signed, so that it cannot be guessed, and good for that page alone."""

import hashlib
import hmac
import re
from typing import Final

_PURPOSE: Final = b"page-acknowledgement:"
_PAGE_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def token(secret: bytes, page_id: str) -> str:
    """What proves that whoever shows it was sent this page."""
    return hmac.new(secret, _PURPOSE + page_id.encode(), hashlib.sha256).hexdigest()


def genuine(secret: bytes, page_id: str, given: str) -> bool:
    """Whether `given` is that page's token, in constant time."""
    if not _PAGE_ID.fullmatch(page_id) or not given.isascii():
        return False
    return hmac.compare_digest(token(secret, page_id), given)


def link(secret: bytes, public_url: str | None, page_id: str) -> str:
    """The whole address, "" where the installation has none."""
    return f"{public_url}/pages/{page_id}?token={token(secret, page_id)}" if public_url else ""

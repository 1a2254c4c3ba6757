"""Which copies a client has already, so that it need not be sent one again (RFC 9110, 13.1.2)."""

from starlette.types import Scope


def named(scope: Scope) -> frozenset[str]:
    """The etags that the client names; whether it calls them weak makes no difference here."""
    values = b",".join(value for name, value in scope["headers"] if name == b"if-none-match").decode("latin-1")
    return frozenset(etag.strip().removeprefix("W/") for etag in values.split(","))

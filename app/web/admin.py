"""What only the operator may see: the figures and the description of the routes."""

import ipaddress
from collections.abc import Sequence
from typing import Final

from starlette.types import Receive, Scope

from app import metrics
from app.dialects.credentials import bearer_ok
from app.errors import UnauthorizedError
from app.web.answer import Answer

_FORWARDED: Final = frozenset((b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"))
"""Signs of a proxy: its own address is no proof that the one behind it sits on this machine."""


class Admin:
    """The operator's pages. Without a configured token they refuse everybody."""

    def __init__(self, tokens: Sequence[bytes], described: bytes) -> None:
        self._tokens = tokens
        self._described = described

    async def metrics(self, scope: Scope, _receive: Receive) -> Answer:
        """`GET /metrics`: for a client on this machine, or the operator."""
        if not (_on_this_machine(scope) or self._admitted(scope)):
            raise UnauthorizedError
        figures, content_type = metrics.render()
        return Answer(figures, content_type=content_type.encode())

    async def openapi(self, scope: Scope, _receive: Receive) -> bytes:
        """`GET /openapi.json`."""
        if not self._admitted(scope):
            raise UnauthorizedError
        return self._described

    def _admitted(self, scope: Scope) -> bool:
        headers = scope["headers"]
        return any(name == b"authorization" and bearer_ok(value, self._tokens) for name, value in headers)


def _on_this_machine(scope: Scope) -> bool:
    """Whether the client itself is on loopback. A header can only take this away, never give it."""
    client = scope.get("client")
    if not client or any(name in _FORWARDED for name, _ in scope["headers"]):
        return False
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback

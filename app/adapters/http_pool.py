"""What every calendar's transport asks of aiohttp: kept connections without cookies or deadlines of their own, and
answers read up to a bound. It sends nothing by itself.
"""

import socket
from dataclasses import dataclass
from typing import Any

import aiohttp

KEEP_IDLE_S = 120.0
DNS_CACHE_S = 300


@dataclass(frozen=True, slots=True)
class Broken:
    """No whole answer. `sent` is False only when not one byte of the request can have left."""

    reason: str
    sent: bool


def pool(connections: int) -> aiohttp.ClientSession:
    """A session on the running loop; opens no connection yet. Time limits are its callers'."""
    connector = aiohttp.TCPConnector(
        limit=connections,
        keepalive_timeout=KEEP_IDLE_S,
        ttl_dns_cache=DNS_CACHE_S,
        socket_factory=_socket_with_keepalive,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def read_bounded(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The whole body. Raises aiohttp.ClientPayloadError when it is larger than `most_bytes`."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > most_bytes:
            raise aiohttp.ClientPayloadError("answer too large")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _socket_with_keepalive(address: tuple[Any, ...]) -> socket.socket:
    """A socket whose kernel notices within a minute that the other side is gone, so that the pool holds no corpse."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made

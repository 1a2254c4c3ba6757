"""A pooler before PostgreSQL, as PgBouncer is in transaction mode: who connects gets another connection of the server
for each transaction, what is prepared for one is not there over the next, and settings at connecting are refused.
"""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from urllib.parse import urlsplit, urlunsplit

import psycopg

_NO_TLS = {80877103: b"N", 80877104: b"N"}
_REFUSED = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The URL of `url`'s database behind a pooler."""
    with psycopg.connect(url) as connection:
        place = connection.info.host, connection.info.port

    class Client(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            _served(self.request, place)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Client) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        parts = urlsplit(url)
        user = parts.username or connection.info.user
        yield urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{server.server_address[1]}", query=""))
        server.shutdown()


def _served(client: socket.socket, place: tuple[str, int]) -> None:
    startup = _startup(client)
    if startup is None:
        return
    if b"\0options\0" in startup:
        client.sendall(_message(b"E", _REFUSED))
        return
    servers = [_connected(place, startup) for _ in range(2)]
    try:
        client.sendall(servers[0][1])
        for server, _ in cycle(servers):
            status = b"T"
            while status != b"I":
                asked = _asked(client)
                if not asked:
                    return
                server.sendall(asked)
                answer, status = _answer(server)
                client.sendall(answer)
                if not status:
                    return
    finally:
        for server, _ in servers:
            server.close()


def _startup(client: socket.socket) -> bytes | None:
    while size := _read(client, 4):
        startup = size + _read(client, struct.unpack("!i", size)[0] - 4)
        refusal = _NO_TLS.get(struct.unpack("!i", startup[4:8])[0])
        if refusal is None:
            return startup
        client.sendall(refusal)
    return None


def _connected(place: tuple[str, int], startup: bytes) -> tuple[socket.socket, bytes]:
    """A connection of the server, and its greeting with a process that is not the one that serves."""
    host, port = place
    server = socket.socket(socket.AF_UNIX if host.startswith("/") else socket.AF_INET)
    server.connect(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else place)
    server.sendall(startup)
    greeting, kind = b"", b""
    while kind not in (b"Z", b"E"):
        kind, said = _heard(server)
        greeting += _message(kind, struct.pack("!ii", 1, 1) if kind == b"K" else said)
    return server, greeting


def _asked(client: socket.socket) -> bytes:
    """Everything up to what the server answers; nothing when the client goes."""
    asked, kind = b"", b""
    while kind not in (b"Q", b"S"):
        kind, said = _heard(client)
        if kind in (b"", b"X"):
            return b""
        asked += _message(kind, said)
    return asked


def _answer(server: socket.socket) -> tuple[bytes, bytes]:
    """What it says, and whether it is in a transaction then; nothing of that when the server goes."""
    answer = b""
    while True:
        kind, said = _heard(server)
        if not kind:
            return answer, b""
        answer += _message(kind, said)
        if kind == b"Z":
            return answer, said


def _heard(there: socket.socket) -> tuple[bytes, bytes]:
    head = _read(there, 5)
    return (head[:1], _read(there, struct.unpack("!i", head[1:])[0] - 4)) if head else (b"", b"")


def _message(kind: bytes, said: bytes) -> bytes:
    return kind + struct.pack("!i", len(said) + 4) + said


def _read(there: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        more = there.recv(count - len(read))
        if not more:
            return b""
        read += more
    return read

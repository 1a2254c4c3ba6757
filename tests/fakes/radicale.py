"""A real CalDAV server, Radicale, as its own process on a free port, with its calendars in a folder of this test."""

import http.client
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import free_port

READY_WITHIN_S = 30.0
ACCOUNT = ("readback", "a secret with spaces")


class Radicale:
    """`with Radicale(folder) as server`. `password` asks for ACCOUNT's."""

    def __init__(self, folder: Path, *, password: bool = False) -> None:
        self._folder = folder
        self._password = password
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/readback/"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        flags = ["--config=", f"--server-hosts=127.0.0.1:{self.port}", "--web-type=none", "--logging-level=error"]
        flags += [f"--storage-filesystem-folder={self._folder / 'collections'}"]
        if self._password:
            users = self._folder / "users"
            users.write_text(":".join(ACCOUNT) + "\n")
            flags += ["--auth-type=htpasswd", f"--auth-htpasswd-filename={users}", "--auth-htpasswd-encryption=plain"]
            flags += ["--auth-delay=0"]
        else:
            flags += ["--auth-type=none"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "radicale", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                self.request("MKCOL", "/readback/")
                return self
            except OSError:
                assert self._process.poll() is None, "radicale ended"
                assert time.monotonic() < until, "radicale does not answer"
                time.sleep(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def collection(self, name: str) -> str:
        """The URL of a new, empty calendar."""
        status, _ = self.request("MKCALENDAR", f"/readback/{name}/")
        assert status == http.HTTPStatus.CREATED, status
        return f"{self.url}{name}/"

    def put(self, collection: str, resource: str, lines: Iterable[str], zone: Iterable[str] = ()) -> None:
        """What a person's program would write: one event, from its lines, and the zone its local times are in."""
        text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN", *zone, "BEGIN:VEVENT"]
        body = "\r\n".join([*text, "DTSTAMP:20290101T000000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()
        path = f"/readback/{collection}/{resource}"
        status, _ = self.request("PUT", path, body, {"Content-Type": "text/calendar; charset=utf-8"})
        assert status in (http.HTTPStatus.CREATED, http.HTTPStatus.NO_CONTENT), status

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request of somebody else; status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        key = b64encode(":".join(ACCOUNT).encode()).decode()
        try:
            connection.request(method, path, body, {"Authorization": f"Basic {key}", **(headers or {})})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

"""Starts what is measured: each server a process of its own on a free port, with a database that is thrown away."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from infra.bench.bodies import SECRET, Question, template
from infra.bench.generator import ROOT
from tests import servers as suite_servers
from tests.processes import environment, free_port

READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 15.0
ASK_WITHIN_S = 20.0
POSTGRES_VARIABLE = "READBACK_BENCH_POSTGRES_URL"
STARTED, WORKS = b'"event":"started"', b'"event":"jobs_started"'
UNTHROTTLED = "9999999,9999999"
"""READBACK_GOOGLE_REQUESTS_PER_MINUTE where lookups are to reach the stand-in; the default is Google's own quota."""


class ServerError(Exception):
    """A server did not start, or does not answer; with the end of what it wrote."""


class Process(Protocol):
    """A process of ours, as `subprocess` has them."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...


@dataclass
class Server:
    """A running server."""

    name: str
    port: int
    pid: int
    process: Process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, question: Question, path: str = "/vapi", number: int = 1) -> bytes:
        """One question, answered: the body. Raises ServerError."""
        wire = template(path, question).wire(number, number)
        head, _, body = wire.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        return self._exchange("POST", path, body, headers)

    def stats(self) -> dict[str, int]:
        """What a stand-in has been asked since the last time, per operation."""
        counts: dict[str, int] = json.loads(self._exchange("POST", "/stats", b"", {}))
        return counts

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ASK_WITHIN_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f"{self.name}: {error}") from error
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise ServerError(f"{self.name} answers {answer.status}: {said[:300]!r}")
        return said


class Site:
    """Everything that runs for one table; gone when it is closed."""

    def __init__(self, product: Path) -> None:
        self._product = product
        self._stack = contextlib.ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="readback-bench-"))
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._count = 0

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def product(self, business: str, *, database_url: str = "", google: Server | None = None, **env: str) -> Server:
        """`readback serve` with this business file; SQLite in a throw-away folder unless a URL is given."""
        port = free_port()
        environ = self._environ(business, database_url, google, {"READBACK_PORT": str(port), **env})
        return self._start("readback", ["-m", "app", "serve"], port, environ, product=self._product)

    def worker(self, business: str, *, database_url: str, google: Server | None = None, **env: str) -> Server:
        """`readback work` on the same; it has no port, and says in its log that it works."""
        environ = self._environ(business, database_url, google, env)
        return self._start("readback work", ["-m", "app", "work"], 0, environ, product=self._product)

    def file(self) -> str:
        """The URL of a SQLite database that several servers may have one after the other."""
        return f"sqlite:///{self._subfolder()}/bench.db"

    def stop(self, server: Server) -> None:
        """End one before the others."""
        _stop(server.process)

    def _environ(self, business: str, database_url: str, google: Server | None, env: dict[str, str]) -> dict[str, str]:
        folder = self._subfolder()
        file = folder / "business.toml"
        file.write_text(business)
        variables = {
            "READBACK_DATABASE_URL": database_url or f"sqlite:///{folder}/bench.db",
            "READBACK_AUDIT_ANCHORS": str(folder / "anchors"),
            "READBACK_BUSINESSES": str(file),
            "READBACK_VAPI_SECRETS": SECRET,
            # The recorded message names a control URL of Vapi's; nothing may be pushed there.
            "READBACK_VAPI_CONTROL_HOSTS": "control.invalid",
            **({"READBACK_GOOGLE_API_URL": google.url} if google else {}),
            **env,
        }
        environ = environment(**variables)
        environ.pop("GOOGLE_APPLICATION_CREDENTIALS", None)
        return environ

    def stand_in(self, latency_ms: float, calendars: list[str], **faults: float) -> Server:
        """The calendar server, five visits a day on each calendar; `faults` as its command line takes them."""
        port = free_port()
        options = [f"--{name}={value}" for name, value in faults.items()]
        command = ["-m", "tests.fakes.google_calendar", f"--port={port}", f"--latency-ms={latency_ms}", *options]
        return self._start(f"stand-in {latency_ms:g} ms", [*command, f"--calendars={','.join(calendars)}"], port)

    def floor(self, result: str) -> Server:
        """The bare Starlette endpoint, giving `result`."""
        file = self._subfolder() / "result"
        file.write_text(result)
        port = free_port()
        return self._start("floor", ["-m", "infra.bench.floor", f"--port={port}", f"--result={file}"], port)

    def tutorial(self, google: Server) -> Server:
        """The synchronous client in FastAPI."""
        port = free_port()
        return self._start("tutorial", ["-m", "infra.bench.tutorial", f"--port={port}", f"--google={google.url}"], port)

    def database(self, server_url: str) -> str:
        """A new database on a PostgreSQL server; its URL."""
        self._count += 1
        name = f"readback_bench_{os.getpid()}_{self._count}_{time.time_ns() % 1_000_000}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self._stack.callback(_drop, server_url, name)
        return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))

    def _subfolder(self) -> Path:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        return folder

    def _start(
        self,
        name: str,
        command: list[str],
        port: int,
        environ: dict[str, str] | None = None,
        *,
        product: Path | None = None,
    ) -> Server:
        log = self._subfolder() / "output"
        environ = environ or environment()
        environ.pop("PYTHONUNBUFFERED", None)  # a shell's habit, which would cost a system call per log line
        process = begun(command, environ, log, product or ROOT)
        self._stack.callback(_stop, process)
        server = Server(name, port, process.pid, process)
        path = "/healthz" if product else ""
        processes = int(environ.get("READBACK_WEB_WORKERS", "1")) if product and port else 0

        def ready() -> bool:
            written = log.read_bytes()
            if processes > 1 and written.count(STARTED) < processes:
                return False
            return _answers(port, path) if port else WORKS in written

        _wait(ready, process, name, log)
        return server


def begun(command: list[str], environ: dict[str, str], log: Path, folder: Path) -> Process:
    """Start Python with this command line, in a session of its own; what it says goes to `log`."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def postgres() -> tuple[str, str, Callable[[], None]]:
    """URL of a server we may create databases on, how durable it is, and what stops it. Raises UnavailableError."""
    named = os.environ.get(POSTGRES_VARIABLE)
    url, stop = (named, suite_servers.nothing_to_stop) if named else suite_servers.postgres()
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            names = ("server_version", "fsync", "synchronous_commit")
            shown = {name: (connection.execute(f"SHOW {name}").fetchone() or ("?",))[0] for name in names}
    except psycopg.Error as error:
        stop()
        raise suite_servers.UnavailableError(f"{POSTGRES_VARIABLE}: {error}") from error
    told = f"PostgreSQL {shown['server_version'].split()[0]}, fsync {shown['fsync']}"
    return url, f"{told}, synchronous_commit {shown['synchronous_commit']}", stop


def business(technicians: int, kind: str = "google", *, minutes: int = 30) -> str:
    """A business file: one service, 08:00 to 16:00 every day, technicians t0, t1, ... with a calendar each."""
    days = ", ".join(f'{day} = ["08:00-16:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    head = f"""
[businesses.acme]
name = "Acme Pest Control"
time_zone = "America/Chicago"
lines = ["+15555550100"]
vapi_assistants = ["c4f0a7de-51b2-4f0e-8a6c-0f9b7d3e1122"]
minimum_notice_minutes = 120
booking_window_days = 60
slot_step_minutes = 30
hours = {{ {days} }}

[[businesses.acme.services]]
id = "inspection"
name = "Home inspection"
minutes = {minutes}
buffer_after_minutes = 15
"""
    return head + "".join(
        f"""
[[businesses.acme.technicians]]
id = "t{number}"
name = "Technician {number}"
calendar = "{kind}:t{number}{"@bench.example" if kind == "google" else ""}"
services = ["inspection"]
"""
        for number in range(technicians)
    )


def calendars(technicians: int) -> list[str]:
    """The Google ids of a business's calendars."""
    return [f"t{number}@bench.example" for number in range(technicians)]


def _wait(ready: Callable[[], bool], process: Process, name: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        if ready():
            return
        time.sleep(0.02)
    raise ServerError(f"{name} does not start: {log.read_text(errors='replace')[-600:]}")


def _answers(port: int, path: str) -> bool:
    """Whether somebody listens and, where there is a path, answers it with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        if not path:
            connection.connect()
            return True
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: Process) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _drop(server_url: str, name: str) -> None:
    with contextlib.suppress(psycopg.Error), psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def sources() -> Iterator[Path]:
    """A folder with the product as it is now: who edits the sources meanwhile does not change what is measured."""
    with tempfile.TemporaryDirectory(prefix="readback-bench-") as folder:
        for room in ("app", "tools"):
            shutil.copytree(ROOT / room, Path(folder) / room)
        yield Path(folder)


def result_of(answer: bytes) -> dict[str, Any]:
    """What the agent would be told: the first result of a Vapi answer."""
    told: dict[str, Any] = json.loads(json.loads(answer)["results"][0]["result"])
    return told

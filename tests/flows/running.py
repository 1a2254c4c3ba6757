"""The real server under test: a process of its own on a free port, or the same application on this loop.

Whoever starts one also reads what it logged: nothing private may be in there, whatever the flow did.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import httpx
import uvicorn

from app.clock import Clock, SystemClock
from app.main import application
from app.settings import load
from app.web.one_write import OneWriteProtocol
from tests.flows.speaking import heard, results, tool_calls
from tests.nursery import Child, begun
from tests.processes import ROOT as ROOT
from tests.processes import TLS

VAPI_SECRET, TOOLS_SECRET, ADMIN_TOKEN = "vapi-flow-secret-8d1f", "tools-flow-secret-77ab", "admin-flow-token-5c3e9a"
READY_WITHIN_S = 60.0
ANSWER_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
"""Never used here; making one for each client would take longer than what it asks."""
PRIVATE = (
    "5125550142", "5125550143", "rivera", VAPI_SECRET, TOOLS_SECRET, ADMIN_TOKEN, "/control", "12 oak street",
)  # fmt: skip
"""What callers of the flows say and platforms send, in lower case: in no log line."""


def environment(database_url: str, businesses: Path, **more: str) -> dict[str, str]:
    """The variables of one server; nothing of ours beyond these."""
    return {
        "READBACK_HOST": "127.0.0.1",
        "READBACK_DATABASE_URL": database_url,
        "READBACK_BUSINESSES": str(businesses),
        "READBACK_VAPI_SECRETS": VAPI_SECRET,
        "READBACK_TOOLS_SECRETS": TOOLS_SECRET,
        "READBACK_ADMIN_TOKEN": ADMIN_TOKEN,
        "READBACK_GOOGLE_REQUESTS_PER_MINUTE": "1000000,1000000",
        **more,
    }


class Readback:
    """How the outside talks to a server. Every answer is held to what a platform and a model can take."""

    def __init__(self, url: str, database_url: str) -> None:
        self.url = url
        self.database_url = database_url

    def client(self, secret: str = VAPI_SECRET, **otherwise: Any) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=ANSWER_WITHIN_S,
            trust_env=False,
            verify=TLS,
            **otherwise,
        )

    async def tool(self, name: str, arguments: Any = None, **around: Any) -> dict[str, Any]:
        """One tool call as plain JSON; its flat result. `around` is the rest of the envelope."""
        async with self.client(TOOLS_SECRET) as client:
            response = await client.post(f"/tools/{name}", content=json.dumps({**around, "arguments": arguments or {}}))
        assert response.status_code == 200, response.text
        return heard(response.json())

    async def vapi(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """One Vapi message; the body of its 200."""
        async with self.client() as client:
            response = await client.post("/vapi", content=json.dumps(message))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def call(self, *asked: tuple[str, str, Any], **about: Any) -> list[dict[str, Any]]:
        """A `tool-calls` message of (id, name, arguments); the results the model hears, in order."""
        answer = await self.vapi(tool_calls(*asked, **about))
        return results(answer, [identity for identity, _, _ in asked])

    async def offers(self, limit: int = 3, **arguments: Any) -> list[dict[str, Any]]:
        """Open slots of an inspection from tomorrow on, where nothing depends on the time of day."""
        asked = {"service": "inspection", "date": "tomorrow", "limit": limit, **arguments}
        found = await self.tool("check_availability", asked)
        assert found["ok"], found
        slots: list[dict[str, Any]] = found["slots"]
        return slots

    async def get(self, path: str, secret: str = "") -> httpx.Response:
        async with self.client(secret) as client:
            return await client.get(path)

    async def figures(self) -> dict[str, float]:
        """`/metrics` by series."""
        lines = (await self.get("/metrics", ADMIN_TOKEN)).text.splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {series: float(value) for series, _, value in pairs}


class Process(Readback):
    """`readback serve` as a process; use with `with`, or `start` and `stop`."""

    def __init__(self, variables: Mapping[str, str], log: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        super().__init__(f"http://127.0.0.1:{self.port}", variables["READBACK_DATABASE_URL"])
        self.variables = dict(variables) | {"READBACK_PORT": str(self.port)}
        self.log = log
        self.process: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        leaks = self.leaks()
        assert not leaks, "\n".join(["in the server's log:", *leaks[:5]])

    def start(self, *, wait: bool = True) -> None:
        """Start; with `wait` until it answers."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.process = begun("app", ["serve"], kept | self.variables, self.log)
        if wait:
            self.wait_ready()

    def workers(self) -> list[int]:
        """The processes that answer for it, where there are several."""
        assert self.process is not None
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def wait_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        with httpx.Client(timeout=5, trust_env=False, verify=TLS) as client:
            while time.monotonic() < until:
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text()
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(f"{self.url}/healthz").status_code == 200:
                        return
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self) -> None:
        """As the machine's own end would: no warning, nothing tidied up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def leaks(self) -> list[str]:
        """Log lines with something private in them, or that are no JSON object."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not line.startswith("{") or any(word in line.lower() for word in PRIVATE)]

    def resident_mb(self) -> float:
        """Memory of the process, as the operating system counts it."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


class _Quiet(uvicorn.Server):
    """uvicorn that leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(variables: Mapping[str, str], clock: Clock | None = None) -> AsyncIterator[Readback]:
    """The application over a real socket on this loop, with a clock of the test's own. The interpreter is pytest's."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = application(load(variables), clock or SystemClock())
    config = uvicorn.Config(app, http=OneWriteProtocol, ws="none", lifespan="on", log_config=None, access_log=False)
    server = _Quiet(config)
    serve = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        with patch("app.main.server.settle_interpreter"):
            while not server.started and not serve.done():  # noqa: ASYNC110 - uvicorn says it in no other way
                await asyncio.sleep(0.005)
        yield Readback(f"http://127.0.0.1:{listener.getsockname()[1]}", variables["READBACK_DATABASE_URL"])
    finally:
        server.should_exit = True
        await serve
        listener.close()


class MovedClock:
    """The real clock, set to another time."""

    def __init__(self, start: float) -> None:
        self._shift = start - time.time()

    def now(self) -> float:
        return time.time() + self._shift

    def monotonic(self) -> float:
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        """Wall time only, as when a machine was asleep."""
        self._shift += seconds


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port

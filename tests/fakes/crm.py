"""CRMs that go wrong as told: a scripted one behind the port, and what the two servers on sockets have in common."""

import asyncio
import copy as copying
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.booking.crm import Absent, Copied, Copy, Different, Refused, Seen, Unknown, Unreadable
from tests.fakes.recording_server import Fault, Recorded, RecordingServer

NOTHING, DONE, FORGOTTEN = "nothing", "done", "forgotten"
"""What becomes of a request: it is not looked at; it is carried out; it is answered as if, and forgotten."""


@dataclass(frozen=True)
class Mishap:
    """How one request goes wrong. `fault` None: the answer is the right one. `only`: the start of method and path."""

    effect: str = NOTHING
    fault: Fault | None = None
    silent: bool = False
    only: str = ""
    renamed: tuple[str, str] | None = None


WROTE_NOTHING = Mishap(FORGOTTEN)
TOO_MANY = Mishap(fault=Fault(429, retry_after="7"))
BROKEN = Mishap(fault=Fault(500))
BROKEN_AFTERWARDS = Mishap(DONE, Fault(502))
SILENT = Mishap(silent=True)
SILENT_AFTERWARDS = Mishap(DONE, silent=True)
CUT_AFTERWARDS = Mishap(DONE, Fault(reset=True))
UNAUTHORIZED = Mishap(fault=Fault(401))
MALFORMED = Mishap(fault=Fault(400))
GONE = Mishap(fault=Fault(410))
MOVED_AWAY = Mishap(fault=Fault(307, location="https://elsewhere.example/"))
NOT_JSON = Mishap(DONE, Fault(200, body=b"<html>"))
ENDLESS = Mishap(DONE, Fault(drip=True))


class CrmServer(RecordingServer):
    """Answers from a state that a subclass keeps in `self.state`; `mishaps` are used up one per request they fit."""

    def __init__(self, state: Any) -> None:
        super().__init__()
        self.state = state
        self.mishaps: deque[Mishap] = deque()
        self.always_wrong: Mishap | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def handle(self, state: Any, request: Recorded) -> Fault:
        """The right answer to a request, which may change the state."""
        raise NotImplementedError

    async def respond(self, request: Recorded, writer: asyncio.StreamWriter) -> bool:
        mishap = self._mishap(f"{request.method} {request.path}")
        answer = Fault()
        if mishap.effect != NOTHING:
            answer = self.handle(self.state if mishap.effect == DONE else copying.deepcopy(self.state), request)
        if mishap.silent:
            await asyncio.sleep(60)
            return False
        if mishap.renamed:
            old, new = (name.encode() for name in mishap.renamed)
            answer = Fault(answer.status, body=answer.body.replace(old, new))
        return await self._answer(mishap.fault or answer, writer)

    def _mishap(self, line: str) -> Mishap:
        for mishap in self.mishaps:
            if line.startswith(mishap.only):
                self.mishaps.remove(mishap)
                return mishap
        return self.always_wrong or Mishap(DONE)


Read = Seen | Different | Absent | Unreadable | Unknown
Upserted = Copied | Refused | Unknown


@dataclass
class FakeCrm:
    """Behind the port: keeps copies, and answers as scripted first; `arrives`: what is scripted is kept as well."""

    readable: bool = True
    arrives: bool = False
    upserts: deque[Upserted] = field(default_factory=deque)
    reads: deque[Read] = field(default_factory=deque)
    asked: list[tuple[str, str]] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    before: Callable[[], Any] | None = None
    spared: bool = False

    async def upsert(self, copy: Copy, *, within_s: float) -> Upserted:
        self.asked.append(("upsert", copy.id))
        self.moments.append(copy.occurred_at)
        if self.before is not None:
            await self.before()
        if not self.upserts:
            self.kept[copy.booking.id] = copy.id
            return Copied("ext-1")
        answer = self.upserts.popleft()
        if self.arrives:
            self.kept[copy.booking.id] = copy.id
        return answer

    async def read(self, copy: Copy, *, within_s: float) -> Read:
        self.asked.append(("read", copy.id))
        if self.reads:
            return self.reads.popleft()
        if not self.readable:
            return Unreadable()
        there = self.kept.get(copy.booking.id)
        return Absent() if there is None else Seen("ext-1") if there == copy.id else Different(("event",))

    def resting(self) -> bool:
        return self.spared

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked]

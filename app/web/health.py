"""Whether the process lives and whether callers can be served. Public, so it names states and nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from starlette.types import Receive, Scope

from app import log
from app.clock import Clock
from app.web.answer import Answer
from app.web.deadline import within
from app.web.ports import Check, State

FRESH_S: Final = 1.0
"""How long an answer is served again: a stranger who asks all the time does not keep the database busy."""

_ALIVE: Final = b'{"status":"ok"}'
_log = log.get("web.health")


async def alive(_scope: Scope, _receive: Receive) -> bytes:
    """`GET /healthz`: answering is the answer."""
    return _ALIVE


class Readiness:
    """`GET /readyz`: the state of each dependency; 503 only when one is down without which callers are harmed."""

    def __init__(self, checks: Sequence[Check], clock: Clock) -> None:
        self._checks = checks
        self._clock = clock
        self._looking = asyncio.Lock()
        self._last: tuple[float, Mapping[str, State]] | None = None

    async def answer(self, _scope: Scope, _receive: Receive) -> Answer:
        """JSON `{name: "ok" | "degraded" | "down"}`."""
        told = await self.states()
        harmed = any(told[check.name] == "down" and check.harms for check in self._checks)
        return Answer(orjson.dumps(told), 503 if harmed else 200)

    async def states(self) -> Mapping[str, State]:
        """The state of each dependency, a second old at most."""
        async with self._looking:  # whoever comes meanwhile gets what the first one found
            now = self._clock.monotonic()
            if self._last is None or now - self._last[0] >= FRESH_S:
                found = await asyncio.gather(*(_state(check) for check in self._checks))
                self._last = (now, {check.name: state for check, state in zip(self._checks, found, strict=True)})
            return self._last[1]


async def _state(check: Check) -> State:
    try:
        return await within(check.deadline_s, check.probe())
    except Exception as error:  # noqa: BLE001  # whatever a probe raises means the same: it is down
        _log.warning("dependency down", dependency=check.name, error=error)
        return "down"

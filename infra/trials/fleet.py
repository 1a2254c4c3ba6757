"""The servers of a trial: processes on one database, killed without warning and started again."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from tests.flows.running import Process
from tests.flows.speaking import new_id

MOST_TRIES = 60
AGAIN_S = 0.25


class Fleet:
    """`processes` servers. A caller is put through to any of them, as a load balancer would."""

    def __init__(self, variables: Mapping[str, str], processes: int, folder: Path, dice: random.Random) -> None:
        self._servers = [Process(variables, folder / f"log-{number}") for number in range(processes)]
        self._dice = dice
        self.under_way: Counter[str] = Counter()
        """Requests on their way, by tool."""

    async def __aenter__(self) -> Self:
        try:
            await self.start(range(len(self._servers)))
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._end)

    def __len__(self) -> int:
        return len(self._servers)

    async def start(self, which: Sequence[int]) -> None:
        """Start these, at the same time, and wait until each answers."""
        for number in which:
            self._servers[number].start(wait=False)
        await asyncio.gather(*(asyncio.to_thread(self._servers[number].wait_ready) for number in which))

    async def kill(self, which: Sequence[int]) -> None:
        """End these as the machine's own end would, all at the same moment."""
        for number in which:
            if (process := self._servers[number].process) is not None:
                process.kill()
        await asyncio.gather(*(asyncio.to_thread(self._servers[number].kill) for number in which))

    async def ask(self, tool: str, arguments: Any, call_id: str, *, patient: bool = True) -> dict[str, Any] | None:
        """One tool call as the platform delivers it; None when no answer came.

        A patient platform delivers again what got no answer, to whichever server it is put through to.
        """
        asked = (new_id(), tool, arguments)
        for _ in range(MOST_TRIES if patient else 1):
            self.under_way[tool] += 1
            try:
                [result] = await self._dice.choice(self._servers).call(asked, call_id=call_id)
                return result
            except httpx.HTTPError:
                await asyncio.sleep(AGAIN_S)
            finally:
                self.under_way[tool] -= 1
        return None

    def logged(self, event: str) -> list[list[dict[str, Any]]]:
        """What each server has logged under this name, oldest first. A line cut off by a kill is left out."""
        return [[line for line in _lines(server.log) if line.get("event") == event] for server in self._servers]

    def _end(self) -> None:
        for server in self._servers:
            if server.process is not None and server.process.poll() is None:
                server.kill()


def _lines(log: Path) -> list[dict[str, Any]]:
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found

"""The load generator, a process of its own: one job per line in, one line of figures out."""

import asyncio
import gc
import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import uvloop

from infra.bench.conversations import pairs, race
from infra.bench.figures import Figures, Job
from infra.bench.load import Load

ROOT = Path(__file__).parent.parent.parent
CONVERSATIONS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {"pairs": pairs, "race": race}


class GeneratorError(Exception):
    """The generator died over a job; what it said is on stderr."""


class Generator:
    """The process, as seen by who hands out the jobs. Numbers every tool call, so that none repeats on any server."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.bench.generator"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._first = 1_000

    def run(self, job: Job) -> Figures:
        """Measure; comes back when it is done. Raises GeneratorError."""
        job.first = self._first
        figures = Figures(**self._do(asdict(job)))
        self._first += figures.asked + 1_000
        return figures

    def talk(self, kind: str, **asked: Any) -> dict[str, Any]:
        """Carry out `pairs` or `race`; its figures. Raises GeneratorError."""
        answer = self._do({"mode": kind, "first": self._first, **asked})
        self._first += 1_000_000
        return answer

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _do(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise GeneratorError("it has no pipes")
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise GeneratorError("it is gone") from error
        line = self._process.stdout.readline()
        if not line:
            raise GeneratorError("it ended over a job")
        answer = cast(dict[str, Any], json.loads(line))
        if "error" in answer:
            raise GeneratorError(answer["error"])
        return answer


async def _carry_out(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        if asked["mode"] in CONVERSATIONS:
            return await CONVERSATIONS[asked.pop("mode")](**asked)
        return asdict(await Load(Job(**asked)).run())
    except (OSError, TimeoutError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Do one job after the other until stdin ends. Nothing is garbage-collected while something is measured."""
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever hands out the jobs ends this process
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            answer = runner.run(_carry_out(json.loads(line)))
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
            gc.collect()


if __name__ == "__main__":
    main()

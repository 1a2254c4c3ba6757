"""Work that goes on beside the calls, from its owner's start to its stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """One such work: a task on the running loop, begun and ended by one owner."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    @property
    def runs(self) -> bool:
        """Whether it was begun and has not come to an end."""
        return self._task is not None and not self._task.done()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on with `work` until `end`."""
        self._task = asyncio.get_running_loop().create_task(work)

    async def end(self, after_s: float = 0.0) -> bool:
        """End it, wherever it is, once it has had `after_s` to end by itself; whether it had been begun."""
        task, self._task = self._task, None
        if task is None:
            return False
        if after_s:
            await asyncio.wait({task}, timeout=after_s)
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            told = {"message": "work in the background had failed", "exception": error, "task": task}
            asyncio.get_running_loop().call_exception_handler(told)
        return True

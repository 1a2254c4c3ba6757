"""Notes that somebody heard "not sure yet" which the database did not take, tried until it does."""

import asyncio
from collections.abc import Coroutine

from app import log

logger = log.get(__name__)


class Unnoted:
    """What is "held" may end in silence; who was told "pending" is owed more, so these go on beside everything else."""

    def __init__(self) -> None:
        self._noting: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._noting)

    def begin(self, reference: str, noting: Coroutine[None, None, None]) -> None:
        """Go on with one in a task of its own."""
        task = asyncio.get_running_loop().create_task(noting, name=reference)
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def stop(self) -> None:
        """Give up what is left: the log has whom a person has to tell how it ended."""
        for task in list(self._noting):
            logger.error("pending_not_noted", reference=task.get_name())
            task.cancel()
        await asyncio.gather(*self._noting, return_exceptions=True)

"""Waiting for something at most so long, also when it does not let itself be cancelled."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T:
    """The work's result or its error; TimeoutError after `seconds`. Late work is cancelled and not waited for."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.add_done_callback(_forget)
            task.cancel()


def _forget(task: "asyncio.Task[Any]") -> None:
    """Look at what late work ended with, so that asyncio does not report it as never looked at."""
    if not task.cancelled():
        task.exception()

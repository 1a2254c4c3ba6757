"""Waiting for something at most so long: cheaply on the way of every request, stubbornly where work may not stop."""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Generic, TypeVar, cast

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


async def within_own_task(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The same without a task of its own, for work that stops when it is cancelled.

    Work that need not wait at all, as a body that came with its headers, costs no timer either.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("outside of a task nothing can be cut short")
    cancelled_before = task.cancelling()
    expired = False

    def expire() -> None:
        nonlocal expired
        expired = True
        task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, expire)
    try:
        return await _Begun(work, waits_for)
    except asyncio.CancelledError as error:
        if expired and task.uncancel() <= cancelled_before:
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


class _Begun(Generic[T]):
    """A coroutine that was begun by hand and waits for something, to be awaited from there on."""

    def __init__(self, work: Coroutine[Any, Any, T], waits_for: Any) -> None:
        self._work = work
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, T]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    answer = yield waits_for
                except BaseException as error:  # noqa: BLE001 - whatever it is, it is meant for the work
                    waits_for = self._work.throw(error)
                else:
                    waits_for = self._work.send(answer)
        except StopIteration as done:
            return cast(T, done.value)


def _forget(task: "asyncio.Task[Any]") -> None:
    """Look at what late work ended with, so that asyncio does not report it as never looked at."""
    if not task.cancelled():
        task.exception()

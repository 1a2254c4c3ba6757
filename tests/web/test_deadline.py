"""Waiting at most so long."""

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from app.web.deadline import within, within_own_task

Within = Callable[[float, Awaitable[str]], Awaitable[str]]


async def quick() -> str:
    return "done"


async def failing() -> str:
    raise LookupError("no")


async def forever() -> str:
    await asyncio.Event().wait()
    return "never"


@pytest.mark.parametrize("wait", [within, within_own_task])
async def test_work_in_time_counts_with_its_result_or_its_error(wait: Within) -> None:
    assert await wait(1.0, quick()) == "done"
    with pytest.raises(LookupError):
        await wait(1.0, failing())


@pytest.mark.parametrize("wait", [within, within_own_task])
async def test_late_work_is_cut_short(wait: Within) -> None:
    with pytest.raises(TimeoutError):
        await wait(0.01, forever())
    await asyncio.sleep(0.01)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert asyncio.all_tasks() == {task}


@pytest.mark.parametrize("wait", [within, within_own_task])
async def test_a_stop_from_outside_stays_a_stop(wait: Within) -> None:
    async def waiting() -> str:
        return await wait(5.0, forever())

    outer = asyncio.ensure_future(waiting())
    await asyncio.sleep(0.01)
    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_work_that_will_not_stop_is_left_behind_quietly() -> None:
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    release = asyncio.Event()

    async def stubborn() -> str:
        try:
            await forever()
        except asyncio.CancelledError:
            await release.wait()
        raise LookupError("too late for anybody")

    with pytest.raises(TimeoutError):
        await within(0.01, stubborn())
    release.set()
    while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110  # the task belongs to nobody
        await asyncio.sleep(0.001)
    gc.collect()
    await asyncio.sleep(0)
    assert unhandled == []

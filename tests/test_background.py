"""Work that goes on until its owner stops it, and is over when that has returned."""

import asyncio

from app.background import Background


async def test_it_goes_on_until_it_is_ended_and_is_over_then() -> None:
    over: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            over.append("over")

    loop = Background()
    assert not loop.runs
    loop.begin(work())
    await asyncio.sleep(0)
    assert loop.runs

    assert await loop.end()
    assert over == ["over"]
    assert not loop.runs
    assert not await loop.end(), "there is nothing left to end"


async def test_it_may_come_to_its_own_end_first() -> None:
    asked, done = asyncio.Event(), []

    async def work() -> None:
        await asked.wait()
        await asyncio.sleep(0.02)
        done.append("done")

    loop = Background()
    loop.begin(work())
    asked.set()
    await loop.end(after_s=5.0)

    assert done == ["done"]


async def test_what_failed_is_over_and_its_owner_stops_all_the_same() -> None:
    async def work() -> None:
        raise RuntimeError("broken")

    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context.get("exception"))))
    loop = Background()
    loop.begin(work())
    await asyncio.sleep(0.01)

    assert not loop.runs
    assert await loop.end()
    assert told == ["broken"], "it is told to the log"

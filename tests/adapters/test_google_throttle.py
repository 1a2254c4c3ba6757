"""Our own rate limit: fair, bounded, and free of cost when nothing waits."""

import asyncio
import time

import pytest

from app.adapters.google_throttle import GoogleThrottle


async def admitted_within(throttle: GoogleThrottle, calendar: str | None, seconds: float) -> bool:
    try:
        await asyncio.wait_for(throttle.admit(calendar), seconds)
    except TimeoutError:
        return False
    return True


async def test_one_calendar_out_of_turns_does_not_hold_up_another() -> None:
    throttle = GoogleThrottle(2, 100)
    assert [await admitted_within(throttle, "a", 0.05) for _ in range(3)] == [True, True, False]
    assert await admitted_within(throttle, "b", 0.05)
    assert await admitted_within(throttle, None, 0.05)


async def test_all_calendars_together_keep_to_the_whole() -> None:
    throttle = GoogleThrottle(100, 3)
    names = ["a", "b", None, "c"]
    assert [await admitted_within(throttle, name, 0.05) for name in names] == [True, True, True, False]


async def test_those_who_wait_are_served_in_the_order_of_asking_as_the_window_moves() -> None:
    throttle = GoogleThrottle(100, 5, period_s=0.1)
    served: list[int] = []

    async def ask(number: int) -> None:
        await throttle.admit("a")
        served.append(number)

    began = time.monotonic()
    await asyncio.gather(*(ask(number) for number in range(20)))
    assert served == list(range(20))
    assert 0.3 <= time.monotonic() - began < 0.6


async def test_a_waiter_that_gives_up_passes_its_turn_on() -> None:
    throttle = GoogleThrottle(100, 1, period_s=0.2)
    await throttle.admit("a")
    impatient = asyncio.create_task(throttle.admit("a"))
    patient = asyncio.create_task(throttle.admit("a"))
    await asyncio.sleep(0.02)
    impatient.cancel()
    await asyncio.wait_for(patient, 0.5)
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_the_window_is_kept_in_every_stretch_of_time() -> None:
    throttle = GoogleThrottle(100, 4, period_s=0.1)
    moments: list[float] = []
    for _ in range(17):
        await throttle.admit("a")
        moments.append(time.monotonic())
    assert all(later - earlier >= 0.099 for earlier, later in zip(moments, moments[4:], strict=False))


async def test_many_calendars_are_not_remembered_for_ever() -> None:
    throttle = GoogleThrottle(10, 1_000_000, period_s=0.0)
    for number in range(5000):
        await throttle.admit(f"calendar-{number}")
    assert len(throttle._calendars) <= 4097


async def test_the_busiest_calendar_is_known() -> None:
    throttle = GoogleThrottle(100, 1_000)
    assert throttle.busiest() == 0
    for calendar in ("a", "b", "b", None, "b"):
        await throttle.admit(calendar)
    assert (throttle.busiest(), throttle.lately()) == (3, 5)

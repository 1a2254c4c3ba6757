"""How checks are run: each within its deadline, none spoils another, and no word of a failure is somebody's secret."""

import asyncio

import pytest

from app.errors import ConfigurationError
from app.main.doctor.examination import TOGETHER, AilingError, Check, Finding, LeftOutError, State, examined


def saying(name: str, outcome: str | Exception, wait_s: float = 0.0, deadline_s: float = 5.0) -> Check:
    async def run() -> str:
        await asyncio.sleep(wait_s)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Check(name, run, f"mend {name}", deadline_s)


@pytest.mark.parametrize(
    ("outcome", "state", "seen", "remedy"),
    [
        ("all well", State.OK, "all well", ""),
        (LeftOutError("not set"), State.LEFT_OUT, "not set", ""),
        (AilingError("it is ill"), State.FAILED, "it is ill", "mend x"),
        (AilingError("it is ill", "sleep"), State.FAILED, "it is ill", "sleep"),
        (ConfigurationError("X is wrong."), State.FAILED, "X is wrong.", "mend x"),
        (RuntimeError("password=hunter2"), State.FAILED, "RuntimeError", "mend x"),
        (TimeoutError(), State.FAILED, "no end after 5 s", "mend x"),
    ],
)
async def test_whatever_a_check_does_is_a_finding(
    outcome: str | Exception, state: State, seen: str, remedy: str
) -> None:
    (found,) = await examined([saying("x", outcome)], lambda _: None)

    assert (found.state, found.seen, found.remedy) == (state, seen, remedy)


async def test_one_that_never_ends_is_cut_off_and_the_others_are_told_in_order() -> None:
    told: list[Finding] = []
    checks = [saying("slow", "ok", 0.1), saying("never", "ok", 60.0, 0.05), saying("quick", "ok")]

    found = await examined(checks, told.append)

    assert [f.name for f in told] == ["slow", "never", "quick"]
    assert told == found
    assert [f.state for f in found] == [State.OK, State.FAILED, State.OK]


async def test_not_all_run_at_once_and_whoever_stops_stops_them_all() -> None:
    running, most = 0, 0

    async def run() -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.sleep(0.01)
        finally:
            running -= 1
        return "ok"

    await examined([Check(str(n), run, "") for n in range(20)], lambda _: None)
    assert most == TOGETHER

    stopped = asyncio.create_task(examined([saying("never", "ok", 60.0)] * 3, lambda _: None))
    await asyncio.sleep(0.01)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert len(asyncio.all_tasks()) == 1

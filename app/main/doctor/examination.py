"""Runs checks, several at once, each within its deadline, and tells what each found in the order they stand in.

A check says in words what it saw, or raises. Whatever it raises is a finding: no traceback, no secret.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.adapters.probes import UnansweredError
from app.booking.business import Businesses
from app.clock import Clock
from app.errors import ReadbackError
from app.settings import Settings

DEADLINE_S: Final = 15.0
TOGETHER: Final = 6
STOPS_WITHIN_S: Final = 5.0
UNREACHED: Final = (
    "See its status page, and this machine's DNS, clock, proxy and what a firewall lets out; where an own address for "
    "it is set, check that."
)


class State(StrEnum):
    """What a check came to."""

    OK = "ok"
    FAILED = "failed"
    LEFT_OUT = "left out"


class AilingError(Exception):
    """Something is wrong. `remedy`: a better one than the check's usual."""

    def __init__(self, seen: str, remedy: str = "") -> None:
        super().__init__(seen)
        self.remedy = remedy


class LeftOutError(Exception):
    """There is nothing to examine, and why."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined, and how far: with `read_only` no event is written; pages and money only if asked."""

    settings: Settings
    businesses: Businesses
    clock: Clock
    by: str = ""
    read_only: bool = False
    page: bool = False
    spend: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at. `run` gives what it saw; `remedy` says what a person does when it fails, `unreached` when
    nobody answered, so that nothing is known to be wrong with what is there.
    """

    name: str
    run: Callable[[], Awaitable[str]]
    remedy: str
    deadline_s: float = DEADLINE_S
    unreached: str = UNREACHED


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to; `remedy` is empty unless it failed."""

    name: str
    state: State
    seen: str
    remedy: str
    seconds: float


async def examined(
    checks: Sequence[Check], told: Callable[[Finding], None], last: Sequence[Check] = ()
) -> list[Finding]:
    """Run all checks, and after them those that look at what came of them; `told` hears of each as soon as it and those
    before it are over.
    """
    places = asyncio.Semaphore(TOGETHER)

    async def one(check: Check) -> Finding:
        async with places:
            return await _run(check)

    running = [asyncio.create_task(one(check)) for check in checks]
    found = []
    try:
        for task in running:
            found.append(await task)
            told(found[-1])
        for check in last:
            found.append(await _run(check))
            told(found[-1])
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=STOPS_WITHIN_S)
    return found


async def _run(check: Check) -> Finding:
    began = time.monotonic()
    state, remedy = State.FAILED, check.remedy
    try:
        async with asyncio.timeout(check.deadline_s):
            seen = await check.run()
        state = State.OK
    except LeftOutError as why:
        state, seen = State.LEFT_OUT, str(why)
    except AilingError as error:
        seen, remedy = str(error), error.remedy or check.remedy
    except TimeoutError:
        seen = f"no end after {check.deadline_s:g} s"
    except UnansweredError as error:
        seen, remedy = str(error), check.unreached
    except ReadbackError as error:
        seen = str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was found; its words may hold a secret
        seen = type(error).__name__
    return Finding(check.name, state, seen, remedy if state is State.FAILED else "", time.monotonic() - began)

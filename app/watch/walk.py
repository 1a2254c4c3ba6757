"""One synthetic call, step by step: what it asks, and whether each answer is one that a caller could rely on.

It speaks only as a voice agent does and judges only what a model would hear. What it books it takes away again, and
what an earlier one left behind as well.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from app.clock import Clock
from app.errors import ReadbackError

OFFERS = 20
TRIES = 3
"""At booking: somebody else, another synthetic call say, may take one of the times in the meantime."""
PATIENCE_S = 10.0
"""What is booked already may belong to a synthetic call under way; after so long nobody is going to take it away."""
LOOK_AGAIN_S = 1.0
MOST_LEFT_OVER = 5
"""Taken away by one call; the rest is for the next."""
SEEN_CHARS = 240
READ_WELL = ("written", "verified")
"""What `verification` may say of a booking just made."""

T = TypeVar("T")


class Step(StrEnum):
    """Where a call can fail. `connection` and `tool` are steps only where it gets no further."""

    CONNECTION = "connection"
    AUTHENTICATION = "authentication"
    TOOL = "tool"
    LEFT_OVER = "left over"
    CALENDAR = "calendar"
    BOOK = "book"
    FIND = "find"
    CANCEL = "cancel"
    GONE = "gone"


class NoAnswerError(ReadbackError):
    """The tool did not answer as a platform is owed; its text says what was seen instead.

    `step` is where it failed, when it was not at the tool itself.
    """

    retryable = True

    def __init__(self, seen: str, step: Step | None = None) -> None:
        super().__init__(seen)
        self.step = step


class Line(Protocol):
    """A way to call the server from outside."""

    async def ask(self, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The tool's result as the model hears it, within the line's own deadline. Raises `NoAnswerError`."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What the call is about. Without a `technician`, who exists for tests only, it looks and books nothing."""

    service: str
    technician: str = ""
    customer: str = "Synthetic call"


@dataclass(frozen=True, slots=True)
class Done:
    """One step as it went; `seen` says in words what came of it, nothing personal."""

    step: Step
    ok: bool
    seen: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """A call that is over. Only its last step can have failed."""

    steps: tuple[Done, ...]
    seconds: float

    @property
    def failed(self) -> Done | None:
        """The step that failed."""
        return next((done for done in self.steps if not done.ok), None)

    @property
    def holds(self) -> bool:
        """Whether a caller who asked the same would have been served."""
        return self.failed is None


class _FailedError(Exception):
    """Ends the call at a step."""

    def __init__(self, seen: str, step: Step | None = None) -> None:
        super().__init__(seen)
        self.step = step


async def walk(
    line: Line,
    errand: Errand,
    clock: Clock,
    *,
    told: Callable[[Done], None] = lambda _: None,
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Report:
    """Make the call, to its end or to the first step that fails. `told` hears of each step when it is over."""
    began = clock.monotonic()
    call = _Call(line, errand, clock, told, pause)
    with suppress(_FailedError):
        await call.made()
    return Report(tuple(call.steps), clock.monotonic() - began)


class _Call:
    def __init__(
        self,
        line: Line,
        errand: Errand,
        clock: Clock,
        told: Callable[[Done], None],
        pause: Callable[[float], Awaitable[object]],
    ) -> None:
        self._line = line
        self._errand = errand
        self._clock = clock
        self._told = told
        self._pause = pause
        self.steps: list[Done] = []

    async def made(self) -> None:
        """Every step in its order. Raises `_FailedError` at the first that fails, which is noted then."""
        left = await self._step(Step.AUTHENTICATION, self._let_in())
        if left and self._errand.technician:
            await self._step(Step.LEFT_OVER, self._taken_away(left))
        slots = await self._step(Step.CALENDAR, self._offered())
        if not self._errand.technician:
            return
        booked = await self._step(Step.BOOK, self._booked(slots))
        try:
            await self._step(Step.FIND, self._found(booked))
        except _FailedError:
            with suppress(_FailedError):
                await self._cancelled(booked)
            raise
        await self._step(Step.CANCEL, self._cancelled(booked))
        await self._step(Step.GONE, self._gone(booked))

    async def _step(self, step: Step, work: Awaitable[tuple[str, T]]) -> T:
        began = self._clock.monotonic()
        try:
            seen, found = await work
        except _FailedError as failed:
            self._note(Done(failed.step or step, False, _short(str(failed)), self._clock.monotonic() - began))
            raise
        self._note(Done(step, True, _short(seen), self._clock.monotonic() - began))
        return found

    def _note(self, done: Done) -> None:
        self.steps.append(done)
        self._told(done)

    # --- the steps ----------------------------------------------------------------------------------------------------

    async def _let_in(self) -> tuple[str, list[str]]:
        try:
            left = [str(one.get("reference")) for one in await self._appointments()]
        except _FailedError as failed:
            raise _FailedError(str(failed), failed.step or Step.TOOL) from None
        return f"let in and answered; {len(left) or 'nothing'} left over", left

    async def _taken_away(self, left: list[str]) -> tuple[str, None]:
        """What is still there after a while was left behind by a call that was cut off."""
        until = self._clock.monotonic() + PATIENCE_S
        while left and self._clock.monotonic() < until:
            await self._pause(LOOK_AGAIN_S)
            there = {one.get("reference") for one in await self._appointments()}
            left = [reference for reference in left if reference in there]
        unsure = 0
        for reference in left[:MOST_LEFT_OVER]:
            result = await self._ask("cancel_appointment", {"reference": reference})
            unsure += (
                result.get("code") == "still_checking"
            )  # the calendar is asked about it; the next call looks again
            if result.get("ok") is not True and result.get("code") != "still_checking":
                raise _FailedError(f"{reference} could not be cancelled, {_refusal(result)}")
        if not left:
            return "another call took its own away", None
        return f"{len(left[:MOST_LEFT_OVER]) - unsure} cancelled, {unsure} still being checked", None

    async def _offered(self) -> tuple[str, Sequence[Mapping[str, Any]]]:
        asked: dict[str, Any] = {"service": self._errand.service, "limit": OFFERS}
        if self._errand.technician:
            asked["technician"] = self._errand.technician
        result = await self._ask("check_availability", asked)
        slots = _objects(result, "slots")
        if result.get("ok") is not True:
            raise _FailedError(_refusal(result))
        if self._errand.technician and not slots:
            raise _FailedError(f"nothing is open with {self._errand.technician}: {result.get('say')}")
        return f"{len(slots)} times open, read at {result.get('checked_at')}", slots

    async def _booked(self, slots: Sequence[Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
        result: Mapping[str, Any] = {}
        for slot in secrets.SystemRandom().sample(slots, min(TRIES, len(slots))):
            asked = {"slot_id": slot.get("slot_id"), "customer_name": self._errand.customer}
            result = await self._ask("book_appointment", asked)
            if result.get("code") != "slot_taken":
                break
        if result.get("ok") is not True or result.get("outcome") != "confirmed" or not result.get("reference"):
            raise _FailedError(f"{result.get('outcome')}, {_refusal(result)}")
        if result.get("start") != slot.get("start"):
            raise _FailedError(f"{result.get('start')} was booked and not {slot.get('start')}")
        return f"{result['reference']} confirmed for {result['start']}", result

    async def _found(self, booked: Mapping[str, Any]) -> tuple[str, None]:
        reference = booked["reference"]
        mine = next((one for one in await self._appointments() if one.get("reference") == reference), None)
        if mine is None:
            raise _FailedError(f"{reference} was confirmed and is not found")
        if mine.get("start") != booked["start"] or mine.get("outcome") != "confirmed":
            raise _FailedError(f"{reference} is {mine.get('outcome')} for {mine.get('start')}, not {booked['start']}")
        if mine.get("verification") not in READ_WELL:
            raise _FailedError(f"the verification of {reference} is {mine.get('verification')!r}")
        return f"there, verification {mine['verification']}", None

    async def _cancelled(self, booked: Mapping[str, Any]) -> tuple[str, None]:
        result = await self._ask("cancel_appointment", {"reference": booked["reference"]})
        if result.get("ok") is not True or result.get("outcome") != "confirmed":
            raise _FailedError(f"{result.get('outcome')}, {_refusal(result)}")
        return "confirmed", None

    async def _gone(self, booked: Mapping[str, Any]) -> tuple[str, None]:
        if any(one.get("reference") == booked["reference"] for one in await self._appointments()):
            raise _FailedError(f"{booked['reference']} was cancelled and is still found")
        return "not found any more", None

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _appointments(self) -> list[Mapping[str, Any]]:
        """What is booked under the number this call comes from."""
        result = await self._ask("find_appointments", {})
        if result.get("ok") is not True:
            raise _FailedError(_refusal(result))
        return _objects(result, "appointments")

    async def _ask(self, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await self._line.ask(tool, arguments)
        except NoAnswerError as error:
            raise _FailedError(f"{tool}: {error}", error.step) from None


def _objects(result: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The list of objects that an `ok` result owes under `key`. Raises `_FailedError` for anything else."""
    found = result.get(key)
    if result.get("ok") is True and not (isinstance(found, list) and all(isinstance(one, dict) for one in found)):
        raise _FailedError(f"the answer has no list of {key}")
    return found if isinstance(found, list) else []


def _refusal(result: Mapping[str, Any]) -> str:
    """Why the server says that it could not: its code, and what a caller would have heard."""
    return f"{result.get('code')}: {result.get('say')}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SEEN_CHARS else f"{line[: SEEN_CHARS - 1]}…"

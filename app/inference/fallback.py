"""One inference over several providers: in order, at most three attempts, each paid for before it is sent.

A provider that fails costs the next one no waiting; the same one is asked again only after a short pause. Whether an
answer is worth anything is told by whoever asks: one that is not counts as an attempt, and the next model is asked.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Generic, Protocol, TypeVar

from app import metrics
from app.errors import ReadbackError
from app.inference.model import (
    Model,
    ModelAnswer,
    ModelError,
    ModelName,
    ModelRefusesRequestError,
    ModelUnreadableError,
    Question,
    Usage,
)

MOST_ATTEMPTS: Final = 3
WITHIN_S: Final = 2.8
"""For the whole inference, where nobody has waited before it."""
SHARE: Final = 0.6
"""Of the time left that one attempt may take while there is somebody else to ask, but never less than is of use: of
the second and a half that a texting customer leaves, two tries that are cut off would be worth less than one.
"""
USEFUL_S: Final = 1.2
"""Less time than this is no use to most models."""
NEARLY: Final = 0.9
"""Of that, which is still of use: some of it passes before the question is sent."""
PAUSES_S: Final = (0.15, 0.4)
"""Before the same provider is asked a second and a third time; shortened by up to a half at random."""
LEAST_S: Final = 0.5
"""An attempt with less time than this is not worth its price: it is cut off, and paid for."""
HANGS: Final = 2
"""Of one provider one after the other, after which others get the whole time: it leaves them none of use."""
REST_S: Final = 30.0
"""For which it is spared then, and for twice as long after each further one: each costs a customer their answer."""
DOUBLINGS: Final = 4

Checked = TypeVar("Checked")


class NotWorthItError(ReadbackError):
    """An answer that came and is good for nothing, and why."""


class SpendCapError(ReadbackError):
    """The money for this question is not there, or nobody can say what it would cost. `attempts` were paid before."""

    attempts: "tuple[Attempt, ...]" = ()


class TooLateError(SpendCapError):
    """No money could be set aside in the time that is left, and not for want of it."""


class NoAnswerError(ReadbackError):
    """No model gave an answer worth anything. `attempts` says why not, one by one."""

    def __init__(self, attempts: "Sequence[Attempt]") -> None:
        super().__init__("; ".join(f"{a.model}: {a.outcome}" for a in attempts) or "no model may be asked now")
        self.attempts = tuple(attempts)


class Pass(Protocol):
    """Leave to send one request, of which the outcome is told once."""

    def went_well(self) -> None: ...

    def failed(self, rest_s: float = 0.0) -> None: ...

    def given_up(self) -> None: ...


class Gate(Protocol):
    """Spares a provider that fails. A breaker."""

    def admit(self) -> Pass | None:
        """Leave to ask; None: do not."""


class Purse(Protocol):
    """Money for one inference."""

    async def reserve(self, model: ModelName, question: Question, within_s: float) -> Decimal:
        """Set aside the most that this can cost, within this time. Raises `SpendCapError`."""

    async def settle(self, model: ModelName, reserved: Decimal, usage: Usage | None) -> Decimal:
        """What it cost; without a usage nobody knows, and it counts as all that was reserved."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent. `outcome` is `ok`, `refused`, or why it was not worth anything."""

    model: str
    outcome: str
    cost: Decimal
    seconds: float
    answer: ModelAnswer | None = None


@dataclass(frozen=True, slots=True)
class Answered(Generic[Checked]):
    """An answer that is worth something, as whoever asked sees it, and what it took."""

    checked: Checked
    answer: ModelAnswer
    attempts: tuple[Attempt, ...]


@dataclass(slots=True)
class _Course:
    """How far one inference has got."""

    ends_at: float
    attempts: list[Attempt] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    """Attempts at each provider."""
    refused: set[str] = field(default_factory=set)
    """Models that take no such request, and so are not asked again."""
    spared: set[str] = field(default_factory=set)
    """Providers that may not be asked now, and so leave the others their time."""

    @property
    def left_s(self) -> float:
        return self.ends_at - time.monotonic()


class Fallback:
    """Asks the first model that may be asked, then the next. `gates` are by provider, one for all its models."""

    def __init__(
        self,
        models: Sequence[Model],
        gates: Mapping[str, Gate],
        *,
        within_s: float = WITHIN_S,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._models = tuple(models)
        self._gates = gates
        self._within_s = within_s
        self._pauses_s = tuple(pauses_s)
        self._sleep = sleep
        self._hung: dict[str, tuple[int, float]] = {}
        """How often each provider has hung since it last answered, and when that last ended."""

    @property
    def models(self) -> tuple[ModelName, ...]:
        """In the order they are asked when nothing is known about the question."""
        return tuple(model.name for model in self._models)

    async def ask(
        self,
        question: Question,
        purse: Purse,
        check: Callable[[ModelAnswer], Checked],
        order: Callable[[Sequence[Model]], Sequence[Model]] = tuple,
        within_s: float | None = None,
    ) -> Answered[Checked]:
        """The first answer that `check` takes; it raises `NotWorthItError` for others.

        `order` may put small models first; `within_s` may leave less time than usual. Raises `NoAnswerError` when the
        attempts or the time are used up, and `SpendCapError` when the money is.
        """
        course = _Course(time.monotonic() + (self._within_s if within_s is None else within_s))
        ordered = tuple(order(self._models))
        while len(course.attempts) < MOST_ATTEMPTS:
            before = len(course.attempts)
            for model in ordered:
                if model.name.text in course.refused:
                    continue
                if len(course.attempts) >= MOST_ATTEMPTS or course.left_s < LEAST_S:
                    raise NoAnswerError(course.attempts)
                try:
                    got = await self._attempt(model, ordered, question, purse, check, course)
                except SpendCapError as error:
                    error.attempts = tuple(course.attempts)
                    if course.attempts and isinstance(error, TooLateError):  # they took the time
                        raise NoAnswerError(course.attempts) from None
                    raise
                if got is not None:
                    return Answered(got[0], got[1], tuple(course.attempts))
            if len(course.attempts) == before:  # every gate is shut, or nobody takes the question
                break
        raise NoAnswerError(course.attempts)

    async def _attempt(
        self,
        model: Model,
        ordered: Sequence[Model],
        question: Question,
        purse: Purse,
        check: Callable[[ModelAnswer], Checked],
        course: _Course,
    ) -> tuple[Checked, ModelAnswer] | None:
        name = model.name
        times = course.asked.get(name.provider, 0)
        if times and _failed_last(course, name.provider):
            await self._pause(times, course)
        leave = self._gates[name.provider].admit()
        if leave is None:
            course.spared.add(name.provider)
            return None
        several = any(other.name.provider != name.provider for other in ordered)
        others = any(other.name.provider not in (name.provider, *course.spared) for other in ordered)
        last = len(course.attempts) == MOST_ATTEMPTS - 1
        course.asked[name.provider] = times + 1
        started = time.monotonic()
        answer: ModelAnswer | None = None
        async with _told(leave) as tell, _paid(purse, name, question, course.left_s - LEAST_S) as bill:
            within_s = course.left_s
            if others and not last:
                within_s = min(within_s, max(within_s * SHARE, USEFUL_S))
            asked_at = time.monotonic()
            try:
                answer = await model.ask(question, within_s)
            except ModelError as error:
                self._tell_failed(tell, name.provider, error, asked_at, within_s, several=several)
                cost = await bill.settle(None if error.charged else Usage())
                outcome = error.cause
                if isinstance(error, ModelRefusesRequestError):
                    course.refused.add(name.text)
                if isinstance(error, ModelUnreadableError):  # what came is kept, for whoever looks at it later
                    answer = ModelAnswer(name.text, None, text=error.raw)
            else:
                tell.well = True
                self._hung.pop(name.provider, None)
                cost = await bill.settle(answer.usage)
                outcome = "refused" if answer.refusal else "cut off" if answer.cut_off else "ok"
        checked: Checked | None = None
        if answer is not None and outcome == "ok":
            try:
                checked = check(answer)
            except NotWorthItError as error:
                outcome = str(error)
        metrics.count_inference(
            name.provider, "ok" if outcome == "ok" else "refused" if outcome == "refused" else "bad"
        )
        course.attempts.append(Attempt(name.text, outcome, cost, time.monotonic() - started, answer))
        return None if checked is None or answer is None else (checked, answer)

    def _tell_failed(
        self, tell: "_Telling", provider: str, error: ModelError, asked_at: float, within_s: float, *, several: bool
    ) -> None:
        """What the gate is to hear: nothing against one that was cut off with less time than is of use."""
        now = time.monotonic()
        if not error.retryable or now - asked_at < within_s:
            self._hung.pop(provider, None)
            tell.failed_with(error)
        elif within_s >= USEFUL_S * NEARLY:
            times, ended = self._hung.get(provider, (0, 0.0))
            times += asked_at >= ended  # those that hang at once are one time
            self._hung[provider] = times, now
            rest = REST_S * 2 ** min(times - HANGS, DOUBLINGS) if several and times >= HANGS else 0.0
            tell.failed_with(error, rest)

    async def _pause(self, times: int, course: _Course) -> None:
        pause = self._pauses_s[min(times, len(self._pauses_s)) - 1] * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        await self._sleep(max(0.0, min(pause, course.left_s - LEAST_S)))


def _failed_last(course: _Course, provider: str) -> bool:
    """Whether its last attempt got no answer at all: a bad answer says nothing against asking again at once."""
    last = next((a for a in reversed(course.attempts) if a.model.partition(":")[0] == provider), None)
    return last is not None and last.answer is None


@dataclass(slots=True)
class _Telling:
    well: bool = False
    error: ModelError | None = None
    rest_s: float = 0.0

    def failed_with(self, error: ModelError, rest_s: float = 0.0) -> None:
        self.error, self.rest_s = error, max(rest_s, error.rest_s)


@asynccontextmanager
async def _told(leave: Pass) -> AsyncIterator[_Telling]:
    """The gate hears what became of the request, whatever did."""
    telling = _Telling()
    try:
        yield telling
    finally:
        if telling.well:
            leave.went_well()
        elif telling.error is not None and telling.error.retryable:
            leave.failed(telling.rest_s)
        elif telling.error is not None:
            leave.went_well()  # it lives, and refuses this question
        else:
            leave.given_up()


class _Bill:
    """Money that was set aside for one attempt."""

    def __init__(self, purse: Purse, name: ModelName, reserved: Decimal) -> None:
        self._purse, self._name, self._reserved = purse, name, reserved
        self.open = True

    async def settle(self, usage: Usage | None) -> Decimal:
        self.open = False
        return await self._purse.settle(self._name, self._reserved, usage)


@asynccontextmanager
async def _paid(purse: Purse, name: ModelName, question: Question, within_s: float) -> AsyncIterator[_Bill]:
    """Money is set aside before, and settled even when nobody waits any more."""
    bill = _Bill(purse, name, await purse.reserve(name, question, within_s))
    try:
        yield bill
    finally:
        if bill.open:
            await asyncio.shield(bill.settle(None))

"""One inference over several providers: in order, at most three attempts, each paid for before it is sent.

A provider that fails costs the next one no waiting; the same one is asked again only after a short pause. One that is
slow is waited for on while the next one is asked as well, and whichever answers first is heard. Whether an answer is
worth anything is told by whoever asks: one that is not counts as an attempt, and the next model is asked.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from app import metrics
from app.errors import ReadbackError
from app.inference.attempt import Attempt, Gate, Purse, Telling, paid, told
from app.inference.model import (
    Model,
    ModelAnswer,
    ModelDownError,
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
USEFUL_S: Final = 1.2
"""Less time than this is no use to most models. So much is left to the next one when it is asked beside a slow one."""
ALONE_S: Final = 0.8
"""That a model has to answer in before another one is asked, and paid, as well."""
NEARLY: Final = 0.9
"""Of the time that is of use, which is so still: some of it passes before the question is sent."""
PAUSES_S: Final = (0.15, 0.4)
"""Before the same provider is asked a second and a third time; shortened by up to a half at random."""
LEAST_S: Final = 0.5
"""An attempt with less time than this is not worth its price: it is cut off, and paid for."""
HANGS: Final = 2
"""Of one provider one after the other, after which others get the whole time: it leaves them little of use."""
REST_S: Final = 30.0
"""For which it is spared then, and for twice as long after each further one: each keeps a customer waiting."""
DOUBLINGS: Final = 4
SLOWER: Final = "slower than another"
"""What became of an attempt that was no longer waited for."""

Checked = TypeVar("Checked")
Good = tuple[Checked, ModelAnswer]
"""An answer that is worth something, and as whoever asked sees it."""


class NotWorthItError(ReadbackError):
    """An answer that came and is good for nothing, and why."""


class UnpaidError(ReadbackError):
    """No money was set aside for this question, so it was not asked. `attempts` were paid before."""

    outcome: ClassVar[str]
    """Under which that is kept."""
    attempts: "tuple[Attempt, ...]" = ()


class SpendCapError(UnpaidError):
    """The money for this question is not there."""

    outcome = "capped"


class AccountSilentError(UnpaidError):
    """The account of what was spent did not say in time that the money is set aside. It may well be there."""

    outcome = "account_down"


class NoAnswerError(ReadbackError):
    """No model gave an answer worth anything. `attempts` says why not, one by one."""

    def __init__(self, attempts: "Sequence[Attempt]") -> None:
        super().__init__("; ".join(f"{a.model}: {a.outcome}" for a in attempts) or "no model may be asked now")
        self.attempts = tuple(attempts)


class Mind(Protocol):
    """Hears of every model whether it answers."""

    def answered(self, name: ModelName) -> None:
        """It did."""

    def failed(self, name: ModelName, error: ModelError) -> None:
        """It did not, and why."""


@dataclass(frozen=True, slots=True)
class Answered(Generic[Checked]):
    """An answer that is worth something, as whoever asked sees it, and what it took."""

    checked: Checked
    answer: ModelAnswer
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Checked]):
    """What is asked, of whom, and for whose money."""

    question: Question
    purse: Purse
    check: Callable[[ModelAnswer], Checked]
    ordered: tuple[Model, ...]

    def alone_s(self, name: ModelName, course: "_Course[Checked]") -> float:
        """How long a model has before the next provider is asked as well; infinite where that would be no use."""
        taken = {name.provider, *course.spared, *course.running.values()}
        others = any(other.name.provider not in taken for other in self.ordered)
        alone_s = max(course.left_s - USEFUL_S, ALONE_S)
        useful = course.left_s - alone_s >= USEFUL_S * NEARLY
        return alone_s if others and useful and course.begun < MOST_ATTEMPTS - 1 else math.inf


@dataclass(slots=True)
class _Course(Generic[Checked]):
    """How far one inference has got."""

    ends_at: float
    begun: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    """Those that have ended."""
    asked: dict[str, int] = field(default_factory=dict)
    """Attempts at each provider."""
    refused: set[str] = field(default_factory=set)
    """Models that take no such request, and so are not asked again."""
    spared: set[str] = field(default_factory=set)
    """Providers that may not be asked now, and so leave the others their time."""
    running: "dict[asyncio.Task[Good[Checked] | None], str]" = field(default_factory=dict)
    """Attempts that are waited for, and at which provider."""
    settling: "set[asyncio.Task[Any] | None]" = field(default_factory=set)
    """Those of them that have ended but for their money."""
    short: "UnpaidError | None" = None
    over: bool = False
    """Whether somebody has answered."""

    @property
    def left_s(self) -> float:
        return self.ends_at - time.monotonic()

    async def begin(
        self, provider: str, attempt: "Coroutine[Any, Any, Good[Checked] | None]", alone_s: float
    ) -> "Good[Checked] | None":
        """What comes of this attempt, or of one before it that is waited for still; None: ask the next."""
        newest = asyncio.create_task(attempt)
        self.running[newest] = provider
        until = time.monotonic() + alone_s
        while newest in self.running and not self.short:
            within_s = None if math.isinf(until) else max(until - time.monotonic(), 0.0)
            done, _ = await asyncio.wait(self.running, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return None
            if (good := self._heard(done)) is not None:
                return good
        return None

    async def rest(self) -> "Good[Checked] | None":
        """The first that those bring who are waited for still."""
        while self.running:
            done, _ = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
            if (good := self._heard(done)) is not None:
                return good
        return None

    def was_for_money(self, short: UnpaidError) -> bool:
        """Whether it ended for want of money, and not with those that were asked, who failed or took all the time."""
        return not self.attempts or (isinstance(short, SpendCapError) and self.left_s >= LEAST_S)

    async def end(self) -> None:
        """Nobody is waited for any more. What is set aside for them is settled."""
        for task in self.running:
            if not self.over or task not in self.settling:
                task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)

    def _heard(self, done: "set[asyncio.Task[Good[Checked] | None]]") -> "Good[Checked] | None":
        good = None
        for task in done:
            del self.running[task]
            try:
                good = task.result() or good
            except UnpaidError as error:
                self.short = error
        return good


class Fallback:
    """Asks the first model that may be asked, then the next. `gates` are by provider, one for all its models."""

    def __init__(
        self,
        models: Sequence[Model],
        gates: Mapping[str, Gate],
        mind: Mind | None = None,
        *,
        within_s: float = WITHIN_S,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._models = tuple(models)
        self._gates = gates
        self._mind = mind
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
        attempts or the time are used up, and `UnpaidError` when money was all that was missing.
        """
        course = _Course[Checked](time.monotonic() + (self._within_s if within_s is None else within_s))
        try:
            good = await self._first(_Asked(question, purse, check, tuple(order(self._models))), course)
            course.over = True
        finally:
            await course.end()
        if good is not None:
            return Answered(good[0], good[1], tuple(course.attempts))
        if course.short is not None and course.was_for_money(course.short):
            course.short.attempts = tuple(course.attempts)
            raise course.short
        raise NoAnswerError(course.attempts)

    async def _first(self, asked: _Asked[Checked], course: _Course[Checked]) -> Good[Checked] | None:
        """The first good answer of anybody."""
        while course.begun < MOST_ATTEMPTS:
            before = course.begun
            for model in asked.ordered:
                name = model.name
                if name.text in course.refused or name.provider in course.running.values():
                    continue
                if course.begun >= MOST_ATTEMPTS or course.left_s < LEAST_S or course.short:
                    return await course.rest()
                alone_s = asked.alone_s(name, course)
                good = await course.begin(name.provider, self._attempt(model, asked, course, alone_s), alone_s)
                if good is not None:
                    return good
            if course.begun == before:  # every gate is shut, or nobody takes the question
                break
        return await course.rest()

    async def _attempt(
        self, model: Model, asked: _Asked[Checked], course: _Course[Checked], alone_s: float
    ) -> Good[Checked] | None:
        name = model.name
        times = course.asked.get(name.provider, 0)
        if times and _failed_last(course, name.provider):
            await self._pause(times, course)
        leave = self._gates[name.provider].admit()
        if leave is None:
            course.spared.add(name.provider)
            return None
        course.begun += 1
        course.asked[name.provider] = times + 1
        started = time.monotonic()
        async with (
            told(leave) as tell,
            paid(asked.purse, name, asked.question, course.left_s - LEAST_S) as bill,
        ):
            answer, outcome, usage = await self._sent(model, asked, course, tell, alone_s)
            course.settling.add(asyncio.current_task())
            cost = await bill.settle(usage)
        checked: Checked | None = None
        if answer is not None and outcome == "ok":
            try:
                checked = asked.check(answer)
            except NotWorthItError as error:
                outcome = str(error)
        kind = outcome if outcome in ("ok", "refused") else "bad"
        metrics.count_inference(name.provider, kind)
        course.attempts.append(Attempt(name.text, outcome, cost, time.monotonic() - started, answer))
        return None if checked is None or answer is None else (checked, answer)

    async def _sent(
        self, model: Model, asked: _Asked[Checked], course: _Course[Checked], tell: Telling, alone_s: float
    ) -> tuple[ModelAnswer | None, str, Usage | None]:
        """What came, what that is, and what it cost as far as anybody knows."""
        name, within_s, asked_at = model.name, course.left_s, time.monotonic()
        several = any(other.name.provider != name.provider for other in asked.ordered)
        try:
            answer = await model.ask(asked.question, within_s)
        except asyncio.CancelledError:
            if not course.over:
                raise
            if time.monotonic() - asked_at >= alone_s * NEARLY:
                self._hangs(tell, name, ModelDownError(SLOWER, charged=True), asked_at, several)
            return None, SLOWER, None
        except ModelError as error:
            if not error.retryable or time.monotonic() - asked_at < within_s:
                self._hung.pop(name.provider, None)
                tell.failed_with(error)
                self._minded(name, error)
            elif within_s >= USEFUL_S * NEARLY:  # else it was cut off with less time than is of use, and has not failed
                self._hangs(tell, name, error, asked_at, several)
            if isinstance(error, ModelRefusesRequestError):
                course.refused.add(name.text)
            # What nobody can read is kept, for whoever looks at it later.
            read = ModelAnswer(name.text, None, text=error.raw) if isinstance(error, ModelUnreadableError) else None
            return read, error.cause, None if error.charged else Usage()
        tell.well = True
        self._hung.pop(name.provider, None)
        if self._mind is not None:
            self._mind.answered(name)
        return answer, "refused" if answer.refusal else "cut off" if answer.cut_off else "ok", answer.usage

    def _hangs(self, tell: Telling, name: ModelName, error: ModelError, asked_at: float, several: bool) -> None:
        """It took all the time it had. Where there are others it is spared once that goes on."""
        times, ended = self._hung.get(name.provider, (0, 0.0))
        times += asked_at >= ended  # those that hang at once are one time
        self._hung[name.provider] = times, time.monotonic()
        rest_s = REST_S * 2 ** min(times - HANGS, DOUBLINGS) if several and times >= HANGS else 0.0
        tell.failed_with(error, rest_s)
        self._minded(name, error)

    def _minded(self, name: ModelName, error: ModelError) -> None:
        if self._mind is not None:
            self._mind.failed(name, error)

    async def _pause(self, times: int, course: _Course[Any]) -> None:
        pause = self._pauses_s[min(times, len(self._pauses_s)) - 1] * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        await self._sleep(max(0.0, min(pause, course.left_s - LEAST_S)))


def _failed_last(course: _Course[Any], provider: str) -> bool:
    """Whether its last attempt got no answer at all: a bad answer says nothing against asking again at once."""
    last = next((a for a in reversed(course.attempts) if a.model.partition(":")[0] == provider), None)
    return last is not None and last.answer is None

"""Falling back: in order, three attempts in all, nothing waited for that need not be, one probe for who was down."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from app.adapters.breaker import Breaker
from app.adapters.models import Access, ProviderModel, Providers
from app.clock import SystemClock
from app.inference.failing import IN_A_ROW, PAGE, Minding
from app.inference.fallback import SLOWER, AccountSilentError, Fallback, NoAnswerError, NotWorthItError, SpendCapError
from app.inference.model import (
    Model,
    ModelAnswer,
    ModelDownError,
    ModelName,
    ModelRefusesRequestError,
    ModelUnreadableError,
    Question,
    Usage,
)
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon
from tests.fakes.model_server import ModelServer, Say
from tests.fakes.recording_server import Fault
from tests.inference.asking import GOOD, QUESTION, FullPurse, ScriptedModel

DOWN = ModelDownError("status 500")
WRONG_KEY = ModelRefusesRequestError("status 401")
REFUSED = ModelAnswer("m", Usage(10, 1), refusal="no")
WORDS = ModelAnswer("m", Usage(10, 1), text="Just words.")
HTML = ModelUnreadableError("JSONDecodeError", "<html>")
CUT_OFF = ModelAnswer("m", Usage(10, 300), handed_in='{"reply":"Tues', cut_off=True)
UNCOUNTED = ModelAnswer("m", None, handed_in='{"reply":"Hello."}')


class Pauses:
    """Notes every pause and makes none."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def gates(*names: str, clock: Any = None) -> dict[str, Breaker]:
    return {name: Breaker(clock or FakeClock()) for name in names or ("a", "b")}


def strict(answer: ModelAnswer) -> str:
    if answer.handed_in is None:
        raise NotWorthItError("handed in nothing")
    return answer.handed_in


@pytest.mark.parametrize(
    ("first", "second", "asked", "outcomes"),
    [
        ([GOOD], [GOOD], (1, 0), ["ok"]),
        ([DOWN], [GOOD], (1, 1), ["status 500", "ok"]),
        ([WRONG_KEY], [GOOD], (1, 1), ["status 401", "ok"]),
        ([REFUSED], [GOOD], (1, 1), ["refused", "ok"]),
        ([WORDS], [GOOD], (1, 1), ["handed in nothing", "ok"]),
        ([CUT_OFF], [GOOD], (1, 1), ["cut off", "ok"]),
        ([DOWN, GOOD], [DOWN], (2, 1), ["status 500", "status 500", "ok"]),
    ],
)
async def test_the_next_is_asked_until_an_answer_is_worth_something(
    first: Sequence[Any], second: Sequence[Any], asked: tuple[int, int], outcomes: list[str]
) -> None:
    a, b = ScriptedModel("a:x", *first), ScriptedModel("b:y", *second)

    got = await Fallback([a, b], gates(), sleep=Pauses()).ask(QUESTION, FullPurse(), strict)

    assert got.checked == GOOD.handed_in
    assert (len(a.asked), len(b.asked)) == asked
    assert [attempt.outcome for attempt in got.attempts] == outcomes


async def test_three_attempts_are_all_and_each_says_why() -> None:
    a, b, purse, pauses = ScriptedModel("a:x", DOWN), ScriptedModel("b:y", WORDS), FullPurse(), Pauses()

    with pytest.raises(NoAnswerError) as failed:
        await Fallback([a, b], gates(), sleep=pauses).ask(QUESTION, purse, strict)

    assert str(failed.value) == "a:x: status 500; b:y: handed in nothing; a:x: status 500"
    assert purse.reserved == ["a:x", "b:y", "a:x"]
    assert purse.settled == [Usage(), Usage(10, 1), Usage()], "what gave no answer cost nothing"
    assert len(pauses.taken) == 1, "only the second attempt at the same provider waits"


async def test_the_pauses_at_one_provider_grow_and_are_never_the_same() -> None:
    taken = set()
    for _ in range(20):
        pauses = Pauses()
        with pytest.raises(NoAnswerError):
            await Fallback([ScriptedModel("a:x", DOWN)], gates(), sleep=pauses).ask(QUESTION, FullPurse(), strict)
        first, second = pauses.taken
        assert 0.075 <= first <= 0.15
        assert 0.2 <= second <= 0.4
        taken.add(first)
    assert len(taken) > 10


async def test_without_money_nothing_is_asked() -> None:
    a = ScriptedModel("a:x", DOWN)
    with pytest.raises(SpendCapError) as caught:
        await Fallback([a], gates(), sleep=Pauses()).ask(QUESTION, FullPurse(most=1), strict)
    assert len(a.asked) == len(caught.value.attempts) == 1


async def test_an_attempt_of_unknown_outcome_costs_what_was_reserved() -> None:
    purse = FullPurse()
    late = ModelDownError("no answer in time", charged=True)
    await Fallback([ScriptedModel("a:x", late), ScriptedModel("b:y")], gates()).ask(QUESTION, purse, strict)
    assert purse.settled == [None, Usage(1_000, 100)]


async def test_an_answer_whose_tokens_nobody_counted_costs_what_was_reserved() -> None:
    purse = FullPurse()
    await Fallback([ScriptedModel("a:x", UNCOUNTED)], gates()).ask(QUESTION, purse, strict)
    assert purse.settled == [None]


async def test_what_nobody_can_read_is_kept_as_it_came_and_paid_in_full() -> None:
    purse = FullPurse()
    got = await Fallback([ScriptedModel("a:x", HTML), ScriptedModel("b:y")], gates()).ask(QUESTION, purse, strict)
    first = got.attempts[0]
    assert first.answer is not None
    assert (first.outcome, first.answer.text) == ("unreadable answer: JSONDecodeError", "<html>")
    assert purse.settled == [None, Usage(1_000, 100)]


async def test_who_takes_no_such_question_is_not_asked_it_again() -> None:
    a, b, pauses = ScriptedModel("a:x", WRONG_KEY), ScriptedModel("a:z", WRONG_KEY), Pauses()
    with pytest.raises(NoAnswerError):
        await Fallback([a, b], gates(), sleep=pauses).ask(QUESTION, FullPurse(), strict)
    assert (len(a.asked), len(b.asked)) == (1, 1)

    a, b = ScriptedModel("a:x", WRONG_KEY), ScriptedModel("b:y", DOWN, GOOD)
    await Fallback([a, b], gates(), sleep=pauses).ask(QUESTION, FullPurse(), strict)
    assert (len(a.asked), len(b.asked)) == (1, 2)


async def test_who_does_not_wait_any_more_still_pays() -> None:
    purse, a = FullPurse(), ScriptedModel("a:x", takes_s=30.0)
    asking = asyncio.create_task(Fallback([a], gates()).ask(QUESTION, purse, strict))
    await soon(lambda: bool(a.asked))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert purse.settled == [None]


async def test_a_provider_that_failed_often_is_spared_and_then_asked_by_one() -> None:
    clock = FakeClock()
    a, b = ScriptedModel("a:x", DOWN), ScriptedModel("b:y")
    fallback = Fallback([a, b], gates(clock=clock), sleep=Pauses())
    for _ in range(5):
        await fallback.ask(QUESTION, FullPurse(), strict)
    await asyncio.gather(*(fallback.ask(QUESTION, FullPurse(), strict) for _ in range(50)))
    assert len(a.asked) == 5

    clock.advance(31)
    a.takes_s = 0.05
    await asyncio.gather(*(fallback.ask(QUESTION, FullPurse(), strict) for _ in range(50)))
    assert len(a.asked) == 6, "one probe"


async def test_a_provider_that_asks_to_be_left_alone_is() -> None:
    clock = FakeClock()
    a, b = ScriptedModel("a:x", ModelDownError("status 429", rest_s=20.0)), ScriptedModel("b:y")
    fallback = Fallback([a, b], gates(clock=clock))
    for _ in range(3):
        await fallback.ask(QUESTION, FullPurse(), strict)
    assert len(a.asked) == 1


async def test_when_everybody_is_spared_that_is_known_at_once() -> None:
    a = ScriptedModel("a:x", ModelDownError("status 429", rest_s=20.0))
    fallback = Fallback([a], gates())
    for _ in range(2):
        with pytest.raises(NoAnswerError):
            await fallback.ask(QUESTION, FullPurse(), strict)
    assert len(a.asked) == 1


async def test_small_models_may_be_asked_first() -> None:
    big, small = ScriptedModel("a:big"), ScriptedModel("a:small")
    await Fallback([big, small], gates()).ask(QUESTION, FullPurse(), strict, order=lambda models: models[::-1])
    assert (len(big.asked), len(small.asked)) == (0, 1)


class Hanging(ScriptedModel):
    """Answers after `takes_s`, unless it is cut off before."""

    async def ask(self, question: Question, within_s: float) -> ModelAnswer:
        try:
            async with asyncio.timeout(within_s):
                return await super().ask(question, within_s)
        except TimeoutError:
            raise ModelDownError("no answer in time", charged=True) from None


@pytest.mark.parametrize(
    ("first_s", "second_s", "attempts"),
    [
        (1.6, 9.0, [("a:x", "ok"), ("b:y", SLOWER)]),
        (9.0, 0.3, [("b:y", "ok"), ("a:x", SLOWER)]),
        (1.3, 0.1, [("b:y", "ok"), ("a:x", SLOWER)]),
        (0.3, 0.3, [("a:x", "ok")]),
    ],
)
async def test_a_slow_one_is_waited_for_while_the_next_is_asked(
    first_s: float, second_s: float, attempts: list[tuple[str, str]]
) -> None:
    purse, names = FullPurse(), {"a:x": first_s, "b:y": second_s}
    a, b = (Hanging(name, takes_s=takes_s) for name, takes_s in names.items())
    started = time.monotonic()
    got = await Fallback([a, b], gates()).ask(QUESTION, purse, strict, within_s=2.2)
    assert time.monotonic() - started < min(first_s, 1.0 + second_s) + 0.3
    assert sorted((each.model, each.outcome) for each in got.attempts) == sorted(attempts)
    assert got.answer is GOOD
    assert len(purse.settled) == len(purse.reserved) == len(attempts), "each is paid, the slower one in full"
    assert a.asked == pytest.approx([2.2], abs=0.1), "it is not cut off while nobody else has answered"


async def test_what_a_slow_one_brings_is_heard_though_the_next_one_failed() -> None:
    a, b = Hanging("a:x", takes_s=1.5), ScriptedModel("b:y", DOWN)
    got = await Fallback([a, b], gates(), sleep=Pauses()).ask(QUESTION, FullPurse(), strict, within_s=2.2)
    assert [(each.model, each.outcome) for each in got.attempts] == [
        ("b:y", "status 500"), ("b:y", "status 500"), ("a:x", "ok"),
    ]  # fmt: skip


async def test_what_a_slow_one_brings_is_heard_though_there_is_no_money_for_the_next() -> None:
    a, b = Hanging("a:x", takes_s=1.5), ScriptedModel("b:y")
    got = await Fallback([a, b], gates()).ask(QUESTION, FullPurse(most=1), strict, within_s=2.2)
    assert (got.answer, b.asked) == (GOOD, [])


async def test_a_slow_one_that_brings_nothing_is_what_it_is_though_there_was_no_money_for_the_next() -> None:
    a, b = Hanging("a:x", takes_s=9.0), ScriptedModel("b:y")
    with pytest.raises(NoAnswerError, match="a:x: no answer in time") as caught:
        await Fallback([a, b], gates()).ask(QUESTION, FullPurse(most=1), strict, within_s=2.2)
    assert [each.model for each in caught.value.attempts] == ["a:x"]
    assert b.asked == []


async def test_who_stops_waiting_for_several_pays_for_each() -> None:
    purse, a, b = FullPurse(), Hanging("a:x", takes_s=9.0), Hanging("b:y", takes_s=9.0)
    asking = asyncio.create_task(Fallback([a, b], gates()).ask(QUESTION, purse, strict, within_s=2.2))
    await soon(lambda: bool(b.asked))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert purse.settled == [None, None]


async def test_one_that_only_hangs_is_told_of_and_spared_though_others_answer() -> None:
    a, b, clock, alarms = Hanging("a:x", takes_s=9.0), ScriptedModel("b:y"), FakeClock(), FakeAlarms()
    fallback = Fallback([a, b], gates(clock=clock), Minding(alarms))
    for _ in range(IN_A_ROW):
        await fallback.ask(QUESTION, FullPurse(), strict, within_s=2.2)
        clock.advance(601.0)
    assert len(a.asked) == IN_A_ROW
    assert alarms.ringing() == {(PAGE, "a:x")}
    await fallback.ask(QUESTION, FullPurse(), strict, within_s=2.2)
    clock.advance(1.0)
    await fallback.ask(QUESTION, FullPurse(), strict, within_s=2.2)
    assert len(a.asked) == IN_A_ROW + 1


async def answered(fallback: Fallback, times: int, clock: FakeClock, every_s: float) -> list[bool]:
    """Which of so many questions, each of a texting customer, somebody answered."""
    came = []
    for _ in range(times):
        try:
            await fallback.ask(QUESTION, FullPurse(), strict, within_s=1.5)
            came.append(True)
        except NoAnswerError:
            came.append(False)
        clock.advance(every_s)
    return came


async def test_where_the_first_hangs_the_second_soon_has_the_whole_time() -> None:
    clock = FakeClock()
    a, b = Hanging("a:x", takes_s=9.0), Hanging("b:y", takes_s=0.3)
    fallback = Fallback([a, b], gates(clock=clock))
    assert await answered(fallback, 7, clock, 20.0) == [False, False, True, False, True, True, False], (
        "2 probes in 2 min"
    )
    assert b.asked == pytest.approx([1.5] * 3, abs=0.05), "and it was never asked with less than is of use"

    a.takes_s = 0.0
    clock.advance(300.0)
    assert await answered(fallback, 2, clock, 20.0) == [True, True]
    a.takes_s = 9.0
    assert await answered(fallback, 1, clock, 20.0) == [False]
    a.takes_s = 0.0
    assert await answered(fallback, 1, clock, 20.0) == [True]
    assert len(b.asked) == 3, "once it has answered, it is spared for no single hang"


async def test_one_that_is_cut_off_early_has_not_failed() -> None:
    a, b, clock = Hanging("a:x", takes_s=9.0), Hanging("b:y", takes_s=9.0), FakeClock()
    opens = gates(clock=clock)
    fallback = Fallback([a, b], opens)
    for _ in range(6):  # the first is cut off as well where the whole time is less than is of use
        with pytest.raises(NoAnswerError):
            await fallback.ask(QUESTION, FullPurse(), strict, within_s=0.6)
    assert opens["a"].admit() is not None
    assert opens["b"].admit() is not None


async def test_those_that_hang_at_once_are_one_hang() -> None:
    a, clock = Hanging("a:x", takes_s=9.0), FakeClock()
    fallback = Fallback([a, ScriptedModel("b:y", DOWN)], gates(clock=clock), sleep=Pauses())
    await asyncio.gather(*(answered(fallback, 1, clock, 0.0) for _ in range(4)))
    await answered(fallback, 1, clock, 31.0)
    assert len(a.asked) == 5, "it is spared after the second time, and no longer than that says"
    await answered(fallback, 1, clock, 0.0)
    assert len(a.asked) == 6


# --- over real sockets -----------------------------------------------------------------------------------------------


@pytest.fixture
async def both() -> AsyncIterator[tuple[ModelServer, ModelServer, list[Model]]]:
    async with ModelServer() as first, ModelServer() as second:
        accesses = {
            "openai": Access("openai", SecretStr("k"), first.openai_url),
            "anthropic": Access("anthropic", SecretStr("k"), second.anthropic_url),
        }
        providers = Providers(accesses)
        await providers.load()
        names = (ModelName("openai", "gpt-5-mini"), ModelName("anthropic", "claude-haiku-4-5"))
        yield first, second, [ProviderModel(name, providers) for name in names]
        await providers.aclose()


def open_gates() -> dict[str, Breaker]:
    return gates("openai", "anthropic", clock=SystemClock())


async def test_falling_back_adds_less_than_fifty_milliseconds_to_the_failing_answer(both: Any) -> None:
    first, second, models = both
    first.script.always, second.script.always = Fault(500, wait_s=0.05), Say(answer={"reply": "Hello."})
    added = []
    for _ in range(9):
        fallback = Fallback(models, open_gates(), within_s=60.0)
        started = time.perf_counter()
        got = await fallback.ask(QUESTION, FullPurse(), strict)
        whole = time.perf_counter() - started
        assert [attempt.outcome for attempt in got.attempts] == ["status 500", "ok"]
        added.append(whole - sum(attempt.seconds for attempt in got.attempts))
    # What lies between the failing answer and the next request; the best of several, for a machine that does more.
    assert min(added) < 0.05


@pytest.mark.parametrize(
    "fault", [Fault(500), Fault(429), Fault(reset=True), Say(wait_s=60.0)], ids=["500", "429", "reset", "slow"]
)
async def test_with_everybody_down_that_is_known_within_three_seconds(both: Any, fault: Any) -> None:
    first, second, models = both
    first.script.always = second.script.always = fault
    took = []
    for _ in range(3):  # the best of a few, for a machine that has other things to do
        started = time.perf_counter()
        with pytest.raises(NoAnswerError):
            await Fallback(models, open_gates()).ask(QUESTION, FullPurse(), strict)
        took.append(time.perf_counter() - started)
        if took[-1] < 3.0:
            break
    assert min(took) < 3.0
    assert len(first.requests) + len(second.requests) <= 3 * len(took)


class LatePurse(FullPurse):
    """An account that answers no second time."""

    async def reserve(self, model: ModelName, question: Question, within_s: float) -> Decimal:
        if self.reserved:
            raise AccountSilentError("the account did not answer in time")
        return await super().reserve(model, question, within_s)


async def test_where_those_that_failed_have_taken_the_time_it_is_not_said_that_money_is_missing() -> None:
    hung = ScriptedModel("a:x", ModelDownError("no answer in time"))
    with pytest.raises(NoAnswerError, match="a:x: no answer in time"):
        await Fallback([hung, ScriptedModel("b:y")], gates()).ask(QUESTION, LatePurse(), strict)

"""Money for models: no cap is passed and nobody blocked for nothing, whoever asks at once, crashes or is late."""

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest

from app.db.write_queue import QUIET_S, nobody_waits
from app.inference.asides import ABANDONED_S, claim_of, is_asked, spent
from app.inference.fallback import AccountSilentError, Fallback, NoAnswerError, SpendCapError
from app.inference.model import Message, ModelAnswer, ModelDownError, ModelName, Question, Usage
from app.inference.prompt_size import tokens_at_most, tokens_of
from app.inference.spend import (
    ACCOUNT_ALARM,
    CAP_ALARM,
    DEARER_FOR_S,
    MICROS,
    SILENT_FOR_S,
    SILENT_IN_A_ROW,
    AskedElsewhereError,
    Caps,
    NoPricesError,
    Spend,
)
from tests.booking.acme import NOW, acme
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import held_up, locked_by_another_process, opened, soon
from tests.inference.asking import QUESTION, ScriptedModel, handed_in
from tests.inference.test_fallback import Pauses, gates

ACME, ZENITH = acme(), acme(id="zenith")
DAY = "2026-11-20"
MODEL = ModelName("a", "x")
ANSWER = ModelAnswer("a:x", Usage(100, 100), handed_in="{}")
COST = Decimal("0.0002")
"""Of `ANSWER` at a dollar for a million tokens."""


class FlatPrices:
    """A dollar for a million tokens."""

    def cost(self, model: ModelName, usage: Usage) -> Decimal:
        return Decimal(usage.input_tokens + usage.output_tokens) / MICROS


class NoTable:
    def cost(self, model: ModelName, usage: Usage) -> Decimal:
        raise NoPricesError("no price table")


def spend(database: Any, caps: Caps, *, prices: Any = None, clock: Any = None, wait_s: float = 60.0) -> Spend:
    alarms: Any = FakeAlarms()
    return Spend(database, prices or FlatPrices(), caps, clock or FakeClock(NOW), alarms, wait_s=wait_s)


def fallback(*turns: Any, takes_s: float = 0.0) -> tuple[Fallback, ScriptedModel]:
    model = ScriptedModel("a:x", *(turns or (ANSWER,)), takes_s=takes_s)
    return Fallback([model], gates("a"), sleep=Pauses(), within_s=60.0), model


async def test_three_hundred_at_once_against_a_cap_for_a_hundred(database_url: str) -> None:
    async with opened(database_url) as database:
        account = spend(database, Caps(per_day=100 * COST))
        asking, model = fallback(takes_s=0.01)
        assert 2 * account.most(MODEL, QUESTION) > 3 * COST * MICROS, "more is set aside than is spent"

        async def ask() -> bool:
            try:
                await asking.ask(QUESTION, account.purse(ACME), handed_in)
            except SpendCapError:
                return False
            return True

        allowed = sum(await asyncio.gather(*(ask() for _ in range(300))))
        reserved, settled = await database.read(lambda c: spent(c, "acme", DAY))

    assert 98 <= allowed <= 100
    assert len(model.asked) == allowed
    assert (reserved, settled) == (0, allowed * COST * MICROS)
    assert settled <= 100 * COST * MICROS


async def test_two_processes_share_the_account(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as other:
        accounts = [spend(database, Caps(per_day=20 * COST)) for database in (one, other)]
        allowed = 0

        async def ask(account: Spend) -> None:
            nonlocal allowed
            try:
                await fallback(takes_s=0.005)[0].ask(QUESTION, account.purse(ACME), handed_in)
            except SpendCapError:
                return
            allowed += 1

        await asyncio.gather(*(ask(account) for account in accounts for _ in range(20)))
        _, settled = await one.read(lambda c: spent(c, "acme", DAY))

    assert 18 <= allowed <= 20
    assert settled <= 20 * COST * MICROS


async def test_each_business_and_each_of_its_days_has_its_own_cap(sqlite_url: str) -> None:
    clock = FakeClock(NOW)
    async with opened(sqlite_url) as database:
        account = spend(database, Caps(None, 2 * COST, {"zenith": Decimal(0)}), clock=clock)
        asking, _ = fallback()

        async def ask(business: Any) -> None:
            await asking.ask(QUESTION, account.purse(business), handed_in)

        await ask(ACME)
        with pytest.raises(SpendCapError):
            await ask(ACME)
        with pytest.raises(SpendCapError):
            await ask(ZENITH)
        clock.advance(86_400)
        await ask(ACME)


async def test_one_inference_has_a_cap_over_all_its_attempts(sqlite_url: str) -> None:
    late = ModelDownError("no answer in time", charged=True)
    async with opened(sqlite_url) as database:
        most = spend(database, Caps()).most(MODEL, QUESTION)
        account = spend(database, Caps(per_inference=Decimal(2 * most) / MICROS))
        asking, model = fallback(late)
        with pytest.raises(SpendCapError, match="cap of one inference"):
            await asking.ask(QUESTION, account.purse(ACME), handed_in)
    assert len(model.asked) == 2


async def test_what_failed_for_nothing_costs_nothing_and_what_may_have_cost_counts_in_full(sqlite_url: str) -> None:
    late, down = ModelDownError("no answer in time", charged=True), ModelDownError("status 500")
    async with opened(sqlite_url) as database:
        account = spend(database, Caps())
        with pytest.raises(NoAnswerError):
            await fallback(late, down)[0].ask(QUESTION, account.purse(ACME), handed_in)
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, account.most(MODEL, QUESTION))


async def test_what_a_process_that_died_set_aside_is_never_spent_again(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        caps = Caps(per_day=Decimal("0.001"))
        died, alive = spend(database, caps), spend(database, caps)
        await died.reserve(ACME, 900)
        with pytest.raises(SpendCapError, match="set aside for others"):
            await spend(database, caps, wait_s=0.3).reserve(ACME, 200)
        await alive.reserve(ACME, 100)


async def test_what_processes_that_died_have_set_aside_is_told_and_waited_for_no_more(database_url: str) -> None:
    async with opened(database_url) as database:
        caps, clock = Caps(per_day=Decimal("0.001")), FakeClock(NOW)
        aside = await spend(database, caps).reserve(ACME, 900)
        account = spend(database, caps, clock=clock)
        rings: Any = account._alarms
        clock.advance(ABANDONED_S - 10)
        waiting = asyncio.create_task(account.reserve(ACME, 200))
        await soon(lambda: account._told_of_others["acme"] > 2, 30.0)
        assert not waiting.done(), "they may be alive"
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not rings.ringing()
        clock.advance(20)
        with pytest.raises(SpendCapError, match="is spent"):
            await account.reserve(ACME, 200)
        assert rings.ringing() == {(CAP_ALARM, f"acme:{DAY}")}
        await account.settle(aside, 100)
        assert (await account.reserve(ACME, 200)).day == DAY, "one that was alive all the same"


async def test_what_a_process_that_died_set_aside_counts_as_spent_though_others_go_on(database_url: str) -> None:
    async with opened(database_url) as database:
        clock = FakeClock(NOW)
        died, alive = spend(database, Caps(), clock=clock), spend(database, Caps(), clock=clock)
        aside = await died.reserve(ACME, 900)
        for _ in range(5):
            clock.advance(ABANDONED_S / 4)
            await alive.settle(await alive.reserve(ACME, 100), 10)
            young = await alive.reserve(ACME, 7)
            await alive.settle_lost()
            await alive.settle(young, 1)
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 955)
        await alive.settle_lost()
        await died.settle(aside, 300)
        await died.settle(aside, 300)
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 355), "it was alive, and is settled once"


async def test_what_was_set_aside_by_one_that_died_before_midnight_counts_on_its_own_day(sqlite_url: str) -> None:
    clock = FakeClock(NOW)
    async with opened(sqlite_url) as database:
        account = spend(database, Caps(per_day=Decimal("0.001")), clock=clock)
        await account.reserve(ACME, 900)
        clock.advance(86_400)
        await account.settle(await account.reserve(ACME, 900), 100)
        await account.settle_lost()
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 900)
        assert await database.read(lambda c: spent(c, "acme", "2026-11-21")) == (0, 100)


class Far:
    """A database that answers late, to however many at once."""

    def __init__(self, database: Any, late_s: float) -> None:
        self._database = database
        self.read = database.read
        self.late_s = late_s

    async def write(self, work: Any, *arguments: Any, **named: Any) -> Any:
        await asyncio.sleep(self.late_s)
        return await self._database.write(work, *arguments, **named)


async def test_a_rush_waits_for_a_slow_account_all_at_once(database_url: str) -> None:
    async with opened(database_url) as database:
        account, (asking, model) = spend(Far(database, 0.25), Caps(per_day=300 * COST), wait_s=2.0), fallback()
        await asyncio.gather(*(asking.ask(QUESTION, account.purse(ACME), handed_in) for _ in range(80)))
    assert len(model.asked) == 80


async def test_a_customers_question_is_not_held_up_by_others_as_the_work_of_a_job_is(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        account, took = spend(database, Caps()), list[float]()

        async def callers() -> None:
            while True:
                await database.write(lambda _: None)
                await asyncio.sleep(0.005)

        async def job() -> None:
            nobody_waits()
            for _ in range(8):
                began = time.monotonic()
                await account.reserve(ACME, 1)
                took.append(time.monotonic() - began)

        calling = asyncio.create_task(callers())
        await asyncio.create_task(job())
        calling.cancel()
        assert min(took) < 2 * QUIET_S, took


@pytest.mark.parametrize("caps", [Caps(), Caps(per_day=100 * COST)])
async def test_a_late_account_is_no_empty_one_and_a_person_hears_of_it_once_that_lasts(
    sqlite_url: str, caps: Caps
) -> None:
    clock = FakeClock(NOW)
    async with opened(sqlite_url) as database:
        far = Far(database, 0.3)
        account = spend(far, caps, clock=clock, wait_s=0.1)
        rings: Any = account._alarms

        async def rush(times: int) -> None:
            came = await asyncio.gather(*(account.reserve(ACME, 1) for _ in range(times)), return_exceptions=True)
            assert {type(each) for each in came} == {AccountSilentError}

        await rush(3 * SILENT_IN_A_ROW)
        assert not rings.ringing(), "one slow moment, whoever meets it"
        clock.advance(SILENT_FOR_S)
        await rush(1)
        assert rings.ringing() == {(ACCOUNT_ALARM, "account")}
        far.late_s = 0.0
        await asyncio.gather(*account._late)
        await account.settle(await account.reserve(ACME, 1), 0)
        assert not rings.ringing()
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 0), "what came too late is given back"


async def test_a_question_is_asked_by_one_at_a_time_until_nothing_comes_of_it_or_nobody_asks(database_url: str) -> None:
    async with opened(database_url) as database:
        clock = FakeClock(NOW)
        one, other = spend(database, Caps(), clock=clock), spend(database, Caps(), clock=clock)
        first, second = claim_of("c1", "hash"), claim_of("c1", "hash")
        for _ in range(2):
            await one.settle(await one.reserve(ACME, 10, claim=first), 1)
        with pytest.raises(AskedElsewhereError):
            await other.reserve(ACME, 10, claim=second)
        await other.settle(await other.reserve(ACME, 10, claim=claim_of("c1", "other")), 1)
        await other.let_go(second)
        with pytest.raises(AskedElsewhereError):
            await other.reserve(ACME, 10, claim=second)
        await one.let_go(first)
        await other.settle(await other.reserve(ACME, 10, claim=second), 1)
        clock.advance(60.0)
        assert not await database.read(lambda c: is_asked(c, first, clock.now()))
        await one.settle(await one.reserve(ACME, 10, claim=first), 1)
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 5)


async def test_where_what_others_have_set_aside_could_not_help_it_is_told_at_once(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        account = spend(database, Caps(per_day=Decimal("0.001")), wait_s=60.0)
        rings: Any = account._alarms
        await account.settle(await account.reserve(ACME, 900), 900)
        await account.reserve(ACME, 50)
        async with asyncio.timeout(10):
            with pytest.raises(SpendCapError, match="is spent"):
                await account.reserve(ACME, 200)
        assert rings.ringing() == {(CAP_ALARM, f"acme:{DAY}")}


async def test_what_was_set_aside_when_nobody_waited_any_more_is_given_back(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        account, model = spend(database, Caps()), ScriptedModel("a:x")
        asking = Fallback([model], gates(), within_s=0.7)
        with locked_by_another_process(sqlite_url), pytest.raises(AccountSilentError):
            await asking.ask(QUESTION, account.purse(ACME), handed_in)
        await asyncio.gather(*account._late)
        assert model.asked == []
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 0)


async def test_what_is_set_aside_while_its_commit_lasts_too_long_is_given_back(database_url: str) -> None:
    async with opened(database_url) as database:
        account = spend(database, Caps(), wait_s=0.3)
        async with held_up(database) as release:
            reserving = asyncio.create_task(account.reserve(ACME, 100))
            await asyncio.sleep(0)
            slow = asyncio.create_task(database.write(lambda _: time.sleep(0.6)))
            await asyncio.sleep(0)
            release.set()
            with pytest.raises(AccountSilentError):
                await reserving
        await slow
        await asyncio.gather(*account._late)
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 0)


async def test_without_prices_or_account_no_model_is_asked(sqlite_url: str) -> None:
    asking, model = fallback()
    async with opened(sqlite_url) as database:
        with pytest.raises(NoPricesError):
            await asking.ask(QUESTION, spend(database, Caps(), prices=NoTable()).purse(ACME), handed_in)
        with locked_by_another_process(sqlite_url), pytest.raises(AccountSilentError):
            await asking.ask(QUESTION, spend(database, Caps(), wait_s=0.2).purse(ACME), handed_in)
    assert model.asked == []


async def test_the_page_about_prices_ends_when_they_are_read(sqlite_url: str) -> None:
    alarms: Any = FakeAlarms()
    async with opened(sqlite_url) as database:
        with pytest.raises(NoPricesError):
            Spend(database, NoTable(), Caps(), FakeClock(NOW), alarms).most(MODEL, QUESTION)
        assert alarms.ringing()
        Spend(database, FlatPrices(), Caps(), FakeClock(NOW), alarms).most(MODEL, QUESTION)
        assert not alarms.ringing()


async def test_a_provider_that_counts_more_than_we_do_is_believed_from_then_on(sqlite_url: str) -> None:
    dear = ModelAnswer("a:x", Usage(5_000, 100), handed_in="{}")
    async with opened(sqlite_url) as database:
        account = spend(database, Caps())
        before = account.most(MODEL, QUESTION)
        await fallback(dear)[0].ask(QUESTION, account.purse(ACME), handed_in)
        assert before < 5_100 <= account.most(MODEL, QUESTION)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abcd", 2), ("abc", 2), ("é", 2), ("\U0001f41c ants", 4 + 3), ("\ud800", 1)]
)
def test_a_token_is_never_longer_than_thought(text: str, tokens: int) -> None:
    assert tokens_of(text) == tokens


def test_everything_that_is_sent_is_counted() -> None:
    longer = Question(QUESTION.system, (*QUESTION.messages, Message("customer", "x" * 1_000)), (), QUESTION.shape, 300)
    assert tokens_at_most(longer) - tokens_at_most(QUESTION) >= 500


async def test_one_absurd_count_keeps_nobody_from_being_served_for_more_than_an_hour(sqlite_url: str) -> None:
    clock, absurd = FakeClock(NOW), ModelAnswer("a:x", Usage(3_000_000, 100), handed_in="{}")
    async with opened(sqlite_url) as database:
        account = spend(database, Caps(per_inference=Decimal("0.01")), clock=clock)
        asking, _ = fallback(absurd, ANSWER)
        await asking.ask(QUESTION, account.purse(ACME), handed_in)
        for _ in range(2):
            with pytest.raises(SpendCapError):
                await asking.ask(QUESTION, account.purse(ACME), handed_in)
            clock.advance(DEARER_FOR_S / 2 - 1)
        alarms: Any = account._alarms
        [rung] = alarms.rung
        assert (rung.kind, rung.key) == (CAP_ALARM, f"acme:{DAY}:question")
        clock.advance(3)
        await asking.ask(QUESTION, account.purse(ACME), handed_in)


async def test_a_provider_that_always_counts_more_is_expected_to_for_as_long_as_it_does(sqlite_url: str) -> None:
    clock = FakeClock(NOW)
    async with opened(sqlite_url) as database:
        account = spend(database, Caps(), clock=clock)
        thought = account.most(MODEL, QUESTION)
        dearer = ModelAnswer("a:x", Usage(2 * thought, 0), handed_in="{}")
        asking, _ = fallback(dearer)
        for _ in range(6):
            await asking.ask(QUESTION, account.purse(ACME), handed_in)
            clock.advance(DEARER_FOR_S / 2)
        assert account.most(MODEL, QUESTION) >= 2 * thought
        await fallback()[0].ask(QUESTION, account.purse(ACME), handed_in)
        clock.advance(DEARER_FOR_S)
        assert account.most(MODEL, QUESTION) == thought


async def test_questions_that_were_under_way_together_tell_the_same_and_not_each_the_more(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        account = spend(database, Caps())
        thought = account.most(MODEL, QUESTION)
        dearer = ModelAnswer("a:x", Usage(3 * thought // 2, 0), handed_in="{}")
        asking, _ = fallback(dearer, takes_s=0.05)
        await asyncio.gather(*(asking.ask(QUESTION, account.purse(ACME), handed_in) for _ in range(10)))
        assert account.factor(MODEL) == pytest.approx(1.5, abs=0.01)


async def test_a_days_cap_is_told_of_though_a_question_was_too_dear_before(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        account = spend(database, Caps(per_day=Decimal(0)))
        account.dear(ACME, MODEL, 20_000)
        for _ in range(2):
            with pytest.raises(SpendCapError):
                await account.reserve(ACME, 1)
        alarms: Any = account._alarms
        assert [(rung.kind, rung.key) for rung in alarms.rung] == [
            (CAP_ALARM, f"acme:{DAY}:question"),
            (CAP_ALARM, f"acme:{DAY}"),
        ]


async def test_two_that_are_asked_beside_each_other_share_the_cap_and_no_factor(database_url: str) -> None:
    slow, other = ModelName("a", "x"), ModelName("b", "y")
    async with opened(database_url) as database:
        most = spend(database, Caps()).most(slow, QUESTION)
        account = spend(database, Caps(per_inference=Decimal(most) / MICROS))
        purse = account.purse(ACME)
        aside = await purse.reserve(slow, QUESTION)
        with pytest.raises(SpendCapError):
            await purse.reserve(other, QUESTION)
        await purse.settle(slow, aside, Usage(0, 0))
        await purse.settle(other, await purse.reserve(other, QUESTION), None)
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, most)

        account = spend(database, Caps())
        account.learn(other, 1.0, 100, 200)
        before, purse = (account.factor(slow), account.factor(other)), account.purse(ACME)
        first, second = await purse.reserve(slow, QUESTION), await purse.reserve(other, QUESTION)
        await purse.settle(slow, first, Usage(1, 1))
        await purse.settle(other, second, Usage(1, 1))
        assert (account.factor(slow), account.factor(other)) == before


async def test_what_was_set_aside_before_midnight_is_settled_on_its_own_day(sqlite_url: str) -> None:
    clock, slow, other = FakeClock(NOW), ModelName("a", "x"), ModelName("b", "y")
    async with opened(sqlite_url) as database:
        account = spend(database, Caps(), clock=clock)
        purse, most = account.purse(ACME), account.most(slow, QUESTION)
        first = await purse.reserve(slow, QUESTION)
        clock.advance(86_400)
        second = await purse.reserve(other, QUESTION)
        await purse.settle(slow, first, None)
        await purse.settle(other, second, Usage(0, 0))
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, most)
        assert await database.read(lambda c: spent(c, "acme", "2026-11-21")) == (0, 0)

"""One inference through all its layers, and what becomes of one that fails."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from app.db.engine import Database
from app.db.schema import dead_letters, inferences, model_spend
from app.inference.asking import Asking, NobodyAnsweredError
from app.inference.fallback import MOST_ATTEMPTS, USEFUL_S, Fallback, NoAnswerError
from app.inference.model import ModelAnswer, ModelDownError, ModelName, Usage
from app.inference.output import Decision
from app.inference.prompt import CURRENT, built
from app.inference.spend import MICROS, Caps, Spend
from tests.booking.acme import NOW, acme
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened, soon
from tests.inference.asking import ScriptedModel
from tests.inference.test_fallback import Hanging, Pauses, gates
from tests.inference.test_prompt import GIVEN
from tests.inference.test_spend import Far, NoTable

GOOD = ModelAnswer("m", Usage(10, 5), handed_in='{"intent":"other","confidence":0.9,"rests_on":[],"say":["hello"]}')


class Prices:
    """A small model costs a tenth."""

    def cost(self, model: ModelName, usage: Usage) -> Decimal:
        each = Decimal(1 if model.model == "small" else 10) / 1_000_000
        return each * (usage.input_tokens + usage.output_tokens)


def asking(
    database: Database, *models: ScriptedModel, caps: Caps | None = None, ready: Callable[[], bool] = lambda: True
) -> Asking:
    alarms: Any = FakeAlarms()
    clock = FakeClock(NOW)
    spend = Spend(database, Prices(), caps or Caps(), clock, alarms)
    return Asking(Fallback(models, gates(), sleep=Pauses()), spend, {"acme": acme()}, database, clock, ready=ready)


async def test_the_small_model_is_first_where_it_is_enough_and_the_others_follow(sqlite_url: str) -> None:
    words = ModelAnswer("m", Usage(), text="words")
    async with opened(sqlite_url) as database:
        big, small = ScriptedModel("a:big", GOOD), ScriptedModel("b:small", GOOD)
        await asking(database, big, small).ask(acme(), "c1", GIVEN)
        assert (len(big.asked), len(small.asked)) == (1, 0)
        await asking(database, big, small).ask(acme(), "c2", GIVEN, small=True)
        assert (len(big.asked), len(small.asked)) == (1, 1)
        lost = ScriptedModel("b:small", words)
        got = await asking(database, big, lost).ask(acme(), "c3", GIVEN, small=True)
        assert isinstance(got.understood, Decision)
        assert (len(lost.asked), len(big.asked)) == (1, 2), "not enough after all"


async def test_the_same_question_of_the_same_turn_is_asked_once(database_url: str) -> None:
    async with opened(database_url) as database:
        model = ScriptedModel("a:x", GOOD)
        first = await asking(database, model).ask(acme(), "c1", GIVEN)
        second = await asking(database, model).ask(acme(), "c1", GIVEN)
        await asking(database, model).ask(acme(), "c2", GIVEN)
    assert first == second
    assert len(model.asked) == 2


async def test_without_money_nobody_is_asked_and_nobody_has_to_look_at_it(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", GOOD)
        with pytest.raises(NobodyAnsweredError, match="capped"):
            await asking(database, model, caps=Caps(per_day=Decimal(0))).ask(acme(), "c1", GIVEN)
        kept = await database.read(lambda c: c.execute(select(inferences.c.outcome)).scalars().all())
        letters = await database.read(lambda c: c.execute(select(dead_letters)).fetchall())
    assert (model.asked, kept, letters) == ([], ["capped"], [])


@pytest.mark.parametrize(
    ("waited_s", "left_s"), [(None, 2.8), (0.0, 2.3), (0.9, 1.4), (2.5, USEFUL_S), (60.0, USEFUL_S), (-9.0, 2.8)]
)
async def test_what_a_customer_has_waited_is_taken_from_the_time_for_models(
    sqlite_url: str, waited_s: float | None, left_s: float
) -> None:
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", GOOD)
        since = None if waited_s is None else NOW - waited_s
        await asking(database, model).ask(acme(), "c1", GIVEN, since=since)
    assert model.asked == [pytest.approx(left_s, abs=0.15)]


BAD = ModelAnswer("m", Usage(1_000, 100), text="You are booked!")


async def rows(database: Database) -> list[Any]:
    asked = select(inferences.c.outcome, inferences.c.cost, inferences.c.replays).order_by(inferences.c.at)
    return [tuple(row) for row in await database.read(lambda c: c.execute(asked).fetchall())]


async def test_what_was_paid_before_the_money_ended_is_kept_and_a_bad_answer_is_looked_at(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", BAD)
        most = asking(database)._spend.most(model.name, built(CURRENT, GIVEN).question())
        made = asking(database, model, caps=Caps(per_inference=Decimal(most + 5_000) / MICROS))
        with pytest.raises(NobodyAnsweredError, match="bad"):
            await made.ask(acme(), "c1", GIVEN)
        assert len(model.asked) == 1, "a second attempt would have cost more than the cap"
        assert await rows(database) == [("bad", 11_000, "")]
        [letter] = await database.read(lambda c: c.execute(select(dead_letters)).fetchall())
    assert "cap of one inference" in letter.cause


async def test_what_asking_a_dead_letter_again_cost_is_kept_though_it_failed(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        made = asking(database, ScriptedModel("a:x", BAD))
        with pytest.raises(NobodyAnsweredError):
            await made.ask(acme(), "c1", GIVEN)
        [letter] = await database.read(lambda c: c.execute(select(dead_letters)).fetchall())
        await database.write(lambda t: t.connection.execute(update(dead_letters).values(status="replayed")))
        await made.again(orjson.loads(letter.data))
        [again] = await database.read(
            lambda c: c.execute(select(dead_letters).where(dead_letters.c.status == "open")).fetchall()
        )
        assert (again.kind, again.key, again.data) == (letter.kind, letter.key, letter.data)
        spends = await database.read(lambda c: c.execute(select(model_spend.c.settled)).scalar())
        [first, second] = await rows(database)
    assert (first, second) == (("bad", 33_000, ""), ("bad", 33_000, letter.key))
    assert spends == 66_000


async def test_a_dead_letter_that_nobody_answers_is_asked_again_later(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        made = asking(database, ScriptedModel("a:x", BAD, BAD, BAD, ModelDownError("status 500")))
        with pytest.raises(NobodyAnsweredError):
            await made.ask(acme(), "c1", GIVEN)
        [letter] = await database.read(lambda c: c.execute(select(dead_letters)).fetchall())
        with pytest.raises(NoAnswerError):
            await made.again(orjson.loads(letter.data))
        assert [outcome for outcome, *_ in await rows(database)] == ["bad", "down"]


def unread(decision: Decision) -> str:
    """No grader reads it."""
    return ""


async def test_what_was_asked_ahead_is_not_asked_again_by_the_turn_that_it_was_for(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", GOOD)
        mine = asking(database, model)
        mine.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        got = await mine.ask(acme(), "c1", GIVEN, since=NOW)
        assert isinstance(got.understood, Decision)
        assert len(model.asked) == 1
        await mine.ask(acme(), "c2", GIVEN, since=NOW)
        assert len(model.asked) == 2, "another turn's question is another one"


async def test_a_question_that_failed_ahead_is_not_asked_once_more(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", ModelDownError("status 500"))
        mine = asking(database, model)
        mine.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        await soon(lambda: len(model.asked) == MOST_ATTEMPTS)
        with pytest.raises(NobodyAnsweredError):
            await mine.ask(acme(), "c1", GIVEN, since=NOW)
        assert len(model.asked) == MOST_ATTEMPTS


async def test_what_came_while_models_were_loaded_is_asked_by_its_turn(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        model, loaded = ScriptedModel("a:x", GOOD), asyncio.Event()
        mine = asking(database, model, ready=loaded.is_set)
        mine.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        await asyncio.sleep(0.1)
        loaded.set()
        await mine.ask(acme(), "c1", GIVEN, since=NOW)
        assert len(model.asked) == 1


async def test_at_the_end_nothing_that_was_asked_ahead_stays_set_aside(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", GOOD, takes_s=60.0)
        mine = asking(database, model)
        mine.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        await soon(lambda: bool(model.asked))
        await mine.aclose()
        reserved = await database.read(lambda c: c.execute(select(model_spend.c.reserved)).scalars().all())
    assert reserved == [0]


async def test_two_processes_to_which_the_same_turn_came_pay_for_one_answer(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as other:
        model = ScriptedModel("a:x", GOOD, takes_s=0.5)
        first, second = asking(one, model), asking(other, model)
        first.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        await soon(lambda: bool(model.asked))
        got, ahead = await asyncio.gather(second.ask(acme(), "c1", GIVEN), first.ask(acme(), "c1", GIVEN))
        assert got == ahead
        assert len(model.asked) == 1
        assert await rows(one) == [("ok", 150, "")]


@pytest.mark.parametrize("takes_s", [0.0, 0.2])
async def test_of_many_who_ask_the_same_at_once_one_pays(database_url: str, takes_s: float) -> None:
    async with opened(database_url) as one, opened(database_url) as other:
        model = ScriptedModel("a:x", GOOD, takes_s=takes_s)
        many = [asking(database, model) for database in (one, other) for _ in range(4)]
        for turn in range(5):
            got = await asyncio.gather(*(each.ask(acme(), f"c{turn}", GIVEN) for each in many))
            assert len({each.id for each in got}) == 1
            assert len(model.asked) == turn + 1


async def test_where_nobody_answers_the_one_who_asks_the_other_does_not_ask_as_well(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as other:
        model = ScriptedModel("a:x", ModelDownError("status 500"), takes_s=0.2)
        first, second = asking(one, model), asking(other, model)
        first.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        await soon(lambda: bool(model.asked))
        with pytest.raises(NobodyAnsweredError, match="elsewhere"):
            await second.ask(acme(), "c1", GIVEN)
        assert len(model.asked) == MOST_ATTEMPTS
        with pytest.raises(NobodyAnsweredError, match="down"):
            await second.ask(acme(), "c1", GIVEN)
        assert len(model.asked) == 2 * MOST_ATTEMPTS, "it is asked anew where it is over"


async def test_what_another_gave_up_is_asked_at_once(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as other:
        hangs, model = ScriptedModel("a:x", GOOD, takes_s=60.0), ScriptedModel("a:x", GOOD)
        first, second = asking(one, hangs), asking(other, model)
        first.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        await soon(lambda: bool(hangs.asked))
        await first.aclose()
        await second.ask(acme(), "c1", GIVEN)
        assert len(model.asked) == 1


async def test_who_waits_for_another_waits_no_longer_than_for_a_model(sqlite_url: str) -> None:
    async with opened(sqlite_url) as one, opened(sqlite_url) as other:
        hangs = ScriptedModel("a:x", GOOD, takes_s=60.0)
        first, second = asking(one, hangs), asking(other, hangs)
        first.ahead(acme(), "c1", GIVEN, words=unread, since=NOW)
        await soon(lambda: bool(hangs.asked))
        started = time.monotonic()
        with pytest.raises(NobodyAnsweredError, match="elsewhere"):
            await second.ask(acme(), "c1", GIVEN, since=NOW - 60.0)
        assert USEFUL_S <= time.monotonic() - started < USEFUL_S + 1.0
        await first.aclose()


async def test_it_is_kept_which_of_money_account_and_price_was_missing(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", GOOD)
        unpriced = asking(database, model)
        unpriced._spend._prices = NoTable()
        silent = asking(database, model)
        silent._spend._wait_s = 0.05
        with pytest.raises(NobodyAnsweredError, match="capped"):
            await asking(database, model, caps=Caps(per_day=Decimal(0))).ask(acme(), "c1", GIVEN)
        with pytest.raises(NobodyAnsweredError, match="prices_unknown"):
            await unpriced.ask(acme(), "c2", GIVEN)
        silent._spend._database = Far(database, 0.3)  # type: ignore[assignment]  # a database all the same
        with pytest.raises(NobodyAnsweredError, match="account_down"):
            await silent.ask(acme(), "c3", GIVEN)
        kept = [outcome for outcome, *_ in await rows(database)]
    assert (model.asked, sorted(kept)) == ([], ["account_down", "capped", "prices_unknown"])


async def test_a_slow_model_that_brings_nothing_is_down_though_the_cap_lets_no_other_be_asked(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        slow, other = Hanging("a:x", GOOD, takes_s=9.0), ScriptedModel("b:y", GOOD)
        most = asking(database)._spend.most(slow.name, built(CURRENT, GIVEN).question())
        one = Decimal(most) / MICROS
        for turn, caps in enumerate((Caps(per_inference=one), Caps(per_day=5 * one / 2))):
            with pytest.raises(NobodyAnsweredError, match="down"):
                await asking(database, slow, other, caps=caps).ask(acme(), f"c{turn}", GIVEN, since=NOW)
            assert other.asked == []

"""The same question by somebody else is answered the same for nothing, if it holds nothing of anybody."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import audit, inferences, model_spend
from app.inference.asking import Asked, Asking, NobodyAnsweredError
from app.inference.lately import CACHED_S, MOST_CACHED, Lately
from app.inference.model import Message, ModelAnswer, Usage, Wanted
from app.inference.prompt import CURRENT, NOTHING, as_data, built
from app.inference.records import by_id
from tests.booking.acme import acme
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.inference.asking import ScriptedModel
from tests.inference.test_asking import GOOD, asking
from tests.inference.test_prompt import GIVEN, PLACE
from tests.test_metrics import values

PRICES = "How much is an inspection?"
PLACE_OF_ANYBODY = PLACE | {"facts": NOTHING, "summary": NOTHING}
LOOKED_UP = (
    Message("agent", "", (Wanted("c0_0", "answer_question", "{}"),)),
    Message("tool", '{"ok":true,"say":"A home inspection costs $89."}', answers="c0_0", tool="answer_question"),
)
BEFORE = (Message("customer", "Hi, it's Ann"), Message("agent", "Hello Ann!"))


def first(*more: Message, place: dict[str, str] = PLACE_OF_ANYBODY, before: tuple[Message, ...] = ()) -> dict[str, Any]:
    return GIVEN | {"place": place, "messages": [as_data(m) for m in (*before, Message("customer", PRICES), *more)]}


def wanting(tool: str) -> ModelAnswer:
    return ModelAnswer("m", Usage(10, 5), (Wanted("x1", tool, '{"question":"prices"}'),))


async def asked(made: Asking, conversation: str, given: dict[str, Any], business: str = "acme") -> Asked:
    return await made.ask(replace(acme(), id=business), conversation, given)


async def table(database: Database, table: Any) -> list[Any]:
    return list(await database.read(lambda c: c.execute(select(table)).fetchall()))


def looked(result: str) -> float:
    return values().get(("readback_cache_total", ("inference", result)), 0.0)


@pytest.mark.parametrize("answer", [GOOD, wanting("answer_question")], ids=["said", "looks it up"])
async def test_the_same_question_of_another_customer_is_asked_once_and_says_whose_answer_it_is(
    database_url: str, answer: ModelAnswer
) -> None:
    given = first()
    async with opened(database_url) as database:
        model = ScriptedModel("a:x", answer)
        made, hits, misses = asking(database, model), looked("hit"), looked("miss")
        mine = await asked(made, "c1", given)
        spent = await table(database, model_spend)
        others = await asked(made, "c2", given)
        again = await asked(made, "c2", given)

        assert len(model.asked) == 1
        assert (looked("hit") - hits, looked("miss") - misses) == (1, 1)
        assert spent
        assert await table(database, model_spend) == spent
        assert again == others, "the turn run again after a crash"
        assert others.id != mine.id
        kept = await database.read(lambda c: by_id(c, others.id))
        source = await database.read(lambda c: by_id(c, mine.id))
        assert (kept.outcome, kept.replays, kept.conversation, kept.cost) == ("cached", mine.id, "c2", 0)
        assert (kept.output, kept.model, kept.prompt) == (source.output, source.model, source.prompt)
        assert kept.attempts == "[]"
        assert kept.holds()
        links = [orjson.loads(row.data) for row in await table(database, audit) if row.subject == others.id]
        assert [(link["outcome"], link["replays"], link["micros"]) for link in links] == [("cached", mine.id, 0)]


OF_SOMEBODY = {
    "what tools told of them": (first(place=PLACE_OF_ANYBODY | {"facts": "references of this customer: K7M2Q"}), GOOD),
    "what they said long ago": (first(place=PLACE_OF_ANYBODY | {"summary": "customer: it's Ann"}), GOOD),
    "what they said before": (first(before=BEFORE), GOOD),
    "what was looked up for them": (first(*LOOKED_UP), GOOD),
    "something to be done": (first(), wanting("request_callback")),
    "something to be looked up for them": (first(), wanting("find_appointments")),
}


@pytest.mark.parametrize("what", OF_SOMEBODY)
async def test_what_is_of_one_customer_is_nobody_elses(sqlite_url: str, what: str) -> None:
    given, answer = OF_SOMEBODY[what]
    async with opened(sqlite_url) as database:
        model = ScriptedModel("a:x", answer)
        made = asking(database, model)
        for conversation in ("c1", "c2"):
            await asked(made, conversation, given)
        assert len(model.asked) == 2
        assert [row.outcome for row in await table(database, inferences)] == ["ok", "ok"]


async def test_no_other_business_no_other_bytes_no_bad_answer_and_nothing_old_or_forgotten(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        bad = ModelAnswer("m", Usage(10, 5), text="words")
        model = ScriptedModel("a:x", bad, bad, bad, GOOD)
        made = asking(database, model)
        with pytest.raises(NobodyAnsweredError):
            await asked(made, "c0", first())
        steps = len(model.asked)
        clock: Any = made._clock
        for conversation, given, business in (
            ("c1", first(), "acme"),
            ("c2", first(), "zenith"),
            ("c3", first(place=PLACE_OF_ANYBODY | {"now": "Friday, November 20, 2026, 10:05 AM"}), "acme"),
        ):
            await asked(made, conversation, given, business)
            steps += 1
            assert len(model.asked) == steps, conversation
        clock.advance(CACHED_S)
        await asked(made, "c4", first())
        assert len(model.asked) == steps + 1
        await database.write(lambda t: t.connection.execute(inferences.delete()) and None)
        await asked(made, "c5", first())
        assert len(model.asked) == steps + 2
        await asked(made, "c6", first())
        assert len(model.asked) == steps + 2


def test_the_oldest_makes_room() -> None:
    lately = Lately(FakeClock())
    prompts = [built(CURRENT, first(Message("customer", str(n)))) for n in range(MOST_CACHED + 1)]
    for n, prompt in enumerate(prompts):
        lately.note("acme", prompt, f"i{n}")
    assert [lately.answered("acme", prompts[n]) for n in (0, 1, MOST_CACHED)] == ["", "i1", f"i{MOST_CACHED}"]

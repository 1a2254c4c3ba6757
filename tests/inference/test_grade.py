"""A reply is looked at before it is sent: what does not fit is held back, and nothing is by a grader that fails."""

import asyncio
from decimal import Decimal
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import dead_letters, inferences, model_spend
from app.inference.asking import Asked, Asking, NobodyAnsweredError, OutOfScopeError
from app.inference.fallback import Fallback, NotWorthItError
from app.inference.grade import ALARM, RINGS_AFTER, WITHIN_S, Grader
from app.inference.model import Message, ModelAnswer, ModelDownError, ModelError, ModelName, Question, Usage
from app.inference.output import Decision, Grade
from app.inference.prompt import CURRENT, built
from app.inference.records import GRADES, by_id
from app.inference.spend import Caps, Spend
from app.watch import figure_rows
from app.watch.figures import Material
from tests.booking.acme import NOW, acme
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.inference.asking import ScriptedModel
from tests.inference.test_asking import GOOD, Prices
from tests.inference.test_fallback import Pauses, gates
from tests.inference.test_lately import BEFORE, first, wanting
from tests.inference.test_prompt import GIVEN

DOWN = ModelDownError("status 500")


def says(grade: str) -> ModelAnswer:
    return ModelAnswer("g:tiny", Usage(20, 2), handed_in=f'{{"verdict":"{grade}"}}')


def asking(database: Database, grader: ScriptedModel, reply: ModelAnswer = GOOD, **caps: Any) -> tuple[Asking, Any]:
    alarms: Any = FakeAlarms()
    clock = FakeClock(NOW)
    spend = Spend(database, Prices(), Caps(**caps), clock, alarms)
    look = Grader(Fallback([grader], gates("g"), within_s=WITHIN_S, sleep=Pauses()), alarms)
    model = ScriptedModel("a:x", reply)
    made = Asking(
        Fallback([model], gates(), sleep=Pauses()), spend, {"acme": acme()}, database, clock, look
    )  # fmt: skip
    return made, alarms


async def asked(made: Asking, conversation: str = "c1", given: dict[str, Any] = GIVEN) -> Asked:
    return await made.ask(acme(), conversation, given)


async def rows(database: Database, table: Any) -> list[Any]:
    return list(await database.read(lambda c: c.execute(select(table)).fetchall()))


async def test_a_reply_that_fits_is_sent_and_the_look_at_it_is_paid_kept_and_can_be_built_again(
    database_url: str,
) -> None:
    async with opened(database_url) as database:
        made, _ = asking(database, ScriptedModel("g:tiny", says("fits")))
        got = await asked(made, given=first(before=BEFORE))

        assert isinstance(got.understood, Decision)
        reply, look = sorted(await rows(database, inferences), key=lambda row: row.template, reverse=True)
        assert (reply.id, reply.outcome, look.outcome) == (got.id, "ok", "fits")
        assert (look.action, look.template, look.model) == (f"grade of {got.id}", "grade-1", "g:tiny")
        kept = await database.read(lambda c: by_id(c, look.id))
        assert kept.holds()
        (account,) = await rows(database, model_spend)
        assert (account.reserved, account.settled) == (0, reply.cost + look.cost)
        assert look.cost == 220
        question = kept.again().question()
        seen = {"customer": "How much is an inspection?", "reply": "hello"}
        assert [orjson.loads(message.text) for message in question.messages] == [seen], "and nothing said before"
        assert "Services of Acme Pest Control: Home inspection" in question.system
        assert "Ann" not in kept.prompt


@pytest.mark.parametrize(
    ("grade", "error"), [("out_of_scope", OutOfScopeError), ("unsafe", NobodyAnsweredError)], ids=lambda v: str(v)
)
async def test_a_reply_that_does_not_fit_is_held_back_for_a_person_to_look_at(
    sqlite_url: str, grade: str, error: type[NobodyAnsweredError]
) -> None:
    async with opened(sqlite_url) as database:
        grader = ScriptedModel("g:tiny", says(grade), says(grade), says("fits"))
        made, alarms = asking(database, grader)
        with pytest.raises(NobodyAnsweredError) as raised:
            await asked(made, given=first())
        assert type(raised.value) is error
        assert sorted(row.outcome for row in await rows(database, inferences)) == sorted(["bad", grade])
        (letter,) = await rows(database, dead_letters)
        assert letter.cause == f"graded {grade}"
        assert alarms.rung == []

        with pytest.raises(NotWorthItError, match=f"graded {grade}"):
            await made.again(orjson.loads(letter.data))
        await made.again(orjson.loads(letter.data))
        assert [row.outcome for row in await rows(database, inferences) if row.replays] == ["bad", "ok"]
        assert isinstance((await asked(made, "c2", first())).understood, Decision), "nobody has it from the one held"
        assert len(grader.asked) == 4


SILENT: dict[str, tuple[ModelAnswer | ModelError, dict[str, Any]]] = {
    "down": (DOWN, {}),
    "no verdict": (ModelAnswer("g:tiny", Usage(20, 2), text="It fits."), {}),
    "a verdict of its own": (says("lovely"), {}),
    "refuses": (ModelAnswer("g:tiny", Usage(20, 2), refusal="no"), {}),
    "no money left for it": (says("unsafe"), {"per_inference": Decimal("0.019")}),
}


@pytest.mark.parametrize("how", SILENT)
async def test_a_grader_that_says_nothing_holds_nothing_back_and_is_told_of_when_that_goes_on(
    sqlite_url: str, how: str
) -> None:
    turn, caps = SILENT[how]
    async with opened(sqlite_url) as database:
        reply = GOOD
        if caps:
            reply = ModelAnswer("m", Usage(900, 300), handed_in=GOOD.handed_in)  # leaves too little for a look
        grader = ScriptedModel("g:tiny", *[turn] * 3)
        made, alarms = asking(database, grader, reply, **caps)
        for n in range(RINGS_AFTER):
            assert alarms.kinds() == []
            assert isinstance((await asked(made, f"c{n}", first())).understood, Decision)
        assert alarms.ringing() == {(ALARM, "grader")}
        kept = await rows(database, inferences)
        assert sorted(row.outcome for row in kept) == ["ok"] * RINGS_AFTER + ["ungraded"] * RINGS_AFTER
        assert await rows(database, dead_letters) == []
        if caps:
            assert grader.asked == [], "never past the cap"
            return

        grader.turns = [says("fits")]
        made._grader._fallback._gates = gates("g")  # type: ignore[union-attr]  # as if it had been left alone long enough
        await asked(made, "later", first())
        assert alarms.ringing() == set()


class SlowAccount:
    """Money that is there at once, and whose account takes long to write."""

    async def reserve(self, model: ModelName, question: Question, within_s: float) -> Decimal:
        return Decimal(1)

    async def settle(self, model: ModelName, reserved: Decimal, usage: Usage | None) -> Decimal:
        await asyncio.sleep(1.3 * WITHIN_S)
        return Decimal("0.5")


async def test_a_look_that_was_paid_is_in_the_records_however_long_the_account_took() -> None:
    alarms: Any = FakeAlarms()
    grader = Grader(Fallback([ScriptedModel("g:tiny", says("fits"))], gates("g"), within_s=WITHIN_S), alarms)
    found = await grader.grade(built(CURRENT, first()), "hello", SlowAccount())
    assert (found.grade, [attempt.cost for attempt in found.attempts]) == (Grade.FITS, [Decimal("0.5")])


async def test_only_what_is_said_is_looked_at(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        grader = ScriptedModel("g:tiny", says("unsafe"))
        made, _ = asking(database, grader, wanting("answer_question"))
        assert not isinstance((await asked(made)).understood, Decision)
        assert grader.asked == []


async def test_a_look_is_no_question_of_a_customer_in_any_figure(sqlite_url: str) -> None:
    assert set(figure_rows.GRADES) == set(GRADES)
    async with opened(sqlite_url) as database:
        made, _ = asking(database, ScriptedModel("g:tiny", says("fits"), says("unsafe"), DOWN))
        for n in range(3):
            given = first(Message("customer", str(n)))
            try:
                await asked(made, f"c{n}", given)
            except NobodyAnsweredError:
                continue
        nothing: Any = None
        shares = await database.read(lambda c: figure_rows.fallbacks(Material(nothing, c, NOW + 1, 600.0, 0.0)))
        assert shares["acme"].value == pytest.approx(1 / 3)
        assert shares["acme"].samples == 3


async def test_a_grade_ends_no_page_of_a_process_that_gets_none(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        made, alarms = asking(database, ScriptedModel("g:tiny", says("fits")))
        alarms.rang_elsewhere(ALARM, "grader")
        await asked(made)
    assert alarms.ringing() == {(ALARM, "grader")}

"""A model that is sure of everything and right in nothing: what stands afterwards is what the customer's words ask for.

Every text is answered by one lie after the other, and only the visits that stand in the end are looked at.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from app.inference.model import ModelAnswer
from tests.booking.acme import TREATMENT, TUESDAY_9, acme
from tests.sms.lying_texts import ONE_VISIT, TWO_VISITS
from tests.sms.modelled import Texting, call, say, texting

WEDNESDAY_9 = TUESDAY_9 + 86_400
TOOLS = {"cancel": "cancel_appointment", "move": "reschedule_appointment", "book": "book_appointment"}
LIES_OF_ONE = ("cancel tue", "move tue s1", "move tue s2", "move tue s3", "book s1", "book s2", "book s3")
LIES_OF_TWO = ("cancel tue", "cancel wed", "move tue s1", "move tue s2", "move wed s2", "book s2")


def lie(what: str, said: str, references: dict[str, str]) -> ModelAnswer:
    """The model wants it, sure of itself, and names the customer's whole text as what it rests on."""
    kind, *about = what.split()
    arguments: dict[str, Any] = {"confidence": 0.99, "rests_on": [said]}
    for each in about:
        arguments["slot_id" if each.startswith("s") else "reference"] = references.get(each, each)
    if kind == "book" and "Ann Lee" in said:
        arguments["customer_name"] = "Ann Lee"
    return call(TOOLS[kind], **arguments)


async def standing(sms: Texting) -> list[tuple[str, int, str]]:
    return sorted((row.service, row.starts, row.technician) for row in await sms.house.rows() if row.active)


async def tell_lies(sms: Texting, said: str, may: str, lies: Sequence[str]) -> None:
    """All lies about one text, then what it may come to; each in a conversation in which all was told and offered."""
    references = {
        {TUESDAY_9: "tue", WEDNESDAY_9: "wed"}[row.starts]: str(row.reference) for row in await sms.house.rows()
    }
    await sms.text("When are my visits?", model=[call("find_appointments"), say()])
    await sms.offered()
    prepared, before = sms.state, await standing(sms)
    for what in (each for each in lies if each != may):
        sms.state = prepared
        sms.house.clock.advance(5)  # type: ignore[attr-defined]  # the tests' own clock
        await sms.text(said, model=[*[lie(what, said, references)] * 3, say("ask_what_else")])
        assert await standing(sms) == before, f"{said!r} came to {what}"
    if may:
        sms.state = prepared
        sms.house.clock.advance(5)  # type: ignore[attr-defined]  # the tests' own clock
        await sms.text(said, model=[lie(may, said, references)])
        assert await standing(sms) != before, f"{said!r} is plainly {may}"


def test_the_texts_are_many() -> None:
    assert len(ONE_VISIT) >= 40
    assert len(TWO_VISITS) >= 60


@pytest.mark.parametrize("said", ONE_VISIT)
async def test_of_one_visit(sqlite_url: str, said: str) -> None:
    async with texting(sqlite_url, acme(), guided=True) as sms:
        await sms.house.book()
        await tell_lies(sms, said, ONE_VISIT[said], LIES_OF_ONE)


@pytest.mark.parametrize("said", TWO_VISITS)
async def test_of_two_visits(sqlite_url: str, said: str) -> None:
    async with texting(sqlite_url, acme(), guided=True) as sms:
        await sms.house.book()
        await sms.house.book(sms.house.slot(WEDNESDAY_9, TREATMENT), call="test:2")
        await tell_lies(sms, said, TWO_VISITS[said], LIES_OF_TWO)


@pytest.mark.parametrize("what", ["cancel tue", "move tue s1", "book s1"])
async def test_nothing_but_a_plain_yes_answers_a_question_that_comes_of_a_lie(sqlite_url: str, what: str) -> None:
    async with texting(sqlite_url, acme(), guided=True) as sms:
        await sms.house.book()
        await sms.text("When is my visit?", model=[call("find_appointments"), say()])
        await sms.text(
            "is Dana nice?", model=[call("check_availability", service="inspection", date="2026-11-25"), say()]
        )
        references = {"tue": str((await sms.house.row()).reference)}
        told = await sms.text("is Dana nice?", model=[lie(what, "is Dana nice?", references)])
        if what.startswith("book"):
            told = await sms.text("Ann Lee")
        assert "Reply YES to " in told[-1]
        asked, before = sms.state, await standing(sms)
        for said in (
            text for text, may in ONE_VISIT.items() if not may and text not in ("Yes", "y", "cancel it please")
        ):
            sms.state = asked
            sms.house.clock.advance(1)  # type: ignore[attr-defined]  # the tests' own clock
            await sms.text(said, model=[say("ask_what_else")] * 2)
            assert await standing(sms) == before, f"{said!r} is no yes to {told[-1]!r}"
        sms.state = asked
        await sms.text("Yes")
        assert await standing(sms) != before

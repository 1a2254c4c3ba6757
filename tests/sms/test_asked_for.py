"""A model that is sure of everything: what is done at once is still no more than what the customer's words ask for."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from app.db.schema import job_outbox, reviews
from app.inference.flag import MODEL_PATH, change
from app.inference.model import ModelAnswer
from app.sms import model_turn
from app.sms.changing import WAITS
from app.sms.ground import Ground
from app.sms.words import Said, read
from tests.booking.acme import TUESDAY_9, acme
from tests.processes import ROOT
from tests.sms.modelled import GUIDED, Texting, call, calls, say, texting

CANCEL_9 = "Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES to cancel it, NO to keep it."
DOCUMENTS = ROOT / "infra" / "businesses" / "documents" / "acme"


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(documents=DOCUMENTS)) as opened:
        yield opened


async def own(sms: Texting, *model: ModelAnswer) -> str:
    """An appointment of theirs, told."""
    outcome = await sms.house.book()
    assert outcome.booking is not None
    await sms.text("When is my visit?", model=[call("find_appointments"), *(model or [say()])])
    return str(outcome.booking.reference)


def cancelling(reference: str, said: str) -> ModelAnswer:
    return call("cancel_appointment", reference=reference, confidence=0.97, rests_on=[said])


def booking(said: str, slot: str = "s1", name: str = "Ann Lee") -> ModelAnswer:
    return call("book_appointment", slot_id=slot, customer_name=name, confidence=0.97, rests_on=[said])


async def statuses(sms: Texting) -> list[str]:
    return [row.status for row in await sms.house.rows() if row.status != "released"]


async def waiting(sms: Texting) -> list[str]:
    found = await sms.house.database.read(lambda c: c.execute(select(reviews.c.why)).scalars().all())
    return list(found)


@pytest.mark.parametrize(
    ("said", "wanted", "left"),
    [
        ("cancel my appointment", 0, 2),
        ("cancel my appointment", 1, 2),
        ("Please cancel the Tuesday visit, keep the other one", 1, 2),
        ("cancel the Tuesday visit", 1, 2),
        ("cancel the Tuesday visit", 0, 1),
        ("please cancel my visit on Wednesday, thanks", 1, 1),
        ("cancel wednesday", 0, 2),
    ],
)
async def test_of_two_visits_only_the_one_that_was_named_is_cancelled(
    sms: Texting, said: str, wanted: int, left: int
) -> None:
    tuesday = await own(sms)
    outcome = await sms.house.book(sms.house.slot(TUESDAY_9 + 86_400), call="test:2")
    assert outcome.booking is not None
    both = (tuesday, str(outcome.booking.reference))
    await sms.text("When are my visits?", model=[call("find_appointments"), say()])
    await sms.text(said, model=[cancelling(both[wanted], said), say("ask_what_else")])
    assert (await statuses(sms)).count("confirmed") == left
    assert {row.reference for row in await sms.house.rows() if row.status == "cancelled"} <= {both[wanted]}


@pytest.mark.parametrize(
    "said",
    [
        "please keep it, I will be home",
        "What does it cost to cancel?",
        "Until when can I cancel?",
        "If it rains on Tuesday I will cancel, otherwise see you",
        "I would not, under any circumstances whatever, cancel my visit",
        "no quiero cancelar mi cita",
        "I really can't cancel my visit again",
        "ok thanks",
        "is Dana coming on Tuesday?",
        "my last company cancelled on me",
        "nobody is to cancel",
        "tell me how to cancel",
        "I might have to cancel",
        "what happens if I cancel",
        "No",
    ],
)
async def test_nothing_is_cancelled_at_once_by_words_that_do_not_ask_for_it(sms: Texting, said: str) -> None:
    reference = await own(sms)
    await sms.text(said, model=[cancelling(reference, said), say("ask_what_else")])
    assert await statuses(sms) == ["confirmed"]


@pytest.mark.parametrize(
    "said",
    [
        "Please cancel my appointment",
        "hi, cancel my visit on Tuesday please",
        "no, cancel it",
        "sorry I can't make it, please cancel",
        "I don't need it any more, please cancel my visit",
    ],
)
async def test_what_asks_to_be_cancelled_is_cancelled(sms: Texting, said: str) -> None:
    reference = await own(sms)
    assert "cancelled" in (await sms.text(said, model=[cancelling(reference, said)]))[-1]
    assert await waiting(sms) == []


@pytest.mark.parametrize(
    ("said", "slot"),
    [
        ("none of these, thanks, Ann Lee", "s1"),
        ("I can't do the first one. Ann Lee", "s1"),
        ("the first one doesn't work for me, Ann Lee", "s1"),
        ("No. Ann Lee", "s1"),
        ("I don't want to book anything, Ann Lee", "s1"),
        ("Who is Dana? Ann Lee", "s1"),
        ("please cancel the 8 am, Ann Lee", "s1"),
        ("the second one please, Ann Lee", "s1"),
        ("9 am please, Ann Lee", "s1"),
        ("two, Ann Lee", "s1"),
        ("Hi, Ann Lee here.\n3 please", "s1"),
        ("the first one is too early, Ann Lee", "s1"),
        ("8:00 am is impossible, Ann Lee", "s1"),
        ("anything but the first, Ann Lee", "s1"),
        ("1, but only after my husband agrees, Ann Lee", "s1"),
        ("1 is too early. 2 please, Ann Lee", "s1"),
    ],
)
async def test_no_time_is_booked_that_was_not_chosen(sms: Texting, said: str, slot: str) -> None:
    await sms.offered()
    await sms.text(said, model=[booking(said, slot), say("ask_what_else")])
    assert await statuses(sms) == []


@pytest.mark.parametrize(
    ("said", "slot"),
    [
        ("the second one please, Ann Lee", "s2"),
        ("9 am please, Ann Lee", "s3"),
        ("two, Ann Lee", "s2"),
        ("Hi, Ann Lee here.\n3 please", "s3"),
        ("let's take the 8am one, Ann Lee", "s1"),
        ("yes book the first one, thanks, Ann Lee", "s1"),
        ("Tuesday at 8:30 am please, Ann Lee", "s2"),
    ],
)
async def test_the_time_that_was_chosen_is_booked(sms: Texting, said: str, slot: str) -> None:
    await sms.offered()
    (told,) = await sms.text(said, model=[booking(said, slot)])
    assert told.startswith("You're booked")


async def test_one_choice_is_one_booking(sms: Texting) -> None:
    said, given = "the second one please, Ann Lee", {"customer_name": "Ann Lee", "confidence": 0.97}
    await sms.offered()
    several = [("book_appointment", {"slot_id": f"s{n}", "rests_on": [said], **given}) for n in (1, 2, 3)]
    await sms.text(said, model=[calls(*several), say("ask_which_time")])
    assert await statuses(sms) == []
    told = await sms.text(said, model=[calls(several[1], several[1])])
    assert [each[:12] for each in told] == ["You're booke"]


@pytest.mark.parametrize("said", ["Hi", "the first one please"])
async def test_neither_what_was_not_shown_is_booked_nor_for_words_that_are_no_name(sms: Texting, said: str) -> None:
    look = call("check_availability", service="inspection", date="2026-11-24")
    await sms.text(said, model=[look, booking(said, name=said.split()[-1]), say("ask_name")])
    assert await statuses(sms) == []


async def test_nothing_is_moved_by_a_question(sms: Texting) -> None:
    reference = await own(sms)
    before = (await sms.house.row()).starts
    await sms.offered()
    moved = call("reschedule_appointment", reference=reference, slot_id="s1", confidence=0.97, rests_on=["Dana"])
    (told,) = await sms.text("is Dana nice?", model=[moved])
    assert told.startswith("Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection")
    assert (await sms.house.row()).starts == before


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "saying"),
    [
        ("Please cancel my appointment", "ask_what_else"),
        ("yes cancel it now", "you_are_welcome"),
        ("Did you book me for Tuesday?", "you_are_welcome"),
    ],
)
async def test_a_wish_is_not_answered_by_a_courtesy_alone(sms: Texting, said: str, saying: str) -> None:
    await own(sms)
    assert await sms.text(said, model=[say(saying)]) == [GUIDED]


@pytest.mark.parametrize(
    "said",
    [
        "can I speak to someone",
        "nobody came today",
        "I smell gas after the treatment",
        "my dog was hurt by the spray!",
        "I want my money back",
        "you broke my window",
        "could you come at 11",
        "can you make it 8 instead",
        "do you treat bats",
        "hello? did it work?",
        "11 would be better",
        "this is unacceptable",
    ],
)
async def test_neither_is_a_question_a_complaint_or_a_cry_for_a_person(sms: Texting, said: str) -> None:
    await own(sms)
    assert await sms.text(said, model=[say("you_are_welcome", "ask_what_else")]) == [GUIDED]


@pytest.mark.parametrize(
    "said", ["ok thanks", "that's all, thanks", "hi, how are you?", "see you tuesday", "I talk to my wife first", "lol"]
)
async def test_a_courtesy_answers_one(sms: Texting, said: str) -> None:
    await own(sms)
    assert await sms.text(said, model=[say("ask_what_else")]) == ["Is there anything else?"]


async def test_a_choice_is_not_answered_by_a_courtesy_alone(sms: Texting) -> None:
    await sms.offered()
    said = "the second one please, Ann Lee"
    assert await sms.text(said, model=[booking(said, "s1"), say("ask_what_else")]) == [GUIDED]
    assert sms.guide.begun["step"] == "time"


async def test_a_wish_beside_a_question_is_not_forgotten_over_it(sms: Texting) -> None:
    reference = await own(sms)
    said = "Please cancel my appointment, and how much is an inspection?"
    asks = call("answer_question", question="how much is an inspection?")
    told = await sms.text(said, model=[asks, cancelling(reference, "cancel my appointment")])
    assert told[0] == "A home inspection costs $89."
    assert await statuses(sms) == ["cancelled"]


async def test_the_documents_are_asked_what_the_customer_asked(sms: Texting) -> None:
    other = call("answer_question", question="Does a follow-up visit within 30 days cost anything?")
    await sms.text("How much is an inspection?", model=[other])
    asked: list[Any] = [arguments for tool, arguments, _ in sms.asked if tool == "answer_question"]
    assert asked == [{"question": "How much is an inspection?"}]


# --- what was done before a crash ------------------------------------------------------------------------------------


async def test_what_an_earlier_run_has_done_is_told_whoever_answers_now(sms: Texting) -> None:
    await sms.offered()
    first = await sms.text("the first one, Ann Lee", model=[booking("the first one")], keep=False)
    await sms.house.database.write(lambda t: change(t, MODEL_PATH, 0, by="dana", now=1.0))
    assert await sms.text("the first one, Ann Lee") == first
    assert len(await sms.house.rows()) == 1


async def test_what_waits_for_a_person_is_told_again(sms: Texting) -> None:
    await sms.offered()
    unsure = call("book_appointment", slot_id="s1", customer_name="Ann Lee", confidence=0.3, rests_on=["the first"])
    assert await sms.text("the first I guess, Ann Lee", model=[unsure], keep=False) == [WAITS]
    await sms.house.database.write(lambda t: change(t, MODEL_PATH, 0, by="dana", now=1.0))
    assert await sms.text("the first I guess, Ann Lee") == [WAITS]
    assert len(await sms.house.database.read(lambda c: c.execute(select(reviews)).all())) == 1


async def test_what_is_done_by_a_later_turn_waits_for_nobody(sms: Texting) -> None:
    reference = await own(sms)
    unsure = call("cancel_appointment", reference=reference, confidence=0.3, rests_on=["cancel"])
    assert await sms.text("hm cancel", model=[unsure]) == [WAITS]
    said = "yes, cancel it please"
    assert "cancelled" in (await sms.text(said, model=[cancelling(reference, said)]))[0]
    found = await sms.house.database.read(lambda c: c.execute(select(reviews.c.status)).scalars().all())
    assert list(found) == ["overtaken"]
    jobs = await sms.house.database.read(lambda c: c.execute(select(job_outbox.c.kind)).scalars().all())
    assert "review_decided" not in jobs


@pytest.mark.parametrize("said", ["the first one with Dana please", "1, Dana"])
async def test_who_comes_is_not_whom_it_is_for(sms: Texting, said: str) -> None:
    await sms.offered()
    assert await sms.text(said, model=[booking(said, name="Dana")]) == [
        "Tue Nov 24 at 8:00 AM. What is your full name?"
    ]
    assert await sms.house.rows() == []


@pytest.mark.parametrize("said", ["it's Dana", "my name is Dana", "for Dana please", "I’m Dana"])
async def test_a_customer_may_be_called_like_who_comes(sms: Texting, said: str) -> None:
    await sms.offered()
    (told,) = await sms.text(f"the first one, {said}", model=[booking("the first one", name="Dana")])
    assert told.startswith("You're booked") or ", for Dana. Reply YES" in told


@pytest.mark.parametrize(
    ("said", "told"),
    [("Inspection please", "Which day suits you?"), ("inspección para mi casa, please", "¿Qué día le conviene?")],
)
async def test_nobody_who_writes_english_is_asked_in_spanish(sms: Texting, said: str, told: str) -> None:
    assert await sms.text(said, model=[say("ask_which_day", language="es")]) == [told]


async def test_what_a_yes_would_do_is_asked_in_english_of_who_writes_it(sms: Texting) -> None:
    reference = await own(sms)
    lie = call("cancel_appointment", reference=reference, confidence=0.9, rests_on=["can't"], language="es")
    told = await sms.text("I can't do it then", model=[lie])
    assert told == [CANCEL_9]


async def test_of_all_that_a_model_wants_in_a_turn_the_words_are_read_once(
    sms: Texting, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, seen = "is Dana nice?", list[str]()

    def reading(texts: list[tuple[str, int]], told: Ground) -> Said:
        seen.append(texts[0][0])
        return read(texts, told)

    reference = await own(sms)
    monkeypatch.setattr(model_turn, "read", reading)
    await sms.text(said, model=[cancelling(reference, said), cancelling(reference, said), booking(said), say()])
    assert seen.count(said) == 1

"""What a model wants and a customer did not plainly ask is put to them: only their own yes to it does it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from app.booking.store import Customer
from app.db.schema import inferences, reviews
from app.inference.flag import MODEL_PATH, change
from app.inference.model import ModelAnswer
from app.promises.gsm import segments
from app.sms.agent import GUIDED_FOR_S
from app.sms.asked_for import TWO_WISHES
from app.sms.changing import WAITS
from app.sms.guided import STALE_AFTER_S
from app.sms.phrases import (
    KEPT,
    MOVED_MEANWHILE,
    NO_APPOINTMENT,
    NOT_THE_REST,
    OR_MOVE,
    START_AGAIN,
    THIS_FIRST,
    YOUR_NAME,
)
from tests.booking.acme import TREATMENT, TUESDAY_9, acme
from tests.fakes import calendar as scripted
from tests.processes import ROOT
from tests.sms.modelled import Texting, call, calls, say, texting

DOCUMENTS = ROOT / "infra" / "businesses" / "documents" / "acme"
DAY_S = 86_400
INSPECTION_9 = "Home inspection with Dana, Tue Nov 24 at 9:00 AM"
CANCEL_9 = f"Cancel {INSPECTION_9}? Reply YES to cancel it, NO to keep it."
TREATMENT_9 = "Ant treatment with Dana, Wed Nov 25 at 9:00 AM"
CANCEL_TREATMENT = f"Cancel {TREATMENT_9}? Reply YES to cancel it, NO to keep it."
BOOK_830 = "Home inspection with Dana, Tue Nov 24 at 8:30 AM, for Ann Lee. Reply YES to book it, or text another time."


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(people=("dana",), documents=DOCUMENTS), guided=True) as opened:
        yield opened


async def tuesday(sms: Texting) -> str:
    """Their inspection on Tuesday at nine, told."""
    outcome = await sms.house.book()
    assert outcome.booking is not None
    await find(sms)
    return str(outcome.booking.reference)


async def wednesday(sms: Texting) -> str:
    """Their treatment on Wednesday at nine, told."""
    outcome = await sms.house.book(sms.house.slot(TUESDAY_9 + DAY_S, TREATMENT), call="test:2")
    assert outcome.booking is not None
    await find(sms)
    return str(outcome.booking.reference)


async def find(sms: Texting) -> None:
    await sms.text("When do you come?", model=[call("find_appointments"), say()])


def sure(said: str, **arguments: Any) -> dict[str, Any]:
    return {**arguments, "confidence": 0.97, "rests_on": [said]}


def cancels(reference: str, said: str) -> ModelAnswer:
    return call("cancel_appointment", **sure(said, reference=reference))


def books(slot: str, said: str, **more: Any) -> ModelAnswer:
    return call("book_appointment", **sure(said, slot_id=slot, **more))


def moves(reference: str, slot: str, said: str) -> ModelAnswer:
    return call("reschedule_appointment", **sure(said, reference=reference, slot_id=slot))


async def standing(sms: Texting) -> list[tuple[str, int]]:
    """What is booked: service, and hours and minutes from Tuesday at nine."""
    rows = [row for row in await sms.house.rows() if row.active]
    return sorted((row.service, (row.starts - TUESDAY_9) // 60) for row in rows)


async def why(sms: Texting, column: Any = reviews.c.why) -> list[str]:
    return list(await sms.house.database.read(lambda c: c.execute(select(column)).scalars().all()))


def later(sms: Texting, seconds: float = 20) -> None:
    sms.house.clock.advance(seconds)  # type: ignore[attr-defined]  # the tests' own clock


async def off(sms: Texting) -> None:
    await sms.house.database.write(lambda t: change(t, MODEL_PATH, 0, by="dana", now=1.0))


# --- a visit is cancelled --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "Can you please cancel my appointment?",
        "We sold the house, so there is no need to come",
        "could someone take me off the schedule",
        "is Dana nice?",
    ],
)
async def test_whether_to_cancel_is_asked_and_a_yes_cancels_it(sms: Texting, said: str) -> None:
    reference = await tuesday(sms)
    assert (await sms.text(said, model=[cancels(reference, said)]))[-1] == CANCEL_9
    assert await standing(sms) == [("inspection", 0)]
    later(sms)
    assert (await sms.text("yes"))[0].startswith(f"Cancelled: {INSPECTION_9}.")
    assert await standing(sms) == []
    assert await why(sms) == []
    assert "asked back: cancel" in await why(sms, inferences.c.action)


async def test_a_no_keeps_it_and_the_model_reads_what_comes_then(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)])
    later(sms)
    assert await sms.text("no", model=[cancels(reference, "no")]) == [KEPT]
    later(sms)
    assert await sms.text("hm", model=[say("ask_what_else")]) == ["Is there anything else?"]
    later(sms)
    assert await sms.text("yes", model=[cancels(reference, "yes")]) == [CANCEL_9], "what was asked then is over"
    assert await standing(sms) == [("inspection", 0)]


@pytest.mark.parametrize("answer", ["maybe", "how long does it take?", "ok but who comes?", "not sure yet", "👍?"])
async def test_what_is_no_yes_cancels_nothing(sms: Texting, answer: str) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)])
    later(sms)
    await sms.text(answer, model=[cancels(reference, answer)] * 4)
    assert await standing(sms) == [("inspection", 0)]


async def test_of_two_visits_the_question_names_the_one_and_the_other_can_be_said(sms: Texting) -> None:
    await tuesday(sms)
    other = await wednesday(sms)
    said = "cancel one of my visits"
    assert await sms.text(said, model=[cancels(other, said)]) == [CANCEL_TREATMENT]
    later(sms)
    assert await sms.text("the other one") == [CANCEL_9]
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [("treatment", 24 * 60)]


async def test_of_a_visit_that_is_none_of_theirs_it_is_said_that_it_is_none(sms: Texting) -> None:
    await tuesday(sms)
    await wednesday(sms)
    outcome = await sms.house.book(
        sms.house.slot(TUESDAY_9 + 4 * 3_600), Customer("Bob Stone", "+15125550777", "+15125550777"), "test:3"
    )
    assert outcome.booking is not None
    others = str(outcome.booking.reference)
    said = f"cancel {others}"
    (told,) = await sms.text(said, model=[cancels(others, said)] * 3)
    assert told.startswith("I find no visit with that reference for this number. You have: Home inspection with Dana")
    later(sms)
    await sms.text("yes")
    assert len(await sms.house.rows()) == 3
    assert {row.status for row in await sms.house.rows()} == {"confirmed"}


async def test_a_yes_does_not_move_what_was_moved_meanwhile(sms: Texting) -> None:
    reference = await tuesday(sms)
    await off(sms)
    (asked,) = await sms.text("move my visit to wednesday at 9")
    assert asked.startswith("Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Wed Nov 25")
    slot = await sms.talking.first_slot(date="2026-11-26")
    await sms.talking("reschedule_appointment", reference=reference, slot_id=slot["slot_id"])
    (told,) = await sms.text("yes")
    assert told == f"{MOVED_MEANWHILE} {asked.replace('Tue Nov 24 at 9', 'Thu Nov 26 at 8')}"
    assert await standing(sms) == [("inspection", 47 * 60)]
    assert (await sms.text("yes"))[0].startswith("Moved: Home inspection with Dana, Wed Nov 25 at 9:00 AM")
    assert await standing(sms) == [("inspection", 24 * 60)]


async def test_a_yes_does_not_cancel_what_was_moved_meanwhile(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)])
    slot = await sms.talking.first_slot(date="2026-11-26")
    await sms.talking("reschedule_appointment", reference=reference, slot_id=slot["slot_id"])
    later(sms)
    asked = "Cancel Home inspection with Dana, Thu Nov 26 at 8:00 AM? Reply YES to cancel it, NO to keep it."
    assert await sms.text("yes") == [f"{MOVED_MEANWHILE} {asked}"]
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == []


async def test_who_has_no_visit_hears_that(sms: Texting) -> None:
    said = "cancel AB2CD3"
    assert await sms.text(said, model=[cancels("AB2CD3", said)]) == [NO_APPOINTMENT]


async def test_who_wants_a_visit_moved_is_not_asked_whether_to_cancel_it(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "I need to move my visit to Wednesday"
    (told,) = await sms.text(said, model=[cancels(reference, said)] * 4)
    assert told.startswith("Wed Nov 25: 1) 8:00 AM")
    assert await standing(sms) == [("inspection", 0)]


# --- a time is booked ------------------------------------------------------------------------------------------------


async def test_a_time_that_was_not_plainly_chosen_is_asked_about_with_the_name(sms: Texting) -> None:
    await sms.offered()
    said = "1 is too early. 2 please"
    assert await sms.text(said, model=[books("s2", said)]) == [f"Tue Nov 24 at 8:30 AM. {YOUR_NAME}"]
    later(sms)
    assert await sms.text("Ann Lee") == [BOOK_830]
    assert await standing(sms) == []
    later(sms)
    assert (await sms.text("yes"))[0].startswith(f"Booked: {BOOK_830.partition('.')[0]}.")
    assert await standing(sms) == [("inspection", -30)]
    assert await why(sms) == []


async def test_with_a_name_only_the_yes_is_missing_and_what_they_wrote_besides_goes_with_it(sms: Texting) -> None:
    await sms.offered()
    said = "1 is too early. 2 please, Ann Lee, 12 Oak St, mind the dog"
    wanted = books("s2", said, customer_name="Ann Lee", address="12 Oak St", notes="mind the dog")
    assert await sms.text(said, model=[wanted]) == [BOOK_830]
    later(sms)
    await sms.text("Yes please!")
    row = await sms.house.row()
    assert (row.customer_name, row.address, row.notes) == ("Ann Lee", "12 Oak St", "mind the dog")


async def test_who_asked_for_one_service_is_not_booked_for_another_at_the_time_they_chose(sms: Texting) -> None:
    look = call("check_availability", service="treatment", date="2026-11-24")
    await sms.text("Anything on Tuesday for an inspection?", model=[look, say("ask_which_time")])
    said = "2 please, Ann Lee"
    (told,) = await sms.text(said, model=[books("s2", said, customer_name="Ann Lee")])
    assert told.startswith("Ant treatment with Dana, Tue Nov 24 at 8:30 AM, for Ann Lee. Reply YES")
    assert await standing(sms) == []


async def test_of_two_services_at_one_time_the_one_of_that_number_is_booked(sms: Texting) -> None:
    looks = [("check_availability", {"service": each, "date": "2026-11-24"}) for each in ("inspection", "treatment")]
    both_services = "An inspection or the ants on Tuesday?"
    await sms.text(both_services, model=[calls(*looks), say("ask_which_time")])
    said = "number 4, Ann Lee"
    wrong, right = (books(slot, said, customer_name="Ann Lee") for slot in ("s1", "s4"))
    (told,) = await sms.text(said, model=[wrong, right])
    assert told.startswith("Ant treatment with Dana, Tue Nov 24 at 8:00 AM, for Ann Lee. Reply YES")


async def test_a_time_chosen_before_the_name_was_asked_for_waits_for_no_person(sms: Texting) -> None:
    await sms.offered()
    assert await sms.text("the second works", model=[say("ask_name")]) == [YOUR_NAME]
    later(sms)
    wanted = books("s2", "the second works", customer_name="Ann Lee")
    assert await sms.text("Ann Lee", model=[wanted]) == [BOOK_830]
    assert await why(sms) == []


async def test_another_of_the_times_can_be_said_instead(sms: Texting) -> None:
    await sms.offered()
    said = "1 is too early. 2 please, Ann Lee"
    await sms.text(said, model=[books("s1", said, customer_name="Ann Lee")])
    later(sms)
    assert await sms.text("2") == [BOOK_830]
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [("inspection", -30)]


async def test_a_no_books_nothing_and_offers_the_others(sms: Texting) -> None:
    await sms.offered()
    said = "1 is too early. 2 please, Ann Lee"
    await sms.text(said, model=[books("s2", said, customer_name="Ann Lee")])
    later(sms)
    (told,) = await sms.text("no")
    assert told.startswith("OK. Tue Nov 24: 1) 8:00 AM 2) 8:30 AM 3) 9:00 AM")
    assert await standing(sms) == []


# --- a visit is moved ------------------------------------------------------------------------------------------------


async def test_a_move_is_asked_about_with_both_times(sms: Texting) -> None:
    reference = await tuesday(sms)
    look = call("check_availability", service="inspection", date="2026-11-25")
    await sms.text("anything on Wednesday?", model=[look, say("ask_which_time")])
    said = "hm, is 8 possible then?"
    (told,) = await sms.text(said, model=[moves(reference, "s1", said)])
    assert told == (
        "Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Wed Nov 25 at 8:00 AM? Reply YES to "
        "move it, NO to keep it."
    )
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [("inspection", 23 * 60)]


async def test_of_two_visits_none_is_moved_without_a_yes(sms: Texting) -> None:
    await tuesday(sms)
    outcome = await sms.house.book(sms.house.slot(TUESDAY_9 + 2 * DAY_S), call="test:2")
    assert outcome.booking is not None
    await find(sms)
    await sms.offered()
    said = "please move it to the first"
    (told,) = await sms.text(said, model=[moves(str(outcome.booking.reference), "s1", said)])
    assert told.startswith("Move your visit from Thu Nov 26 at 9:00 AM to: Home inspection with Dana, Tue Nov 24")
    assert await standing(sms) == [("inspection", 0), ("inspection", 48 * 60)]


async def test_a_visit_is_not_moved_to_a_time_of_another_service(sms: Texting) -> None:
    await tuesday(sms)
    other = await wednesday(sms)
    await sms.offered()
    said = "the ants to the first time please"
    told = await sms.text(said, model=[moves(other, "s1", said), say("ask_which_day")])
    assert told == ["Which day suits you?"]
    assert await standing(sms) == [("inspection", 0), ("treatment", 24 * 60)]


async def test_which_visit_is_to_be_moved_is_asked_where_the_model_names_none_of_theirs(sms: Texting) -> None:
    await tuesday(sms)
    await wednesday(sms)
    await sms.offered()
    said = "move ZZ99QX to the first time, would you?"
    (told,) = await sms.text(said, model=[moves("ZZ99QX", "s1", said)])
    assert told.startswith("Which one? 1) Tue Nov 24 at 9:00 AM Home inspection 2) Wed Nov 25")
    later(sms)
    (told,) = await sms.text("1")
    assert told.startswith("Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Tue Nov 24 at 1")


# --- several changes -------------------------------------------------------------------------------------------------


def both(reference: str, slot: str, said: str) -> ModelAnswer:
    return calls(
        ("cancel_appointment", sure(said, reference=reference)),
        ("book_appointment", sure(said, slot_id=slot, customer_name="Ann Lee")),
    )


async def test_of_several_one_is_asked_after_the_other_and_what_is_new_first(sms: Texting) -> None:
    reference = await tuesday(sms)
    await sms.offered()
    said = "would the first work for you? If so drop the old one, Ann Lee"
    (told,) = await sms.text(said, model=[both(reference, "s1", said)])
    assert told.startswith(f"{THIS_FIRST} Home inspection with Dana, Tue Nov 24 at 10:")
    later(sms)
    booked, asked = await sms.text("yes")
    assert booked.startswith("Booked: Home inspection")
    assert asked == CANCEL_9
    assert len(await standing(sms)) == 2
    later(sms)
    await sms.text("yes")
    assert len(await standing(sms)) == 1
    assert ("inspection", 0) not in await standing(sms)


async def test_what_was_asked_first_is_refused_and_the_other_is_asked_about_still(sms: Texting) -> None:
    first, second = await tuesday(sms), await wednesday(sms)
    said = "I think we need neither of them any more?"
    two = calls(*(("cancel_appointment", sure(said, reference=each)) for each in (first, second)))
    assert await sms.text(said, model=[two]) == [f"{THIS_FIRST} {CANCEL_9}"]
    later(sms)
    assert await sms.text("no") == [KEPT, CANCEL_TREATMENT]
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [("inspection", 0)]


async def test_what_is_gone_meanwhile_is_not_asked_about(sms: Texting) -> None:
    first, second = await tuesday(sms), await wednesday(sms)
    said = "I think we need neither of them any more?"
    two = calls(*(("cancel_appointment", sure(said, reference=each)) for each in (first, second)))
    await sms.text(said, model=[two])
    await sms.talking("cancel_appointment", reference=second)
    later(sms)
    assert len(await sms.text("yes")) == 1
    assert await standing(sms) == []


async def test_a_call_is_arranged_beside_a_question_which_comes_last(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "Can you cancel my appointment, or have someone call me?"
    wanted = calls(("request_callback", {"reason": "call me"}), ("cancel_appointment", sure(said, reference=reference)))
    told = await sms.text(said, model=[wanted])
    assert len(told) == 2
    assert told[-1] == CANCEL_9
    assert [task.kind for task in await sms.house.tasks()] == ["callback"]


async def test_what_is_wanted_besides_is_told_to_a_model_and_not_forgotten_by_the_guided_conversation(
    sms: Texting,
) -> None:
    reference = await tuesday(sms)
    said = "please cancel my visit and book wednesday at 10"
    before = len(sms.model.seen)
    (told,) = await sms.text(said, model=[cancels(reference, said)] * 2)
    assert told == f"{THIS_FIRST} {CANCEL_9} {OR_MOVE}"
    assert TWO_WISHES in sms.model.seen[-1].messages[-1].text
    assert len(sms.model.seen) - before == 2
    later(sms)
    cancelled, asked = await sms.text("yes")
    assert cancelled == f"Cancelled: {INSPECTION_9}."
    assert asked == f"Wed Nov 25 at 10:00 AM. {YOUR_NAME}"


async def test_a_model_that_is_told_of_the_second_wish_can_see_to_both(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "please cancel my visit and book wednesday at 10, Ann Lee"
    look = call("check_availability", service="inspection", date="2026-11-25", limit=6)
    book = sure(said, slot_id="s5", customer_name="Ann Lee")
    two = calls(("cancel_appointment", sure(said, reference=reference)), ("book_appointment", book))
    told = await sms.text(said, model=[cancels(reference, said), look, two])
    assert "Home inspection with Dana, Wed Nov 25 at 10:00 AM, for Ann Lee" in told[-1]
    later(sms)
    assert (await sms.text("yes"))[-1] == CANCEL_9
    later(sms)
    assert len(await sms.text("yes")) == 1, "nothing is left to be asked"
    assert await standing(sms) == [("inspection", 25 * 60)]


@pytest.mark.parametrize(
    "said",
    [
        "cancel my appointment and get me in wednesday at 10",
        "cancel my appointment, something came up Wednesday",
        "please cancel my visit, I'm traveling until Friday",
    ],
)
async def test_a_day_that_is_named_besides_has_the_visit_cancelled_by_a_yes_alone(sms: Texting, said: str) -> None:
    reference = await tuesday(sms)
    assert await sms.text(said, model=[cancels(reference, said)]) == [f"{CANCEL_9} {OR_MOVE}"]
    assert await standing(sms) == [("inspection", 0)]


@pytest.mark.parametrize("said", ["inspection tuesday at 9, Ann Lee", "the ants please, Ann Lee", "wednesday, Ann Lee"])
async def test_nobody_is_asked_about_a_time_that_their_words_rule_out(sms: Texting, said: str) -> None:
    await sms.offered()
    wanted = books("s1", said, customer_name="Ann Lee")
    assert await sms.text(said, model=[wanted, say("ask_which_day")]) == ["Which day suits you?"]
    assert await standing(sms) == []


# --- what stays with a person ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"confidence": 0.4}, "low_confidence"), ({"rests_on": ["cancel everything at once"]}, "rests_on_nothing")],
)
async def test_what_has_another_reason_to_wait_waits_for_a_person(
    sms: Texting, changes: Mapping[str, Any], reason: str
) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    wanted = call("cancel_appointment", **(sure(said, reference=reference) | changes))
    assert await sms.text(said, model=[wanted]) == [WAITS]
    assert await why(sms) == [reason]


async def test_what_is_asked_does_not_undo_what_a_business_marked(sqlite_url: str) -> None:
    marked = acme(people=("dana",), reviewed=frozenset({"cancel_appointment"}))
    async with texting(sqlite_url, marked, guided=True) as sms:
        reference = await tuesday(sms)
        said = "Can you please cancel my appointment?"
        assert await sms.text(said, model=[cancels(reference, said)]) == [WAITS]
        assert await why(sms) == ["high_stakes"]


# --- time, crashes, and texts in between -----------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [GUIDED_FOR_S + 60, STALE_AFTER_S - 60])
async def test_a_yes_counts_for_four_hours_whatever_a_model_would_make_of_it(sms: Texting, seconds: float) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)])
    later(sms, seconds)
    assert (await sms.text("yes", model=[say("ask_what_else")]))[0].startswith("Cancelled")
    assert await standing(sms) == []


async def test_something_else_after_half_an_hour_is_for_the_model_again(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)])
    later(sms, GUIDED_FOR_S + 60)
    assert await sms.text("do you do wasps", model=[say("ask_which_day")]) == ["Which day suits you?"]
    later(sms)
    await sms.text("yes", model=[say("ask_what_else")])
    assert await standing(sms) == [("inspection", 0)], "nobody asked that any more"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("sí", "Cancelled"),
        ("sí cancélala", "Cancelled"),
        ("quiero hablar con mi esposa primero", "Is there anything else?"),
    ],
)
async def test_an_answer_in_spanish_is_read_as_one_or_by_the_model(sms: Texting, answer: str, told: str) -> None:
    reference = await tuesday(sms)
    said = "hay que cancelar la cita del martes?"
    assert await sms.text(said, model=[cancels(reference, said)]) == [CANCEL_9]
    later(sms)
    assert (await sms.text(answer, model=[say("ask_what_else", "ask_whether_to_call_back")]))[0].startswith(told)
    assert (await standing(sms) == []) is (told == "Cancelled")


async def test_who_writes_in_spanish_is_asked_in_spanish_what_a_yes_would_do(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "hay que cancelar la cita del martes?"
    cancel = call("cancel_appointment", reference=reference, confidence=0.9, rests_on=[said], language="es")
    assert await sms.text(said, model=[cancel]) == [
        "¿Cancelo Home inspection con Dana, mar 24 nov a las 9:00 AM? Responda SI para cancelarla, NO para dejarla."
    ]
    later(sms)
    assert (await sms.text("SI"))[0].startswith("Cancelled")
    assert await standing(sms) == []


async def test_a_booking_and_a_move_are_asked_about_in_spanish_as_well(sms: Texting) -> None:
    await sms.offered()
    said = "a las ocho y media estaría bien, creo"
    book = call("book_appointment", slot_id="s2", customer_name="", confidence=0.9, rests_on=[said], language="es")
    assert await sms.text(said, model=[book]) == ["mar 24 nov a las 8:30 AM. ¿Cual es su nombre completo?"]
    assert await sms.text("Ann Lee") == [
        "Home inspection con Dana, mar 24 nov a las 8:30 AM, para Ann Lee. Responda SI para reservarla, o escriba otra "
        "hora."
    ]
    assert (await sms.text("sí"))[0].startswith("Booked: ")
    later(sms)
    [visit] = [row for row in await sms.house.rows() if row.active]
    await sms.offered()
    said = "quizás a las nueve"
    move = {"reference": str(visit.reference), "slot_id": "s3", "confidence": 0.9, "rests_on": [said], "language": "es"}
    [asked] = await sms.text(said, model=[call("find_appointments"), call("reschedule_appointment", **move)])
    assert asked.startswith(
        "¿Cambio su visita del mar 24 nov a las 8:30 AM a: Home inspection con Dana, mar 24 nov a las 9:00 AM?"
    )
    assert [segments(text) <= 2 for text in (asked,)] == [True]


@pytest.mark.parametrize("model", [True, False])
async def test_a_yes_to_a_stale_question_does_nothing(sms: Texting, model: bool) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)])
    later(sms, STALE_AFTER_S + 60)
    if not model:
        await off(sms)
    told = await sms.text("yes", model=[call("find_appointments"), cancels(reference, "yes")])
    assert told == [CANCEL_9] if model else START_AGAIN in told[0]
    assert await standing(sms) == [("inspection", 0)]


@pytest.mark.parametrize("forgotten", [True, False])
async def test_a_turn_run_again_asks_the_same_and_a_yes_is_to_that(sms: Texting, forgotten: bool) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    first = await sms.text(said, model=[cancels(reference, said)], keep=False)
    if forgotten:
        await sms.house.database.write(lambda t: t.connection.execute(inferences.delete()) and None)
    assert await sms.text(said, model=[cancels(reference, said)]) == first == [CANCEL_9]
    later(sms)
    before = len(sms.asked)
    once = await sms.text("yes", keep=False)
    again = await sms.text("yes")
    assert once == again
    assert [tool for tool, _, _ in sms.asked[before:]] == ["find_appointments", "cancel_appointment"] * 2
    assert sms.asked[before + 1][2] == sms.asked[before + 3][2]
    assert [row.status for row in await sms.house.rows() if row.status != "released"] == ["cancelled"]


async def test_a_turn_run_again_without_a_model_asks_as_well(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)], keep=False)
    await off(sms)
    assert await sms.text(said) == [CANCEL_9]


async def test_the_flag_turned_off_in_between_leaves_the_question_open(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "Can you please cancel my appointment?"
    await sms.text(said, model=[cancels(reference, said)])
    await off(sms)
    later(sms)
    assert (await sms.text("yes"))[0].startswith("Cancelled")


@pytest.mark.parametrize("early", ["ok thanks", "yes", "yes cancel it"])
async def test_what_was_written_before_the_question_was_asked_is_no_yes_to_it(sms: Texting, early: str) -> None:
    reference = await tuesday(sms)
    said = "When do you come?"
    await sms.text(said, model=[cancels(reference, said)])
    (told,) = await sms.text(early, ago_s=2.0)
    assert told.endswith(CANCEL_9)
    assert await standing(sms) == [("inspection", 0)]
    later(sms)
    assert (await sms.text("yes"))[0].startswith("Cancelled")


async def test_what_hangs_on_a_booking_that_is_not_certain_is_not_asked(sms: Texting) -> None:
    reference = await tuesday(sms)
    await sms.offered()
    said = "would the first work for you? If so drop the old one, Ann Lee"
    await sms.text(said, model=[both(reference, "s1", said)])
    calendar: Any = sms.house.calendars
    calendar._by_scheme["fake"].always("book", scripted.UNKNOWN)
    later(sms)
    (told,) = await sms.text("yes")
    assert told.endswith(NOT_THE_REST)


# --- a person need not decide any more -------------------------------------------------------------------------------


async def test_what_is_booked_without_a_model_waits_for_nobody_any_more(sms: Texting) -> None:
    await sms.offered()
    said = "2 I guess, Ann Lee"
    unsure = {"slot_id": "s2", "customer_name": "Ann Lee", "confidence": 0.3, "rests_on": ["2"]}
    assert await sms.text(said, model=[call("book_appointment", **unsure)]) == [WAITS]
    await off(sms)
    for text in ("home inspection on tuesday at 8:30, my name is Ann Lee", "yes"):
        later(sms)
        told = await sms.text(text)
    assert told[0].startswith("Booked")
    assert await why(sms, reviews.c.status) == ["overtaken"]


async def test_another_time_leaves_it_to_the_person(sms: Texting) -> None:
    await sms.offered()
    unsure = {"slot_id": "s2", "customer_name": "Ann Lee", "confidence": 0.3, "rests_on": ["2"]}
    assert await sms.text("2 I guess, Ann Lee", model=[call("book_appointment", **unsure)]) == [WAITS]
    await off(sms)
    for text in ("home inspection on tuesday at 10:30, my name is Ann Lee", "yes"):
        later(sms)
        await sms.text(text)
    assert await why(sms, reviews.c.status) == ["open"]

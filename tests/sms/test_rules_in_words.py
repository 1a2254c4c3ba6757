"""Who asks by what rules a visit can be given up has not given it up."""

import time

import pytest

from app.sms.rules_in_words import asks_rules
from app.sms.words import Intent, read
from tests.sms.conversing import phone
from tests.sms.scenes import (
    ASKED,
    ASKED_TO_CANCEL,
    INSPECTION_AND_TREATMENT,
    NOTHING,
    OFFERED,
    ONE,
    TREATMENT,
    TUE,
    TWO_INSPECTIONS,
    WED,
    Row,
    hold,
    played,
    standing,
)
from tests.sms.test_assent import texts
from tests.sms.test_words import GROUND

RULES = texts(
    """
    can I cancel up to the day before? | can i cancel anytime? | how late can i cancel? | until when can i cancel |
    can i cancel 24 hours before? | can i still cancel later? | is it ok to cancel the same day? |
    am i able to cancel without a fee | can i cancel my appointment up to 24h before | can i cancel for free |
    could i cancel or reschedule up to the night before? | do i have to cancel 24 hours in advance? |
    what's the deadline for cancelling | what is the latest i can cancel | how many hours before can i cancel |
    how much notice do i need to give to cancel | can you cancel up to the day before? | can i cancel last minute |
    so i can cancel up to the day before, right? | when do i have to cancel by? | can i cancel it the day of? |
    can i reschedule up to the day before? | can i change it up to the day before | is there a cutoff to cancel |
    is it possible to cancel on short notice? | can i cancel the visit the day before the visit? |
    can i cancel up to the day before if my kid is sick? | can i reschedule without a fee? | how late can you cancel |
    what's the latest I can cancel | is there a fee to cancel | can i cancel my appointment for free? |
    puedo cancelar hasta el dia anterior? | how long before the visit can i cancel? | can i cancel up to monday?
    """
)
WISHES = texts(
    """
    can i cancel my appointment? | can i cancel my tuesday visit? | can i cancel tomorrow's visit? |
    can i cancel my appointment the day before thanksgiving? | i want to cancel the day before one |
    can i cancel the later one? | can you cancel my appointment? | can i cancel my 9am and book an hour before? |
    can i cancel and come another time | can i cancel it for tuesday? | can i cancel my same day appointment |
    can i cancel the visit on the 24th | please cancel it, i can't come the day before | can i cancel my later visit |
    can you cancel my last minute booking? | can i cancel before tuesday? | can i cancel tomorrow if needed |
    how soon can you cancel my appointment? I need it gone | when can you cancel my appointment |
    how soon can i cancel my appointment? I need it gone | can you cancel last minute? something came up |
    something came up, can i cancel last minute | hi can i cancel at the last minute like this, my kid is sick |
    could we please cancel with short notice, we're so sorry | can i cancel the wednesday one last minute |
    can i cancel both for free |
    can i cancel last minute please | can i cancel same day? my kid is sick | can i cancel last minute tomorrow
    """
)
MOVES = texts(
    """
    can you move it up to the day before? | can i move it later? | can i change it to later? | when can i reschedule? |
    can i reschedule to the day before? | can i change it to any time tuesday | can i move my visit up to 8? |
    can i reschedule any time this week? | can i reschedule it for any time next week | can i reschedule to later |
    could i change it to any time after 3 | can we cancel for free and rebook another day |
    can you reschedule last minute to wednesday at 10? | can I reschedule last minute to thursday at 2? |
    can i reschedule for free to wednesday at 10 | can i change it in advance to wednesday at 10 |
    can i change my appointment on short notice to thursday at 2 | Can I rebook for free to thursday at 2? |
    can i reschedule with 2 days notice to wednesday at 10 | can i reschedule 2 days in advance to wednesday at 10 |
    can i reschedule for free to next week | can i reschedule last minute to the 25th |
    can i reschedule last minute, wednesday at 10
    """
)
ASKS: tuple[Row, ...] = (
    (ONE, "can I cancel up to the day before?", TUE, "That is one for a person."),
    (ONE, "can I cancel up to the day before? / yes", TUE, ""),
    (NOTHING, "how late can I cancel?", "", "That is one for a person."),
    (ASKED, "can I cancel up to the day before?", "", "for Jane Roe. Reply YES to book it"),
    (ASKED, "can I cancel up to monday? / yes", TUE, "Booked: Home inspection"),
    (ASKED, "yes, can I cancel up to the day before?", TUE, "That is one for a person."),
    (OFFERED, "2, can I cancel up to the day before?", "", "Tue Nov 24 at 8:30 AM. What is your full name?"),
    (ASKED_TO_CANCEL, "can I cancel up to the day before? / yes", "", "Cancelled:"),
    (ONE, "can I cancel any time? anyway please cancel it", TUE, "Reply YES to cancel it"),
    (ONE, "can I reschedule up to the day before?", TUE, "That is one for a person."),
)
TO_BE_DONE: tuple[Row, ...] = (
    (ONE, "can you cancel last minute? something came up", TUE, "Reply YES to cancel it"),
    (ONE, "how soon can you cancel my appointment? I need it gone / yes", "", "Cancelled:"),
    (ONE, "hi can i cancel at the last minute like this, my kid is sick", TUE, "Reply YES to cancel it"),
    (ONE, "could we please cancel with short notice, we're so sorry", TUE, "Reply YES to cancel it"),
    (ONE, "can i reschedule for free to wednesday at 10 / yes", WED, "Moved"),
    (ONE, "can you reschedule last minute to wednesday at 10?", TUE, "Wed Nov 25 at 10:00 AM? Reply YES to move it"),
    (ONE, "can we cancel for free and rebook another day", TUE, "Moving Home inspection"),
    (
        INSPECTION_AND_TREATMENT,
        "can i cancel the treatment for free and keep the inspection",
        f"{TUE}, {TREATMENT}",
        "Cancel Ant treatment with Lee, Wed Nov 25 at 10:00 AM? Reply YES",
    ),
    (TWO_INSPECTIONS, "can i cancel the wednesday one last minute / yes", TUE, "Cancelled:"),
    (TWO_INSPECTIONS, "can i cancel both for free", f"{TUE}, {WED}", "Reply YES to cancel it"),
)
HOSTILE = (
    "can i cancel " * 50,
    "is it ok " * 70,
    "how late " * 70,
    "the latest time " * 40,
    "can i cancel " + "x " * 300,
    "can we " + "still " * 100 + "cancel up",
    "i can " * 100,
    "when can i " + "the day before " * 40,
    "can i cancel for free " * 27,
    "can i reschedule last minute " + "to " * 190,
    "can i cancel up to " + "so very " * 70,
)


@pytest.mark.parametrize("text", RULES)
def test_a_question_about_the_rules_is_one(text: str) -> None:
    assert read([(text, 0)], GROUND).intent is Intent.QUESTION


@pytest.mark.parametrize("text", WISHES)
def test_a_wish_to_cancel_is_none(text: str) -> None:
    assert not asks_rules(text.lower())
    assert read([(text, 0)], GROUND).intent is Intent.CANCEL


@pytest.mark.parametrize("text", MOVES)
def test_a_wish_to_move_is_none(text: str) -> None:
    assert not asks_rules(text.lower())
    assert read([(text, 0)], GROUND).intent is Intent.MOVE


@pytest.mark.parametrize("row", ASKS, ids=[f"{len(row[0])} {row[1]}" for row in ASKS])
async def test_it_is_answered_and_nothing_else_is_done(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row, ("callback",))


@pytest.mark.parametrize("row", TO_BE_DONE, ids=[f"{len(row[0])} {row[1]}" for row in TO_BE_DONE])
async def test_what_is_to_be_done_is_no_question(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


async def test_a_day_that_the_question_names_is_not_looked_up(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        await played(customer, OFFERED, "can I cancel up to the day before?")
        assert [tool for tool, _, _ in customer.called] == ["check_availability", "request_callback"]
        assert await standing(customer) == ""


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20] for text in HOSTILE])
def test_no_text_is_costly_to_look_at(text: str) -> None:
    began = time.thread_time()
    asks_rules(text[:600])
    assert time.thread_time() - began < 0.05

"""Who wants a visit that stands sooner or later is offered other times for it."""

import time

import pytest

from app.sms.sooner_in_words import moves_sooner, wants_own_sooner
from tests.sms.scenes import (
    ASKED,
    INSPECTION_AND_TREATMENT,
    OFFERED,
    ONE,
    TREATMENT,
    TUE,
    TWO_INSPECTIONS,
    WED,
    Row,
    hold,
)
from tests.sms.test_assent import texts

OWN = frozenset(("home", "inspection", "inspections", "ant", "ants", "treatment", "treatments", "follow-up"))
WISHED = texts(
    """
    i want my inspection sooner | i want my inspection earlier | i need my visit sooner | my visit must be earlier |
    i'd like my appointment earlier if possible | could my inspection be a bit earlier? |
    my inspection needs to be sooner |
    can i get my appointment any sooner? | can you do my inspection sooner? | i want my ant treatment later |
    want my inspection a little later | i would really like the appointment earlier | we want our visit much sooner
    """
)
NOT_WISHED = texts(
    """
    i don't want my inspection sooner | i want my inspection report sooner | i want my money sooner |
    why did you do my inspection later? | my inspection was earlier | my visit is later today | can i call you later |
    i want the inspection sooner | i want an inspection sooner | i want my appointment later than tuesday |
    i want my inspection earlier one | i'll tell you my visit reference later | i want to pay for my inspection later
    """
)
BEFORE_NINE = "Tue Nov 24: 1) 8:00 AM Lee 2) 8:30 AM Lee. Reply 1 to 2"
OFFERS: tuple[Row, ...] = (
    (ONE, "I want my inspection sooner", TUE, BEFORE_NINE),
    (ONE, "i want the inspection sooner", TUE, BEFORE_NINE),
    (ONE, "I'd like my appointment earlier if possible", TUE, BEFORE_NINE),
    (ONE, "move my visit earlier", TUE, BEFORE_NINE),
    (ONE, "can you do the inspection sooner?", TUE, BEFORE_NINE),
    (ONE, "could we do the inspection a bit later", TUE, "Tue Nov 24: 1) 9:30 AM Lee"),
    (ONE, "~1d / i want my inspection sooner", TUE, BEFORE_NINE),
    (ONE, "I want my inspection sooner / 1 / yes", "inspection Tue 24 08:00", "Moved: Home inspection with Lee"),
    (ONE, "I want an inspection sooner", TUE, "Which day suits you?"),
    (INSPECTION_AND_TREATMENT, "I want my ant treatment sooner", f"{TUE}, {TREATMENT}", "Wed Nov 25: 1) 8:00 AM"),
    (TWO_INSPECTIONS, "I want my inspection sooner", f"{TUE}, {WED}", "Which one?"),
    (OFFERED, "i want my inspection earlier", "", "Fri Nov 20: 1) 1:00 PM"),
    (ASKED, "I want my inspection sooner", "", "Tue Nov 24: 1) 8:00 AM Dana 2) 8:30 AM Dana"),
)
WHICH_DAY = "Moving Home inspection with Dana, Tue Nov 24 at 9:00 AM. Which day suits you?"
AFTER_NINE = "Tue Nov 24: 1) 9:30 AM Lee 2) 10:00 AM Lee"
LATER: tuple[Row, ...] = (
    (ONE, "cancel now and rebook later", TUE, WHICH_DAY),
    (ONE, "can i cancel now and rebook later", TUE, WHICH_DAY),
    (ONE, "can i move it now and confirm later", TUE, WHICH_DAY),
    (ONE, "I want to move my appointment, will call later", TUE, WHICH_DAY),
    (ONE, "I need to reschedule, i'll let you know later", TUE, WHICH_DAY),
    (ONE, "can i change it later", TUE, WHICH_DAY),
    (ONE, "can i move it later if needed", TUE, WHICH_DAY),
    (ONE, "can i move it to a later day", TUE, WHICH_DAY),
    (ONE, "can i move it later?", TUE, AFTER_NINE),
    (ONE, "can we reschedule to later", TUE, AFTER_NINE),
    (ONE, "move me to a later time", TUE, AFTER_NINE),
    (ONE, "I want to move my appointment, earlier if possible", TUE, BEFORE_NINE),
    (ONE, "can you have my treatment sooner", TUE, "Which day suits you?"),
    (ONE, "i want my ant treatment sooner", TUE, "Which day suits you?"),
    (INSPECTION_AND_TREATMENT, "can you have my treatment sooner", f"{TUE}, {TREATMENT}", "Wed Nov 25: 1) 8:00 AM"),
    (TWO_INSPECTIONS, "i need my appointment sooner", f"{TUE}, {WED}", "Which one?"),
    (ONE, "i need my appointment sooner", TUE, BEFORE_NINE),
)
HOSTILE = (
    "move the home " * 42,
    "move my home inspection up to a bit " * 16,
    "i want my " * 60,
    "my inspection " * 42,
    "i want my inspection to be " * 22,
    "i really " * 66,
    "can i get " * 60,
)


@pytest.mark.parametrize("text", WISHED)
def test_a_visit_of_theirs_is_wanted_at_another_time(text: str) -> None:
    assert wants_own_sooner(text, OWN)


def test_the_visit_is_theirs_where_one_stands() -> None:
    assert wants_own_sooner("i want the inspection sooner", OWN, stands=True)
    assert not wants_own_sooner("i want the inspection report sooner", OWN, stands=True)


@pytest.mark.parametrize("text", NOT_WISHED)
def test_something_else_is_said(text: str) -> None:
    assert not wants_own_sooner(text, OWN)


@pytest.mark.parametrize("row", OFFERS, ids=[f"{len(row[0])} {row[1]}" for row in OFFERS])
async def test_other_times_are_offered_for_it(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", LATER, ids=[f"{len(row[0])} {row[1]}" for row in LATER])
async def test_later_is_a_time_for_it_where_that_is_said_of_it(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("what", ["my inspection report", "the inspection report"])
async def test_what_is_no_visit_goes_to_a_person(what: str, sqlite_url: str) -> None:
    row = (ONE, f"I want {what} sooner", TUE, "that goes to a person")
    await hold(sqlite_url, row, ("callback",))


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20] for text in HOSTILE])
def test_no_text_is_costly_to_look_at(text: str) -> None:
    began = time.thread_time()
    wants_own_sooner(text[:600], OWN)
    moves_sooner(text[:600], OWN)
    assert time.thread_time() - began < 0.05

"""What is told of a visit, and what a reply promises: no call on a day that was, no silence that is taken for a yes."""

import pytest

from app.sms.ground import ground
from app.sms.not_asked import DANGER
from app.sms.words import Intent, read
from tests.booking.acme import NOW, acme
from tests.sms.scenes import (
    ASKED_NAME,
    INSPECTION_AND_TREATMENT,
    NOTHING,
    ONE,
    TREATMENT,
    TUE,
    TWO_INSPECTIONS,
    WED,
    Row,
    hold,
)

SOON, HAVE = (
    "Someone will call you back by 11:05 AM on Friday, November 20",
    "You have: Home inspection with Dana, Tue Nov",
)
CANCELLED = "cancel tuesday / yes"
CALLED: tuple[Row, ...] = (
    (ONE, "you came monday and the ants are still here, call me", TUE, SOON),
    (ONE, "you were here on monday and left my gate open please call me", TUE, SOON),
    (ONE, "you came monday, call me at 3", TUE, "Someone will call you back at 3:00 PM on Friday, November 20"),
    (NOTHING, "he said to call me tomorrow... i mean monday at 3", "", "at 3:00 PM on Monday, November 23"),
    (NOTHING, "you said tomorrow. can you call me monday at 3", "", "at 3:00 PM on Monday, November 23"),
    (ONE, "can you call me monday at 10", TUE, "at 10:00 AM on Monday, November 23"),
    (NOTHING, "call me monday at 3", "", "at 3:00 PM on Monday, November 23"),
    (NOTHING, "call me tuesday morning", "", "on Tuesday, November 24"),
    (NOTHING, "call me next week", "", "on Monday, November 23"),
    (NOTHING, "call me next week not monday", "", "on Tuesday, November 24"),
    (NOTHING, "call me next week but not monday or tuesday", "", "on Wednesday, November 25"),
    (NOTHING, "can you call Mark, I want a visit next week", "", SOON),
    (NOTHING, "pouvez-vous m'appeler lundi matin", "", "on Monday, November 23"),
    *(
        (NOTHING, text, "", SOON)
        for text in (
            "Können Sie mich bitte anrufen",
            "bitte nicht vergessen mich anzurufen",
            "n'oubliez pas de m'appeler",
            "pouvez-vous m'appeler svp",
            "pouvez-vous m'appeler ce soir",
            "no, llámame por favor",
            "no deje de llamarme",
        )
    ),
    (NOTHING, "someone call me tuesday at 3 please", "", "at 3:00 PM on Tuesday, November 24"),
    (ONE, "don't call me after 8", TUE, "Thanks, that goes to a person."),
    (NOTHING, "my kid ate the bait", "", "If anybody is in danger, call your emergency number (911) now."),
    (NOTHING, "a child got bitten", "", "If anybody is in danger, call your emergency number (911) now."),
    (NOTHING, "I have an emergency", "", "If anybody is in danger, call your emergency number (911) now."),
    (ONE, "we have an emergency, can you come today", TUE, "call your emergency number (911) now."),
)
NO_CALL = (
    "Bitte nicht mehr anrufen",
    "hören Sie auf mich anzurufen",
    "Sie brauchen mich nicht anzurufen",
    "merci de ne pas m'appeler",
    "arrêtez de m'appeler",
    "pas la peine de m'appeler",
    "vous pouvez m'appeler Jean",
    "no hace falta llamarme",
    "deje de llamarme",
)
HARMLESS = (
    "my kids chewed gum next to the spray can",
    "i ate lunch near the gel",
    "i ate before you spray last time",
    "my dog has eaten nothing since the spray",
)
EATEN = ("my kids chewed on the spray can", "he ate nearly all of the bait", "my dog has eaten the gel")
HURT = (
    "a child got bitten",
    "my son was bitten by a rat",
    "our baby has been stung!",
    "i have an emergency",
    "emergency!!",
    "there's an emergency, please help",
    "someone is bleeding",
    "the carbon monoxide alarm is going off",
)
NOT_HURT = (
    "do you do emergency visits?",
    "i have an emergency exit in the back",
    "if i have an emergency who do i call",
    "i have an emergency, cancel my visit",
    "we have an emergency, need to move my appointment",
    "i have an emergency and can't make it",
    "my kids got bitten by fleas, an inspection please",
    "a child got bitten, i want to book an inspection for tuesday",
    "my kids get bitten a lot",
    "the kids bit into an apple",
    "my son was stung last year",
)
TOLD: tuple[Row, ...] = (
    (ONE, "see you wednesday!", TUE, HAVE),
    (ONE, "ok see you at 10", TUE, "Move your visit from Tue Nov 24 at 9:00 AM"),
    (ONE, "i thought about it and would like wednesday at 10", TUE, "Move your visit from Tue Nov 24 at 9:00 AM"),
    (ONE, "we thought wednesday, is that possible", TUE, "Wed Nov 25: 1)"),
    (ONE, "see you wednesday, tuesday is bad", TUE, "Wed Nov 25: 1)"),
    (ONE, "looking forward to moving it to wednesday", TUE, "Wed Nov 25: 1)"),
    (INSPECTION_AND_TREATMENT, "see you tuesday at 9", f"{TUE}, {TREATMENT}", HAVE),
    (INSPECTION_AND_TREATMENT, "see you at 9", f"{TUE}, {TREATMENT}", HAVE),
    (ONE, "~3d / wait i thought it was wednesday", TUE, HAVE),
    (ONE, "~3d / is it tomorrow?", TUE, HAVE),
    (ONE, "see you tuesday at 9", TUE, ""),
    (ONE, "cancel it / no / yes", TUE, HAVE),
    (ONE, "cancel it / no / ok", TUE, ""),
    (TWO_INSPECTIONS, "cancel tuesday / yes / and wednesday too / yes", "", "Cancelled: Home inspection with Lee, Wed"),
    (TWO_INSPECTIONS, "cancel tuesday / yes / now the other one / yes", "", "Cancelled: Home inspection with Lee, Wed"),
    (INSPECTION_AND_TREATMENT, f"{CANCELLED} / the ant treatment on wednesday too please", TREATMENT, "Cancel Ant"),
    (INSPECTION_AND_TREATMENT, f"{CANCELLED} / ok the ants too", TREATMENT, "Cancel Ant"),
    (INSPECTION_AND_TREATMENT, f"{CANCELLED} / also wednesday at 11", TREATMENT, "What is it for?"),
    (INSPECTION_AND_TREATMENT, f"{CANCELLED} / how about wednesday?", TREATMENT, "Wed Nov 25: 1)"),
    (TWO_INSPECTIONS, "cancel tuesday / yes / also book wednesday at 11", WED, "What is it for?"),
    (ONE, "my neighbor wants one too / wednesday at 10 / yes", f"{TUE}, {WED}", "Booked"),
    (ASKED_NAME, "never mind, wednesday at 10 / Jane Roe / yes", WED, "Booked"),
)

SPOKEN_OF = (
    "also, is wednesday still at 10?",
    "and wednesday at 10 is confirmed?",
    "i also have wednesday, right?",
    "now i only have wednesday?",
    "also wednesday is still ok",
    "and see you wednesday",
    "see you wednesday",
    "and can the ants be done then too",
)


@pytest.mark.parametrize("text", SPOKEN_OF)
async def test_a_visit_that_is_spoken_of_after_a_cancellation_is_told(sqlite_url: str, text: str) -> None:
    told = "You have: Ant treatment with Lee, Wed Nov 25 at 10:00 AM"
    await hold(sqlite_url, (INSPECTION_AND_TREATMENT, f"{CANCELLED} / {text}", TREATMENT, told))


@pytest.mark.parametrize(
    "text", ["then wednesday morning lee can use the side gate too", "and on wednesday will he spray the yard too"]
)
async def test_what_is_told_of_it_then_goes_to_a_person(sqlite_url: str, text: str) -> None:
    row = (INSPECTION_AND_TREATMENT, f"{CANCELLED} / {text}", TREATMENT, "Thanks, that goes to a person.")
    await hold(sqlite_url, row, ("callback",))


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row[1])
async def test_the_call_is_promised_for_when_it_is_wanted(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row, ("callback",))


@pytest.mark.parametrize("text", NO_CALL)
async def test_who_wants_no_call_is_promised_none(sqlite_url: str, text: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "did not get that"))


@pytest.mark.parametrize("row", TOLD, ids=lambda row: row[1])
async def test_what_stands_is_told(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


def test_only_what_was_eaten_is_a_danger() -> None:
    assert [text for text in (*HARMLESS, *EATEN) if DANGER.search(text)] == [*EATEN]


@pytest.mark.parametrize("text", [*HURT, *NOT_HURT])
def test_who_may_be_hurt_is_for_a_person_at_once(text: str) -> None:
    assert (read([(text, 0)], ground(acme(), NOW)).intent is Intent.PERSON) is (text in HURT)

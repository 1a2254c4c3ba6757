"""What customers text without stops, with slips and in one breath is read as what it asks, and nothing else is done."""

import pytest

from tests.sms.conversing import phone
from tests.sms.scenes import (
    ASKED,
    ASKED_NAME,
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
)

THREE = (*INSPECTION_AND_TREATMENT, "book a follow up dec 1 at 9", "yes")
BOTH = INSPECTION_AND_TREATMENT
AT_BOTH = f"{TUE}, {TREATMENT}"

WITHOUT_STOP: tuple[Row, ...] = (
    *(
        (ONE, f"{text} / yes", "", "Cancelled")
        for text in (
            "i'm sick cancel my appointment",
            "something came up please cancel my visit",
            "got called in to work cancel tuesday pls",
            "this is bullshit cancel it",
            "sorry we're moving out of town cancel it",
            "i'm stuck in a meeting cancel my visit",
            "we had a death in the family cancel my appointment",
            "cxl my appt",
            "no need anymore thanks",
        )
    ),
    *(
        (ONE, text, TUE, "You have: Home inspection")
        for text in (
            "i thought you cancel my appointment",
            "we're excited so dont cancel my appointment",
            "i had to cancel my gym",
            "my wife says cancel it",
            "i heard your office cancel my appointment",
            "i got an email your company cancel my appointment",
            "it's raining does that cancel my appointment",
            "i hate when companies cancel my appointment",
            "i'm upset you cancel my appointment",
            "i saw the system cancel my appointment",
        )
    ),
)
ANOTHER_TIME: tuple[Row, ...] = (
    *(
        (BOTH, f"{text} / 1 / yes", f"{TREATMENT}, inspection Thu 26 08:00", "Moved: Home inspection")
        for text in (
            "my inspection should be thursday instead",
            "can the inspection be thursday instead?",
            "inspection on thursday instead",
            "i'd rather have the inspection on thursday",
            "can i have the inspection on thursday",
            "inspection works better thursday",
        )
    ),
    (BOTH, "can another inspection be on thursday / 1 / yes", f"{AT_BOTH}, inspection Thu 26 08:00", "Booked"),
    (BOTH, "can the follow up be on thursday / 1 / yes", f"{AT_BOTH}, follow-up Thu 26 08:00", "Booked: Follow-up"),
)
ON_THURSDAY = "inspection Thu 26 08:00"
DAY_GIVEN_UP: tuple[Row, ...] = (
    *(
        (BOTH, f"{text} / thursday / 1 / yes", f"{TREATMENT}, {ON_THURSDAY}", "Moved: Home inspection")
        for text in ("tuesday doesn't work anymore", "tuesday no longer works for me", "Tuesday is bad")
    ),
    (BOTH, "i can't do tuesday / yes", TREATMENT, "Cancelled: Home inspection"),
    (BOTH, "i can't do wednesday / yes", TUE, "Cancelled: Ant treatment"),
    (BOTH, "monday doesn't work", AT_BOTH, "You have:"),
    *((ONE, text, TUE, "Moving Home") for text in ("hi, tuesday is bad for me", "i'm afraid tuesday won't work")),
    *(
        (ONE, f"{text} can you do 3pm / thursday / yes", "inspection Thu 26 15:00", "Moved: Home inspection with Lee")
        for text in ("tuesday no longer works", "tuesday doesn't work")
    ),
    (ONE, "weather on tuesday is bad", TUE, "Sorry, I did not get that."),
)
WITH_SLIPS: tuple[Row, ...] = tuple(
    (ONE, f"{text} / 1 / yes", ON_THURSDAY, "Moved")
    for text in (
        "chnge my appointmnt to thursday",
        "reschdule my apointment to thursday",
        "my appointment to thursday please",
        "can my appointment be thursday",
    )
)
WITH_NAME: tuple[Row, ...] = (
    *(
        (ASKED_NAME, f"{text} / yes", "inspection Tue 24 10:00", "Booked")
        for text in ("Jane Roe, actually make it 10", "Jane Roe actually make it 10am", "Jane Roe and make it 10")
    ),
    (ASKED_NAME, "Jane Roe, actually wednesday / 1 / yes", "inspection Wed 25 08:00", "Booked"),
    (ASKED_NAME, "Jane Roe, actually with lee / yes", TUE, "Booked: Home inspection with Lee"),
    (ASKED_NAME, "Sam Hill but not with dana / yes", f"{TUE} for Sam Hill", "Booked: Home inspection with Lee"),
    (ASKED_NAME, "Sam Hill, with lee please / yes", f"{TUE} for Sam Hill", "Booked: Home inspection with Lee"),
    *(
        (ASKED_NAME, f"{text} / yes", TUE, "Booked: Home inspection with Lee")
        for text in ("Jane Roe and can Lee come instead", "Jane Roe, not dana", "Jane Roe, not with Dana she was rude")
    ),
    (ASKED_NAME, "Jane Roe, not Dana Roe / yes", TUE, "Booked: Home inspection with Dana"),
    (ASKED_NAME, "Jane Roe, make it with lee on wednesday / 1 / yes", "inspection Wed 25 08:00", "inspection with Lee"),
    (ASKED_NAME, "Jane Roe, actually with lee at 10 / yes", "inspection Tue 24 10:00", "Home inspection with Lee"),
    *(
        (ASKED_NAME, f"Jane Roe, {text} / yes", TUE, "Booked: Home inspection with Dana")
        for text in (
            "with Lee my husband",
            "see Lee at the front desk",
            "I live with Lee",
            "actually I'm at 8 Elm",
            "I'm at 8 Elm",
        )
    ),
    (
        ASKED_NAME,
        "actually make it Lee Park / Lee Park / yes",
        f"{TUE} for Lee Park",
        "Booked: Home inspection with Dana",
    ),
    (ASKED_NAME, "Jane Roe, at 10 Tuesday / yes", "inspection Tue 24 10:00", "Booked"),
    (ASKED_NAME, "Lee Dana / yes", f"{TUE} for Lee Dana", "Booked: Home inspection with Dana"),
    (ASKED_NAME, "Actually it's April Monday / yes", f"{TUE} for April Monday", "Booked"),
    (ASKED, "wrong name / John Smith / yes", f"{TUE} for John Smith", "Booked"),
    (ASKED, "the name should be John Smith / yes", f"{TUE} for John Smith", "Booked"),
    (ASKED, "it's Jane Rowe not Roe / yes", f"{TUE} for Jane Rowe", "Booked"),
    (ASKED, "it's Monday Morning", "", "Mon Nov 23: 1)"),
)
ABROAD: tuple[Row, ...] = (
    (ASKED, "sí pero a las diez / sí", "inspection Tue 24 10:00", "Booked"),
    (OFFERED, "a las nueve / Juan Perez / si", f"{TUE} for Juan Perez", "Booked"),
    (NOTHING, "inspeccion el martes a las diez y media", "", "Tue Nov 24 at 10:30 AM."),
    (OFFERED, "a las ocho y media / Juan Perez / si", "inspection Tue 24 08:30 for Juan Perez", "Booked"),
    (OFFERED, "a las diez menos cuarto", "", "That time is not open. The nearest: Tue Nov 24: 1) 9:00 AM"),
    (OFFERED, "a las nueve y cuarto", "", "That time is not open. The nearest: Tue Nov 24: 1) 8:30 AM"),
    *(
        (OFFERED, text, "", "Tue Nov 24: 1) 10:00 AM Dana 2) 11:00 AM Dana.")
        for text in ("a las diez o las once", "a las diez o a las once")
    ),
    (OFFERED, "a las diez menos diez", "", "Tue Nov 24: 1) 8:00 AM"),
    (ONE, "ya no lo quiero el martes, mejor el jueves", TUE, "Thu Nov 26: 1)"),
    (ONE, "ya no la necesito / si", "", "Cancelled"),
    *((ASKED, text, TUE, "Booked") for text in ("ja bitte", "oui merci", "d'accord")),
    *((ASKED, text, "", "Which other day suits you?") for text in ("nein danke", "non merci")),
)
ABROAD += (
    (ONE, "no cancele mi cita por favor", TUE, "You have: Home inspection"),
    (ONE, "no, cancele mi cita / si", "", "Cancelled"),
    (ONE, "ne pas annuler svp", TUE, "You have: Home inspection"),
    (ONE, "je ne veux pas annuler mon rendez-vous", TUE, "You have: Home inspection"),
    (ONE, "je voudrais annuler mon rendez-vous / oui", "", "Cancelled"),
    (ONE, "je veux déplacer mon rendez-vous", TUE, "Moving Home inspection"),
    (ONE, "Ich möchte meinen Termin absagen / ja", "", "Cancelled"),
    (ONE, "Ich möchte meinen Termin nicht absagen", TUE, "Sorry, I only read English."),
    (ONE, "kann ich meinen Termin verschieben?", TUE, "Moving Home inspection"),
    *((ONE, text, TUE, "You're welcome!") for text in ("danke", "merci beaucoup")),
    (OFFERED, "numero 2", "", "Tue Nov 24 at 8:30 AM."),
)
WHICH_FRIDAY = "Which day do you mean? 1) Fri Nov 20 2) Fri Nov 27."
OF_TWO: tuple[Row, ...] = (
    (BOTH, "move wednesday to friday at 10", AT_BOTH, WHICH_FRIDAY),
    (
        BOTH,
        "move tuesday and wednesday to thursday at 9 and monday at 9 / yes / yes",
        "treatment Mon 23 09:00, inspection Thu 26 09:00",
        "Moved: Ant treatment",
    ),
    (BOTH, "move tuesday and wednesday to thursday and friday / 1 / yes", f"{TREATMENT}, {ON_THURSDAY}", WHICH_FRIDAY),
    (
        BOTH,
        "my tuesday and wednesday visits to thursday / 1 / yes / 1 / yes",
        f"{ON_THURSDAY}, treatment Thu 26 08:00",
        "Moved: Ant treatment",
    ),
    (
        BOTH,
        "do the ants on tuesday and the inspection on wednesday instead / 1 / yes / 1 / yes",
        "treatment Tue 24 08:00, inspection Wed 25 08:00",
        "Moved: Home inspection",
    ),
    (
        TWO_INSPECTIONS,
        "move both visits an hour later / yes / yes",
        "inspection Tue 24 10:00, inspection Wed 25 11:00",
        "Moved",
    ),
    *(
        (TWO_INSPECTIONS, f"{text} / yes / yes", "inspection Tue 24 11:00, inspection Wed 25 11:00", "Moved")
        for text in ("both at 11 instead", "move both to 11am")
    ),
    *(
        (TWO_INSPECTIONS, f"{text} / yes", f"{TUE}, inspection Wed 25 09:00", "Moved: Home inspection with Lee")
        for text in ("both at 9 instead", "move both to 9am")
    ),
    (
        TWO_INSPECTIONS,
        "move both to 9 or 10 / 1 / yes / thursday at 9 / yes",
        "inspection Mon 23 09:00, inspection Thu 26 09:00",
        "Moved: Home inspection with Lee",
    ),
    (
        TWO_INSPECTIONS,
        "move both to the afternoon / 1 / yes / 1 / yes",
        "inspection Tue 24 13:00, inspection Wed 25 13:00",
        "Moved",
    ),
    (
        TWO_INSPECTIONS,
        "both 1 day later / yes / yes",
        "inspection Wed 25 09:00, inspection Thu 26 10:00",
        "Moved",
    ),
    (
        THREE,
        "push everything back a week / yes / yes / yes",
        "inspection Tue 1 09:00, treatment Wed 2 10:00, follow-up Tue 8 09:00",
        "Moved: Home inspection",
    ),
    (ONE, "switch the day and time please", TUE, "Moving Home inspection"),
    (BOTH, "swap tuesday and wednesday", AT_BOTH, "Which one?"),
    *(
        (
            NOTHING,
            f"{text} the inspection on tuesday and the ants on wednesday instead / 1 / Jane Roe / yes / 1 / yes",
            "inspection Tue 24 08:00, treatment Wed 25 08:00",
            "Booked: Ant treatment",
        )
        for text in ("do", "can you please do", "i'd like to have")
    ),
    *(
        (BOTH, text, AT_BOTH, "Thu Nov 26: 1)")
        for text in ("can i swap tuesday and thursday", "swap tue and thu please")
    ),
)
BESIDE: tuple[Row, ...] = (
    (OFFERED, "2, also do you do ants?", "", "We offer: Ant treatment.\nTue Nov 24 at 8:30 AM."),
    (OFFERED, "2, also do you do ants? / Jane Roe / yes", "inspection Tue 24 08:30", "my appointment"),
    (ASKED_NAME, "Jane Roe, do you do ants too? / yes", TUE, "my appointment"),
    (ASKED, "yes, do you do ants too?", TUE, "Booked: Home inspection"),
    (ASKED, "yes and do you do ants on thursday?", TUE, "Ant treatment: Thu Nov 26: 1)"),
    *((ASKED, text, "", "OK, nothing was booked.") for text in ("don't book it", "no don't book it, thanks")),
    (ONE, "don't book it", TUE, "You have: Home inspection"),
    (ASKED, "don't book it, tuesday doesn't work", "", "Which other day suits you?"),
    (ASKED, "don't book it, book wednesday at 10 instead / yes", WED, "Booked: Home inspection"),
    *((ONE, text, TUE, "You have: Home inspection") for text in ("never mind, keep it", "keep my appointment please")),
)
OF_ONE_NAMED: tuple[Row, ...] = (
    *(
        (BOTH, f"reschedule / {text} / thursday / 1 / yes", f"{TREATMENT}, {ON_THURSDAY}", "Moved: Home inspection")
        for text in (
            "inspection",
            "no, the inspection",
            "no, i meant the inspection",
            "thursday / i meant the inspection",
        )
    ),
    (BOTH, "move the inspection to thursday / the ants too / 1 / yes", f"{TREATMENT}, {ON_THURSDAY}", "Moved: Home"),
    (
        BOTH,
        "reschedule / both to thursday / 1 / yes / 1 / yes",
        f"{ON_THURSDAY}, treatment Thu 26 08:00",
        "Moved: Ant treatment",
    ),
    *(
        (
            BOTH,
            f"move the inspection / {text} / wednesday / 1 / yes",
            f"inspection Wed 25 08:00, {TREATMENT}",
            "Moved: Home",
        )
        for text in (
            "thursday / before the ants",
            "same day as the ants",
            "ants are fine",
            "the ants are ok",
            "the ant treatment stays",
        )
    ),
    (
        BOTH,
        "reschedule / everything after 3 on thursday / 1 / yes",
        f"{TUE}, treatment Thu 26 15:00",
        "Moved: Ant treatment",
    ),
    (
        BOTH,
        "move the inspection / both mornings work / 1 / yes",
        f"inspection Tue 24 08:00, {TREATMENT}",
        "Moved: Home",
    ),
    (BOTH, "move the inspection / both days work", AT_BOTH, "Which day suits you?"),
    (BOTH, "reschedule / both of them please", AT_BOTH, "so this first: Moving Home inspection"),
    (THREE, "tuesday doesn't work", f"{AT_BOTH}, follow-up Tue 1 09:00", "Which one?"),
    (BOTH, "reschedule / ants / thursday / 1 / yes", f"{TUE}, treatment Thu 26 08:00", "Moved: Ant treatment"),
    (BOTH, "can dana do the ants / yes", AT_BOTH, "Moved: Ant treatment with Dana"),
    (BOTH, "i want lee for the inspection / yes", AT_BOTH, "Moved: Home inspection with Lee"),
    (BOTH, "can lee do the inspection on thursday / 1 / yes", f"{TREATMENT}, {ON_THURSDAY}", "Moved: Home inspection"),
    (BOTH, "i want dana for the inspection", AT_BOTH, "You have: Home inspection"),
    (BOTH, "can lee do another inspection", AT_BOTH, "Which day suits you?"),
    (ONE, "can lee do the ants", TUE, "Which day suits you?"),
    *((BOTH, text, AT_BOTH, "You have: Home inspection") for text in ("only need the inspection", "just do the ants")),
    (ONE, "only need the inspection", TUE, "You have: Home inspection"),
    (ONE, "i just need the ants done", TUE, "Which day suits you?"),
    *(
        (BOTH, f"{text} / yes", TREATMENT, "Cancelled: Home inspection")
        for text in ("forget the inspection", "skip the inspection please", "skip tuesday", "forget about tuesday")
    ),
    *(
        (BOTH, text, AT_BOTH, "Cancel Ant treatment")
        for text in ("cancel the ants, see you tuesday", "cancel the ants, tuesday is still on")
    ),
    (BOTH, "cancel the inspection, wednesday is still on", AT_BOTH, "Cancel Home inspection"),
    (BOTH, "skip the ants, see you tuesday / yes", TUE, "Cancelled: Ant treatment"),
    *(
        (BOTH, f"{text} / yes", TUE, "Cancelled: Ant treatment")
        for text in (
            "forget the ants, inspection only",
            "skip the ants, just do the inspection",
            "cancel the ants, just the inspection",
            "ok let's skip the ants please",
        )
    ),
    *(
        (BOTH, text, AT_BOTH, "Cancel Home inspection")
        for text in ("cancel the tuesday visit, just the inspection", "cancel tuesday, inspection only")
    ),
    *((ONE, text, TUE, "You have: Home inspection") for text in ("skip the ants", "don't need the ant guy")),
    *((ONE, text, TUE, "You have:") for text in ("don't let me forget tuesday", "i will forget tuesday")),
    (
        BOTH,
        "skip the inspection, do the follow up tuesday at 9 instead / yes / yes",
        f"follow-up Tue 24 09:00, {TREATMENT}",
        "Booked: Follow-up visit",
    ),
    (BOTH, "cancel my inspection, the inspection on tuesday at 9 / yes", TREATMENT, "Cancelled: Home inspection"),
    (BOTH, "dont forget tuesday", AT_BOTH, "You have:"),
)
ONE_MORE: tuple[Row, ...] = (
    *(
        (ONE, f"{text} / 1 / yes", f"{TUE}, {ON_THURSDAY}", "Booked: Home inspection")
        for text in (
            "i want another inspection on thursday",
            "can i get another inspection thursday",
            "second inspection on thursday please",
            "quiero otra inspección el jueves",
        )
    ),
    *(
        (ONE, f"{text} / 1 / yes", ON_THURSDAY, "Moved: Home inspection")
        for text in ("another time for my inspection, thursday", "another day for the inspection is better, thursday")
    ),
    (TWO_INSPECTIONS, "my second inspection should be thursday", f"{TUE}, {WED}", "Which one?"),
)
TABLES = (
    WITHOUT_STOP,
    ANOTHER_TIME,
    DAY_GIVEN_UP,
    WITH_SLIPS,
    WITH_NAME,
    ABROAD,
    OF_TWO,
    BESIDE,
    OF_ONE_NAMED,
    ONE_MORE,
)


@pytest.mark.parametrize("row", [row for rows in TABLES for row in rows], ids=lambda row: row[1].split(" / ")[0])
async def test_is_read_as_it_is_meant(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


async def test_nothing_is_apologized_for_where_a_visit_stays(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        assert "Sorry" not in await played(customer, ONE, "never mind, keep it")


@pytest.mark.parametrize(
    "text", ["swap them", "swap the inspection and the ants", "can you switch the two appointments around"]
)
async def test_two_visits_that_change_places_are_for_a_person(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (BOTH, text, AT_BOTH, "Someone will call you back"), ("callback",))


@pytest.mark.parametrize(
    "text",
    [
        "please remind me or i'll forget the inspection",
        "please don't let your guy forget the inspection",
        "did Dana forget my inspection",
        "don't forget the inspection",
    ],
)
async def test_what_is_said_of_a_visit_that_may_be_forgotten_is_for_a_person(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (BOTH, text, AT_BOTH, "person"), ("callback",))


@pytest.mark.parametrize("text", ["did you guys forget the inspection?", "did they forget the inspection?"])
async def test_a_visit_that_may_have_been_forgotten_is_for_a_person(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "That is one for a person."), ("callback",))


@pytest.mark.parametrize("text", ["what if tuesday doesn't work", "is it ok if tuesday doesn't work"])
async def test_what_would_be_if_a_day_did_not_suit_is_for_a_person(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "Someone will call you back"), ("callback",))

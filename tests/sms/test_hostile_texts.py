"""What customers text who do not think of a machine: in their own order of words, of two things at once, too late."""

import pytest

from tests.sms.conversing import phone
from tests.sms.scenes import (
    ASKED,
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

BOTH = f"{TUE}, {TREATMENT}"
STANDS: tuple[Row, ...] = tuple(
    (ONE, text, TUE, "You have: Home inspection")
    for text in (
        "what did I book?",
        "so what have I booked with you",
        "what time was I supposed to be home again",
        "when are you supposed to come?",
    )
)
MOVED: tuple[Row, ...] = (
    (ONE, "can my appointment be moved", TUE, "Moving Home inspection"),
    (ONE, "could the visit be changed please", TUE, "Moving Home inspection"),
    (ONE, "I need it moved to thursday at 10 / yes", "inspection Thu 26 10:00", "Moved"),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / 1 / yes", f"treatment Tue 24 08:00, {TUE}", "Moved: Ant treatment")
        for text in ("merge both into tuesday", "move them both to tuesday")
    ),
    *(
        (ONE, f"cancel my appointment / yes / {text} / yes", "inspection Thu 26 09:00", "Booked")
        for text in ("sorry I meant move it to thursday at 9", "oh no, can you move it to thursday at 9")
    ),
    (TWO_INSPECTIONS, "earlier one 30 min later pls / yes", f"inspection Tue 24 09:30, {WED}", "Moved"),
    (TWO_INSPECTIONS, "later one to friday 27 at 9 / yes", f"{TUE}, inspection Fri 27 09:00", "Moved"),
    (
        TWO_INSPECTIONS,
        "the first one is fine, move the second to friday 27 at 9 / yes",
        f"{TUE}, inspection Fri 27 09:00",
        "Moved",
    ),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / yes / move it to thursday at 9", TREATMENT, ""),
)
CANCELLED: tuple[Row, ...] = (
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes", TUE, "Cancelled: Ant treatment")
        for text in ("wednesday cancel", "everything wednesday cancel", "cancel everything on wednesday please")
    ),
    (INSPECTION_AND_TREATMENT, "tuesday inspection cancel please / yes", TREATMENT, "Cancelled: Home inspection"),
    (INSPECTION_AND_TREATMENT, "cancel everything / yes / yes", "", "Cancelled: Ant treatment"),
    (TWO_INSPECTIONS, "the second one, cancel / yes", TUE, "Cancelled"),
    (ONE, "did dana cancel", TUE, ""),
    (ONE, "dana cancel?", TUE, "You have"),
)
INSTEAD: tuple[Row, ...] = (
    (ONE, "swap the inspection for an ant treatment / yes / yes", "treatment Tue 24 09:00", "Cancelled"),
    (ONE, "trade my inspection for an ant treatment", TUE, "First the new visit"),
    (ONE, "switch the inspection for the afternoon", TUE, ""),
)
BOOKED: tuple[Row, ...] = (
    *(
        (ONE, f"{text} / yes", f"{TUE}, inspection Tue 1 09:00", "Booked")
        for text in ("same time again next week", "can I get the same time again next week as well?")
    ),
    (NOTHING, "I need an inspection and an ant treatment tuesday morning", "", "so this first: Tue Nov 24: 1) 8:00 AM"),
    (ASKED, "not yet / yes", TUE, "Booked"),
    (ASKED, "not yet", "", "take your time"),
)
FOR_A_PERSON = (
    "tell dana to bring a ladder",
    "please have Dana knock, don't ring",
    "running 10 min behind sorry!!",
    "I have to leave by 9:30 so please be on time",
    "I can only be home until 10",
    "I won't be home but my son will be",
    "I won't be home tuesday but my wife can let you in",
)


@pytest.mark.parametrize("row", [*STANDS, *MOVED, *CANCELLED, *INSTEAD, *BOOKED], ids=lambda row: row[1])
async def test_what_is_wished_is_done_and_nothing_else(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("text", FOR_A_PERSON)
async def test_what_whoever_comes_has_to_know_reaches_a_person(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "goes to a person"), ("callback",))


async def test_who_asks_which_visit_is_with_whom_moves_none(sqlite_url: str) -> None:
    asked = "which one is with lee"
    await hold(sqlite_url, (INSPECTION_AND_TREATMENT, asked, BOTH, "That is one for a person."), ("callback",))


async def test_who_sends_a_picture_with_words_in_the_middle_of_a_booking_hears_that_nobody_sees_it(
    sqlite_url: str,
) -> None:
    async with phone(sqlite_url) as customer:
        *_, asked = ASKED
        await played(customer, ASKED[:-1], asked)
        [said] = await customer.send("this is what I found in the basement", media=1)
        assert said.startswith("I can't look at pictures here. Reply PERSON")
        assert "Reply YES to book it" in said
        assert await standing(customer) == ""


STILL_A_WISH = (
    (ONE, "have Lee come instead", TUE, "Move your visit"),
    (ONE, "have Dana do an ant treatment thursday at 10", TUE, "Ant treatment with Dana, Thu Nov 26"),
    (ONE, "ask Dana to come Friday", TUE, "Which day do you mean?"),
    (ONE, "move it to tuesday afternoon / actually wednesday", TUE, "Reply 1 to 3"),
    (ONE, "I can't make it so someone else can have my spot", TUE, "Reply YES to cancel it"),
    (ONE, "can't make it but my wife will call you", TUE, "Reply YES to cancel it"),
    (ONE, "I can only be home after 2", TUE, "2:00 PM"),
    (ASKED, "not next day", "", "Which other day suits you?"),
    (ASKED, "next day is bad", "", "Reply YES to book it"),
    (ASKED, "next day", "", "Wed Nov 25 at 9:00 AM"),
    (OFFERED, "1 / Jane Roe / yes, #2", "", "8:30 AM"),
    (ONE, "cancel my appointment / yes / can I move my couch", "", "I find no upcoming appointment"),
)


@pytest.mark.parametrize("row", STILL_A_WISH, ids=lambda row: row[1])
async def test_a_wish_that_looks_like_news_is_one(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)

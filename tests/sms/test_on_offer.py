"""Whether there is another service, asked on the way to a visit: answered, and nothing is begun or forgotten by it."""

import pytest

from tests.sms.scenes import ASKED, ASKED_NAME, NOTHING, OFFERED, ONE, TUE, Row, hold

OFFER = "We offer: Ant treatment. Tue Nov 24: 1) 8:00 AM Dana"
FIRST = "One at a time, please, so this first:"
ROWS: tuple[Row, ...] = (
    *(
        (OFFERED, text, "", OFFER)
        for text in ("also do you do ants", "do you do ants?", "and do you guys treat ants too?", "Do you also do ants")
    ),
    (OFFERED, "do you do ants? / 3 / Jane Roe / yes", TUE, "Booked: Home inspection"),
    (ASKED, "also do you do ants", "", "We offer: Ant treatment. Home inspection with Dana, Tue Nov 24 at 9:00 AM"),
    (ASKED, "also do you do ants / yes", TUE, "Booked: Home inspection"),
    (ASKED_NAME, "also do you do ants / Jane Roe / yes", TUE, "Booked: Home inspection"),
    *((ASKED, text, TUE, "Booked: Home inspection") for text in ("yes do you do ants?", "yes, also do you do ants?")),
    # No clear yes beside it, or another wish: nothing is booked or moved upon it.
    *((ASKED, text, "", "Tue Nov 24: 1)") for text in ("yes but do you do ants instead?", "yes but do you do ants?")),
    *((ASKED, text, "", "Tue Nov 24: 1)") for text in ("ok do you do ants", "yes? do you do ants")),
    (ONE, "move my appointment to thursday at 9 / yes but do you do ants instead?", TUE, "Move your visit from"),
    (OFFERED, "do you do ants instead?", "", "Tue Nov 24: 1) 8:00 AM Dana"),
    # Wishes, and no questions of that kind.
    (OFFERED, "do you do ants tuesday at 10", "", "Tue Nov 24 at 10:00 AM. What is your full name?"),
    (OFFERED, "and ants on thursday at 9", "", FIRST),
    (OFFERED, "also can you do ants", "", FIRST),
    (NOTHING, "do you do ants", "", "Which day suits you?"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
async def test_whether_there_is_another_service_is_answered(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("text", ["right, do you do ants?", "good, do you do ants?", "yes. But do you do ants?"])
async def test_what_only_sounds_like_a_yes_books_nothing(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (ASKED, text, "", "Reply YES to book it"), ("callback",))


async def test_what_is_no_service_here_is_for_a_person(sqlite_url: str) -> None:
    await hold(sqlite_url, (OFFERED, "do you also treat termites", "", "That is one for a person."), ("callback",))

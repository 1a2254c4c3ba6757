"""What only sounds like a yes, a move or a wish, and what puts an answer right."""

import pytest

from tests.sms.conversing import Story, play
from tests.sms.hard_stories import CONFIRM
from tests.sms.stories import BOOK

INSPECTION = "inspection 2026-11-24 09:00 Jane Roe"
TWO = f"""{BOOK}
> ant treatment wednesday at 9
> yes
"""

OTHER_HOUR = tuple(
    Story(
        f"another hour: {text}",
        f"""{CONFIRM}
        > {text}
        < Home inspection with Dana, Tue Nov 24 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        """,
        ("inspection 2026-11-24 10:00 Jane Roe confirmed",),
    )
    for text in (
        "yes but can we do 10 instead",
        "can we do 10 instead",
        "10 instead?",
        "could it be 10 instead please?",
    )
)
QUESTION_FIRST = tuple(
    Story(
        f"a yes that hangs on a question: {text}",
        f"""{CONFIRM}
        > {text}
        < That is one for a person.
        < Reply YES to book it
        = Booked
        """,
        (),
        ("callback",),
    )
    for text in ("sure, but is Dana insured?", "ok but who is Dana?")
)
BY_THEMSELVES = tuple(
    Story(
        f"cancelled, and booked again by themselves later: {text}",
        f"""{BOOK}
        > {text}
        < Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES
        > yes
        """,
        (f"{INSPECTION} cancelled",),
    )
    for text in ("please cancel, my wife Ann will rebook next week", "cancel, i'll call to rebook")
)
NO_SHOW = tuple(
    Story(
        f"a visit that did not take place: {text}",
        f"{BOOK}\n> {text}\n< Someone will call you back by",
        (f"{INSPECTION} confirmed",),
        ("callback",),
    )
    for text in ("nobody showed up!!!", "no one came on thursday at 9", "the guy never showed up")
)
OTHERS = (
    Story(
        "the other visit was meant",
        f"""{TWO}
        > cancel tuesday's
        < Cancel Home inspection
        > no sorry i meant wednesday's
        < Cancel Ant treatment with Lee, Wed Nov 25 at 9:00 AM? Reply YES
        > yes
        """,
        (f"{INSPECTION} confirmed", "treatment 2026-11-25 09:00 Jane Roe cancelled"),
    ),
    Story(
        "a name that is spelled out",
        f"""{CONFIRM}
        > yes. name is spelled Jayne Roe
        < for Jayne Roe. Reply YES
        """,
    ),
)


@pytest.mark.parametrize(
    "story", [*OTHER_HOUR, *QUESTION_FIRST, *BY_THEMSELVES, *NO_SHOW, *OTHERS], ids=lambda story: story.name
)
async def test_stories(sqlite_url: str, story: Story) -> None:
    await play(story, sqlite_url)

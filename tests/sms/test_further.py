"""A further wish beside an answer, and several visits named at once: nothing is replaced or dropped without a word."""

import pytest

from tests.sms.conversing import Story, play
from tests.sms.hard_stories import CONFIRM
from tests.sms.stories import BOOK

INSPECTION = "inspection 2026-11-24 09:00 Jane Roe"
TREATMENT = "treatment 2026-11-25 09:00 Jane Roe"
TWO = f"""{BOOK}
> ant treatment wednesday at 9
> yes
"""
THREE = f"""{TWO}
> follow-up visit on friday the 27th at 9
> yes
"""
FOLLOW_UP = "follow-up 2026-11-27 09:00 Jane Roe"

YES_AND_ANOTHER_SERVICE = tuple(
    Story(
        f"a yes, and another service: {text}",
        f"""{CONFIRM}
        > {text}
        < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        < Ant treatment: Which day suits you?
        > wednesday 9
        < Ant treatment with Lee, Wed Nov 25 at 9:00 AM, for Jane Roe. Reply YES
        > yes
        """,
        (f"{INSPECTION} confirmed", f"{TREATMENT} confirmed"),
    )
    for text in (
        "yes and i also want ant treatment",
        "yes plus the ants",
        "yes and please also the treatment",
        "yes and treat the ants too please",
        "yes, also the ant treatment",
        "perfect\\nand i also need the ants done",
        "perfect. while you're there can you treat the ants too",
        "yes. also ant treatment please",
        "Yes please, tuesday at 9, and also ants",
        "yes and one more thing, can you also treat the ants",
    )
)
OTHER_SERVICES = (
    Story(
        "a yes, and a visit at a time said from this one's",
        f"""{CONFIRM}
        > yes and a follow-up two weeks later
        < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        < Follow-up visit: Which day suits you?
        """,
        (f"{INSPECTION} confirmed",),
    ),
    Story(
        "a yes to a move, and another service",
        f"""{BOOK}
        > move it to thursday at 10
        > yes and add a follow-up visit the week after
        < Moved: Home inspection with Lee, Thu Nov 26 at 10:00 AM
        < Follow-up visit: Which day suits you?
        """,
        ("inspection 2026-11-26 10:00 Jane Roe confirmed",),
    ),
    Story(
        "a name, and another service",
        """
        > inspection tuesday at 9
        > Jane Roe and I also need the ants treated
        < One at a time, please, so this first: Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe
        > yes
        < Booked: Home inspection
        < Ant treatment: Which day suits you?
        """,
        (f"{INSPECTION} confirmed",),
    ),
    Story(
        "a yes that is for another service is none",
        f"""{CONFIRM}
        > yes but i actually need the ant treatment not inspection
        = Booked
        """,
    ),
    Story(
        "a yes to a move, and everything else is to go where there is nothing else",
        f"""{BOOK}
        > move my inspection to thursday at 10
        > yes and cancel everything else
        < Moved: Home inspection with Lee, Thu Nov 26 at 10:00 AM
        < I find no other upcoming appointment
        > yes
        """,
        ("inspection 2026-11-26 10:00 Jane Roe confirmed",),
    ),
)
YES_AND_ANOTHER_CANCELLED = tuple(
    Story(
        f"a yes, and another visit is cancelled, too: {text}",
        f"""{TWO}
        > cancel the inspection
        < Cancel Home inspection
        > {text}
        < Cancelled: Home inspection
        < Cancel Ant treatment with Lee, Wed Nov 25 at 9:00 AM? Reply YES
        > yes
        < Cancelled: Ant treatment
        """,
        (f"{INSPECTION} cancelled", f"{TREATMENT} cancelled"),
    )
    for text in (
        "yes, and cancel wednesday",
        "yes and the other one",
        "yes, then cancel the treatment",
        "yes and the treatment too",
        "yes both please",
        "yes, and the treatment",
        "yes. Cancel the treatment as well please",
        "yes\\nand wednesday",
    )
)
SEVERAL_CANCELLED = tuple(
    Story(
        f"several are cancelled: {text}",
        f"""{TWO}
        > {text}
        < One at a time, please, so this first: Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES
        > yes
        < Cancelled: Home inspection
        < Cancel Ant treatment with Lee, Wed Nov 25 at 9:00 AM? Reply YES
        > no
        < I left your appointment as it is
        """,
        (f"{INSPECTION} cancelled", f"{TREATMENT} confirmed"),
    )
    for text in (
        "cancel both",
        "cancel all my appointments please",
        "I need to cancel everything we are moving away",
        "cancel the inspection and the treatment",
        "cancel tuesday and wednesday",
        "cancel tuesday and cancel wednesday",
    )
)
MORE = (
    Story(
        "both, when asked which",
        f"""{TWO}
        > cancel one of my visits
        < Which one?
        > both of them
        < One at a time, please, so this first: Cancel Home inspection
        > yes
        < Cancel Ant treatment
        > yes
        """,
        (f"{INSPECTION} cancelled", f"{TREATMENT} cancelled"),
    ),
    Story(
        "all but one are cancelled",
        f"""{THREE}
        > cancel everything but the treatment
        < One at a time, please, so this first: Cancel Home inspection
        > yes
        < Cancel Follow-up visit
        > yes
        """,
        (f"{INSPECTION} cancelled", f"{TREATMENT} confirmed", f"{FOLLOW_UP} cancelled"),
    ),
    Story(
        "two of three are cancelled",
        f"""{THREE}
        > cancel the inspection and the follow-up
        < One at a time, please, so this first: Cancel Home inspection
        > yes
        < Cancel Follow-up visit
        > yes
        """,
        (f"{INSPECTION} cancelled", f"{TREATMENT} confirmed", f"{FOLLOW_UP} cancelled"),
    ),
    Story(
        "one of two is asked for again",
        f"""{TWO}
        > cancel tuesday or wednesday
        < Which one?
        """,
        (f"{INSPECTION} confirmed", f"{TREATMENT} confirmed"),
    ),
    Story(
        "both of somebody else",
        f"""{TWO}
        > cancel my visit on tuesday, we are both sick
        < Cancel Home inspection
        = One at a time
        """,
        (f"{INSPECTION} confirmed", f"{TREATMENT} confirmed"),
    ),
    Story(
        "both are moved",
        f"""{TWO}
        > move both to next week
        < One at a time, please, so this first: Mon Nov 23
        > monday 9
        > yes
        < Moved: Home inspection with Dana, Mon Nov 23 at 9:00 AM
        < Moving Ant treatment with Lee, Wed Nov 25 at 9:00 AM. Which day
        > monday 10
        > yes
        """,
        ("inspection 2026-11-23 09:00 Jane Roe confirmed", "treatment 2026-11-23 10:00 Jane Roe confirmed"),
    ),
    Story(
        "one visit is moved to the day of another",
        f"""{TWO}
        > move my inspection to wednesday
        < Wed Nov 25: 1)
        """,
        (f"{INSPECTION} confirmed", f"{TREATMENT} confirmed"),
    ),
)


@pytest.mark.parametrize(
    "story",
    [*YES_AND_ANOTHER_SERVICE, *OTHER_SERVICES, *YES_AND_ANOTHER_CANCELLED, *SEVERAL_CANCELLED, *MORE],
    ids=lambda story: story.name,
)
async def test_stories(sqlite_url: str, story: Story) -> None:
    await play(story, sqlite_url)

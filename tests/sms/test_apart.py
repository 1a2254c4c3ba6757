"""Several wishes in the words that open a matter: each is seen to, in an order that gives nothing up too early."""

import pytest

from tests.sms.conversing import Story, play
from tests.sms.stories import BOOK

INSPECTION = "inspection 2026-11-24 09:00 Jane Roe"
ANTS = "treatment 2026-11-25 10:00 Jane Roe confirmed"
THURSDAY = "treatment 2026-11-26 10:00 Jane Roe confirmed"
CANCEL = "< Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES"

TWO_SERVICES = tuple(
    Story(
        f"two services: {text}",
        f"""
        > {text}
        < One at a time, please, so this first: Tue Nov 24 at 9:00 AM. What is your full name?
        > Jane Roe
        < Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe
        > yes
        < Booked: Home inspection
        < Ant treatment with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        """,
        (f"{INSPECTION} confirmed", ANTS),
    )
    for text in (
        "inspection tuesday at 9\n+ and ants wednesday at 10",
        "inspection tuesday at 9 and ants wednesday at 10",
        "book an inspection tuesday at 9, then ants wednesday at 10",
        "I want an inspection tuesday at 9 and I want ants treated wednesday at 10",
    )
)
BOOKINGS = (
    Story(
        "a second service without a time",
        """
        > need an inspection tuesday at 9. also ants.
        > Jane Roe
        > yes
        < Booked: Home inspection
        < Ant treatment: Which day suits you?
        """,
        (f"{INSPECTION} confirmed",),
    ),
    Story(
        "three services",
        """
        > inspection tuesday at 9, ants wednesday at 10, follow-up friday the 27th at 10
        > Jane Roe
        > yes
        < Ant treatment with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        < Follow-up visit with Dana, Fri Nov 27 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        """,
        (f"{INSPECTION} confirmed", ANTS, "follow-up 2026-11-27 10:00 Jane Roe confirmed"),
    ),
    Story(
        "what the visit is for is no second one",
        """
        > i need an inspection for ants tuesday at 9
        < Tue Nov 24 at 9:00 AM. What is your full name?
        = One at a time
        """,
    ),
)
BESIDE_A_MOVE = tuple(
    Story(
        f"a wish beside a move: {text}",
        f"""{BOOK}
        > {text}
        < One at a time, please, so this first: Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection
        > yes
        < Moved: Home inspection with Lee, Wed Nov 25 at 10:00 AM
        < {then}
        """,
        ("inspection 2026-11-25 10:00 Jane Roe confirmed",),
    )
    for text, then in (
        ("move my inspection to wednesday at 10 and i need a follow-up visit too", "Follow-up visit: Which day"),
        ("move my inspection to wednesday at 10 and i also need ants treated", "Ant treatment: Which day"),
        (
            "move my inspection to wednesday at 10, plus ant treatment monday at 10",
            "Ant treatment with Dana, Mon",
        ),
        (
            "move my visit to wednesday at 10, and i need a second inspection thursday at 10",
            "Home inspection with Dana, Thu",
        ),
        (
            "move my visit to wednesday at 10. I also want an ant treatment on thursday at 10.",
            "Ant treatment with Dana, Thu",
        ),
    )
)
BESIDE_A_CANCELLATION = tuple(
    Story(
        f"a wish beside a cancellation: {text}",
        f"""{BOOK}
        > {text}
        {CANCEL}
        > yes
        < Cancelled: Home inspection
        < {then}
        """,
        (f"{INSPECTION} cancelled",),
    )
    for text, then in (
        ("cancel my inspection. i also need ants treated thursday", "Thu Nov 26: 1)"),
        ("cancel my inspection. do you have anything for ants on thursday?", "Thu Nov 26: 1)"),
        ("cancel my visit. I need ant treatment instead", "Which day suits you?"),
        ("cancel my inspection and when could you do ants?", "Which day suits you?"),
    )
)
THE_NEW_ONE_FIRST = tuple(
    Story(
        f"the new one first: {text}",
        f"""{BOOK}
        > {text}
        < One at a time, please, so this first: Ant treatment with Lee, Thu Nov 26 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked: Ant treatment
        {CANCEL}
        > yes
        """,
        (f"{INSPECTION} cancelled", THURSDAY),
    )
    for text in (
        "book ants for thursday at 10 and cancel the inspection",
        "if you have thursday 10am for ant treatment book that and cancel the inspection",
        "cancel my inspection only if you can do ants thursday at 10",
        "cancel my inspection, but only if there is ant treatment thursday at 10",
    )
)
OF_THREE = tuple(
    Story(
        f"none of three is dropped: {text}",
        f"""{BOOK}
        > {text}
        < One at a time, please, so this first: {first}
        > yes
        < {done}
        < {second}
        > yes
        < Booked:
        < {third}
        > yes
        """,
        (f"{INSPECTION} cancelled", "treatment 2026-11-25 10:00 Jane Roe confirmed", *booked),
    )
    for text, first, done, second, third, booked in (
        (
            "cancel tuesday, book ant treatment wednesday at 10 and an inspection thursday at 9",
            "Cancel Home inspection",
            "Cancelled: Home inspection",
            "Ant treatment with Dana, Wed",
            "Home inspection with Lee, Thu",
            ("inspection 2026-11-26 09:00 Jane Roe confirmed",),
        ),
        (
            "book ant treatment wednesday at 10 and another inspection thursday at 9 and cancel tuesday",
            "Ant treatment with Lee, Wed",
            "Booked: Ant treatment",
            "Home inspection with Dana, Thu",
            "Cancel Home inspection",
            ("inspection 2026-11-26 09:00 Jane Roe confirmed",),
        ),
    )
)
OTHERS = (
    Story(
        "nothing is cancelled for what is not open",
        f"""{BOOK}
        > book ant treatment for sunday 10am and cancel the inspection
        < One at a time, please, so this first: There is nothing free on Sunday
        """,
        (f"{INSPECTION} confirmed",),
    ),
    Story(
        "what a cancellation hangs on is for a person",
        f"""{BOOK}
        > cancel my inspection if dana can't come before 9
        < Someone will call you back
        """,
        (f"{INSPECTION} confirmed",),
        ("callback",),
    ),
    Story(
        "two cancellations in two texts",
        f"""{BOOK}
        > ant treatment wednesday at 10
        > yes
        > cancel tuesday
        + cancel wednesday
        < One at a time, please, so this first: Cancel Home inspection
        > yes
        < Cancelled: Home inspection
        < Cancel Ant treatment
        > yes
        """,
        (f"{INSPECTION} cancelled", "treatment 2026-11-25 10:00 Jane Roe cancelled"),
    ),
    Story(
        "one of two texts puts the other right",
        f"""{BOOK}
        > ant treatment wednesday at 10
        > yes
        > cancel tuesday's
        + no sorry i meant wednesday's
        < Cancel Ant treatment
        """,
        (f"{INSPECTION} confirmed", ANTS),
    ),
)
CALLS = (
    Story(
        "a call beside a booking",
        """
        > inspection tuesday at 9 and have someone call me
        < Someone will call you back by
        < Tue Nov 24 at 9:00 AM. What is your full name?
        > Jane Roe
        > yes
        """,
        (f"{INSPECTION} confirmed",),
        ("callback",),
    ),
    Story(
        "a call first, and a booking",
        """
        > can someone call me on monday at 9? and i need an inspection tuesday
        < Someone will call you back at 9:00 AM on Monday, November 23
        < Tue Nov 24: 1) 8:00 AM
        """,
        tasks=("callback",),
    ),
    Story(
        "a call beside a booking and a cancellation",
        f"""{BOOK}
        > book ants wednesday at 10, cancel inspection, and have someone call me
        < Someone will call you back by
        < One at a time, please, so this first: Ant treatment with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked: Ant treatment
        {CANCEL}
        > yes
        """,
        (f"{INSPECTION} cancelled", ANTS),
        ("callback",),
    ),
    Story(
        "a call beside a cancellation",
        f"""{BOOK}
        > cancel my inspection and call me
        < Someone will call you back
        {CANCEL}
        """,
        (f"{INSPECTION} confirmed",),
        ("callback",),
    ),
    Story(
        "a call about a visit",
        f"""{BOOK}
        > i have an inspection tuesday, please call me about it
        < Someone will call you back
        = Reply
        """,
        (f"{INSPECTION} confirmed",),
        ("callback",),
    ),
)


@pytest.mark.parametrize(
    "story",
    [*TWO_SERVICES, *BOOKINGS, *BESIDE_A_MOVE, *BESIDE_A_CANCELLATION, *THE_NEW_ONE_FIRST, *OF_THREE, *OTHERS, *CALLS],
    ids=lambda story: story.name,
)
async def test_stories(sqlite_url: str, story: Story) -> None:
    await play(story, sqlite_url)

"""Two wishes in one breath: each is carried out by itself, in its turn, and one that changes the other is none."""

from datetime import date

import pytest

from app.sms.second_wish import MAX_WORDS_CHARS, MOST_PUT_OFF
from app.sms.state import loaded
from tests.booking.acme import HOUR
from tests.sms.conversing import Story, phone, play
from tests.sms.hard_stories import CONFIRM, TWO
from tests.sms.stories import BOOK, JANE

FOLLOW_UP = "follow-up 2026-11-25 10:00 Jane Roe confirmed"
TREATMENT = "treatment 2026-11-26 09:00 Jane Roe confirmed"
BOTH = f"""{BOOK}
> ant treatment thursday at 9
< Ant treatment with Lee, Thu Nov 26 at 9:00 AM, for Jane Roe. Reply YES
"""
"""An inspection on Tuesday stands, and a treatment on Thursday is asked about."""

MOVES_ANOTHER = tuple(
    Story(
        f"yes, and another one is moved: {text}",
        f"""{BOTH}
        > {text}
        < Booked: Ant treatment with Lee, Thu Nov 26 at 9:00 AM
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Fri Nov 27 at 2:00 PM? Reply YES
        > yes
        < Moved: Home inspection with Dana, Fri Nov 27 at 2:00 PM
        """,
        (TREATMENT, "inspection 2026-11-27 14:00 Jane Roe confirmed"),
    )
    for text in (
        "yes but move my other one to nov 27 at 2",
        "yes. move the inspection to nov 27 at 2",
        "yes and move the inspection to nov 27 at 2pm please",
        "yes please, and can you push my other visit to nov 27 at 2",
        "yes, then reschedule my tuesday visit to nov 27 at 2",
        "yes and if possible move the other to nov 27 at 2",
        "yes and the inspection on nov 27 at 2",
        "yes! and what about my other appointment, can we do nov 27 at 2 instead",
    )
)
BOOKS_ANOTHER = tuple(
    Story(
        f"yes, and one more: {text}",
        f"""{CONFIRM}
        > {text}
        < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe
        < {offered}
        """,
        (JANE,),
    )
    for text, offered in (
        ("yes wednesday too", "Wed Nov 25: 1) 8:00 AM"),
        ("yes wednesday at 10 too please", "Home inspection with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("yes please, and can my wife come in thursday at 3 as well", "Thu Nov 26 at 3:00 PM, for Jane Roe. Reply YES"),
        ("yes but also wednesday at 10", "Home inspection with Lee, Wed Nov 25 at 10:00 AM"),
        ("yes and one for my mother too", "Which day suits you?"),
        ("Yes! And another one for my mom wednesday at 10", "Home inspection with Lee, Wed Nov 25 at 10:00 AM"),
        ("yes and one at 2 for my wife as well", "Home inspection with Lee, Tue Nov 24 at 2:00 PM"),
        ("sure, plus an ant treatment on wednesday", "Wed Nov 25: 1) 8:00 AM"),
        ("yes tuesday works, wednesday too", "Wed Nov 25: 1) 8:00 AM"),
        ("yes and a follow-up on wednesday at 10", "Follow-up visit with Lee, Wed Nov 25 at 10:00 AM"),
    )
)
CHANGES_IT = tuple(
    Story(
        f"yes, and it is changed: {text}",
        f"""{CONFIRM}
        > {text}
        = Booked
        < {asked}
        """,
    )
    for text, asked in (
        ("yes but make it 3pm", "Tue Nov 24 at 3:00 PM, for Jane Roe. Reply YES"),
        ("yes but with Lee", "Home inspection with Lee, Tue Nov 24 at 9:00 AM"),
        ("yes wednesday instead", "Wed Nov 25: 1)"),
        ("yes but wednesday at 10", "Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("yes but move it to wednesday at 10", "Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("yes. move the inspection to wednesday at 10", "Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("yes but move my appointment to wednesday at 10", "Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("yes and wednesday at 10 would be better for my mother", "Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("ok but wednesday at 10 works better", "Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("wednesday at 10 would be better for my mother", "Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES"),
        ("yes, it's for my mother", "Reply YES"),
        ("yes but make it 11", "Tue Nov 24 at 11:00 AM, for Jane Roe. Reply YES"),
        ("yes, whenever", "Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES"),
        ("yes if that's the earliest", "Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES"),
        ("yes and make it an hour later", "Tue Nov 24 at 10:00 AM"),
        ("yes but I have another appointment tuesday at 10", "Reply YES"),
        ("yes and one more thing, I have a dog", "Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES"),
        ("yes, instead of wednesday", "Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES"),
    )
)
BETTER_FOR_SOMEBODY = (
    Story(
        "another time of the offered is one wish, whoever it suits",
        """
        > inspection tuesday
        < 1) 8:00 AM
        > wednesday at 10 would be better for my mother
        < Wed Nov 25 at 10:00 AM. What is your full name?
        > Jane Roe
        > yes
        < Booked
        """,
        ("inspection 2026-11-25 10:00 Jane Roe confirmed",),
    ),
    Story(
        "and so it is of what is booked",
        BOOK
        + """
        > wednesday at 10 would be better for my mother
        < Move your visit from Tue Nov 24 at 9:00 AM to
        """,
        (JANE,),
    ),
)
KEPT = (
    Story(
        "a second one asked for with the first is asked about when that is booked",
        """
        > book an inspection tuesday at 9 and another one wednesday at 10 for my mom
        < One at a time, please, so this first: Tue Nov 24 at 9:00 AM. What is your full name?
        > Jane Roe
        < Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        < Home inspection with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked
        """,
        (JANE, "inspection 2026-11-25 10:00 Jane Roe confirmed"),
    ),
    Story(
        "two services in one text",
        """
        > I'd like to book an inspection tuesday at 9 and an ant treatment thursday at 9
        < One at a time, please, so this first: Tue Nov 24 at 9:00 AM. What is your full name?
        > Jane Roe
        > yes
        < Booked: Home inspection
        < Ant treatment with Lee, Thu Nov 26 at 9:00 AM, for Jane Roe. Reply YES
        > yes
        """,
        (JANE, TREATMENT),
    ),
    *(
        Story(
            f"two in one text: {text}",
            f"""
            > {text}
            < One at a time, please, so this first: Tue Nov 24 at 9:00 AM. What is your full name?
            > Jane Roe
            > yes
            < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM
            < {then}, for Jane Roe. Reply YES
            """,
            (JANE,),
        )
        for text, then in (
            (
                "inspection tuesday at 9 and ant treatment thursday at 9",
                "Ant treatment with Lee, Thu Nov 26 at 9:00 AM",
            ),
            (
                "can you come tuesday at 9 for an inspection and thursday 9 for a follow-up",
                "Follow-up visit with Lee, Thu Nov 26 at 9:00 AM",
            ),
            ("book an inspection tuesday at 9 and thursday at 9", "Home inspection with Lee, Thu Nov 26 at 9:00 AM"),
            (
                "I need two inspections, one tuesday at 9 and one dec 7 at 10",
                "Home inspection with Lee, Mon Dec 7 at 10:00 AM",
            ),
        )
    ),
    *(
        Story(
            f"an answer and one more: {text}",
            f"""
            > inspection{asked}
            > {text}
            < One at a time, please, so this first:
            {then}
            > yes
            < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe
            < Home inspection with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
            """,
            (JANE,),
        )
        for asked, text, then in (
            (" tuesday at 9", "Jane Roe, and another one for my mom wednesday at 10", ""),
            (" tuesday at 9", "Jane Roe. Also book one for my mom wednesday at 10", ""),
            ("", "tuesday at 9 and another one wednesday at 10 for my mom", "> Jane Roe"),
            ("", "tuesday at 9 for me and wednesday at 10 for my mom", "> Jane Roe"),
            ("", "tuesday 9 and also wednesday 10", "> Jane Roe"),
        )
    ),
    Story(
        "one time or another that works as well are asked about",
        """
        > inspection
        > tuesday at 9 works, and wednesday at 10 too
        < Which day do you mean? 1) Tue Nov 24 2) Wed Nov 25
        """,
    ),
    Story(
        "one service or the other, and one day or the other, are asked about",
        """
        > inspection tuesday or ant treatment thursday
        < What is it for?
        """,
    ),
    Story(
        "one to book and another to move",
        f"""{BOOK}
        > book an ant treatment thursday at 9 and move my inspection to nov 27 at 2
        < One at a time, please, so this first: Ant treatment with Lee, Thu Nov 26 at 9:00 AM
        > yes
        < Booked
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection
        > yes
        < Moved
        """,
        (TREATMENT, "inspection 2026-11-27 14:00 Jane Roe confirmed"),
    ),
    Story(
        "one to cancel and another to move",
        TWO
        + """
        > cancel the inspection and move the follow-up to nov 27 at 2
        < One at a time, please, so this first: Cancel Home inspection
        > yes
        < Cancelled: Home inspection
        < Move your visit from Wed Nov 25 at 10:00 AM to: Follow-up visit with Dana, Fri Nov 27 at 2:00 PM?
        > yes
        < Moved
        """,
        (JANE.replace("confirmed", "cancelled"), "follow-up 2026-11-27 14:00 Jane Roe confirmed"),
    ),
    Story(
        "one to move and another to cancel",
        TWO
        + """
        > move the follow-up to nov 27 at 2 and cancel the inspection
        < One at a time, please, so this first: Move your visit from Wed Nov 25
        > yes
        < Moved
        < Cancel Home inspection
        > yes
        < Cancelled
        """,
        (JANE.replace("confirmed", "cancelled"), "follow-up 2026-11-27 14:00 Jane Roe confirmed"),
    ),
    Story(
        "one to move and one to book",
        BOOK
        + """
        > move my appointment to wednesday 10 and book my mom in at 11
        < One at a time, please, so this first: Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection
        > yes
        < Moved: Home inspection with Lee, Wed Nov 25 at 10:00 AM
        < Home inspection with Dana, Wed Nov 25 at 11:00 AM, for Jane Roe. Reply YES
        """,
        ("inspection 2026-11-25 10:00 Jane Roe confirmed",),
    ),
    Story(
        "the time that was agreed on is gone, and the second one is not forgotten",
        """
        > inspection tuesday 9am with Dana, my name is Jane Roe
        ! dana takes 2026-11-24 09:00
        > yes and a follow-up on wednesday at 10
        < that time is gone, so nothing was booked. Open: Tue Nov 24: 1)
        > 1
        > yes
        < Booked: Home inspection with Lee, Tue Nov 24 at 8:30 AM
        < Follow-up visit with Dana, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked
        """,
        (
            "inspection 2026-11-24 08:30 Jane Roe confirmed",
            "inspection 2026-11-24 09:00 Somebody Else confirmed",
            FOLLOW_UP,
        ),
    ),
    Story(
        "the first is given up, and the second is asked about",
        """
        > inspection tuesday 9am with Dana, my name is Jane Roe
        ! dana takes 2026-11-24 09:00
        > yes and a follow-up on wednesday at 10
        < One at a time, please, so this first: Sorry, that time is gone
        > no thanks
        < OK, nothing was booked.
        < Follow-up visit with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > no
        < OK.
        """,
        ("inspection 2026-11-24 09:00 Somebody Else confirmed",),
    ),
    Story(
        "a choice of the offered and one more",
        """
        > inspection tuesday
        < 1) 8:00 AM
        > 3 and another one for my mom wednesday at 10
        < One at a time, please, so this first: Tue Nov 24 at 9:00 AM. What is your full name?
        > Jane Roe
        > yes
        < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        < Home inspection with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        """,
        (JANE,),
    ),
    Story(
        "yes to cancelling, and another one is moved",
        TWO
        + """
        > cancel the inspection
        > yes and move the other one to nov 27 at 2
        < Cancelled: Home inspection
        < Move your visit from Wed Nov 25 at 10:00 AM to: Follow-up visit
        """,
        (JANE.replace("confirmed", "cancelled"), FOLLOW_UP),
    ),
    Story(
        "another one is moved before the yes",
        BOTH
        + """
        > wait, first move my inspection to nov 27 at 2
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Fri Nov 27 at 2:00 PM?
        > yes
        < Moved
        < Ant treatment with Lee, Thu Nov 26 at 9:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked
        """,
        (TREATMENT, "inspection 2026-11-27 14:00 Jane Roe confirmed"),
    ),
    Story(
        "a yes to moving one, and another one to cancel",
        TWO
        + """
        > move the inspection to thursday at 10
        > yes and cancel the follow-up
        < Moved: Home inspection
        < Cancel Follow-up visit with Lee, Wed Nov 25 at 10:00 AM? Reply YES
        > yes
        < Cancelled
        """,
        ("follow-up 2026-11-25 10:00 Jane Roe cancelled", "inspection 2026-11-26 10:00 Jane Roe confirmed"),
    ),
    *(
        Story(
            f"yes to cancelling, and one for somebody else: {text}",
            f"""{BOOK}
            > cancel my appointment
            > {text}
            < Cancelled: Home inspection
            < Home inspection with Dana, Fri Dec 4 at 2:00 PM, for Jane Roe. Reply YES
            """,
            (JANE.replace("confirmed", "cancelled"),),
        )
        for text in ("yes and book dec 4 at 2 for my mother", "yes but my mother needs one dec 4 at 2")
    ),
    Story(
        "the one that was asked about is kept, and one more is booked",
        BOOK
        + """
        > cancel my appointment
        > no keep it and book another one dec 4 at 2
        < OK, I left your appointment as it is.
        < Home inspection with Lee, Fri Dec 4 at 2:00 PM, for Jane Roe. Reply YES
        """,
        (JANE,),
    ),
    Story(
        "it is the one that was asked about, and not the one booked last",
        TWO
        + """
        > cancel the inspection
        > no, move it to dec 4 at 2
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection
        """,
        (JANE, FOLLOW_UP),
    ),
    Story(
        "one more to cancel, and another one to cancel instead",
        TWO
        + """
        > cancel the inspection
        > yes, cancel the other one
        < Cancel Follow-up visit
        > no
        > cancel the inspection
        > yes and cancel the follow-up too
        < Cancelled: Home inspection
        < Cancel Follow-up visit
        """,
        (JANE.replace("confirmed", "cancelled"), FOLLOW_UP),
    ),
    Story(
        "yes to cancelling, another one to move, and a question",
        TWO
        + """
        > cancel the inspection
        > yes and move the other one to nov 27 at 2. is there a fee?
        < Cancelled: Home inspection
        < Move your visit from Wed Nov 25 at 10:00 AM to: Follow-up visit
        < That is one for a person.
        """,
        (JANE.replace("confirmed", "cancelled"), FOLLOW_UP),
        ("callback",),
    ),
    Story(
        "days that could be either are still asked back",
        """
        > book an inspection tuesday at 9 or wednesday at 10
        < 1) Tue Nov 24 2) Wed Nov 25
        """,
    ),
    Story(
        "what is only told of a visit is no second one",
        f"""{BOOK}
        > I have an appointment tuesday and I need to move my appointment to wednesday at 10
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Wed Nov 25 at 10:00 AM?
        """,
        (JANE,),
    ),
)


@pytest.mark.parametrize(
    "story",
    [*MOVES_ANOTHER, *BOOKS_ANOTHER, *CHANGES_IT, *BETTER_FOR_SOMEBODY, *KEPT],
    ids=lambda story: story.name,
)
async def test_stories(sqlite_url: str, story: Story) -> None:
    await play(story, sqlite_url)


async def test_what_does_not_fit_has_to_be_said_again_and_that_is_said(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        long = "wednesday at 10 " + "because my mother likes it so " * (MAX_WORDS_CHARS // 25)
        heard = await customer.send(f"book an inspection tuesday at 9 and another one for my mother {long}")
        assert "One at a time, please: text the rest again after this. Tue Nov 24 at 9:00 AM" in heard[0]
        assert loaded(customer.state).put_off == []


async def test_what_is_put_off_means_the_day_it_was_said_on(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        customer.clock.advance(12.5 * HOUR)
        await customer.send("book an inspection on monday at 9 and another one on monday at 11 for my mom")
        assert [each.on for each in loaded(customer.state).put_off] == [date(2026, 11, 20)]
        customer.clock.advance(2 * HOUR)
        await customer.send("Jane Roe")
        heard = await customer.send("yes")
        assert "Mon Nov 23 at 11:00 AM, for Jane Roe. Reply YES" in heard[-1]
        assert loaded(customer.state).put_off == []
        assert MOST_PUT_OFF > 1

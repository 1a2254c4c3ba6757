"""What is said of a visit that stands: silence means that nothing was left to answer, and nothing else does."""

import pytest

from app.sms.phrases import GOES_ON, IN_DANGER, SORRY, WELCOME
from tests.sms.conversing import Phone, Story, phone, play
from tests.sms.stories import BOOK, JANE

GOOD_WORDS = """
ok | 👍 | great see you then | see you tuesday | great, tuesday at 9 | ok tuesday 9am works | looking forward to it |
no that's all | will do | ok bye | lol ok | you guys are the best | Perfect. See you Tuesday at 9am! | ok can't wait |
we'll see you tuesday | see you next week, bye | Looking forward to meeting Dana | you too | 10-4 |
Liked "Booked: Home inspection. To change it, text "move my appointment"." | Happy Thanksgiving!
"""
THANKS = """
thanks! | no thanks | thanks, have a great weekend, see you tuesday! | perfect thank you so much for your help |
Thanks Dana | thank you - Jane Roe | thanks for the reminder | ok thanks, I'll be there |
Thanks a bunch | thank you kindly, Acme Pest Control | Thanks for getting back to me so fast | Thanks in advance
"""
SOMETHING_ELSE = """
take me off tuesday | we won't be around tuesday |
about tuesday, something came up | ok i just sold the house so |
ok actually something came up | yes i have a problem with that | yes and one more thing, we also have mice |
sorry I won't see you tuesday | actually no | actually no thanks | No | thanks but we changed our minds |
I can't see you tuesday, thanks | never mind |
thanks but I won't be able to see you tuesday | sorry can't do it anymore | ok it's for two houses |
now | all of it is wrong | ok no | yes no | please | come over now please
"""
TIDINGS = """
yes the address is 12 Oak St | Great. Gate code 4411. Dog in back yard | tuesday morning, gate code is 4411 |
thank you, my daughter will be there instead of me | gate code is 4417 btw | pls use the back door |
my address is 4411 Maple Ave apt 3 | its apt 12 | dogs in the yard | the dogs will be inside from 10 on |
my wifes number is 512 555 0177 text her | on my way | im here, where are you | hes not here yet | im outside |
tell him to knock | let her know I'm in the garden | stuck in traffic be there soon | he left his flashlight
"""
ANOTHER_DAY = """
see you wednesday at 10 then | how about wednesday at 10 | can we do wednesday at 10 instead | wednesday 10 is better
"""
GIVEN_UP = """
we won't be needing you tuesday | no longer needed | not needed any more, thanks | please don't come | scrap it |
can't make tuesday | cant do tues | found someone else | canel my apointment | pls cancl my appt |
take me off the schedule | don't come tuesday | my ants are gone, no need to come | I'd like to have it cancelled |
fine, I'm going with somebody else | Not coming | im not gonna make it |
sorry, not home that day | sorry I can't make it | can you cancel my visit? | can I cancel tuesday? |
Dana cancelled on me last time, so please cancel my visit | cancelling | please cancel if possible
"""
TOLD_OF = """
did you cancel my appointment? | dana cancelled on me last time | school is cancelled tuesday so I'll be home |
my flight got cancelled so I'm home, come anytime | I might cancel | you cancelled my appointment! | cancelled |
Was my appointment cancelled? | who cancelled my visit? | my appointment got cancelled?? | why did you cancel |
I nearly had to cancel my appointment, anyway all good now | sorry for cancelling last time | Visit cancelled |
thanks for not cancelling | my wife wants to cancel | my other plans got cancelled | I forgot to cancel last time |
my gym is cancelling on me | I am NOT cancelling, just asking | I cancelled my other company | is it cancelled?
"""
DAY_GIVEN_UP = """
tuesday is bad for me | tuesday doesn't work anymore | sorry tuesday no longer works
"""
MOVES = """
sorry, had to cancel, can we do wednesday at 10 instead | my office cancelled on me, wednesday at 10 is better
"""
FOR_A_PERSON = """
can I cancel tomorrow if needed | cancel only if it rains | if it rains on tuesday I will cancel |
cancel Bob's appointment | please cancel my mother's appointment | cancel the reminder texts | cancel my callback |
I smell gas after the treatment | my dog was hurt by the spray! | I want my money back | you broke my window |
this is bs, I want my money back | and I will sue you | nobody came today | the spray made my daughter sick |
your guy scratched our floor | you charged me twice | this is unacceptable | worst service ever
"""
ANSWERS_TO_REMINDER = 5 * 3600


def each(table: str) -> list[str]:
    return [text.strip() for text in table.split("|")]


async def booked(customer: Phone, later_s: float) -> None:
    for text in ("inspection tuesday at 9", "Jane Roe", "yes"):
        heard = await customer.send(text)
    assert "Booked" in heard[0]
    customer.clock.advance(later_s)


@pytest.mark.parametrize("later_s", [60, ANSWERS_TO_REMINDER])
async def test_only_what_leaves_nothing_over_is_left_at_that(sqlite_url: str, later_s: float) -> None:
    async with phone(sqlite_url) as customer:
        await booked(customer, later_s)
        kept, told = customer.state, "You have: Home inspection with Dana, Tue Nov 24 at 9:00 AM"
        for table, begins in (
            (GOOD_WORDS, told if later_s == ANSWERS_TO_REMINDER else None),
            (THANKS, WELCOME),
            (SOMETHING_ELSE, f"{SORRY} {told}"),
            (TIDINGS, f"{GOES_ON} Someone will call you back by"),
            (GIVEN_UP, f"Cancel {told.removeprefix('You have: ')}? Reply YES to cancel it, NO to keep it."),
            (TOLD_OF, told),
            (
                FOR_A_PERSON,
                ("That is one for a person.", "Someone will call you", f"{IN_DANGER} Someone will call you"),
            ),
            (DAY_GIVEN_UP, "Moving Home inspection with Dana, Tue Nov 24 at 9:00 AM. Which day suits you?"),
            (MOVES, "Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection"),
            (ANOTHER_DAY, "Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection"),
        ):
            for text in each(table):
                customer.state = kept
                heard = " ".join(await customer.send(text))
                silent = table is GOOD_WORDS and not heard
                assert silent or (begins and heard.startswith(begins)), (text, heard)
        assert await customer.appointments() == [JANE]


PLAIN = ("cancel my appointment", "please cancel", "I need to cancel", "sorry I can't make it", "no longer needed")
SOFT = (
    "ok",
    "sure",
    "good",
    "👍",
    "k",
    "ok thanks",
    "sounds good",
    "of course",
    "absolutely",
    "please do",
    "sure, fine",
)
STRICT = ("yes", "Yes please", "yes cancel it", "si", "yeah", "cancel it")


@pytest.mark.parametrize("asked", [*PLAIN, "can I cancel tuesday?", "found someone else", "cancelling"])
async def test_a_soft_yes_cancels_only_what_was_plainly_asked_for(sqlite_url: str, asked: str) -> None:
    async with phone(sqlite_url) as customer:
        await booked(customer, 60)
        [question] = await customer.send(asked)
        assert question.startswith("Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES")
        kept = customer.state
        for text in () if asked in PLAIN else SOFT:
            customer.state = kept
            assert question in " ".join(await customer.send(text)), text
        assert await customer.appointments() == [JANE]
        customer.state = kept
        [told] = await customer.send((SOFT if asked in PLAIN else STRICT)[len(asked) % 6])
        assert told.startswith("Cancelled: Home inspection")


@pytest.mark.parametrize("said", each(TOLD_OF))
async def test_what_is_told_of_cancels_nothing_whatever_follows(sqlite_url: str, said: str) -> None:
    async with phone(sqlite_url) as customer:
        await booked(customer, 60)
        for text in (said, "ok", "yes"):
            assert "Reply YES to cancel" not in " ".join(await customer.send(text))
        assert await customer.appointments() == [JANE]


TREATMENT = "treatment 2026-11-26 10:00 Jane Roe confirmed"
STORIES = (
    Story(
        "what is not understood twice goes to a person",
        BOOK
        + """
        > the neighbours have a party
        < You have: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        < PERSON for a call.
        > it is a loud one
        < Someone will call you
        """,
        (JANE,),
        ("callback",),
    ),
    Story(
        "another service is another visit",
        BOOK
        + """
        > ant treatment thursday at 10
        < Ant treatment with
        < Thu Nov 26 at 10:00 AM, for Jane Roe. Reply YES to book it
        > yes
        < Booked
        """,
        (JANE, TREATMENT),
    ),
    Story(
        "one for somebody else is another visit",
        BOOK
        + """
        > my sister needs one thursday at 10
        < Reply YES to book it
        > no
        > thursday at 10 for a second house
        < Reply YES to book it
        """,
        (JANE,),
    ),
    Story(
        "the service that is booked can be asked for once more",
        BOOK
        + """
        > my neighbor wants one too
        < Which day suits you?
        > inspection
        < Which day suits you?
        """,
        (JANE,),
    ),
    Story(
        "a service and the day of another one are asked back",
        BOOK
        + """
        > book a follow-up visit wednesday at 10
        > yes
        < Booked
        > cancel the inspection on wednesday
        < Which one? 1) Tue Nov 24 at 9:00 AM Home inspection 2) Wed Nov 25 at 10:00 AM Follow-up visit.
        > 1
        < Cancel Home inspection
        > no
        > move the inspection wednesday at 2
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Wed Nov 25 at 2:00 PM?
        """,
        (JANE, "follow-up 2026-11-25 10:00 Jane Roe confirmed"),
    ),
    Story(
        "no to moving it keeps it",
        BOOK
        + """
        > move it to thursday at 10
        < Reply YES to move it, NO to keep it.
        > no
        < OK, I left your appointment as it is.
        > move it to thursday at 10
        > then leave it
        < OK, I left your appointment as it is.
        > move it to thursday at 10
        > nm keep tuesday
        < OK, I left your appointment as it is.
        """,
        (JANE,),
    ),
    Story(
        "another day in answer to a reminder moves the visit",
        BOOK
        + """
        ~ 5h
        > could you make it wednesday at 10
        < Move your visit from Tue Nov 24 at 9:00 AM to
        > yes
        < Moved
        """,
        ("inspection 2026-11-25 10:00 Jane Roe confirmed",),
    ),
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_stories(sqlite_url: str, story: Story) -> None:
    await play(story, sqlite_url)

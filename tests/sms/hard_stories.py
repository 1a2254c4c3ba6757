"""Customers who do not answer what was asked: nothing is booked unsaid, nothing guessed, and nobody left waiting."""

from tests.sms.conversing import Story
from tests.sms.stories import BOOK, DOCUMENTS, JANE

CANCELLED = JANE.replace("confirmed", "cancelled")
WEDNESDAY = "inspection 2026-11-25 10:00 Jane Roe confirmed"
FOLLOW_UP = "follow-up 2026-11-25 10:00 Jane Roe confirmed"
TWO = f"""{BOOK}
> book a follow-up visit wednesday at 10
> yes
< Booked
"""
CONFIRM = """
> inspection tuesday 9, my name is Jane Roe
< Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES
"""

NOBODY_WAITS = (
    Story(
        "no and yes to what can be done next are answered",
        """
        > cancel my appointment
        < I find no upcoming appointment for this number.
        > no
        < OK. Text a day whenever you want to book a visit, or PERSON for a call.
        > no
        <
        > yes
        < What is it for?
        < PERSON
        > no
        < OK, nothing was booked.
        > ok?
        < Text a day to see open times
        > what?
        < a person will help
        """,
        tasks=("callback",),
    ),
    Story(
        "ok and thanks to it are not",
        """
        > reschedule
        < I find no upcoming appointment
        > ok
        <
        > thanks
        < You're welcome!
        > thanks
        <
        """,
    ),
    Story(
        "yes to another time after a cancellation",
        BOOK
        + """
        > cancel my appointment
        > yes
        < Text a day if you want to book another time.
        > yes
        < What is it for?
        > 1
        > tuesday at 9
        < for Jane Roe. Reply YES
        > yes
        < Booked
        """,
        (CANCELLED, JANE),
    ),
    Story(
        "is it booked?",
        """
        > inspection tuesday 9
        > is it booked?
        < Nothing is booked yet. What is your full name?
        > Jane Roe, 512-555-0123, 12 Oak St
        < for Jane Roe. Reply YES
        > yes?
        < Reply YES to book it
        > yeap
        < Booked
        > did it go through?
        < You have: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        > ok?
        < You have: Home inspection
        > who is this
        < Hi, this is Acme Pest Control.
        > see you then. Do I need to move furniture before tuesday?
        < That is one for a person.
        > tuesday at 9, right?
        < You have: Home inspection
        > is tuesday at 10 possible?
        < from Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Tue Nov 24 at 10:00 AM?
        > never mind
        > no longer need tuesday
        < Cancel Home inspection
        """,
        (JANE,),
        ("callback",),
    ),
)

SEVERAL_THINGS = (
    Story(
        "cancelled and booked in one text is a move",
        BOOK
        + """
        > cancel tuesday and book wednesday 10
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Wed Nov 25 at 10:00 AM?
        > yes
        < Moved
        """,
        (WEDNESDAY,),
    ),
    Story(
        "another service booked, and only then the one that stands cancelled",
        BOOK
        + """
        > book an ant treatment wednesday at 10 and cancel my inspection
        < One at a time, please, so this first: Ant treatment with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked: Ant treatment
        < Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES
        > yes
        < Cancelled: Home inspection
        """,
        (CANCELLED, "treatment 2026-11-25 10:00 Jane Roe confirmed"),
    ),
    Story(
        "nothing to cancel, and a visit to book",
        """
        > cancel tuesday
        + book inspection wednesday 10 for Jane Roe
        < I find no upcoming appointment
        < Home inspection with Dana, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        > yes
        < Booked
        """,
        (WEDNESDAY,),
    ),
    Story(
        "yes to cancelling, and a new time",
        BOOK
        + """
        > cancel my appointment
        > yes and book wednesday at 10
        < Move your visit from Tue Nov 24
        > no
        < I left your appointment as it is.
        """,
        (JANE,),
    ),
    Story(
        "yes, and cancel another one",
        TWO
        + """
        > book inspection thursday 9
        > yes. also cancel wednesday
        < Booked: Home inspection with Dana, Thu Nov 26 at 9:00 AM
        < Cancel Follow-up visit with Lee, Wed Nov 25 at 10:00 AM? Reply YES
        > no
        < I left your appointment as it is.
        """,
        (JANE, FOLLOW_UP, "inspection 2026-11-26 09:00 Jane Roe confirmed"),
    ),
    Story(
        "yes to booking, and to cancelling it, is no yes",
        CONFIRM
        + """
        > Yes, cancel my appointment
        = Booked
        > inspection tuesday 9
        > yes, book wednesday at 10
        < Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        """,
    ),
    Story(
        "a question before the time, and the name with it",
        """
        > how much is an inspection and can you come tuesday at 9? it's for Bob Lee
        < Tue Nov 24 at 9:00 AM, for Bob Lee. Reply YES
        < A home inspection costs $89.
        > yes. do you take cash?
        < Booked
        < We do not take cash.
        """,
        ("inspection 2026-11-24 09:00 Bob Lee confirmed",),
        business=DOCUMENTS,
    ),
    Story(
        "a question asked in the same breath as the yes",
        CONFIRM
        + """
        > fine, send me the price first
        = Booked
        < Reply YES to book it
        > yes, and how much is it
        < Booked
        < A home inspection costs $89.
        """,
        (JANE,),
        ("callback",),
        business=DOCUMENTS,
    ),
    Story(
        "a question that nobody wrote down is passed on, once, and the time is kept",
        """
        > free of charge? inspection tuesday 9 for Mary Ann Smith please
        < Tue Nov 24 at 9:00 AM, for Mary Ann Smith. Reply YES
        < That is one for a person.
        """,
        tasks=("callback",),
    ),
    Story(
        "cancelling costs? is no yes to it",
        BOOK
        + """
        > cancel my appointment
        > yes, is there a fee?
        = Cancelled
        < Reply YES to cancel it
        """,
        (JANE,),
        ("callback",),
    ),
)

CHANGES_OF_MIND = (
    *(
        Story(
            f"{words} keeps it",
            f"{BOOK}\n> cancel my appointment\n> {words}\n< OK, I left your appointment as it is.",
            (JANE,),
        )
        for words in ("please don't", "no don't cancel")
    ),
    Story(
        "another day instead of cancelling",
        BOOK
        + """
        > I'm sick, can't come tuesday
        < Cancel Home inspection
        > wednesday or thursday, same time
        < 1) Wed Nov 25 2) Thu Nov 26
        > not wednesday
        < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Thu Nov 26 at 9:00 AM?
        > half an hour later
        < Thu Nov 26 at 9:30 AM?
        > yes
        < Moved
        """,
        ("inspection 2026-11-26 09:30 Jane Roe confirmed",),
    ),
    Story(
        "cancelled in place of moved",
        BOOK
        + """
        > move my appointment
        > cancel it instead
        < Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES
        > yes
        < Cancelled
        """,
        (CANCELLED,),
    ),
    *(
        Story(
            f"another's visit is for a person: {text}",
            f"{BOOK}\n> {text}\n< Someone will call you\n= Reply YES\n> yes",
            (JANE,),
            ("callback",),
        )
        for text in (
            "cancel Bob's appointment",
            "please cancel my mother's appointment",
            "cancel the appointment of John Doe",
            "cancel the visit for Bob Roe",
            "move the appointment of John Doe to friday",
        )
    ),
    *(
        Story(
            f"a visit that is none: {text}",
            f"{BOOK}\n> {text}\n< {told}\n> ok\n= Cancelled",
            (JANE,),
        )
        for text, told in (
            ("cancel my wednesday appointment", "I find no visit on Wed Nov 25. Cancel Home inspection with Dana, Tue"),
            ("cancel visit on the 25th", "I find no visit on Wed Nov 25. Cancel Home inspection with Dana, Tue"),
            ("cancel my 10 am visit", "I find no visit then. Cancel Home inspection with Dana, Tue Nov 24"),
            ("do not come tomorrow", "I find no visit on Sat Nov 21. Cancel Home inspection with Dana, Tue Nov 24"),
            ("I can't come wednesday", "I find no visit then. Cancel Home inspection with Dana, Tue Nov 24"),
            ("cancel tomorrow's", "I find no visit on Sat Nov 21. Cancel Home inspection with Dana, Tue Nov 24"),
            ("cancel the appointment of John Doe, ref ABC123", "I find no visit with that reference for this number."),
            ("cancel QXZRTB", "I find no visit with that reference for this number. You have: Home inspection"),
        )
    ),
    *(
        Story(
            f"their own, by name or day: {text}",
            f"{BOOK}\n> {text}\n< Cancel Home inspection\n= I find no\n> ok\n< Cancelled",
            (CANCELLED,),
        )
        for text in (
            "cancel the appointment for Jane Roe",
            "please cancel tuesday's appointment",
            "cancel Dana's visit on tuesday",
            "cancel my 9 am visit",
            "cancel my visit on the 24th",
            "if possible cancel my appointment",
            "cancel my inspection, I will be away until friday",
            "This is Jane Roe. Please cancel my appointment",
        )
    ),
    Story(
        "what is told of as cancelled is no no",
        """
        > inspection tuesday 9
        > Jane Roe. I cancelled the other company
        < for Jane Roe. Reply YES
        > great, I'll cancel my other company then
        < Booked
        = Cancel
        > canel that apointment
        < Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES
        > no
        > something else came up
        < You have: Home inspection
        > yes
        < so a person will help
        """,
        (JANE,),
        ("callback",),
    ),
    Story(
        "the same time next week",
        BOOK
        + """
        > can we do the same time next week?
        < from Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Tue Dec 1 at 9:00 AM?
        > yes
        > sorry I meant 10
        < from Tue Dec 1 at 9:00 AM to: Home inspection with Dana, Tue Dec 1 at 10:00 AM?
        > yes
        < Moved
        """,
        ("inspection 2026-12-01 10:00 Jane Roe confirmed",),
    ),
    Story(
        "not that appointment, the other one",
        TWO
        + """
        > cancel both
        < One at a time, please, so this first: Cancel Home inspection
        > the later one
        < Cancel Follow-up visit
        > no the other one
        < Cancel Home inspection
        > cancel that, keep the second
        < Sorry, I did not get that. Cancel Home inspection
        > just cancel it
        < Cancelled: Home inspection
        """,
        (CANCELLED, FOLLOW_UP),
    ),
    Story(
        "all but one of two is the other one",
        f"""{BOOK}
        > book an ant treatment wednesday at 10
        > yes
        > cancel all but the treatment
        < Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM?
        > no
        > cancel everything except for my inspection
        < Cancel Ant treatment
        > yes cancel the wednesday one please
        < Cancelled: Ant treatment
        """,
        (JANE, "treatment 2026-11-25 10:00 Jane Roe cancelled"),
    ),
    Story(
        "a yes and its opposite in one turn is none, and a visit that stays is told",
        BOOK
        + """
        > Yes the appointment stays
        < You have: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        > cancel my appointment
        > I still want to come
        + yes
        < I left your appointment as it is.
        > cancel my appointment
        > yes
        + please come
        < I left your appointment as it is.
        > good, leave the appointment where it is
        < You have: Home inspection
        """,
        (JANE,),
    ),
    Story(
        "what is to be kept is not cancelled",
        TWO
        + """
        > cancel the follow-up, keep the inspection
        < Cancel Follow-up visit
        > never mind
        > cancel tuesday, keep wednesday
        < Cancel Home inspection
        """,
        (JANE, FOLLOW_UP),
    ),
    Story(
        "neither that time nor that technician",
        CONFIRM
        + """
        > yes but not with Dana
        < Home inspection with Lee, Tue Nov 24 at 9:00 AM
        > I can't make it
        < OK. Which other day suits you?
        > not this week
        < Mon Nov 23: 1) 8:00 AM Lee
        > no thanks, wednesday at 9 or 10
        < Wed Nov 25: 1) 9:00 AM Lee 2) 10:00 AM Lee
        > the earlier one
        < 9:00 AM, for Jane Roe
        > the other one
        < 10:00 AM, for Jane Roe
        > book
        < Booked
        """,
        (WEDNESDAY,),
    ),
    Story(
        "days that there are not, and days that are not wanted",
        """
        > inspectoin 31 june at 9
        < There is no Jun 31. Which day suits you?
        > any day but friday
        < Mon Nov 23: 1)
        > not monday
        < OK. Which other day suits you?
        > tuesday 9 or wednesday 10
        < 1) Tue Nov 24 2) Wed Nov 25
        > 1
        < Tue Nov 24: 1) 9:00 AM Dana 2) 10:00 AM Dana.
        > 3ish
        < Tue Nov 24 at 3:00 PM.
        """,
    ),
)

TWO_WISHES = (
    *(
        Story(
            f"one instead of the other: {text}",
            f"""{BOOK}
            > {text}
            < Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Wed Nov 25 at 10:00 AM? Reply YES
            > yes
            < Moved
            """,
            (WEDNESDAY,),
        )
        for text in (
            "cancel it and book wednesday 10",
            "cancel that and book me wednesday at 10",
            "cancel it. rebook for wednesday at 10",
            "cancel this, move me to wednesday at 10",
            "cancel it and put me down for wednesday at 10",
            "cancel my appointment and get me in wednesday at 10",
            "please cancel my appointment, wednesday at 10 is better",
            "cancel my appt. can you come wednesday at 10?",
        )
    ),
    *(
        Story(
            f"both are booked: {text}",
            f"""{CONFIRM}
            > {text}
            < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM
            < {asked}, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
            """,
            (JANE,),
        )
        for text, asked in (
            ("yes and also wednesday at 10", "Home inspection with Lee"),
            ("yes plus wednesday at 10", "Home inspection with Lee"),
            ("yes and wednesday at 10", "Home inspection with Lee"),
            ("yes please, also need one wednesday at 10 for my mom", "Home inspection with Lee"),
            ("yes, and an ant treatment wednesday at 10 too", "Ant treatment with Lee"),
            ("yes and book the ant treatment wednesday at 10", "Ant treatment with Lee"),
        )
    ),
    Story(
        "a yes, and one more in the next text",
        CONFIRM
        + """
        > yes
        + and wednesday at 10 too please
        < Booked: Home inspection with Dana, Tue Nov 24 at 9:00 AM
        < Home inspection with Lee, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        """,
        (JANE,),
    ),
    Story(
        "one to cancel and another to move",
        TWO
        + """
        > cancel the inspection and move the follow-up to friday at 2
        < One at a time, please, so this first: Cancel Home inspection
        > no
        < I left your appointment as it is.
        > move the follow-up to friday at 2 and cancel the inspection
        < One at a time, please, so this first: Move your visit from Wed Nov 25
        """,
        (JANE, FOLLOW_UP),
    ),
    Story(
        "one to move and one to book",
        BOOK
        + """
        > move my appointment to wednesday 10 and book my mom Mary Roe in at 11
        < One at a time, please, so this first: Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection
        > yes
        < Moved: Home inspection with Lee, Wed Nov 25 at 10:00 AM
        """,
        (WEDNESDAY,),
    ),
    Story(
        "a yes, and the other one to cancel",
        BOOK
        + """
        > book a follow-up visit wednesday at 10
        > yes and cancel the tuesday one
        < Booked: Follow-up visit with Lee, Wed Nov 25 at 10:00 AM
        < Cancel Home inspection
        > yes
        < Cancelled
        """,
        (CANCELLED, FOLLOW_UP),
    ),
    Story(
        "another one cancelled before the yes",
        BOOK
        + """
        > book a follow-up visit wednesday at 10
        > no wait cancel my tuesday one first
        < Cancel Home inspection with Dana, Tue Nov 24
        > yes
        < Cancelled: Home inspection
        < Follow-up visit with Dana, Wed Nov 25 at 10:00 AM, for Jane Roe. Reply YES
        """,
        (CANCELLED,),
    ),
    Story(
        "another service for the same visit",
        BOOK
        + """
        > move it to wednesday at 10 and make it an ant treatment
        < First the new visit, then I ask about the old one: Ant treatment with Lee, Wed Nov 25 at 10:00 AM
        """,
        (JANE,),
    ),
    Story(
        "a time beside a cancellation that is no wish",
        TWO
        + """
        > cancel tuesday, wednesday and friday
        < One at a time, please, so this first: Cancel Home inspection
        > never mind
        > cancel the inspection, I will be away until friday
        < Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM? Reply YES to cancel it, NO to keep it.
        < For another time text "move it".
        > never mind
        > cancel my appointment, tuesday at 9
        < Cancel Home inspection
        """,
        (JANE, FOLLOW_UP),
    ),
)

SEVERAL_QUESTIONS = (
    Story(
        "two questions, and a time",
        """
        > how much is an inspection, do you take cash, and can you come tuesday at 9?
        < Tue Nov 24 at 9:00 AM. What is your full name?
        < A home inspection costs $89.
        < We do not take cash.
        > Jane Roe
        < Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES
        > do you take cash? do you serve Round Rock?
        < We do not take cash.
        < We serve Austin, Round Rock
        """,
        business=DOCUMENTS,
    ),
    Story(
        "a move and a question without its sign",
        BOOK
        + """
        > can you move it to thursday at 10 and do you take cash
        < Move your visit from Tue Nov 24
        < We do not take cash.
        """,
        (JANE,),
        business=DOCUMENTS,
    ),
    Story(
        "questions alone, one that the documents do not answer",
        """
        > do you take cash? do you serve Round Rock? do you sell cars?
        < We do not take cash.
        < We serve Austin, Round Rock
        < That is one for a person. Someone will call you
        """,
        tasks=("callback",),
        business=DOCUMENTS,
    ),
)

ALL = (*NOBODY_WAITS, *SEVERAL_THINGS, *CHANGES_OF_MIND, *TWO_WISHES, *SEVERAL_QUESTIONS)

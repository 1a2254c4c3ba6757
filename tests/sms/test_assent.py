"""The yes that is acted upon, and everyday answers that begin like one and are none, at each question for a yes."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from app.booking.business import Businesses
from app.sms.guided import GuidedConversation
from app.sms.phrases import KEPT
from app.sms.state import VERSION, Booked, Offered, State, Step, Task, dumped
from app.sms.turn import Conversation, Incoming
from tests.booking.acme import CALLER, NOW, acme
from tests.sms.conversing import LINE

AT_NINE, AT_TEN, WEDNESDAY = "2026-11-24T09:00:00-06:00", "2026-11-24T10:00:00-06:00", "2026-11-25T10:00:00-06:00"
VISIT = Booked("K7QM2X", AT_NINE, "inspection", "dana")
SLOTS = [Offered("aa", AT_NINE, "dana"), Offered("bb", AT_TEN, "lee")]
BOOKING = State(step=Step.CONFIRM, service="inspection", name="Ann Lee", slots=SLOTS, slot=SLOTS[0])
CANCELLING = State(step=Step.CONFIRM_CANCEL, task=Task.CANCEL, name="Ann Lee", appointments=[VISIT], appointment=VISIT)
MOVING = State(
    step=Step.CONFIRM,
    task=Task.MOVE,
    service="inspection",
    slots=[Offered("cc", WEDNESDAY, "lee")],
    slot=Offered("cc", WEDNESDAY, "lee"),
    appointment=VISIT,
)
DONE = {"book_appointment", "reschedule_appointment", "cancel_appointment"}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "check_availability": {
        "ok": True,
        "say": "Open.",
        "slots": [{"slot_id": slot.slot_id, "start": slot.start, "technician": slot.who} for slot in SLOTS],
    },
    "find_appointments": {
        "ok": True,
        "say": "One.",
        "appointments": [
            {"reference": "K7QM2X", "start": AT_NINE, "service": "inspection", "technician": "dana"}
            | {"outcome": "confirmed", "verification": "matched"}
        ],
    },
    "request_callback": {"ok": True, "say": "Someone will call you.", "reference": "C1", "due": WEDNESDAY},
}
CONFIRMED = {"ok": True, "say": "Done.", "outcome": "confirmed", "reference": "K7QM2X"}


def answered(state: State, text: str) -> tuple[set[str], str]:
    """What is done upon a text that answers the question of that state, and what is said."""
    done: set[str] = set()

    async def ask(
        conversation: Conversation, session: str, tool: str, arguments: Mapping[str, Any], tool_call_id: str
    ) -> Mapping[str, Any]:
        done.update(DONE & {tool})
        return ANSWERS.get(tool, CONFIRMED)

    kept = dumped(state) | {"v": VERSION, "session": "SM0", "at": float(NOW)}
    responder = GuidedConversation(Businesses({"acme": acme()}), ask)
    conversation = Conversation("c", "acme", CALLER, LINE, kept)
    turn = asyncio.run(responder.answer(conversation, [Incoming("SM1", text, NOW + 20.0)]))
    return done, "\n".join(turn.replies)


def texts(table: str) -> tuple[str, ...]:
    """The texts of a table; `\\n` is a new line in one."""
    return tuple(text.strip().replace("\\n", "\n") for text in table.split("|"))


YES = texts(
    r"""
    yes | Yes please | yep thats fine | ok thx | 👍 | 👍🏽 | si | sí por favor | yes that's right | y | k |
    yes! thank you so much | yes mam | Yes ma'am | Yes ma am | yes sir | correct | do it | go ahead | yeah sure |
    YES!!! | yes 😊 | Yup. | ok | Okay, thanks a lot | sure | absolutely | yes yes yes | of course | okayyy |
    Perfect, thank you | great thanks | sounds good | Sounds great to me | that works | please do | um yes | ok yes |
    that works for me thanks! | Hi, yes please | yes\nthanks | confirm | I confirm | confirmed | yes I'm sure | fine |
    yes i do | sure, why not | yes no problem | yea go ahead please | ok do that | good | yess | ya | ok perfect |
    claro, gracias | yes have a good day | yes thanks, bye | Yes, that would be great | yes go for it | agreed |
    very good | 👍🏻👍🏻 | ✅ | yes ❤️ | de acuerdo | that's fine | yes and thank you | ok then | hmm ok | right
    """
)
BOOKED = texts(
    r"""
    sure, book it | yes book it please | book | please book that | Yes, Tuesday at 9 works | yes tuesday | yes 9 |
    perfect see you then | ok cool see ya then | Yes, tuesday at 9am with Dana | yes the home inspection on tuesday |
    ok book me in | yes 9 works | yes, 1 | yes I want it | works for me | I'll take it |
    yes nov 24 at 9:00 am please | let's do it | yes put me down | yes I want to book it |
    yes I'd like to book that appointment | yes see you tuesday | Yes Ann Lee | yes, I'll be home | yes please come |
    yes Tuesday morning is fine | ok can't wait | yes for Ann Lee | yes, ann | yes book the tuesday one |
    Yes, the inspection | yes it's good | Yes, the 24th | that will work | Yes 9am is perfect | yes that date works |
    yes that'll work | Yes, this is Ann Lee | yes, and how much is it | yes. do you take cash? |
    YES to book it | yes\nSent from my iPhone | my other plans got cancelled so yes | yes, I cancelled the other guys |
    great, I'll cancel my other company then | Yes. Dana cancelled on me last time
    """
)
MOVED = texts(
    r"""
    yes move it | please move it | yes, wednesday at 10 | yes wednesday works for me | ok change it | yes reschedule |
    yes move it to wednesday at 10 please | perfect see you then | works for me | yes move my appointment |
    yes wednesday with Lee is great | YES to move it
    """
)
CANCELLED = texts(
    r"""
    yes cancel it please | yes go ahead and cancel | cancel it | no, just cancel it | please cancel it | ok cancel |
    yes cancel the visit | yes cancel the tuesday one | yes, the tuesday one | Yes cancel my appointment |
    yes cancel tuesday | yes I want to cancel | yes I'd like to cancel it please | yes Ann Lee | cancel please |
    yes cancel the inspection with Dana | yes cancelled | yes I can't make it | yes I don't need it anymore |
    yes you can cancel it | yes cancel that one | yes that one | yes sorry | yes please, sorry for the trouble |
    cancel for now, thanks | correct, cancel the appointment | yes it's no longer needed | sí, cancelar |
    YES to cancel | YES to cancel it | yes cancel it, dont come
    """
)
KEEPS_IT = texts(
    r"""
    yes I still want to come | yes I am coming | yes please come | ok come | yes it stands | yes still need it |
    yes I want it | correct, I need it | sure I'll be home | ok I can make it after all | yes I can make it now |
    good, we're on then | yes keep it | sure, see you then | yes tuesday works | yes tuesday is fine | yes he can come
    | good, leave the appointment where it is | Yes the appointment stays | yes I'll be there | sure come on tuesday |
    yes I need the appointment | yes that time is fine | no, tuesday is fine
    """
)
CANCELS_NOTHING = texts(
    r"""
    great, tuesday at 9 | Yes, Tuesday | book it | yes book it | yes, is there a fee? | what happens if I cancel? |
    do you cancel if it rains? | Yes Still Coming | yes cancel the wednesday one | yes don't | yes if it rains |
    it's fine | all good | yes confirm my appointment | confirm the appointment | yes the visit | yes it's good |
    yes that visit works | yes tuesday confirmed | ok so
    """
)
BOOKS_NOTHING = texts(
    r"""
    great, i'll let you know | great, will get back to you | okay thanks, I'll get back to you | ok one sec |
    ok, give me a minute | ok need to see my schedule first | alright I'll see | yes I am still deciding |
    sounds great, I'll discuss with my landlord | good to know | good question | great news | yes once I'm paid |
    sure after I see the reviews | fine, send me the price first | right, so who is Dana? | cool, what happens next? |
    k bye | ok so | ok I'm good | yes? | ok? | yes wednesday | yes at 10 | yes, send me the price first | book? |
    yes, the afternoon | yes 2 | thanks | good morning | Tuesday at 9 | ok later | yes Bob Smith | yes with Lee |
    ok whatever | yes, an ant treatment | yes, not tuesday | yes any time | see you then
    """
)
MOVES_NOTHING = texts(
    r"""
    ok I prefer the old time | great, I'll let you know | good question | yes keep the old one | yes tuesday |
    yes cancel it | ok let me ask my wife | yes wednesday at 11
    """
)


def wrong(state: State, texts: Sequence[str], *tools: str) -> list[str]:
    """The texts upon which something else is done than these tools do, or that get no answer."""
    return [text for text in texts for done, heard in [answered(state, text)] if done != {*tools} or not heard]


def test_a_yes_is_acted_upon() -> None:
    assert wrong(BOOKING, (*YES, *BOOKED), "book_appointment") == []
    assert wrong(MOVING, (*YES, *MOVED), "reschedule_appointment") == []
    assert wrong(CANCELLING, (*YES, *CANCELLED), "cancel_appointment") == []


def test_what_says_anything_else_is_no_yes() -> None:
    assert wrong(BOOKING, BOOKS_NOTHING) == []
    assert wrong(MOVING, MOVES_NOTHING) == []
    assert wrong(CANCELLING, (*CANCELS_NOTHING, *KEEPS_IT)) == []


def test_what_means_keeping_it_is_a_no_to_cancelling() -> None:
    assert [text for text in KEEPS_IT if answered(CANCELLING, text)[1] != KEPT] == []


def test_a_question_is_answered_before_a_yes_that_may_be_none() -> None:
    _, heard = answered(BOOKING, "right, so who is Dana?")
    assert "Someone will call you. Home inspection with Dana" in heard
    assert heard.endswith("Reply YES to book it, or text another time.")

"""Whether words are about a visit that stands: its time said again, a no to its day, another one besides. Pure."""

from app.sms import meant
from app.sms.cancelling import CANNOT_ON
from app.sms.talk import Talk
from app.sms.vocabulary import AGAIN, BETTER, ONE_MORE, WHO
from app.sms.words import Intent


def is_when_booked(talk: Talk) -> bool:
    """Whether the time that is named is that of the visit that is booked."""
    last = talk.state.last
    return last is not None and meant.names_time(talk.said.when, last.starts)


def is_no_to_its_day(talk: Talk) -> bool:
    """Whether they cannot on the day of the visit that is booked."""
    last, said = talk.state.last, talk.said
    return bool(last and last.starts.weekday() in said.when.barred and CANNOT_ON.search(said.text.lower()))


def is_another(talk: Talk) -> bool:
    """Whether a visit besides the one that is booked is spoken of: for somebody else, or for another service."""
    last, named = talk.state.last, {service.id for service in meant.services_in(talk)}
    low = talk.said.text.lower()
    again = AGAIN.search(low) and (ONE_MORE.search(low) or not BETTER.search(low))
    return bool(again or (last and named and last.service not in named))


def may_be_of_visit(talk: Talk) -> bool:
    """Whether a first text may be about a visit that stands, and asks for no other one."""
    said = talk.said
    asked_for = said.intent is Intent.BOOK or meant.services_in(talk)
    told = said.text and not said.only_greets and not said.foreign and not WHO.fullmatch(said.text.lower())
    return bool(told and not asked_for and (said.when or said.when.no_such or not said.asks))

"""What says without a verb that a visit that stands does not suit: its day, who comes, or which one is being moved."""

import re

from app.sms import own_appointments
from app.sms.barred_in_words import UNFIT_DAY
from app.sms.cancelling import CANNOT_ON
from app.sms.ground import ground
from app.sms.meant import could_be, services_in, technician_in
from app.sms.state import Step, Task
from app.sms.talk import Talk
from app.sms.vocabulary import APPT, ONE_MORE

_ONLY_NAMED = re.compile(
    r"\W*(?:(?:no,|no(?= (?:wait|i|the|my)\b)|not (?:the|my) [\w-]+,|(?:oh|oops|wait|sorry|actually|please),?|"
    r"i|mean|meant|it'?s|for|not that one,)\s)*(?:the |my )?"
    rf"(?P<what>[\w-]+(?: [\w-]+)??)(?: (?:one|{APPT}))?(?:,? (?:please|pls|instead|sorry))?\W*"
)
"""Words that only name another visit: "no, I meant the inspection"."""
_BOTH = re.compile(
    rf"\W*(?:(?:no,|oh,?|sorry,?|actually,?|i|mean|meant)\s)*(?:both|all of)(?: (?:of )?(?:them|those)| {APPT})?"
    r"(?:,? (?:please|pls)|,? (?:to|until) .*)?\W*"
)
"""All of the visits, unlike "both mornings work" and "everything after 3"."""
_SEVERAL = 2
_ONLY_ONE = re.compile(r"^\W*(?:(?:no|actually|sorry|so|i|we)\W+)*(?:only|just) (?:need|want|do|keep|have)\b")


async def gives_up(talk: Talk) -> bool:
    """Whether it is about a visit that stands, on a day on which they cannot or with somebody else than they want; that
    has been seen to then.
    """
    low, said = talk.said.text.lower(), talk.said
    cannot, unfit = CANNOT_ON.search(low), UNFIT_DAY.search(low)
    who, named = technician_in(talk), [each.id for each in services_in(talk)]
    by_day = bool(said.when.barred and (cannot or unfit))
    by_service = len(named) == 1 and bool(who or _ONLY_ONE.match(low)) and not ONE_MORE.search(low)
    if said.when or not (by_day or by_service or said.at):
        return False
    visits = await own_appointments.all_standing(talk) or ()
    if said.at and any(could_be(said.at, each.starts) for each in visits):
        await own_appointments.begin(talk, Task.MOVE)
    elif by_day and any(each.starts.weekday() in said.when.barred for each in visits):
        await own_appointments.begin(talk, Task.CANCEL if cannot else Task.MOVE)
    elif by_service and not who and {each.service for each in visits} > {*named}:
        await own_appointments.tell(talk, how=True)
    elif who and by_service and any(each.service in named and each.who != who for each in visits):
        await own_appointments.begin(talk, Task.MOVE)
    elif by_service and any(each.service in named for each in visits):
        await own_appointments.tell(talk)
    else:
        return False
    return True


async def is_another(talk: Talk) -> bool:
    """Whether it only names another visit than the one that is being moved, which takes its place then; or all."""
    state, said, low = talk.state, talk.said, talk.said.text.lower()
    if state.task is not Task.MOVE or state.step is Step.CONFIRM or said.intent is not None:
        return False
    if state.step is Step.DAY and _BOTH.fullmatch(low):
        if len(await own_appointments.all_standing(talk) or ()) < _SEVERAL:
            return False
        await own_appointments.begin(talk, Task.MOVE)
        return True
    named = [each.id for each in services_in(talk)]
    match, own = _ONLY_NAMED.fullmatch(low), ground(talk.business, talk.now).own_words
    only_named = match is not None and all(word in own for word in match["what"].split())
    bare = only_named and not said.when and said.number is None and said.next is None and not said.asks
    if not bare or len(named) != 1 or named == [state.service]:
        return False
    if not await own_appointments.stands(talk, named[0]):
        return False
    await own_appointments.begin(talk, Task.MOVE)
    return True

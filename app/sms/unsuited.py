"""A day that does not suit any more: the visit that is on it is moved, or asked about whether to cancel it."""

from app.sms import own_appointments
from app.sms.barred_in_words import UNFIT_DAY
from app.sms.cancelling import CANNOT_ON
from app.sms.state import Task
from app.sms.talk import Talk


async def gives_up(talk: Talk) -> bool:
    """Whether they only say that they cannot on the day of a visit that stands; that has been seen to then."""
    when, low = talk.said.when, talk.said.text.lower()
    cannot = CANNOT_ON.search(low)
    if when or not when.barred or not (cannot or UNFIT_DAY.search(low)):
        return False
    visits = await own_appointments.all_standing(talk) or ()
    if not any(each.starts.weekday() in when.barred for each in visits):
        return False
    await own_appointments.begin(talk, Task.CANCEL if cannot else Task.MOVE)
    return True

"""The answer to what can be done next or to what stands, which is no wish of its own: a yes, or a no."""

from app.sms import assent, own_appointments, phrases
from app.sms.deciding import still_waits
from app.sms.meant import services_in
from app.sms.state import Step
from app.sms.talk import Talk
from app.sms.vocabulary import ASSENT
from app.sms.words import Answer, Intent


async def is_yes_to_what_stands(talk: Talk) -> bool:
    """A yes after it was told what is booked asks for nothing: that is told again. Where it was told because they were
    not understood, the yes is to what they wrote, which a person has to read.
    """
    state, said = talk.state, talk.said
    yes = said.answer is Answer.YES and (state.step is Step.INVITED or bool(ASSENT.match(said.text.lower())))
    if not yes or not (talk.told or (state.misses and state.last is not None)) or not assent.says_nothing_else(talk):
        return False
    if state.misses:
        await talk.unread(phrases.NOT_UNDERSTOOD)
        return True
    state.step = Step.DONE
    await own_appointments.tell(talk)
    state.told = False  # once: two machines would go on for ever
    return True


async def is_taken_up(talk: Talk) -> bool:
    """A yes or a no to what can be done next gets an answer; an "ok" only takes note of it."""
    state, said = talk.state, talk.said
    if said.thanks or said.when or said.asks or services_in(talk):
        return False
    if said.intent is Intent.ABORT or (said.answer is Answer.NO and assent.says_nothing_else(talk)):
        if state.declined:
            return False
        state.declined = True
        talk.say(await still_waits(talk) or phrases.NOTHING_MORE)
        return True
    if said.answer is Answer.YES and ASSENT.match(said.text.lower()):
        state.step = Step.SERVICE if len(talk.business.services_said()) > 1 else Step.DAY
        talk.say(talk.question(), phrases.OR_PERSON)
        return True
    return False

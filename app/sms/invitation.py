"""The answer to what can be done next, which is no wish of its own: a yes, or a no."""

from app.sms import assent, phrases
from app.sms.deciding import still_waits
from app.sms.meant import services_in
from app.sms.state import Step
from app.sms.talk import Talk
from app.sms.vocabulary import ASSENT
from app.sms.words import Answer, Intent


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

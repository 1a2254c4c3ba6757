"""Who never wrote to us on purpose: no call is promised to whoever says that the number is wrong."""

import re

from app.sms import own_appointments, phrases
from app.sms.state import Step
from app.sms.talk import Talk

_WRONG_NUMBER = re.compile(
    r"(?:(?:hi|hello|hey|no|oh|oops|um+|so|but|sorry|i'?m sorry|i think|i believe|who is this|who'?s this|"
    r"(?:you|u|i)(?: (?:must|probably|might))?(?:'?ve| have)?(?: got)?|(?:this|that|it)(?:'?s| is)|the|a|"
    r"(?:this|that|it) is(?: not|n'?t) [a-z]+|i'?m not [a-z]+|not [a-z]+)\W+)*wrong (?:number|person)\b"
    r"(?:\W+(?:sorry|thanks|please|buddy|bro|man|sir|ma'?am))*\W*"
)
"""Nothing else is said."""
_NOT_WRONG = re.compile(r"\b(?:not|isn'?t) (?:the |a )?wrong\b")


async def has_no_visit(talk: Talk) -> bool:
    """Whether it is a wrong number, and no visit here is under it; that has been answered then.

    With a visit somebody else waits for our texts: that is for a person.
    """
    low = talk.said.whole.lower()
    if not _WRONG_NUMBER.fullmatch(low) or _NOT_WRONG.search(low) or await own_appointments.all_standing(talk) != []:
        return False
    talk.state.step = Step.DONE
    talk.say(phrases.WRONG_NUMBER)
    return True

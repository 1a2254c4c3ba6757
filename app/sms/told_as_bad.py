"""What a visit is about, told beside an answer: "yes, the ants are really bad". That asks for no other service."""

import re

from app.booking.business import Service
from app.sms.meant import services_in
from app.sms.talk import Talk
from app.sms.vocabulary import BETTER, WISHES_FOR
from app.sms.words import Answer

_VERY = r"(?: (?:really|so|very|pretty|super|getting|already|just|extremely|absolutely|much|a|an|real|huge))*"
IS_BAD = (
    r"(?:is|are|r|was|were|has been|have been|keeps?|gets?|got|seems?|look)"
    rf"{_VERY} (?:bad|terrible|horrible|awful|everywhere|all over(?: the (?:place|house|kitchen))?|worse|problem|mess|"
    r"nightmare|out of control|crazy|driving (?:me|us) (?:nuts|crazy|mad|insane)|coming back|back)"
    r"(?: (?:every ?day|lately|again|now|right now|already))?"
)
_TELLS = re.compile(
    rf"\b[\w-]+ {IS_BAD}\b|\b(?:there(?:'?s| is| are)|have|got) (?:\w+ ){{1,2}}(?:everywhere|all over)\b|"
    r"\b[\w-]+ (?:is|are|r|come|comes|came|keep coming)(?: mostly| all| mainly)? "
    r"(?:in|on|under|from|inside|around|near|by|behind) (?:the|my|our)\b"
)


def services_wished(talk: Talk) -> list[Service]:
    """The services that the words ask for, where times of one have been offered; not what is only told of."""
    said, low = talk.said, talk.said.text.lower()
    answers = said.answer in (Answer.YES, Answer.UNSURE) or said.number is not None or bool(said.name)
    tells = _TELLS.search(low) and not (WISHES_FOR.search(low) or BETTER.search(low))
    return [] if answers and tells and talk.state.slots else services_in(talk)

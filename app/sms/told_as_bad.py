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
HATES = (
    r"\b(?:(?:i|we|she|he|(?:my|our) \w+)(?: (?:really|just|so|absolutely|also))* (?:hates?|loathes?|can'?t stand)|"
    r"(?:i'?m|we'?re|(?:i|we) (?:am|are)|(?:he|she|(?:my|our) \w+)(?:'s| is))(?: (?:so|really|very|just))* "
    r"(?:(?:sick(?: and tired)?|tired|scared|afraid|terrified) of|allergic to|fed up with))"
    r"(?: (?:the|these|those|all|of))*"
)
_TELLS = re.compile(
    rf"\b[\w-]+ {IS_BAD}\b|\b(?:there(?:'?s| is| are)|have|got) (?:\w+ ){{1,2}}(?:everywhere|all over)\b|"
    r"\b[\w-]+ (?:is|are|r|come|comes|came|keep coming)(?: mostly| all| mainly)? "
    r"(?:in|on|under|from|inside|around|near|by|behind) (?:the|my|our)\b|"
    rf"{HATES} [a-z]"
)

_HATE = re.compile(rf"\W*{HATES} [\w ]+\W*")


def services_wished(talk: Talk) -> list[Service]:
    """The services that the words ask for, where times of one have been offered; not what is only told of."""
    said, low = talk.said, talk.said.text.lower()
    answers = said.answer in (Answer.YES, Answer.UNSURE) or said.number is not None or bool(said.name)
    told = _TELLS.search(low) if answers else _HATE.fullmatch(low)
    wishes = WISHES_FOR.search(low) or BETTER.search(low)
    return [] if told and talk.state.slots and not wishes else services_in(talk)

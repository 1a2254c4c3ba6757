"""What is told of a visit that stands: how to get in, who is there, who waits. No tool takes it down, so a person is to
know at once, in the customer's words. It changes nothing.
"""

import re

from app.sms import phrases
from app.sms.state import IDLE
from app.sms.talk import Talk
from app.sms.vocabulary import BETTER, NO_CALL, PHONE

DETAIL = re.compile(
    r"\b(?:address|gates?|code|doors?|ring|(?:door)?bell|buzzer|knock|dogs?|puppy|cats?|pets?|keys?|lock ?box|alarm|"
    r"parking|park|apt\.? ?#?\d+\w?|apartment|unit|suite|floors?|entrance|driveway|garage|fence|(?:back|front)?yard)\b|"
    r"\b\d+ (?:\w+ ){1,3}(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|ct|court|way|place|pl)\b|"
    r"\b(?:tell|let|ask|inform|have) (?:him|her|them|the (?:tech\w*|guys?|driver|inspector)|whoever \w+) |"
    r"(?<!\S)[^\s@]{1,64}@[^\s@]{1,250}\.\w|"
    rf"{PHONE.pattern}|"
    r"\b(?:call|text|ring|phone) (?:him|her|them|(?:me )?(?:first|ahead|when|before|once))\b|"
    r"\b(?:phone|cell|number) is\b|"
    r"\bmy (?:\w+[- ]in[- ]law|wife|husband|mom|mum|mother|dad|father|sister|brother|son|daughter|friend|partner|"
    r"neighbou?r|tenant|roommate|landlord|boyfriend|girlfriend)(?:'s|s)? (?:will|is|'s|'ll|can|cell|phone|number)\b|"
    r"\binstead of me\b|\bturn (?:left|right)\b|\bbridge\b",
    re.I,
)
"""What whoever comes has to know."""
_PRESENCE = re.compile(
    r"\b(?:on (?:my|our) way|(?:i'?m|im|i am|we'?re|we are) (?:\w+ )?(?:here|outside|waiting)|"
    r"where are (?:you|u)|(?:not|isn'?t|nobody|no ?one)(?:'s| is)? (?:here|there)|(?:still|been) waiting)\b",
    re.I,
)
_OF_PRESENCE = re.compile(
    r"\b(?:traffic|(?:left|forgot|dropped) (?:his|her|their|your|a|an|some)|(?:found|have) (?:his|her|their|your))\b",
    re.I,
)
"""What may be a question as well: "do you have your license?"."""


def tells(talk: Talk) -> bool:
    """Whether it tells of the visit that was spoken of last, and asks for nothing."""
    said = talk.said
    asked_for = said.intent is not None or said.foreign or said.next is not None
    if asked_for or talk.state.step not in IDLE or (said.when and BETTER.search(said.text.lower())):
        return False
    if _PRESENCE.search(said.text):
        return True
    told = _OF_PRESENCE.search(said.text) or DETAIL.search(said.text) or (said.pictures > 0 and said.text)
    return bool(told) and not said.asks


async def pass_on(talk: Talk) -> None:
    """A person is told; who goes on telling, as answering machines do, is told no more of it."""
    await talk.unread(phrases.GOES_ON)


def wants_no_call(talk: Talk) -> bool:
    """Whether the call that was promised is not wanted after all, and nothing else is asked for."""
    said = talk.said
    free = talk.state.promised and talk.state.step in IDLE and said.intent is None and not said.when
    return free and bool(NO_CALL.search(said.text.lower()))


async def call_off(talk: Talk) -> None:
    """Whoever calls knows it first."""
    said = len(talk.replies)
    if await talk.person():
        talk.replies[said:] = [phrases.NOT_CALLED]

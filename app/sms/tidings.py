"""What is told of a visit that stands: how to get in, who is there, who waits. No tool takes it down, so a person is to
know at once, in the customer's words. It changes nothing.
"""

import re

from app.sms import phrases
from app.sms.meant import called
from app.sms.state import IDLE, Task
from app.sms.talk import MAX_REASON_CHARS, Talk
from app.sms.vocabulary import ASKING, BESIDES, BETTER, MOVE, PERSON, PHONE
from app.sms.words import Answer

PLACE = (
    r"\b\d+ (?!(?:with|see|for|hours?|hrs?|min\w*|miles?)\b)"
    r"(?:\w+ ){1,3}(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|ct|court|way|place|pl)\b"
)
EMAIL = r"(?<!\S)[^\s@]{1,64}@[^\s@]{1,250}\.\w"
DETAIL = re.compile(
    r"\b(?:address|gates?|code|doors?|ring|(?:door)?bell|buzzer|knock|dogs?|puppy|cats?|pets?|keys?|lock ?box|alarm|"
    r"parking|park|apt\.? ?#?\d+\w?|apartment|unit|suite|floors?|entrance|driveway|garage|fence|(?:back|front)?yard)\b|"
    rf"{PLACE}|"
    r"\b(?:tell|let|ask|inform|have) (?:him|her|them|the (?:tech\w*|guys?|driver|inspector)|whoever \w+) |"
    rf"{EMAIL}|{PHONE.pattern}|"
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
    r"\b(?:traffic|running (?:\w+ ){0,4}?behind|be on time|(?:have|need|got|gotta|has) (?:to )?(?:leave|go|be gone) by|"
    r"can only be (?:home|here|there) (?:until|till?)|"
    r"(?:left|forgot|dropped) (?:his|her|their|your|a|an|some)|(?:found|have) (?:his|her|their|your))\b",
    re.I,
)
"""What may be a question as well: "do you have your license?"."""


_DOES = r"(?:bring|call|check|knock|look|park|phone|ring|take|text|txt|use|wear)\b"
"""What whoever comes may be asked to do on a visit that stands; "ask Dana to come Friday" is another one."""
_CALL_OFF = re.compile(
    r"^\W*(?:(?:no|ok|okay|please|pls|sorry|actually|never ?mind|nvm|just|so|and|but|i said)\b\W*)*"
    r"(?:(?:do ?n[o']?t|do not|no need to|stop) (?:(?!you\b|u\b|they\b)\w+ )?|"
    r"(?:you|u) do ?n[o']?t (?:have|need) to |i(?:'d| would) rather (?:you|u) (?:do|did) ?n[o']?t )"
    r"(?:call|phone)",
)
"""The imperative, unlike "why don't you call" and "you never called"."""
CALL_THEM = re.compile(
    r"(?:(?:please|pls|hi|hello|hey|can you|could you)\W+)*call (?:my|our) \w+(?: \w+)? (?:at|on) \(?[0-9+]", re.I
)
"""Where nothing is under way, that is what is wished for."""
MOST_TOLD = 10
"""Texts that are answered although they only go on telling."""
GOES_ON_S = 600
"""Who is silent for so long does not go on: what comes then is answered."""


def tells(talk: Talk) -> bool:
    """Whether it tells of the visit that was spoken of last, and asks for nothing."""
    said = talk.said
    asked_for = said.intent is not None or said.foreign or said.next is not None
    if asked_for or talk.state.step not in IDLE or (said.when and BETTER.search(said.text.lower())):
        return False
    if _PRESENCE.search(said.text) or (said.when and _CALL_OFF.search(said.text.lower())):
        return True
    told = _OF_PRESENCE.search(said.text) or DETAIL.search(said.text) or (said.pictures > 0 and said.text)
    return bool(told or _to_who_comes(talk)) and not said.asks


def _to_who_comes(talk: Talk) -> bool:
    """Whether somebody who comes to visits is to be told something: "tell Dana to bring a ladder"."""
    who = "|".join(called(talk).values())
    told = rf"\b(?:(?:tell|let|inform|remind) (?:{who})\b|(?:ask|have) (?:{who}) (?:to )?{_DOES})"
    return bool(who) and bool(re.search(told, talk.said.text.lower()))


def tells_meanwhile(talk: Talk) -> bool:
    """Whether it does while something else is asked about a visit that stands, and is no answer to that."""
    state, said = talk.state, talk.said
    answers = said.answer in (Answer.YES, Answer.NO) or said.number is not None or bool(said.when)
    if state.step in IDLE or state.task is Task.BOOK or answers or said.intent is not None or said.next is not None:
        return False
    return not said.asks and not said.foreign and bool(DETAIL.search(said.text))


async def pass_on_beside(talk: Talk) -> None:
    """What is told in the words of a move: no tool takes that down with it."""
    state, said = talk.state, talk.said
    if state.task is not Task.MOVE or state.step in IDLE or talk.passed_on or talk.missed:
        return
    parts = [part for part in BESIDES.split(said.whole) if DETAIL.search(part)]
    wishes = (MOVE, BETTER, ASKING)
    if any(not any(form.search(part.lower()) for form in wishes) for part in parts if not part.endswith("?")):
        await talk.person(phrases.GOES_ON)


async def pass_on(talk: Talk) -> None:
    """A person is told, each time. Who goes on telling, as answering machines do, hears no more of it; who waits does,
    unless that comes from a machine as well. Who asks for no call is promised none.
    """
    state, text = talk.state, talk.said.text[:MAX_REASON_CHARS]
    promised, low = (state.promised, state.promised_in), talk.said.text.lower()
    uncalled = _CALL_OFF.search(low) and not PERSON.search(_CALL_OFF.sub("", low))
    told = [] if talk.now - state.at > GOES_ON_S else state.tidings
    again, many = text in told, len(told) >= MOST_TOLD
    state.tidings = told if many else [*told, text]
    said = len(talk.replies)
    heard_enough = again and many if _PRESENCE.search(talk.said.text) else again or many
    if not await talk.person(phrases.GOES_ON):
        return
    if uncalled:
        state.promised, state.promised_in = promised
        talk.replies[said:] = [phrases.GOES_ON]
    if heard_enough:
        del talk.replies[said:]


def wants_no_call(talk: Talk) -> bool:
    """Whether the call that was promised is not wanted after all, and nothing else is asked for."""
    said = talk.said
    free = talk.state.promised_in and talk.state.step in IDLE and said.intent is None and not said.when
    return bool(free) and not said.asks and bool(_CALL_OFF.search(said.text.lower()))


async def call_off(talk: Talk) -> None:
    """Whoever calls knows it first, also where the call was promised long ago."""
    said, session = len(talk.replies), talk.state.session
    talk.state.session = talk.state.promised_in
    promised = await talk.person()
    talk.state.session = session
    if promised:
        talk.replies[said:] = [phrases.NOT_CALLED]

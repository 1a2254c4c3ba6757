"""A look at open times that a model wants, held to what the customer's newest words plainly say: the day, the hour, who
comes.

Pure. The tool offers the first times of a day and has no word for an hour: who asks for three would be offered eight.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from app.booking.speech import WEEKDAYS
from app.sms import phrases
from app.sms.allowed import Permitted
from app.sms.asked_for import heard_now, moves_visit
from app.sms.dates_in_words import When
from app.sms.ground import ground
from app.sms.meant import minute, nearest
from app.sms.model_turn import ModelTurn
from app.sms.not_asked import CAME
from app.sms.plain_wishes import plainly_wished, plainly_with
from app.sms.state import Offered
from app.sms.talk import Talk
from app.sms.told import CHECK, service_id
from app.sms.words import Intent

MANY: Final = 50
"""Times that are looked through for the hour that is wanted."""
OFFERED: Final = 3
_WISHES: Final = (None, Intent.BOOK, Intent.MOVE)


def as_wished(turn: ModelTurn, look: Permitted) -> Permitted:
    """The look as it is made. Only the first one for a service is held to their day: when that is full, others help."""
    talk = heard_now(turn)
    if not _is_wish(talk, look):
        return look
    wanted = dict(look.arguments)
    when = _wished(turn, talk, look)
    if not turn.told.looked_for(service_id(turn.business, wanted)):
        if who := plainly_with(talk):
            wanted["technician"] = who
        if when.part:
            wanted["part_of_day"] = when.part
        elif when.clock:
            wanted.pop("part_of_day", None)
        _on_their_day(talk, when, wanted)
    if moves_visit(turn) and turn.told.only:
        wanted["reference"] = turn.told.only["reference"]  # its own time is no obstacle to where it goes
    if when.clock:
        wanted["limit"] = MANY
    return Permitted(look.tool, wanted, look.confidence, look.rests_on, look.language)


def at_their_hour(turn: ModelTurn, look: Permitted, result: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """What was found for a model's `look`: as many times as it wanted or, where none of them is at the hour they named,
    those that are or are near it; and what is said first where it is not open.
    """
    talk = heard_now(turn)
    if not result.get("slots") or not _is_wish(talk, look):
        return result, ""
    clock, own = _wished(turn, talk, look).clock, turn.told.only
    found = [each for each in result["slots"] if not own or _visit(each) != _visit(own) or not moves_visit(turn)]
    if not clock or not found:
        return {**result, "slots": found}, ""
    first = found[: look.arguments.get("limit", OFFERED)]
    if any(clock.allows(minute(each)) for each in _offered(first)):
        return {**result, "slots": first}, ""
    by_id = {slot["slot_id"]: slot for slot in found}
    near = nearest(_offered(found), clock)[:OFFERED]
    lead = "" if clock.allows(minute(near[0])) else phrases.NEAREST
    return {**result, "slots": [by_id[each.slot_id] for each in near]}, lead


def _is_wish(talk: Talk, look: Permitted) -> bool:
    said = talk.said
    told_of = said.next is not None or said.intent not in _WISHES or CAME.search(said.text.lower())
    return look.tool == CHECK and not told_of


def _visit(told: Mapping[str, Any]) -> tuple[str, str]:
    return told["start"], told["technician"]


def _offered(slots: Sequence[Mapping[str, str]]) -> list[Offered]:
    return [Offered(each["slot_id"], each["start"], each["technician"]) for each in slots]


def _wished(turn: ModelTurn, talk: Talk, look: Permitted) -> When:
    return plainly_wished(talk, service_id(turn.business, look.arguments))


def _on_their_day(talk: Talk, when: When, wanted: dict[str, Any]) -> None:
    """Where one day is named, or one stretch of days, the look is at that; a day of a stretch is of it."""
    if len(when.days) != 1 or when.loose or talk.said.intent is Intent.MOVE:
        return
    first, last = when.days[0], when.days[0] + timedelta(days=when.length - 1)
    meant = ground(talk.business, talk.now).when(str(wanted.get("date", "")))[0]
    if len(meant.days) == 1 and first <= meant.days[0] <= last:
        return
    for name in ("weekday", "date_to"):
        wanted.pop(name, None)
    wanted["date"] = WEEKDAYS[first.weekday()].lower() if when.bare else first.isoformat()
    if last > first:
        wanted["date_to"] = last.isoformat()

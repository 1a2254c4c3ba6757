"""A look at open times that a model wants, held to what the customer's newest words say: the day, the hour, who comes.

Pure. The tool offers the first times of a day and has no word for an hour: who asks for three would be offered eight.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from app.booking.speech import WEEKDAYS
from app.sms import phrases
from app.sms.allowed import Permitted
from app.sms.asked_for import heard_now
from app.sms.dates_in_words import When
from app.sms.ground import ground
from app.sms.meant import minute, nearest, technician_in
from app.sms.model_turn import ModelTurn
from app.sms.not_asked import CAME
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
    said = talk.said
    if look.tool != CHECK or said.next is not None or said.intent not in _WISHES or CAME.search(said.text.lower()):
        return look
    wanted, when = dict(look.arguments), said.when
    if not turn.told.looked_for(service_id(turn.business, wanted)):
        if who := technician_in(talk):
            wanted["technician"] = who
        if when.part:
            wanted["part_of_day"] = when.part
        elif when.clock:
            wanted.pop("part_of_day", None)
        _on_their_day(talk, wanted)
    if when.clock:
        wanted["limit"] = MANY
    return Permitted(look.tool, wanted, look.confidence, look.rests_on, look.language)


def at_their_hour(turn: ModelTurn, look: Permitted, result: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """What was found, with the times at the hour they named or near it; and what is said first where it is not open."""
    clock = heard_now(turn).said.when.clock
    if look.arguments.get("limit") != MANY or not clock or not result.get("slots"):
        return result, ""
    slots = {slot["slot_id"]: slot for slot in result["slots"]}
    near = nearest([Offered(each["slot_id"], each["start"], each["technician"]) for each in slots.values()], clock)
    lead = "" if clock.allows(minute(near[0])) else phrases.NEAREST
    return {**result, "slots": [slots[each.slot_id] for each in near[:OFFERED]]}, lead


def _on_their_day(talk: Talk, wanted: dict[str, Any]) -> None:
    """Where one day is named, or one stretch of days, the look is at that; a day of a stretch is of it."""
    when = talk.said.when
    if len(when.days) != 1 or when.loose or talk.said.intent is Intent.MOVE:
        return
    first, last = when.days[0], when.days[0] + timedelta(days=when.length - 1)
    meant: When = ground(talk.business, talk.now).when(str(wanted.get("date", "")))[0]
    if len(meant.days) == 1 and first <= meant.days[0] <= last:
        return
    for name in ("weekday", "date_to"):
        wanted.pop(name, None)
    wanted["date"] = WEEKDAYS[first.weekday()].lower() if when.bare else first.isoformat()
    if last > first:
        wanted["date_to"] = last.isoformat()

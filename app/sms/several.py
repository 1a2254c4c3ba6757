"""Several visits named at once: "both", "everything but the treatment", "Tuesday and Wednesday"."""

import re
from collections.abc import Sequence

from app.sms import phrases
from app.sms.meant import all_services_in, services_kept
from app.sms.state import Asked, Booked, PutOff, Task
from app.sms.talk import Talk
from app.sms.vocabulary import OTHER_ONE
from app.sms.words import Said

MOST_PUT_OFF = 2
EVERY = re.compile(
    r"\b(?:(?<!\bare )(?<!\bwe )(?<!'re )both|everything|"
    r"every (?:one|visit|appointment)|(?:all|each)(?= (?:of )?(?:my|the|our|of|them|these|those|"
    r"[0-9]|two|three|four|appointments?|appts?|visits?|bookings?)\b)|(?:it|them) all\b|cancel all|all (?:but|except)|"
    r"the rest|(?:the|my|all) others|ambas|todas)\b"
)
_EITHER = re.compile(r"\bor\b")
_ELSE = re.compile(r"(?<!one )(?<!body )\belse\b|\bthe rest\b|\bothers\b")


def named(talk: Talk, said: Said, visits: Sequence[Booked]) -> list[Booked]:
    """Those of `visits` that the words name, each by itself or all of them together, soonest first."""
    low = said.text.lower()
    if EVERY.search(low):
        kept = {service.id for service in services_kept(talk)}
        return [each for each in visits if each.service not in kept]
    if OTHER_ONE.search(low):
        return [*visits] if len(visits) == 1 else []
    services, days = {each.id for each in all_services_in(talk, said.text)}, said.when.days
    of_service = [each for each in visits if each.service in services]
    on_day = [each for each in visits if each.starts.date() in days]
    both = [each for each in of_service if each in on_day]
    if _EITHER.search(low):
        return []
    return both or of_service or (on_day if not services else [])


def listed(talk: Talk, visits: Sequence[Booked]) -> list[Booked]:
    """Two visits or more that are named at once, to be dealt with one after the other; else nothing."""
    low = talk.said.text.lower()
    if talk.said.instead or not (EVERY.search(low) or len(visits) > 1):
        return []
    days, services = talk.said.when.days, all_services_in(talk, low)
    moves = talk.state.task is Task.MOVE  # where one day can be the goal
    several = (
        EVERY.search(low) or (len(services) > 1 and not (moves and len(days) > 1)) or (len(days) > 1 and not moves)
    )
    found = named(talk, talk.said, visits) if several else []
    return found if len(found) > 1 or (found and EVERY.search(low)) else []


def wait(talk: Talk, task: Task, visits: Sequence[Booked]) -> bool:
    """Keep those that come after the first, to be asked about in turn. Whether there was room for all."""
    state = talk.state
    if task is Task.CANCEL:
        state.after = [*(Asked(Task.CANCEL, each, strict=state.strict) for each in visits), *state.after]
        return True
    names = [(each, talk.business.service(each.service)) for each in visits]
    words = [f"move my {s.name if s else 'visit'} of {each.starts.date().isoformat()}" for each, s in names]
    room = max(MOST_PUT_OFF - len(state.put_off), 0)
    state.put_off = [*state.put_off, *(PutOff(each, talk.today) for each in words[:room])]
    return len(words) <= room


def lead(talk: Talk, *, kept_all: bool) -> None:
    """Say that the others follow."""
    talk.lead(phrases.THIS_FIRST if kept_all else phrases.REST_AGAIN)


def says_else(text: str) -> bool:
    """Whether all but the one that was spoken of last are meant."""
    return bool(_ELSE.search(text) or OTHER_ONE.search(text))

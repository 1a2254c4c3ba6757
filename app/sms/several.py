"""Several visits named at once: "both", "everything but the treatment", "Tuesday and Wednesday"."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.booking.business import Service
from app.sms import phrases
from app.sms.cancelling import CANCEL
from app.sms.dates_in_words import When
from app.sms.ground import ground
from app.sms.meant import all_services_in, could_be, services_in
from app.sms.numbers_in_words import ORDINALS
from app.sms.spans_in_words import DAY_NAMES, read_shift
from app.sms.state import Asked, Booked, PutOff, Step, Task
from app.sms.talk import Talk
from app.sms.vocabulary import EARLIER_ONE, LATER_ONE, MOVE, OTHER_ONE
from app.sms.words import Said, read

MOST_PUT_OFF = 2
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_TWO = 2
_HALF_DAY = 720
"""In minutes: 9 may be in the morning or in the evening."""
EVERY = re.compile(
    r"\b(?:(?<!\bare )(?<!\bwe )(?<!'re )both|everything|"
    r"every (?:one|visit|appointment)|(?:all|each)(?= (?:of )?(?:my|the|our|of|them|these|those|"
    r"[0-9]|two|three|four|appointments?|appts?|visits?|bookings?)\b)|(?:it|them) all\b|cancel all|all (?:but|except)|"
    r"the rest|(?:the|my|all) others|ambas|todas)\b"
)
_EVERY_ON_DAY = re.compile(
    r"\b(?:everything|all(?: of (?:it|them))?)(?: (?:i|we) have)?(?: (?:on|for|this|next))* "
    rf"(?:{DAY_NAMES}|today|tomorrow)(?!\w)"
)
_EVERY_OF = re.compile(r"\b(?:both|all|every|each)(?: of)?(?: (?:the|my|our|these|those))?(?P<what>(?: [a-z-]+){1,2})")
_WORD = re.compile(r"[a-z-]+")
_EITHER = re.compile(r"\bor\b")
_NOT_DAY = re.compile(r"(?:^|[,;.!\n]) *(?:but |and |just )?not\b", re.I)
"""What is left out of others, and not a day that does not suit."""
_ELSE = re.compile(r"(?<!one )(?<!body )\belse\b|\bthe rest\b|\bothers\b")
_CLAUSES = re.compile(r"[,;!&+\n]|(?<=[?])|\.(?=\s|$)|\b(?:and|but|also|then|plus|so)\b", re.I)
_ALL = re.compile(r"\W*all(?: of (?:them|these|those))?(?: please| pls)?\W*")
_OTHER = "other"
ONE_OF_LIST = rf"(?:[1-9]|{'|'.join(ORDINALS)}|{_OTHER})"
_LISTED = rf"(?:(?:the|number|option) )?#?{ONE_OF_LIST}(?: one)?"
_NUMBERS = re.compile(
    rf"\W*(?:(?:both|numbers?|cancel) )*{_LISTED}(?:(?: ?[,&]| and| plus| then| y)(?: (?:and|then|also))* ?{_LISTED})+"
    r"(?: too| as well)?(?: please| pls)?\W*"
)
MOST_CLAUSES = 8
STAYS = re.compile(
    r"\b(?:still|works|confirm|keep)\b|(?:'s|\b(?:is|are)) (?:\w+ )?(?:ok|okay|fine|good|great|perfect|on)\b|"
    r"\b(?:ok|okay|fine|good)\W*$|"
    r"\bsee (?:you|u|ya)\b|\b(?:i|we) can (?:do|make)\b|\bdo (?:i|we) (?:have|need)\b|\bwhat time\b|"
    r"\b(?:tell|remind|know|sure)\b.* (?:when|where)\b|^\W*when\b"
)
STANDS = re.compile(r"\bstill\b|\bsee (?:you|u|ya)\b|\bconfirm\b|\bkeep\b")
"""What is said like this of a day names no other visit's new one."""
_ONLY = re.compile(r"^\W*(?:just|only) ")
"""Beside "the rest" it names what is no part of that."""
_TURNED_DOWN = re.compile(rf"{CANCEL.pattern}|{MOVE.pattern}|n't\b|\b(?:dont|cant|wont|doesnt|not?|never|no longer)\b")


def named(talk: Talk, said: Said, visits: Sequence[Booked]) -> list[Booked]:
    """Those of `visits` that the words name, each by itself or all of them together, soonest first."""
    low = said.text.lower()
    if EVERY.search(low):
        stay, of_kind = kept(talk, said, visits), _every_of(talk, said.text)
        if _EVERY_ON_DAY.search(low):
            visits = [each for each in visits if each.starts.date() in said.when.days]
        return [each for each in visits if each not in stay and (not of_kind or each.service in of_kind)]
    if OTHER_ONE.search(low):
        return [*visits] if len(visits) == 1 else []
    services, days = {each.id for each in all_services_in(talk, said.text)}, said.when.days
    of_service = [each for each in visits if each.service in services]
    on_day = [each for each in visits if each.starts.date() in days]
    both = [each for each in of_service if each in on_day]
    if _EITHER.search(low):
        return []
    return both or of_service or (on_day if not services else [])


def _every_of(talk: Talk, text: str) -> set[str]:
    """The services that "both inspections" is about, where no other one is named; empty if it is about all."""
    match = _EVERY_OF.search(text.lower())
    named = {each.id for each in all_services_in(talk, match["what"])} if match else set()
    return named if named == {each.id for each in all_services_in(talk, text)} else set()


def _in_plural(low: str, services: Sequence[Service]) -> bool:
    """Whether several visits of one service are named: "cancel the inspections"."""
    words = set(_WORD.findall(low))
    return any(f"{each.name.lower().split()[-1]}s" in words for each in services)


def kept(talk: Talk, said: Said, visits: Sequence[Booked]) -> list[Booked]:
    """Those of `visits`, soonest first, that the words say stay as they are: "all but Tuesday", "keep the first"."""
    barred = says_else(said.text.lower()) and _NOT_DAY.search(said.text)
    stay = [each for part in said.kept for each in _fitting(talk, part, visits)]
    stay += [each for each in visits if barred and each.starts.weekday() in said.when.barred]
    stay += spared(talk, said, visits)
    return [each for each in visits if each in stay]


def spared(talk: Talk, said: Said, visits: Sequence[Booked]) -> list[Booked]:
    """Those that are only spoken of beside the request, as good, expected or asked about, where it names another one:
    "Tuesday is fine, but cancel Wednesday".
    """
    good, changed = _told_apart(talk, said, visits)
    named_other = changed or says_else(said.whole.lower())
    return [each for each in good if each not in changed] if named_other else []


def names_none(talk: Talk, visits: Sequence[Booked]) -> bool:
    """Whether all of them are only spoken of beside a day on which none is: "Tuesday is fine, but cancel Wednesday"."""
    elsewhere = {*talk.said.when.days} - {each.starts.date() for each in visits}
    good, changed = _told_apart(talk, talk.said, visits)
    return bool(elsewhere and visits) and not changed and all(each in good for each in visits)


def without_spared_days(talk: Talk, visits: Sequence[Booked]) -> When:
    """When it shall be: not on the day of a visit that stays, unless no other day is named."""
    when = talk.said.when
    days = {each.starts.date() for each in spared(talk, talk.said, visits)}
    left = tuple(day for day in when.days if day not in days)
    stands = STANDS.search(talk.said.whole.lower())
    return replace(when, days=left) if days and (left or stands) else when


def _told_apart(talk: Talk, said: Said, visits: Sequence[Booked]) -> tuple[list[Booked], list[Booked]]:
    """Those of which it is said that they are good, and those of which anything else is said."""
    good: list[Booked] = []
    changed: list[Booked] = []
    clauses = [part for part in _CLAUSES.split(said.whole) if part.strip()]
    if not 1 < len(clauses) <= MOST_CLAUSES:
        return good, changed
    told, else_too = ground(talk.business, talk.now), says_else(said.whole.lower())
    for clause in clauses:
        low, part = clause.lower(), read([(clause, 0)], told)
        stays = STAYS.search(low) or (else_too and _ONLY.match(low))
        fits = _fitting(talk, part, visits)
        if stays and not _TURNED_DOWN.search(low):
            good += [each for each in fits if could_be(part.when, each.starts)]
        else:
            days, barred = part.when.days, part.when.barred
            changed += [*fits, *_coming(talk, low, visits)]
            changed += [each for each in visits if each.starts.date() in days or each.starts.weekday() in barred]
    return good, changed


def _coming(talk: Talk, low: str, visits: Sequence[Booked]) -> list[Booked]:
    """Those to which somebody comes who is named."""
    who = [each.id for each in talk.business.technicians if re.search(rf"\b{re.escape(each.name.lower())}\b", low)]
    return [each for each in visits if each.who in who]


def without_kept(talk: Talk, visits: Sequence[Booked]) -> tuple[list[Booked], bool]:
    """Those of `visits` that may be meant, and whether others than those that stay are.

    "The rest", where nothing says of which, is all but the one that was spoken of last.
    """
    low, last = talk.said.text.lower(), talk.state.last
    stay = [each.reference for each in kept(talk, talk.said, visits)]
    others = says_else(low) or (bool(stay) and bool(EVERY.search(low)))
    if not stay and others and last is not None:
        stay = [last.reference]
    left = [each for each in visits if each.reference not in stay]
    return (left, others and bool(stay)) if left or others else ([*visits], False)


def _fitting(talk: Talk, part: Said, visits: Sequence[Booked]) -> list[Booked]:
    """Those that these few words name: by who comes, by their place, or by all that is said of service and time."""
    low, when = part.text.lower(), part.when
    services = {service.id for service in services_in(talk, part)}
    if not services and not when and (coming := _coming(talk, low, visits)):
        return coming
    if len(visits) > 1 and (place := _place(low, part.number)) is not None and not services and not when.clock:
        return [*visits[place : place + 1 or None]]
    if not services and not (when.days or when.clock or when.part):
        return []
    of_service = [each for each in visits if not services or each.service in services]
    fitting = [each for each in of_service if could_be(when, each.starts)]
    return fitting or (of_service if services else [])


def _place(low: str, number: int | None) -> int | None:
    if EARLIER_ONE.search(low) or LATER_ONE.search(low):
        return -1 if LATER_ONE.search(low) else 0
    return number if number is None or number < 0 else number - 1


def listed(talk: Talk, visits: Sequence[Booked]) -> list[Booked]:
    """Two visits or more that are named at once, to be dealt with one after the other; else nothing."""
    low = talk.said.text.lower()
    if talk.said.instead or not (EVERY.search(low) or len(visits) > 1):
        return []
    by_place = talk.state.step is Step.WHICH or not any(sign.isdigit() for sign in low)
    if by_place and (several_of := numbered(talk, visits)):
        return several_of
    days, services = talk.said.when.days, all_services_in(talk, low)
    moves = talk.state.task is Task.MOVE  # where one day can be the goal
    several = (
        EVERY.search(low)
        or _in_plural(low, services)
        or (len(services) > 1 and not (moves and len(days) > 1))
        or (len(days) > 1 and not moves)
    )
    found = named(talk, talk.said, visits) if several else []
    return found if len(found) > 1 or (found and EVERY.search(low)) else []


def numbered(talk: Talk, visits: Sequence[Booked]) -> list[Booked]:
    """All of those that were just listed, or several by their numbers: "1 and 2"."""
    low = talk.said.whole.lower()
    if _ALL.fullmatch(low):
        return [*visits]
    numbers = _numbers(talk, len(visits))
    return [visit for number, visit in enumerate(visits, 1) if number in numbers]


def beyond(talk: Talk, visits: Sequence[Booked]) -> str:
    """What to say where a number among several is none of the list: "1 and 3" of two; else nothing."""
    unknown = sorted(_numbers(talk, len(visits)) - {*range(1, len(visits) + 1)})
    return phrases.NO_SUCH_DAY.format(day=unknown[0]) if unknown else ""


def _numbers(talk: Talk, most: int) -> set[int]:
    """The places that are named of a list of `most`, from 1; none where it is not plain which."""
    low = talk.said.whole.lower()
    words = re.findall(rf"\b{ONE_OF_LIST}\b", low) if _NUMBERS.fullmatch(low) else ()
    places = [int(ORDINALS.get(word, word)) for word in words if word != _OTHER]
    named = {place if place > 0 else most for place in places}
    if _OTHER not in words:
        return named
    return {*range(1, most + 1)} if len(named) == 1 and most == _TWO else set()


def wait(talk: Talk, task: Task, visits: Sequence[Booked]) -> bool:
    """Keep those that come after the first, to be asked about in turn. Whether there was room for all."""
    state = talk.state
    if task is Task.CANCEL:
        state.after = [*(Asked(Task.CANCEL, each, strict=state.strict) for each in visits), *state.after]
        return True
    names = [(each, talk.business.service(each.service)) for each in visits]
    when = goal(talk, visits)
    to = f" to {when.days[0].isoformat()} {when.part}".rstrip() if len(when.days) == 1 and when.length == 1 else ""
    if not (when.days or names_hours(when)) and (when.part or when.clock.minutes):  # each on its own day
        hour, minute = divmod(next(iter(when.clock.minutes), 0), 60)
        to = f" in the {when.part}" if when.part else f" at {hour}:{minute:02}"
    shift = read_shift(talk.said.text)
    words = [
        f"move my {s.name if s else 'visit'} of {each.starts.date().isoformat()}{to or _shifted(each, shift)}"
        for each, s in names
    ]
    room = max(MOST_PUT_OFF - len(state.put_off), 0)
    state.put_off = [*state.put_off, *(PutOff(each, talk.today) for each in words[:room])]
    return len(words) <= room


def _shifted(visit: Booked, shift: timedelta | None) -> str:
    """Where a visit goes that shall be so much later or earlier, in words; empty where that is not said."""
    if not shift:
        return ""
    if shift.days * _DAY == shift:
        return f" to {(visit.starts + shift).date().isoformat()} at {visit.starts:%H:%M}"
    return f" {abs(shift) // _MINUTE} minutes {'later' if shift > _DAY * 0 else 'earlier'}"


def in_turn(talk: Talk, visits: Sequence[Booked]) -> list[Booked]:
    """In the order in which they are moved: of those that all shall be later the last goes first, and makes room.

    Where only an hour or a day is named, without those that are at it.
    """
    when = goal(talk, visits)
    if talk.state.task is Task.MOVE and when.clock.minutes and not when.days and not names_hours(when):
        visits = [each for each in visits if not could_be(when, each.starts)] or visits
    if talk.state.task is Task.MOVE and len(when.days) == 1 and not (when.clock or when.part or when.length > 1):
        visits = [each for each in visits if each.starts.date() != when.days[0]] or visits
    shift = read_shift(talk.said.text) if talk.state.task is Task.MOVE else None
    return [*reversed(visits)] if shift and shift > _DAY * 0 else [*visits]


def names_hours(when: When) -> bool:
    """Whether it is one hour or another: "9 or 10"."""
    return len({minute % _HALF_DAY for minute in when.clock.minutes}) > 1


def goal(talk: Talk, visits: Sequence[Booked]) -> When:
    """When all of these visits shall be moved to, of the days that are named: the one on which none of them is."""
    when = talk.said.when
    elsewhere = tuple(day for day in when.days if day not in [each.starts.date() for each in visits])
    return replace(when, days=elsewhere) if len(when.days) > 1 and len(elsewhere) == 1 else when


def lead(talk: Talk, *, kept_all: bool) -> None:
    """Say that the others follow."""
    talk.lead(phrases.THIS_FIRST if kept_all else phrases.REST_AGAIN)


def says_else(text: str) -> bool:
    """Whether all but the one that was spoken of last are meant."""
    return bool(_ELSE.search(text) or OTHER_ONE.search(text))

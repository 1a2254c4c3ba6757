"""Which times are open. Offers only what the calendars say is free, and says so when they do not tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nsmallest
from operator import attrgetter
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from app.booking.amendments import CANCEL, as_it_becomes, under_way
from app.booking.asked_time import Hour, asked, moment_of, span_meant
from app.booking.availability import Opening, PartOfDay, bookable, choose, last_bookable_day, overlaps, within
from app.booking.business import Business, Service, Technician
from app.booking.dates import Days, resolve
from app.booking.desk import View, local_today
from app.booking.front import RESERVE_S, Front, calendar_silent, offered, own_visit, wanted_service, wanted_technicians
from app.booking.owner import Asking
from app.booking.speech import elsewhere, local_iso, none_left, none_seen, not_then, offer
from app.booking.store import Booking, by_caller
from app.booking.zones import DAY_S, clock_of
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult
from app.errors import ReadbackError, SaidError

MAX_SLOTS = 50
USUAL_SLOTS = 3
OWN_READ_S = 0.2
"""For the caller's own visits, which only make clearer what is said: a database that hangs keeps nobody waiting."""
MOST_OFFERS = 16
"""Kinds of question that are remembered of one view."""
LOOK_AHEAD_DAYS = (14, 31, 31)
"""How far past an empty day the next open days are looked for: two weeks, further only when those are booked out."""
NEXT_DAYS_SAID = 3
DATE = (
    "Day as YYYY-MM-DD, or today, tomorrow, a weekday or next week; if a certain hour is wanted, with it, as in "
    "tomorrow at 3pm or 2026-12-01T15:00"
)
_start_of = attrgetter("start")
ANYBODY = frozenset(
    ("any", "anyone", "anybody", "any technician", "no preference", "either", "whoever", "first available")
)
"""What models put where it does not matter who comes."""
ANY_TIME = frozenset(("anytime", "any time", "all day", "whole day", "no preference", "whenever"))


def _part(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    words = value.strip().lower().removeprefix("in ").removeprefix("the ").removesuffix("s")
    return PartOfDay.ANY if words in ANY_TIME else words


def _somebody(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().casefold() in ANYBODY else value


def _at_most(value: int) -> int:
    return min(value, MAX_SLOTS)


class Arguments(ToolArguments):
    """What the caller wants to know."""

    service: Annotated[str | None, Field(max_length=200, description="Service id or name")] = None
    date: Annotated[str | None, Field(max_length=64, description=DATE)] = None
    weekday: Annotated[
        str | None, Field(max_length=64, description="The weekday the caller said, to check the date against")
    ] = None
    date_to: Annotated[
        str | None, Field(max_length=64, description="Last day of a range, at most 31 days after date")
    ] = None
    part_of_day: Annotated[
        PartOfDay, BeforeValidator(_part), Field(description="morning, afternoon, evening or any")
    ] = PartOfDay.ANY
    technician: Annotated[
        Annotated[str, Field(max_length=200)] | None,  # a length asked of both would be asked of None as well
        BeforeValidator(_somebody),
        Field(description="Technician id or name, if the caller wants a certain one"),
    ] = None
    limit: Annotated[int, AfterValidator(_at_most), Field(ge=1, description="How many times to offer")] = USUAL_SLOTS
    reference: Annotated[
        str | None, Field(max_length=64, description="Only when an appointment is to be moved: its reference")
    ] = None


@dataclass(slots=True)
class _Offer:
    """What is offered from one view, and until when (epoch seconds) it would be chosen again just so."""

    read_at: float
    openings: tuple[Opening, ...]
    say: str
    good_until: int
    missed: bool = False
    """Whether a certain hour was asked for and is not among them."""
    told: ToolResult | None = None
    """As it was told in the second `told_at`: slot ids carry no finer time, so others get the same words."""
    told_at: int = 0


class _Question(NamedTuple):
    service: Service
    technicians: tuple[Technician, ...]
    first: date
    last: date
    otherwise: date | None
    now: int
    kind: "_Kind"


class _Kind(NamedTuple):
    """What decides, besides the days, which of the open times are offered."""

    part: PartOfDay
    limit: int
    named: bool
    hour: Hour | None
    clock: int
    """What `hour` is on these days, in seconds since midnight; 0 without one."""
    end: int = DAY_S
    """Before when it has to be."""


def check_availability(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    def at_once(context: Context, arguments: Arguments) -> ToolResult | None:
        question = _question(front, context, arguments)
        for part in _stretches(question):
            view = front.desk.open_now(context.business, part.service, part.technicians, part.first, part.last)
            if view is None or view.unknown or arguments.reference:  # whose that is, memory does not tell
                return None
            found = _again(front, context.business, part, view)
            if found.openings:
                # The hour that is asked for may be gone to the caller's own visit, which memory does not tell either.
                return None if found.missed and context.ref.owner else _told(front, context, part, found)
        return None

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        question = _question(front, context, arguments)
        read_at, others = front.clock.monotonic(), False
        visit = await _to_be_moved(front, context, arguments)
        for part in _stretches(question):
            view = await _seen(front, context.business, part, visit)
            found = _offer(front, context.business, part, view)
            if found.openings:
                told = _told(front, context, part, found)
                return _with_own(front, context, told, await _own(front, context, part)) if found.missed else told
            if view.unknown:
                # Nothing free with those who could be asked; the others might be free.
                raise calendar_silent()
            read_at = min(read_at, view.read_at)
            open_slots = bookable(context.business, view.openings, question.now)
            others = others or (part is question and bool(open_slots))
        said = await _none(front, context, question)
        said = f"{said} Other times of day are free." if others else said
        none = ToolResult(True, said, facts=_facts(front, context, read_at, []))
        return _with_own(front, context, none, await _own(front, context, question))

    return Tool(
        name="check_availability",
        description="Look up open appointment times. Offer only times from the answer, and book with their slot_id.",
        arguments=Arguments,
        run=run,
        at_once=at_once,
    )


async def _to_be_moved(front: Front, context: Context, arguments: Arguments) -> Booking | None:
    """The caller's own appointment that is to be moved. Any other reference changes nothing: models fill in what they
    like, and whose time it is that counts as free has to be theirs.
    """
    if not arguments.reference:
        return None
    try:
        asking = Asking(context.ref.owner, context.ref.key)
        found = await front.owners.appointment(context.business.id, asking, arguments.reference, None)
    except SaidError:
        return None
    return found if found.status == "confirmed" else None


async def _seen(front: Front, business: Business, question: _Question, visit: Booking | None) -> View:
    asked_for, days = (business, question.service, question.technicians), (question.first, question.last)
    if visit is None:
        return await front.desk.open(*asked_for, *days)
    return await front.desk.open_to_move(*asked_for, days, visit)


def _question(front: Front, context: Context, arguments: Arguments) -> _Question:
    business, now = context.business, int(front.clock.now())
    service = wanted_service(business, arguments.service)
    technicians = wanted_technicians(business, service, arguments.technician)
    said = asked(arguments.date)
    days = resolve(business, now, date=said.day, weekday=arguments.weekday, date_to=arguments.date_to)
    part = said.part if arguments.part_of_day is PartOfDay.ANY else arguments.part_of_day
    clock, end = 0, DAY_S
    if said.hour is not None:
        clock, end = span_meant(said.hour, business, technicians, days, part)
        part = part if overlaps(part, clock, end if said.hour.ends else clock + 1) else PartOfDay.ANY
        if days.otherwise and moment_of(business.zone, days.first, end if said.hour.ends else clock) < now:
            days = Days(days.otherwise, days.otherwise)
    # From midnight on is the whole day, and how one is written.
    hour = said.hour if (clock, end) != (0, DAY_S) else None
    kind = _Kind(part, arguments.limit, arguments.technician is not None, hour, clock, end)
    return _Question(service, technicians, days.first, days.last, days.otherwise, now, kind)


def _stretches(question: _Question) -> Sequence[_Question]:
    if question.otherwise is None:
        return (question,)
    return (question, question._replace(first=question.otherwise, last=question.otherwise))


def _chosen(front: Front, business: Business, question: _Question, view: View) -> tuple[list[Opening], bool]:
    """What to offer, and whether that is from the hour on that was asked for; else it is what is nearest to it."""
    part, limit, named, hour, clock, end = question.kind
    open_slots = bookable(business, view.openings, question.now)
    load = front.desk.load(question.technicians) if len(question.technicians) > 1 else {}
    if hour is None:
        return choose(open_slots, part, business.zone, load, limit, named), True
    if hour.every_day:
        from_then = [*within(open_slots, (clock, end), business.zone)]
        if question.first != question.last and not hour.later:  # the hour itself on any of the days, before others
            from_then = [o for o in from_then if clock_of(business.zone, o.start) == clock] or from_then
    else:
        then = int(hour.moment.timestamp()) if hour.moment else moment_of(business.zone, question.first, clock)
        from_then = [opening for opening in open_slots if opening.start >= then]
    found = choose(from_then, part, business.zone, load, limit, named)
    if found:
        return found, True
    others = choose(open_slots, part, business.zone, load, len(open_slots), named)
    nearest = nsmallest(limit, others, lambda o: _apart(clock_of(business.zone, o.start), clock, end))
    return sorted(nearest, key=_start_of), False


def _apart(start: int, clock: int, end: int) -> int:
    """How far a start is from the time asked for."""
    return max(clock - start, start - end, 0)


def _offer(front: Front, business: Business, question: _Question, view: View) -> _Offer:
    openings, from_then = _chosen(front, business, question, view)
    if not openings:
        return _Offer(view.read_at, (), "", question.now - 1)
    say = offer(question.service.name, openings, business, question.kind.named, question.now)
    missed = _missed(business, question, openings[0], from_then)
    say = f"{missed}{say}{_here(business, question)}"
    # Earliest first: the same ones are chosen until the notice required passes the first.
    good_until = openings[0].start - business.minimum_notice_minutes * 60
    return _Offer(view.read_at, tuple(openings), say, good_until, bool(missed))


def _again(front: Front, business: Business, question: _Question, view: View) -> _Offer:
    """As `_offer`; what the same question got from the same view, if it would get it again."""
    found: _Offer | None = view.told.get(question.kind)
    if found is None or question.now > found.good_until:
        found = _offer(front, business, question, view)
        if len(view.told) < MOST_OFFERS or question.kind in view.told:
            view.told[question.kind] = found
    return found


def _missed(business: Business, question: _Question, first: Opening, from_then: bool) -> str:
    """That the hour asked for is not among what is offered; nothing where it is."""
    part, _, _, hour, clock, end = question.kind
    one = question.first == question.last or (hour is not None and not hour.every_day)
    exact = hour is not None and not hour.later
    at_it = clock_of(business.zone, first.start) == clock
    if from_then and (not exact or (at_it and not (one and local_today(business, first.start) != question.first))):
        return ""
    last = question.first if from_then and one else question.last
    in_part = "" if part is PartOfDay.ANY or from_then else f"in the {part}"
    when = (clock, end if hour is not None and hour.ends else None)
    return not_then(when, question.first, last, local_today(business, question.now), in_part, later=not from_then)


def _here(business: Business, question: _Question) -> str:
    """What a time of another zone is here: who put the zone to it out of habit meant another hour."""
    hour = question.kind.hour
    moment = hour.moment if hour else None
    if moment is None:
        return ""
    local = moment.astimezone(business.zone)
    return "" if local.utcoffset() == moment.utcoffset() else elsewhere(moment, business.zone, question.now)


def _told(front: Front, context: Context, question: _Question, found: _Offer) -> ToolResult:
    if found.told is None or found.told_at != question.now:
        slots = offered(front, context.business, question.service, found.openings)
        found.told = ToolResult(True, found.say, facts=_facts(front, context, found.read_at, slots))
        found.told_at = question.now
    return found.told


def _facts(front: Front, context: Context, read_at: float, slots: list[dict[str, Any]]) -> dict[str, Any]:
    age_s = max(0.0, front.clock.monotonic() - read_at)
    checked_at = local_iso(int(front.clock.now() - age_s), context.business.zone)
    return {"slots": slots, "time_zone": context.business.zone.key, "checked_at": checked_at}


async def _own(front: Front, context: Context, question: _Question) -> Booking | None:
    """The caller's own visit at the time asked for: that it cannot be had is not to be heard as "taken"."""
    caller, business = context.ref.owner, context.business
    within_s = min(OWN_READ_S, context.deadline - front.clock.monotonic() - RESERVE_S)
    if not caller or within_s <= 0:
        return None
    try:
        theirs, changes = await front.database.read(
            lambda c: (found := by_caller(c, business.id, caller, question.now), under_way(c, found)), within_s
        )
    except ReadbackError:
        return None  # all else that was found holds
    # What is being cancelled may be gone already; what is being moved is theirs at both times until it is known.
    stay = [one for one in theirs if one.id not in changes or changes[one.id].intent != CANCEL]
    moves = [as_it_becomes(one, changes[one.id]) for one in stay if one.id in changes]
    return next((visit for visit in (*stay, *moves) if _is_at(visit, business, question)), None)


def _is_at(booking: Booking, business: Business, question: _Question) -> bool:
    day, hour = local_today(business, booking.starts), question.kind.hour
    if not question.first <= day <= question.last:
        return False
    if hour is None:
        return True
    wanted = moment_of(business.zone, day, question.kind.clock)
    until = moment_of(business.zone, day, question.kind.end) if hour.ends or hour.later else wanted + 1
    return booking.starts < until and booking.ends > wanted


def _with_own(front: Front, context: Context, told: ToolResult, own: Booking | None) -> ToolResult:
    if own is None:
        return told
    return ToolResult(told.ok, f"{own_visit(front, context.business, own)} {told.say}", told.code, told.facts)


async def _none(front: Front, context: Context, question: _Question) -> str:
    """Nothing of the kind on the days asked for: say so, with the next days that have it."""
    part = question.kind.part
    days, sure = await _next_days(front, context.business, part, question)
    today = local_today(context.business, question.now)
    kind = ["" if part is PartOfDay.ANY else f"in the {part}"]
    kind += [f"with {who.name}" for who in question.technicians if question.kind.named]
    narrowed = " ".join(filter(None, kind))
    if days or sure:
        return none_left(question.first, question.last, days, today, narrowed)
    # What was not seen is not said to be booked out.
    return none_seen(question.first, question.last, today, narrowed)


async def _next_days(front: Front, business: Business, part: PartOfDay, question: _Question) -> tuple[list[date], bool]:
    """The next days with something after the ones asked for, and whether having none means that there is none."""
    first, end = question.last + timedelta(days=1), last_bookable_day(business, question.now)
    for length in LOOK_AHEAD_DAYS:
        if first > end:
            return [], True
        last = min(first + timedelta(days=length - 1), end)
        view = await front.desk.open(business, question.service, question.technicians, first, last)
        open_slots = bookable(business, view.openings, question.now)
        wanted = choose(open_slots, part, business.zone, {}, len(open_slots), False)
        days = sorted({local_today(business, opening.start) for opening in wanted})
        if days or view.unknown:
            return days[:NEXT_DAYS_SAID], False
        first = last + timedelta(days=1)
    return [], first > end

"""Which times are open. Offers only what the calendars say is free, and says so when they do not tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from app.booking.availability import Opening, PartOfDay, bookable, choose, last_bookable_day
from app.booking.business import Business, Service, Technician
from app.booking.dates import day_and_part, resolve
from app.booking.desk import View, local_today
from app.booking.front import Front, calendar_silent, offered, wanted_service, wanted_technicians
from app.booking.owner import Asking
from app.booking.speech import local_iso, none_left, none_seen, offer
from app.booking.store import Booking
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult
from app.errors import SaidError

MAX_SLOTS = 50
MOST_OFFERS = 16
"""Kinds of question that are remembered of one view."""
LOOK_AHEAD_DAYS = (14, 31, 31)
"""How far past an empty day the next open days are looked for: two weeks, further only when those are booked out."""
NEXT_DAYS_SAID = 3
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
    date: Annotated[
        str | None, Field(max_length=64, description="Day as YYYY-MM-DD, or today, tomorrow, or a weekday")
    ] = None
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
    limit: Annotated[int, AfterValidator(_at_most), Field(ge=1, description="How many times to offer")] = 3
    reference: Annotated[
        str | None, Field(max_length=64, description="Only when an appointment is to be moved: its reference")
    ] = None

    @property
    def part(self) -> PartOfDay:
        """The part of the day, which may have been said with the day."""
        if self.part_of_day is not PartOfDay.ANY:
            return self.part_of_day
        return PartOfDay(day_and_part(self.date)[1] or PartOfDay.ANY)

    def shape(self) -> tuple[object, ...]:
        """What decides, besides the days, which of the open times are offered."""
        return self.part, self.limit, self.technician is None


@dataclass(slots=True)
class _Offer:
    """What is offered from one view, and until when (epoch seconds) it would be chosen again just so."""

    read_at: float
    openings: tuple[Opening, ...]
    say: str
    good_until: int
    told: ToolResult | None = None
    """As it was told in the second `told_at`: slot ids carry no finer time, so others get the same words."""
    told_at: int = 0


def _kept(view: View, now: int, arguments: Arguments) -> _Offer | None:
    """What the same question got from the same view, if it would get it again."""
    found: _Offer | None = view.told.get(arguments.shape())
    return found if found is not None and now <= found.good_until else None


def _keep(view: View, offer: _Offer, arguments: Arguments) -> None:
    if len(view.told) < MOST_OFFERS:
        view.told[arguments.shape()] = offer


class _Question(NamedTuple):
    service: Service
    technicians: tuple[Technician, ...]
    first: date
    last: date
    otherwise: date | None
    now: int


def check_availability(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    def at_once(context: Context, arguments: Arguments) -> ToolResult | None:
        question = _question(front, context, arguments)
        for first, last in _stretches(question):
            view = front.desk.open_now(context.business, question.service, question.technicians, first, last)
            if view is None or view.unknown or arguments.reference:  # whose that is, memory does not tell
                return None
            found = _kept(view, question.now, arguments)
            if found is None:
                found = _offer(front, context, arguments, question, view)
                _keep(view, found, arguments)
            if found.openings:
                return _told(front, context, question, found)
        return None

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        question = _question(front, context, arguments)
        read_at, others = front.clock.monotonic(), False
        visit = await _to_be_moved(front, context, arguments)
        for first, last in _stretches(question):
            view = await _seen(front, context.business, question, (first, last), visit)
            found = _offer(front, context, arguments, question, view)
            if found.openings:
                return _told(front, context, question, found)
            if view.unknown:
                # Nothing free with those who could be asked; the others might be free.
                raise calendar_silent()
            read_at = min(read_at, view.read_at)
            open_slots = bookable(context.business, view.openings, question.now)
            others = others or (first == question.first and bool(open_slots))
        said = await _none(front, context, arguments, question)
        said = f"{said} Other times of day are free." if others else said
        return ToolResult(True, said, facts=_facts(front, context, read_at, []))

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


async def _seen(
    front: Front, business: Business, question: _Question, days: tuple[date, date], visit: Booking | None
) -> View:
    asked = (business, question.service, question.technicians)
    if visit is None:
        return await front.desk.open(*asked, *days)
    return await front.desk.open_to_move(*asked, days, visit)


def _question(front: Front, context: Context, arguments: Arguments) -> _Question:
    service = wanted_service(context.business, arguments.service)
    technicians = wanted_technicians(context.business, service, arguments.technician)
    now = int(front.clock.now())
    day, _ = day_and_part(arguments.date)
    days = resolve(context.business, now, date=day, weekday=arguments.weekday, date_to=arguments.date_to)
    return _Question(service, technicians, days.first, days.last, days.otherwise, now)


def _stretches(question: _Question) -> Sequence[tuple[date, date]]:
    asked = (question.first, question.last)
    return (asked, (question.otherwise, question.otherwise)) if question.otherwise else (asked,)


def _chosen(front: Front, context: Context, arguments: Arguments, question: _Question, view: View) -> list[Opening]:
    named = arguments.technician is not None
    open_slots = bookable(context.business, view.openings, question.now)
    load = front.desk.load(question.technicians) if len(question.technicians) > 1 else {}
    return choose(open_slots, arguments.part, context.business.zone, load, arguments.limit, named)


def _offer(front: Front, context: Context, arguments: Arguments, question: _Question, view: View) -> _Offer:
    openings = _chosen(front, context, arguments, question, view)
    if not openings:
        return _Offer(view.read_at, (), "", question.now - 1)
    named = arguments.technician is not None
    say = offer(question.service.name, openings, context.business, named, question.now)
    # Earliest first: the same ones are chosen until the notice required passes the first.
    good_until = openings[0].start - context.business.minimum_notice_minutes * 60
    return _Offer(view.read_at, tuple(openings), say, good_until)


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


async def _none(front: Front, context: Context, arguments: Arguments, question: _Question) -> str:
    """Nothing of the kind on the days asked for: say so, with the next days that have it."""
    part = arguments.part
    days, sure = await _next_days(front, context.business, part, question)
    today = local_today(context.business, question.now)
    kind = ["" if part is PartOfDay.ANY else f"in the {part}"]
    kind += [f"with {who.name}" for who in question.technicians if arguments.technician]
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

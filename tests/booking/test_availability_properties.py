"""Availability against a slow oracle that walks every UTC minute and reads the wall clock of each."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.booking.availability import (
    Opening,
    PartOfDay,
    bookable,
    candidates,
    choose,
    claim_range,
    is_open,
    reach,
)
from app.booking.business import Business, Service, Technician, WeeklyHours
from app.booking.calendar import Interval
from app.booking.zones import day_start, grid, pieces, today

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Santiago",
    "America/Havana",
    "America/Nuuk",
    "Africa/Casablanca",
)
FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2028, 12, 28)


@dataclass(frozen=True)
class Case:
    """One whole question."""

    business: Business
    service: Service
    busy: dict[str, list[Interval]]
    claimed: dict[str, list[Interval]]
    first: date
    last: date
    now: int

    def asked(self, now: int | None = None) -> tuple[Opening, ...]:
        return tuple(bookable(self.business, self.kept(), self.now if now is None else now))

    def kept(self) -> tuple[Opening, ...]:
        return candidates(
            self.business, self.service, self.business.technicians, self.busy, self.claimed, self.first, self.last
        )


@cache
def days_of_clock_change(zone: ZoneInfo) -> tuple[date, ...]:
    noons = [datetime(2026, 1, 1, 12, tzinfo=zone) + timedelta(days=n) for n in range(1090)]
    changes = [b.date() for a, b in pairwise(noons) if a.utcoffset() != b.utcoffset()]
    return tuple(changes) or (FIRST_DAY,)


@st.composite
def weekly_hours(draw: st.DrawFn) -> WeeklyHours:
    def one_day() -> tuple[tuple[int, int], ...]:
        # Often on the grid, often the ends of the day; neighbours may touch.
        bounds = draw(
            st.lists(
                st.one_of(st.sampled_from([0, 1440]), st.integers(0, 288).map(lambda n: n * 5), st.integers(0, 1440)),
                max_size=5,
            )
        )
        bounds = sorted(set(bounds))
        if draw(st.booleans()):
            return tuple(pairwise(bounds))
        return tuple(zip(bounds[::2], bounds[1::2], strict=False))

    if draw(st.integers(0, 4)) == 0:
        return (((0, 1440),),) * 7
    return tuple(one_day() for _ in range(7))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    first = draw(st.one_of(st.sampled_from(days_of_clock_change(zone)), st.dates(FIRST_DAY, LAST_DAY)))
    first -= timedelta(days=draw(st.integers(0, 1)))
    last = first + timedelta(days=draw(st.integers(-1, 2)))
    near = st.dates(first - timedelta(days=1), first + timedelta(days=3))
    technicians = tuple(
        Technician(
            name, name, f"embedded:{name}", ("visit",), draw(weekly_hours()), draw(st.frozensets(near, max_size=1))
        )
        for name in ("lee", "dana")[: draw(st.integers(1, 2))]
    )
    service = Service(
        "visit",
        "Visit",
        draw(st.sampled_from([5, 30, 45, 60, 95, 240, 1500])),
        draw(st.sampled_from([0, 0, 10, 45])),
        draw(st.sampled_from([0, 0, 15, 45])),
    )
    business = Business(
        "acme",
        "Acme",
        zone,
        (),
        technicians[0].hours,
        (service,),
        technicians,
        closed=draw(st.frozensets(near, max_size=1)),
        minimum_notice_minutes=draw(st.sampled_from([0, 7, 120, 1440])),
        booking_window_days=draw(st.sampled_from([0, 1, 2, 60])),
        slot_step_minutes=draw(st.sampled_from([5, 15, 25, 30, 60, 75, 1440])),
    )
    noon = int(datetime(first.year, first.month, first.day, 12, tzinfo=zone).timestamp())
    moment = st.integers(-30 * 60, 70 * 60).map(lambda minutes: noon + minutes * 60)
    interval = st.tuples(moment, st.sampled_from([0, 1, 299, 900, 3600, 5000, 20000])).map(
        lambda i: (i[0], i[0] + i[1])
    )
    taken = st.lists(interval, max_size=6)
    unknown = draw(st.sampled_from([None, None, None, "dana"]))
    return Case(
        business,
        service,
        {t.id: draw(taken) for t in technicians if t.id != unknown},
        {t.id: draw(taken) for t in technicians if draw(st.booleans())},
        first,
        last,
        noon + draw(st.integers(-60 * 3600, 60 * 3600)),
    )


def oracle(case: Case) -> list[Opening]:
    """Every UTC minute, asked in turn: is it on the grid, are all its minutes open, is everything else right?"""
    business, service = case.business, case.service
    zone = business.zone
    begin = int(datetime(case.first.year, case.first.month, case.first.day, tzinfo=zone).timestamp()) - 86_400
    begin -= begin % 60
    days = 1 + (case.last - case.first).days + 1 + 2  # one before, and what a visit of the last day reaches into
    minutes = [begin + n * 60 for n in range(days * 1440)]
    walls = [datetime.fromtimestamp(minute, zone) for minute in minutes]
    today = datetime.fromtimestamp(case.now, zone).date()
    window = {today + timedelta(days=n) for n in range(business.booking_window_days + 1)}
    found = []
    for technician in business.technicians:
        if technician.id not in case.busy:
            continue
        taken = [i for i in (*case.busy[technician.id], *case.claimed.get(technician.id, ())) if i[0] < i[1]]
        closed = business.closed | technician.closed
        closed_before = [0, *accumulate(not _works(closed, technician, wall) for wall in walls)]
        for n, (start, wall) in enumerate(zip(minutes, walls, strict=True)):
            if not case.first <= wall.date() <= case.last or wall.date() not in window:
                continue
            if (wall.hour * 60 + wall.minute) % business.slot_step_minutes or wall.second:
                continue
            if start < case.now + business.minimum_notice_minutes * 60:
                continue
            if closed_before[n + service.minutes] != closed_before[n]:
                continue
            low = start - service.buffer_before_minutes * 60
            high = start + (service.minutes + service.buffer_after_minutes) * 60
            if not any(s < high and low < e for s, e in taken):
                found.append(Opening(start, start + service.minutes * 60, technician.id))
    return sorted(found, key=lambda opening: opening.start)


def _works(closed: frozenset[date], technician: Technician, wall: datetime) -> bool:
    if wall.date() in closed:
        return False
    minute = wall.hour * 60 + wall.minute
    return any(opens <= minute < closes for opens, closes in technician.hours[wall.weekday()])


@settings(max_examples=120, deadline=None)
@given(cases())
def test_the_openings_are_exactly_those_of_the_oracle(case: Case) -> None:
    assert list(case.asked()) == oracle(case)


@settings(max_examples=100, deadline=None)
@given(cases(), st.integers(-90 * 3600, 90 * 3600))
def test_kept_candidates_filtered_later_are_what_asking_later_gives(case: Case, later: int) -> None:
    now = case.now + later
    assert tuple(bookable(case.business, case.kept(), now)) == case.asked(now)
    assert tuple(bookable(case.business, case.kept(), now)) == tuple(oracle(replace(case, now=now)))


@settings(max_examples=150, deadline=None)
@given(cases())
def test_no_opening_breaks_a_rule(case: Case) -> None:
    found = case.asked()
    zone, service = case.business.zone, case.service
    assert len({(o.start, o.technician) for o in found}) == len(found)
    assert [o.start for o in found] == sorted(o.start for o in found)
    for opening in found:
        low, high = claim_range(service, opening.start)
        wall = datetime.fromtimestamp(opening.start, zone)
        technician = next(t for t in case.business.technicians if t.id == opening.technician)
        assert opening.end - opening.start == service.minutes * 60
        assert (wall.hour * 60 + wall.minute) % case.business.slot_step_minutes == 0
        assert case.first <= wall.date() <= case.last
        assert wall.date() not in technician.closed | case.business.closed
        assert opening.start >= case.now + case.business.minimum_notice_minutes * 60
        for s, e in (*case.busy[opening.technician], *case.claimed.get(opening.technician, ())):
            assert s == e or e <= low or high <= s


@settings(max_examples=80, deadline=None)
@given(cases())
def test_the_write_path_agrees_with_what_was_offered(case: Case) -> None:
    free = replace(case, busy={t.id: [] for t in case.business.technicians}, claimed={})
    offered = {(o.start, o.technician) for o in free.asked()}
    begin, end = reach(case.business, case.service, case.first, max(case.first, case.last))
    for technician in case.business.technicians:
        agreed = {
            (start, technician.id)
            for start in range(begin - begin % 60, end, 300)
            if is_open(case.business, case.service, technician, start, case.now)
        }
        inside = {
            s for s in agreed if case.first <= datetime.fromtimestamp(s[0], case.business.zone).date() <= case.last
        }
        assert inside == {s for s in offered if s[1] == technician.id}


@settings(max_examples=80, deadline=None)
@given(cases())
def test_nothing_outside_the_reach_changes_an_answer(case: Case) -> None:
    low, high = reach(case.business, case.service, case.first, max(case.first, case.last))
    around = {t: [*taken, (low - 90_000, low), (high, high + 90_000)] for t, taken in case.busy.items()}
    assert replace(case, busy=around).asked() == case.asked()


@settings(max_examples=100, deadline=None)
@given(cases(), st.sampled_from(PartOfDay), st.integers(0, 6), st.integers(0, 4), st.integers(0, 4))
def test_the_choice_is_the_earliest_start_in_that_part_with_the_least_booked(
    case: Case, part: PartOfDay, limit: int, lee: int, dana: int
) -> None:
    zone, load = case.business.zone, {"lee": lee, "dana": dana}
    hours = {
        PartOfDay.MORNING: range(12),
        PartOfDay.AFTERNOON: range(12, 17),
        PartOfDay.EVENING: range(17, 24),
        PartOfDay.ANY: range(24),
    }[part]
    fitting = [o for o in case.kept() if datetime.fromtimestamp(o.start, zone).hour in hours]
    order = [t.id for t in case.business.technicians]
    best: dict[int, Opening] = {}
    for opening in fitting:
        rival = best.setdefault(opening.start, opening)
        if (load[opening.technician], order.index(opening.technician)) < (
            load[rival.technician],
            order.index(rival.technician),
        ):
            best[opening.start] = opening
    assert choose(case.kept(), part, zone, load, limit, each_technician=False) == list(best.values())[:limit]
    assert choose(case.kept(), part, zone, load, limit, each_technician=True) == fitting[:limit]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), st.dates(FIRST_DAY, LAST_DAY), st.sampled_from([300, 900, 1500, 3600]))
def test_the_pieces_of_days_cover_time_without_gap_and_show_the_wall_clock(name: str, day: date, step_s: int) -> None:
    zone = ZoneInfo(name)
    parts = pieces(zone, day)
    assert [p[1] for p in parts] == [p[0] for p in parts[1:]] + [day_start(zone, day + timedelta(days=1))]
    assert parts[0][0] == day_start(zone, day)
    assert [today(zone, moment) for p in parts for moment in (p[0], p[1] - 1)] == [day] * 2 * len(parts)
    for start, end, midnight in parts:
        for moment in (start, (start + end) // 2, end - 1):
            wall = datetime.fromtimestamp(moment, zone)
            assert wall.date() == day
            assert wall.hour * 3600 + wall.minute * 60 + wall.second == moment - midnight
    for run in grid(zone, day, step_s):
        wall = datetime.fromtimestamp(run[0], zone)
        assert (wall.hour * 3600 + wall.minute * 60) % step_s == wall.second == 0

"""Hourly counts of calls and texts in the database, and of our own looking at them: written, read, never estimated.

That nobody counted for a while is known from the looks, which are kept like a line's calls, under a name of their own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from app.db.prepared import Prepared
from app.db.schema import volume
from app.watch.baseline import HOUR_S
from app.watch.judgement import QUARTER_S, Watch, Window

CALL: Final = "call"
TEXT: Final = "text"
LOOK: Final = "look"
"""The channel of our own looks, of no business and no line."""
MOST_LINE_CHARS: Final = 64
UNSEEN_QUARTERS: Final = 2

_v = volume.c
_COLUMNS: Final = [column.name for column in volume.columns]
_KEY: Final = ("business", "line", "channel", "hour")
_COUNTS: Final = ("count", "quarter_1", "quarter_2", "quarter_3", "quarter_4")
_WHOSE: Final = bindparam("whose", type_=_v.business.type)
_UNTIL: Final = bindparam("until", type_=_v.last_at.type)
_NEWEST: Final = (
    select(_v.line, _v.channel, func.max(_v.hour).label("newest"))
    .where(_v.business == _WHOSE, _v.hour <= _UNTIL)
    .group_by(_v.line, _v.channel)
    .subquery()
)
_SERIES: Final = Prepared(
    select(volume)
    .join(_NEWEST, (_v.line == _NEWEST.c.line) & (_v.channel == _NEWEST.c.channel))
    .where(_v.business == _WHOSE, _v.last_at <= _UNTIL)
    .where(_v.hour >= _NEWEST.c.newest - bindparam("weeks_s", type_=_v.hour.type))
)
_LEFT: Final = Prepared(
    select(func.max(_v.hour)).where(_v.line == bindparam("this_line", type_=_v.line.type), _v.business != _WHOSE)
)
_LATER: Final = "CASE WHEN excluded.last_at > volume.last_at THEN excluded.last_at ELSE volume.last_at END"


class Came(NamedTuple):
    """One call or text that came in at a moment."""

    business: str
    line: str
    channel: str
    at: float


class Series(NamedTuple):
    """What is counted by itself: a channel of a line of a business."""

    business: str
    line: str
    channel: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Counts of one series: by start of the hour, by start of the quarter where asked for, and the newest moment."""

    hours: dict[int, int]
    quarters: dict[int, int]
    last_at: float

    def window(self, start: int) -> Window:
        """What came from the quarter at `start` on."""
        return Window(start, sum(count for quarter, count in self.quarters.items() if quarter >= start))


def noted(connection: Connection, came: Sequence[Came]) -> None:
    """Add to the counts, one statement for each line and hour, in the caller's transaction."""
    together: dict[tuple[str, str, str, int], list[float]] = defaultdict(list)
    for one in came:
        hour = int(one.at) // HOUR_S * HOUR_S
        together[one.business, one.line[:MOST_LINE_CHARS], one.channel, hour].append(one.at)
    for key, moments in together.items():
        quarters = Counter(int(at) % HOUR_S // QUARTER_S for at in moments)
        row = (*key, len(moments), *(quarters[number] for number in range(4)), max(moments))
        connection.exec_driver_sql(_upsert("%s" if connection.dialect.name == "postgresql" else "?"), row)


def _upsert(mark: str) -> str:
    # Nothing in here comes from outside: names of our own schema, and places for values.
    names, places = ", ".join(f'"{name}"' for name in _COLUMNS), ", ".join([mark] * len(_COLUMNS))
    more = ", ".join(f'"{name}" = volume."{name}" + excluded."{name}"' for name in _COUNTS)
    return (
        f"INSERT INTO volume ({names}) VALUES ({places}) "  # noqa: S608 - as said above
        f'ON CONFLICT ({", ".join(_KEY)}) DO UPDATE SET {more}, "last_at" = {_LATER}'
    )


def looked(connection: Connection, now: float) -> None:
    """Keep that we were there to count. Looks from the future, which a clock gone back has left, are forgotten."""
    ahead = (_v.business == "", _v.channel == LOOK, _v.last_at > now + QUARTER_S)
    connection.execute(delete(volume).where(*ahead))
    noted(connection, [Came("", "", LOOK, now)])


def watched(connection: Connection, start: int, now: float, *, jumped: bool = False) -> Watch:
    """When somebody last looked, and the quarters since `start` in which nobody did."""
    asked = select(volume).where(_v.business == "", _v.line == "", _v.channel == LOOK, _v.hour >= start - HOUR_S)
    looks = _rows(connection.execute(asked).all())
    until = looks.last_at
    first = start // QUARTER_S * QUARTER_S
    quarters = range(first, int(now) // QUARTER_S * QUARTER_S, QUARTER_S)
    return Watch(until, [q for q in quarters if not looks.quarters.get(q)], jumped)


def read_series(connection: Connection, business: str, weeks_s: int, end: float) -> dict[Series, Rows]:
    """What was counted for a business in the `weeks_s` before each series' newest hour, however long ago that is.

    Without what a clock ahead of `end` has noted.
    """
    return _by_series(_SERIES(connection, whose=business, weeks_s=weeks_s, until=end).all())


def read_recent(connection: Connection, start: int, end: float) -> dict[Series, Rows]:
    """Everything counted for anybody in hours from `start` on: a few rows for each line."""
    asked = select(volume).where(_v.hour >= start, _v.last_at <= end, _v.business != "")
    return _by_series(connection.execute(asked).all())


def read_hour(connection: Connection, hour: int, end: float) -> dict[Series, Rows]:
    """Everything counted for anybody in one hour."""
    asked = select(volume).where(_v.hour == hour, _v.last_at <= end, _v.business != "")
    return _by_series(connection.execute(asked).all())


def first_counted(connection: Connection, business: str, before: float) -> float | None:
    """When something first came in for a business, to the hour; any moment `before` that, if there is one; else None.

    Counts are forgotten after a while, so what is long ago has no first moment.
    """
    mine = _v.business == business
    early = connection.execute(select(_v.hour).where(mine, _v.hour < before).limit(1)).scalar()
    first = early if early is not None else connection.execute(select(func.min(_v.hour)).where(mine)).scalar()
    return None if first is None else float(first)


def left_others(connection: Connection, business: str, lines: Sequence[str]) -> dict[str, int]:
    """The hour in which each of these lines was last counted for another business, for those that ever were."""
    found = {line: _LEFT(connection, this_line=line, whose=business).scalar() for line in lines}
    return {line: int(hour) for line, hour in found.items() if hour is not None}


def unseen_hours(watch: Watch) -> frozenset[int]:
    """Hours of which nobody was there for half or more."""
    missed = Counter(quarter // HOUR_S * HOUR_S for quarter in watch.unseen)
    return frozenset(hour for hour, quarters in missed.items() if quarters >= UNSEEN_QUARTERS)


def together(rows: Iterable[Rows]) -> Rows:
    """Several series as one."""
    hours: Counter[int] = Counter()
    quarters: Counter[int] = Counter()
    last_at = 0.0
    for one in rows:
        hours.update(one.hours)
        quarters.update(one.quarters)
        last_at = max(last_at, one.last_at)
    return Rows(hours, quarters, last_at)


def _by_series(rows: Iterable[Any]) -> dict[Series, Rows]:
    kept: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for row in rows:
        kept[row[:3]].append(row)
    return {Series(*series): _rows(of_it) for series, of_it in kept.items()}


def _rows(rows: Iterable[Any]) -> Rows:
    found = Rows({}, {}, 0.0)
    last_at = 0.0
    for *_, hour, count, first, second, third, fourth, at in rows:
        found.hours[hour] = count
        for start, part in enumerate((first, second, third, fourth)):
            if part:
                found.quarters[hour + start * QUARTER_S] = part
        last_at = max(last_at, at)
    return Rows(found.hours, found.quarters, last_at)

"""Pages about the daily cap: what they say, and that each ends once a higher one tells, or there is room again.

A cap is raised by a restart, so it is not counting that sees the room but a look of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.booking.business import Business, Businesses
from app.booking.desk import local_today
from app.booking.zones import day_start
from app.calls.counting import FULL, WARN_PERCENTS, Scope, reached, used_today
from app.clock import Clock
from app.db.engine import Database
from app.watch.pages import OURSELVES, raised_about, resolved, superseded

LOOK_EVERY_S: Final = 60.0
NEAR: Final = "cap_near"
REACHED: Final = "cap_reached"
TOTAL: Final = "*"
"""The scope of the installation's own cap; its day is UTC's."""
EVERYBODY: Final = "all businesses together"
ROOM: Final = f"{OURSELVES}there is room under the cap again"


def name_of(scope: Scope, percent: int) -> tuple[str, str]:
    """Kind and key of the page that a scope has reached so much of its limit."""
    if percent >= FULL:
        return REACHED, f"{scope.name} {scope.day}"
    return NEAR, f"{scope.name} {scope.day} {percent}"


def words_of(scope: Scope, percent: int, used: int, whose: str) -> tuple[str, str]:
    """Title and body of that page."""
    raising = (
        "Raise it with READBACK_DAILY_CALL_CAP and restart."
        if scope.name == TOTAL
        else f"Raise it with READBACK_DAILY_CALL_CAPS ({scope.name}=...) and restart."
    )
    day = f"{scope.day} (UTC)" if scope.name == TOTAL else scope.day
    counted = f"{used} of {scope.limit} calls on {day}."
    if percent >= FULL:
        now = "Whoever calls now goes to a person or must call back, until the day is over."
        return f"Callers are sent away: the calls of the day are used up ({whose})", f"{counted} {now} {raising}"
    then = "At the cap, callers go to a person or must call back."
    return f"Daily call cap {percent} % used: {whose}", f"{counted} {then} {raising}"


def own_scope(business: Business, now: float) -> Scope:
    """What a business may take on its day."""
    return Scope(business.id, local_today(business, now).isoformat(), business.daily_call_cap)


def whole_scope(total: int, now: float) -> Scope:
    """What all may take together."""
    return Scope(TOTAL, datetime.fromtimestamp(now, UTC).date().isoformat(), total)


def day_end(scope: Scope, business: Business) -> int:
    """When the day of a scope, which is that business's or the whole, is over; epoch seconds."""
    zone = ZoneInfo("UTC") if scope.name == TOTAL else business.zone
    return day_start(zone, date.fromisoformat(scope.day) + timedelta(days=1))


def scopes_of(businesses: Iterable[Business], total: int, now: float) -> list[Scope]:
    """Every scope that has a limit, today."""
    scopes = [*(own_scope(business, now) for business in businesses), whole_scope(total, now)]
    return [scope for scope in scopes if scope.limit]


def used_up(connection: Connection, scopes: Iterable[Scope]) -> list[str]:
    """Names of the scopes whose limit is reached."""
    return [scope.name for scope, used in used_today(connection, scopes).items() if reached(scope, used) >= FULL]


class CapPages:
    """Run as a timer, every `LOOK_EVERY_S`."""

    def __init__(self, database: Database, businesses: Businesses, total: int, clock: Clock) -> None:
        self._database = database
        self._businesses = businesses
        self._total = total
        self._clock = clock

    async def look(self) -> int:
        """Look once; how many pages that ended. Raises a `ReadbackError`."""
        now = self._clock.now()
        scopes = scopes_of(self._businesses.by_id.values(), self._total, now)

        def read(connection: Connection) -> tuple[Mapping[Scope, int], set[tuple[str, str]]]:
            up = {(kind, key) for kind in (NEAR, REACHED) for key in raised_about(connection, kind)}
            return (used_today(connection, scopes) if up else {}), up

        used, up = await self._database.read(read)
        over = [(name, higher) for name, higher in _told_too_much(used) if name in up]
        if over:
            await self._database.write(
                lambda t: [
                    superseded(t, *name, now=now) if higher else resolved(t, *name, now=now, by=ROOM)
                    for name, higher in over
                ]
            )
        return len(over)


def _told_too_much(used: Mapping[Scope, int]) -> Iterator[tuple[tuple[str, str], bool]]:
    """Pages that do not say how it stands, and whether a higher one does."""
    for scope, count in used.items():
        stands = reached(scope, count)
        yield from ((name_of(scope, percent), percent < stands) for percent in WARN_PERCENTS if percent != stands)

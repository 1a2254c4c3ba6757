"""Present use of each limit that can be counted, from what the product knows already, and the timer that looks."""

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, func, select, text

from app.booking.business import Businesses
from app.calls.cap import TOTAL
from app.calls.counting import Scope, used_today
from app.clock import Clock
from app.db.engine import Database
from app.db.opening import database_file
from app.db.schema import call_events, calls, model_spend, text_outbox
from app.inference.spend import MICROS
from app.jobs.timers import Timer
from app.main.limits import CAP, DISK, GOOGLE, POSTGRES, SPEND, register
from app.main.limits_panels import GOOGLE_MINUTE, TWILIO_DAY, VAPI_CALLS
from app.settings import Settings
from app.watch.limit_book import KEPT_S, confirmations, points
from app.watch.limit_watch import LOOK_EVERY_S, LimitWatch, Use, foreseen
from app.watch.limits import Confirmed, Limit
from app.watch.limits_told import described

if TYPE_CHECKING:
    from app.main.server import Server

CALL_OVER_AFTER_S: Final = 2 * 3_600.0
"""A call of which nobody reported the end counts as running for so long."""
DAY_S: Final = 86_400.0
GB: Final = 1e9
QUEUED, RUNNING = "db.engine.max_queued_writes", "calls.dispatch.max_running"

Inside = Mapping[str, Callable[[], int]]
"""What one process counts itself, by limit."""


class Counting:
    """Counts. `inside` is what this very process knows; without it (a command) that is left out."""

    def __init__(self, settings: Settings, businesses: Businesses, inside: Inside | None = None) -> None:
        self.limits = register(settings, businesses)
        self._businesses = businesses
        self._file = database_file(settings.database_url)
        self._inside = inside or {}

    def count(self, connection: Connection, now: float) -> list[Use]:
        """Everything that can be counted and has a value, in one look at the database. Blocking."""
        entered = confirmations(connection)
        by_name = {limit.name: limit for limit in self.limits}
        return [
            *self._caps(connection, by_name, now),
            *self._spend(connection, by_name, now),
            *self._entered(connection, by_name, entered, now),
            *self._machine(connection, by_name),
            *self._own(by_name),
        ]

    def told(self, connection: Connection, now: float) -> list[dict[str, Any]]:
        """Every limit as an operator reads it. Blocking."""
        entered, kept = confirmations(connection), points(connection, now - KEPT_S)
        uses = {use.limit.name: use for use in self.count(connection, now)}
        goes = {name: foreseen(use, kept.get(name, ()), now) for name, use in uses.items()}
        return [described(limit, entered, uses.get(limit.name), goes.get(limit.name), now) for limit in self.limits]

    def _caps(self, connection: Connection, limits: Mapping[str, Limit], now: float) -> Iterator[Use]:
        zones: dict[str, tzinfo] = {TOTAL: UTC, **{b.id: b.zone for b in self._businesses.by_id.values()}}
        names = {TOTAL: CAP, **{business: f"{CAP}.{business}" for business in self._businesses.by_id}}
        scopes = {whose: Scope(whose, _today(zone, now), 0) for whose, zone in zones.items()}
        used = used_today(connection, list(scopes.values()))
        for whose, scope in scopes.items():
            limit = limits[names[whose]]
            if limit.value:
                yield Use(limit, limit.value, used[scope], _tomorrow(zones[whose], now))

    def _spend(self, connection: Connection, limits: Mapping[str, Limit], now: float) -> Iterator[Use]:
        bounded = {b.id: b.zone for b in self._businesses.by_id.values() if limits[f"{SPEND}.{b.id}"].value}
        days, account = {business: _today(zone, now) for business, zone in bounded.items()}, model_spend.c
        asked = select(account.business, account.day, account.reserved + account.settled)
        rows = connection.execute(asked.where(account.business.in_(list(bounded)), account.day.in_(set(days.values()))))
        spent = {business: micros for business, day, micros in rows if day == days[business]}
        for business, zone in bounded.items():
            limit = limits[f"{SPEND}.{business}"]
            yield Use(limit, limit.value or 0.0, spent.get(business, 0) / MICROS, _tomorrow(zone, now))

    def _entered(
        self, connection: Connection, limits: Mapping[str, Limit], entered: Mapping[str, Confirmed], now: float
    ) -> Iterator[Use]:
        """What others bound and we can count all the same; their number is what a person entered."""
        counts: dict[str, Callable[[], float]] = {
            VAPI_CALLS: lambda: _running_calls(connection, now),
            TWILIO_DAY: lambda: _texts(connection, now),
            GOOGLE_MINUTE: lambda: self._inside.get(GOOGLE, int)(),
        }
        if GOOGLE not in self._inside:
            del counts[GOOGLE_MINUTE]
        for name, count in counts.items():
            value = entered[name].amount(limits[name].unit) if name in entered and name in limits else None
            if value and math.isfinite(value):
                yield Use(limits[name], value, count())

    def _machine(self, connection: Connection, limits: Mapping[str, Limit]) -> Iterator[Use]:
        if self._file is not None:
            disk = shutil.disk_usage(Path(self._file).parent)
            yield Use(limits[DISK], (disk.used + disk.free) / GB, disk.used / GB)
            return
        most = int(connection.execute(text("SHOW max_connections")).scalar_one())
        kept = int(connection.execute(text("SHOW superuser_reserved_connections")).scalar_one())
        taken = text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        yield Use(limits[POSTGRES], most - kept, connection.execute(taken).scalar_one())

    def _own(self, limits: Mapping[str, Limit]) -> Iterator[Use]:
        for name, count in self._inside.items():
            limit = limits.get(name)
            if limit is not None and limit.value:
                yield Use(limit, limit.value, count())


def limit_timers(server: "Server") -> list[Timer]:
    """Looks at every limit; what a process counts itself is that of the one that leads."""
    database, google = server.database, server.sources.google
    inside: dict[str, Callable[[], int]] = {
        QUEUED: lambda: database.queued,
        RUNNING: lambda: server.dispatcher.running,
    }
    if google is not None:
        inside[GOOGLE] = google.requests_lately
    return [limit_timer(Counting(server.settings, server.businesses, inside), database, server.clock)]


def limit_timer(counting: Counting, database: Database, clock: Clock) -> Timer:
    """The timer over one way of counting."""

    async def count(now: float) -> Sequence[Use]:
        return await database.read(lambda connection: counting.count(connection, now))

    return Timer("limits", LOOK_EVERY_S, LimitWatch(database, count, clock).look)


def _running_calls(connection: Connection, now: float) -> int:
    over = select(call_events.c.call_id).where(
        call_events.c.platform == calls.c.platform,
        call_events.c.call_id == calls.c.call_id,
        call_events.c.kind == "end-of-call-report",
    )
    running = select(func.count()).where(
        calls.c.platform == "vapi", calls.c.first_seen > now - CALL_OVER_AFTER_S, calls.c.admitted, ~over.exists()
    )
    return int(connection.execute(running).scalar_one())


def _texts(connection: Connection, now: float) -> int:
    """Texts handed to the carrier in the last day."""
    sent = select(func.count()).where(text_outbox.c.sid != "", text_outbox.c.attempted_at > now - DAY_S)
    return int(connection.execute(sent).scalar_one())


def _today(zone: tzinfo, now: float) -> str:
    return datetime.fromtimestamp(now, zone).date().isoformat()


def _tomorrow(zone: tzinfo, now: float) -> float:
    """When the day ends that it is there now."""
    day = datetime.fromtimestamp(now, zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).timestamp()

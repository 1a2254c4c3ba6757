"""Present use of each limit that can be counted, from what the product knows already, and the timer that looks."""

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select, text

from app.booking.business import Businesses
from app.calls.cap_pages import TOTAL
from app.calls.counting import Scope, used_today
from app.clock import Clock
from app.db.engine import Database
from app.db.opening import database_file
from app.db.schema import model_spend
from app.inference.spend import MICROS
from app.jobs.timers import Timer
from app.main.limit_counts import (
    crm_requests_of_a_day,
    highest,
    month_ends,
    running_calls,
    spent_lately,
    spent_this_month,
    texts_of_a_day,
    together,
)
from app.main.limits import CAP, DISK, GOOGLE, GOOGLE_CALENDAR, GUARD, POSTGRES, SPEND, register
from app.main.limits_panels import GOOGLE_MINUTE, GOOGLE_USER, HUBSPOT_DAY, MONTHS, TWILIO_DAY, VAPI_CALLS
from app.settings import Settings
from app.watch.limit_book import KEPT_S, confirmations, points
from app.watch.limit_expiry import LOOK_EVERY_S as EXPIRY_EVERY_S
from app.watch.limit_expiry import ExpiryWatch
from app.watch.limit_watch import LOOK_EVERY_S, LimitWatch, Use, foreseen
from app.watch.limits import Confirmed, Limit
from app.watch.limits_told import described
from app.watch.own_use import own_uses

if TYPE_CHECKING:
    from app.main.server import Server

GB: Final = 1e9

Own = Mapping[str, Sequence[float]]
"""What each living process uses of limits that it counts itself, by limit."""


class Counting:
    """Counts, from the database alone: processes write there what they count themselves."""

    def __init__(self, settings: Settings, businesses: Businesses) -> None:
        self.limits = register(settings, businesses)
        self._businesses = businesses
        self._file = database_file(settings.database_url)

    def count(self, connection: Connection, now: float) -> list[Use]:
        """Everything that can be counted and has a value, in one look at the database. Blocking."""
        entered, own = confirmations(connection), own_uses(connection, now)
        by_name = {limit.name: limit for limit in self.limits}
        return [
            *self._caps(connection, by_name, now),
            *self._spend(connection, by_name, now),
            *self._entered(connection, by_name, entered, own, now),
            *self._machine(connection, by_name),
            *self._own(connection, by_name, own, now),
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
        self,
        connection: Connection,
        limits: Mapping[str, Limit],
        entered: Mapping[str, Confirmed],
        own: Own,
        now: float,
    ) -> Iterator[Use]:
        """What others bound and we can count all the same. Their number is what a person entered; without one, or
        where it is unlimited, there is no end to come near to.
        """
        counts: dict[str, Callable[[], float | None]] = {
            VAPI_CALLS: lambda: running_calls(connection, now),
            TWILIO_DAY: lambda: texts_of_a_day(connection, now),
            HUBSPOT_DAY: lambda: crm_requests_of_a_day(connection, now),
            GOOGLE_MINUTE: lambda: together(own, GOOGLE),
            GOOGLE_USER: lambda: together(own, GOOGLE_CALENDAR),
            **{name: lambda: spent_this_month(connection, now) for name in MONTHS},
        }
        for name, count in counts.items():
            if name not in limits or not limits[name].counted or (used := count()) is None:
                continue
            value = entered[name].amount(limits[name].unit) if name in entered else None
            yield Use(limits[name], value or math.inf, used, month_ends(now) if name in MONTHS else None)

    def _machine(self, connection: Connection, limits: Mapping[str, Limit]) -> Iterator[Use]:
        if self._file is not None:
            disk = shutil.disk_usage(Path(self._file).parent)
            yield Use(limits[DISK], (disk.used + disk.free) / GB, disk.used / GB)
            return
        most = int(connection.execute(text("SHOW max_connections")).scalar_one())
        kept = int(connection.execute(text("SHOW superuser_reserved_connections")).scalar_one())
        taken = text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        yield Use(limits[POSTGRES], most - kept, connection.execute(taken).scalar_one())

    def _own(self, connection: Connection, limits: Mapping[str, Limit], own: Own, now: float) -> Iterator[Use]:
        for name in own:
            limit, used = limits.get(name), highest(own, name)
            if limit is not None and limit.value and used is not None:
                yield Use(limit, limit.value, used)
        if (guard := limits[GUARD]).value:
            yield Use(guard, guard.value or 0.0, spent_lately(connection, now))


def limit_timers(server: "Server") -> list[Timer]:
    """Looks at every limit, and at how old is what people confirmed."""
    counting = Counting(server.settings, server.businesses)
    expiry = ExpiryWatch(server.database, counting.limits, server.clock)
    return [
        limit_timer(counting, server.database, server.clock),
        Timer("confirmations", EXPIRY_EVERY_S, expiry.look),
    ]


def limit_timer(counting: Counting, database: Database, clock: Clock) -> Timer:
    """The timer over one way of counting."""

    async def count(now: float) -> Sequence[Use]:
        return await database.read(lambda connection: counting.count(connection, now))

    return Timer("limits", LOOK_EVERY_S, LimitWatch(database, count, clock, counting.limits).look)


def _today(zone: tzinfo, now: float) -> str:
    return datetime.fromtimestamp(now, zone).date().isoformat()


def _tomorrow(zone: tzinfo, now: float) -> float:
    """When the day ends that it is there now."""
    day = datetime.fromtimestamp(now, zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).timestamp()

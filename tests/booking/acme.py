"""Acme Pest Control with every part of booking set up over one database: what the tests of booking and tools share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.booking.book import Bookings, Outcome, Result
from app.booking.business import Business, Service, Technician
from app.booking.calendar import Calendar
from app.booking.calendars import Calendars
from app.booking.claims import Claims
from app.booking.desk import Desk
from app.booking.front import Front
from app.booking.lookups import Lookups
from app.booking.settle import Settler
from app.booking.slots import Slot, SlotIds
from app.booking.store import Booking, Customer
from app.clock import Clock
from app.db.engine import Database
from app.db.schema import audit, bookings
from tests.fakes.alarms import FakeAlarms
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened

CHICAGO = ZoneInfo("America/Chicago")
HOUR = 3600
NOW = int(datetime(2026, 11, 20, 10, 0, tzinfo=CHICAGO).timestamp())
"""A Friday."""
TTL_S = 30.0
SLOT_TTL_S = 900
DEADLINE_S = 6.0
CALLER = "+15125550123"
ANN = Customer("Ann Lee", CALLER, CALLER)

INSPECTION = Service("inspection", "Home inspection", 60, 0, 15)
TREATMENT = Service("treatment", "Ant treatment", 90, 15, 15)
FOLLOW_UP = Service("follow-up", "Follow-up visit", 30)
SERVICES = (INSPECTION, TREATMENT, FOLLOW_UP)
HOURS = (((480, 720), (780, 1020)),) * 5 + ((), ())
"""Weekdays from 8 to 12 and from 13 to 17."""


def acme(people: tuple[str, ...] = ("dana", "lee"), scheme: str = "fake", **changes: Any) -> Business:
    """The business; each technician's calendar is `scheme:<their id>`."""
    ids = tuple(service.id for service in SERVICES)
    given: dict[str, Any] = {
        "id": "acme",
        "name": "Acme Pest Control",
        "zone": CHICAGO,
        "lines": ("+15125550100",),
        "hours": HOURS,
        "services": SERVICES,
        "technicians": tuple(Technician(p, p.title(), f"{scheme}:{p}", ids, HOURS) for p in people),
        "minimum_notice_minutes": 120,
        "page": ("json://acme.example/page",),
    }
    return Business(**(given | changes))


def at(day: str, clock: str, fold: int = 0) -> int:
    """Epoch seconds of a local time, as in `at("2026-11-24", "09:00")`."""
    return int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=CHICAGO, fold=fold).timestamp())


TUESDAY_9 = at("2026-11-24", "09:00")


@dataclass
class House:
    """Everything between a tool and the database, put together as the server does it."""

    business: Business
    database: Database
    clock: Clock
    calendars: Calendars
    alarms: FakeAlarms
    ttl_s: float = TTL_S
    told: list[tuple[str, Result]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lookups = Lookups(self.calendars, self.clock, self.ttl_s)
        self.claims = Claims(self.database, self.clock)
        self.desk = Desk(self.lookups, self.claims, self.clock)
        self.slot_ids = SlotIds(b"secret of this installation......", SLOT_TTL_S)
        parts: dict[str, Any] = {
            "database": self.database,
            "calendars": self.calendars,
            "claims": self.claims,
            "alarms": self.alarms,
            "clock": self.clock,
        }
        self.bookings = Bookings(lookups=self.lookups, **parts)
        self.settler = Settler(businesses={self.business.id: self.business}, tell=self._tell, **parts)
        self.front = Front(self.desk, self.bookings, self.slot_ids, self.database, self.clock)

    async def _tell(self, booking: Booking, result: Result) -> None:
        self.told.append((booking.reference, result))

    def slot(self, start: int = TUESDAY_9, service: Service = INSPECTION, who: str = "dana") -> Slot:
        technician = self.business.technician(who)
        assert technician is not None
        return Slot(service, technician, start, int(self.clock.now()))

    async def book(
        self, slot: Slot | None = None, customer: Customer = ANN, call: str = "test:1", within_s: float = DEADLINE_S
    ) -> Outcome:
        deadline = self.clock.monotonic() + within_s
        return await self.bookings.book(self.business, slot or self.slot(), customer, call, deadline)

    async def rows(self) -> list[Booking]:
        """Every booking in the database, oldest first."""
        found = await self.database.read(
            lambda c: c.execute(select(bookings).order_by(bookings.c.created_at, bookings.c.id)).fetchall()
        )
        return [Booking(**row._mapping) for row in found]

    async def row(self) -> Booking:
        """The only booking there is."""
        (only,) = await self.rows()
        return only

    async def audited(self) -> list[str]:
        """Kinds of audit rows, in order."""
        return list(await self.database.read(lambda c: c.execute(select(audit.c.kind).order_by(audit.c.seq)).scalars()))

    async def stop(self) -> None:
        await self.bookings.stop()
        await self.lookups.stop()


@asynccontextmanager
async def house(
    url: str,
    calendar: Calendar | None = None,
    *,
    business: Business | None = None,
    clock: Clock | None = None,
    ttl_s: float = TTL_S,
) -> AsyncIterator[House]:
    """A house over the database at `url`; its calendars are `fake:<name>` unless another one is given."""
    async with opened(url) as database:
        calendars = Calendars({"fake": calendar or FakeCalendar()})
        made = House(business or acme(), database, clock or FakeClock(NOW), calendars, FakeAlarms(), ttl_s)
        await made.claims.load()
        try:
            yield made
        finally:
            await made.stop()

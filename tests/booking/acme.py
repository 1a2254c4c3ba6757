"""Acme Pest Control with every part of booking set up over one database: what the tests of booking and tools share."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.adapters.embedded_calendar import EmbeddedCalendar
from app.booking.amend import Changes
from app.booking.amendments import REMOVE_EVENT, Amendment
from app.booking.book import Bookings, Outcome, Result
from app.booking.business import Business, Businesses, Service, Technician
from app.booking.calendar import Calendar
from app.booking.calendars import Calendars
from app.booking.claims import Claims
from app.booking.desk import Desk
from app.booking.former import Former
from app.booking.front import Front
from app.booking.kept_notes import KeptNotes
from app.booking.late_notes import LateNotes
from app.booking.lookups import Lookups
from app.booking.owner import Owners
from app.booking.read_back import ReadBacks
from app.booking.removal import LeftOver
from app.booking.settle import Settler
from app.booking.settle_change import ChangeSettler
from app.booking.slots import Slot, SlotIds
from app.booking.store import Booking, Customer
from app.booking.sweep import Sweep
from app.booking.verification import READ_BACK, TELL_CUSTOMER, Aftercare, FollowUp, nothing_follows
from app.calls.news import News
from app.clock import Clock
from app.db.engine import Database
from app.db.schema import audit, bookings, pages, tasks
from app.promises.follow_up import TaskFollowUp
from app.review import tasks as person_tasks
from tests.fakes.alarms import FakeAlarms
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.fakes.due_jobs import DueJobs

CHICAGO = ZoneInfo("America/Chicago")
HOUR = 3600
NOW = int(datetime(2026, 11, 20, 10, 0, tzinfo=CHICAGO).timestamp())
"""A Friday."""
TTL_S = 30.0
SLOT_TTL_S = 900
DEADLINE_S = 6.0
READ_BACK_AFTER_S = 300.0
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
    unsettled: list[str] = field(default_factory=list)
    """What each look of the settler said of the database."""
    then: FollowUp = nothing_follows
    """May be set later: what follows a booking often needs the house first."""
    call_lives: bool = False
    """Whether news about a change can still be said in the call it was asked for in."""
    hears: bool = True
    """Whether the call in which a booking was made still lives."""

    def __post_init__(self) -> None:
        self.lookups = Lookups(self.calendars, self.clock, self.ttl_s)
        self.claims = Claims(self.database, self.clock)
        self.former = Former(self.database, Businesses({self.business.id: self.business}), self.clock)
        self.desk = Desk(self.lookups, self.claims, self.clock, self.former)
        self.slot_ids = SlotIds(b"secret of this installation......", SLOT_TTL_S)
        parts: dict[str, Any] = {
            "database": self.database,
            "calendars": self.calendars,
            "claims": self.claims,
            "alarms": self.alarms,
            "clock": self.clock,
        }
        self.care = Aftercare(READ_BACK_AFTER_S, lambda booking, now: self.then(booking, now))
        self.notes = Path(tempfile.gettempdir()) / f"readback-notes-{uuid.uuid4().hex}"
        kept = KeptNotes(self.notes)
        self.bookings = Bookings(lookups=self.lookups, former=self.former, care=self.care, kept=kept, **parts)
        self.changes = Changes(lookups=self.lookups, former=self.former, care=self.care, kept=kept, **parts)
        self.late_notes = LateNotes(self.database, kept, self.alarms, self.clock)  # type: ignore[arg-type]  # a fake
        self.businesses = {self.business.id: self.business}
        del parts["alarms"]
        change_settler = ChangeSettler(
            lookups=self.lookups,
            businesses=self.businesses,
            tell=self._tell_change,
            care=self.care,
            **parts,
        )
        self.settler = Settler(
            database=self.database,
            calendars=self.calendars,
            claims=self.claims,
            businesses=self.businesses,
            clock=self.clock,
            tell=self._tell,
            settle_change=change_settler.settle,
            care=self.care,
            fails=self.unsettled.append,
        )
        self.left_over = LeftOver(self.database, self.calendars, self.lookups, self.businesses, self.clock)
        owners = Owners(self.database, self.clock)
        self.front = Front(self.desk, self.bookings, self.slot_ids, self.database, self.clock, self.changes, owners)
        self.read_backs = ReadBacks(businesses=self.businesses, also=self.care.also, **parts)
        self.sweep = Sweep(self.database, self.read_backs, self.businesses, self.clock)
        self.news = News(self.database, self.businesses, self._tell, self.clock)
        handlers = {
            READ_BACK: self.read_backs.handle,
            TELL_CUSTOMER: self.news.handle,
            REMOVE_EVENT: self.left_over.remove,
            person_tasks.FOLLOW_UP: TaskFollowUp(self.database, self.clock),
        }
        self.jobs = DueJobs(self.database, handlers, self.clock)

    async def _tell(self, booking: Booking, result: Result) -> bool:
        if self.hears:
            self.told.append((booking.reference, result))
        return self.hears

    async def _tell_change(self, amendment: Amendment, result: Result) -> bool:
        self.told.append((amendment.appointment.reference, result))
        return self.call_lives

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

    async def pages(self, *, status: str = "open") -> list[Any]:
        """Pages in one state, oldest first."""
        wanted = select(pages).where(pages.c.status == status).order_by(pages.c.raised_at, pages.c.key)
        return list(await self.database.read(lambda c: c.execute(wanted).fetchall()))

    async def tasks(self, *, status: str = "open") -> list[Any]:
        """Tasks in one state, oldest first."""
        wanted = select(tasks).where(tasks.c.status == status).order_by(tasks.c.opened_at, tasks.c.key)
        return list(await self.database.read(lambda c: c.execute(wanted).fetchall()))

    async def audited(self) -> list[str]:
        """Kinds of audit rows, in order."""
        return list(await self.database.read(lambda c: c.execute(select(audit.c.kind).order_by(audit.c.seq)).scalars()))

    async def stop(self) -> None:
        await self.bookings.stop()
        await self.changes.stop()
        shutil.rmtree(self.notes, ignore_errors=True)
        await self.lookups.stop()
        await self.former.stop()
        await self.claims.stop()


@asynccontextmanager
async def house(
    url: str,
    calendar: Calendar | None = None,
    *,
    business: Business | None = None,
    clock: Clock | None = None,
    ttl_s: float = TTL_S,
    embedded: bool = False,
) -> AsyncIterator[House]:
    """A house over the database at `url`; `fake:<name>` is a calendar in memory unless another one is given."""
    async with opened(url) as database:
        clock = clock or FakeClock(NOW)
        calendars: dict[str, Calendar] = {"fake": calendar or FakeCalendar()}
        if embedded:
            calendars["embedded"] = EmbeddedCalendar(database, clock)
        made = House(business or acme(), database, clock, Calendars(calendars), FakeAlarms(), ttl_s)
        await made.claims.start()
        await made.former.look()
        try:
            yield made
        finally:
            await made.stop()

"""Puts the pieces together; the only file that knows concrete classes."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from starlette.applications import Starlette

from app import log
from app.adapters.embedded_calendar import EmbeddedCalendar
from app.adapters.google_calendar import GoogleCalendar
from app.adapters.google_channels import GoogleChannels
from app.adapters.google_connection import GoogleOptions
from app.adapters.google_credentials import load_account
from app.adapters.notifier import AppriseNotifier, check_url
from app.adapters.redis_probe import RedisProbe
from app.adapters.vapi_api import LiveCall
from app.audit.anchors import Anchoring, usual_file
from app.audit.log import seal
from app.booking.book import Bookings
from app.booking.business import Businesses
from app.booking.business_file import load_businesses
from app.booking.calendars import Calendars
from app.booking.claims import Claims
from app.booking.desk import Desk
from app.booking.front import Front
from app.booking.lookups import Lookups
from app.booking.settle import Settler
from app.booking.slots import SlotIds
from app.calls.arrivals import Arrivals
from app.calls.cap import DailyCap
from app.calls.dispatch import Dispatcher
from app.calls.events import CallEvents
from app.calls.late import LateAnswers
from app.clock import Clock, SystemClock
from app.db.engine import Database
from app.db.migrate import migrate
from app.db.retention import Retention
from app.db.secrets import shared_secret
from app.errors import ConfigurationError
from app.settings import Settings, from_environment
from app.watch.alarms import Alarms
from app.web.handed_in import Check, Doors, State
from app.web.server import build
from tools import tools

SWITCH_INTERVAL_S = 0.001
"""How long the database thread may keep the loop from running; the interpreter's own 5 ms would be heard."""
GARBAGE_THRESHOLDS = (50_000, 20, 50)
"""Collections are what makes the slowest requests slow: fewer of them, and none over what was there at start."""
STOP_GRACE_S = 5.0
HOLD_AFTER_DEADLINE_S = 30.0
"""How long after the latest answer a claim of a process that died is looked into."""
FLUSH_LOG_EVERY_S = 0.2

logger = log.get(__name__)


def create() -> Starlette:
    """The application for one server process, from its environment. Raises `ConfigurationError`."""
    settings = from_environment()
    log.configure(settings.log_level)
    return application(settings, SystemClock())


def application(settings: Settings, clock: Clock) -> Starlette:
    """The application, from settings; nothing runs before its lifespan begins."""
    businesses = load_businesses(settings.businesses, settings.daily_call_caps)
    _check_pages(settings, businesses)
    if settings.google_credentials is not None:  # read again by each process; wrong, it must not get that far
        load_account(settings.google_credentials, settings.google_token_url)
    migrate(settings.database_url)
    server = Server(settings, businesses, clock)
    for sentence in (*settings.warnings, *server.warnings()):
        logger.warning("configuration", message=sentence)
    return build(server.doors())


class Server:
    """Every part of one process, and the order in which they start and stop."""

    def __init__(self, settings: Settings, businesses: Businesses, clock: Clock) -> None:
        self.settings, self.businesses, self.clock = settings, businesses, clock
        secret = shared_secret(settings.database_url, "installation")
        self.alarms = Alarms(AppriseNotifier(), settings.page_urls, clock)
        self.database = Database(settings.database_url, seal, shared=settings.web_workers > 1)
        self.retention = Retention(self.database, clock)
        self.anchoring = Anchoring(self.database, settings.audit_anchors or usual_file(settings.database_url), clock)
        self.google = self._google() if self._addresses("google") else None
        by_scheme = {"embedded": EmbeddedCalendar(self.database, clock)}
        pages = {t.calendar: business.page for business in businesses.by_id.values() for t in business.technicians}
        self.calendars = Calendars(
            {**by_scheme, "google": self.google} if self.google else by_scheme, self.alarms, pages
        )
        self.lookups = Lookups(self.calendars, clock, settings.availability_ttl_s)
        self.claims = Claims(self.database, clock)
        self.desk = Desk(self.lookups, self.claims, clock)
        self.live_call = LiveCall(settings.vapi_control_hosts)
        self.late = LateAnswers(self.live_call, businesses, self.alarms)
        self.channels = (
            GoogleChannels(self.google, self._addresses("google"), secret, clock, self.lookups.drop)
            if self.google
            else None
        )
        self.redis = RedisProbe(settings.redis_url) if settings.redis_url else None
        self.bookings = Bookings(
            database=self.database,
            calendars=self.calendars,
            claims=self.claims,
            lookups=self.lookups,
            alarms=self.alarms,
            clock=clock,
            hold_s=settings.tool_deadline_ms / 1000 + HOLD_AFTER_DEADLINE_S,
        )
        front = Front(self.desk, self.bookings, SlotIds(secret, settings.slot_ttl_s), self.database, clock)
        self.tools = tools(front)
        self.cap = DailyCap(self.database, self.alarms, clock, settings.daily_call_cap)
        self.arrivals = Arrivals(businesses, self.cap, self.desk, self.alarms, clock)
        self.dispatcher = Dispatcher(
            tools=self.tools,
            businesses=businesses,
            cap=self.cap,
            late=self.late,
            database=self.database,
            alarms=self.alarms,
            clock=clock,
            deadline_s=settings.tool_deadline_ms / 1000,
            filler_after_s=settings.filler_after_ms / 1000,
            repeat_window_s=settings.repeat_window_s,
        )
        self.settler = Settler(
            database=self.database,
            calendars=self.calendars,
            claims=self.claims,
            businesses=businesses.by_id,
            alarms=self.alarms,
            clock=clock,
            tell=self.late.tell,
        )

    def doors(self) -> Doors:
        """Everything the HTTP side needs."""
        token = self.settings.admin_token
        return Doors(
            dispatcher=self.dispatcher,
            arrivals=self.arrivals,
            events=CallEvents(self.database, self.alarms, self.clock),
            clock=self.clock,
            tools=self.tools,
            vapi_secrets=self.settings.vapi_secrets,
            vapi_hmac_secrets=self.settings.vapi_hmac_secrets,
            tools_secrets=self.settings.tools_secrets,
            admin_token=token.get_secret_value() if token else None,
            checks=self._checks(),
            google_changed=self.channels.changed if self.channels else None,
            version=version("readback"),
            lifespan=self.lifespan,
        )

    def warnings(self) -> list[str]:
        """What works, but not as its operator may hope."""
        found = [
            f"vapi_assistants of business {business.id} is empty: a call that asks who answers it hears an apology."
            for business in self.businesses.by_id.values()
            if not business.vapi_assistants
        ]
        if not self.settings.vapi_secrets and not self.settings.vapi_hmac_secrets:
            found.append("READBACK_VAPI_SECRETS is not set: /vapi refuses every request.")
        if not self.settings.tools_secrets:
            found.append("READBACK_TOOLS_SECRETS is not set: /tools refuses every request.")
        if self._addresses("caldav"):
            found.append("caldav calendars cannot be read yet: their technicians are never offered.")
        return found

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Start in the order of need; stop in reverse, finishing what was promised."""
        await self.database.start()
        self.alarms.start()
        self.anchoring.start()
        await self.claims.load()
        await self.dispatcher.start()
        await self.cap.start(self.businesses.by_id.values())
        if self.google is not None:
            await self.google.start()
        if self.channels is not None:
            self.channels.start(self.settings.public_url)
        if self.settings.jobs == "on":
            self.settler.start()
            self.retention.start()
        _settle_interpreter()
        flusher = asyncio.get_running_loop().create_task(_flush_log())
        logger.info("started", businesses=len(self.businesses.by_id), tools=len(self.tools))
        try:
            yield
        finally:
            await self._stop()
            flusher.cancel()
            log.flush_later(False)

    async def _stop(self) -> None:
        await self.dispatcher.stop(STOP_GRACE_S)
        await self.late.stop(STOP_GRACE_S)
        await self.settler.stop()
        await self.retention.stop()
        await self.bookings.stop()
        await self.lookups.stop()
        await self.cap.drain()
        if self.channels is not None:
            await self.channels.stop()
        if self.google is not None:
            await self.google.close()
        if self.redis is not None:
            await self.redis.close()
        await self.live_call.aclose()
        await self.alarms.stop()
        await self.anchoring.stop()
        await self.database.stop()
        logger.info("stopped")

    def _google(self) -> GoogleCalendar:
        return GoogleCalendar(
            GoogleOptions(
                api_url=self.settings.google_api_url,
                token_url=self.settings.google_token_url,
                credentials_file=self.settings.google_credentials,
                requests_per_minute=self.settings.google_requests_per_minute,
                on_alarm=lambda kind, key, title, body: self.alarms.ring(kind, key, title, body),
            ),
            self.clock,
        )

    def _addresses(self, scheme: str) -> list[str]:
        """Names of the calendars of one kind that any technician uses."""
        everybody = (t for business in self.businesses.by_id.values() for t in business.technicians)
        names = (t.calendar.partition(":") for t in everybody)
        return list(dict.fromkeys(name for kind, _, name in names if kind == scheme))

    def _checks(self) -> list[Check]:
        async def database() -> State:
            await self.database.write(lambda _: None, 1.0)
            return "ok" if self.database.is_there() else "down"

        checks = [Check("database", database, harms=True)]
        if self.google is not None:

            async def google() -> State:
                return "ok" if self.calendars.well("google") else "down"

            checks.append(Check("google", google))
        if self.redis is not None:
            checks.append(Check("redis", self.redis.state))
        return checks


def _check_pages(settings: Settings, businesses: Businesses) -> None:
    for url in settings.page_urls:
        if problem := check_url(url):
            raise ConfigurationError(f"READBACK_PAGE_URLS: {problem}")
    for business in businesses.by_id.values():
        for url in business.page:
            if problem := check_url(url):
                raise ConfigurationError(f"READBACK_BUSINESSES: page of business {business.id}: {problem}")


async def _flush_log() -> None:
    """Ordinary log lines go out a few times a second instead of one system call each."""
    log.flush_later(True)
    while True:
        await asyncio.sleep(FLUSH_LOG_EVERY_S)
        log.flush()


def _settle_interpreter() -> None:
    """What is there now stays; the collector need not walk it again."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)

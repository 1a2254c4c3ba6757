"""Every part of one process, and the order in which they start and stop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from app import log, metrics
from app.adapters.heartbeat import Heartbeat
from app.adapters.notifier import AppriseNotifier
from app.adapters.pagerduty import PagerDuty
from app.adapters.receivers import Receivers
from app.adapters.vapi_api import LiveCall
from app.audit.anchors import Anchoring, usual_file
from app.audit.log import seal
from app.audit.refusals import RefusedRequests
from app.booking import crm_jobs, sweep
from app.booking.amendments import REMOVE_EVENT
from app.booking.business import Businesses
from app.booking.claims import Claims
from app.booking.crm_copies import CrmCopies
from app.booking.desk import Desk
from app.booking.feeds import FEED_SECRET, Feeds
from app.booking.former import Former
from app.booking.front import Front
from app.booking.kept_notes import KeptNotes
from app.booking.late_notes import LateNotes
from app.booking.lookups import Lookups
from app.booking.owner import Owners
from app.booking.read_back import ReadBacks
from app.booking.removal import LeftOver
from app.booking.slots import SlotIds
from app.booking.store import Booking
from app.booking.verification import READ_BACK, TELL_CUSTOMER, Aftercare
from app.calls import ledger, owed
from app.calls.arrivals import Arrivals
from app.calls.cap import DailyCap
from app.calls.dispatch import Dispatcher
from app.calls.events import CallEvents
from app.calls.handover import Handover
from app.calls.knowledge import Knowledge
from app.calls.late import LateAnswers
from app.calls.model import ToolResult
from app.calls.news import News, no_texts
from app.calls.replays import Replays
from app.canary.arms import Arms
from app.clock import Clock
from app.db.companion_files import beside
from app.db.engine import Database
from app.db.retention import EVERY_S, Retention
from app.db.secrets import INSTALLATION, shared_secret
from app.db.serving import Serving
from app.jobs.elsewhere import Elsewhere
from app.jobs.outbox import Handler, Job
from app.jobs.timers import Timer
from app.jobs.work import Jobs
from app.main.bookings import bookings, changes
from app.main.crms import crms
from app.main.doors import doors
from app.main.housekeeping import housekeeping
from app.main.interpreter import settle_interpreter
from app.main.limit_use import limit_timers
from app.main.model_path import ModelPath
from app.main.own_use import counted_lately, own_counts
from app.main.paging import alarms, database_page, hand, pager
from app.main.readiness import checks
from app.main.settling import settler
from app.main.sources import Sources
from app.main.texting import Texting
from app.main.unread_reports import unread_reports
from app.main.watching import watching
from app.promises.follow_up import TaskFollowUp
from app.promises.transfer_fate import TransferFate
from app.promises.transfers import FATE
from app.review.tasks import FOLLOW_UP
from app.settings import Settings
from app.sms.deciding import Deciding
from app.sms.guided import GuidedConversation
from app.sms.tool_calls import through
from app.watch.acknowledging import Acknowledging
from app.watch.figure_counts import Counting
from app.watch.loops import Loops
from app.watch.own_use import OwnUse
from app.watch.web_down import WebWatch
from app.web.ports import Check, Doors
from tools import tools

if TYPE_CHECKING:
    from app.main.shared import Shared

STOP_GRACE_S = 5.0
JOBS_GAP_S = 120.0

logger = log.get(__name__)


class Server:
    """Every part of one process, and the order in which they start and stop."""

    def __init__(self, settings: Settings, businesses: Businesses, clock: Clock, *, serves: bool = True) -> None:
        self.settings, self.businesses, self.clock, self.serves = settings, businesses, clock, serves
        self.secret = shared_secret(settings.database_url, INSTALLATION)
        self._watch()
        self._calendars()
        self._bookings()
        self._calls()
        self._background()

    def _watch(self) -> None:
        """The database, and who is told when something is wrong."""
        settings, businesses, clock = self.settings, self.businesses, self.clock
        self.database = Database(settings.database_url, seal, shared=settings.web_workers > 1)
        self.loops = Loops(clock)
        self.heartbeat = Heartbeat(settings.heartbeat_url, settings.heartbeat_every_s, self.loops, self.database)
        self.receivers = Receivers(AppriseNotifier(), PagerDuty(settings.pagerduty_api_url))
        self.pager = pager(settings, businesses, self.database, self.receivers, self.loops, self.secret, clock)
        taken = hand(settings, self.secret)
        self.alarms = alarms(
            settings, businesses, self.database, self.receivers, self.loops, taken, clock, self.pager.wake
        )
        self.database_page = database_page(settings, self.database, self.alarms, clock, taken, self.loops)
        self.refused = RefusedRequests(self.database, clock)
        self.shared = self._shared(settings.redis_url) if settings.redis_url else None
        self.redis = self.shared.connection if self.shared else None
        self.own_use = OwnUse()
        self.counting = Counting(self.database, clock, own=self.own_use)
        self.retention = Retention(self.database, clock)
        self.anchoring = Anchoring(
            self.database,
            settings.audit_anchors or usual_file(settings.database_url),
            clock,
            self.alarms,
            beat=self.loops.register("anchoring", 300.0),
        )

    def _calendars(self) -> None:
        """The calendars of record, what is remembered of them, and ways into a live call."""
        settings, businesses, clock = self.settings, self.businesses, self.clock
        self.sources = Sources(settings, businesses, self.database, self.alarms, clock)
        self.calendars = self.sources.calendars
        self.feeds = Feeds(self.sources.embedded, businesses, shared_secret(settings.database_url, FEED_SECRET), clock)
        self.days = self.shared.days(self.sources.addresses(), settings.availability_ttl_s) if self.shared else None
        self.lookups = Lookups(self.calendars, clock, settings.availability_ttl_s, self.days)
        self.claims, self.former = Claims(self.database, clock), Former(self.database, businesses, clock)
        self.desk = Desk(self.lookups, self.claims, clock, self.former)
        self.live_call = LiveCall(settings.vapi_control_hosts)
        self.late = LateAnswers(self.live_call, businesses, self.alarms, owed.Owed(self.database, clock), clock)
        self.channels = self.sources.channels(self.secret, self.lookups.drop)

    def _bookings(self) -> None:
        """Booking, moving and cancelling, and what each of them is owed afterwards."""
        settings, businesses, clock = self.settings, self.businesses, self.clock
        self.crms = crms(settings, businesses, clock)
        self.crm_copies = CrmCopies(
            self.database, businesses.by_id, self.crms, clock, read_back_after_s=settings.read_back_after_s
        )
        self.texting = Texting(settings, businesses, self.database, self.alarms, clock)
        self.care = Aftercare(settings.read_back_after_s, self._also)
        self.kept_notes = KeptNotes(beside(settings.database_url, "pending", "pending"))
        self.late_notes = LateNotes(self.database, self.kept_notes, self.alarms, clock)
        self.bookings, self.changes = bookings(self), changes(self)

    def _calls(self) -> None:
        """The life of a call and of each tool call in it."""
        settings, businesses, clock = self.settings, self.businesses, self.clock
        front = Front(
            self.desk,
            self.bookings,
            SlotIds(self.secret, settings.slot_ttl_s),
            self.database,
            clock,
            self.changes,
            Owners(self.database, clock),
            self.texting.possible,
        )
        self.handover = Handover(businesses, self.database, self.live_call, self.alarms, clock)
        self.events = CallEvents(self.database, businesses, self.alarms, clock)
        self.knowledge = Knowledge(businesses)
        self.tools = tools(front, self.handover, self.knowledge.library)
        self.cap = DailyCap(self.database, self.alarms, clock, settings.daily_call_cap)
        self.arms = Arms(self.database, self.secret, clock)
        self.arrivals = Arrivals(businesses, self.cap, self.desk, self.alarms, clock, self.arms)
        self.answers = self.shared.answers(self._answers_given) if self.shared else None
        self.serving = Serving(self.database, clock)
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
            replays=Replays(self.database, self.answers, self.serving),
        )
        ask = through(self.dispatcher.dispatch)
        self.model_path = path = ModelPath(settings, businesses, self.database, self.alarms, clock, ask)
        guided = GuidedConversation(businesses, path.ask, Deciding(self.database, clock))
        self.texting.answer_with(path.responder(guided, self.tools))

    def _background(self) -> None:
        """Settling, reading back, and whatever else is done when nobody waits."""
        businesses, clock = self.businesses, self.clock
        self.left_over = LeftOver(self.database, self.calendars, self.lookups, businesses.by_id, clock)
        self.settler = settler(self)
        self.read_backs = ReadBacks(
            database=self.database,
            calendars=self.calendars,
            claims=self.claims,
            businesses=businesses.by_id,
            clock=clock,
            also=self._also,
        )
        by_text = self.texting.appointments.news if self.texting.appointments else no_texts
        self.news = News(self.database, businesses.by_id, self.late.tell, clock, by_text)
        self.sweep = sweep.Sweep(self.database, self.read_backs, businesses.by_id, clock)
        self.web_watch = WebWatch(self.database, self.alarms, clock)
        self.jobs = self._jobs() if self.settings.jobs == "on" else Elsewhere(self.database, self.alarms, clock)
        self.own_use.counts |= own_counts(self)
        self.own_use.lately |= counted_lately(self)

    def _jobs(self) -> Jobs:
        handlers, timers = self.handlers(), self.timers()
        return Jobs(database=self.database, handlers=handlers, timers=timers, alarms=self.alarms, clock=self.clock)

    def handlers(self) -> Mapping[str, Handler]:
        """Every kind of job, and who carries it out."""
        return {
            READ_BACK: self.read_backs.handle,
            TELL_CUSTOMER: self.news.handle,
            REMOVE_EVENT: self.left_over.remove,
            FOLLOW_UP: TaskFollowUp(self.database, self.clock),
            FATE: TransferFate(self.database, self.clock),
            crm_jobs.COPY: self.crm_copies.copy,
            crm_jobs.READ_BACK: self.crm_copies.read_back,
            **self.texting.handlers(),
            **self.model_path.handlers(),
            **unread_reports(self.database, self.businesses, self.alarms, self.clock),
        }

    def timers(self) -> list[Timer]:
        """What one process at a time does again and again."""
        return [
            Timer("sweep", sweep.EVERY_S, self.sweep.look),
            Timer("retention", EVERY_S, self.retention.forget),
            *self.texting.timers(),
            *self.model_path.timers(),
            *watching(self.settings, self.businesses, self.database, self.alarms, self.clock, self.pager.wake),
            *limit_timers(self),
        ]

    def doors(self) -> Doors:
        """Everything the HTTP side needs."""
        made = doors(
            self.settings,
            self.clock,
            self.tools,
            dispatcher=self.dispatcher,
            arrivals=self.arrivals,
            events=self.events,
            handover=self.handover,
        )
        return replace(
            made,
            texting=self.texting,
            checks=self._checks(),
            feeds=self.feeds,
            knowledge=self.knowledge,
            acknowledges=Acknowledging(self.database, self.secret, self.clock, self.pager.wake, self.database_page),
            google_changed=self.channels.changed if self.channels else None,
            refused=self.refused.note,
            refusal_buckets=self.shared.buckets() if self.shared else None,
            lifespan=self.lifespan,
        )

    @asynccontextmanager
    async def lifespan(self, _app: Starlette | None) -> AsyncIterator[None]:
        """Start in the order of need; stop in reverse, finishing what was promised."""
        await self.database.start()
        self.alarms.start()
        self.database_page.start()
        self.pager.start()
        self.counting.start()
        self.anchoring.start()
        if self.redis is not None:
            await self.redis.start()
        if self.days is not None:
            self.days.start(self.lookups.forget)
        if self.serves:
            await self.serving.start()
        await self.claims.start()
        await self.dispatcher.start()
        await self.cap.start(self.businesses.by_id.values())
        await self.sources.start(self.loops)
        self.late_notes.start()
        if self.serves:
            self.arms.start()
        if self.channels is not None and self.serves:
            self.channels.start(self.settings.public_url)
        if self.settings.jobs == "on":
            self.settler.start()
            self.model_path.start()
        self.jobs.start()
        self.loops.watch("jobs", JOBS_GAP_S, self.jobs.alive)
        if not self.serves:
            self.web_watch.start()
        self.loops.watch("web", 0.0, self.web_watch.alive)
        self.loops.begin()
        self.heartbeat.start()
        settle_interpreter()
        housekeeper = asyncio.get_running_loop().create_task(housekeeping(self.database, self.alarms))
        logger.info("started", businesses=len(self.businesses.by_id), tools=len(self.tools))
        try:
            yield
        finally:
            await self._stop()
            housekeeper.cancel()
            log.flush_later(False)
            metrics.hand_in()

    async def _stop(self) -> None:
        self.database.ends()
        await self.database_page.stop()
        await self.heartbeat.stop()
        await self.web_watch.stop()
        await self.dispatcher.stop(STOP_GRACE_S)
        await self.serving.stop()
        await self.jobs.stop(STOP_GRACE_S)
        await self.model_path.aclose()
        await self.late.stop(STOP_GRACE_S)
        await self.settler.stop()
        await self.late_notes.stop()
        await self.bookings.stop()
        await self.changes.stop()
        await asyncio.gather(self.lookups.stop(), self.former.stop(), self.claims.stop(), self.events.stop())
        await self.cap.drain()
        await self.arms.stop()
        await self.refused.stop()
        if self.channels is not None:
            await self.channels.stop()
        await self.sources.stop()
        for crm in self.crms.values():
            await crm.aclose()
        await self.texting.aclose()
        if self.days is not None:
            await self.days.stop()
        if self.answers is not None:
            await self.answers.stop()
        if self.redis is not None:
            await self.redis.close()
        await self.live_call.aclose()
        await self.counting.stop()
        await self.alarms.stop()
        await self.pager.stop()
        await self.receivers.aclose()
        await self.anchoring.stop()
        await self.database.stop()
        logger.info("stopped")

    def _also(self, booking: Booking, now: float) -> list[Job]:
        """What a booking is owed besides its read-back."""
        texts = self.texting.appointments.jobs_for(booking, now) if self.texting.appointments else []
        return [*self.crm_copies.jobs_for(booking, now), *texts]

    def _shared(self, url: str) -> "Shared":
        from app.main.shared import Shared  # noqa: PLC0415 - an installation without Redis starts without its client

        return Shared(url, self.secret, self.alarms)

    async def _answers_given(self, seconds: float) -> list[tuple[str, ToolResult]]:
        return await self.database.read(lambda c: ledger.recent(c, self.clock.now() - seconds))

    def _checks(self) -> list[Check]:
        crm = self.crm_copies if self.crms else None
        return [*checks(self.database, self.loops, self.sources, crm, self.redis), *self.texting.checks()]

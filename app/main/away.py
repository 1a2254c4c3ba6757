"""A process whose database is away when it starts: it answers all the same, and begins once the database is there.

Who calls hears what they hear when the database goes away later; `/status` shows what was known last, and a person is
told. Nothing is offered, and nothing is promised. What the audit log and the daily cap are owed is written in the end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, Generic, NoReturn, TypeVar, cast

from starlette.applications import Starlette

from app import log
from app.adapters.notifier import AppriseNotifier
from app.adapters.pagerduty import PagerDuty
from app.adapters.receivers import Receivers
from app.adapters.vapi_api import LiveCall
from app.audit.log import seal
from app.audit.refusals import RefusedRequests
from app.booking.business import Business, Businesses
from app.booking.feeds import Feed
from app.booking.front import Front
from app.calls.arrivals import Arrivals
from app.calls.cap import DailyCap
from app.calls.dispatch import Dispatcher
from app.calls.events import CallEvents
from app.calls.handover import Handover
from app.calls.knowledge import Knowledge
from app.calls.late import LateAnswers
from app.calls.model import Tool
from app.calls.owed import Owed
from app.calls.texting import ReceivedText, TextReport
from app.clock import Clock
from app.dashboard import away as dashboard
from app.db.away import DatabaseAwayError
from app.db.engine import Database, DatabaseUnavailableError
from app.db.migrate import migrate
from app.errors import OverloadedError, ReadbackError
from app.main.doors import doors
from app.main.status import kept_status
from app.settings import Settings
from app.watch import database_page
from app.watch.alarms import Alarms
from app.watch.outage_hand import Hand
from app.watch.pages import Kept, Past, written_down
from app.web.ports import Check, State
from app.web.server import build
from tools import tools

T = TypeVar("T")

ASK_EVERY_S: Final = 2.0
SAY_EVERY_S: Final = 60.0
GRACE_S: Final = 5.0
NEXT: Final = (
    "See that it runs and can be reached from here, or put READBACK_DATABASE_URL right and start again; nothing else "
    "has to be done: it is asked every two seconds, and then all goes on by itself."
)
WAITS: Final = "a process that was started waits for it; callers hear that nothing can be done now."

_log = log.get(__name__)


async def once_there(begin: Callable[[], T], settings: Settings, clock: Clock, alarms: Alarms) -> T:
    """What `begin` comes to, which may block, as soon as it no longer finds the database away. Raises what it raises.

    A person is told when it has been away for a moment, by one process of this machine, and that it is there again. It
    is asked first, by itself: `begin` reads every file there is.
    """
    began, said_at, turn = clock.monotonic(), float("-inf"), database_page.Turn(settings.database_url)
    telling, hand = database_page.Telling(alarms, clock), Hand(database_page.named(settings.database_url))
    try:
        while True:
            try:
                await asyncio.to_thread(migrate, settings.database_url, settings.audit_anchors)
                begun = await asyncio.to_thread(begin)
            except DatabaseAwayError as why:
                if clock.monotonic() - said_at >= SAY_EVERY_S:
                    said_at = clock.monotonic()
                    _log.error("database_away", message=f"{why} {NEXT}")
                began_at = turn.began(clock.now() - (clock.monotonic() - began))
                if clock.monotonic() - began >= database_page.PAGE_AFTER_S and turn.take():
                    turn.note(began_at, clock.now())
                    taken = hand.taken(began_at)
                    if taken is not None:
                        alarms.acknowledged(database_page.KIND, database_page.KEY, taken.by, taken.at)
                    telling.tell(
                        database_page.TITLE, f"{WAITS} {why} {NEXT} {database_page.BY_COMMAND}", began_at, taken
                    )
            else:
                past = alarms.past(database_page.KIND, database_page.KEY)
                database_page.clear(alarms)
                hand.let_go()
                turn.over()
                if past is not None:
                    await _written_down(past, settings, clock)
                return begun
            await asyncio.sleep(ASK_EVERY_S)
    finally:
        turn.give_up()


@asynccontextmanager
async def paging(settings: Settings, clock: Clock) -> AsyncIterator[Alarms]:
    """A person is told directly, for there is no database to keep a page in."""
    receivers = Receivers(AppriseNotifier(), PagerDuty(settings.pagerduty_api_url))
    alarms = Alarms(receivers, settings.page_urls, clock)
    alarms.start()
    try:
        yield alarms
    finally:
        await alarms.stop()
        await receivers.aclose()


async def _written_down(past: Past, settings: Settings, clock: Clock) -> None:
    """The outage that was told of while there was nothing to keep it in."""
    database = Database(settings.database_url, seal)
    await database.start()
    try:
        await database.write(lambda transaction: written_down(transaction, past, now=clock.now()))
    except ReadbackError as error:
        _log.error("outage_not_written_down", reason=str(error))
    finally:
        await database.stop()


class Waiting(Generic[T]):
    """What stands in a server's place until `begin`, which may block, has found the database.

    `over` is called then, or when `begin` fails for another reason; `application` must be served no longer.
    """

    def __init__(self, settings: Settings, businesses: Businesses, clock: Clock, begin: Callable[[], T]) -> None:
        self._settings, self._clock = settings, clock
        self._begin = begin
        self._begun: asyncio.Task[T] | None = None
        self.over: Callable[[], None] = lambda: None
        self._database = Database(settings.database_url, seal)  # not started: whatever is asked of it fails at once
        self._receivers = Receivers(AppriseNotifier(), PagerDuty(settings.pagerduty_api_url))
        self._alarms = Alarms(self._receivers, settings.page_urls, clock)
        self._refused = RefusedRequests(self._database, clock)
        self._live_call = LiveCall(settings.vapi_control_hosts)
        self._late = LateAnswers(self._live_call, businesses, self._alarms, Owed(self._database, clock), clock)
        self._cap = DailyCap(self._database, self._alarms, clock, settings.daily_call_cap)
        self._handover = Handover(businesses, self._database, self._live_call, self._alarms, clock)
        self._tools = [_refusing(tool) for tool in tools(cast(Front, None), self._handover)]
        self._dispatcher = Dispatcher(
            tools=self._tools,
            businesses=businesses,
            cap=self._cap,
            late=self._late,
            database=self._database,
            alarms=self._alarms,
            clock=clock,
            deadline_s=settings.tool_deadline_ms / 1000,
            filler_after_s=settings.filler_after_ms / 1000,
            repeat_window_s=settings.repeat_window_s,
        )
        self._arrivals = Arrivals(businesses, self._cap, _Absent(), self._alarms, clock)
        self._events = CallEvents(self._database, businesses, self._alarms, clock)
        self._knowledge = Knowledge(businesses)

    def application(self) -> Starlette:
        """The ASGI application; asking the database begins with its lifespan."""
        absent = _Absent()
        made = doors(
            self._settings,
            self._clock,
            self._tools,
            dispatcher=self._dispatcher,
            arrivals=self._arrivals,
            events=self._events,
            handover=self._handover,
        )
        return build(
            replace(
                made,
                texting=absent,
                checks=[Check("database", _down, harms=True)],
                feeds=absent,
                knowledge=self._knowledge,
                acknowledges=absent,
                google_changed=_changed,
                refused=self._refused.note,
                status=kept_status(self._settings).read(),
                also=dashboard.routes(),
                lifespan=self._lifespan,
            )
        )

    def begun(self) -> T:
        """What `begin` came to, once `over` was called. Raises what it raised."""
        if self._begun is None:
            raise RuntimeError("it was not waited for")
        return self._begun.result()

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._alarms.start()
        waiting = once_there(self._begin, self._settings, self._clock, self._alarms)
        self._begun = asyncio.get_running_loop().create_task(waiting)
        self._begun.add_done_callback(lambda _: self.over())
        try:
            yield
        finally:
            await self._stop(self._begun)

    async def _stop(self, begun: asyncio.Task[T]) -> None:
        begun.cancel()
        await asyncio.wait({begun})
        if not begun.cancelled() and begun.exception() is None:
            self._alarms.clear_all()
            await self._database.start()  # what was answered meanwhile is noted now
            _log.info("database_there")
        await self._dispatcher.stop(GRACE_S)
        await self._late.stop(GRACE_S)
        await self._events.stop()
        await self._cap.drain()
        await self._refused.stop()
        await self._live_call.aclose()
        await self._alarms.stop()
        await self._receivers.aclose()
        await self._database.stop()


class _Absent:
    """Whoever has everything in the database, while that is away."""

    def prefetch(self, _business: Business) -> None:
        """No calendar is read ahead: nothing can be offered from it."""

    async def received(self, _text: ReceivedText) -> None:
        """Refused, so that the carrier turns to its fallback address."""
        _fail()

    async def reported(self, _report: TextReport) -> None:
        """Refused."""
        _fail()

    async def read(self, _key: str, _seen: Container[str]) -> Feed:
        """Asked again later; a phone keeps what it has."""
        raise OverloadedError("feeds cannot be read")

    async def look(self, _page_id: str, _token: str) -> Kept | None:
        """Not to be had."""
        _fail()

    async def acknowledge(self, _page_id: str, _token: str, _by: str) -> Kept | None:
        """Not to be had."""
        _fail()


def _refusing(tool: Tool[Any]) -> Tool[Any]:
    """The tool as it is listed; it does nothing, and what it would do that with is never touched. What fails open needs
    no database.
    """
    if tool.fails_open:
        return tool

    async def run(*_: Any) -> NoReturn:
        _fail()

    return replace(tool, run=run, at_once=None, identity=None, stands=None)


def _fail() -> NoReturn:
    raise DatabaseUnavailableError("the database was away when this process started")


def _changed(_channel_id: str, _token: str, _resource_state: str) -> bool:
    raise OverloadedError("whose channel it is cannot be known")


async def _down() -> State:
    return "down"

"""The dashboard of a process that serves, and how those who have it open are let go when the process is to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from starlette.applications import Starlette

from app.audit.anchors import usual_file
from app.calls.cap_pages import scopes_of, used_up
from app.dashboard.described import described
from app.dashboard.ports import House
from app.dashboard.routes import Dashboard
from app.dashboard.signing_in import ALL_TRIES_BURST, ALL_TRIES_PER_S, TRIES_BURST, TRIES_PER_S
from app.main.figures import figures_of
from app.main.first_days import unapproved
from app.main.limit_use import Counting
from app.main.own_use import LIVE
from app.main.page_receivers import unreached
from app.main.server import Server
from app.main.watching import watched
from app.watch.figure_day import Day
from app.watch.figure_overview import overview
from app.web.health import Readiness
from app.web.ports import Doors
from app.web.refusals import Refusals


def with_dashboard(doors: Doors, server: Server) -> Doors:
    """The doors, with the dashboard's routes beside them."""
    dashboard = Dashboard(house(server, Readiness(doors.checks, doors.clock)))
    server.own_use.counts[LIVE] = lambda: dashboard.live.open
    before = doors.lifespan

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if before is None:
            raise RuntimeError("the dashboard runs beside a server")
        async with before(app):
            with asked_to_stop(dashboard.live.stop):
                try:
                    yield
                finally:
                    await dashboard.stop()

    return replace(doors, also=dashboard.routes(), also_described=described(), lifespan=lifespan)


def house(server: Server, ready: Readiness) -> House:
    """What the dashboard of this server is handed."""
    settings, clock = server.settings, server.clock
    counting, figures, day = Counting(settings, server.businesses), figures_of(settings), Day()
    return House(
        database=server.database,
        clock=clock,
        businesses=server.businesses,
        watched=watched(server.businesses),
        token=settings.admin_token.get_secret_value() if settings.admin_token else None,
        secret=server.secret,
        public_url=settings.public_url,
        anchors=settings.audit_anchors or usual_file(settings.database_url),
        wake=server.pager.wake,
        refused=server.refused.note,
        works=server.jobs.works,
        limits=counting.told,
        used_up=lambda c, now: used_up(c, scopes_of(server.businesses.by_id.values(), settings.daily_call_cap, now)),
        confirmable={limit.name: limit for limit in counting.limits if limit.confirmed_by_person},
        figures=lambda connection, now: overview(connection, figures, now, settings.read_back_after_s, day),
        states=ready.states,
        unheard=unreached(settings, server.businesses),
        unapproved=lambda connection, now: unapproved(connection, settings, server.businesses, now),
        synthetic_every_s=settings.synthetic_every_s,
        refusals=Refusals(clock, shared=server.shared.buckets() if server.shared else None),
        tries=Refusals(clock, TRIES_BURST, TRIES_PER_S),
        all_tries=Refusals(clock, ALL_TRIES_BURST, ALL_TRIES_PER_S),
    )


@contextmanager
def asked_to_stop(told: Callable[[], None]) -> Iterator[None]:
    """Have `told` called on the loop at SIGINT and SIGTERM, before whoever else handles them.

    The server waits for open answers before the lifespan ends: an answer that has no end must hear of it here.
    """
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(told)
        if callable(before[number]):
            before[number](number, frame)

    for number in map(int, (signal.SIGINT, signal.SIGTERM)):
        before[number] = signal.getsignal(number)
        try:
            signal.signal(number, heard)
        except ValueError:  # not the main thread: whoever embeds us there stops us in another way
            del before[number]
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)

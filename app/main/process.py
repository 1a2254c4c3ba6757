"""One process from its settings: what is wrong is said before anything starts."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator
from functools import partial
from multiprocessing.process import BaseProcess

from starlette.applications import Starlette

from app import log, metrics
from app.booking.business import Businesses
from app.booking.business_file import load_businesses
from app.booking.synthetic import with_tester
from app.clock import Clock, SystemClock
from app.db.away import DatabaseAwayError
from app.db.engine import DatabaseUnavailableError
from app.db.migrate import migrate
from app.db.once import looking
from app.main.away import Waiting, once_there, paging
from app.main.dashboard import with_dashboard
from app.main.figures import figures_of
from app.main.first_days import first_days
from app.main.model_path import check_models
from app.main.page_receivers import warn
from app.main.provisioning import check_platform
from app.main.server import Server
from app.main.starts import WORK, started
from app.main.startup_checks import check_credentials, check_crms, check_pages, check_synthetic, warnings
from app.main.status import doors_with_status
from app.settings import Settings, from_environment
from app.web.server import build

logger = log.get(__name__)


def create() -> Starlette:
    """The application for one server process, from its environment. Raises `ConfigurationError`, as `application`."""
    settings = from_environment()
    log.configure(settings.log_level)
    if (parent := multiprocessing.parent_process()) is not None:
        metrics.forget_dead_processes()  # one of several workers takes the place of one that was killed
        threading.Thread(target=_outlived, args=(parent,), name="parent", daemon=True).start()
        return one_of_several(settings, SystemClock())
    return application(settings, SystemClock())


def one_of_several(settings: Settings, clock: Clock) -> Starlette:
    """As `application`, in one of several workers. uvicorn takes a start that fails for one that always would, and
    stops all of them: while the database is away one stands in that answers and tells, and ends for a successor once it
    is back. Where it goes while the lifespan begins, the successor is that one.
    """
    try:
        begun = application(settings, clock)
    except DatabaseAwayError as why:
        logger.warning("database_away", message=str(why))
        waiting: Waiting[None] = Waiting(settings, checked(settings), clock, lambda: None)
        waiting.over = partial(os.kill, os.getpid(), signal.SIGTERM)
        return waiting.application()
    lifespan = begun.router.lifespan_context

    @contextlib.asynccontextmanager
    async def begins(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(lifespan(app))
            except DatabaseUnavailableError as why:
                if not why.retryable:
                    raise
                logger.warning("database_away", message=str(why))
                os._exit(1)
            yield

    begun.router.lifespan_context = begins
    return begun


def _outlived(parent: BaseProcess) -> None:
    """One of several workers whose parent was killed: nobody else asks it to stop, and it would keep the port."""
    parent.join()
    logger.warning("parent_gone")
    os.kill(os.getpid(), signal.SIGTERM)


def application(settings: Settings, clock: Clock) -> Starlette:
    """The application, from settings; nothing runs before its lifespan begins. Raises `DatabaseAwayError`."""
    server = _server(settings, clock)
    with looking(settings.database_url) as connection:
        new = first_days(connection, settings, server.businesses, clock.now())
    for sentence in (*settings.warnings, *warnings(settings, server.businesses), *new):
        logger.warning("configuration", message=sentence)
    return build(with_dashboard(doors_with_status(server), server))


async def work(settings: Settings, clock: Clock) -> None:
    """Work on jobs, and on nothing else, until asked to stop by SIGINT or SIGTERM. Raises `ConfigurationError`.

    A database that is away is waited for.
    """
    asked = asyncio.Event()
    for how in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(how, asked.set)
    warn(settings, checked(settings))
    settings = settings.model_copy(update={"jobs": "on"})

    def begin() -> Server:
        server = _server(settings, clock, serves=False)
        started(settings, server.businesses, WORK)
        return server

    stopping = asyncio.create_task(asked.wait())
    async with paging(settings, clock) as alarms:
        beginning = asyncio.create_task(once_there(begin, settings, clock, alarms))
        await asyncio.wait({beginning, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not beginning.done():
        beginning.cancel()
        return
    async with beginning.result().lifespan(None):
        await stopping


def checked(settings: Settings) -> Businesses:
    """The businesses, when all is right that can be looked at without the database. Raises `ConfigurationError`."""
    businesses = load_businesses(settings.businesses, settings.daily_call_caps)
    businesses = with_tester(businesses, settings.synthetic_technician)
    check_pages(settings, businesses)
    check_crms(settings, businesses)
    check_models(settings, businesses)
    check_synthetic(settings, businesses)
    check_credentials(settings)
    figures_of(settings)
    check_platform(settings)
    return businesses


def _server(settings: Settings, clock: Clock, *, serves: bool = True) -> Server:
    businesses = checked(settings)
    migrate(settings.database_url, settings.audit_anchors)
    return Server(settings, businesses, clock, serves=serves)

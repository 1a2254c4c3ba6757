"""One process from its settings: what is wrong is said before anything starts."""

import asyncio
import signal

from starlette.applications import Starlette

from app import log
from app.booking.business_file import load_businesses
from app.booking.synthetic import with_tester
from app.clock import Clock, SystemClock
from app.db.migrate import migrate
from app.main.checked import check_credentials, check_crms, check_pages, check_synthetic, warnings
from app.main.dashboard import with_dashboard
from app.main.figures import figures_of
from app.main.model_path import check_models
from app.main.provisioning import check_platform
from app.main.server import Server
from app.main.starts import WORK, started
from app.main.status import doors_with_status
from app.settings import Settings, from_environment
from app.web.server import build

logger = log.get(__name__)


def create() -> Starlette:
    """The application for one server process, from its environment. Raises `ConfigurationError`."""
    settings = from_environment()
    log.configure(settings.log_level)
    return application(settings, SystemClock())


def application(settings: Settings, clock: Clock) -> Starlette:
    """The application, from settings; nothing runs before its lifespan begins."""
    server = _server(settings, clock)
    for sentence in (*settings.warnings, *warnings(settings, server.businesses)):
        logger.warning("configuration", message=sentence)
    return build(with_dashboard(doors_with_status(server), server))


async def work(settings: Settings, clock: Clock) -> None:
    """Work on jobs, and on nothing else, until asked to stop by SIGINT or SIGTERM. Raises `ConfigurationError`."""
    asked = asyncio.Event()
    for how in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(how, asked.set)
    server = await asyncio.to_thread(_server, settings.model_copy(update={"jobs": "on"}), clock, serves=False)
    await asyncio.to_thread(started, settings, server.businesses, WORK)
    async with server.lifespan(None):
        await asked.wait()


def _server(settings: Settings, clock: Clock, *, serves: bool = True) -> Server:
    businesses = load_businesses(settings.businesses, settings.daily_call_caps)
    businesses = with_tester(businesses, settings.synthetic_technician)
    check_pages(settings, businesses)
    check_crms(settings, businesses)
    check_models(settings, businesses)
    check_synthetic(settings, businesses)
    check_credentials(settings)
    figures_of(settings)
    check_platform(settings)
    migrate(settings.database_url)
    return Server(settings, businesses, clock, serves=serves)

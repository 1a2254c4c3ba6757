"""What brings settings to a platform, put together for the commands and for the timer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from app import log
from app.adapters.vapi_records import VapiRecords
from app.audit.log import seal
from app.calls.model import Tool
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.once import committing, looking
from app.db.secrets import shared_secret
from app.errors import ConfigurationError
from app.jobs.timers import Timer
from app.provisioning.desired import Desired, Means, load_desired
from app.provisioning.drift import DriftWatch
from app.provisioning.platform import Key
from app.provisioning.sealing import Sealer
from app.provisioning.tool_settings import Deadlines
from app.settings import Settings, secret_named
from tools import tools

T = TypeVar("T")

SEAL: Final = "platform"
"""Name of the secret with which secrets in records are sealed."""

_log = log.get(__name__)


class OnceBooks:
    """The database of an installation, whether its servers run or not (a `provisioning.book.Books`)."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that reads."""
        with looking(self._url) as connection:
            return work(connection)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction, and commit it."""
        with committing(self._url, seal) as transaction:
            return work(transaction)


def described() -> list[Tool[Any]]:
    """Every tool, to be described and never to be run: nobody stands behind it."""
    nobody: Any = None
    return tools(nobody, nobody)


def sealer(settings: Settings) -> Sealer:
    """Seals as every process of this installation does. The tables must be there already."""
    return Sealer(shared_secret(settings.database_url, SEAL))


def desired(settings: Settings, environment: str, seals: Sealer) -> Desired:
    """What files ask for. Raises `ConfigurationError`."""
    means = Means(
        tools=described(),
        deadlines=Deadlines(settings.tool_deadline_ms),
        public_url=settings.public_url,
        secret_of=secret_named,
        sealer=seals,
    )
    return load_desired(settings.platform, environment, means)


@asynccontextmanager
async def platform(settings: Settings) -> AsyncIterator[VapiRecords]:
    """The platform, for as long as it is needed. Raises `ConfigurationError` without a key."""
    if settings.vapi_api_key is None:
        raise ConfigurationError("VAPI_API_KEY is not set: it is the private key on dashboard.vapi.ai.")
    records = VapiRecords(settings.vapi_api_url, settings.vapi_api_key.get_secret_value())
    try:
        yield records
    finally:
        await records.aclose()


def watches_drift(settings: Settings) -> bool:
    """Whether settings at the platform are watched."""
    return settings.vapi_api_key is not None and settings.drift_every_s > 0


def check_platform(settings: Settings) -> None:
    """A file that somebody has named can be read. Raises `ConfigurationError`."""
    if watches_drift(settings) and "platform" in settings.model_fields_set:
        desired(settings, settings.platform_environment, Sealer(b""))


def drift_timers(settings: Settings, database: Database, clock: Clock, told: Callable[[], None]) -> list[Timer]:
    """The watch over settings at the platform, where there is a key. `told` hears that a page may have been raised."""
    if not watches_drift(settings):
        return []
    seals = sealer(settings)
    named = "platform" in settings.model_fields_set
    wanted = _wanted(settings, seals) if named else None

    async def look() -> None:
        nonlocal wanted
        if named:
            try:
                wanted = await asyncio.to_thread(_wanted, settings, seals)
            except ConfigurationError as error:
                _log.warning("platform_file_wrong", reason=str(error))  # somebody is writing it; as it was before
        async with platform(settings) as records:
            watch = DriftWatch(
                platform=records,
                books=database,
                sealer=seals,
                clock=clock,
                environment=settings.platform_environment,
                wanted=wanted,
            )
            await watch.look()
        told()

    return [Timer("settings_drift", float(settings.drift_every_s), look)]


def _wanted(settings: Settings, seals: Sealer) -> list[Key]:
    return [record.key for record in desired(settings, settings.platform_environment, seals).records]

"""Whether texts leave, as a process that sends none of them knows it."""

from typing import Any

from app.booking.business_file import load_businesses
from app.db.engine import DatabaseUnavailableError
from app.main.texting import Texting
from app.settings import load
from app.sms.aftermath import LATE
from app.watch.pages import Page, raised, resolved
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


class Away:
    """A database that does not answer."""

    async def read(self, _work: object) -> None:
        raise DatabaseUnavailableError("away")


async def test_late_texts_of_another_process_are_seen_in_the_database(sqlite_url: str) -> None:
    settings = load(
        {"READBACK_VAPI_SECRETS": "s", "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}", "TWILIO_AUTH_TOKEN": "t" * 32}
    )
    alarms: Any = FakeAlarms()
    async with opened(sqlite_url) as database:
        texting = Texting(settings, load_businesses(settings.businesses, {}), database, alarms, FakeClock())
        [check] = texting.checks()
        assert await check.probe() == "ok"
        await database.write(lambda t: raised(t, Page(LATE, "acme", "t", "b", "acme"), now=1.0))
        assert await check.probe() == "degraded"
        await database.write(lambda t: resolved(t, LATE, "acme", now=2.0))
        assert await check.probe() == "ok"
    texting._database = Away()  # type: ignore[assignment]
    assert await check.probe() == "ok", "the database is away, of which its own check tells"
    await texting.aclose()

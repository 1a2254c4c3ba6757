"""The calls that one process at a time makes to the server it belongs to."""

from app.adapters.own_line import called, way_in
from app.booking.business import Businesses
from app.booking.synthetic import asked
from app.clock import Clock
from app.db.engine import Database
from app.jobs.timers import Timer
from app.settings import Settings
from app.watch.alarms import Alarms
from app.watch.synthetic import SyntheticCalls
from app.watch.walk import Report


def synthetic_calls(
    settings: Settings, businesses: Businesses, database: Database, alarms: Alarms, clock: Clock
) -> list[Timer]:
    """The timer that the environment asks for, if it does. Raises ConfigurationError as `asked` and `way_in` do."""
    if not settings.synthetic_every_s:
        return []
    wanted = asked(businesses, settings.synthetic_line, settings.synthetic_technician)
    way = way_in(settings.vapi_secrets, settings.vapi_hmac_secrets, settings.tools_secrets)
    deadline_s = settings.tool_deadline_ms / 1000

    async def make() -> Report:
        return await called(settings.reached_at, way, wanted, clock, deadline_s=deadline_s)

    business = wanted.business
    calls = SyntheticCalls(make, database, alarms, clock, whose=business.name, pages=business.page)
    return [Timer("synthetic_call", settings.synthetic_every_s, calls.call)]

"""What `serve --production` demands before it serves: that people have looked up the limits of others, and are told.

The port is taken by then, so that one in use is known first, but whoever calls waits in its queue. Only a process whose
database is away answers before: that nothing can be done now, since what was confirmed stands in there.
"""

import time
from typing import TYPE_CHECKING

from app.booking.business import Businesses
from app.commands.answers import operator
from app.db.migrate import migrate
from app.db.once import looking
from app.errors import ConfigurationError
from app.settings import Settings
from app.watch.limit_book import confirmations
from app.watch.limits import Limit

if TYPE_CHECKING:
    from app.main.starts import Forced

REASON_CHARS = 500
ALL_THE_SAME = (
    "`readback checklist` shows all that is missing; `--force REASON` starts all the same, and the audit log says why."
)


def check_production(settings: Settings, businesses: Businesses, force: str | None) -> "Forced | None":
    """Raises `ConfigurationError` naming the first thing that is missing; `force` is why it starts anyway.

    What is forced is for the audit log, once the start has come about: who forced it, why, and what was missing.
    """
    from app.main.limits import missing, register  # noqa: PLC0415 - a second that no other command need wait
    from app.main.starts import Forced  # noqa: PLC0415 - as above

    reason = None if force is None else " ".join(force.split())
    if reason is not None and not 1 <= len(reason) <= REASON_CHARS:
        raise ConfigurationError(f"--force wants a reason of 1 to {REASON_CHARS} characters.")
    migrate(settings.database_url, settings.audit_anchors)
    now = time.time()
    with looking(settings.database_url) as connection:
        found = missing(register(settings, businesses), confirmations(connection), now)
    if not found:
        return None
    if reason is None:
        raise ConfigurationError(f"Not ready for production: {_told(*found[0], len(found) - 1)}. {ALL_THE_SAME}")
    return Forced(operator(), reason, [limit.name for limit, _ in found])


def _told(limit: Limit, why: str, others: int) -> str:
    """What is the matter with the first, how many more there are, and what to do about it."""
    more = f" ({others} more)" if others else ""
    if limit.confirmed_by_person:
        command = f"readback checklist confirm {limit.name} --value V --by WHO"
        return f"the limit {limit.name} is {why}{more}; look it up and run `{command}`"
    return f"{why}{more}; {limit.how[:1].lower()}{limit.how[1:].rstrip('.')}"

"""What `serve --production` demands before anything listens: that people have looked up the limits of others."""

import time
from typing import TYPE_CHECKING

from app.booking.business import Businesses
from app.commands.answers import operator
from app.db.migrate import migrate
from app.db.once import looking
from app.errors import ConfigurationError
from app.settings import Settings
from app.watch.limit_book import confirmations

if TYPE_CHECKING:
    from app.main.starts import Forced

REASON_CHARS = 500


def check_production(settings: Settings, businesses: Businesses, force: str | None) -> "Forced | None":
    """Raises `ConfigurationError` naming the first limit that is not confirmed; `force` is why it starts anyway.

    What is forced is for the audit log, once the start has come about: who forced it, why, and what was not confirmed.
    """
    from app.main.limits import missing, register  # noqa: PLC0415 - a second that no other command need wait
    from app.main.starts import Forced  # noqa: PLC0415 - as above

    reason = None if force is None else " ".join(force.split())
    if reason is not None and not 1 <= len(reason) <= REASON_CHARS:
        raise ConfigurationError(f"--force wants a reason of 1 to {REASON_CHARS} characters.")
    migrate(settings.database_url)
    now = time.time()
    with looking(settings.database_url) as connection:
        found = missing(register(settings, businesses), confirmations(connection), now)
    if not found:
        return None
    limit, why = found[0]
    if reason is None:
        others = f" ({len(found) - 1} more)" if len(found) > 1 else ""
        raise ConfigurationError(
            f"Not ready for production: the limit {limit.name} is {why}{others}; look it up and run "
            f"`readback checklist confirm {limit.name} --value V --by WHO`."
        )
    return Forced(operator(), reason, [limit.name for limit, _ in found])

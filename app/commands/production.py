"""What `serve --production` demands before anything listens: that people have looked up the limits of others."""

import time

from app.audit.log import record, seal
from app.booking.business import Businesses
from app.commands.answers import operator
from app.db.migrate import migrate
from app.db.once import committing, looking
from app.errors import ConfigurationError
from app.settings import Settings
from app.watch.limit_book import confirmations

REASON_CHARS = 500


def check_production(settings: Settings, businesses: Businesses, force: str | None) -> None:
    """Raises `ConfigurationError` naming the first limit that is not confirmed; `force` is why it starts anyway.

    A start that was forced is in the audit log, with who forced it, why, and what was not confirmed.
    """
    from app.main.limits import missing, register  # noqa: PLC0415 - a second that no other command need wait

    reason = None if force is None else " ".join(force.split())
    if reason is not None and not 1 <= len(reason) <= REASON_CHARS:
        raise ConfigurationError(f"--force wants a reason of 1 to {REASON_CHARS} characters.")
    migrate(settings.database_url)
    now = time.time()
    with looking(settings.database_url) as connection:
        found = missing(register(settings, businesses), confirmations(connection), now)
    if not found:
        return
    limit, why = found[0]
    if reason is None:
        others = f" ({len(found) - 1} more)" if len(found) > 1 else ""
        raise ConfigurationError(
            f"Not ready for production: the limit {limit.name} is {why}{others}; look it up and run "
            f"`readback checklist confirm {limit.name} --value V --by WHO`."
        )
    with committing(settings.database_url, seal) as transaction:
        names = [limit.name for limit, _ in found]
        record(transaction, "production_forced", at=now, by=operator(), reason=reason, unconfirmed=names)

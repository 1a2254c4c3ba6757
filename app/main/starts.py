"""A start of the product in the audit log: which version, and which daily caps are others than at the last start.

Configuration changes at a start and nowhere else, so this is what a look back at an incident finds of it.
"""

import time
from importlib.metadata import version
from typing import Final, NamedTuple

import orjson
from sqlalchemy import Connection, select

from app.audit.log import record, seal
from app.booking.business import Businesses
from app.db.once import committing
from app.db.schema import audit
from app.settings import Settings

STARTED: Final = "process_started"
SERVE, WORK = "serve", "work"
CAP: Final = "daily_call_cap"

_a = audit.c


class Forced(NamedTuple):
    """A start in spite of what the checklist found: who forced it, why, and which of its lines do not hold."""

    by: str
    reason: str
    unconfirmed: list[str]


def started(settings: Settings, businesses: Businesses, what: str, forced: Forced | None = None) -> None:
    """Note a start. Blocking; the tables must be there already. Raises `ConfigurationError`."""
    now, caps = time.time(), _caps(settings, businesses)
    with committing(settings.database_url, seal) as transaction:
        before = _caps_before(transaction.connection, what, caps)
        record(transaction, STARTED, subject=what, at=now, version=version("readback"), caps=caps)
        for business in sorted({*before, *caps}):
            was, cap = before.get(business, 0), caps.get(business, 0)
            if was != cap:
                name = f"{CAP}.{business}" if business else CAP  # as the register of limits has it
                record(transaction, "cap_changed", business=business, subject=name, at=now, was=was, cap=cap)
        if forced is not None:
            record(transaction, "production_forced", at=now, **forced._asdict())


def _caps(settings: Settings, businesses: Businesses) -> dict[str, int]:
    """Every cap there is, by business; that of the whole installation is nobody's."""
    caps = {"": settings.daily_call_cap} | {one.id: one.daily_call_cap for one in businesses.by_id.values()}
    return {business: cap for business, cap in caps.items() if cap}


def _caps_before(connection: Connection, what: str, caps: dict[str, int]) -> dict[str, int]:
    """The caps of the last start; those of this one when there was none before."""
    last = select(_a.data).where(_a.subject == what, _a.kind == STARTED).order_by(_a.seq.desc()).limit(1)
    data = connection.execute(last).scalar()
    return caps if data is None else dict(orjson.loads(data)["caps"])

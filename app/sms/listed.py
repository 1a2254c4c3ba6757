"""How far the carrier's own lists of what came in have been read, by whatever process: what is older is known.

Kept as a lease is, whose end it is: a moment that all processes know. What came in says nothing of it: after an outage
a webhook may tell of the newest text before anybody has asked for those in between.
"""

from typing import Final

from sqlalchemy import Connection, select, update

from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import job_leases

NAME: Final = "texts_listed"

_insert = BulkInsert(job_leases, keep_first=True)
_l = job_leases.c


def read_to(connection: Connection) -> float:
    """When the lists were last read whole, epoch seconds; 0 when they never were."""
    return connection.execute(select(_l.until).where(_l.name == NAME)).scalar() or 0.0


def reads(transaction: Transaction, moment: float) -> None:
    """They were read, each of them, at this moment."""
    change = update(job_leases).where(_l.name == NAME).values(until=moment)
    if not transaction.connection.execute(change).rowcount:
        _insert(transaction.connection, [(NAME, "", moment)])

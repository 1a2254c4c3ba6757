"""How fast one of our numbers sends, all processes together: it is on lease from one text to the next.

Kept where all of them look anyway before a text goes out, in the commit that marks it as being sent.
"""

from typing import Final

from sqlalchemy import select, update

from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import job_leases

BUNCHED_S: Final = 0.1
"""So much before its time a text may go: a fast number's texts are not held up for being written at one moment."""

_insert = BulkInsert(job_leases, keep_first=True)
_l = job_leases.c


def turn(transaction: Transaction, sender: str, text: str, *, per_second: int, now: float) -> float:
    """Take the next turn of a sender (E.164) for a text: 0 when it has come, else so many seconds until it may.

    By the clocks of all machines: one that is ahead of what anybody takes is wrong, and not waited for.
    """
    connection = transaction.connection
    name, each_s = f"sender:{sender}"[:32], 1 / per_second
    until = connection.execute(select(_l.until).where(_l.name == name)).scalar()
    wait_s = 0.0 if until is None else until - now - BUNCHED_S
    if 0 < wait_s <= each_s:
        return wait_s
    taken = (max(until, now) if until is not None and wait_s <= 0 else now) + each_s
    lease = update(job_leases).where(_l.name == name).values(holder=text, until=taken)
    if not connection.execute(lease).rowcount:
        _insert(connection, [(name, text, taken)])
    return 0.0

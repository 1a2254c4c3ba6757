"""What people's decisions teach: for each one what was proposed, whether it was right, and what would have been."""

from typing import Any, Final

import orjson
from sqlalchemy import Connection, literal, select, tuple_

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import ground_truth
from app.review.reviews import APPROVED, Kept

RIGHT, WRONG = "right", "wrong"
CORRECTION_CHARS: Final = 2_000
MOST_READ_AT_ONCE: Final = 1_000

_insert = BulkInsert(ground_truth, keep_first=True)
_g = ground_truth.c


def learned(transaction: Transaction, review: Kept, *, corrected: str = "", by: str, now: float) -> str:
    """Keep what a decision says about what was proposed; the verdict. A correction makes it wrong, whatever was done.

    It holds what a customer said, as the review does, and is shown as seldom.
    """
    words = corrected.strip()[:CORRECTION_CHARS]
    verdict = RIGHT if review.status == APPROVED and not words else WRONG
    proposed = orjson.dumps(dict(review.content)).decode()
    inference = str(review.content.get("inference", ""))[:32]
    row = (review.id, review.business, inference, now, by[:128], verdict, proposed, words)
    if _insert(transaction.connection, [row]):
        record(transaction, "ground_truth", business=review.business, subject=review.id, at=now, verdict=verdict, by=by)
    return verdict


def truths(connection: Connection) -> list[dict[str, Any]]:
    """All that was learned, the oldest first, ready to be written as JSON. People decide each, so it is never much."""
    found: list[dict[str, Any]] = []
    last = float("-inf"), ""
    while True:
        asked = select(ground_truth).where(tuple_(_g.at, _g.review) > tuple_(*map(literal, last)))
        rows = connection.execute(asked.order_by(_g.at, _g.review).limit(MOST_READ_AT_ONCE)).all()
        for row in rows:
            words = {str(name): value for name, value in row._mapping.items()}
            found.append(words | {"proposed": orjson.loads(row.proposed)})
        if len(rows) < MOST_READ_AT_ONCE:
            return found
        last = rows[-1].at, rows[-1].review

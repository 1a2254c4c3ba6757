"""Counting what happened in a stretch of the audit log gives what a walk over all of it gives."""

import random

from sqlalchemy import Connection

from app.audit.counted import counted
from app.audit.log import record, rows, seal
from app.db.once import committing, looking

KINDS, BUSINESSES = ("tool_call", "booked", "page_raised"), ("", "acme", "zenith")


def walked(connection: Connection, since: float, until: float, business: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows(connection):
        if since <= row.at <= until and (not business or row.business in ("", business)):
            found[row.kind] = found.get(row.kind, 0) + 1
    return found


def test_every_stretch_is_counted_as_a_walk_counts_it(database_url: str) -> None:
    chance = random.Random(7)
    with committing(database_url, seal) as transaction:
        for second in range(0, 20_000, 50):
            at = second - chance.uniform(0, 50)  # written a moment after it happened
            record(transaction, chance.choice(KINDS), business=chance.choice(BUSINESSES), at=at)
    with looking(database_url) as connection:
        for _ in range(40):
            since = chance.uniform(-500, 20_500)
            until, business = since + chance.uniform(0, 9_000), chance.choice(BUSINESSES)
            assert counted(connection, since, until, business) == walked(connection, since, until, business)


def test_an_empty_log_has_nothing(database_url: str) -> None:
    with looking(database_url) as connection:
        assert counted(connection, 0.0, 1e12) == {}

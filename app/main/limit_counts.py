"""Our own counts of what others bound, from what the database has: texts, calls, requests, money for models."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, func, select

from app.db.schema import call_events, calls, figure_samples, inferences, model_spend, text_outbox
from app.inference.spend import MICROS

CALL_OVER_AFTER_S: Final = 2 * 3_600.0
"""A call of which nobody reported the end counts as running for so long."""
ENDS: Final = ("end-of-call-report", "status-update:ended")
"""Reports after which a call is over."""
DAY_S: Final = 86_400.0
GUARDED_S: Final = 600.0

Count = Callable[[Connection, float], float]
_f, _i, _s = figure_samples.c, inferences.c, model_spend.c


def running_calls(connection: Connection, now: float) -> int | None:
    """Calls through Vapi that were let in and have not ended; None where nobody reports ends."""
    # As an expression, or SQLite takes the key's first column for the way in and reads every call there ever was.
    called, reported = (table.c.platform.concat("") == "vapi" for table in (calls, call_events))
    over = select(call_events.c.call_id).where(
        call_events.c.platform == calls.c.platform,
        call_events.c.call_id == calls.c.call_id,
        call_events.c.kind.in_(ENDS),
    )
    running = select(func.count()).where(
        called, calls.c.first_seen > now - CALL_OVER_AFTER_S, calls.c.admitted, ~over.exists()
    )
    many = int(connection.execute(running).scalar_one())
    heard = select(call_events.c.at).where(reported, call_events.c.kind.in_(ENDS), call_events.c.at > now - DAY_S)
    return many if not many or connection.execute(heard.limit(1)).first() is not None else None


def texts_of_a_day(connection: Connection, now: float) -> int:
    """Texts handed to the carrier in the last day."""
    sent = select(func.count()).where(text_outbox.c.sid != "", text_outbox.c.attempted_at > now - DAY_S)
    return int(connection.execute(sent).scalar_one())


def crm_requests_of_a_day(connection: Connection, now: float) -> int:
    """Requests to CRMs in the last day, of all processes; only rows that have any are read."""
    asked = select(_f.counted).where(_f.at > now - DAY_S, _f.at <= now, _f.counted.contains('"request",["crm"'))
    rows = connection.execute(asked).scalars()
    numbers = (entry for row in rows for entry in json.loads(row)["numbers"])
    return sum(number for family, labels, number in numbers if family == "request" and labels[0] == "crm")


def spent_this_month(connection: Connection, now: float) -> float:
    """Dollars that models have cost in this month, by our own accounts: others of the organization may spend more."""
    month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-")
    spent = connection.execute(select(func.sum(_s.settled)).where(_s.day.startswith(month))).scalar()
    return float(spent or 0) / MICROS


def spent_lately(connection: Connection, now: float) -> float:
    """Dollars that the guard over models counts."""
    asked = select(func.sum(_i.cost)).where(_i.at > now - GUARDED_S, _i.replays == "")
    return float(connection.execute(asked).scalar() or 0) / MICROS


def month_ends(now: float) -> float:
    """When the month of accounts begins anew."""
    today = datetime.fromtimestamp(now, UTC)
    year, month = divmod(today.year * 12 + today.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC).timestamp()


def highest(own: Mapping[str, Sequence[float]], name: str) -> float | None:
    """Of the process nearest to a limit of its own; None where no process has said."""
    return max(own[name]) if own.get(name) else None


def together(own: Mapping[str, Sequence[float]], name: str) -> float | None:
    """Of all processes, for a limit that they share."""
    return sum(own[name]) if own.get(name) else None

"""Money set aside for questions, each in a row of its own until it is settled; and who asks which question, so that no
two processes pay for the same one.

What nobody settles is of a process that is gone. It counts as spent, all of it: its question may have been answered.
"""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, select, text, update

from app.db.engine import Transaction
from app.db.prepared import Prepared
from app.db.schema import model_asides, model_claims, model_spend

ABANDONED_S: Final = 30.0
"""What was set aside so long ago and is not settled is of a process that died: no inference takes half as long."""
CLAIMED_S: Final = 6.0
"""How long a question stays with who asks it and is not heard of any more: longer than any question takes, graded."""
OPEN, LOST = "open", "lost"
"""States of what is set aside: of a question that is being asked; counted as spent, and kept for who is late."""

Account = tuple[str, str]
"""A business, and one of its days."""

_s, _a, _c = model_spend.c, model_asides.c, model_claims.c
_RESERVE: Final = text(
    "INSERT INTO model_spend (business, day, reserved, settled) VALUES (:business, :day, :micros, 0) "
    "ON CONFLICT (business, day) DO UPDATE SET reserved = model_spend.reserved + :micros "
    "WHERE model_spend.reserved + model_spend.settled + :micros <= :cap"
)
_ASIDE: Final = text(
    "INSERT INTO model_asides (id, business, day, micros, at, state) "
    "VALUES (:id, :business, :day, :micros, :at, 'open')"
)
_CLAIM: Final = text(
    "INSERT INTO model_claims (question, asker, until) VALUES (:question, :asker, :until) "
    "ON CONFLICT (question) DO UPDATE SET asker = :asker, until = :until "
    "WHERE model_claims.asker = :asker OR model_claims.until <= :now"
)
_LET_GO: Final = Prepared(
    delete(model_claims).where(_c.question == bindparam("question"), _c.asker == bindparam("asker"))
)


class Stand(Enum):
    """How it stands with money that was asked for: others may settle for less, nobody can, or somebody else asks."""

    ASIDE = auto()
    OTHERS = auto()
    SPENT = auto()
    ELSEWHERE = auto()


@dataclass(frozen=True, slots=True)
class Aside:
    """Millionths of a dollar for one attempt, from one day of a business."""

    business: str
    day: str
    micros: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Claim:
    """A question that one asker asks, and nobody else."""

    question: str
    asker: str = field(default_factory=lambda: uuid.uuid4().hex)


def claim_of(*parts: str) -> Claim:
    """A claim on the question that these parts name."""
    return Claim(hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest())


def set_aside(transaction: Transaction, aside: Aside, cap: int, claim: Claim | None, *, now: float) -> Stand:
    """Set money aside, if it is there, and take the question in hand, if nobody has it."""
    execute = transaction.connection.execute
    if claim is not None:
        claimed = {"question": claim.question, "asker": claim.asker, "until": now + CLAIMED_S, "now": now}
        if not execute(_CLAIM, claimed).rowcount:
            return Stand.ELSEWHERE
    given = {"business": aside.business, "day": aside.day, "micros": aside.micros}
    if execute(_RESERVE, {**given, "cap": cap}).rowcount:
        execute(_ASIDE, {**given, "id": aside.id, "at": now})
        return Stand.ASIDE
    _, settled = spent(transaction.connection, aside.business, aside.day)
    return Stand.SPENT if settled + aside.micros > cap else Stand.OTHERS


def settle(transaction: Transaction, aside: Aside, cost: int) -> str | None:
    """Exchange what was set aside for what it cost; in which state it was, or None: not any more, or never."""
    gone = delete(model_asides).where(_a.id == aside.id).returning(_a.state)
    state = transaction.connection.execute(gone).scalar_one_or_none()
    if state is None:
        return None
    before = aside.micros if state == LOST else 0  # it counts as spent already
    values = {"reserved": _s.reserved - aside.micros + before, "settled": _s.settled + cost - before}
    change = update(model_spend).where(_s.business == aside.business, _s.day == aside.day)
    transaction.connection.execute(change.values(**values))
    return str(state)


def any_lost(connection: Connection, now: float) -> bool:
    """Whether something is set aside by a process that is gone."""
    return bool(connection.execute(select(exists().where(_gone(now)))).scalar_one())


def settle_lost(transaction: Transaction, now: float) -> Mapping[str, int]:
    """Count as spent what processes that are gone have set aside; how much that is, of each business."""
    connection = transaction.connection
    rows = connection.execute(
        update(model_asides).where(_gone(now)).values(state=LOST).returning(_a.business, _a.day, _a.micros)
    ).fetchall()
    lost: Counter[str] = Counter()
    for business, day, micros in rows:
        change = update(model_spend).where(_s.business == business, _s.day == day)
        connection.execute(change.values(reserved=_s.reserved - micros, settled=_s.settled + micros))
        lost[business] += micros
    return lost


def unaccounted(connection: Connection) -> dict[Account, int]:
    """What is set aside beyond its rows: by versions that wrote none. Below zero where they settled what counted as
    spent already.
    """
    rows = select(_a.business, _a.day, func.sum(_a.micros).label("micros")).where(_a.state == OPEN)
    summed = rows.group_by(_a.business, _a.day).subquery()
    own = and_(summed.c.business == _s.business, summed.c.day == _s.day)
    beyond = _s.reserved - func.coalesce(summed.c.micros, 0)
    read = select(_s.business, _s.day, beyond).select_from(model_spend.outerjoin(summed, own)).where(beyond != 0)
    return {(business, day): int(micros) for business, day, micros in connection.execute(read)}


def account_for(transaction: Transaction, seen: Mapping[Account, int]) -> Mapping[str, int]:
    """Count as spent what no row accounts for, as far as it was `seen` before; how much that is, of each business.

    The sum of both stays, so who lives after all and settles passes no cap and blocks nothing; the next look undoes it.
    """
    connection = transaction.connection
    now = unaccounted(connection)
    lost: Counter[str] = Counter()
    for (business, day), before in seen.items():
        micros = nearer(before, now.get((business, day), 0))
        change = update(model_spend).where(_s.business == business, _s.day == day)
        connection.execute(change.values(reserved=_s.reserved - micros, settled=_s.settled + micros))
        lost[business] += max(micros, 0)
    return +lost


def nearer(one: int, other: int) -> int:
    """Which of the two is nearer to zero, and zero where that lies between them."""
    return min(one, other, key=abs) if one * other > 0 else 0


def spent(connection: Connection, business: str, day: str) -> tuple[int, int]:
    """What a business has set aside and what it has spent on a day, in millionths of a dollar."""
    row = connection.execute(select(_s.reserved, _s.settled).where(_s.business == business, _s.day == day)).first()
    return (row.reserved, row.settled) if row else (0, 0)


def let_go(transaction: Transaction, claim: Claim) -> None:
    """Nobody asks this question any more, and nothing came of it. One that was answered stays with who asked it."""
    _LET_GO(transaction.connection, question=claim.question, asker=claim.asker)


def is_asked(connection: Connection, claim: Claim, now: float) -> bool:
    """Whether somebody asks this question now, or has just had an answer."""
    asked = select(func.count()).where(_c.question == claim.question, _c.until > now)
    return bool(connection.execute(asked).scalar_one())


def _gone(now: float) -> ColumnElement[bool]:
    return and_(_a.state == OPEN, _a.at < now - ABANDONED_S)

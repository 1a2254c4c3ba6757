"""Who may be texted: what customers said about it, with the evidence, and the numbers that nothing is sent to.

A number is kept apart for each business. What was said is never deleted; what holds now is one row.
"""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.prepared import Prepared
from app.db.schema import consents, unwanted_numbers
from app.log import masked_phone

OPT_OUT, OPT_IN, NO_PHONE = "opt_out", "opt_in", "not_textable"
"""Kinds of consent records. The last is no word of the customer's: the carrier says that texts do not get there."""
OPTED_OUT, NOT_TEXTABLE = "opted_out", "not_textable"
"""Why a number is unwanted."""
KEYWORD, FREE_TEXT, CARRIER = "keyword", "free_text", "carrier"
"""How we know: a keyword, other words of the customer, or the carrier's word for it."""
MOST_EVIDENCE: Final = 500

_keep = BulkInsert(consents)
_unwant = BulkInsert(unwanted_numbers)
_u = unwanted_numbers.c
_c = consents.c
_WHY = Prepared(select(_u.why).where(_u.business == bindparam("business"), _u.number == bindparam("number")))


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about being texted. `evidence` holds the customer's words and what they came in; private."""

    business: str
    number: str
    source: str
    evidence: str


def unwanted(connection: Connection, business: str, number: str) -> str:
    """Why nothing may be sent to this number; empty when it may."""
    row = _WHY(connection, business=business, number=number).first()
    return str(row.why) if row else ""


def opted_out_by(connection: Connection, business: str, number: str) -> str:
    """How we know of this number's last opt-out; empty where there was none."""
    query = select(_c.source).where(_c.business == business, _c.number == number, _c.kind == OPT_OUT)
    return connection.execute(query.order_by(_c.at.desc()).limit(1)).scalar() or ""


def opted_out(transaction: Transaction, said: Said, *, now: float) -> bool:
    """No more texts from this business; False when that was known already. It weighs more than any other reason."""
    return _unwanted_for(transaction, said, OPT_OUT, OPTED_OUT, now)


def not_textable(transaction: Transaction, said: Said, *, now: float) -> bool:
    """Texts do not get to this number; False when nothing is sent to it anyway."""
    if unwanted(transaction.connection, said.business, said.number):
        return False
    return _unwanted_for(transaction, said, NO_PHONE, NOT_TEXTABLE, now)


def opted_in(transaction: Transaction, said: Said, *, now: float) -> bool:
    """The customer wants texts again, or is seen to get them; False when nothing was in the way."""
    gone = transaction.connection.execute(
        delete(unwanted_numbers).where(_u.business == said.business, _u.number == said.number)
    )
    _note(transaction, said, OPT_IN, now)
    return bool(gone.rowcount)


def _unwanted_for(transaction: Transaction, said: Said, kind: str, why: str, now: float) -> bool:
    before = unwanted(transaction.connection, said.business, said.number)
    _note(transaction, said, kind, now)
    if before == why:
        return False
    transaction.connection.execute(
        delete(unwanted_numbers).where(_u.business == said.business, _u.number == said.number)
    )
    _unwant(transaction.connection, [(said.business, said.number, why, now)])
    return True


def _note(transaction: Transaction, said: Said, kind: str, now: float) -> None:
    identity = uuid.uuid4().hex
    row = (identity, said.business, said.number, kind, said.source, said.evidence[:MOST_EVIDENCE], now)
    _keep(transaction.connection, [row])
    number = masked_phone(said.number)
    record(
        transaction, f"consent_{kind}", business=said.business, subject=identity, at=now, number=number, by=said.source
    )

"""Which customers are served by a model: a percentage that sticks to the customer, changed at run time by a row.

Every process looks at most a second late. When the row cannot be read nobody is, and a guard that sees figures break
sets it to nobody by itself.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, text

from app import log
from app.audit.log import record
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.db.schema import flags
from app.errors import OverloadedError, ReadbackError
from app.redaction import redact

MODEL_PATH: Final = "model_path"
KNOWN: Final = {MODEL_PATH: 100}
"""Every flag, and what it stands at while nobody has set it: a key and a list of models were asked for already."""
CACHED_S: Final = 1.0
READ_WITHIN_S: Final = 1.5
BUCKETS: Final = 10_000
WHY_CHARS: Final = 300

_log = log.get(__name__)
_f = flags.c
_SET = text(
    "INSERT INTO flags (name, percent, changed_at, changed_by, why) VALUES (:name, :percent, :now, :by, :why) "
    "ON CONFLICT (name) DO UPDATE SET percent = :percent, changed_at = :now, changed_by = :by, why = :why"
)


class FlagError(ReadbackError):
    """There is no such flag, or it takes no such value."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as it stands. `changed_by` is empty while nobody has set it."""

    name: str
    percent: int
    changed_at: float = 0.0
    changed_by: str = ""
    why: str = ""


class Flags:
    """This process's view of the flags."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    async def on(self, name: str, customer: str) -> bool:
        """Whether this customer is served so. False when nobody can say."""
        return bucket(name, customer) < await self._percent(name) * BUCKETS // 100

    async def _percent(self, name: str) -> int:
        now = self._clock.monotonic()
        seen_at, percent = self._seen.get(name, (float("-inf"), 0))
        if now - seen_at < CACHED_S:
            return percent
        try:
            percent = (await self._database.read(lambda c: stands(c, name), READ_WITHIN_S)).percent
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.warning("flag not read, taken as off", flag=name, reason=str(error))
            percent = 0
        self._seen[name] = (now, percent)
        return percent


def bucket(name: str, customer: str) -> int:
    """Where a customer stands, from 0 to 9,999: the same for good, and another for every flag."""
    digest = hashlib.blake2b(f"{name}\0{customer}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS


def stands(connection: Connection, name: str) -> Flag:
    """One flag. Raises `FlagError`."""
    if name not in KNOWN:
        raise FlagError(f"There is no flag {name[:64]}; there are: {', '.join(KNOWN)}.")
    row = connection.execute(select(flags).where(_f.name == name)).first()
    return Flag(**row._mapping) if row else Flag(name, KNOWN[name])


def all_of_them(connection: Connection) -> list[Flag]:
    """Every flag there is, set or not."""
    return [stands(connection, name) for name in KNOWN]


def change(transaction: Transaction, name: str, percent: int, *, by: str, why: str = "", now: float) -> Flag:
    """Set a flag for all processes. Raises `FlagError`."""
    before = stands(transaction.connection, name)
    if not 0 <= percent <= 100:
        raise FlagError("A flag stands at a whole number from 0 to 100.")
    given: dict[str, Any] = {
        "name": name,
        "percent": percent,
        "now": now,
        "by": by[:128],
        "why": redact(why)[:WHY_CHARS],
    }
    transaction.connection.execute(_SET, given)
    about: dict[str, Any] = {"was": before.percent, "percent": percent, "by": by[:128], "why": given["why"]}
    record(transaction, "flag_changed", subject=name, at=now, **about)
    return stands(transaction.connection, name)

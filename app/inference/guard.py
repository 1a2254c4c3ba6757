"""Watches what models do and takes customers off them when figures break, without waiting for anybody, and pages.

It only ever turns the flag down. Turning it up again is a person's decision.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, func, select

from app import log
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import inferences
from app.inference.flag import MODEL_PATH, change, stands
from app.inference.records import GRADES
from app.watch.chances import at_least_of
from app.watch.pages import Page, raised

EVERY_S: Final = 15.0
CHANCE: Final = 0.01
"""Probability of as many where just what is borne is bad; less than that is no chance any more."""
GUARD: Final = "guard"
"""Who turned the flag down."""
PAGE: Final = "model_path_off"
MICROS: Final = 1_000_000
WINDOW_S: Final = 600.0
LEAST: Final = 10
MOST_ERRORS: Final = 0.3
MOST_REFUSALS: Final = 0.15
MOST_DEAD_LETTERS: Final = 0.15

_log = log.get(__name__)
_i = inferences.c


@dataclass(frozen=True, slots=True)
class Limits:
    """What is borne within a window. Shares are of all inferences in it, and mean nothing before there are `least`.

    A share is passed where chance hardly makes as many: two of ten come by it, several times a day, where every
    twentieth is bad.
    """

    window_s: float = WINDOW_S
    least: int = LEAST
    errors: float = MOST_ERRORS
    refusals: float = MOST_REFUSALS
    dead_letters: float = MOST_DEAD_LETTERS
    usd: Decimal | None = None
    """Money spent; None: only the caps bound it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened within a window."""

    outcomes: Mapping[str, int]
    micros: int

    def broken(self, limits: Limits) -> str:
        """Which limit is passed and by how much, in words; empty when none is."""
        if limits.usd is not None and self.micros > limits.usd * MICROS:
            return f"cost: {self.micros / MICROS:.2f} dollars of at most {limits.usd:.2f}"
        everything = sum(self.outcomes.values())
        if everything < limits.least:
            return ""
        for name, outcome, most in (
            ("errors", "down", limits.errors),
            ("refusals", "refused", limits.refusals),
            ("dead letters", "bad", limits.dead_letters),
        ):
            found = self.outcomes.get(outcome, 0)
            if at_least_of(found, everything, most) <= CHANCE:
                return f"{name}: {found / everything:.0%} of {everything}, of at most {most:.0%}"
        return ""


class Guard:
    """Looks at the figures of all processes; run as a timer by one of them, every `EVERY_S`."""

    def __init__(self, database: Database, clock: Clock, limits: Limits | None = None) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits or Limits()

    async def look(self) -> str:
        """What broke, now that the flag is down for it; empty when nothing did, or it was down before."""
        now = self._clock.now()
        return await self._database.write(lambda t: _looked(t, self._limits, now))


def figures(connection: Connection, since: float) -> Figures:
    """What happened since a moment. Questions that were asked again later, as a test, do not count; looks at replies
    cost money and are no questions of customers.
    """
    asked = select(_i.outcome, func.count(), func.sum(_i.cost)).where(_i.at > since, _i.replays == "")
    counts: Counter[str] = Counter()
    micros = 0
    for outcome, many, cost in connection.execute(asked.group_by(_i.outcome)):
        if outcome not in GRADES:
            counts[outcome] += many
        micros += int(cost or 0)
    return Figures(counts, micros)


def _looked(transaction: Transaction, limits: Limits, now: float) -> str:
    flag = stands(transaction.connection, MODEL_PATH)
    if flag.percent == 0:
        return ""
    # What was seen before somebody set it is not held against their decision.
    why = figures(transaction.connection, max(now - limits.window_s, flag.changed_at)).broken(limits)
    if why:
        change(transaction, MODEL_PATH, 0, by=GUARD, why=why, now=now)
        _log.error("model path turned off", reason=why)
        body = (
            f"Customers are served without a model since {why}. It stood at {flag.percent} percent. When the cause is "
            f"gone: readback flag set {MODEL_PATH} {flag.percent}"
        )
        raised(transaction, Page(PAGE, MODEL_PATH, "The model path has turned itself off", body), now=now)
    return why

"""Money for models: set aside before a question is sent, settled after it, in the database, so that no cap is passed.

Fails closed. When the account or the price table does not answer, no model is asked, and customers are served without.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final, Protocol

from sqlalchemy import Connection, select, text, update

from app import log, metrics
from app.booking.business import Business
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.db.schema import model_spend
from app.errors import OverloadedError
from app.inference.fallback import SpendCapError, TooLateError
from app.inference.model import ModelName, Question, Usage
from app.inference.prompt_size import tokens_at_most
from app.watch.alarms import Alarms

MICROS: Final = 1_000_000
"""Of a dollar: what the account counts in."""
NO_CAP: Final = 2**53
WAIT_S: Final = 2.0
"""For others to settle, when what they have set aside is all that is in the way."""
LOOK_EVERY_S: Final = 0.05
"""At the account while waiting: another process may have settled."""
ABANDONED_S: Final = 30.0
"""What nobody has added to or settled for so long is of processes that died: no inference takes half as long."""
DEARER_FOR_S: Final = 3_600.0
"""A model that counted more tokens than were thought possible is expected to again for so long: a single wrong count
keeps nobody from being served for longer.
"""
CAP_ALARM: Final = "model_spend_cap"
PRICES_ALARM: Final = "model_prices"

_log = log.get(__name__)
_s = model_spend.c
_RESERVE = text(
    "INSERT INTO model_spend (business, day, reserved, settled) VALUES (:business, :day, :most, 0) "
    "ON CONFLICT (business, day) DO UPDATE SET reserved = model_spend.reserved + :most "
    "WHERE model_spend.reserved + model_spend.settled + :most <= :cap"
)


class NoPricesError(SpendCapError):
    """The price table is not there, so nobody knows what a question would cost."""


class Prices(Protocol):
    """What models cost."""

    def cost(self, model: ModelName, usage: Usage) -> Decimal:
        """US dollars; of a model nobody knows, as the dearest. Raises `NoPricesError`."""


@dataclass(frozen=True, slots=True)
class Caps:
    """US dollars; None is no cap, and zero is nothing at all. `by_business` wins over `per_day`."""

    per_inference: Decimal | None = None
    per_day: Decimal | None = None
    by_business: Mapping[str, Decimal] | None = None

    def of_day(self, business: str) -> int:
        """A business's cap for one of its days, in millionths of a dollar."""
        cap = (self.by_business or {}).get(business, self.per_day)
        return NO_CAP if cap is None else int(cap * MICROS)


class Spend:
    """The accounts of all businesses. One for each process; the database holds the truth for all of them."""

    def __init__(
        self,
        database: Database,
        prices: Prices,
        caps: Caps,
        clock: Clock,
        alarms: Alarms,
        *,
        wait_s: float = WAIT_S,
    ) -> None:
        self._database = database
        self._prices = prices
        self._caps = caps
        self._clock = clock
        self._alarms = alarms
        self._wait_s = wait_s
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._settled: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._underestimated: dict[str, tuple[float, float]] = {}
        """By model: how much more it counts, and when it last did, by the process's own clock."""
        self._late: set[asyncio.Task[None]] = set()
        self._stood: dict[str, tuple[tuple[str, int, int], float]] = {}
        """By business: the day with what was set aside and settled when money was missing, and since when it is so."""

    def purse(self, business: Business) -> "BusinessPurse":
        """Money for one inference of this business."""
        return BusinessPurse(self, business, self._caps.per_inference)

    def most(self, model: ModelName, question: Question) -> int:
        """The most that a question can cost, in millionths of a dollar. Raises `NoPricesError`."""
        factor = self.factor(model)
        usage = Usage(math.ceil(tokens_at_most(question) * factor), math.ceil(question.most_output_tokens * factor))
        return self.micros(model, usage)

    def micros(self, model: ModelName, usage: Usage) -> int:
        """What so many tokens cost, rounded up to a millionth of a dollar."""
        try:
            cost = self._prices.cost(model, usage)
        except NoPricesError:
            title = "No model is asked: its price is not known"
            self._alarms.ring(
                PRICES_ALARM, "prices", title, "The price table cannot be read. Customers are served without."
            )
            raise
        self._alarms.clear(PRICES_ALARM, "prices")
        return math.ceil(cost * MICROS)

    def factor(self, model: ModelName) -> float:
        """How many times the tokens that were thought possible are set aside for now."""
        factor, seen_at = self._underestimated.get(model.text, (1.0, 0.0))
        return factor if self._clock.monotonic() - seen_at < DEARER_FOR_S else 1.0

    def learn(self, model: ModelName, factor: float, reserved: int, cost: int) -> None:
        """A provider that counts more tokens than were thought possible: expect it from now on, while it does.

        `factor` is the one that was `reserved` with: what others have told meanwhile is no part of it.
        """
        if not reserved or cost * factor <= reserved:
            return  # as was thought at first
        if cost > reserved:
            _log.warning("model cost more than was reserved", model=model.text, reserved=reserved, cost=cost)
        dearer = max(self.factor(model), factor * cost / reserved)
        self._underestimated[model.text] = (dearer, self._clock.monotonic())

    def dear(self, business: Business, model: ModelName, micros: int) -> None:
        """Tell that one question may cost more than its cap, so that none is asked."""
        day = _day(self._clock.now(), business.zone)
        body = (
            f"A question to {model.text} may cost {micros / MICROS:.4f} dollars, and one inference may not. It is not "
            f"asked for {business.id}; customers are served without. Raise that cap, or name a cheaper model."
        )
        title = f"A question costs more than {business.id} lets one cost"
        self._alarms.ring(CAP_ALARM, f"{business.id}:{day}:question", title, body, business.page)

    async def reserve(self, business: Business, micros: int, within_s: float = WAIT_S) -> str:
        """Set money aside; the day it is taken from. Waits for others at most `within_s`. Raises `SpendCapError`:
        a `TooLateError` where the account had not answered when the time was over.
        """
        day, cap = _day(self._clock.now(), business.zone), self._caps.of_day(business.id)
        if micros > cap:
            self._ring(business, day)
            raise SpendCapError("one question costs more than the day's cap")
        try:
            async with asyncio.timeout(min(within_s, self._wait_s)), self._queues[business.id]:
                while not await self._set_aside(business, day, micros, cap):
                    await self._somebody_settles(business.id)
        except TimeoutError:
            if business.id not in self._stood:
                raise TooLateError("the account did not answer in time") from None
            raise SpendCapError("the rest of the day's cap is set aside for others") from None
        except (DatabaseUnavailableError, OverloadedError) as error:
            raise SpendCapError("the account of what was spent does not answer") from error
        except SpendCapError:
            self._ring(business, day)
            raise
        return day

    async def settle(self, business: Business, day: str, reserved: int, cost: int) -> None:
        """Exchange what was set aside for what it cost. Where that fails it stays set aside, so no cap is passed."""
        try:
            await self._database.write(lambda t: _settle(t, business.id, day, reserved, cost))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("spend not settled", business=business.id, micros=reserved, reason=str(error))
        metrics.count_spend(business.id, cost)
        self._settled[business.id].set()

    async def _set_aside(self, business: Business, day: str, micros: int, cap: int) -> bool:
        """Whether it was; where nobody waits for that any more, it is given back."""
        asking = asyncio.ensure_future(
            self._database.write(lambda t: self._reserved(t, business.id, day, micros, cap, self._clock.monotonic()))
        )
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            late = asyncio.create_task(self._given_back(asking, business, day, micros))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
            raise

    def _reserved(self, transaction: Transaction, business: str, day: str, micros: int, cap: int, at: float) -> bool:
        """Whether it was set aside now; False when others may settle for less. Raises `SpendCapError` when it is spent.

        What a process that died had set aside counts as spent: its question may have been answered.
        """
        given = {"business": business, "day": day, "most": micros, "cap": cap}
        if transaction.connection.execute(_RESERVE, given).rowcount:
            self._stood.pop(business, None)
            return True
        stands = (day, *spent(transaction.connection, business, day))
        before, since = self._stood.get(business, (stands, at))
        since = since if before == stands else at
        self._stood[business] = (stands, since)
        _, aside, settled = stands
        if not aside or settled + micros > cap or at - since > ABANDONED_S:
            raise SpendCapError("the day's cap is spent")
        return False

    async def _given_back(self, asking: asyncio.Future[bool], business: Business, day: str, micros: int) -> None:
        try:
            aside = await asking
        except (DatabaseUnavailableError, OverloadedError, SpendCapError):
            return
        if aside:
            await self.settle(business, day, micros, 0)

    async def _somebody_settles(self, business: str) -> None:
        event = self._settled[business]
        event.clear()
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await event.wait()
        except TimeoutError:
            pass

    def _ring(self, business: Business, day: str) -> None:
        title = f"Model spend of {business.id} is at its cap"
        body = f"No model is asked for {business.id} until its day is over ({day}); customers are served without."
        self._alarms.ring(CAP_ALARM, f"{business.id}:{day}", title, body, business.page)


class BusinessPurse:
    """Money for one inference: a `fallback.Purse`."""

    def __init__(self, spend: Spend, business: Business, cap: Decimal | None) -> None:
        self._spend = spend
        self._business = business
        self._left = NO_CAP if cap is None else int(cap * MICROS)
        self._asides: dict[ModelName, list[tuple[str, float]]] = {}
        """Of each model that is asked just now, the days and factors that its money was set aside for."""
        self.cost = 0
        """Millionths of a dollar so far."""

    async def reserve(self, model: ModelName, question: Question, within_s: float = WAIT_S) -> Decimal:
        factor = self._spend.factor(model)
        most = self._spend.most(model, question)
        if most > self._left:
            if not self.cost and not any(self._asides.values()):
                self._spend.dear(self._business, model, most)
            raise SpendCapError("the question costs more than the cap of one inference")
        self._left -= most  # at once: another model may be asked beside this one
        try:
            day = await self._spend.reserve(self._business, most, within_s)
        except BaseException:
            self._left += most
            raise
        self._asides.setdefault(model, []).append((day, factor))
        return Decimal(most) / MICROS

    async def settle(self, model: ModelName, reserved: Decimal, usage: Usage | None) -> Decimal:
        aside = int(reserved * MICROS)
        cost = aside if usage is None else self._spend.micros(model, usage)
        day, factor = self._asides[model].pop()
        self._spend.learn(model, factor, aside, cost)
        self.cost += cost
        self._left += aside - cost
        await self._spend.settle(self._business, day, aside, cost)
        return Decimal(cost) / MICROS


def spent(connection: Connection, business: str, day: str) -> tuple[int, int]:
    """What a business has set aside and what it has spent on a day, in millionths of a dollar."""
    row = connection.execute(select(_s.reserved, _s.settled).where(_s.business == business, _s.day == day)).first()
    return (row.reserved, row.settled) if row else (0, 0)


def _settle(transaction: Transaction, business: str, day: str, reserved: int, cost: int) -> None:
    values = {"reserved": _s.reserved - reserved, "settled": _s.settled + cost}
    change = update(model_spend).where(_s.business == business, _s.day == day)
    transaction.connection.execute(change.values(**values))


def _day(now: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(now, UTC).astimezone(zone).date().isoformat()

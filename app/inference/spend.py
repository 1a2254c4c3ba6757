"""Money for models: set aside before a question is sent, settled after it, in the database, so that no cap is passed.

Fails closed. When the account or the price table does not answer, no model is asked, and customers are served without.
An account that answers late is no empty one: that is told, kept and rung apart.
"""

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final, Protocol

from app import log
from app.booking.business import Business
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
from app.db.write_queue import somebody_waits
from app.errors import OverloadedError
from app.inference import asides
from app.inference.abandoned import Abandoned
from app.inference.asides import Aside, Claim, Stand
from app.inference.fallback import AccountSilentError, SpendCapError, UnpaidError
from app.inference.model import ModelName, Question, Usage
from app.inference.prompt_size import tokens_at_most
from app.inference.settling import Settling
from app.watch.alarms import Alarms

MICROS: Final = 1_000_000
"""Of a dollar: what the account counts in."""
NO_CAP: Final = 2**53
WAIT_S: Final = 2.0
"""For others to settle, when what they have set aside is all that is in the way."""
LOOK_EVERY_S: Final = 0.05
"""At the account while waiting: another process may have settled."""
LOOK_AT_ONCE: Final = 8
"""Questions of one business that look while the others of this process wait in line."""
LOST_EVERY_S: Final = 15.0
"""How often it is looked for what processes that are gone have set aside."""
SILENT_IN_A_ROW: Final = 5
SILENT_FOR_S: Final = 5.0
"""Questions in a row for which the account was silent, and for how long, after which a person hears of it: a rush that
meets one slow moment wakes nobody.
"""
DEARER_FOR_S: Final = 3_600.0
"""A model that counted more tokens than were thought possible is expected to again for so long: a single wrong count
keeps nobody from being served for longer.
"""
CAP_ALARM: Final = "model_spend_cap"
PRICES_ALARM: Final = "model_prices"
ACCOUNT_ALARM: Final = "model_account_silent"

_log = log.get(__name__)


class NoPricesError(UnpaidError):
    """The price table is not there, so nobody knows what a question would cost."""

    outcome = "prices_unknown"


class AskedElsewhereError(UnpaidError):
    """Somebody else asks this very question now, and pays for it, or has just had its answer."""


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
        self._lines = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(LOOK_AT_ONCE))
        self._in_line = Counter[str]()
        """Of each business, the questions that wait for others to settle."""
        self._told_of_others = Counter[str]()
        """Of each business, how often the account has said that others may settle for less."""
        self._settled: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._settling = Settling(database, lambda business: self._settled[business].set())
        self._abandoned = Abandoned(database, clock)
        self._underestimated: dict[str, tuple[float, float]] = {}
        """By model: how much more it counts, and when it last did, by the process's own clock."""
        self._late: set[asyncio.Task[None]] = set()
        self._silent, self._silent_since = 0, 0.0
        """Questions since the account last answered, and when the first was, by the process's own clock."""

    def purse(self, business: Business, claim: Claim | None = None) -> "BusinessPurse":
        """Money for one inference of this business, which with a `claim` nobody else may ask meanwhile."""
        return BusinessPurse(self, business, self._caps.per_inference, claim)

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

    async def reserve(
        self, business: Business, micros: int, within_s: float = WAIT_S, claim: Claim | None = None
    ) -> Aside:
        """Set money aside. Waits for others at most `within_s`.

        Raises `SpendCapError` where it is not there, `AccountSilentError` where nobody said in time whether it is, and
        `AskedElsewhereError` where the question of `claim` is another's.
        """
        day, cap = _day(self._clock.now(), business.zone), self._caps.of_day(business.id)
        if micros > cap:
            self._ring(business, day)
            raise SpendCapError("one question costs more than the day's cap")
        aside, told = Aside(business.id, day, micros), self._told_of_others[business.id]
        try:
            async with asyncio.timeout(min(within_s, self._wait_s)):
                with somebody_waits():  # a customer does, also where a job asks for them; who is in line looks often
                    line = self._in_line[business.id]
                    stand = Stand.OTHERS if line else await self._set_aside(aside, cap, claim)
                if stand is Stand.OTHERS:
                    stand = await self._set_aside_in_line(aside, cap, claim)
        except TimeoutError:
            if self._told_of_others[business.id] > told:  # whoever asked; who is behind others in line does not
                self._heard()
                raise SpendCapError("the rest of the day's cap is set aside for others") from None
            raise self._silence("the account of what was spent did not answer in time") from None
        except (DatabaseUnavailableError, OverloadedError) as error:
            raise self._silence("the account of what was spent does not answer") from error
        self._heard()
        if stand is Stand.ELSEWHERE:
            raise AskedElsewhereError("another process asks it")
        if stand is Stand.SPENT:
            self._ring(business, day)
            raise SpendCapError("the day's cap is spent")
        return aside

    async def settle(self, aside: Aside, cost: int) -> None:
        """Exchange what was set aside for what it cost. Where that fails it stays set aside, so no cap is passed, and
        is tried again until it is kept.
        """
        await self._settling.settle(aside, cost)

    async def let_go(self, claim: Claim) -> None:
        """Nobody asks this question any more, and nothing came of it. Never raises."""
        try:
            await self._database.write(lambda t: asides.let_go(t, claim))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.warning("question not let go of", reason=str(error))  # the claim ends by itself

    async def settle_lost(self) -> None:
        """Count as spent what processes that are gone have set aside: their questions may have been answered."""
        await self._abandoned.settle()

    async def aclose(self) -> None:
        """Give back what nobody waits for any more, and settle what is not settled yet, as far as the database does."""
        await asyncio.gather(*self._late, return_exceptions=True)
        await self._settling.stop()

    async def _set_aside(self, aside: Aside, cap: int, claim: Claim | None) -> Stand:
        """How it stands; where nobody waits for that any more, or nobody knows, it is given back."""
        try:
            stand = await self._database.write(lambda t: asides.set_aside(t, aside, cap, claim, now=self._clock.now()))
        except (asyncio.CancelledError, DatabaseUnavailableError):
            self._afterwards(self.settle(aside, 0))  # writes are done in their order, so that one is before this
            raise
        self._told_of_others[aside.business] += stand is Stand.OTHERS
        return stand

    async def _set_aside_in_line(self, aside: Aside, cap: int, claim: Claim | None) -> Stand:
        """The same, in turn, once others have settled for less."""
        business = aside.business
        self._in_line[business] += 1
        try:
            async with self._lines[business]:
                await self._abandoned.settle_rows()
                while (stand := await self._set_aside(aside, cap, claim)) is Stand.OTHERS:
                    await self._somebody_settles(business)
                return stand
        finally:
            self._in_line[business] -= 1

    async def _somebody_settles(self, business: str) -> None:
        event = self._settled[business]
        event.clear()
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await event.wait()
        except TimeoutError:
            pass

    def _afterwards(self, work: Coroutine[Any, Any, None]) -> None:
        late = asyncio.create_task(work)
        self._late.add(late)
        late.add_done_callback(self._late.discard)

    def _heard(self) -> None:
        self._silent = 0
        self._alarms.clear(ACCOUNT_ALARM, "account", own=True)

    def _silence(self, why: str) -> AccountSilentError:
        now = self._clock.monotonic()
        self._silent_since = self._silent_since if self._silent else now
        self._silent += 1
        if self._silent >= SILENT_IN_A_ROW and now - self._silent_since >= SILENT_FOR_S:
            title = "The account of model spend does not answer in time"
            body = (
                f"The last {self._silent} questions were not asked, though the money may be there: {why}. Customers "
                "are served without a model meanwhile. Look at the database."
            )
            self._alarms.ring(ACCOUNT_ALARM, "account", title, body)
        return AccountSilentError(why)

    def _ring(self, business: Business, day: str) -> None:
        title = f"Model spend of {business.id} is at its cap"
        body = f"No model is asked for {business.id} until its day is over ({day}); customers are served without."
        self._alarms.ring(CAP_ALARM, f"{business.id}:{day}", title, body, business.page)


class BusinessPurse:
    """Money for one inference: a `fallback.Purse`."""

    def __init__(self, spend: Spend, business: Business, cap: Decimal | None, claim: Claim | None = None) -> None:
        self._spend = spend
        self.business = business
        self.claim = claim
        self._left = NO_CAP if cap is None else int(cap * MICROS)
        self._asides: dict[ModelName, list[tuple[Aside, float]]] = {}
        """Of each model that is asked just now, what is set aside, and the factor that it was set aside for."""
        self.cost = 0
        """Millionths of a dollar so far."""

    async def reserve(self, model: ModelName, question: Question, within_s: float = WAIT_S) -> Decimal:
        factor = self._spend.factor(model)
        most = self._spend.most(model, question)
        if most > self._left:
            if not self.cost and not any(self._asides.values()):
                self._spend.dear(self.business, model, most)
            raise SpendCapError("the question costs more than the cap of one inference")
        self._left -= most  # at once: another model may be asked beside this one
        try:
            aside = await self._spend.reserve(self.business, most, within_s, self.claim)
        except BaseException:
            self._left += most
            raise
        self._asides.setdefault(model, []).append((aside, factor))
        return Decimal(most) / MICROS

    async def settle(self, model: ModelName, reserved: Decimal, usage: Usage | None) -> Decimal:
        micros = int(reserved * MICROS)
        cost = micros if usage is None else self._spend.micros(model, usage)
        aside, factor = self._asides[model].pop()
        self._spend.learn(model, factor, micros, cost)
        self.cost += cost
        self._left += micros - cost
        await self._spend.settle(aside, cost)
        return Decimal(cost) / MICROS


def _day(now: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(now, UTC).astimezone(zone).date().isoformat()

"""The daily cap: how many distinct calls a business, and the whole installation, take in a day.

It fails open. When its store is down or slow the call goes through, an alarm says so, and the count is made up later:
wrongly turning a caller away costs more than one call too many.
"""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from app import log, metrics
from app.booking.business import Business
from app.calls.cap_pages import EVERYBODY, day_end, name_of, own_scope, whole_scope, words_of
from app.calls.counting import FULL, Arrival, Count, Warned, counted, reached, used_today
from app.calls.lines import TEXTS, counted_on
from app.calls.model import CallRef
from app.clock import Clock
from app.db.behind import Behind
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.db.write_queue import somebody_waits
from app.errors import ReadbackError
from app.watch.alarms import Alarms
from app.watch.calm import Calm
from app.watch.pages import Page, raised

DECIDE_WITHIN_S = 0.05
PER_CALL_S = 0.006
RUSH_S = 1.0
"""More for each call that came within this: a rush comes to all processes, which count one after the other."""
MOST_OF_A_RUSH = 250
LOOKS = 5
LASTS_S = 1.0
"""A store that was slow, and has counted by then after all, wakes nobody."""
SLOW_IN_A_ROW = 5
"""Unless it was so this often: then the cap holds nobody up any more."""
MAX_AT_ONCE = 500
MAX_CALLS_REMEMBERED = 5_000

T = TypeVar("T")
logger = log.get(__name__)


class _SlowError(DatabaseUnavailableError):
    """The store has not counted yet; it may still."""


class DailyCap:
    """Counts each distinct call once. `total` is the installation's cap, 0 for none."""

    def __init__(
        self, database: Database, alarms: Alarms, clock: Clock, total: int, decide_within_s: float = DECIDE_WITHIN_S
    ) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._total = total
        self._decide_within_s = decide_within_s
        self._seen: OrderedDict[tuple[str, str], bool] = OrderedDict()
        self._businesses: dict[str, Business] = {}
        self._full: dict[str, str] = {}
        """Of each scope that was seen full, the last day on which it was."""
        self._waiting: list[tuple[Arrival, asyncio.Future[bool]]] = []
        self._came: deque[float] = deque(maxlen=MOST_OF_A_RUSH)
        self._counting: asyncio.Task[None] | None = None
        self._slow = 0
        """Counts in a row for which nobody could wait."""
        self._calm = Calm(clock.monotonic())
        self._ends: asyncio.TimerHandle | None = None
        self._later: Behind[Arrival] = Behind(database, self._count_later, self._lost)

    async def start(self, businesses: Iterable[Business]) -> None:
        """Show today's use and limits before the first call comes."""
        now = self._clock.now()
        scopes = [*(own_scope(business, now) for business in businesses), whole_scope(self._total, now)]
        for scope, used in (await self._database.read(lambda c: used_today(c, scopes))).items():
            metrics.set_cap(scope.name, used, scope.limit)

    def known(self, ref: CallRef) -> bool | None:
        """Whether this call was let in, if this process knows. Let in are a call that has no id to be
        counted by, and a text, which is no call.
        """
        if ref.call_id is None or ref.platform == TEXTS:
            return True
        return self._seen.get((ref.platform, ref.stored_id))

    def room_at(self, business: Business) -> int:
        """When the day ends that is used up, the business's own or that of all; 0 when neither is, as far as is known
        here. Whoever was turned away by this process was so by a limit that it knows of.
        """
        now = self._clock.now()
        ends = (
            day_end(scope, business)
            for scope in (own_scope(business, now), whole_scope(self._total, now))
            if self._full.get(scope.name) == scope.day
        )
        return max(ends, default=0)

    async def admit(self, ref: CallRef, business: Business) -> bool:
        """Count the call and say whether it is let in. Never raises.

        A store slower than 50 ms lets it in; in a rush a little more is allowed for each call that came lately.
        """
        known = self.known(ref)
        if known is not None or ref.call_id is None:
            return known is not False
        self._businesses[business.id] = business
        arrival = self._arrival(ref, business)
        if not any(scope.limit for scope in arrival.scopes):
            return self._let_in(arrival)
        decided: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, decided))
        self._came.append(asyncio.get_running_loop().time())
        if self._counting is None:
            self._counting = asyncio.get_running_loop().create_task(self._count_waiting())
        try:
            admitted = await decided
        except ReadbackError as error:
            self._missed(error, business)
            return self._let_in(arrival)
        self._slow = 0
        self._is_well()
        if self.known(ref):
            return True  # a second request of the same call met a slow database meanwhile, and let it in
        self._remember(arrival, admitted)
        return admitted

    async def drain(self) -> None:
        """Write the counts that are still waiting."""
        if self._counting is not None:
            await asyncio.wait({self._counting})
        self._wait_to_end(math.inf)
        await self._later.stop()

    async def _count_waiting(self) -> None:
        """Count whoever waits, all in one write: a rush of calls is decided as fast as a single one."""
        try:
            while self._waiting:
                group = [entry for entry in self._waiting if not entry[1].done()]
                self._waiting = group[MAX_AT_ONCE:]
                if group := group[:MAX_AT_ONCE]:
                    await self._count(group)
        finally:
            self._counting = None

    async def _count(self, group: Sequence[tuple[Arrival, asyncio.Future[bool]]]) -> None:

        def decide(transaction: Transaction) -> tuple[list[tuple[Arrival, asyncio.Future[bool]]], Count]:
            # Who was let in while the store was slow is counted with those.
            still = [entry for entry in group if not entry[1].done()]
            return still, self._counted(transaction, [arrival for arrival, _ in still])

        with somebody_waits():  # also where a job's own call is counted: the patience is for a store that is slow
            writing = asyncio.get_running_loop().create_task(self._database.write(decide, lasting=False))
        writing.add_done_callback(self._written)
        try:
            still, count = await _patiently(writing, self._patience_s)
        except Exception as error:  # noqa: BLE001 - whatever it was, these calls are let in
            self._slow += 1
            kind = _SlowError if isinstance(error, TimeoutError) else DatabaseUnavailableError
            # Nor does anybody else wait for a store that has just shown that it is slow.
            for _, decided in (*group, *self._waiting):
                if not decided.done():
                    decided.set_exception(kind(str(error)))
            return
        self._announce(count)
        for (_, decided), admitted in zip(still, count.admitted, strict=True):
            if not decided.done():
                decided.set_result(admitted)

    def _missed(self, error: ReadbackError, business: Business) -> None:
        self._calm.trouble(self._clock.monotonic())
        self._wait_to_end(math.inf)
        self._alarms.ring(
            "cap_store_down",
            "cap",
            "The daily call cap cannot be counted",
            f"Calls are let through uncounted until the database answers in time again ({error}).",
            business.page,
            after_s=LASTS_S if isinstance(error, _SlowError) else 0.0,
        )

    def _is_well(self) -> None:
        now = self._clock.monotonic()
        if not self._alarms.withdraw("cap_store_down", "cap") and self._calm.is_over(now):
            self._alarms.clear("cap_store_down", "cap", own=True)
        self._wait_to_end(self._calm.left_s(now))  # also where nobody calls any more tonight

    def _wait_to_end(self, left_s: float) -> None:
        if self._ends is not None:
            self._ends.cancel()
        self._ends = asyncio.get_running_loop().call_later(left_s, self._is_well) if left_s < math.inf else None

    def _written(self, writing: asyncio.Task[Any]) -> None:
        """A write that nobody waited for any more: its calls are counted with those let in. Late is not never."""
        failed = writing.cancelled() or writing.exception() is not None
        if not failed and self._slow < SLOW_IN_A_ROW:
            self._alarms.withdraw("cap_store_down", "cap")

    def _patience_s(self) -> float:
        """What the store may take now, longer the more calls came lately."""
        since = asyncio.get_running_loop().time() - RUSH_S
        while self._came and self._came[0] < since:
            self._came.popleft()
        return self._decide_within_s + PER_CALL_S * len(self._came)

    def _arrival(self, ref: CallRef, business: Business) -> Arrival:
        now = self._clock.now()
        scopes = (own_scope(business, now), whole_scope(self._total, now))
        return Arrival(ref.platform, ref.stored_id, business.id, scopes, now, line=counted_on(ref, business))

    def _let_in(self, arrival: Arrival) -> bool:
        self._remember(arrival, admitted=True)
        self._later.add(arrival._replace(let_in=True))
        return True

    def _remember(self, arrival: Arrival, admitted: bool) -> None:
        self._seen[arrival.platform, arrival.call_id] = admitted
        if len(self._seen) > MAX_CALLS_REMEMBERED:
            self._seen.popitem(last=False)

    def _count_later(self, transaction: Transaction, arrivals: Sequence[Arrival]) -> None:
        self._announce(self._counted(transaction, arrivals))

    def _counted(self, transaction: Transaction, arrivals: Sequence[Arrival]) -> Count:
        """Count, and raise in the same commit what was reached, so that it outlives this process.

        Not where the receivers of several businesses hear of the installation's own cap: no row could name them.
        """
        count = counted(transaction, arrivals)
        for page in map(self._page_of, count.warnings):
            if page.business or not self._every_page():
                raised(transaction, page, now=self._clock.now())
        return count

    def _lost(self, count: int) -> None:
        logger.error("calls_not_counted", calls=count)

    def _announce(self, count: Count) -> None:
        """Show the counts, and ring for what was reached; may run on the database's thread."""
        for scope, used in count.used:
            metrics.set_cap(scope.name, used, scope.limit)
            if reached(scope, used) >= FULL:
                self._full[scope.name] = scope.day
        for page in map(self._page_of, count.warnings):
            business = self._businesses.get(page.business)
            receivers = business.page if business else self._every_page()
            self._alarms.ring(page.kind, page.key, page.title, page.body, receivers)

    def _page_of(self, warned: Warned) -> Page:
        business = self._businesses.get(warned.scope.name)
        words = words_of(*warned, business.name if business else EVERYBODY)
        return Page(*name_of(warned.scope, warned.percent), *words, business.id if business else "")

    def _every_page(self) -> tuple[str, ...]:
        """Who hears of the installation's own cap besides its operator: everybody whose calls it will stop."""
        return tuple(dict.fromkeys(url for business in self._businesses.values() for url in business.page))


async def _patiently(work: asyncio.Task[T], patience_s: Callable[[], float]) -> T:
    """What the work comes to; TimeoutError when the store took longer for it than there is patience, which may grow.

    Time in which this very loop was too busy to look counts as one look: a rush of calls is no fault of the store.
    """
    for _ in range(LOOKS):
        await asyncio.wait({work}, timeout=patience_s() / LOOKS)
        if work.done():
            return work.result()
    raise TimeoutError(f"it took longer than {patience_s() * 1000:.0f} ms")

"""Makes reads survive an unwell upstream: retries of what failed and one hedge of what is late, inside a budget. For
reads only: it may send the same request three times, so a write must never come near it.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from app.adapters.google_transport import Broken, Reply
from app.clock import Clock, ended

EXTRAS_PER_LOOKUP = 2
"""At most one of them for being late: a further one needs a failure, or a slow upstream would be asked for nothing."""
EXTRA_PER_LOOKUP = 0.1185
FIRST_CREDIT = 4.0
MOST_CREDIT = 20.0
CREDIT_LOOK_S = 0.03
EXTRA_WITHIN_S = 0.7
"""A lookup that failed while the credit was out waits this long, from its start, for some to come in."""
SPARSE_GAP_S = 5.0
SPARSE_CREDIT_PER_S = 1 / 15

HEDGE_LEAST_S = 0.12
HEDGE_MOST_S = 0.5
"""Also while nothing is known of the upstream yet, which may be slow and well."""
HEDGE_TIMES_P90 = 1.75
LATENCIES_KEPT = 64
LATENCIES_BEFORE_FIRST_LOOK = 20
LATENCIES_BETWEEN_LOOKS = 16

QUOTA_PAUSE_S = (0.1, 0.3)
ERROR_PAUSE_S = (0.005, 0.03)
MOST_RETRY_AFTER_S = 1.0

Attempt = Callable[[], Coroutine[Any, Any, Reply | Broken]]
Ride = Callable[[], Coroutine[Any, Any, Attempt | None]]


class Budget:
    """How many extra calls may go out: a share of the lookups, and a little for traffic too sparse for shares.

    Under steady traffic the extras stay below 12 % of the lookups, however unwell the upstream is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._credit = FIRST_CREDIT
        self._last = clock.monotonic()

    def lookup(self) -> None:
        """Count one lookup."""
        now = self._clock.monotonic()
        gap, self._last = now - self._last, now
        earned = EXTRA_PER_LOOKUP + (gap * SPARSE_CREDIT_PER_S if gap > SPARSE_GAP_S else 0.0)
        self._credit = min(MOST_CREDIT, self._credit + earned)

    def spend(self) -> bool:
        """Take one extra call; False when there is none left."""
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True


class HedgeDelay:
    """After how long a read counts as late: well above the recent p90, so a slow but even upstream is asked once."""

    def __init__(self) -> None:
        self.seconds = HEDGE_MOST_S
        self._recent: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._until_look = LATENCIES_BEFORE_FIRST_LOOK

    def learn(self, seconds: float) -> None:
        """Remember how long a good answer took."""
        self._recent.append(seconds)
        self._until_look -= 1
        if self._until_look <= 0:
            self._until_look = LATENCIES_BETWEEN_LOOKS
            p90 = sorted(self._recent)[len(self._recent) * 9 // 10]
            self.seconds = min(HEDGE_MOST_S, max(HEDGE_LEAST_S, p90 * HEDGE_TIMES_P90))


class SteadyReader:
    """Runs one read through failures and delays; the caller's deadline is around it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.budget = Budget(clock)
        self.delay = HedgeDelay()

    async def read(self, first: Attempt, extra: Attempt, ride: Ride | None = None) -> Reply | Broken:
        """The first good reply; when every attempt allowed has failed, the last failure. Losers are cancelled.

        `ride` looks for an extra attempt that costs no call; it is tried before the budget is.
        """
        self.budget.lookup()
        give_up = self._clock.monotonic() + EXTRA_WITHIN_S
        extras_left, hedged, failed = EXTRAS_PER_LOOKUP, False, None
        running = {asyncio.create_task(self._timed(first))}
        permit: asyncio.Task[Attempt | None] | None = None
        try:
            while running or permit:
                patience_s = self.delay.seconds if extras_left and not hedged and permit is None else None
                everything = {*running, permit} if permit else running
                done = await _first_of(everything, patience_s)
                failures = []
                for task in running & done:
                    running.discard(task)
                    result = task.result()
                    if isinstance(result, Reply) and not result.worth_repeating:
                        return result
                    failures.append(result)
                failed = failures[-1] if failures else failed
                if permit in done:
                    attempt, permit = permit.result(), None
                    if attempt is not None:
                        running.add(asyncio.create_task(self._timed(attempt)))
                elif permit is None and extras_left:
                    # Told to slow down, we ask once more and no oftener.
                    extras_left = 0 if isinstance(failed, Reply) and failed.over_quota else extras_left - 1
                    hedged = hedged or not failures
                    wait_s = pause_s(failures[-1] if failures else None)
                    permit = asyncio.create_task(self._permit(extra, ride, wait_s, give_up))
        finally:
            for left in (*running, permit):
                if left is not None:
                    left.cancel()
        return failed if failed is not None else Broken("no attempt ended", sent=True)

    async def _permit(self, extra: Attempt, ride: Ride | None, wait_s: float, give_up: float) -> Attempt | None:
        """One more attempt: a ride if one is to be had, else one out of the budget; None when that stays empty."""
        if wait_s:
            await asyncio.sleep(wait_s)
        if ride is not None and (found := await ride()) is not None:
            return found
        while not self.budget.spend():
            if self._clock.monotonic() > give_up:
                return None
            await asyncio.sleep(CREDIT_LOOK_S)
        return extra

    async def _timed(self, attempt: Attempt) -> Reply | Broken:
        began = self._clock.monotonic()
        result = await attempt()
        if isinstance(result, Reply) and result.status < 300:
            self.delay.learn(self._clock.monotonic() - began)
        return result


async def _first_of(tasks: "set[asyncio.Task[Any]]", patience_s: float | None) -> "set[asyncio.Task[Any]]":
    if len(tasks) == 1:  # nearly always
        return tasks if await ended(tasks, patience_s) else set()
    return (await asyncio.wait(tasks, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED))[0]


def pause_s(failed: Reply | Broken | None) -> float:
    """How long to wait before asking again: not at all for a hedge or a lost connection, as told when over quota."""
    if failed is None or isinstance(failed, Broken):
        return 0.0
    if not failed.over_quota:
        return random.uniform(*ERROR_PAUSE_S)  # noqa: S311  # jitter, not a secret
    told = failed.headers.get("retry-after", "")
    if told.isdigit():
        return min(MOST_RETRY_AFTER_S, float(told))
    return random.uniform(*QUOTA_PAUSE_S)  # noqa: S311  # jitter, not a secret

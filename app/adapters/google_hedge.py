"""Makes reads survive an unwell upstream: one retry and one hedged second request, inside a budget. For reads only: it
may send the same request three times, so a write must never come near it.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable

from app.adapters.google_transport import Broken, Reply
from app.clock import Clock

EXTRAS_PER_LOOKUP = 2
EXTRA_PER_LOOKUP = 0.1185
MOST_CREDIT = 4.0
CREDIT_LOOK_S = 0.03
EXTRA_WITHIN_S = 0.7
"""A lookup that failed while the credit was out waits this long, from its start, for some to come in."""
SPARSE_GAP_S = 5.0
SPARSE_CREDIT_PER_S = 1 / 15

HEDGE_FIRST_S = 0.2
HEDGE_LEAST_S = 0.12
HEDGE_MOST_S = 0.4
HEDGE_TIMES_P90 = 1.75
LATENCIES_KEPT = 64
LATENCIES_BETWEEN_LOOKS = 16

QUOTA_PAUSE_S = (0.1, 0.3)
ERROR_PAUSE_S = (0.005, 0.03)
MOST_RETRY_AFTER_S = 1.0

Attempt = Callable[[], Awaitable[Reply | Broken]]


class Budget:
    """How many extra calls may go out: a share of the lookups, and a little for traffic too sparse for shares.

    Under steady traffic the extras stay below 12 % of the lookups, however unwell the upstream is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._credit = MOST_CREDIT
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
        self.seconds = HEDGE_FIRST_S
        self._recent: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._until_look = LATENCIES_BETWEEN_LOOKS

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

    async def read(self, first: Attempt, extra: Attempt) -> Reply | Broken:
        """The first good reply; when every attempt allowed has failed, the last failure. Losers are cancelled."""
        self.budget.lookup()
        give_up = self._clock.monotonic() + EXTRA_WITHIN_S
        extras_left, in_want = EXTRAS_PER_LOOKUP, False
        failed: Reply | Broken | None = None
        running = {asyncio.create_task(self._timed(first, 0.0))}
        try:
            while True:
                patience_s = (CREDIT_LOOK_S if in_want else self.delay.seconds) if extras_left else None
                done, running = await _first_of(running, patience_s)
                for task in done:
                    failed = task.result()
                    if isinstance(failed, Reply) and not failed.worth_repeating:
                        return failed
                if extras_left and self.budget.spend():
                    in_want, paused_s = False, pause_s(failed) if done or not running else 0.0
                    # Told to slow down, we ask once more and no oftener.
                    extras_left = 0 if isinstance(failed, Reply) and failed.over_quota else extras_left - 1
                    running.add(asyncio.create_task(self._timed(extra, paused_s)))
                elif failed is not None and not running and (not extras_left or self._clock.monotonic() > give_up):
                    return failed
                else:
                    in_want = True
        finally:
            for task in running:
                task.cancel()

    async def _timed(self, attempt: Attempt, wait_s: float) -> Reply | Broken:
        if wait_s:
            await asyncio.sleep(wait_s)
        began = self._clock.monotonic()
        result = await attempt()
        if isinstance(result, Reply) and result.status < 300:
            self.delay.learn(self._clock.monotonic() - began)
        return result


async def _first_of(
    running: set[asyncio.Task[Reply | Broken]], patience_s: float | None
) -> tuple[set[asyncio.Task[Reply | Broken]], set[asyncio.Task[Reply | Broken]]]:
    """Those done and those still running, once one is done or patience is over."""
    if running:
        return await asyncio.wait(running, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(patience_s or 0.0)
    return set(), running


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

"""Our own rate limit in front of Google, per calendar and in all, first come first served. It refuses nobody: who waits
too long is cut off by the deadline of the call.

asyncio-throttle counts; by itself it polls every 10 ms and lets newcomers overtake, so it stands behind a queue here.
"""

import asyncio
import time
from collections import OrderedDict

from asyncio_throttle.throttler import Throttler

CALENDARS_REMEMBERED = 4096
CLOCK_GRAIN_S = 0.001


class FairWindow(Throttler):
    """At most `requests` in any `period_s` seconds, in the order of asking."""

    def __init__(self, requests: int, period_s: float) -> None:
        super().__init__(rate_limit=requests, period=period_s)
        self._turn = asyncio.Lock()

    async def admit(self) -> None:
        """Wait for a place and take it. Cancelling a waiter gives its turn to the next one."""
        async with self._turn:
            if wait_s := self._wait_s():
                await asyncio.sleep(wait_s)
            await self.acquire()  # type: ignore[no-untyped-call]  # asyncio-throttle is half typed

    def counted(self) -> int:
        """Places taken in the last period."""
        self.flush()  # type: ignore[no-untyped-call]  # asyncio-throttle is half typed
        return len(self._task_logs)

    def idle(self) -> bool:
        """Nothing is counted and nobody waits."""
        self.flush()  # type: ignore[no-untyped-call]  # asyncio-throttle is half typed
        return not self._task_logs and not self._turn.locked()

    def _wait_s(self) -> float:
        self.flush()  # type: ignore[no-untyped-call]  # asyncio-throttle is half typed
        if len(self._task_logs) < self.rate_limit:
            return 0.0
        return max(CLOCK_GRAIN_S, float(self._task_logs[0] + self.period - time.monotonic()) + CLOCK_GRAIN_S)


class GoogleThrottle:
    """Two limits: one per calendar, one in all.

    Google charges quota per request, so a freeBusy query over fifty calendars counts once against the whole and against
    none of its calendars; everything that names one calendar counts against both.
    """

    def __init__(self, per_calendar: int, in_all: int, *, period_s: float = 60.0) -> None:
        self._per_calendar = per_calendar
        self._period_s = period_s
        self._in_all = FairWindow(in_all, period_s)
        self._calendars: OrderedDict[str, FairWindow] = OrderedDict()

    async def admit(self, calendar: str | None) -> None:
        """Return when one more request may go out; the caller's deadline bounds the wait."""
        if calendar is not None:
            await self._window(calendar).admit()
        await self._in_all.admit()

    def busiest(self) -> int:
        """Requests of the last period for the calendar with most of them."""
        return max((window.counted() for window in self._calendars.values()), default=0)

    def lately(self) -> int:
        """Requests of the last period, in all."""
        return self._in_all.counted()

    def _window(self, calendar: str) -> FairWindow:
        window = self._calendars.get(calendar)
        if window is None:
            window = self._calendars[calendar] = FairWindow(self._per_calendar, self._period_s)
            self._forget_one()
        else:
            self._calendars.move_to_end(calendar)
        return window

    def _forget_one(self) -> None:
        if len(self._calendars) > CALENDARS_REMEMBERED:
            oldest = next(iter(self._calendars))
            if self._calendars[oldest].idle():
                del self._calendars[oldest]
            else:
                self._calendars.move_to_end(oldest)

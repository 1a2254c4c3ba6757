"""Looks again, by itself, at calendars that kept silent; rings for one that stays silent, and ends its page.

One caller who heard that a calendar cannot be seen is enough; no second one has to. Nobody waits for a look from here,
and one that goes well offers nothing to anybody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app import log
from app.background import Background
from app.booking.calendar import Busy, Unknown
from app.clock import Clock
from app.watch.alarms import Alarms

SILENT: Final = "calendar_silent"
RING_AFTER_MISSES: Final = 3
"""One lookup that fails is weather; three in a row are somebody's to look at."""
RING_AGAIN_AFTER_MISSES: Final = 30
"""Half an hour of looks: a page that somebody closed while the cause lasts is raised anew."""
PAUSES_S: Final = (15.0, 15.0, 30.0, 60.0)
"""Between a miss and the next look, by how many there were; the last for all further ones. With looks that wait for
their whole deadline, the third miss is within a minute of what the first caller heard."""
LOOK_WITHIN_S: Final = 10.0
TICK_S: Final = 1.0
ADOPT_EVERY_S: Final = 3_600
"""Looks at calendars for which another process rang, or this one before a restart: at the start, and at each full hour,
when all look. Who reads what another cannot ends what that one tells of, which it then tells anew."""
LEFT_FOR_S: Final = 86_400.0
"""What is up again by the look after it was ended here is told by somebody who lives, and left to them so long."""
AHEAD_S: Final = 7 * 86_400
"""How far to look on such a calendar, of which no miss is known."""
DAY_S: Final = 86_400

Ask = Callable[[Sequence[str], int, int, float], Awaitable[Mapping[str, Busy | Unknown]]]
"""Busy time of addresses from start to end, within seconds."""

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose calendar it is, in words for a page; its address is often a person's. `page`: who else is told."""

    words: str
    page: tuple[str, ...] = ()


@dataclass(slots=True)
class Miss:
    """A calendar that did not tell of `[start, end)`, `count` times in a row; looked at again at `due` (steady)."""

    start: int
    end: int
    due: float
    count: int = 0


class CalendarWatch:
    """`whose` is every calendar that is watched, by address. Used from one loop."""

    def __init__(self, alarms: Alarms, whose: Mapping[str, Whose], clock: Clock) -> None:
        self._alarms = alarms
        self._whose = whose
        self._clock = clock
        self._missing: dict[str, Miss] = {}
        self._told: set[str] = set()
        """Calendars that told when they were last asked."""
        self._ended: set[str] = set()
        """Calendars that told once, which ended what rang before this process was there."""
        self._hour = -1
        self._adopted: dict[str, float] = {}
        """Calendars whose page was up at every such look since, which took it over then."""
        self._loop = Background()

    def note(self, address: str, told: Busy | Unknown, start: int, end: int) -> None:
        """What a calendar told of `[start, end)`, whoever asked."""
        if address not in self._whose:
            return
        if isinstance(told, Unknown):
            self._missed(address, told, start, end)
            return
        miss = self._missing.get(address)
        if miss is not None and not (start <= miss.start and miss.end <= end):
            return  # it tells of other days; the next look asks about those it kept silent about
        self._missing.pop(address, None)
        self._told.add(address)
        rang = miss is not None and miss.count >= RING_AFTER_MISSES
        if rang or address not in self._ended:
            # Once without having rung, too: it may have been this process before a restart.
            self._ended.add(address)
            adopted = miss is not None and not miss.count
            self._alarms.clear(SILENT, address, own=not adopted)

    def start(self, ask: Ask, beat: Callable[[], None] = lambda: None) -> None:
        """Begin to look again at what kept silent."""
        self._loop.begin(self._forever(ask, beat))

    async def stop(self) -> None:
        """Give up looking."""
        await self._loop.end()

    async def look(self, ask: Ask) -> int:
        """Look at every calendar whose time has come, all in one question; how many those were."""
        now = self._clock.monotonic()
        today = int(self._clock.now()) // DAY_S * DAY_S
        if (hour := int(self._clock.now()) // ADOPT_EVERY_S) != self._hour:
            self._hour = hour
            self._adopt(today, now)
        due = {address: miss for address, miss in self._missing.items() if miss.due <= now}
        if not due:
            return 0
        for miss in due.values():
            miss.due = now + PAUSES_S[-1]
            miss.start = max(miss.start, today)
            miss.end = max(miss.end, miss.start + DAY_S)
        start, end = min(miss.start for miss in due.values()), max(miss.end for miss in due.values())
        answer = await ask([*due, *self._others(due)], start, end, LOOK_WITHIN_S)
        for address in due:
            self.note(address, answer.get(address, Unknown("left out of the answer")), start, end)
        return len(due)

    async def _forever(self, ask: Ask, beat: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            beat()
            try:
                await self.look(ask)
            except Exception as error:
                # Whatever it was, the calendars are looked at again.
                logger.error("calendars_not_looked_at", exc_info=error)

    def _missed(self, address: str, told: Unknown, start: int, end: int) -> None:
        self._told.discard(address)
        count = self._missing[address].count + 1 if address in self._missing else 1
        pause_s = PAUSES_S[min(count, len(PAUSES_S)) - 1]
        self._missing[address] = Miss(start, end, self._clock.monotonic() + pause_s, count)
        if count != RING_AFTER_MISSES and count % RING_AGAIN_AFTER_MISSES:
            return
        whose = self._whose[address]
        self._alarms.ring(
            SILENT,
            address,
            f"Calendar cannot be read: {whose.words}",
            f"The last {count} lookups failed: {told.reason}. Until it can be read, nothing on it is "
            "offered to callers. Check that it exists, is shared with our account, and that the service is up.",
            whose.page,
        )

    def _adopt(self, today: int, now: float) -> None:
        """Take over every such page that is not of a calendar looked at here anyway; nobody has to call for its end."""
        raised = self._alarms.raised(SILENT)
        self._adopted = {address: at for address, at in self._adopted.items() if address in raised}
        for address in raised:
            if address not in self._whose:
                self._alarms.clear(SILENT, address)  # nobody works by it any more
            elif address not in self._missing and now >= self._adopted.get(address, now - LEFT_FOR_S) + LEFT_FOR_S:
                self._adopted[address] = now
                self._ended.discard(address)
                self._missing[address] = Miss(today, today + AHEAD_S, now)

    def _others(self, due: Mapping[str, Miss]) -> list[str]:
        """One calendar that told, of each kind: whether a kind is down does not show on the one that is not shared."""
        kinds = {address.partition(":")[0] for address in due}
        one_each = {address.partition(":")[0]: address for address in self._told}
        return [one_each[kind] for kind in kinds & one_each.keys()]

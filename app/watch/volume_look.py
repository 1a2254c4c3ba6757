"""Every line as the pages show it, looked at again and again: what is usual is kept, and today's counts are read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from app.clock import Clock
from app.watch.baseline import HOUR_S
from app.watch.judgement import AHEAD_S, FURTHEST_S, Watch
from app.watch.pieces import PIECE_WITHIN_S, RESTS_AWAITED, Reading, in_pieces
from app.watch.volume_counts import Rows, Series, read_hour, together, unseen_hours, watched
from app.watch.volume_known import Known
from app.watch.volume_lines import Watched, by_business
from app.watch.volume_overview import LineVolume, begins, shown

MOST_SHOWN_AT_ONCE: Final = 10
"""Businesses in one piece."""
MOST_ROWS: Final = 1_000
"""Counts read in one piece, at least an hour of all lines."""
FORGOTTEN_S: Final = 86_400.0
"""After so long without a look everything is learned anew: reading what came since then would take as long."""


class VolumeLook:
    """Run by whoever shows lines, as often as they like; never two at once."""

    def __init__(self, database: Reading, businesses: Sequence[Watched], clock: Clock) -> None:
        self._database = database
        self._businesses = tuple(businesses)
        self._clock = clock
        self._known = Known(database, self._businesses, FORGOTTEN_S, RESTS_AWAITED)
        self._looked = clock.now()

    async def look(self) -> list[LineVolume]:
        """Every line now. Raises `DatabaseUnavailableError`."""
        if not 0 <= self._clock.now() - self._looked <= FORGOTTEN_S:
            self._looked = self._clock.now()  # everything is learned anew, up to now
        await self._known.learn(self._clock.now())
        now = self._clock.now()  # the first time, learning takes a while
        watch = await self._database.read(lambda c: watched(c, int(now - FURTHEST_S), now), PIECE_WITHIN_S)
        today = by_business(await self._today(now), self._businesses)
        found: list[LineVolume] = []
        async for lines in in_pieces(
            self._database,
            self._businesses,
            MOST_SHOWN_AT_ONCE,
            lambda _, some: self._shown(some, today, watch, now),
            RESTS_AWAITED,
        ):
            found += lines
        self._looked = now
        return found

    async def _today(self, now: float) -> dict[Series, Rows]:
        """What came since the day began, wherever it began first, and since the last look."""
        days = (begins(zone, now) for zone in {one.zone for one in self._businesses})
        first = min(*days, int(self._looked) // HOUR_S * HOUR_S - HOUR_S, int(now) // HOUR_S * HOUR_S - 2 * HOUR_S)
        hours = range(first, int(now + AHEAD_S) + 1, HOUR_S)
        at_once = max(1, MOST_ROWS // max(1, sum(len(one.lines) for one in self._businesses)))
        parts: dict[Series, list[Rows]] = defaultdict(list)
        async for came in in_pieces(
            self._database,
            hours,
            at_once,
            lambda c, some: [read_hour(c, hour, now + AHEAD_S) for hour in some],
            RESTS_AWAITED,
        ):
            for hour in came:
                for series, rows in hour.items():
                    parts[series].append(rows)
        return {series: together(rows) for series, rows in parts.items()}

    def _shown(
        self, some: Iterable[Watched], today: Mapping[str, Mapping[Series, Rows]], watch: Watch, now: float
    ) -> list[LineVolume]:
        found: list[LineVolume] = []
        away = unseen_hours(watch)
        for one in some:
            came = today[one.business]
            found += shown(one, self._known.of(one, came, now), came, watch, away, now)
        return found

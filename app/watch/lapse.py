"""Ends pages by themselves that nothing else ends: about a day that is over, about what shows only while it happens,
about something that is not in the settings any more, or of an earlier version.

What lasts rings anew, so that of such a thing somebody hears once a day. What a person has to put right stays.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from app.clock import Clock
from app.db.engine import Database
from app.db.schema import pages
from app.watch.pages import NOT_RESOLVED, OURSELVES, resolved
from app.watch.shape_watch import ALARM as DRIFT
from app.watch.shape_watch import wrong_since
from app.watch.volume_lines import Watched

LOOK_EVERY_S: Final = 60.0
OF_A_DAY: Final = frozenset({"cap_near", "cap_reached", "model_spend_cap"})
"""Their keys have a business, or * for all, and a day of its zone, or of UTC."""
OF_A_MOMENT: Final = frozenset({
    "unknown_line", "no_assistant", "audit_rows_lost", "google_credentials", "reference_guessing",
    "transfers_not_followed", "call_event_lost",
})  # fmt: skip
ONCE_SEEN: Final = frozenset({"pending_note_unread"})
"""These, only where somebody has taken them: the machine with the file may be gone, and nothing would ring anew."""
OF_THE_ASKED: Final = frozenset({DRIFT})
"""A right answer ends it, which never comes where nobody asks any more: then a day without a wrong one does."""
RETIRED: Final = frozenset({"texts_not_listed"})
"""Kinds that earlier versions raised and this one does not: where one was up at an upgrade, nobody else ends it."""
LAPSE_AFTER_S: Final = 86_400.0
DAY_OVER: Final = f"{OURSELVES}its day is over"
UNWATCHED: Final = f"{OURSELVES}it is not in the settings any more, so nobody looks"
NOT_RAISED: Final = f"{OURSELVES}this version has no such page any more"
LAPSED: Final = f"{OURSELVES}a day has passed, and what lasts rings anew"

_A_DAY: Final = re.compile(r"(?P<business>.*)[ :](?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?: [0-9]+|:question)?")
_p = pages.c


class _Open(NamedTuple):
    """A page that is up. `taken`: somebody has it; `lately`: what it is about was seen again within `LAPSE_AFTER_S`."""

    raised_at: float
    taken: bool
    lately: bool


class Lapse:
    """Run as a timer, every `LOOK_EVERY_S`."""

    def __init__(
        self,
        database: Database,
        businesses: Sequence[Watched],
        clock: Clock,
        unwatched: Callable[[str, str], bool] = lambda _kind, _key: False,
    ) -> None:
        self._database = database
        self._zones = {business.business: business.zone for business in businesses}
        self._lines = {line for business in businesses for line in business.lines}
        self._clock = clock
        self._unwatched = unwatched

    async def look(self) -> int:
        """Look once; how many pages that ended. Raises a `ReadbackError`."""
        now = self._clock.now()
        found = await self._database.read(lambda c: _open(c, now))
        over = {name: why for name, how in found.items() if (why := self._over(*name, how, now)) is not None}
        if over:
            await self._database.write(lambda t: [resolved(t, *name, now=now, by=why) for name, why in over.items()])
        return len(over)

    def _over(self, kind: str, key: str, how: _Open, now: float) -> str | None:
        """Why it is, empty when its cause is gone; None while it is not."""
        if self._unwatched(kind, key):
            return UNWATCHED
        if kind in RETIRED:
            return NOT_RAISED
        if kind in OF_A_DAY:
            return DAY_OVER if day_over(key, self._zones, now) else None
        if kind == "unknown_line" and key in self._lines:
            return ""
        lapses = kind in OF_A_MOMENT or (kind in ONCE_SEEN and how.taken) or (kind in OF_THE_ASKED and not how.lately)
        return LAPSED if lapses and now - how.raised_at >= LAPSE_AFTER_S else None


def day_over(key: str, zones: Mapping[str, ZoneInfo], now: float) -> bool:
    """Whether the day in the key of a page is over where its business is."""
    found = _A_DAY.fullmatch(key)
    if found is None:
        return False
    today = datetime.fromtimestamp(now, zones.get(found["business"], UTC)).date()
    return found["day"] < today.isoformat()


def _open(connection: Connection, now: float) -> dict[tuple[str, str], _Open]:
    these = select(_p.kind, _p.key, _p.raised_at, _p.acknowledged_at).where(NOT_RESOLVED)
    up = connection.execute(these).all()
    wrong = wrong_since(connection, now - LAPSE_AFTER_S) if any(row.kind in OF_THE_ASKED for row in up) else set()
    return {
        (row.kind, row.key): _Open(
            row.raised_at, row.acknowledged_at > 0.0, row.kind in OF_THE_ASKED and row.key in wrong
        )
        for row in up
    }

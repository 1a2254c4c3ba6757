"""Tells a person before what was confirmed about limits is too old, for then production does not start any more, not
even after a crash. Run as a timer; whether it was told is in the database.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.watch.limit_book import confirmations
from app.watch.limits import CONFIRMED_FOR_S, DAY_S, Confirmed, Limit
from app.watch.pages import Page, called_over, is_raised, raised, resolved

LOOK_EVERY_S: Final = 60.0
PAGE: Final = "confirmations_end"
KEY: Final = "checklist"
AHEAD_S: Final = 13 * DAY_S
"""77 days after somebody confirmed it: on the same weekday and at the same hour, so at work and not asleep."""
TOLD_AGAIN_S: Final = 3 * DAY_S
"""Who says that it is over without confirming anything hears of it again after so long."""


class ExpiryWatch:
    """Run as a timer, every `LOOK_EVERY_S`."""

    def __init__(self, database: Database, limits: Sequence[Limit], clock: Clock) -> None:
        self._database = database
        self._names = [limit.name for limit in limits if limit.confirmed_by_person]
        self._clock = clock

    async def look(self) -> None:
        """Look once. Raises a `ReadbackError`."""
        now = self._clock.now()
        entered = await self._database.read(confirmations)
        ending = {
            name: entered[name] for name in self._names if name in entered and ends(entered[name]) - now < AHEAD_S
        }
        await self._database.write(lambda transaction: _kept(transaction, ending, now))


def ends(entry: Confirmed) -> float:
    """When it is too old."""
    return entry.at + CONFIRMED_FOR_S


def _kept(transaction: Transaction, ending: Mapping[str, Confirmed], now: float) -> None:
    if not ending:
        resolved(transaction, PAGE, KEY, now=now)
        return
    called = called_over(transaction.connection, PAGE, KEY, now - TOLD_AGAIN_S)
    if called is None and not is_raised(transaction, PAGE, KEY):
        raised(transaction, _page(ending), now=now)


def _page(ending: Mapping[str, Confirmed]) -> Page:
    soonest = sorted(ending, key=lambda name: ends(ending[name]))
    told = [f"{name} ({ending[name].value}, says {ending[name].by})" for name in soonest]
    day = datetime.fromtimestamp(ends(ending[soonest[0]]), UTC)
    body = (
        f"What was confirmed holds for {CONFIRMED_FOR_S / DAY_S:g} days, the first until {day:%Y-%m-%d %H:%M} UTC: "
        f"{', '.join(told)}. After that `readback serve --production` does not start again, not even after a crash. "
        "Look each up and run `readback checklist confirm NAME --value V --by WHO`."
    )
    return Page(PAGE, KEY, f"Limits to be confirmed again: {len(ending)}", body)

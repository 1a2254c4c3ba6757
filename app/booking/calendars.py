"""All kinds of calendar behind one: an address such as `google:dana@acme.example` finds its adapter by scheme."""

import asyncio
from collections.abc import Mapping, Sequence

from app.booking.calendar import Busy, Calendar, Unknown
from app.watch.alarms import Alarms

RING_AFTER_MISSES = 3
"""One lookup that fails is weather; three in a row are somebody's to look at."""


class Calendars:
    """The calendars of record, by scheme. A calendar that keeps silent rings, once, until it tells again.

    `pages` are further receivers of such an alarm by address, the business's own.
    """

    def __init__(
        self,
        by_scheme: Mapping[str, Calendar],
        alarms: Alarms | None = None,
        pages: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._by_scheme = dict(by_scheme)
        self._alarms = alarms
        self._pages = pages or {}
        self._misses: dict[str, int] = {}
        self._silent: set[str] = set()

    def at(self, address: str) -> tuple[Calendar, str] | Unknown:
        """The adapter for `address`, and the calendar's name there."""
        scheme, _, name = address.partition(":")
        calendar = self._by_scheme.get(scheme)
        return (calendar, name) if calendar is not None else Unknown(f"no adapter for {scheme} calendars")

    async def free(
        self, addresses: Sequence[str], start: int, end: int, *, within_s: float
    ) -> dict[str, Busy | Unknown]:
        """Busy time of every address, all kinds asked at once, each kind in as few requests as it can."""
        answer: dict[str, Busy | Unknown] = {}
        names: dict[str, list[str]] = {}
        for address in addresses:
            scheme, _, name = address.partition(":")
            if scheme in self._by_scheme:
                names.setdefault(scheme, []).append(name)
            else:
                answer[address] = Unknown(f"no adapter for {scheme} calendars")
        asked = list(names.items())
        asking = [self._by_scheme[scheme].free(wanted, start, end, within_s=within_s) for scheme, wanted in asked]
        answers = [await asking[0]] if len(asking) == 1 else await asyncio.gather(*asking)
        for (scheme, wanted), found in zip(asked, answers, strict=True):
            for name in wanted:
                told = answer[f"{scheme}:{name}"] = found.get(name, Unknown("left out of the answer"))
                self._note(f"{scheme}:{name}", told)
            silent = all(isinstance(found.get(name), Unknown | None) for name in wanted)
            (self._silent.add if silent else self._silent.discard)(scheme)
        return answer

    def _note(self, address: str, told: Busy | Unknown) -> None:
        if not isinstance(told, Unknown):
            if self._misses.pop(address, 0) >= RING_AFTER_MISSES and self._alarms is not None:
                self._alarms.clear("calendar_silent", address)
            return
        self._misses[address] = self._misses.get(address, 0) + 1
        # Again and again: a page that somebody closed while the cause lasts is raised anew.
        if self._misses[address] % RING_AFTER_MISSES == 0 and self._alarms is not None:
            self._alarms.ring(
                "calendar_silent",
                address,
                f"Calendar cannot be read: {address}",
                f"The last {RING_AFTER_MISSES} lookups failed: {told.reason}. Until it can be read, nothing on it is "
                "offered to callers. Check that it exists, is shared with our account, and that the service is up.",
                self._pages.get(address, ()),
            )

    def well(self, scheme: str) -> bool:
        """Whether this kind of calendar told anything when it was last asked."""
        return scheme not in self._silent

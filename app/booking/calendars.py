"""All kinds of calendar behind one: an address such as `google:dana@acme.example` finds its adapter by scheme."""

import asyncio
from collections.abc import Mapping, Sequence

from app.booking.calendar import Busy, Calendar, Unknown
from app.booking.calendar_watch import CalendarWatch


class Calendars:
    """The calendars of record, by scheme. `watch` hears what each of them told, and looks again at who did not."""

    def __init__(self, by_scheme: Mapping[str, Calendar], watch: CalendarWatch | None = None) -> None:
        self._by_scheme = dict(by_scheme)
        self._watch = watch
        self._silent: set[str] = set()

    def at(self, address: str) -> tuple[Calendar, str] | Unknown:
        """The adapter for `address`, and the calendar's name there."""
        scheme, _, name = address.partition(":")
        calendar = self._by_scheme.get(scheme)
        return (calendar, name) if calendar is not None else Unknown(f"no adapter for {scheme} calendars")

    async def free(
        self, addresses: Sequence[str], start: int, end: int, *, within_s: float
    ) -> dict[str, Busy | Unknown]:
        """As `ask`, for somebody who wants to know; one that keeps silent is looked at again."""
        answer = await self.ask(addresses, start, end, within_s)
        if self._watch is not None:
            for address, told in answer.items():
                self._watch.note(address, told, start, end)
        return answer

    async def ask(self, addresses: Sequence[str], start: int, end: int, within_s: float) -> dict[str, Busy | Unknown]:
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
                answer[f"{scheme}:{name}"] = found.get(name, Unknown("left out of the answer"))
            silent = all(isinstance(found.get(name), Unknown | None) for name in wanted)
            (self._silent.add if silent else self._silent.discard)(scheme)
        return answer

    def well(self, scheme: str) -> bool:
        """Whether this kind of calendar told anything when it was last asked."""
        return scheme not in self._silent

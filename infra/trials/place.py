"""The calendars of a trial, and the people who spoil what is written to them: by a customer's name, or by chance."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from app.db.opening import normalised, open_engine
from app.db.schema import embedded_events
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.flows import books
from tests.flows.businesses import DANA, EMBEDDED, GOOGLE, LEE

WELL, NOTHING, ELSEWHERE, LATE, VANISHING = "Well", "Nothing", "Elsewhere", "Late", "Vanishing"
"""First names of customers. What is written for them goes well, nowhere, to another calendar, to another hour; of the
last the event is removed as soon as they were told that they are booked."""
WRONG_HOUR_S = 3600
LATENCY_S = 0.03
MISHAPS = ((0.03, faults.COMMIT_THEN_RESET), (0.03, faults.NOT_WRITTEN), (0.01, faults.COMMIT_THEN_HANG))
"""What any write may meet, with its probability."""


@dataclass(frozen=True)
class Seen:
    """A live event of ours, as its calendar has it. Times in epoch seconds."""

    calendar: str
    id: str
    reference: str
    starts: int
    ends: int


class GooglePlace:
    """Google's stand-in with the calendars of Dana and Lee."""

    calendars = GOOGLE
    fates = (WELL, WELL, WELL, WELL, WELL, NOTHING, ELSEWHERE, LATE, VANISHING)
    triggers = ("insert", "list", "patch", "delete", "get")
    """What it is asked for while bookings are made, changed and read back."""

    def __init__(self, seed: int) -> None:
        self._server = FakeGoogle([DANA, LEE], latency_s=LATENCY_S)
        plan = self._server.faults
        plan.fail_where("insert", f": {NOTHING} ".encode(), faults.NOT_WRITTEN)
        plan.fail_where("insert", f": {ELSEWHERE} ".encode(), faults.written_elsewhere(LEE))
        plan.fail_where("insert", f": {LATE} ".encode(), faults.written_at(WRONG_HOUR_S, shown=False))
        plan.by_chance(MISHAPS, {"insert", "patch", "delete"}, seed)

    @property
    def counts(self) -> Counter[str]:
        """How often each operation was asked for."""
        return self._server.counts

    async def start(self) -> dict[str, str]:
        """Begin to serve; the variables a server needs to find it."""
        await self._server.start()
        return {"READBACK_GOOGLE_API_URL": self._server.url}

    async def stop(self) -> None:
        await self._server.stop()

    async def events(self) -> list[Seen]:
        """Every live event of ours."""
        return [
            Seen(
                f"google:{name}", item["id"], private["readback_reference"], _epoch(item["start"]), _epoch(item["end"])
            )
            for name in (DANA, LEE)
            for item in self._server.events(name)
            if (private := item.get("extendedProperties", {}).get("private"))
        ]

    async def remove(self, reference: str) -> bool:
        """A person removes an event; False when there is none."""
        for seen in await self.events():
            if seen.reference == reference:
                self._server.store.delete(seen.calendar.partition(":")[2], seen.id, "")
                return True
        return False


class EmbeddedPlace:
    """The calendars inside the product's own database at `url`."""

    calendars = EMBEDDED
    fates = (WELL, WELL, WELL, WELL, VANISHING)
    triggers = ()

    def __init__(self, url: str) -> None:
        self._url = url
        self.counts: Counter[str] = Counter()

    async def start(self) -> dict[str, str]:
        return {}

    async def stop(self) -> None:
        return None

    async def events(self) -> list[Seen]:
        """Every live event of ours."""
        rows = await asyncio.to_thread(books.rows, self._url, embedded_events, embedded_events.c.cancelled.is_(False))
        return [
            Seen(f"embedded:{row['calendar']}", row["id"], row["reference"], row["starts"], row["ends"]) for row in rows
        ]

    async def remove(self, reference: str) -> bool:
        """A person removes an event; False when there is none."""
        return await asyncio.to_thread(self._remove, reference)

    def _remove(self, reference: str) -> bool:
        e = embedded_events.c
        engine = open_engine(normalised(self._url), writes=True)
        try:
            with engine.begin() as connection:
                live = embedded_events.update().where(e.reference == reference, e.cancelled.is_(False))
                return bool(connection.execute(live.values(cancelled=True)).rowcount)
        finally:
            engine.dispose()


Place = GooglePlace | EmbeddedPlace


def _epoch(shown: dict[str, str]) -> int:
    return int(datetime.fromisoformat(shown["dateTime"]).timestamp())

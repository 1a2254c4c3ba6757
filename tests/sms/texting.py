"""Acme by text: everything between the webhook and the carrier over one database, what its tests have in common."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select

from app.booking.business import Business, Businesses
from app.calls.texting import ReceivedText, TextReport
from app.db.engine import Database
from app.db.schema import consents, pages, tasks, text_outbox, texts_in
from app.jobs.outbox import Handler
from app.promises.texts import SEND, Text, noted
from app.sms.inbox import ANSWER, Inbox
from app.sms.sending import Sending
from tests.booking.acme import NOW, acme
from tests.fakes.alarms import FakeAlarms
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.fakes.job_runner import JobRunner
from tests.fakes.responder import ScriptedResponder

LINE, CUSTOMER, OTHER = "+15125550100", "+15125550142", "+15125550143"


def text(body: str, number: int = 1, **about: Any) -> ReceivedText:
    """A text of the usual customer; `number` makes its id."""
    return ReceivedText(**{"id": f"SM{number:032x}", "customer": CUSTOMER, "line": LINE, "body": body} | about)


@dataclass
class Texting:
    """The parts, and what they left in the database."""

    database: Database
    clock: FakeClock
    business: Business
    responder: ScriptedResponder = field(default_factory=ScriptedResponder)
    alarms: FakeAlarms = field(default_factory=FakeAlarms)
    carrier: FakeCarrier = field(default_factory=FakeCarrier)

    def __post_init__(self) -> None:
        businesses = Businesses({self.business.id: self.business, "other": acme(id="other", lines=("+15125550200",))})
        self.inbox = Inbox(self.database, businesses, self.responder, self.alarms, self.clock)  # type: ignore[arg-type]  # rings as the real ones do
        self.sending = Sending(self.database, self.carrier, businesses.by_id, self.clock, per_second=100)
        self.handlers: dict[str, Handler] = {ANSWER: self.inbox.answer, SEND: self.sending.send}
        self.jobs = JobRunner(self.database, self.clock, self.handlers)

    async def say(self, *bodies: str, first: int = 1, **about: Any) -> None:
        """Texts that come in one after the other, each a tenth of a second later."""
        for number, body in enumerate(bodies, first):
            await self.inbox.received(text(body, number, **about))
            self.clock.advance(0.1)

    async def answered(self) -> None:
        """Let everything be answered that is due within a few seconds."""
        await self.jobs.run_for(20.0)

    async def rows(self, table: Table) -> list[Any]:
        """All of a table."""
        return list(await self.database.read(lambda c: c.execute(select(table)).fetchall()))

    async def owe(self, **about: Any) -> None:
        """Owe the customer a text."""
        given = {"business": "acme", "to_number": CUSTOMER, "from_number": LINE, "body": "Hi", "kind": "reply"}
        owed = Text(**{**given, "booking": "turn", "revision": 0, **about})
        await self.database.write(lambda t: noted(t, owed, now=self.clock.now()))

    async def states(self) -> list[str]:
        """How far each text got that is owed, in the order it was noted in."""
        rows = sorted(await self.rows(text_outbox), key=lambda row: (row.created_at, row.revision))
        return [row.state for row in rows]

    async def report(self, *statuses: str, code: int = 0, place: int = 1, text: str | None = None) -> None:
        """The carrier tells what became of a text it took."""
        for status in statuses:
            ours = self.carrier.outgoing[place - 1].id if text is None else text
            await self.sending.reported(TextReport(self.carrier.sid(place), status, ours, code))

    async def outgoing(self) -> list[tuple[str, str, str]]:
        """Kind, recipient and words of what is owed, in the order it was noted in."""
        rows = sorted(await self.rows(text_outbox), key=lambda row: (row.created_at, row.revision))
        return [(row.kind, row.to_number, row.body) for row in rows]

    async def replies(self) -> list[str]:
        """Words of what is owed to the customer."""
        return [body for _, _, body in await self.outgoing()]

    async def waiting(self) -> list[str]:
        """Texts without an answer."""
        return [row.id for row in await self.rows(texts_in) if row.state == "waiting"]

    async def consents(self) -> list[tuple[str, str, str]]:
        """Number, kind and source of every word about consent, in order."""
        return [(row.number, row.kind, row.source) for row in sorted(await self.rows(consents), key=lambda row: row.at)]

    async def tasks(self) -> list[Any]:
        """What people have to do."""
        return await self.rows(tasks)

    async def pages(self) -> list[str]:
        """Kinds of pages."""
        return [row.kind for row in await self.rows(pages)]


@asynccontextmanager
async def texting(url: str, **changes: Any) -> AsyncIterator[Texting]:
    """Over the database at `url`."""
    async with opened(url) as database:
        yield Texting(database, FakeClock(NOW), acme(**changes))

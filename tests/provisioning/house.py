"""A database, a platform, and somebody who plans and applies: what tests of bringing settings there stand on."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from app.adapters.vapi_records import VapiRecords
from app.audit.reading import exported
from app.db.engine import Database
from app.db.once import looking
from app.provisioning.apply import Applier
from app.provisioning.book import Place, Snapshot, snapshots
from app.provisioning.desired import Desired, Known, Record
from app.provisioning.drift import Drift, DriftWatch
from app.provisioning.ends import Done
from app.provisioning.plan import Plan, Planner, Take
from app.provisioning.platform import Document, Key, Kind
from app.provisioning.sealing import Sealer
from app.watch.pages import Kept, listed
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.fakes.vapi_records import KEY, FakeVapi

TOOL = Key(Kind.TOOL, "check_availability")
ASSISTANT = Key(Kind.ASSISTANT, "acme")
NUMBER = Key(Kind.PHONE_NUMBER, "main")
LINE = "+15125550100"
SEALED_WITH = b"key of the installation"
NAMES = {TOOL: "check_availability", ASSISTANT: "Acme", NUMBER: LINE}
WANTED: dict[Key, Document] = {
    TOOL: {
        "type": "function",
        "function": {"name": "check_availability", "description": "Look."},
        "server": {"url": "https://voice.example.com/vapi", "timeoutSeconds": 10, "credentialId": "c1"},
    },
    ASSISTANT: {
        "name": "Acme",
        "model": {"provider": "openai", "model": "m", "messages": [{"role": "system", "content": "Be kind."}]},
        "server": {"url": "https://voice.example.com/vapi", "credentialId": "c1"},
    },
    NUMBER: {"assistantId": None, "squadId": None, "server": {"url": "https://voice.example.com/vapi"}},
}


def wish(key: Key, **changes: Any) -> Record:
    """What files ask for of one record, with some parts otherwise."""
    asked = {**WANTED[key], **changes}
    return Record(key, NAMES[key], lambda _: asked, may_be_made=key.kind is not Kind.PHONE_NUMBER)


@dataclass
class Planned:
    plan: Plan
    planner: Planner
    applier: Applier

    async def apply(self) -> Done:
        return await self.applier.apply(self.plan, self.planner)


@dataclass
class House:
    vapi: FakeVapi
    database: Database
    platform: VapiRecords
    clock: FakeClock = field(default_factory=FakeClock)

    def sealer(self) -> Sealer:
        """A new one, as every run of a command has."""
        return Sealer(SEALED_WITH)

    async def plan(self, record: Record, take: Take = Take.REFUSE) -> Plan:
        return (await self.planned(record, take)).plan

    async def planned(
        self, record: Record, take: Take = Take.REFUSE, known: Mapping[Key, Known] | None = None
    ) -> Planned:
        """A plan, and what it takes to carry it out."""
        sealer = self.sealer()
        planner = Planner(self.platform, self.database, sealer, Desired("production", ()))
        return Planned(await planner.plan(record, known or {}, take), planner, self._applier(sealer))

    async def apply(self, record: Record, take: Take = Take.REFUSE, known: Mapping[Key, Known] | None = None) -> Done:
        self.clock.advance(1)
        return await (await self.planned(record, take, known)).apply()

    async def restore(self, target: Snapshot) -> Done:
        self.clock.advance(1)
        return await self._applier(self.sealer()).restore(target)

    async def look(self, wanted: Sequence[Key] | None = None) -> list[Drift]:
        """One look of the watch."""
        watch = DriftWatch(
            platform=self.platform,
            books=self.database,
            sealer=self.sealer(),
            clock=self.clock,
            environment="production",
            wanted=wanted,
        )
        return list(await watch.look(again_s=0.0))

    async def snapshots(self, key: Key) -> list[Snapshot]:
        return await self.database.read(lambda c: snapshots(c, Place("production", key)))

    async def pages(self) -> list[Kept]:
        return await self.database.read(lambda c: listed(c, all_of_them=True))

    def steps(self) -> list[str]:
        """What the audit log says was done, in short."""
        with looking(self.database.url) as connection:
            kinds = [row["kind"] for row in exported(connection)]
        return [kind.removeprefix("settings_") for kind in kinds if kind.startswith("settings_")]

    def is_there(self, key: Key) -> Document:
        return self.vapi.record(key.kind.value, NAMES[key])

    def _applier(self, sealer: Sealer) -> Applier:
        return Applier(
            platform=self.platform,
            books=self.database,
            sealer=sealer,
            clock=self.clock,
            by="sam",
            pauses_s=(0.0, 0.01, 0.02),
        )


@asynccontextmanager
async def housed(url: str, deadline_s: float = 5.0) -> AsyncIterator[House]:
    """A house with an account in which one phone number was bought, and nothing else is."""
    async with FakeVapi() as vapi, opened(url) as database:
        vapi.has("phone-number", {"provider": "twilio", "number": LINE, "twilioAuthToken": "hush", "name": "main"})
        platform = VapiRecords(vapi.url, KEY, deadline_s=deadline_s, pause_s=0.01)
        try:
            yield House(vapi, database, platform)
        finally:
            await platform.aclose()

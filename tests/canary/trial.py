"""A house with a version on trial: calls that choose, are reported and leave rows as real ones do, and who judges."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from sqlalchemy import insert, select

from app.audit.log import record
from app.booking.business import Businesses
from app.calls.events import CallEvent, CallEvents
from app.calls.model import CallRef
from app.canary.arms import Arms
from app.canary.book import Canary, Said, State, newest, started, stepped
from app.canary.fates import SETTLED_S
from app.canary.judge import EVERY_S, CanaryWatch
from app.canary.steps import Judged, Verdict
from app.db.engine import Database
from app.db.schema import bookings, canary_calls, figure_samples, transfers
from app.watch.pages import Kept, listed
from tests.booking.acme import acme
from tests.fakes.alarms import FakeAlarms
from tests.watch.figured import JumpingClock, filled

STABLE, NEW = "asst_stable", "asst_new"
SECRET: Final = b"s" * 32
DANA: Final = Said("dana", "try it")
ENDED: Final = "customer-ended-call"
OK: Final = ("check_availability", "ok", "")
HOUR_S: Final = 3_600.0


class House:
    """One process over a database, with a clock that can jump. `counted`: it has counted for itself all the time."""

    def __init__(self, database: Database, clock: JumpingClock | None = None, **stable: str) -> None:
        self.database = database
        self.clock = clock or JumpingClock()
        self.arms = Arms(database, SECRET, self.clock)
        self.told: list[None] = []
        first = stable or {"acme": STABLE}
        self.watch = CanaryWatch(database, first, self.clock, lambda: self.told.append(None))
        self.events = CallEvents(database, Businesses({"acme": acme()}), FakeAlarms(), self.clock)  # type: ignore[arg-type]  # rings alike

    async def start(self, percent: int = 5, assistant: str = NEW) -> Canary:
        """Put a version on trial."""
        now = self.clock.now()
        await self.database.write(lambda t: started(t, "acme", (STABLE, assistant), DANA, now=now))
        if percent != 5:
            await self.database.write(lambda t: stepped(t, "acme", percent, DANA, now=now))
        assert await self.arms.read()
        return await self.canary()

    async def canary(self) -> Canary:
        found = await self.database.read(lambda c: newest(c, "acme"))
        assert found is not None
        return found

    async def stands(self) -> tuple[State, int]:
        canary = await self.canary()
        return canary.state, canary.percent

    async def call(self, number: int, *used: tuple[str, str, str], reason: str = ENDED, to_person: bool = False) -> str:
        """One call from its start to its report; the assistant that it was given. `used`: tool, outcome, reference."""
        ref = CallRef("vapi", f"c{number}", f"+1512555{number:04d}")
        await self.arms.read()
        given = self.arms.assistant("acme", STABLE, ref.caller, (ref.platform, ref.stored_id))
        await self.arms._behind.drain()
        await self.used(ref.stored_id, *used)
        if to_person:
            row = filled(transfers, call_key=ref.key, business="acme", state="connected")
            await self.database.write(lambda t: t.connection.execute(insert(transfers).values(**row)) and None)
        if reason:
            await self.ends(number, reason)
        return given

    async def ends(self, number: int, reason: str = ENDED) -> None:
        """The report of a call that went on."""
        ref = CallRef("vapi", f"c{number}", f"+1512555{number:04d}")
        await self.events.store(CallEvent(ref, "end-of-call-report", None, reason, {}))

    async def ended(self, numbers: Iterable[int], bad_on_trial: str = "") -> None:
        """Calls that somebody has looked at, every other one on trial."""
        canary, now = await self.canary(), self.clock.now()
        rows = [
            filled(canary_calls, platform="vapi", call_id=f"c{number}", canary=canary.id, percent=canary.percent)
            | {"on_trial": number % 2 == 1, "at": now + number / 1e4, "ended": "customer", "done": True}
            | {"bad": bad_on_trial if number % 2 else "", "counted": False}
            for number in numbers
        ]
        await self.database.write(lambda t: t.connection.execute(insert(canary_calls), rows) and None)

    async def used(self, call_id: str, *used: tuple[str, str, str]) -> None:
        """Tool calls, as the audit log has them."""
        for tool, outcome, reference in used:
            data: dict[str, Any] = {
                "tool": tool,
                "platform": "vapi",
                "outcome": outcome,
                "reference": reference or None,
            }
            now = self.clock.now()
            await self.database.write(
                lambda t, d=data, n=now: record(t, "tool_call", business="acme", subject=call_id, at=n, **d)  # type: ignore[misc]  # bound now
            )

    async def booking(self, reference: str, verification: str = "written") -> None:
        """An appointment, its read-back owed."""
        row = filled(bookings, id=reference, reference=reference, business="acme", status="confirmed")
        row |= {"verification": verification}
        await self.database.write(lambda t: t.connection.execute(insert(bookings).values(**row)) and None)

    async def mismatch(self, reference: str) -> None:
        """Its read-back fails."""
        now = self.clock.now()
        await self.database.write(lambda t: record(t, "read_back_mismatch", business="acme", subject=reference, at=now))

    async def counts(self, seconds: float = 700.0) -> None:
        """A process has counted for so long until now."""
        now = self.clock.now()
        counted = orjson.dumps({"times": [], "numbers": []}).decode()
        row = filled(figure_samples, process=f"p{now}", number=1, at=now, seconds=seconds, counted=counted)
        await self.database.write(lambda t: t.connection.execute(insert(figure_samples).values(**row)) and None)

    async def look(self, after_s: float = EVERY_S + SETTLED_S, *, counted: bool = True) -> Judged:
        """Time passes, and somebody judges."""
        self.clock.advance(after_s)
        if counted:
            await self.counts()
        verdicts: Mapping[str, Judged] = await self.watch.look()
        return verdicts.get("acme", Judged(Verdict.STAY, "nothing on trial"))

    async def pages(self) -> list[Kept]:
        return await self.database.read(lambda c: listed(c, all_of_them=True))

    async def rows(self) -> list[Any]:
        return await self.database.read(
            lambda c: c.execute(select(canary_calls).order_by(canary_calls.c.at)).fetchall()
        )

"""The daily cap: exact under a rush, counted once, and never in the way when its store is not well."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import metrics
from app.audit.log import verify
from app.booking.business import Business
from app.calls.cap import DECIDE_WITHIN_S, MOST_OF_A_RUSH, SLOW_IN_A_ROW, DailyCap
from app.calls.model import CallRef
from app.db.engine import Database, DatabaseUnavailableError
from app.watch.calm import CALM_S
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, held_up, locked_by_another_process, opened, soon

CHICAGO = ZoneInfo("America/Chicago")
ACME = Business("acme", "Acme", CHICAGO, ("+15125550100",), ((),) * 7, (), (), page=("json://acme/page",))
ZENITH = replace(ACME, id="zenith", name="Zenith", zone=ZoneInfo("Asia/Tokyo"), page=("json://zenith/page",))
PATIENT_S = 10.0
"""Where the counting is looked at, a busy machine must not make it fail open."""


def called(number: object, platform: str = "vapi") -> CallRef:
    return CallRef(platform, f"call-{number}")


def capped(limit: int, business: Business = ACME) -> Business:
    return replace(business, daily_call_cap=limit)


def at(text: str, zone: ZoneInfo) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


class Desk:
    """A cap with everything around it; `again` is the next process, or the same after a restart."""

    def __init__(
        self, database: Database, total: int = 0, now: float = 1_795_000_000.0, within_s: float = PATIENT_S
    ) -> None:
        self.database, self.total = database, total
        self.alarms = FakeAlarms()
        self.clock = FakeClock(now)
        self.cap = DailyCap(database, self.alarms, self.clock, total, within_s)  # type: ignore[arg-type]  # it rings alike

    async def admit(self, numbers: Sequence[object], business: Business) -> list[bool]:
        return list(await asyncio.gather(*(self.cap.admit(called(number), business) for number in numbers)))

    async def one_by_one(self, numbers: Sequence[object], business: Business) -> list[bool]:
        return [await self.cap.admit(called(number), business) for number in numbers]

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """While inside, it waits for its store no longer than in earnest."""
        self.cap._decide_within_s = DECIDE_WITHIN_S
        yield
        self.cap._decide_within_s = PATIENT_S

    def pages(self) -> list[str]:
        return [rung.title for rung in self.alarms.rung if rung.kind == "cap_near"]


@asynccontextmanager
async def desk(url: str, **options: Any) -> AsyncIterator[Desk]:
    async with opened(url) as database:
        made = Desk(database, **options)
        try:
            yield made
        finally:
            await made.cap.drain()


def used(url: str, scope: str = "acme") -> list[int]:
    return [count for (count,) in executed(url, f"SELECT used FROM cap_counts WHERE scope = '{scope}' ORDER BY day")]  # noqa: S608 - a name of our own


def shown(name: str, business: str) -> float:
    body = metrics.render()[0].decode()
    line = next(line for line in body.splitlines() if line.startswith(f'{name}{{business="{business}"}}'))
    return float(line.rsplit(" ", 1)[1])


async def test_of_a_rush_of_calls_exactly_as_many_are_let_in_as_the_cap_says(database_url: str) -> None:
    async with desk(database_url) as acme:
        admitted = await acme.admit(range(300), capped(100))
        assert sum(admitted) == 100
        assert acme.alarms.kinds() == ["cap_near", "cap_near", "cap_reached"]
        assert (await acme.database.read(verify)).rows == 303, "each call, and each page"

    assert used(database_url) == [100]


async def test_a_rush_over_two_processes_is_counted_in_one_place(database_url: str) -> None:
    async with desk(database_url) as first, desk(database_url) as second:
        answers = await asyncio.gather(first.admit(range(150), capped(100)), second.admit(range(150, 300), capped(100)))

        assert sum(map(sum, answers)) == 100
        assert first.alarms.kinds() + second.alarms.kinds() == ["cap_near", "cap_near", "cap_reached"]

    assert used(database_url) == [100]


async def test_a_call_is_counted_once_however_often_and_wherever_it_is_seen(database_url: str) -> None:
    async with desk(database_url) as first, desk(database_url) as second:
        for _ in range(2):
            assert await first.admit([1, 1, 1, 2], capped(2)) == [True] * 4
            assert await second.admit([1, 2], capped(2)) == [True] * 2
        assert await second.admit([3], capped(2)) == [False]
        assert await first.admit([3], capped(2)) == [False]

    assert used(database_url) == [2]
    assert executed(database_url, "SELECT count(*) FROM calls") == [(3,)]


async def test_two_platforms_may_use_the_same_id(database_url: str) -> None:
    async with desk(database_url) as acme:
        assert await acme.cap.admit(called(1), capped(1))
        assert not await acme.cap.admit(called(1, "retell"), capped(1))


async def test_an_admitted_call_is_never_cut_off(database_url: str) -> None:
    async with desk(database_url) as acme:
        assert await acme.one_by_one(range(3), capped(2)) == [True, True, False]
        assert await acme.one_by_one(range(3), capped(2)) == [True, True, False]
    async with desk(database_url) as after_restart:
        assert await after_restart.one_by_one([0, 1, 2, 3], capped(2)) == [True, True, False, False]
        assert await after_restart.one_by_one([0], capped(1)) == [True]


async def test_an_admitted_call_goes_on_past_midnight(database_url: str) -> None:
    async with desk(database_url, now=at("2026-11-23T23:59:00", CHICAGO)) as acme:
        assert await acme.one_by_one([1], capped(1))
        acme.clock.advance(120)
        assert await acme.one_by_one([1, 2, 3], capped(1)) == [True, True, False]

    assert used(database_url) == [1, 1]


@pytest.mark.parametrize("business", [ACME, ZENITH], ids=lambda business: business.zone.key)
async def test_a_day_is_the_businesss_own(database_url: str, business: Business) -> None:
    async with desk(database_url, now=at("2026-11-23T23:59:59", business.zone)) as acme:
        assert await acme.one_by_one([1, 2], capped(1, business)) == [True, False]
        acme.clock.advance(2)
        assert await acme.one_by_one([3, 4], capped(1, business)) == [True, False]

    days = executed(database_url, f"SELECT day FROM cap_counts WHERE scope = '{business.id}' ORDER BY day")  # noqa: S608 - a name of our own
    assert days == [("2026-11-23",), ("2026-11-24",)]


async def test_the_days_of_two_businesses_are_counted_apart(database_url: str) -> None:
    async with desk(database_url) as both:
        assert await both.one_by_one([1, 2], capped(1)) == [True, False]
        assert await both.one_by_one([3, 4], capped(1, ZENITH)) == [True, False]


async def test_the_total_counts_every_business_on_the_utc_day(database_url: str) -> None:
    async with desk(database_url, total=2, now=at("2026-11-23T23:59:59", ZoneInfo("UTC"))) as both:
        assert await both.one_by_one([1], ACME) == [True]
        assert await both.one_by_one([2], ZENITH) == [True]
        assert await both.one_by_one([3], ACME) == [False]
        both.clock.advance(2)
        assert await both.one_by_one([4], ACME) == [True]

    assert used(database_url, "*") == [2, 1]


async def test_a_call_refused_by_one_limit_uses_nothing_of_the_other(database_url: str) -> None:
    async with desk(database_url, total=2) as both:
        assert await both.one_by_one([1, 2, 3], capped(1)) == [True, False, False]
        assert await both.one_by_one([4], ZENITH) == [True]

    assert used(database_url, "*") == [2]


@pytest.mark.parametrize(("limit", "first", "second"), [(10, 8, 10), (7, 6, 7), (100, 80, 95), (3, 3, 3), (1, 1, 1)])
async def test_80_and_95_percent_page_once_each_rounded_up(
    sqlite_url: str, limit: int, first: int, second: int
) -> None:
    rang: dict[int, list[str]] = {}
    async with desk(sqlite_url) as acme:
        for number in range(1, limit + 3):
            before = len(acme.pages())
            await acme.one_by_one([number], capped(limit))
            if len(acme.pages()) > before:
                rang[number] = acme.pages()[before:]

    title = "Daily call cap {} % used: Acme"
    wanted: dict[int, list[str]] = {}
    wanted.setdefault(first, []).append(title.format(80))
    wanted.setdefault(second, []).append(title.format(95))
    assert rang == wanted
    assert acme.alarms.rung[0].pages == ("json://acme/page",)


async def test_a_second_process_does_not_page_again(database_url: str) -> None:
    async with desk(database_url) as acme:
        await acme.one_by_one(range(8), capped(10))
        assert len(acme.pages()) == 1
    async with desk(database_url) as after_restart:
        await after_restart.one_by_one([8], capped(10))
        assert after_restart.pages() == []


async def counted_to(url: str, calls: int) -> None:
    await soon(lambda: used(url) == [calls])


async def test_the_installations_own_cap_pages_too(database_url: str) -> None:
    async with desk(database_url, total=10) as both:
        await both.one_by_one(range(4), ACME)
        await both.one_by_one(range(4, 8), ZENITH)

    assert both.pages() == ["Daily call cap 80 % used: all businesses together"]


async def test_a_store_that_is_slow_lets_calls_in_and_counts_them_afterwards(database_url: str) -> None:
    async with desk(database_url) as acme:
        async with held_up(acme.database):
            with acme.impatient():
                assert await acme.admit(range(9), capped(5)) == [True] * 9
                assert await acme.admit([100, 101], capped(5)) == [True] * 2
            assert acme.alarms.kinds() == ["cap_store_down"]
        await soon(lambda: used(database_url) == [11])
        warned = [f"Daily call cap {percent} % used: Acme" for percent in (80, 95)]
        assert acme.pages() == warned, "the later path warns as well"
        assert await acme.admit([*range(9), 100, 200], capped(5)) == [True] * 10 + [False]
        assert (await acme.database.read(verify)).rows == 15, "each call, and each page"


class OnceUnwell:
    """A database whose next write fails, and no other."""

    def __init__(self, database: Database) -> None:
        self._database, self._unwell = database, True

    async def write(self, *work: Any, **how: Any) -> Any:
        unwell, self._unwell = self._unwell, False
        if unwell:
            raise DatabaseUnavailableError("gone for a moment")
        return await self._database.write(*work, **how)


async def test_a_call_that_was_let_in_uncounted_is_let_in_at_whatever_moment_it_asks_again(database_url: str) -> None:
    async with desk(database_url) as acme:
        await acme.admit(["the day's last"], capped(1))
        acme.cap._database = OnceUnwell(acme.database)  # type: ignore[assignment]  # the part that counting uses

        async def asked_after(turns: int) -> bool:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await acme.cap.admit(called("one too many"), capped(1))

        assert await asyncio.gather(*map(asked_after, range(30))) == [True] * 30


async def test_a_call_that_one_process_turned_away_and_another_let_in_is_let_in_by_all(database_url: str) -> None:
    async with desk(database_url) as one, desk(database_url) as other:
        assert await one.one_by_one([1, 2], capped(1)) == [True, False]
        async with held_up(other.database):
            with other.impatient():
                assert await other.admit([2], capped(1)) == [True]
        await counted_to(database_url, 2)
    async with desk(database_url) as third:
        assert await third.admit([2, 3], capped(1)) == [True, False]


async def test_a_store_that_is_slow_for_a_moment_wakes_nobody(database_url: str) -> None:
    async with desk(database_url) as acme:
        for number in range(3):
            async with held_up(acme.database):
                with acme.impatient():
                    assert await acme.admit([number], capped(50)) == [True]
            await counted_to(database_url, number + 1)
        await soon(lambda: len(acme.alarms.withdrawn) == 3)
        assert acme.alarms.ringing() == set()


async def test_a_store_that_is_slow_again_and_again_is_told_of_until_it_was_well_for_a_while(database_url: str) -> None:
    async with desk(database_url) as acme:
        for number in range(SLOW_IN_A_ROW):
            async with held_up(acme.database):
                with acme.impatient():
                    await acme.admit([number], capped(50))
            await counted_to(database_url, number + 1)
        acme.alarms.lasts()
        await acme.admit(["well"], capped(50))
        assert acme.alarms.ringing() == {("cap_store_down", "cap")}, "one good moment is no end"
        acme.clock.advance(CALM_S)
        await acme.admit(["well again"], capped(50))
        assert acme.alarms.ringing() == set()


async def test_when_nobody_calls_any_more_a_page_about_the_store_ends_all_the_same(sqlite_url: str) -> None:
    async with desk(sqlite_url) as acme:
        acme.cap._missed(DatabaseUnavailableError("gone"), ACME)
        await acme.admit(["well"], capped(50))
        acme.clock.advance(CALM_S - 0.05)
        await acme.admit(["well again"], capped(50))
        acme.cap._missed(DatabaseUnavailableError("gone once more"), ACME)
        await asyncio.sleep(0.1)
        acme.clock.advance(CALM_S)
        await asyncio.sleep(0.1)
        assert acme.alarms.ringing() == {("cap_store_down", "cap")}, "nothing has shown that it is well"

        acme.cap._missed(DatabaseUnavailableError("gone again"), ACME)
        acme.clock.advance(CALM_S - 0.05)
        await acme.admit(["well at last"], capped(50))
        acme.clock.advance(0.05)
        await soon(lambda: acme.alarms.ringing() == set())


async def test_a_store_that_another_process_locks_lets_calls_in(database_url: str) -> None:
    async with desk(database_url) as acme:
        await acme.admit([1], capped(1))
        with locked_by_another_process(database_url), acme.impatient():
            assert await acme.admit([2], capped(1)) == [True]
        await soon(lambda: used(database_url) == [2])
        assert await acme.admit([2, 3], capped(1)) == [True, False]


async def test_in_a_rush_the_store_has_a_rushs_time(database_url: str) -> None:
    """Other processes count theirs meanwhile, one after the other: that is no slow store."""
    async with desk(database_url, within_s=DECIDE_WITHIN_S) as acme:
        with locked_by_another_process(database_url):
            rush = asyncio.create_task(acme.admit(range(MOST_OF_A_RUSH), capped(100)))
            await asyncio.sleep(DECIDE_WITHIN_S * 6)
            assert not rush.done()
            acme.cap._decide_within_s = PATIENT_S
        assert sum(await rush) == 100

    assert used(database_url) == [100]
    assert "cap_store_down" not in acme.alarms.kinds()


async def test_each_outage_pages_once(database_url: str) -> None:
    async with desk(database_url) as acme:
        for outage in range(2):
            async with held_up(acme.database):
                with acme.impatient():
                    for number in range(3):
                        await acme.admit([f"{outage} {number}"], capped(50))
            await soon(lambda: not acme.cap._later._rows)
            await acme.admit([f"{outage} well"], capped(50))

    assert acme.alarms.kinds() == ["cap_store_down", "cap_store_down"]


async def test_a_database_that_is_gone_lets_calls_in_and_says_so(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        acme = Desk(database)
        await database.stop()
        assert await acme.admit(range(3), capped(1)) == [True] * 3
        assert acme.alarms.kinds() == ["cap_store_down"]
        await acme.cap.drain()


async def test_without_a_cap_calls_are_counted_but_never_wait(database_url: str) -> None:
    async with desk(database_url) as acme:
        async with held_up(acme.database):
            assert await acme.admit(range(20), ACME) == [True] * 20
        await soon(lambda: used(database_url) == [20])

    assert acme.alarms.kinds() == []


async def test_a_call_without_an_id_is_let_in(database_url: str) -> None:
    async with desk(database_url) as acme:
        assert await acme.cap.admit(CallRef("tools"), capped(1))
        assert await acme.cap.admit(CallRef("tools"), capped(1))

    assert used(database_url) == []


@pytest.mark.parametrize("awkward", ["x" * 512, "a\0b", "🙂" * 300])
async def test_an_id_that_no_column_holds_is_counted_like_any_other(database_url: str, awkward: str) -> None:
    async with desk(database_url) as acme:
        assert await acme.one_by_one([awkward, awkward, "other"], capped(1)) == [True, True, False]
        assert acme.alarms.kinds() == ["cap_near", "cap_near", "cap_reached"]
        assert await acme.one_by_one([awkward], ACME) == [True]

    assert used(database_url) == [1]


async def test_a_caller_who_hangs_up_while_being_counted_spoils_nothing(database_url: str) -> None:
    async with desk(database_url) as acme:
        async with held_up(acme.database):
            hung_up = asyncio.create_task(acme.cap.admit(called("gone"), capped(2)))
            await asyncio.sleep(0)
            hung_up.cancel()
        assert await acme.one_by_one([1, 2], capped(3)) == [True, True]


async def test_use_and_limit_are_shown(database_url: str) -> None:
    name = f"shown-{time.monotonic_ns()}"
    business = replace(ACME, id=name)
    async with desk(database_url) as acme:
        await acme.one_by_one(range(5), capped(3, business))

    assert shown("readback_cap_used", name) == 3
    assert shown("readback_cap_limit", name) == 3


async def test_a_loop_too_busy_to_look_is_not_taken_for_a_slow_store(database_url: str) -> None:
    async with desk(database_url, within_s=DECIDE_WITHIN_S) as acme:
        arriving = [asyncio.create_task(acme.admit([number], capped(3))) for number in range(6)]
        while not acme.database.queued:  # noqa: ASYNC110 - not a moment longer
            await asyncio.sleep(0)
        time.sleep(DECIDE_WITHIN_S * 3)  # noqa: ASYNC251 - blocking the loop is what is tried
        acme.cap._decide_within_s = PATIENT_S
        admitted = [each for task in arriving for each in await task]

    assert admitted == [True] * 3 + [False] * 3
    assert "cap_store_down" not in acme.alarms.kinds()


async def test_a_cap_that_is_reached_pages_once_whatever_comes_after(database_url: str) -> None:
    async with desk(database_url, now=at("2026-11-23T12:00:00", CHICAGO)) as acme:
        await acme.one_by_one(range(19), capped(20))
        assert acme.alarms.kinds() == ["cap_near", "cap_near"]
        await acme.one_by_one(range(19, 23), capped(20))
        assert acme.alarms.kinds() == ["cap_near", "cap_near", "cap_reached"]

    reached = acme.alarms.rung[-1]
    assert (reached.key, reached.title) == (
        "acme 2026-11-23",
        "Callers are sent away: the calls of the day are used up (Acme)",
    )
    assert reached.body.startswith("20 of 20 calls on 2026-11-23. Whoever calls now goes to a person")
    assert "READBACK_DAILY_CALL_CAPS (acme=...)" in reached.body


async def test_a_raised_cap_warns_anew_on_the_same_day(database_url: str) -> None:
    async with desk(database_url) as before:
        await before.one_by_one(range(10), capped(10))
    async with desk(database_url) as raised:
        await raised.one_by_one(range(10, 15), capped(20))
        assert raised.alarms.kinds() == []
        await raised.one_by_one([15], capped(20))
        assert raised.pages() == ["Daily call cap 80 % used: Acme"]

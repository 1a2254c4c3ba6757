"""Who gets which version: the same caller the same one, in every process and at every step; in doubt the stable one."""

import pytest

from app.canary.arms import STALE_S, Arms
from app.canary.book import State, changed, promoted, rolled_back, stepped
from tests.canary.trial import DANA, NEW, SECRET, STABLE, House
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened

CALLERS = [f"+1512555{number:04d}" for number in range(1_000)]


async def served(house: House) -> set[str]:
    """Callers who get the new version, asked of a process of its own."""
    arms = Arms(house.database, SECRET, FakeClock())
    assert await arms.read()
    got = {caller for caller in CALLERS if arms.assistant("acme", STABLE, caller, ("vapi", "")) == NEW}
    await arms.stop()
    return got


async def test_a_share_of_callers_gets_it_and_keeps_it_as_the_share_grows(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start()
        before: set[str] = set()
        for percent in (5, 10, 25, 50, 100):
            await database.write(lambda t, p=percent: stepped(t, "acme", p, DANA, now=1.0))  # type: ignore[misc]  # bound now
            now = await served(house)
            assert before <= now
            assert now == await served(house)
            assert len(now) == pytest.approx(10 * percent, abs=80)
            before = now
        await database.write(lambda t: rolled_back(t, "acme", DANA, now=2.0))
        assert await served(house) == set()


async def test_another_canary_and_another_installation_choose_other_callers(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        arms, other = Arms(database, SECRET, FakeClock()), Arms(database, b"t" * 32, FakeClock())
        stands = [arms.bucket("one", caller) for caller in CALLERS]
        assert stands == [arms.bucket("one", caller) for caller in CALLERS]
        assert stands != [arms.bucket("two", caller) for caller in CALLERS]
        assert stands != [other.bucket("one", caller) for caller in CALLERS]


async def test_what_is_not_known_is_the_stable_version(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        assert house.arms.assistant("acme", STABLE, CALLERS[0], ("vapi", "c1")) == STABLE, "nothing read yet"
        await house.start(percent=99)
        mine = next(caller for caller in CALLERS if house.arms.assistant("acme", STABLE, caller, ("vapi", "")) == NEW)
        ask = house.arms.assistant
        assert ask("acme", STABLE, None, ("vapi", "")) == STABLE, "neither number nor call id"
        assert ask("zenith", "asst_z", mine, ("vapi", "c1")) == "asst_z"
        assert ask("acme", "asst_other", mine, ("vapi", "c1")) == "asst_other", "the file names another one by now"

        executed(sqlite_url, "DROP TABLE canaries")
        house.clock.advance(STALE_S - 1.0)
        assert not await house.arms.read()
        assert ask("acme", STABLE, mine, ("vapi", "c2")) == NEW, "for some seconds it knows"
        house.clock.advance(2.0)
        assert ask("acme", STABLE, mine, ("vapi", "c3")) == STABLE
        await house.arms.stop()


async def test_which_version_a_call_was_given_is_kept_once(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start(percent=50)
        given = {f"c{number}": await house.call(number, reason="") for number in range(20)}
        again = {f"c{number}": await house.call(number, reason="") for number in range(20)}

        rows = await house.rows()
        assert given == again
        assert set(given.values()) == {STABLE, NEW}
        assert {row.call_id: NEW if row.on_trial else STABLE for row in rows} == given
        assert {(row.platform, row.percent) for row in rows} == {("vapi", 50)}


async def test_a_promoted_one_goes_to_everybody_and_is_not_counted(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start()
        await database.write(lambda t: promoted(t, "acme", DANA, now=1.0))
        await house.arms.read()
        assert house.arms.assistant("acme", STABLE, None, ("vapi", "")) == NEW
        assert [await house.call(number, reason="") for number in range(3)] == [NEW] * 3
        assert await house.rows() == []
        canary = await house.canary()
        await database.write(lambda t: changed(t, canary, State.ENDED, DANA, now=2.0))
        await house.arms.read()
        assert house.arms.assistant("acme", STABLE, CALLERS[0], ("vapi", "c1")) == STABLE

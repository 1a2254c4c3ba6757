"""Businesses that fall silent together, as on a dead platform or a holiday, or that are flooded together, are one page
to whoever runs them all.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from app.db.engine import Database
from app.watch.following import AT_ONCE_S, OF_MANY, SETTLES_S
from app.watch.notify import Taken
from app.watch.pager import Pager
from app.watch.pages import Kept, acknowledged, place_of, resolved_by_id, waiting
from app.watch.pages_told import described, in_a_line
from app.watch.volume_counts import CALL, LOOK, Came, Series, noted
from app.watch.volume_everywhere import KEY
from tests.fakes.databases import opened
from tests.watch.counted import at
from tests.watch.test_pager import FIRST, OWN, ScriptedMessenger
from tests.watch.test_volume import ACME, House, history, keep, looks

NOON = at("2026-07-07T12:00")
FIVE = tuple(replace(ACME, business=f"b{n}", name=f"Business {n}", lines=(f"+1512555020{n}",)) for n in range(5))
LINES = tuple(one.lines[0] for one in FIVE)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


class Operator:
    """Who runs all of them, has one receiver, and whose second business has people of its own."""

    def __init__(self, house: House) -> None:
        self.house, self.messenger = house, ScriptedMessenger()
        self.pager = Pager(
            database=house.database,
            messenger=self.messenger,
            own=(OWN,),
            by_business={"b1": (FIRST,)},
            clock=house.clock,
            shown=lambda url: url,
            link=lambda _: "",
        )

    async def look(self, *called: int, minutes: float = 1.0) -> None:
        """Somebody watched meanwhile, and these businesses got a call at the end."""
        clock = self.house.clock
        here = [Came("", "", LOOK, clock.now() + number * 60) for number in range(int(minutes))]
        await self.house.database.write(lambda t: noted(t.connection, here))
        clock.advance(minutes * 60 - 60)
        for number in called:
            await self.house.call(LINES[number], business=f"b{number}")
        await self.house.look()
        await self.tell()

    async def tell(self) -> None:
        while await self.pager.deliver_due():
            pass

    async def after(self, seconds: float) -> None:
        self.house.clock.advance(seconds)
        await self.tell()

    def heard(self, receiver: str = OWN) -> list[str]:
        return [f"{notice.step}: {notice.title}" for notice in self.messenger.told[receiver]]

    async def wide(self) -> Kept:
        return next(
            kept
            for kept in await self.house.pages()
            if kept.page.kind in OF_MANY.values() and kept.status != "resolved"
        )


async def begun(database: Database, called: Sequence[int] = (), now: float = NOON) -> Operator:
    """After weeks of usual calls to each of them; today only these got one, a moment ago."""
    for one in FIVE:
        kept = history(Series(one.business, one.lines[0], CALL))
        await database.write(lambda t, kept=kept: keep(t, kept))  # type: ignore[misc]  # the default only binds it
    await database.write(lambda t: keep(t, looks(at("2026-06-01T00:00"), now)))
    operator = Operator(House(database, *FIVE, now=now))
    for number in called:
        await operator.house.call(LINES[number], business=f"b{number}")
    return operator


async def test_an_outage_of_all_rings_once_and_tells_the_people_of_each_business_of_theirs(database: Database) -> None:
    operator = await begun(database)
    await operator.look()

    assert operator.heard() == ["raised: Silence: calls to 5 businesses"]
    assert operator.heard(FIRST) == ["raised: Silence: calls to Business 1"]
    body = (await operator.wide()).page.body
    assert body.startswith("5 of 5 businesses are silent together: Business 0, Business 1, ")
    assert "holiday" in body
    for _ in range(3):
        await operator.after(3_600)
    assert set(operator.heard()) == {"raised: Silence: calls to 5 businesses"}, "told again, and nothing beside it"
    assert set(operator.heard(FIRST)) == {"raised: Silence: calls to Business 1"}


async def test_a_receiver_that_fails_at_first_hears_of_it_once_and_not_of_each(database: Database) -> None:
    operator = await begun(database)
    operator.messenger.answers[OWN] = Taken.FAILED
    await operator.look()
    for _ in range(5):
        await operator.after(AT_ONCE_S)
    operator.messenger.answers.clear()
    await operator.after(3_600)
    assert set(operator.heard()) == {"raised: Silence: calls to 5 businesses"}
    assert set(operator.heard(FIRST)) == {"raised: Silence: calls to Business 1"}, "whom only the small one tells"


async def test_two_at_once_are_no_outage_of_all_and_each_rings(database: Database) -> None:
    operator = await begun(database, called=(0, 1, 2))
    await operator.look()
    assert sorted(operator.heard()) == [f"raised: Silence: calls to Business {number}" for number in (3, 4)]


async def test_it_ends_when_all_are_back_and_nobody_hears_of_each(database: Database) -> None:
    operator = await begun(database)
    await operator.look()
    await operator.look(0, 1, 2, 3, minutes=5)
    assert (await operator.wide()).status == "open", "one is not back"
    await operator.look(4, minutes=5)
    await operator.after(SETTLES_S)
    assert operator.heard()[-1] == "resolved: Silence: calls to 5 businesses"
    assert len({title for title in operator.heard() if "Business" in title}) == 0
    assert operator.heard(FIRST)[-1] == "resolved: Silence: calls to Business 1"


async def test_one_that_stays_away_though_the_others_are_back_rings_once_that_would_be_certain(
    database: Database,
) -> None:
    operator = await begun(database)
    await operator.look()
    wide = await operator.wide()
    await database.write(lambda t: acknowledged(t, wide.id, by="dana", now=operator.house.clock.now()))
    await operator.look(0, 1, 2, 3, minutes=5)
    for _ in range(60 * 24):
        await operator.look(0, 1, 2, 3, minutes=60)
        if "raised: Silence: calls to Business 4" in operator.heard():
            break
    assert operator.house.clock.now() - NOON > 3 * 3_600, "by then chance alone could not explain it"
    assert [title for title in operator.heard() if title.startswith("raised: ")] == [
        "raised: Silence: calls to 5 businesses",
        "raised: Silence: calls to Business 4",
    ]


async def test_who_falls_silent_of_its_own_while_it_is_up_rings_by_itself(database: Database) -> None:
    operator = await begun(database, called=(0,))
    await operator.look()
    assert operator.heard() == ["raised: Silence: calls to 4 businesses"]
    await operator.look(0, minutes=30)
    for _ in range(24):
        await operator.look(minutes=60)
    assert "raised: Silence: calls to Business 0" in operator.heard()


async def test_what_a_person_calls_over_is_over_for_each_of_them(database: Database) -> None:
    operator = await begun(database)
    await operator.look()
    wide = await operator.wide()
    await database.write(lambda t: resolved_by_id(t, wide.id, by="dana", now=operator.house.clock.now()))
    for _ in range(5):
        await operator.look()
    assert {kept.resolution for kept in await operator.house.pages()} == {"dana"}
    assert [title for title in operator.heard() if title.startswith("raised: ")] == [
        "raised: Silence: calls to 5 businesses"
    ]


async def test_those_that_are_certain_later_join_it_and_ring_nobody(database: Database) -> None:
    operator = await begun(database, called=(3, 4), now=at("2026-07-07T12:00"))
    await operator.look()
    assert operator.heard() == ["raised: Silence: calls to 3 businesses"]
    kept = await operator.wide()
    assert (kept.page.key, kept.page.business) == (KEY, "")
    for _ in range(24):
        await operator.look(minutes=60)
    assert (await operator.wide()).page.title == "Silence: calls to 5 businesses"
    raised = {title for title in operator.heard() if title.startswith("raised: ")}
    assert not {title for title in raised if "Business" in title}


async def test_it_stands_before_what_waits_behind_it_in_every_list(database: Database) -> None:
    operator = await begun(database)
    await operator.look()
    first = await database.read(lambda c: waiting(c, None, 2))
    others = await database.read(lambda c: waiting(c, place_of(first[-1]), 9))
    assert {kept.page.title for kept in first} == {
        "Silence: calls to 5 businesses",
        "Silence: calls to Business 1",
    }, "which tells people of its own"
    assert [described(kept)["waits"] for kept in (*first, *others)] == [False, False, True, True, True, True]
    assert "waits behind another page" in in_a_line(described(others[0]))


# --- floods -----------------------------------------------------------------------------------------------------------


async def flooded(operator: Operator, *these: int, minutes: float = 1.0) -> None:
    """So many calls to each of these businesses as no campaign of one alone brings, and a look."""
    for number in these:
        await operator.house.call(LINES[number], times=60, business=f"b{number}")
    await operator.look(minutes=minutes)


async def calm(operator: Operator) -> None:
    """Two hours of usual calls."""
    for _ in range(8):
        await operator.look(*range(len(FIVE)), minutes=15)


async def test_a_flood_of_all_rings_once_and_ends_once(database: Database) -> None:
    operator = await begun(database, called=range(5))
    await flooded(operator, 0, 1, 2, 3, 4)

    assert operator.heard() == ["raised: Flood: calls to 5 businesses"]
    assert operator.heard(FIRST) == ["raised: Flood: calls to Business 1"]
    kept = await operator.wide()
    assert (kept.page.kind, kept.page.key, kept.page.business) == ("flood_of_many", KEY, "")
    assert kept.page.body.startswith("5 of 5 businesses are flooded together: Business 0, Business 1, ")
    assert "flooded within an hour joins this page" in kept.page.body
    assert described(kept)["of"] == "the lines"
    await calm(operator)
    await operator.after(SETTLES_S)
    assert operator.heard()[-1] == "resolved: Flood: calls to 5 businesses"
    assert not [title for title in operator.heard() if "Business " in title]
    assert operator.heard(FIRST)[-1] == "resolved: Flood: calls to Business 1"


async def test_who_is_flooded_within_the_hour_joins_and_who_is_later_rings(database: Database) -> None:
    operator = await begun(database, called=range(5))
    await flooded(operator, 0, 1)
    assert sorted(operator.heard()) == [f"raised: Flood: calls to Business {number}" for number in (0, 1)]
    await flooded(operator, 0, 1, 2, minutes=10)
    assert operator.heard()[2:] == ["raised: Flood: calls to 3 businesses"]
    await flooded(operator, 0, 1, 2, 3, minutes=30)
    raised = [title for title in operator.heard() if title.startswith("raised: ")]
    assert raised[-1] == "raised: Flood: calls to 4 businesses", "told again meanwhile, with who has joined"
    assert "raised: Flood: calls to Business 3" not in raised
    for _ in range(6):
        await flooded(operator, 0, 1, 2, 3, minutes=14)
    await flooded(operator, 0, 1, 2, 3, 4)
    assert "raised: Flood: calls to Business 4" in operator.heard()


async def test_a_flood_that_a_person_calls_over_is_over_for_each(database: Database) -> None:
    operator = await begun(database, called=range(5))
    await flooded(operator, 0, 1, 2)
    wide = await operator.wide()
    await database.write(lambda t: resolved_by_id(t, wide.id, by="dana", now=operator.house.clock.now()))
    for _ in range(3):
        await operator.look()
    assert {kept.resolution for kept in await operator.house.pages()} == {"dana"}
    assert [title for title in operator.heard() if title.startswith("raised: ")] == [
        "raised: Flood: calls to 3 businesses"
    ]


async def test_a_flood_of_some_and_a_silence_of_others_are_two_pages(database: Database) -> None:
    operator = await begun(database)
    await flooded(operator, 0, 1)
    assert {title for title in operator.heard() if "businesses" in title} == {"raised: Silence: calls to 3 businesses"}
    assert sum(title.startswith("raised: Flood: calls to Business") for title in operator.heard()) == 2

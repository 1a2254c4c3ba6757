"""The minute's look at every line: what pages, what ends a page, and what is no reason to."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert

from app import metrics
from app.dashboard.overview import today
from app.db.engine import Database, Transaction
from app.db.schema import volume
from app.log import masked_phone
from app.watch import pages, pieces, volume_counts
from app.watch.baseline import HOUR_S
from app.watch.judgement import QUARTER_S, State
from app.watch.pages import Kept, listed
from app.watch.volume import VolumeWatch
from app.watch.volume_counts import CALL, LOOK, TEXT, Came, Series, noted
from app.watch.volume_known import Known
from app.watch.volume_lines import Decision, Watched
from app.watch.volume_overview import LineVolume, overview
from infra.bench.look import Turns
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.counted import CHICAGO, EARLY, at, weeks

LINE, SECOND = "+15125550100", "+15125550101"
ACME = Watched("acme", "Acme Pest Control", CHICAGO, (LINE,))
TODAY = date(2026, 7, 7)
ELEVEN = at("2026-07-07T11:00")


def rows(series: Series, counts: dict[int, int]) -> list[tuple[object, ...]]:
    """An hour's calls come in its last quarter."""
    return [(*series, hour, count, 0, 0, 0, count, hour + 3_000.0) for hour, count in counts.items()]


def looks(start: float, end: float) -> list[tuple[object, ...]]:
    """Somebody looked in every quarter from `start` until `end`."""
    first = int(start) // HOUR_S * HOUR_S
    made = []
    for hour in range(first, int(end) + 1, HOUR_S):
        quarters = [int(start <= hour + n * QUARTER_S + 1 <= end) for n in range(4)]
        last = max((hour + n * QUARTER_S + 1 for n in range(4) if quarters[n]), default=None)
        if last is not None:
            made.append(("", "", LOOK, hour, sum(quarters), *quarters, float(last)))
    return made


def keep(transaction: Transaction, kept: Iterable[tuple[object, ...]]) -> None:
    names = [column.name for column in volume.columns]
    transaction.connection.execute(insert(volume), [dict(zip(names, row, strict=True)) for row in kept])


def history(series: Series, *, until: date = TODAY, days: int = 36) -> list[tuple[object, ...]]:
    return rows(series, dict(weeks(until - timedelta(days=days), days).counts))


class House:
    """A database with weeks in it, and one process that looks."""

    def __init__(self, database: Database, *businesses: Watched, now: float = ELEVEN) -> None:
        self.database, self.businesses, self.clock = database, businesses or (ACME,), FakeClock(now)
        self.told = 0
        self.again()

    def again(self, *businesses: Watched) -> None:
        """The process starts anew, perhaps with other files."""
        self.businesses = businesses or self.businesses
        self.watch = VolumeWatch(self.database, self.businesses, self.clock, self._hear)

    def _hear(self) -> None:
        self.told += 1

    async def look(self, minutes: float = 1.0) -> dict[str, Decision]:
        self.clock.advance(minutes * 60)
        return {decision.key: decision for decision in await self.watch.look()}

    async def state(self, minutes: float = 1.0, key: str = LINE) -> State:
        return (await self.look(minutes))[key].verdict.state

    async def call(self, *lines: str, times: int = 1, business: str = "acme", channel: str = CALL) -> None:
        came = [Came(business, line, channel, self.clock.now()) for line in lines for _ in range(times)]
        await self.database.write(lambda t: noted(t.connection, came))

    async def pages(self) -> list[Kept]:
        return await self.database.read(lambda c: listed(c, all_of_them=True))

    async def open(self) -> set[tuple[str, str]]:
        return await self.database.read(pages.not_resolved)

    async def overview(self) -> list[LineVolume]:
        return await self.database.read(lambda c: overview(c, self.businesses, self.clock.now()))


async def begun(database: Database, *businesses: Watched, now: float = ELEVEN) -> House:
    """After five weeks of the usual calls, in which somebody always looked."""
    kept = history(Series("acme", LINE, CALL)) + looks(at("2026-06-01T00:00"), now)
    await database.write(lambda t: keep(t, kept))
    return House(database, *businesses, now=now)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


@pytest.fixture
async def empty(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as one:
        yield one


async def test_silence_pages_once_and_the_next_call_ends_it(database: Database) -> None:
    house = await begun(database)
    for _ in range(3):
        assert await house.state() is State.SILENT

    [page] = await house.pages()
    assert (page.page.kind, page.page.key, page.page.business, page.status) == ("silence", LINE, "acme", "open")
    assert "No call since Mon 06 Jul 15:50 CDT, where " in page.page.body
    assert "were to be expected: chance alone does that once in " in page.page.body
    assert house.told == 1

    await house.call(LINE)
    assert await house.state() is State.NORMAL
    assert [page.status for page in await house.pages()] == ["resolved"]
    assert house.told == 2


async def test_a_still_morning_pages_with_the_day_that_makes_it_certain(empty: Database) -> None:
    house = await begun(empty, now=at("2026-07-07T09:00"))
    await house.look(1.0)

    [page] = await house.pages()
    assert "No call since Mon 06 Jul 15:50 CDT, and none on Tue 07 Jul, where 6.0 were to be expected" in page.page.body
    assert "Alarms by chance come about 1.4 times a year on such a line." in page.page.body


async def test_a_process_that_looks_again_after_another_did_knows_what_came_meanwhile(database: Database) -> None:
    house = await begun(database)
    await house.call(LINE)
    assert await house.state() is State.NORMAL

    morning = ELEVEN + 20 * 3_600
    others = rows(Series("acme", LINE, CALL), {int(morning) // HOUR_S * HOUR_S: 2})
    await database.write(lambda t: keep(t, others + looks(ELEVEN + HOUR_S, ELEVEN + 24 * 3_600)))
    assert await house.state(24 * 60) is State.NORMAL
    assert await house.pages() == []


async def test_a_restart_forgets_no_page_and_raises_none_twice(database: Database) -> None:
    house = await begun(database)
    await house.look()
    house.again()
    await house.look()
    assert len(await house.pages()) == 1

    house.again()
    await house.call(LINE)
    await house.look()
    assert await house.open() == set()


async def test_a_line_that_stays_dead_is_silent_for_months_and_its_page_never_ends_by_itself(empty: Database) -> None:
    house = await begun(empty)
    await house.look()
    for days in (20, 24, 25, 9):
        before = house.clock.now()
        house.clock.advance(days * 86_400.0)
        meanwhile = looks(before + HOUR_S, house.clock.now() - HOUR_S)
        await empty.write(lambda t, meanwhile=meanwhile: keep(t, meanwhile))
        house.again()
        assert await house.state() is State.SILENT

    await empty.write(lambda t: t.connection.execute(delete(volume).where(volume.c.line == LINE)))
    house.again()
    assert await house.state() is State.LEARNING, "its weeks were kept long enough"
    assert await house.open() == {("silence", LINE)}
    await house.call(LINE)
    for _ in range(2):
        await house.look()
    assert await house.open() == set()


async def test_a_silence_that_a_person_called_over_is_not_paged_again_but_the_next_one_is(empty: Database) -> None:
    house = await begun(empty)
    await house.look()
    [page] = await house.pages()
    now = house.clock.now()
    await empty.write(lambda t: pages.resolved_by_id(t, page.id, by="Night shift", now=now))

    for _ in range(3):
        assert await house.state() is State.SILENT
    assert len(await house.pages()) == 1

    await house.call(LINE)
    for _ in range(96):
        await house.look(15.0)
    assert await house.open() == {("silence", LINE)}
    assert len(await house.pages()) == 2


async def test_an_ordinary_day_watched_from_morning_to_night_pages_nobody(empty: Database) -> None:
    house = await begun(empty, now=at("2026-07-07T06:00"))
    states = set()
    for minute in range(0, 24 * 60, 12):
        if minute % 60 == 24:
            hour = 6 + minute // 60
            await house.call(*[LINE] * EARLY.get(hour % 24, 0))
        states.add(await house.state(12.0))

    assert states == {State.NORMAL}
    assert await house.pages() == []


async def test_calls_of_hours_ago_are_not_forgotten_when_they_are_no_longer_recent(database: Database) -> None:
    house = await begun(database, now=at("2026-07-07T06:00"))
    await house.call(LINE)
    await house.look()
    house.clock.advance(3.5 * 3_600)
    await house.call(LINE)
    await house.look()
    for _ in range(12):
        assert await house.state(15.0) is State.NORMAL


async def test_calls_that_come_while_a_busy_line_is_learned_are_no_silence(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = weeks(TODAY - timedelta(days=36), 36, dict.fromkeys(range(6, 16), 20)).counts
    kept = rows(Series("acme", LINE, CALL), dict(busy)) + looks(at("2026-06-01T00:00"), ELEVEN)
    await empty.write(lambda t: keep(t, kept))
    house = House(empty, now=ELEVEN - 50 * 60)
    await house.call(LINE)
    house.clock.advance(49 * 60)
    learn = Known.learn

    async def slowly(self: Known, now: float) -> None:
        await learn(self, now)
        house.clock.advance(300)
        await house.call(LINE)

    monkeypatch.setattr(Known, "learn", slowly)
    assert await house.state() is State.NORMAL


async def test_a_flood_pages_and_ends_when_it_is_over(database: Database) -> None:
    house = await begun(database, now=at("2026-07-07T08:59"))
    await house.call(LINE, times=60)
    assert await house.state() is State.FLOOD

    [page] = await house.pages()
    assert (page.page.kind, page.page.key) == ("flood", LINE)
    assert page.page.body.startswith(f"Line {LINE}. 60 calls since ")
    for _ in range(6):
        await house.call(LINE)
        await house.look(16.0)
    assert await house.open() == set()


async def test_a_gap_in_our_own_counting_is_no_silence(empty: Database) -> None:
    seen = looks(at("2026-06-01T00:00"), at("2026-07-07T05:00"))
    await empty.write(lambda t: keep(t, history(Series("acme", LINE, CALL)) + seen))
    house = House(empty)

    [decision] = (await house.look()).values()
    assert (decision.verdict.state, await house.pages()) == (State.UNKNOWN, [])
    assert "nobody was counting" in decision.verdict.why


async def test_what_was_to_come_in_a_gap_is_not_said_to_have_been_missed(empty: Database) -> None:
    seen = looks(at("2026-06-01T00:00"), at("2026-07-07T05:00")) + looks(at("2026-07-07T08:00"), at("2026-07-07T08:30"))
    await empty.write(lambda t: keep(t, history(Series("acme", LINE, CALL)) + seen))
    house = House(empty, now=at("2026-07-07T08:29"))
    await house.look()
    [line] = await house.overview()

    assert line.sentence.startswith(
        "Normal: No call since Mon 06 Jul 15:50 CDT; 1.2 expected by now in the time that was "
    )
    uncounted = [hour.start for hour in line.today[CALL] if not hour.counted]
    assert uncounted == [int(at(f"2026-07-07T{hour:02}:00")) for hour in range(5, 8)]
    assert today([line], house.clock.now())[1] == pytest.approx(1.0, abs=0.1), "six to eight were not counted"


async def test_a_clock_that_jumped_is_not_known_and_ends_no_page(database: Database) -> None:
    house = await begun(database)
    await house.look()
    house.clock._now += 3 * 86_400.0
    assert await house.state() is State.UNKNOWN
    assert await house.open() == {("silence", LINE)}

    house.clock._now -= 3 * 86_400.0
    assert await house.state() is State.UNKNOWN, "it jumped back"
    assert await house.state() is State.SILENT
    assert await house.open() == {("silence", LINE)}


async def test_a_closed_day_is_no_silence(database: Database) -> None:
    house = await begun(database, replace(ACME, closed=frozenset({TODAY})))

    assert await house.state() is State.NORMAL
    assert await house.pages() == []


@pytest.mark.parametrize("came", [False, True], ids=["nothing came yet", "a call came"])
async def test_the_first_day_of_a_new_line_is_learning(empty: Database, came: bool) -> None:
    house = House(empty)
    if came:
        await house.call(LINE)
    await house.look()
    [decision] = (await house.look()).values()

    assert decision.verdict.state is State.LEARNING
    assert ("14 more days" if came else "nothing has come in yet") in decision.verdict.why
    assert await house.pages() == []


async def test_a_line_that_moved_businesses_begins_anew(database: Database) -> None:
    zenith = Watched("zenith", "Zenith", CHICAGO, (LINE,))
    house = await begun(database)
    await house.look()
    assert await house.open() == {("silence", LINE)}

    house.again(replace(ACME, lines=()), zenith)
    decisions = await house.look()
    assert decisions[LINE].verdict.state is State.LEARNING
    assert await house.open() == set()

    await house.call(LINE, business="zenith")
    assert (await house.look())[LINE].verdict.state is State.LEARNING
    house.again(ACME, replace(zenith, lines=()))
    house.clock.advance(3_600)
    await house.call(LINE)
    assert (await house.look())[LINE].verdict.state is State.LEARNING, "and anew when it comes back"


async def test_the_page_of_a_line_that_is_in_no_file_any_more_ends(database: Database) -> None:
    house = await begun(database)
    await house.look()
    house.again(replace(ACME, lines=(SECOND,)))
    await house.look()

    assert await house.open() == set()


async def test_two_silent_lines_of_one_business_are_one_page(database: Database) -> None:
    await database.write(lambda t: keep(t, history(Series("acme", SECOND, CALL))))
    house = await begun(database, replace(ACME, lines=(LINE, SECOND)))
    decisions = await house.look()

    assert {key: one.verdict.state for key, one in decisions.items()} == dict.fromkeys(
        (LINE, SECOND, "acme"), State.SILENT
    )
    assert await house.open() == {("silence", "acme")}


async def test_texts_that_stay_away_are_a_silence_though_calls_come(database: Database) -> None:
    await database.write(lambda t: keep(t, history(Series("acme", LINE, TEXT))))
    house = await begun(database)
    await house.call(LINE)
    decision = (await house.look())[LINE]

    assert (decision.verdict.state, decision.channel) == (State.SILENT, TEXT)
    assert "No text since" in (await house.pages())[0].page.body


async def test_a_line_shows_its_day_and_how_long_silence_would_take(database: Database) -> None:
    house = await begun(database, now=at("2026-07-07T08:00"))
    await house.call(LINE)
    await house.look()
    [line] = await house.overview()
    hours = {hour.start: hour for hour in line.today[CALL]}
    eight = hours[int(at("2026-07-07T08:00"))]

    assert (line.business, line.line, line.state, len(hours)) == ("acme", LINE, "normal", 24)
    assert (eight.count, eight.low, eight.high >= 4) == (1, 0, True)
    assert eight.expected == pytest.approx(2.0, rel=0.15)
    assert line.certain_in_s is not None
    assert line.sentence.endswith("for another 22.0 h, until Wed 08 Jul 06:01 CDT.")
    assert line.false_a_year == pytest.approx(1.3, abs=0.2)
    assert 3 * 3_600 < line.certain_in_s < 24 * 3_600
    assert line.sentence.startswith("Normal: No call since Tue 07 Jul 08:00 CDT")
    assert line.as_json()["today"][CALL][8]["count"] == 1


async def test_an_overview_that_nobody_keeps_up_does_not_say_normal(database: Database) -> None:
    house = await begun(database)
    house.clock.advance(3_600)
    [line] = await house.overview()

    assert (line.state, line.certain_in_s) == ("unknown", None)
    assert line.sentence == "Not known: nobody has been counting."


async def test_metrics_show_the_state_and_no_number(database: Database) -> None:
    await (await begun(database)).look()
    shown = metrics.render()[0].decode()

    assert LINE not in shown
    assert f'readback_volume_state{{business="acme",line="{masked_phone(LINE)}"}} 1.0' in shown.splitlines()


async def test_every_look_is_kept(empty: Database) -> None:
    house = House(empty)
    await house.look()
    watch = await empty.read(lambda c: volume_counts.watched(c, int(ELEVEN), house.clock.now()))

    assert watch.until == house.clock.now()


async def test_what_many_lines_are_is_shown_in_several_turns_of_the_loop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[float] = []
    turns: Counter[int] = Counter()
    many = [Watched(f"b{number}", "", CHICAGO, (LINE,)) for number in range(250)]
    monkeypatch.setattr(pieces, "MOST_REST_S", 0.0)
    monkeypatch.setattr(metrics, "set_volume", lambda *_: turns.update([len(held)]))

    await Turns(House(database, *many).watch.look(), held)

    assert sorted(turns.values()) == [50, 100, 100]

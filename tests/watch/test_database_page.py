"""The page of a database that does not answer: after a while, by one process of a machine, and its end."""

import os
import time
from pathlib import Path

import pytest

from app.db.engine import Database, DatabaseUnavailableError
from app.watch.alarms import Alarms
from app.watch.book import Book
from app.watch.database_page import HANDED_ON_S, NO_WRITES, PAGE_AFTER_S, TITLE, DatabasePage, Turn, trouble
from app.watch.escalation import QUIET_S
from app.watch.notify import CAUSE_GONE
from app.watch.outage_hand import Hand
from app.watch.pages import listed
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened, without_room
from tests.watch.test_alarms import ScriptedNotifier, soon

PUBLIC = "https://voice.example"


class Scripted:
    """A database that answers or does not."""

    away = False
    moved = False
    full = False

    async def read(self, work: object) -> int:
        if self.away:
            raise DatabaseUnavailableError("no answer")
        return 1

    def is_there(self) -> bool:
        return not self.moved

    async def prove(self) -> None:
        if self.full:
            raise DatabaseUnavailableError("OperationalError: database or disk is full")


class Watched:
    """One process: its page, its receivers."""

    def __init__(self, folder: Path, clock: FakeClock, database: Scripted, book: Book | None = None) -> None:
        self.notifier = ScriptedNotifier()
        self.alarms = Alarms(self.notifier, ("ops",), clock, book=book)
        hand = Hand("x", b"secret", PUBLIC, folder)
        turn = Turn("sqlite:///x", folder)
        self.page = DatabasePage(database, self.alarms, clock, turn, hand)  # type: ignore[arg-type]
        self.alarms.start()

    async def stop(self) -> None:
        await self.page.stop()
        await self.alarms.stop()


@pytest.mark.parametrize(("how", "title"), [("away", TITLE), ("moved", TITLE), ("full", NO_WRITES)])
async def test_it_rings_after_a_while_and_once_and_tells_the_end(tmp_path: Path, how: str, title: str) -> None:
    clock, database = FakeClock(), Scripted()
    one = Watched(tmp_path, clock, database)
    assert await one.page.look()
    setattr(database, how, True)
    assert not await one.page.look()
    clock.advance(PAGE_AFTER_S - 1)
    await one.page.look()
    assert not one.notifier.tries
    clock.advance(1)
    await one.page.look()
    await one.page.look()
    await one.notifier.wait_for("ops", 1)
    setattr(database, how, False)
    assert await one.page.look()
    await soon(lambda: (title, CAUSE_GONE) in one.notifier.ends["ops"])
    await one.stop()
    assert [rung for rung, _ in one.notifier.tries["ops"]] == [title]
    assert [end for end in one.notifier.ends["ops"] if end[1]] == [(title, CAUSE_GONE)]


async def test_it_is_told_again_every_round_while_it_lasts_with_cause_and_remedy(tmp_path: Path) -> None:
    clock, database = FakeClock(), Scripted()
    one = Watched(tmp_path, clock, database)
    database.away = True
    await one.page.look()
    clock.advance(PAGE_AFTER_S)
    for told, quiet_s in enumerate((*QUIET_S, QUIET_S[-1]), start=1):
        await one.page.look()
        await one.notifier.wait_for("ops", told)
        await soon(lambda: not one.alarms.on_their_way)
        clock.advance(quiet_s - 1)
        await one.page.look()
        assert len(one.notifier.tries["ops"]) == told
        clock.advance(1)
    bodies = [body for _, body in one.notifier.tries["ops"]]
    assert all(body.startswith("Since ") and "Cause: no answer. See that it runs" in body for body in bodies)
    assert len({body.partition(": ")[0] for body in bodies}) == 1, "each says when it began"
    await one.stop()


async def test_who_takes_it_in_any_process_is_told_no_more_until_its_end(tmp_path: Path) -> None:
    clock, database = FakeClock(), Scripted()
    teller, asked = Watched(tmp_path, clock, database), Watched(tmp_path, clock, database)
    assert asked.page.take("Dana") is None, "there is nothing to take"
    database.away = True
    for seconds in (0.0, PAGE_AFTER_S):
        clock.advance(seconds)
        for each in (teller, asked):
            await each.page.look()
    await teller.notifier.wait_for("ops", 1)
    standing = asked.page.standing()
    assert standing is not None
    assert (standing.status, standing.page.title, standing.raised_at) == ("open", TITLE, clock.now() - PAGE_AFTER_S)
    assert "until somebody takes it" in standing.page.body
    for by in ("Dana", "Lee"):
        taken = asked.page.take(by)
        assert taken is not None
        assert (taken.status, taken.acknowledged_by, taken.acknowledged_at) == ("acknowledged", "Dana", clock.now())
    for quiet_s in QUIET_S:
        clock.advance(quiet_s)
        for each in (teller, asked):
            await each.page.look()
    await soon(lambda: not teller.alarms.on_their_way)
    told = [body for _, body in teller.notifier.tries["ops"]]
    assert len(told) == 2, "once to wake somebody, and once to say that it is in hand"
    past = teller.alarms.past("database_down", "database")
    assert past is not None
    assert past.acknowledged_by == "Dana"
    database.away = False
    for each in (teller, asked):
        await each.page.look()
    assert asked.page.standing() is None
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".taken")]
    database.away = True
    clock.advance(1)
    await asked.page.look()
    again = asked.page.standing()
    assert again is not None
    assert again.status == "open", "the next outage is in nobody's hand"
    for each in (teller, asked):
        await each.stop()


async def test_without_an_address_it_says_by_which_command_it_is_taken(tmp_path: Path) -> None:
    clock, database = FakeClock(), Scripted()
    page = DatabasePage(database, Alarms(ScriptedNotifier(), (), clock), clock, Turn("x", tmp_path), Hand("x"))  # type: ignore[arg-type]
    database.away = True
    await page.look()
    standing = page.standing()
    assert standing is not None
    assert "`readback pages ack database`" in standing.page.body


async def test_a_short_absence_wakes_nobody(tmp_path: Path) -> None:
    clock, database = FakeClock(), Scripted()
    one = Watched(tmp_path, clock, database)
    for away in (True, False, True, False):
        database.away = away
        await one.page.look()
        clock.advance(PAGE_AFTER_S - 1)
    await one.stop()
    assert not one.notifier.tries


async def test_of_several_processes_one_tells_and_another_when_that_one_is_gone(tmp_path: Path) -> None:
    clock, database = FakeClock(), Scripted()
    first, second = Watched(tmp_path, clock, database), Watched(tmp_path, clock, database)
    database.away = True
    for each in (first, second):
        await each.page.look()
    clock.advance(PAGE_AFTER_S)
    for each in (first, second):
        await each.page.look()
    await first.notifier.wait_for("ops", 1)
    assert not second.notifier.tries
    await first.stop()
    await second.page.look()
    await second.notifier.wait_for("ops", 1)
    await second.stop()


async def test_who_took_an_outage_has_it_also_when_another_process_goes_on_telling(tmp_path: Path) -> None:
    """As `readback pages ack database` takes it, which knows of the outage what is told of it."""
    clock, database, hand = FakeClock(), Scripted(), Hand("x", folder=tmp_path)
    first, second = Watched(tmp_path, clock, database), Watched(tmp_path, clock, database)
    began_at = clock.now()
    database.away = True
    for seconds in (0, PAGE_AFTER_S):
        clock.advance(seconds)
        for each in (first, second):
            await each.page.look()
    turn = Turn("sqlite:///x", tmp_path)
    assert turn.is_anothers()
    hand.take("Dana", since=turn.since(), now=clock.now())
    await first.stop()
    clock.advance(60.0)
    await second.page.look()
    assert turn.since() == pytest.approx(began_at)
    assert hand.take("Lee", since=turn.since(), now=clock.now()).by == "Dana"
    await second.stop()


async def test_a_process_that_starts_in_the_middle_of_it_asks_nobody_who_has_it_and_tells_its_end(
    tmp_path: Path,
) -> None:
    clock, database, hand = FakeClock(), Scripted(), Hand("x", folder=tmp_path)
    began_at, first = clock.now(), Watched(tmp_path, clock, database)
    database.away = True
    for seconds in (0.0, PAGE_AFTER_S):
        clock.advance(seconds)
        await first.page.look()
    await first.notifier.wait_for("ops", 1)
    clock.advance(60.0)
    await first.page.look()
    later = Watched(tmp_path, clock, database)
    await later.page.look()
    assert later.page.take("Dana").raised_at == pytest.approx(began_at)  # type: ignore[union-attr]
    await first.stop()
    for seconds in (PAGE_AFTER_S, QUIET_S[0], QUIET_S[1]):
        clock.advance(seconds)
        await later.page.look()
    assert hand.take("Lee", since=Turn("sqlite:///x", tmp_path).since(), now=clock.now()).by == "Dana"
    database.away = False
    await later.page.look()
    await soon(lambda: bool(later.notifier.ends["ops"]))
    assert not later.notifier.tries
    database.away = True  # another outage, a moment later: nobody has that
    began_at = clock.now()
    for seconds in (0.0, PAGE_AFTER_S):
        clock.advance(seconds)
        await later.page.look()
    await later.notifier.wait_for("ops", 1)
    assert Turn("sqlite:///x", tmp_path).since() == pytest.approx(began_at)
    await later.stop()


@pytest.mark.parametrize("began_later", [False, True])
async def test_the_end_is_told_though_whoever_told_of_it_is_gone(tmp_path: Path, *, began_later: bool) -> None:
    """It was stopped in the middle of the outage, and the next one that looks finds the database well."""
    clock, database = FakeClock(), Scripted()
    first, next_one = Watched(tmp_path, clock, database), Watched(tmp_path, clock, database)
    database.away = True
    for seconds in (0.0, PAGE_AFTER_S):
        clock.advance(seconds)
        await first.page.look()
        if not began_later:
            await next_one.page.look()
    await first.notifier.wait_for("ops", 1)
    await first.stop()
    database.away = False
    third = Watched(tmp_path, clock, database)
    for each in (next_one, third, next_one, third):
        await each.page.look()
    await soon(lambda: bool(next_one.notifier.ends["ops"]))
    await next_one.stop()
    await third.stop()
    assert next_one.notifier.ends["ops"] == [(TITLE, CAUSE_GONE)]
    assert all(words == "" for _, words in third.notifier.ends["ops"])
    assert not next_one.notifier.tries


@pytest.mark.parametrize("what", ["never told", "asked about", "told and over", "read by somebody since"])
async def test_without_an_outage_that_was_told_of_nobody_hears_of_an_end(tmp_path: Path, what: str) -> None:
    clock, database, turn = FakeClock(time.time()), Scripted(), Turn("sqlite:///x", tmp_path)
    if what == "asked about":
        assert not turn.is_anothers()
    if what in ("told and over", "read by somebody since"):
        assert turn.take()
        turn.note(clock.now() - 60.0, clock.now())
        turn.over()
        turn.give_up()
    if what == "read by somebody since":  # a backup, say: the file has another time of access then
        os.utime(turn._file, (clock.now(), clock.now() - 60.0))
    assert turn.began(clock.now()) == clock.now()
    one = Watched(tmp_path, clock, database)
    await one.page.look()
    await one.stop()
    assert one.notifier.ends["ops"] == [(TITLE, "")], "only a service that keeps incidents closes what it may have"


async def test_an_outage_that_nobody_saw_for_a_minute_is_another_one(tmp_path: Path) -> None:
    clock, database, hand = FakeClock(), Scripted(), Hand("x", folder=tmp_path)
    first = Watched(tmp_path, clock, database)
    database.away = True
    for seconds in (0.0, PAGE_AFTER_S):
        clock.advance(seconds)
        await first.page.look()
    hand.take("Dana", since=clock.now(), now=clock.now())
    await first.stop()
    clock.advance(HANDED_ON_S + 1.0)
    later = Watched(tmp_path, clock, database)
    for seconds in (0.0, PAGE_AFTER_S):
        clock.advance(seconds)
        await later.page.look()
    await later.notifier.wait_for("ops", 1)
    await later.stop()


async def test_an_outage_of_which_whoever_told_was_killed_is_in_the_list_with_who_had_it(
    tmp_path: Path, database_url: str
) -> None:
    clock, database = FakeClock(time.time()), Scripted()
    first = Watched(tmp_path, clock, database)
    database.away = True
    began_at = clock.now()
    for seconds in (0.0, PAGE_AFTER_S):
        clock.advance(seconds)
        await first.page.look()
    await first.notifier.wait_for("ops", 1)
    clock.advance(1.0)
    first.page.take("Dana")
    await first.stop()
    clock.advance(600.0)
    database.away = False
    async with opened(database_url) as real:
        others = [Watched(tmp_path, clock, database, Book(real, {}, clock, lambda: None)) for _ in range(2)]
        for each in (*others, *others):
            await each.page.look()
        await soon(lambda: bool(others[0].notifier.ends["ops"]))
        for each in others:
            await each.stop()
        (kept,) = await real.read(lambda c: listed(c, all_of_them=True))
    assert (kept.page.kind, kept.page.title, kept.status) == ("database_down", TITLE, "resolved")
    assert (kept.raised_at, kept.changed_at) == (pytest.approx(began_at, abs=0.01), clock.now())
    assert (kept.acknowledged_by, kept.progress.heard()) == ("Dana", False)
    assert "ended before it was over" in kept.page.body


async def test_who_finds_it_well_a_little_later_does_not_ring_again(tmp_path: Path) -> None:
    clock, database, other = FakeClock(), Scripted(), Scripted()
    first, second = Watched(tmp_path, clock, database), Watched(tmp_path, clock, other)
    database.away = other.away = True
    for seconds in (0, PAGE_AFTER_S):
        clock.advance(seconds)
        for each in (first, second):
            await each.page.look()
    database.away = False
    await first.page.look()
    await second.page.look()
    clock.advance(PAGE_AFTER_S)
    await first.page.look()
    await second.page.look()
    await second.notifier.wait_for("ops", 1)  # it is away for this one alone
    await first.stop()
    await second.stop()
    assert len(first.notifier.tries["ops"]) == 1
    assert len(second.notifier.tries["ops"]) == 1


async def test_what_others_cannot_do_with_it_is_told_as_well(tmp_path: Path) -> None:
    clock = FakeClock()
    one = Watched(tmp_path, clock, Scripted())
    one.page.hears("Nothing can be settled.")
    assert not await one.page.look()
    clock.advance(PAGE_AFTER_S)
    await one.page.look()
    await one.notifier.wait_for("ops", 1)
    one.page.hears("")
    assert await one.page.look()
    await soon(lambda: bool(one.notifier.ends["ops"]))
    await one.stop()


async def test_a_lock_that_cannot_be_had_keeps_no_page_back(tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("")
    turn = Turn("sqlite:///x", tmp_path / "no folder")
    assert turn.take()
    turn.give_up()


async def test_a_real_database_answers(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url, lambda *_: None)
    await database.start()
    clock = FakeClock()
    page = DatabasePage(
        database, Alarms(ScriptedNotifier(), (), clock), clock, Turn(sqlite_url, tmp_path), Hand("x", folder=tmp_path)
    )
    assert await page.look()
    await database.stop()


async def test_a_full_disk_is_told_by_the_driver_s_own_words(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        assert await trouble(database) is None
        with without_room():
            found = await trouble(database)
        assert found is not None
        title, body = found
        assert title == NO_WRITES
        assert "disk" in body
        assert "Make room" in body

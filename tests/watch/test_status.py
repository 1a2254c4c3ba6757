"""The copy that the public reads: what is in it, what never is, and that it says so when it is old."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from app.db.engine import Database
from app.db.opening import database_file
from app.watch import incidents, pages, status
from app.watch.incidents import Impact, Incident, Opening, Said, State
from app.watch.pages import Page
from app.watch.status import HISTORY_DAYS, STALE_AFTER_S, Board, Copy
from app.watch.status_kept import Keep, Told
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened

MINUTE = 60.0
DAY = 86_400.0
OPENING = Opening("Texts arrive late", parts=("texts",), impact=Impact.MAJOR)


class Outside:
    """The public, looking at the board of one process."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, FakeClock()
        self.board = Board(database, self.clock, "urn:uuid:0")

    async def open(self, opening: Opening = OPENING) -> Incident:
        now = self.clock.now()
        return await self.database.write(lambda t: incidents.opened(t, opening, by="Rosa Night", now=now))

    async def say(self, incident: Incident, what: Said) -> None:
        now = self.clock.now()
        await self.database.write(lambda t: incidents.said(t, incident.id, what, by="Rosa Night", now=now))

    async def seen(self) -> Copy:
        await self.board.refresh()
        return self.board.copy()


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[Outside]:
    async with opened(database_url) as database:
        yield Outside(database)


async def test_the_public_sees_each_step(outside: Outside) -> None:
    assert (await outside.seen()).open == ()
    incident = await outside.open()
    assert [notice.title for notice in (await outside.seen()).open] == ["Texts arrive late"]
    outside.clock.advance(MINUTE)
    await outside.say(incident, Said("Over.", State.RESOLVED))
    copy = await outside.seen()
    assert copy.open == ()
    [notice] = copy.resolved
    assert [(line.state, line.words) for line in notice.lines] == [
        ("investigating", "We are looking into it."),
        ("resolved", "Over."),
    ]


async def test_no_name_no_business_and_no_page_is_in_the_copy(outside: Outside) -> None:
    page = Page("texts_late", "k", "internal words", "b", "acme-pest")
    await outside.database.write(lambda t: pages.raised(t, page, now=1.0))
    [kept] = await outside.database.read(pages.listed)
    await outside.open(replace(OPENING, page=kept.id))
    copy = await outside.seen()
    assert copy.open[0].for_some
    for private in ("Rosa", "acme-pest", kept.id, "internal words"):
        assert private not in repr(copy)
    assert {"business", "by", "page", "opened_by"}.isdisjoint(field.name for field in fields(copy.open[0]))


async def test_history_is_kept_for_ninety_days_though_nothing_is_written_meanwhile(outside: Outside) -> None:
    await outside.say(await outside.open(), Said("Over.", State.RESOLVED))
    await outside.open(replace(OPENING, title="Still open"))
    outside.clock.advance(HISTORY_DAYS * DAY)
    copy = await outside.seen()
    assert [len(copy.resolved), len(copy.open)] == [1, 1]
    outside.clock.advance(2)
    copy = await outside.seen()
    assert (copy.resolved, [notice.title for notice in copy.open]) == ((), ["Still open"])


async def test_looking_reads_nothing_and_the_copy_stays_the_same_object_within_a_minute(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outside.open()
    first = await outside.seen()
    assert first.as_of == 1_795_000_000 // 60 * 60
    outside.clock.advance(5)
    assert await outside.seen() is first

    async def asked(*_: object, **__: object) -> None:
        raise AssertionError("whoever looks costs no read")

    monkeypatch.setattr(outside.database, "read", asked)
    assert [outside.board.copy() for _ in range(3)] == [first] * 3


async def test_a_database_that_does_not_answer_leaves_what_was_known_and_comes_back(outside: Outside) -> None:
    await outside.open()
    known = await outside.seen()
    executed(outside.database.url.replace("+psycopg", ""), "ALTER TABLE incident_updates RENAME TO away")
    outside.clock.advance(5 * MINUTE)
    lost = await outside.seen()
    assert (lost.open, lost.as_of, lost.reached) == (known.open, known.as_of, False)
    executed(outside.database.url.replace("+psycopg", ""), "ALTER TABLE away RENAME TO incident_updates")
    back = await outside.seen()
    assert (back.open, back.reached, back.as_of) == (known.open, True, known.as_of + 300 if known.as_of else None)


async def test_what_is_not_refreshed_says_so_whatever_the_reason(outside: Outside) -> None:
    assert (await outside.seen()).reached
    outside.clock.advance(STALE_AFTER_S)
    assert outside.board.copy().reached
    outside.clock.advance(1)
    assert not outside.board.copy().reached
    assert (await outside.seen()).reached


async def test_nothing_is_known_of_a_database_that_never_answered(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        await asyncio.to_thread(Path(database_file(sqlite_url) or "").unlink)
        board = Board(database, FakeClock(), "urn:uuid:0")
        await board.refresh()
        assert board.copy() == Copy()


async def test_the_background_brings_it_and_ends(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "REFRESH_EVERY_S", 0.01)
    await outside.board.start()
    assert outside.board.copy().reached, "the first who asks is told something"
    await outside.open()
    for _ in range(1_000):
        if outside.board.copy().open:
            break
        await outside.database.read(lambda _: None)
    assert outside.board.copy().open
    await outside.board.stop()


async def test_what_is_shown_has_a_bound(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "MOST_OPEN", 2)
    monkeypatch.setattr(status, "MOST_RESOLVED", 1)
    for number in range(3):
        outside.clock.advance(1)
        await outside.open(replace(OPENING, title=f"Open {number}"))
        await outside.say(await outside.open(replace(OPENING, title=f"Over {number}")), Said("Over.", State.RESOLVED))
    copy = await outside.seen()
    assert [notice.title for notice in (*copy.open, *copy.resolved)] == ["Open 2", "Open 1", "Over 2"]


@pytest.mark.parametrize(("most", "characters", "left"), [(2, 1_000, 2), (9, 10, 1), (9, 1, 1), (9, 1_000, 4)])
async def test_what_is_said_of_one_has_a_bound_and_the_newest_stays(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, most: int, characters: int, left: int
) -> None:
    monkeypatch.setattr(status, "MOST_LINES", most)
    monkeypatch.setattr(status, "MOST_CHARACTERS", characters)
    async with opened(sqlite_url) as database:
        outside = Outside(database)
        incident = await outside.open()
        for number in range(3):
            await outside.say(incident, Said(f"Word {number}"))
        [notice] = (await outside.seen()).open
    assert (len(notice.lines), notice.earlier, notice.lines[-1].words) == (left, 4 - left, "Word 2")


async def test_a_look_that_finds_nothing_new_reads_no_incident(outside: Outside) -> None:
    incident = await outside.open()
    said, found = await outside.database.read(lambda c: status._read(c, 0.0, -1))
    assert (said, [one.id for one in found or ()]) == (1, [incident.id])
    assert await outside.database.read(lambda c: status._read(c, 0.0, said)) == (1, None)
    await outside.say(incident, Said("Nothing new."))
    said, found = await outside.database.read(lambda c: status._read(c, 0.0, said))
    assert (said, found is None) == (2, False)


async def test_what_was_told_last_is_kept_outside_the_database_and_says_that_it_is_old(
    outside: Outside, tmp_path: Path
) -> None:
    keep = Keep(tmp_path / "var" / "status")
    assert keep.read() == Told()
    board = Board(outside.database, outside.clock, "urn:uuid:1", keep=lambda copy: keep.write(Told("urn:uuid:1", copy)))
    incident = await outside.open()
    await outside.say(incident, Said("Nothing new."))
    await board.refresh()
    told = keep.read()
    assert told == Told("urn:uuid:1", replace(board.copy(), reached=False))
    assert [line.words for line in told.copy().open[0].lines] == ["We are looking into it.", "Nothing new."]
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["status"]

    later = Board(outside.database, outside.clock, "urn:uuid:1", known=told.known)
    assert later.copy() is told.known
    await later.refresh()
    assert later.copy() == board.copy()


def test_a_file_that_cannot_be_read_or_written_costs_only_what_it_would_show(tmp_path: Path) -> None:
    file = tmp_path / "status"
    for spoilt in (b"", b"{", b'{"feed": 1}', b"[]", b'{"feed": "x", "known": {"open": [{}]}}'):
        file.write_bytes(spoilt)
        assert Keep(file).read() == Told()
    Keep(file / "below").write(Told())
    assert Keep(file / "below").read() == Told()
    Keep(tmp_path).write(Told())
    assert Keep(tmp_path).read() == Told()
    assert [path.name for path in tmp_path.iterdir()] == ["status"]

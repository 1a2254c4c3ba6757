"""The page about a broken log, up from before a process began: it lasts while its cause does."""

import asyncio
from pathlib import Path

import pytest

from app.audit.anchors import ALARM, Anchoring, note
from app.audit.log import Head, head
from app.watch import pages
from app.watch.alarms import Alarms
from app.watch.book import Book
from app.watch.others import Others
from app.watch.pages import Page
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.test_alarms import ScriptedNotifier, soon


@pytest.mark.parametrize("known", ["before", "during the note", "after the note"])
async def test_a_page_of_before_a_start_lasts_while_its_cause_does(sqlite_url: str, tmp_path: Path, known: str) -> None:
    """Also where a process that had seen nothing yet noted heads over what is wrong."""
    file, clock = tmp_path / "anchors", FakeClock()
    async with opened(sqlite_url) as database:
        await database.write(lambda t: pages.raised(t, Page(*ALARM, "t", "b"), now=clock.now()))
        newest = await database.read(head)
        note(file, Head(newest.seq + 50, "ab" * 32), clock.now())
        note(file, newest, clock.now())
        clock.advance(10.0)
        book = Book(database, {}, clock, lambda: None)
        alarms = Alarms(ScriptedNotifier(), ("own",), clock, book=book)
        alarms._loop, alarms._others = asyncio.get_running_loop(), Others(clock.now())
        anchoring = Anchoring(database, file, clock, alarms)
        if known == "before":
            await alarms._look(book)
        elif known == "during the note":
            read = database.read

            async def read_after_a_look(work: object) -> object:
                database.read = read  # type: ignore[method-assign]
                await alarms._look(book)
                return await read(work)  # type: ignore[arg-type]

            database.read = read_after_a_look  # type: ignore[method-assign, assignment]
        for _ in range(3):
            await anchoring.note()
            await alarms._look(book)
            await soon(lambda: not alarms.on_their_way and not (alarms._keeping and not alarms._keeping.done()))
        await alarms.stop()
        [kept] = await database.read(lambda c: pages.listed(c, all_of_them=True))
        assert kept.status == "open"
        assert alarms.raised(ALARM[0]) == {ALARM[1]}

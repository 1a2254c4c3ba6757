"""A task is paged before it is late and again when it is, and no longer once somebody has done it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.db.engine import Database
from app.jobs.outbox import Again, Job, put
from app.promises.follow_up import AGAIN_AFTER_S, AGAIN_AT_MOST_S, TaskFollowUp
from app.review.tasks import FOLLOW_UP, OURSELVES, Task, closed
from app.review.tasks import opened as open_task
from app.review.tasks import paged as tell_of
from app.watch.pages import SUPERSEDED, Page, acknowledged, listed, resolved
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened
from tests.watch.test_pager import FIRST, OWN, SECOND, THIRD, ScriptedMessenger, pager

HOUR = 3600.0
KEY = "callback:1"
COLUMNS = "SELECT kind, key, due, data, created_at FROM job_outbox"
PHONE = "+15125550142"


@asynccontextmanager
async def following(
    url: str, due_in: float = 4 * HOUR, **more: object
) -> AsyncIterator[tuple[TaskFollowUp, FakeClock, Database]]:
    """An open task, the handler that follows it, and the clock they go by."""
    clock = FakeClock()
    task = Task(KEY, "callback", "acme", "C7K2QM", "Call back.", clock.now() + due_in, PHONE, "the ants", **more)  # type: ignore[arg-type]  # one flag
    async with opened(url) as database:
        await database.write(lambda t: open_task(t, task, now=clock.now()))
        yield TaskFollowUp(database, clock), clock, database


def paged(url: str) -> list[tuple[str, str]]:
    return executed(url, "SELECT kind, status FROM pages ORDER BY raised_at, kind")


async def look(handler: TaskFollowUp) -> Again | None:
    return await handler({"task": KEY})


async def test_the_job_is_noted_with_the_task(database_url: str) -> None:
    async with following(database_url) as (_, clock, database):
        (job,) = executed(database_url, COLUMNS)

        same = Job(FOLLOW_UP, KEY, clock.now() + 3.5 * HOUR, {"task": KEY})
        executed(database_url, "DELETE FROM job_outbox")
        await database.write(lambda t: put(t, same, now=clock.now()))
        (put_there,) = executed(database_url, COLUMNS)

    assert tuple(job) == tuple(put_there)


@pytest.mark.parametrize(
    ("due_in", "warned_after"),
    [
        (40 * HOUR, 39.5 * HOUR),
        (4 * HOUR, 3.5 * HOUR),
        (HOUR, 2700.0),
        (1200.0, 900.0),
        (600.0, 300.0),
        (300.0, 0.0),
        (60.0, 0.0),
        (-5.0, 0.0),
    ],
)
async def test_it_is_paged_a_quarter_of_the_time_ahead_between_five_minutes_and_thirty(
    sqlite_url: str, due_in: float, warned_after: float
) -> None:
    async with following(sqlite_url, due_in) as (_, clock, _):
        ((due,),) = executed(sqlite_url, "SELECT due FROM job_outbox")

    assert due == clock.now() + warned_after


async def test_nobody_is_paged_early_and_everybody_before_it_is_late(database_url: str) -> None:
    async with following(database_url) as (handler, clock, _):
        assert await look(handler) == Again(3.5 * HOUR)
        assert paged(database_url) == []
        clock.advance(3.5 * HOUR)
        for _ in range(2):  # a job may be carried out twice
            assert await look(handler) == Again(HOUR / 2)
        assert paged(database_url) == [("task_due_soon", "open")]
        clock.advance(HOUR / 2)
        for _ in range(2):
            assert await look(handler) == Again(AGAIN_AFTER_S)

    assert paged(database_url) == [("task_due_soon", "resolved"), ("task_late", "open")]


@pytest.mark.parametrize(("late_for", "again"), [(0, 1), (1, 1), (3, 3), (20, 20), (500, 24)])
async def test_a_late_one_is_looked_at_until_it_is_done(sqlite_url: str, late_for: int, again: int) -> None:
    async with following(sqlite_url) as (handler, clock, _):
        clock.advance((4 + late_for) * HOUR)
        found = await look(handler)

    assert found == Again(again * HOUR)
    assert again * HOUR <= AGAIN_AT_MOST_S


@pytest.mark.parametrize("after", [0.0, 3.5 * HOUR, 4 * HOUR, 9 * HOUR])
async def test_what_is_done_pages_nobody(database_url: str, after: float) -> None:
    async with following(database_url) as (handler, clock, database):
        clock.advance(after)
        await look(handler)
        assert await database.write(lambda t: closed(t, KEY, by="Dana", now=clock.now()))
        clock.advance(9 * HOUR)
        assert await look(handler) is None

    assert {status for _, status in paged(database_url)} <= {"resolved"}


async def test_to_have_heard_of_it_is_not_to_have_done_it(database_url: str) -> None:
    async with following(database_url) as (handler, clock, _):
        clock.advance(4 * HOUR)
        await look(handler)
        executed(database_url, "UPDATE pages SET status = 'acknowledged'")
        await look(handler)
        assert paged(database_url) == [("task_late", "acknowledged")], "a repeated job does not page at once again"
        clock.advance(AGAIN_AFTER_S)
        await look(handler)

    assert paged(database_url) == [("task_late", "resolved"), ("task_late", "open")]


async def test_who_takes_it_again_and_again_keeps_it_from_nobody_higher_up(database_url: str) -> None:
    """Each page that takes the place of one about the same begins where that had got to."""
    async with following(database_url) as (handler, clock, database):
        messenger = ScriptedMessenger()
        carrying = pager(database, messenger, clock)
        clock.advance(3.5 * HOUR)
        await look(handler)
        await carrying.deliver_due()
        assert messenger.counts() == {OWN: 1, FIRST: 1}
        for level in ((SECOND,), (SECOND, THIRD)):
            clock.advance(HOUR)
            await look(handler)
            await carrying.deliver_due()
            assert {FIRST, *level} <= set(messenger.told)
            assert (THIRD in messenger.told) is (THIRD in level)
            (page,) = [page for page in await database.read(listed) if page.page.kind == "task_late"]
            await database.write(lambda t, page=page: acknowledged(t, page.id, by="Kim", now=clock.now()))  # type: ignore[misc]  # the default only binds it
            await carrying.deliver_due()


async def test_an_urgent_one_is_paged_as_it_is_opened(database_url: str) -> None:
    async with following(database_url, 600.0, urgent=True) as (handler, clock, _):
        assert paged(database_url) == [("task_due_soon", "open")]
        clock.advance(300.0)
        await look(handler)

    assert paged(database_url) == [("task_due_soon", "open")]


def ends(url: str) -> list[tuple[str, str, str]]:
    """Of every page: its kind, its state, and who or what ended it."""
    query = "SELECT kind, status, resolution FROM pages ORDER BY raised_at, kind"
    return [tuple(row) for row in executed(url, query)]


async def test_of_one_task_there_is_one_page_at_a_time_and_its_end_is_told_once(database_url: str) -> None:
    async with following(database_url) as (handler, clock, database):
        for hours in (3.5, 0.5):
            clock.advance(hours * HOUR)
            await look(handler)
        executed(database_url, "UPDATE pages SET status = 'acknowledged' WHERE kind = 'task_late'")
        clock.advance(AGAIN_AFTER_S)
        await look(handler)
        await database.write(lambda t: closed(t, KEY, by="Dana", now=clock.now()))

    assert ends(database_url) == [
        ("task_due_soon", "resolved", SUPERSEDED),
        ("task_late", "resolved", SUPERSEDED),
        ("task_late", "resolved", "Dana"),
    ]


@pytest.mark.parametrize("about", ["C7K2QM", KEY], ids=["about its subject", "about the task alone"])
async def test_a_page_that_tells_of_it_already_is_the_only_one_until_it_is_late(database_url: str, about: str) -> None:
    page = Page("read_back_changed", about, "Read-back mismatch", "moved", "acme")
    async with following(database_url) as (handler, clock, database):
        assert await database.write(lambda t: tell_of(t, KEY, page, now=clock.now()))
        clock.advance(3.5 * HOUR)
        assert await look(handler) == Again(HOUR / 2)
        assert ends(database_url) == [("read_back_changed", "open", "")]
        clock.advance(HOUR / 2)
        await look(handler)
        assert not await database.write(lambda t: tell_of(t, KEY, page, now=clock.now()))
        await database.write(lambda t: closed(t, KEY, by=OURSELVES, now=clock.now()))

    assert ends(database_url) == [("read_back_changed", "resolved", SUPERSEDED), ("task_late", "resolved", "")]


async def test_a_page_that_somebody_resolved_without_doing_the_task_is_followed_by_the_tasks_own(
    database_url: str,
) -> None:
    page = Page("read_back_changed", "C7K2QM", "Read-back mismatch", "moved", "acme")
    async with following(database_url) as (handler, clock, database):
        await database.write(lambda t: tell_of(t, KEY, page, now=clock.now()))
        await database.write(lambda t: resolved(t, page.kind, page.key, by="Kim", now=clock.now()))
        clock.advance(3.5 * HOUR)
        await look(handler)

    assert ends(database_url) == [("read_back_changed", "resolved", "Kim"), ("task_due_soon", "open", "")]


async def test_no_page_and_no_audit_row_says_whom_to_call_or_what_was_said(database_url: str) -> None:
    async with following(database_url) as (handler, clock, _):
        for hours in (3.7, 1.0):
            clock.advance(hours * HOUR)
            await look(handler)

    written = str(executed(database_url, "SELECT title, body FROM pages")) + str(
        executed(database_url, "SELECT data FROM audit")
    )
    assert "C7K2QM" in written
    assert "5550142" not in written
    assert "ants" not in written


async def test_a_task_nobody_knows_is_nobodys(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        assert await TaskFollowUp(database, FakeClock())({"task": "gone"}) is None

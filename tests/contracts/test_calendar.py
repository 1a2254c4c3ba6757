"""What every calendar behind the port must do, whatever is behind it. A new kind is one line in IMPLEMENTATIONS."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, cast
from uuid import uuid4

import pytest

from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.adapters.embedded_calendar import EmbeddedCalendar
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.calendar import Absent, Calendar, Cancelled, Changed, Changes, Event, Refused, Unknown
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.radicale import ACCOUNT, Radicale

HOUR = 3600
DAY = 24 * HOUR
MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z
DANA, LEE, NOBODY = "dana@acme.example", "lee@acme.example", "nobody@acme.example"
WITHIN_S = 5.0


@asynccontextmanager
async def google(_: pytest.FixtureRequest) -> AsyncIterator[Calendar]:
    async with FakeGoogle([DANA, LEE]) as server:
        calendar = GoogleCalendar(GoogleOptions(api_url=server.url))
        await calendar.start()
        try:
            yield calendar
        finally:
            await calendar.close()


@asynccontextmanager
async def embedded(request: pytest.FixtureRequest, url_fixture: str) -> AsyncIterator[Calendar]:
    async with opened(request.getfixturevalue(url_fixture)) as database:
        yield EmbeddedCalendar(database, FakeClock(MORNING))


class Translated:
    """A calendar under the names of this suite, where an implementation has to have names of its own."""

    def __init__(self, calendar: Calendar, names: Mapping[str, str]) -> None:
        self._calendar = calendar
        self._names = names

    def __getattr__(self, verb: str) -> Any:
        async def ask(where: Any, *rest: Any, **named: Any) -> Any:
            if isinstance(where, str):
                return await getattr(self._calendar, verb)(self._names[where], *rest, **named)
            answer = await getattr(self._calendar, verb)([self._names[name] for name in where], *rest, **named)
            return {name: answer[self._names[name]] for name in where}

        return ask


@asynccontextmanager
async def caldav(request: pytest.FixtureRequest) -> AsyncIterator[Calendar]:
    server: Radicale = request.getfixturevalue("radicale")
    names = {name: server.collection(f"{name}-{uuid4().hex}") for name in (DANA, LEE)}
    names[NOBODY] = f"{names[DANA]}nobody/"
    calendar = CaldavCalendar(CaldavOptions(credentials=[(server.url, *ACCOUNT)]))
    await calendar.start()
    try:
        yield cast(Calendar, Translated(calendar, names))
    finally:
        await calendar.close()


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with Radicale(tmp_path_factory.mktemp("radicale"), password=True) as server:
        yield server


IMPLEMENTATIONS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Calendar]]] = {
    "google": google,
    "caldav": caldav,
    "embedded on sqlite": partial(embedded, url_fixture="sqlite_url"),
    "embedded on postgresql": partial(embedded, url_fixture="postgres_url"),
}
"""Each yields a started calendar that has the two empty calendars DANA and LEE."""

FORGETTING = {"caldav"}
"""What is deleted there leaves no trace: read by id it is absent, and its id is as good as new."""

MADE_BY_NAME = {"embedded on sqlite", "embedded on postgresql"}
"""There every name is a calendar, so that none can be missing or no longer be shared."""


@pytest.fixture(params=IMPLEMENTATIONS)
async def calendar(request: pytest.FixtureRequest) -> AsyncIterator[Calendar]:
    async with IMPLEMENTATIONS[request.param](request) as started:
        yield started


def visit(start: int, end: int, event_id: str = "visit00001", reference: str = "RB-1") -> Event:
    return Event(event_id, start, end, "Inspection: Ann", "Notes", reference)


async def put(calendar: Calendar, name: str, event: Event) -> Event:
    written = await calendar.book(name, event, within_s=WITHIN_S)
    assert isinstance(written, Event)
    return written


async def busy(calendar: Calendar, name: str, start: int, end: int) -> object:
    return (await calendar.free([name], start, end, within_s=WITHIN_S))[name]


async def test_an_empty_calendar_is_free(calendar: Calendar) -> None:
    answer = await calendar.free([DANA, LEE], MORNING, MORNING + DAY, within_s=WITHIN_S)
    assert dict(answer) == {DANA: (), LEE: ()}


async def test_no_calendars_is_no_answer(calendar: Calendar) -> None:
    assert dict(await calendar.free([], MORNING, MORNING + DAY, within_s=WITHIN_S)) == {}


async def test_a_booked_visit_is_busy_on_its_own_calendar_only(calendar: Calendar) -> None:
    await put(calendar, DANA, visit(MORNING + HOUR, MORNING + 2 * HOUR))
    answer = await calendar.free([DANA, LEE], MORNING, MORNING + DAY, within_s=WITHIN_S)
    assert dict(answer) == {DANA: ((MORNING + HOUR, MORNING + 2 * HOUR),), LEE: ()}


async def test_busy_time_is_sorted_merged_and_clipped(calendar: Calendar) -> None:
    for number, (start, end) in enumerate([(5, 6), (1, 2), (2, 3), (-1, 1), (23, 26), (30, 31)]):
        await put(calendar, DANA, visit(MORNING + start * HOUR, MORNING + end * HOUR, f"visit0000{number}"))
    found = await busy(calendar, DANA, MORNING, MORNING + DAY)
    hours = [((start - MORNING) / HOUR, (end - MORNING) / HOUR) for start, end in found]  # type: ignore[attr-defined]
    assert hours == [(0, 3), (5, 6), (23, 24)]


@pytest.mark.parametrize(("start", "end"), [(0, 1), (2, 3)])
async def test_a_visit_does_not_block_what_only_touches_it(calendar: Calendar, start: int, end: int) -> None:
    await put(calendar, DANA, visit(MORNING + HOUR, MORNING + 2 * HOUR))
    assert await busy(calendar, DANA, MORNING + start * HOUR, MORNING + end * HOUR) == ()
    listed = await calendar.events(DANA, MORNING + start * HOUR, MORNING + end * HOUR, within_s=WITHIN_S)
    assert listed == ()


async def test_events_are_those_that_overlap_sorted_by_start(calendar: Calendar) -> None:
    for number, (start, end) in enumerate([(5, 6), (1, 4), (3, 5), (8, 9)]):
        await put(calendar, DANA, visit(MORNING + start * HOUR, MORNING + end * HOUR, f"visit0000{number}"))
    listed = await calendar.events(DANA, MORNING + 3 * HOUR, MORNING + 6 * HOUR, within_s=WITHIN_S)
    assert isinstance(listed, tuple)
    assert [event.id for event in listed] == ["visit00001", "visit00002", "visit00000"]


async def test_what_was_booked_is_what_is_read(calendar: Calendar) -> None:
    wanted = visit(MORNING, MORNING + HOUR)
    written = await put(calendar, DANA, wanted)
    read = await calendar.get(DANA, wanted.id, within_s=WITHIN_S)
    assert read == written
    assert isinstance(read, Event)
    same = (read.id, read.start, read.end, read.summary, read.description, read.reference)
    assert same == (wanted.id, wanted.start, wanted.end, wanted.summary, wanted.description, wanted.reference)
    assert read.etag
    assert read.opaque
    assert not read.cancelled


async def test_booking_the_same_visit_again_writes_nothing_more(calendar: Calendar) -> None:
    first = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    second = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    assert first == second
    assert await calendar.events(DANA, MORNING, MORNING + DAY, within_s=WITHIN_S) == (first,)


@pytest.mark.parametrize(
    "other",
    [
        visit(MORNING, MORNING + HOUR, reference="RB-2"),
        visit(MORNING + HOUR, MORNING + 2 * HOUR),
        visit(MORNING, MORNING + 2 * HOUR),
    ],
    ids=["other reference", "other hour", "other length"],
)
async def test_an_id_in_use_by_another_visit_is_refused(calendar: Calendar, other: Event) -> None:
    first = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    assert isinstance(await calendar.book(DANA, other, within_s=WITHIN_S), Refused)
    assert await calendar.get(DANA, first.id, within_s=WITHIN_S) == first


async def test_an_event_that_never_was_is_absent(calendar: Calendar) -> None:
    assert await calendar.get(DANA, "never00001", within_s=WITHIN_S) == Absent()


async def test_a_calendar_that_is_not_there_is_not_taken_for_an_empty_one(
    calendar: Calendar, request: pytest.FixtureRequest
) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    if request.node.callspec.params["calendar"] in MADE_BY_NAME:
        pytest.skip("every name is a calendar")
    to = (MORNING + 2 * HOUR, MORNING + 3 * HOUR)
    assert isinstance(await calendar.get(NOBODY, written.id, within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.events(NOBODY, MORNING, MORNING + DAY, within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.cancel(NOBODY, written.id, written.etag, within_s=WITHIN_S), Unknown)
    assert isinstance(await calendar.move(NOBODY, written.id, to, written.etag, within_s=WITHIN_S), Refused)


async def test_a_cancelled_visit_frees_its_time_and_is_seen_as_cancelled(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    assert await calendar.cancel(DANA, written.id, written.etag, within_s=WITHIN_S) == Cancelled()
    assert await busy(calendar, DANA, MORNING, MORNING + DAY) == ()
    assert await calendar.events(DANA, MORNING, MORNING + DAY, within_s=WITHIN_S) == ()
    read = await calendar.get(DANA, written.id, within_s=WITHIN_S)
    assert isinstance(read, Absent) or (isinstance(read, Event) and read.cancelled)


async def test_a_cancelled_visit_is_not_brought_back_by_booking_it_again(
    calendar: Calendar, request: pytest.FixtureRequest
) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    await calendar.cancel(DANA, written.id, "", within_s=WITHIN_S)
    again = await calendar.book(DANA, visit(MORNING, MORNING + HOUR), within_s=WITHIN_S)
    if request.node.callspec.params["calendar"] in FORGETTING:
        assert await calendar.events(DANA, MORNING, MORNING + DAY, within_s=WITHIN_S) == (again,)
    else:
        assert isinstance(again, Refused)


async def test_cancelling_twice_and_cancelling_nothing_both_count_as_cancelled(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    for event_id in (written.id, written.id, "never00001"):
        assert await calendar.cancel(DANA, event_id, "", within_s=WITHIN_S) == Cancelled()


async def test_cancelling_with_an_old_etag_leaves_the_event(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    assert await calendar.cancel(DANA, written.id, '"old"', within_s=WITHIN_S) == Changed()
    assert await calendar.get(DANA, written.id, within_s=WITHIN_S) == written


async def test_a_moved_visit_frees_its_old_time_and_keeps_all_else(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    to = (MORNING + 2 * HOUR, MORNING + 3 * HOUR)
    moved = await calendar.move(DANA, written.id, to, written.etag, within_s=WITHIN_S)
    assert isinstance(moved, Event)
    assert replace(moved, etag=written.etag, sequence=written.sequence) == replace(written, start=to[0], end=to[1])
    assert moved.etag != written.etag
    assert await calendar.get(DANA, written.id, within_s=WITHIN_S) == moved
    assert await busy(calendar, DANA, MORNING, MORNING + DAY) == (to,)


async def test_moving_with_an_old_etag_leaves_the_event(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    to = (MORNING + 2 * HOUR, MORNING + 3 * HOUR)
    assert await calendar.move(DANA, written.id, to, '"old"', within_s=WITHIN_S) == Changed()
    assert await calendar.get(DANA, written.id, within_s=WITHIN_S) == written


async def test_a_move_asked_for_twice_is_one_move(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    to = (MORNING + 2 * HOUR, MORNING + 3 * HOUR)
    first = await calendar.move(DANA, written.id, to, written.etag, within_s=WITHIN_S)
    assert await calendar.move(DANA, written.id, to, written.etag, within_s=WITHIN_S) == first


async def test_what_is_gone_is_not_moved_back_to_life(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    await calendar.cancel(DANA, written.id, "", within_s=WITHIN_S)
    to = (MORNING + 2 * HOUR, MORNING + 3 * HOUR)
    for event_id in (written.id, "never00001"):
        moved = await calendar.move(DANA, event_id, to, written.etag, within_s=WITHIN_S)
        assert isinstance(moved, Absent | Changed)
    assert await busy(calendar, DANA, MORNING, MORNING + DAY) == ()


async def test_changes_tell_what_is_new_since_the_cursor(calendar: Calendar) -> None:
    first = await put(calendar, DANA, visit(MORNING, MORNING + HOUR, "visit00001"))
    start = await calendar.changes(DANA, "", within_s=WITHIN_S)
    assert isinstance(start, Changes)
    assert [event.id for event in start.events] == [first.id]
    second = await put(calendar, DANA, visit(MORNING + HOUR, MORNING + 2 * HOUR, "visit00002"))
    await calendar.cancel(DANA, first.id, "", within_s=WITHIN_S)
    later = await calendar.changes(DANA, start.cursor, within_s=WITHIN_S)
    assert isinstance(later, Changes)
    assert not later.reset
    assert {event.id: event.cancelled for event in later.events} == {first.id: True, second.id: False}
    end = await calendar.changes(DANA, later.cursor, within_s=WITHIN_S)
    assert isinstance(end, Changes)
    assert end.events == ()


async def test_a_cursor_nobody_knows_starts_over(calendar: Calendar) -> None:
    written = await put(calendar, DANA, visit(MORNING, MORNING + HOUR))
    answer = await calendar.changes(DANA, "no-such-cursor", within_s=WITHIN_S)
    assert isinstance(answer, Changes)
    assert answer.reset
    assert answer.events == (written,)

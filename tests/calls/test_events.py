"""Reports about calls: one of each kind per call in whichever order, and no failure reaches the platform."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from app.audit.log import seal
from app.booking.business import Businesses
from app.calls import events as call_events
from app.calls.events import UNREAD, CallEvent, CallEvents
from app.calls.model import CallRef
from app.calls.unread import ReadAgain, StillUnreadError
from app.db.engine import Database
from app.dialects import vapi
from app.jobs import dead_letters
from app.watch import pages
from app.watch.calm import CALM_S
from tests.calls.reception import ACME, audited
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened, soon
from tests.test_log import written

ENDED = "status-update:ended"
BUSINESSES = Businesses({ACME.id: ACME})
KINDS = [ENDED, "end-of-call-report"]


def event(kind: str, call_id: str | None = "c1", reason: str = "customer-ended-call", **body: object) -> CallEvent:
    name, _, status = kind.partition(":")
    return CallEvent(CallRef("vapi", call_id), name, status or None, reason, body)


@asynccontextmanager
async def storing(url: str) -> AsyncIterator[tuple[CallEvents, FakeAlarms, Database]]:
    alarms = FakeAlarms()
    async with opened(url) as database:
        events = CallEvents(database, BUSINESSES, alarms, FakeClock())  # type: ignore[arg-type]  # it rings alike
        yield events, alarms, database
        await events.stop()


def stored(url: str) -> list[tuple[str, str, str]]:
    return executed(url, "SELECT call_id, kind, ended_reason FROM call_events ORDER BY call_id, kind")


@pytest.mark.parametrize("order", list(itertools.permutations(KINDS)), ids=str)
async def test_each_kind_is_kept_once_in_either_order(database_url: str, order: tuple[str, ...]) -> None:
    async with storing(database_url) as (events, alarms, _):
        for kind in (*order, *order):
            await events.store(event(kind, first=True))
            await events.store(event(kind, reason="said again", first=False))

    assert stored(database_url) == [("c1", kind, "customer-ended-call") for kind in sorted(KINDS)]
    assert sorted(row["report"] for row in audited(database_url, "call_reported")) == sorted(KINDS)
    assert alarms.rung == []
    (body,) = executed(database_url, "SELECT DISTINCT body FROM call_events")
    assert orjson.loads(body[0]) == {"first": True}


async def test_other_states_and_other_calls_are_kept_too(database_url: str) -> None:
    async with storing(database_url) as (events, _, _):
        for kind, call_id in (("status-update:in-progress", "c1"), (ENDED, "c1"), (ENDED, "c2")):
            await events.store(event(kind, call_id))

    assert len(stored(database_url)) == 3


async def test_a_report_about_no_call_is_let_go(database_url: str) -> None:
    async with storing(database_url) as (events, alarms, _):
        await events.store(event(ENDED, None))

    assert (stored(database_url), alarms.rung) == ([], [])


async def test_a_report_waits_for_a_database_that_is_away(database_url: str) -> None:
    async with storing(database_url) as (_, alarms, _):
        away = Database(database_url, seal)  # not started: it takes nothing
        late = CallEvents(away, BUSINESSES, alarms, FakeClock())  # type: ignore[arg-type]  # as above
        for kind in (*KINDS, *KINDS):
            await late.store(event(kind))
        assert stored(database_url) == []
        await away.start()
        await soon(lambda: len(stored(database_url)) == len(KINDS))
        await late.stop()
        await away.stop()

    assert alarms.rung == []


async def test_no_more_reports_wait_than_there_is_room_for(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_events, "MOST_WAITING", 2)
    async with storing(sqlite_url) as (events, alarms, database):
        await database.stop()
        for number in range(2):
            await events.store(event(ENDED, f"c{number}"))
        assert alarms.rung == []
        await events.store(event(ENDED, "c2"))
        assert alarms.kinds() == ["call_event_lost"]


async def test_reports_that_wait_take_no_more_room_than_there_is(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_events, "MOST_WAITING_BYTES", 200)
    async with storing(sqlite_url) as (events, alarms, database):
        await database.stop()
        await events.store(event(ENDED, "c0", said="x" * 100))
        assert alarms.rung == []
        await events.store(event(ENDED, "c1", said="x" * 100))
        assert alarms.kinds() == ["call_event_lost"]


async def test_a_report_that_waited_is_of_when_it_came_and_as_it_came(database_url: str) -> None:
    clock, away = FakeClock(), Database(database_url, seal)  # not started: it takes nothing
    async with opened(database_url):
        late = CallEvents(away, BUSINESSES, FakeAlarms(), clock)  # type: ignore[arg-type]  # it rings alike
        came_at = clock.now()
        await late.store(event(ENDED, said="é"))
        clock.advance(3_600.0)
        await away.start()
        await late.stop()
        await away.stop()

    [(at, body)] = executed(database_url, "SELECT at, body FROM call_events")
    assert (at, orjson.loads(body)) == (came_at, {"said": "é"})


async def test_what_waits_and_cannot_be_written_down_rings_and_raises_nothing(sqlite_url: str) -> None:
    async with storing(sqlite_url) as (events, alarms, database):
        await database.stop()
        await events.store(event(ENDED, thing=Unwritable()))
        assert alarms.kinds() == ["call_event_lost"]


async def test_how_many_reports_were_lost_at_the_end_is_in_the_log(sqlite_url: str) -> None:
    with written() as lines:
        async with storing(sqlite_url) as (events, _, database):
            await database.stop()
            for number in range(3):
                await events.store(event(ENDED, f"c{number}"))

    [said] = [line for line in lines.all() if line["level"] == "error"]
    assert (said["event"], said["reports"]) == ("call_events_lost", 3)


async def test_a_database_that_is_gone_rings_once_at_the_end_and_raises_nothing(database_url: str) -> None:
    async with storing(database_url) as (events, alarms, database):
        await database.stop()
        for kind in KINDS:
            await events.store(event(kind))

    assert alarms.kinds() == ["call_event_lost"]


@pytest.mark.parametrize(
    "awkward",
    [
        event(ENDED, "x" * 512),
        event(ENDED, "a\0b", reason="a\0b"),
        event("status-update:" + "s" * 500),
        event("status-update:a\0b"),
        event("end-of-call-report", text="a\0b half \ud83d", number=2**70),
    ],
    ids=["long id", "no text", "long status", "status no text", "body no text"],
)
async def test_whatever_a_platform_sends_is_kept_once(database_url: str, awkward: CallEvent) -> None:
    async with storing(database_url) as (events, alarms, _):
        await events.store(awkward)
        await events.store(awkward)

    assert len(stored(database_url)) == 1
    assert alarms.rung == []


class Unwritable:
    """What no writer knows how to write."""

    def __str__(self) -> str:
        raise RuntimeError("no words for it")


async def test_what_cannot_be_written_down_rings_and_raises_nothing(sqlite_url: str) -> None:
    async with storing(sqlite_url) as (events, alarms, _):
        await events.store(event(ENDED, thing=Unwritable()))

    assert alarms.kinds() == ["call_event_lost"]


async def test_a_database_that_takes_every_other_report_is_one_page(sqlite_url: str) -> None:
    clock, alarms = FakeClock(), FakeAlarms()
    async with opened(sqlite_url) as database:
        events = CallEvents(database, BUSINESSES, alarms, clock)  # type: ignore[arg-type]  # it rings alike
        for number in range(4):
            await events.store(event(ENDED, f"c{number}", thing=Unwritable() if number % 2 == 0 else 1))
            clock.advance(1.0)
        assert alarms.kinds() == ["call_event_lost"]
        assert alarms.ringing() != set()
        clock.advance(CALM_S)
        await events.store(event(ENDED, "c9"))
    assert (alarms.kinds(), alarms.ringing()) == (["call_event_lost"], set())


async def test_a_report_that_says_of_no_call_is_a_dead_letter_once_and_is_read_again(database_url: str) -> None:
    body = {"type": "end-of-call-report", "endedReason": "customer-ended-call", "call": "c9"}
    lost = CallEvent(CallRef("vapi"), "end-of-call-report", None, "customer-ended-call", body)
    async with storing(database_url) as (events, alarms, database):
        for _ in range(2):
            await events.store(lost)
        await events.store(event("status-update:in-progress", None))
        [letter] = await database.read(dead_letters.listed)
        assert (letter.kind, letter.business) == (UNREAD, ACME.id)
        assert "c9" not in letter.cause
        assert [kind for _, kind, _ in stored(database_url)] == [UNREAD], "nobody takes it for a call's"
        assert [kept.page.title for kept in await database.read(pages.listed)] == ["Work given up: call_report"]

        with pytest.raises(StillUnreadError):
            await ReadAgain(database, events, vapi.parse)(letter.data)
        again = ReadAgain(database, events, lambda told: vapi.parse({**told, "call": {"id": told["call"]}}))
        for _ in range(2):
            await again(letter.data)

    assert stored(database_url) == [("c9", "end-of-call-report", "customer-ended-call")]
    assert alarms.rung == []

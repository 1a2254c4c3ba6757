"""What every CRM behind the port must do, whatever is behind it. A new kind is one line in IMPLEMENTATIONS."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from app.adapters.breaker import FAILURES, OPEN_S, Breaker
from app.adapters.crm_hubspot import CrmHubspot
from app.adapters.crm_webhook import CrmWebhook
from app.booking.crm import Absent, Copied, Crm, Different, Refused, Seen, Unknown
from tests.booking.copies import cancelled, copy, moved
from tests.fakes import crm as wrong
from tests.fakes.clock import FakeClock
from tests.fakes.crm import CrmServer, Mishap
from tests.fakes.hubspot import TOKEN, FakeHubspot
from tests.fakes.webhook_receiver import KEY, WebhookReceiver

WITHIN_S = 5.0
SHORT_S = 0.3


@dataclass
class Place:
    """A CRM, the server behind it, where its visits are written, and what it has of them: (booking, cancelled)."""

    crm: Crm
    server: CrmServer
    clock: FakeClock
    writes: str
    reads: str
    visits: Callable[[], list[tuple[str, bool]]]


@asynccontextmanager
async def hubspot(clock: FakeClock) -> AsyncIterator[Place]:
    async with FakeHubspot() as server:
        crm = CrmHubspot(server.url, TOKEN, Breaker(clock), clock)

        def visits() -> list[tuple[str, bool]]:
            meetings = server.account.meetings.values()
            return [(m["readback_booking"], m["hs_meeting_outcome"] == "CANCELED") for m in meetings]

        yield Place(crm, server, clock, "POST /crm/v3/objects/meetings", "GET /crm/v3/objects/meetings", visits)
        await crm.aclose()


@asynccontextmanager
async def webhook(clock: FakeClock) -> AsyncIterator[Place]:
    async with WebhookReceiver(clock.now) as server:
        crm = CrmWebhook(f"{server.url}/in", f"{server.url}/seen/{{booking}}", KEY, Breaker(clock), clock)

        def visits() -> list[tuple[str, bool]]:
            return [(b["booking"], b["status"] == "cancelled") for b in server.inbox.bookings.values()]

        yield Place(crm, server, clock, "POST /in", "GET /seen", visits)
        await crm.aclose()


IMPLEMENTATIONS: dict[str, Callable[[FakeClock], AbstractAsyncContextManager[Place]]] = {
    "hubspot": hubspot,
    "webhook": webhook,
}


@pytest.fixture(params=IMPLEMENTATIONS)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with IMPLEMENTATIONS[request.param](FakeClock()) as made:
        yield made


async def test_what_was_copied_is_seen_and_what_was_not_is_absent(place: Place) -> None:
    visit = copy()
    assert await place.crm.read(visit, within_s=WITHIN_S) == Absent()
    assert isinstance(await place.crm.upsert(visit, within_s=WITHIN_S), Copied)
    assert isinstance(await place.crm.read(visit, within_s=WITHIN_S), Seen)
    assert place.visits() == [(visit.booking.id, False)]


async def test_a_copy_sent_again_changes_nothing(place: Place) -> None:
    visit = copy()
    for _ in range(3):
        assert isinstance(await place.crm.upsert(visit, within_s=WITHIN_S), Copied)
    assert place.visits() == [(visit.booking.id, False)]


async def test_a_moved_visit_is_the_same_visit_at_its_new_time(place: Place) -> None:
    visit = copy()
    later = moved(visit)
    await place.crm.upsert(visit, within_s=WITHIN_S)
    assert isinstance(await place.crm.read(later, within_s=WITHIN_S), Different)
    await place.crm.upsert(later, within_s=WITHIN_S)
    assert isinstance(await place.crm.read(later, within_s=WITHIN_S), Seen)
    assert isinstance(await place.crm.read(visit, within_s=WITHIN_S), Different)
    assert len(place.visits()) == 1


@pytest.mark.parametrize("known", [True, False], ids=["known", "never copied"])
async def test_a_cancelled_visit_stays_as_cancelled(place: Place, known: bool) -> None:
    visit = copy()
    off = cancelled(visit)
    if known:
        await place.crm.upsert(visit, within_s=WITHIN_S)
    await place.crm.upsert(off, within_s=WITHIN_S)
    assert isinstance(await place.crm.read(off, within_s=WITHIN_S), Seen)
    assert place.visits() == [(visit.booking.id, True)]


async def test_a_success_that_wrote_nothing_is_found_by_reading(place: Place) -> None:
    place.server.always_wrong = wrong.WROTE_NOTHING
    visit = copy()
    await place.crm.upsert(visit, within_s=WITHIN_S)
    place.server.always_wrong = None
    assert await place.crm.read(visit, within_s=WITHIN_S) == Absent()


REFUSED_FOR_NOW = [wrong.TOO_MANY, wrong.UNAUTHORIZED]
REFUSED_FOR_GOOD = [wrong.MALFORMED, wrong.GONE, wrong.MOVED_AWAY]
IN_DOUBT = [
    # the mishap of the write, and whether it arrived
    (wrong.BROKEN, False),
    (wrong.BROKEN_AFTERWARDS, True),
    (wrong.SILENT, False),
    (wrong.SILENT_AFTERWARDS, True),
    (wrong.CUT_AFTERWARDS, True),
    (wrong.ENDLESS, True),
]


def on(line: str, mishap: Mishap) -> Mishap:
    return Mishap(mishap.effect, mishap.fault, mishap.silent, line, mishap.renamed)


@pytest.mark.parametrize("mishap", REFUSED_FOR_NOW, ids=str)
async def test_a_refusal_that_may_end_wrote_nothing_and_says_when_to_come_back(place: Place, mishap: Mishap) -> None:
    place.server.mishaps.append(on(place.writes, mishap))
    answer = await place.crm.upsert(copy(), within_s=WITHIN_S)
    assert isinstance(answer, Refused)
    assert not answer.for_good
    assert (answer.credentials, answer.after_s) == ((False, 7.0) if mishap is wrong.TOO_MANY else (True, 0.0))
    assert place.visits() == []


@pytest.mark.parametrize("mishap", REFUSED_FOR_GOOD, ids=str)
async def test_a_refusal_for_good_is_said_as_such(place: Place, mishap: Mishap) -> None:
    place.server.mishaps.append(on(place.writes, mishap))
    answer = await place.crm.upsert(copy(), within_s=WITHIN_S)
    assert isinstance(answer, Refused)
    assert answer.for_good
    assert place.visits() == []


@pytest.mark.parametrize(("mishap", "arrived"), IN_DOUBT, ids=str)
async def test_whoever_does_not_hear_whether_it_arrived_can_look(place: Place, mishap: Mishap, arrived: bool) -> None:
    place.server.mishaps.append(on(place.writes, mishap))
    visit = copy()
    assert isinstance(await place.crm.upsert(visit, within_s=SHORT_S), Unknown)
    assert [booking for booking, _ in place.visits()] == [visit.booking.id] * arrived
    assert isinstance(await place.crm.upsert(visit, within_s=WITHIN_S), Copied)
    assert isinstance(await place.crm.read(visit, within_s=WITHIN_S), Seen)
    assert len(place.visits()) == 1


@pytest.mark.parametrize(
    "mishap", [wrong.BROKEN, wrong.SILENT, wrong.NOT_JSON, wrong.UNAUTHORIZED, wrong.MOVED_AWAY, wrong.ENDLESS], ids=str
)
async def test_a_look_that_failed_is_unknown_and_never_absent(place: Place, mishap: Mishap) -> None:
    visit = copy()
    await place.crm.upsert(visit, within_s=WITHIN_S)
    place.server.mishaps.append(on(place.reads, mishap))
    assert isinstance(await place.crm.read(visit, within_s=SHORT_S), Unknown)


async def test_nobody_listening_is_a_refusal_that_wrote_nothing(place: Place) -> None:
    await place.server.__aexit__()
    answer = await place.crm.upsert(copy(), within_s=WITHIN_S)
    assert isinstance(answer, Refused)
    assert (answer.for_good, answer.tried) == (False, True)


async def test_a_crm_that_keeps_failing_is_spared_and_then_tried_again(place: Place) -> None:
    place.server.always_wrong = wrong.BROKEN
    visit = copy()
    for _ in range(FAILURES):
        assert not place.crm.resting()
        await place.crm.upsert(visit, within_s=WITHIN_S)
    asked = len(place.server.requests)
    answer, seen = await place.crm.upsert(visit, within_s=WITHIN_S), await place.crm.read(visit, within_s=WITHIN_S)
    assert isinstance(answer, Refused)
    assert isinstance(seen, Unknown)
    assert (answer.tried, seen.tried, place.crm.resting()) == (False, False, True)
    assert len(place.server.requests) == asked, "nothing was sent"
    place.server.always_wrong = None
    place.clock.advance(OPEN_S)
    assert isinstance(await place.crm.upsert(visit, within_s=WITHIN_S), Copied)
    assert not place.crm.resting()


async def test_a_crm_that_asks_for_rest_gets_it_from_everybody(place: Place) -> None:
    place.server.mishaps.append(on(place.writes, wrong.TOO_MANY))
    await place.crm.upsert(copy(), within_s=WITHIN_S)
    answer = await place.crm.upsert(copy(), within_s=WITHIN_S)
    assert isinstance(answer, Refused)
    assert not answer.tried
    place.clock.advance(7)
    assert isinstance(await place.crm.upsert(copy(), within_s=WITHIN_S), Copied)


async def test_no_reason_quotes_the_customer(place: Place) -> None:
    """A CRM's error sentences repeat what they complain about; they end at the border."""
    visit = copy()
    quoted: list[Any] = []
    for status in (400, 409, 500):
        body = f'{{"category": "ANN_LEE {visit.phone}", "message": "{visit.phone} ann@example.com"}}'.encode()
        place.server.mishaps.append(Mishap(fault=wrong.Fault(status, body=body), only=place.writes))
        quoted.append(await place.crm.upsert(visit, within_s=WITHIN_S))
    assert all(isinstance(answer, Refused | Unknown) for answer in quoted)
    assert not any(word in str(quoted).lower() for word in ("5550123", "example.com", "ann"))

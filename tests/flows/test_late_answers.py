"""A calendar that takes its time: the caller hears a filler and then the answer once, or an honest "not yet"."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.vapi_control import CALL_OVER, VapiControl
from tests.flows import books
from tests.flows.businesses import DANA, GOOGLE, acme, written
from tests.flows.running import Readback, environment, serving
from tests.flows.speaking import SAM, new_call, new_id

FILLER_MS, DEADLINE_MS = 200, 1200
SLOW_S = 0.8
BEYOND_THE_DEADLINE_S = 2.0
LOOK = ("check_availability", {"service": "inspection", "date": "tomorrow"})


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA]) as server:
        yield server


@pytest.fixture
async def house(google: FakeGoogle, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Readback]:
    variables = environment(
        sqlite_url,
        written(tmp_path, acme(GOOGLE[:1])),
        READBACK_GOOGLE_API_URL=google.url,
        READBACK_FILLER_AFTER_MS=str(FILLER_MS),
        READBACK_TOOL_DEADLINE_MS=str(DEADLINE_MS),
        READBACK_VAPI_CONTROL_HOSTS="127.0.0.1",
    )
    async with serving(variables) as server:
        yield server


async def test_a_slow_lookup_is_a_filler_now_and_the_answer_once(google: FakeGoogle, house: Readback) -> None:
    google.fail_always("freebusy", faults.slow(SLOW_S))
    async with VapiControl() as control:
        call_id = new_call()
        url = control.control_url(call_id)
        [filler] = await house.call((new_id(), *LOOK), call_id=call_id, control_url=url)
        assert (filler["ok"], filler["code"]) == (True, "still_checking")
        assert "slots" not in filler
        await control.wait_for(1, 20)
        await asyncio.sleep(0.5)  # a second one would have come by now
        [said] = control.said(call_id)
        assert "I can offer" in said
        # What was fetched is not fetched again.
        fetched = google.counts["freebusy"]
        [again] = await house.call((new_id(), *LOOK), call_id=call_id, control_url=url)
        assert again["slots"]
        assert google.counts["freebusy"] == fetched
    rows = await books.audited(house.database_url, call_id, 2)
    assert [row["outcome"] for row in rows] == ["still_checking", "ok"]
    assert (await house.figures())['readback_pushes_total{outcome="delivered"}'] >= 1


@pytest.mark.parametrize("url", [None, "https://evil.example/control", "http://127.0.0.1.evil.example/x"])
async def test_without_a_place_to_push_to_it_waits_and_says_not_yet(
    google: FakeGoogle, house: Readback, url: str | None
) -> None:
    google.fail_always("freebusy", faults.slow(BEYOND_THE_DEADLINE_S))
    call_id = new_call()
    began = time.monotonic()
    [not_yet] = await house.call((new_id(), *LOOK), call_id=call_id, control_url=url)
    assert time.monotonic() - began >= DEADLINE_MS / 1000 - 0.1
    assert (not_yet["ok"], not_yet["code"]) == (False, "still_checking")
    google.fail_always("freebusy", faults.NEVER)  # nobody will be asked again
    await asyncio.sleep(BEYOND_THE_DEADLINE_S - DEADLINE_MS / 1000 + 0.5)
    [again] = await house.call((new_id(), *LOOK), call_id=call_id, control_url=url)
    assert again["ok"], again
    assert again["slots"]


async def test_a_caller_who_is_gone_before_the_answer_is_handed_to_a_person(
    google: FakeGoogle, house: Readback
) -> None:
    google.fail_next("freebusy", faults.slow(SLOW_S), 2)
    series = 'readback_alarms_total{kind="answer_not_delivered"}'
    before = (await house.figures()).get(series, 0)
    async with VapiControl(always=CALL_OVER) as control:
        call_id = new_call()
        [filler] = await house.call((new_id(), *LOOK), call_id=call_id, control_url=control.control_url(call_id))
        assert filler["code"] == "still_checking"
        await control.wait_for(1, 20)
        until = time.monotonic() + 20
        while (await house.figures()).get(series, 0) == before and time.monotonic() < until:  # noqa: ASYNC110 - a page
            await asyncio.sleep(0.1)
        assert (await house.figures())[series] == before + 1
        assert len(control.requests) == 1


async def test_a_booking_is_never_answered_with_a_filler(google: FakeGoogle, house: Readback) -> None:
    [slot] = await house.offers(limit=1)
    google.fail_always("insert", faults.slow(SLOW_S / 2))
    async with VapiControl() as control:
        call_id = new_call()
        url = control.control_url(call_id)
        book = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
        [booked] = await house.call(book, call_id=call_id, control_url=url)
        assert booked["ok"] is (booked.get("outcome") == "confirmed")
        assert booked["outcome"] in ("confirmed", "pending")
        assert control.requests == []


async def test_a_pending_booking_that_turns_out_well_is_said_in_the_call(google: FakeGoogle, house: Readback) -> None:
    [slot] = await house.offers(limit=1)
    google.fail_next("insert", faults.COMMIT_THEN_HANG)
    for reading in ("list", "get"):
        google.fail_always(reading, faults.UNAVAILABLE)
    async with VapiControl() as control:
        call_id = new_call()
        book = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
        [pending] = await house.call(book, call_id=call_id, control_url=control.control_url(call_id))
        assert (pending["ok"], pending["code"]) == (False, "still_checking")
        for reading in ("list", "get"):
            google.fail_always(reading, None)
        await control.wait_for(1, 40)
        [said] = control.said(call_id)
        assert said.startswith("Good news")
    assert [row["status"] for row in books.booked(house.database_url)] == ["confirmed"]

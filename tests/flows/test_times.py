"""Times that are hard: past, impossible, twice in one night, expired; with the clock set to the night in question."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows import books
from tests.flows.businesses import EMBEDDED, acme, written
from tests.flows.running import MovedClock, Process, Readback, environment, serving
from tests.flows.speaking import SAM, heard, new_call, new_id

FALL_BACK_EVE = datetime.fromisoformat("2026-10-31T12:00:00-05:00").timestamp()
SPRING_FORWARD_EVE = datetime.fromisoformat("2026-03-07T12:00:00-06:00").timestamp()
House = Callable[..., AbstractAsyncContextManager[tuple[Readback, MovedClock]]]


@pytest.fixture
def house_at(sqlite_url: str, tmp_path: Path) -> House:
    """Serves one technician from a moment on."""

    @asynccontextmanager
    async def at(moment: float, **variables: str) -> AsyncIterator[tuple[Readback, MovedClock]]:
        clock = MovedClock(moment)
        file = written(tmp_path, acme(EMBEDDED[:1]))
        async with serving(environment(sqlite_url, file, **variables), clock) as server:
            yield server, clock

    return at


async def starts_on(server: Readback, day: str) -> list[str]:
    asked = {"service": "follow-up", "date": day, "limit": 50}
    found = await server.tool("check_availability", asked)
    return [slot["start"] for slot in found["slots"]]


async def test_a_repeated_hour_is_offered_twice_and_booked_apart(house_at: House) -> None:
    async with house_at(FALL_BACK_EVE) as (server, _):
        found = await server.tool("check_availability", {"service": "follow-up", "date": "2026-11-01", "limit": 50})
        twice = [slot for slot in found["slots"] if slot["start"][11:16] == "01:30"]
        assert [slot["start"][19:] for slot in twice] == ["-05:00", "-06:00"]
        references = set()
        for slot in twice:
            booked = await server.tool("book_appointment", {"slot_id": slot["slot_id"], **SAM})
            assert (booked["outcome"], booked["start"]) == ("confirmed", slot["start"])
            references.add(booked["reference"])
        assert len(references) == 2
        assert not [start for start in await starts_on(server, "2026-11-01") if start[11:16] == "01:30"]
        assert await books.unsound(server.database_url) == []


async def test_a_skipped_hour_is_never_offered(house_at: House) -> None:
    async with house_at(SPRING_FORWARD_EVE) as (server, _):
        starts = await starts_on(server, "2026-03-08")
        assert starts
        assert not [start for start in starts if start[11:13] == "02"]
        assert "2026-03-08T03:00:00-05:00" in starts
        found = await server.tool("check_availability", {"service": "follow-up", "date": "2026-03-08T02:30"})
        assert found["slots"][0]["start"] == "2026-03-08T03:00:00-05:00"
        assert found["say"].startswith("I can't offer 2:30 AM on Sunday, March 8. ")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("2026-11-01T01:30", ["T01:30:00-05:00", "T01:00:00-06:00"]),
        ("2026-11-01T01:30:00-06:00", ["T01:30:00-06:00", "T02:00:00-06:00"]),
        ("2026-11-01T07:30:00Z", ["T01:30:00-06:00", "T02:00:00-06:00"]),
        ("2026-11-01 at 1:30am", ["T01:30:00-05:00", "T01:30:00-06:00"]),
    ],
)
async def test_of_a_repeated_hour_the_one_is_meant_that_was_said(
    house_at: House, asked: str, expected: list[str]
) -> None:
    async with house_at(FALL_BACK_EVE) as (server, _):
        found = await server.tool("check_availability", {"service": "follow-up", "date": asked, "limit": 2})
        assert [slot["start"][10:] for slot in found["slots"]] == expected
        assert found["say"].startswith("For ")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"date": "2026-10-30"}, "past_date"),
        ({"date": "1999-12-31"}, "past_date"),
        ({"date": "2026-02-30"}, "invalid_arguments"),
        ({"date": "2026-11-31"}, "invalid_arguments"),
        ({"date": "25:61"}, "invalid_arguments"),
        ({"date": "0000-00-00"}, "invalid_arguments"),
        ({"date": "2026-11-02", "weekday": "tuesday"}, "invalid_arguments"),
        ({"date": "2026-11-05", "date_to": "2026-11-02"}, "invalid_arguments"),
        ({"date": "2026-11-01", "date_to": "2026-12-15"}, "invalid_arguments"),
        ({"date": "2027-06-01"}, "outside_window"),
    ],
)
async def test_a_date_that_cannot_be_is_corrected_in_words(house_at: House, asked: dict[str, Any], code: str) -> None:
    async with house_at(FALL_BACK_EVE) as (server, _):
        call_id = new_call()
        [result] = await server.call(
            (new_id(), "check_availability", {"service": "follow-up", **asked}), call_id=call_id
        )
        assert (result["ok"], result["code"]) == (False, code), result
        [row] = await books.audited(server.database_url, call_id)
        assert row["outcome"] == code


@pytest.mark.parametrize(
    ("word", "day"), [("today", "2026-10-31"), ("tomorrow", "2026-11-01"), ("monday", "2026-11-02")]
)
async def test_a_word_for_a_day_is_that_day_where_the_business_is(house_at: House, word: str, day: str) -> None:
    async with house_at(FALL_BACK_EVE) as (server, _):
        assert {start[:10] for start in await starts_on(server, word)} == {day}


async def test_an_offer_whose_time_has_come_cannot_be_booked(house_at: House) -> None:
    async with house_at(FALL_BACK_EVE, READBACK_SLOT_TTL_S="86400") as (server, clock):
        found = await server.tool("check_availability", {"service": "follow-up", "date": "today"})
        slot = found["slots"][0]
        clock.advance(3 * 3600)
        refused = await server.tool("book_appointment", {"slot_id": slot["slot_id"], **SAM})
        assert refused["ok"] is False
        assert refused["code"] in ("not_offered", "past_date", "slot_expired")
        assert books.booked(server.database_url) == []


async def test_an_offer_expires(start: Callable[..., Process], sqlite_url: str) -> None:
    server = start(sqlite_url, READBACK_SLOT_TTL_S="1")
    [slot] = await server.offers(limit=1)
    call_id = new_call()

    await asyncio.sleep(2.1)
    [refused] = await server.call((new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM}), call_id=call_id)
    assert (heard(refused)["ok"], refused["code"]) == (False, "slot_expired")
    assert [row["outcome"] for row in await books.audited(sqlite_url, call_id)] == ["slot_expired"]
    assert books.booked(sqlite_url) == []
    [fresh] = await server.offers(limit=1)
    assert fresh["start"] == slot["start"]

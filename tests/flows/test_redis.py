"""Several processes with Redis between them: one reads for all, all hear of a change, and none needs it."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.db.secrets import shared_secret
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.redis import OwnRedis, black_hole
from tests.flows import books
from tests.flows.businesses import DANA, GOOGLE, acme
from tests.flows.running import Process
from tests.flows.speaking import SAM, new_call, new_id
from tests.processes import TLS

ASKED = 20
CHICAGO = ZoneInfo("America/Chicago")
ROUNDS_WITHIN_S = 80.0
LOST_ALARM = 'readback_alarms_total{kind="redis_down"}'
ONLY_DANA = GOOGLE[:1]


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA]) as server:
        yield server


async def redis_is(server: Process, state: str) -> None:
    """Wait until the server says so; it takes calls all the while."""
    async with asyncio.timeout(60):
        while True:
            response = await server.get("/readyz")
            assert response.status_code == 200
            if response.json()["redis"] == state:
                return
            await asyncio.sleep(0.05)


async def several(
    start: Callable[..., Process], url: str, many: int, *businesses: str, **variables: str
) -> list[Process]:
    servers = [start(url, *businesses, wait=False, **variables) for _ in range(many)]
    for server in servers:
        await asyncio.to_thread(server.wait_ready)
    return servers


def push_token(url: str, calendar: str) -> str:
    secret = shared_secret(url, "installation")
    return hmac.new(secret, f"google channel {calendar}".encode(), hashlib.sha256).hexdigest()


async def losses(servers: list[Process]) -> float:
    """How often any of them found Redis too slow or away: on a busy machine that happens, and is no failure."""
    figures = [await server.figures() for server in servers]
    names = ('readback_upstream_requests_total{outcome="error",upstream="redis"}', LOST_ALARM)
    return sum(figure.get(name, 0.0) for figure in figures for name in names)


async def reads_for_all(servers: list[Process], google: FakeGoogle) -> int:
    """How often a day that nobody knew is read when all are asked about it, and none of them lost Redis meanwhile."""
    async with asyncio.timeout(ROUNDS_WITHIN_S):
        for ahead in range(2, 58):
            for server in servers:
                await redis_is(server, "ok")
            day = f"{datetime.now(CHICAGO).date() + timedelta(days=ahead)}"
            lost, before = await losses(servers), google.counts["freebusy"]
            answers = [[slot["start"] for slot in await server.offers(date=day)] for server in servers]
            assert answers[0] == answers[1] == answers[2]
            if await losses(servers) == lost:
                return google.counts["freebusy"] - before
    raise AssertionError("Redis was lost in every round")


async def test_a_calendar_is_read_once_for_all_and_word_of_a_change_reaches_all(
    start: Callable[..., Process], postgres_url: str, redis_url: str, google: FakeGoogle
) -> None:
    variables = {"READBACK_GOOGLE_API_URL": google.url, "READBACK_REDIS_URL": redis_url}
    variables["READBACK_AVAILABILITY_TTL_S"] = "600"  # what changes is heard of, not waited for
    servers = await several(start, postgres_url, 3, acme(ONLY_DANA), **variables)
    # A read of the same few milliseconds in which a server began to listen is not taken from another.
    assert 1 <= await reads_for_all(servers, google) < len(servers)
    await servers[2].offers(limit=3)
    read = google.counts["freebusy"]

    async with httpx.AsyncClient(verify=TLS, base_url=servers[0].url, trust_env=False) as client:
        headers = {"X-Goog-Channel-ID": "any", "X-Goog-Channel-Token": push_token(postgres_url, DANA)}
        headers["X-Goog-Resource-State"] = "exists"
        assert (await client.post("/google/changes", headers=headers)).status_code in (200, 204)
    async with asyncio.timeout(ROUNDS_WITHIN_S):
        while google.counts["freebusy"] == read:
            await servers[2].offers(limit=3)  # not the one that was told


def said(answer: dict[str, Any]) -> tuple[str, list[str]]:
    return answer["say"], [slot["start"] for slot in answer["slots"]]


async def test_redis_goes_and_comes_back_and_no_caller_hears_of_it(
    start: Callable[..., Process], database_url: str
) -> None:
    with OwnRedis() as redis:
        one, other = await several(start, database_url, 2, READBACK_REDIS_URL=redis.url)
        for well in (True, False, True):
            if well:
                await asyncio.to_thread(redis.start)
            else:
                await asyncio.to_thread(redis.kill)
            asked = [(one, other)[n % 2].offers(limit=1) for n in range(ASKED)]
            assert all(await asyncio.gather(*asked))
            [slot] = await one.offers(limit=1)
            call_id, booking = new_call(), (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
            [booked] = await one.call(booking, call_id=call_id)
            assert booked["outcome"] == "confirmed"
            assert slot["start"] not in [offer["start"] for offer in await other.offers(limit=50, technician="Dana")]
            [replayed] = await other.call(booking, call_id=call_id)
            assert replayed == booked
            lookup = (new_id(), "check_availability", {"service": "inspection", "date": "tomorrow", "limit": 1})
            [first] = await one.call(lookup, call_id=call_id)
            [again] = await other.call(lookup, call_id=call_id)
            # Where Redis was too slow for a moment it is looked up anew, which may be a second later.
            assert said(again) == said(first)
            for server in (one, other):
                await redis_is(server, "ok" if well else "down")
        figures = [await server.figures() for server in (one, other)]
        assert all(figure['readback_alarms_total{kind="redis_down"}'] >= 1 for figure in figures)
    assert len(books.booked(database_url)) == 3
    assert await books.unsound(database_url) == []


async def test_a_redis_that_never_answers_does_not_keep_a_server_from_starting(
    start: Callable[..., Process], sqlite_url: str
) -> None:
    async with black_hole() as hole:
        server = await asyncio.to_thread(start, sqlite_url, READBACK_REDIS_URL=hole.url)
        assert await server.offers(limit=1)
        await redis_is(server, "down")
        assert await asyncio.to_thread(server.stop) == 0

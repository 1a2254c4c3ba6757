"""Refused requests are limited by source; nobody else is."""

from collections.abc import Callable

import httpx
import pytest

from app.errors import ReadbackError
from app.web.refusals import BURST, Refusals, source_of
from tests.fakes.clock import FakeClock
from tests.fakes.web import House

Ask = Callable[..., httpx.AsyncClient]


async def test_a_source_has_a_burst_and_then_waits() -> None:
    clock = FakeClock()
    refusals = Refusals(clock, burst=3, per_s=0.5)
    assert [await refusals.count("192.0.2.1") for _ in range(5)] == [None, None, None, 2, 2]
    assert await refusals.count("192.0.2.2") is None
    clock.advance(1.0)
    assert await refusals.count("192.0.2.1") == 1
    clock.advance(1.0)
    assert await refusals.count("192.0.2.1") is None
    assert await refusals.count("192.0.2.1") == 2


async def test_patience_is_refilled_to_the_burst_and_no_further() -> None:
    clock = FakeClock()
    refusals = Refusals(clock, burst=3, per_s=0.5)
    await refusals.count("192.0.2.1")
    clock.advance(3_600)
    assert [await refusals.count("192.0.2.1") for _ in range(4)] == [None, None, None, 2]


async def test_the_source_not_seen_longest_is_forgotten() -> None:
    refusals = Refusals(FakeClock(), burst=1, sources_max=3)
    for host in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1", "192.0.2.4"):
        await refusals.count(host)
    assert len(refusals) == 3
    assert await refusals.count("192.0.2.1") is not None
    assert await refusals.count("192.0.2.2") is None


class Common:
    """Buckets of all processes: the first `left` tokens are there, unless nobody can tell."""

    def __init__(self, left: int, *, away: bool = False) -> None:
        self.left, self.away, self.asked = left, away, 0

    async def take(self, _source: str, _burst: int, _per_s: float) -> int | None:
        self.asked += 1
        if self.away:
            raise ReadbackError("away")
        self.left -= 1
        return None if self.left >= 0 else 7


async def test_what_other_processes_refused_counts_as_well() -> None:
    refusals = Refusals(FakeClock(), burst=3, per_s=0.5, shared=Common(1))
    assert [await refusals.count("192.0.2.1") for _ in range(2)] == [None, 7]


async def test_when_nobody_can_tell_what_others_refused_the_own_count_stands() -> None:
    refusals = Refusals(FakeClock(), burst=2, per_s=0.5, shared=Common(0, away=True))
    assert [await refusals.count("192.0.2.1") for _ in range(3)] == [None, None, 2]


async def test_a_flood_is_not_passed_on_to_the_common_count() -> None:
    common = Common(100)
    refusals = Refusals(FakeClock(), burst=3, per_s=0.5, shared=common)
    for _ in range(50):
        await refusals.count("192.0.2.1")
    assert common.asked == 3


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_source_is_an_address_or_a_site(host: str, source: str) -> None:
    assert source_of(host) == source


async def test_a_source_that_keeps_being_refused_is_told_to_wait(ask: Ask, house: House) -> None:
    stranger = ask("192.0.2.66")
    statuses = [(await stranger.post("/vapi", json={})).status_code for _ in range(BURST + 5)]
    assert statuses == [401] * BURST + [429] * 5
    told = await stranger.post("/tools/check_availability", json={})
    assert told.status_code == 429
    assert int(told.headers["retry-after"]) >= 1
    assert (await ask("192.0.2.67").post("/vapi", json={})).status_code == 401
    house.clock.advance(int(told.headers["retry-after"]))
    assert (await stranger.post("/vapi", json={})).status_code == 401


async def test_who_proves_himself_is_never_limited_not_even_there(ask: Ask) -> None:
    client = ask("192.0.2.66")
    for _ in range(BURST + 5):
        await client.post("/vapi", json={}, headers={"Authorization": "Bearer wrong"})
    for _ in range(BURST + 5):
        response = await client.post("/vapi", json={}, headers={"Authorization": "Bearer vapi-secret"})
        assert response.status_code == 200


async def test_a_header_does_not_make_another_source(ask: Ask) -> None:
    client = ask("192.0.2.66")
    for n in range(BURST):
        await client.post("/vapi", json={}, headers={"X-Forwarded-For": f"198.51.100.{n}"})
    assert (await client.post("/vapi", json={}, headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 429


async def test_bad_json_of_a_known_sender_does_not_count(ask: Ask) -> None:
    client = ask("192.0.2.66")
    for _ in range(BURST + 5):
        response = await client.post("/vapi", content=b"{", headers={"Authorization": "Bearer vapi-secret"})
        assert response.status_code == 400

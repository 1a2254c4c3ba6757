"""The breaker: opens on failures close together, lets one request try, and is fooled by nobody who comes late."""

import asyncio

import pytest

from app.adapters.breaker import CLOSED, OPEN, TRYING, Breaker
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def failed(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        admission = breaker.admit()
        assert admission is not None
        admission.failed()


def opened(clock: FakeClock) -> Breaker:
    breaker = Breaker(clock, failures=3, window_s=60, open_s=30)
    failed(breaker, 3)
    assert breaker.state == OPEN
    return breaker


def test_it_opens_after_so_many_failures_within_the_window(clock: FakeClock) -> None:
    breaker = Breaker(clock, failures=3, window_s=60)
    failed(breaker, 2)
    clock.advance(61)
    failed(breaker, 2)
    assert breaker.state == CLOSED, "the first two are too long ago"
    failed(breaker, 1)
    assert breaker.admit() is None


async def test_half_open_lets_exactly_one_of_fifty_through(clock: FakeClock) -> None:
    breaker = opened(clock)
    clock.advance(30)
    sent, refused, answer = 0, 0, asyncio.Event()

    async def request() -> None:
        nonlocal sent, refused
        admission = breaker.admit()
        if admission is None:
            refused += 1
            return
        sent += 1
        await answer.wait()
        admission.went_well()

    requests = [asyncio.create_task(request()) for _ in range(50)]
    await asyncio.sleep(0)
    assert sent + refused == 50
    assert breaker.state == TRYING
    answer.set()
    await asyncio.gather(*requests)
    assert (sent, refused) == (1, 49)
    assert breaker.state == CLOSED


def test_a_probe_that_fails_opens_it_again_for_as_long(clock: FakeClock) -> None:
    breaker = opened(clock)
    clock.advance(30)
    failed(breaker, 1)
    clock.advance(29)
    assert breaker.admit() is None
    clock.advance(1)
    assert breaker.admit() is not None


def test_a_probe_nobody_waited_for_frees_its_place(clock: FakeClock) -> None:
    breaker = opened(clock)
    clock.advance(30)
    probe = breaker.admit()
    assert probe is not None
    assert breaker.admit() is None
    probe.given_up()
    assert breaker.admit() is not None


def test_a_late_answer_from_before_it_opened_changes_nothing(clock: FakeClock) -> None:
    breaker = Breaker(clock, failures=3, open_s=30)
    early = [breaker.admit() for _ in range(2)]
    failed(breaker, 3)
    for admission in early:
        assert admission is not None
    early[0].went_well()  # type: ignore[union-attr]  # asserted above
    early[1].failed()  # type: ignore[union-attr]  # asserted above
    assert breaker.state == OPEN
    clock.advance(30)
    assert breaker.admit() is not None


def test_an_upstream_that_asks_for_rest_gets_it_at_once_but_not_for_ever(clock: FakeClock) -> None:
    breaker = Breaker(clock)
    admission = breaker.admit()
    assert admission is not None
    admission.failed(rest_s=1e9)
    clock.advance(299)
    assert breaker.admit() is None
    clock.advance(1)
    assert breaker.admit() is not None


def test_every_state_is_told(clock: FakeClock) -> None:
    states: list[float] = []
    breaker = Breaker(clock, states.append, failures=1, open_s=30)
    failed(breaker, 1)
    clock.advance(30)
    probe = breaker.admit()
    assert probe is not None
    probe.went_well()
    assert states == [CLOSED, OPEN, TRYING, CLOSED]

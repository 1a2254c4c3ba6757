"""One retry, one hedge, and the budget both come out of."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.adapters.google_hedge import Budget, HedgeDelay, SteadyReader, pause_s
from app.adapters.google_transport import Broken, Reply
from app.booking.calendar import Unknown
from app.booking.calendars import Calendars
from app.booking.lookups import Lookups
from app.clock import SystemClock
from tests.fakes import google_faults as faults
from tests.fakes.clock import FakeClock
from tests.fakes.google_calendar import FakeGoogle

DANA = "dana@acme.example"
GOOD = Reply(200, {}, b"{}")
UNWELL = Reply(503, {}, b"")
TOO_MANY = Reply(429, {}, b"")
LOST = Broken("reset", sent=True)


class Script:
    """Attempts with set results; each entry is a result and how long it takes."""

    def __init__(self, *results: tuple[Reply | Broken, float]) -> None:
        self._results: Iterator[tuple[Reply | Broken, float]] = iter(results)
        self.asked = 0
        self.cancelled = 0

    async def __call__(self) -> Reply | Broken:
        self.asked += 1
        result, seconds = next(self._results)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return result


STORIES = {
    "good at once": ([(GOOD, 0)], GOOD, 1, 0),
    "one failure": ([(UNWELL, 0), (GOOD, 0)], GOOD, 2, 0),
    "one lost connection": ([(LOST, 0), (GOOD, 0)], GOOD, 2, 0),
    "two failures": ([(UNWELL, 0), (LOST, 0), (GOOD, 0)], GOOD, 3, 0),
    "three failures": ([(UNWELL, 0), (LOST, 0), (UNWELL, 0)], UNWELL, 3, 0),
    "late": ([(GOOD, 9), (GOOD, 0)], GOOD, 2, 1),
    "late twice": ([(GOOD, 1.2), (GOOD, 9)], GOOD, 2, 1),
    "late, then failure": ([(GOOD, 9), (UNWELL, 0), (GOOD, 0)], GOOD, 3, 1),
    "failure, then late": ([(UNWELL, 0), (GOOD, 9), (GOOD, 0)], GOOD, 3, 1),
    "over quota is asked once more": ([(TOO_MANY, 0), (TOO_MANY, 0)], TOO_MANY, 2, 0),
    "a plain refusal is an answer": ([(Reply(404, {}, b""), 0)], Reply(404, {}, b""), 1, 0),
}


@pytest.mark.parametrize(("results", "said", "asked", "cancelled"), STORIES.values(), ids=STORIES.keys())
async def test_a_read_ends_with_the_first_good_answer(
    results: list[tuple[Reply | Broken, float]], said: Reply | Broken, asked: int, cancelled: int
) -> None:
    script = Script(*results)
    async with asyncio.timeout(2):
        assert await SteadyReader(SystemClock()).read(script, script) == said
    await asyncio.sleep(0)
    assert (script.asked, script.cancelled) == (asked, cancelled)


async def test_without_credit_nothing_extra_goes_out_and_the_failure_comes_back_soon() -> None:
    reader = SteadyReader(SystemClock())
    while reader.budget.spend():
        pass
    script = Script((UNWELL, 0))
    async with asyncio.timeout(1):
        assert await reader.read(script, script) == UNWELL
    assert script.asked == 1


async def test_cancelling_a_read_cancels_what_it_sent() -> None:
    script = Script((GOOD, 9), (GOOD, 9), (GOOD, 9))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.8):
            await SteadyReader(SystemClock()).read(script, script)
    await asyncio.sleep(0)
    assert script.asked == script.cancelled == 2


@pytest.mark.parametrize("lookups", [1_000, 3_000, 10_000])
def test_extra_calls_stay_below_twelve_percent_of_steady_lookups(lookups: int) -> None:
    clock = FakeClock(now=0)
    budget = Budget(clock)
    extras = 0
    for _ in range(lookups):
        clock.advance(0.05)
        budget.lookup()
        while budget.spend():
            extras += 1
    assert 0.11 <= extras / lookups <= (0.12 if lookups >= 3_000 else 0.125)


def test_however_long_all_was_well_no_more_than_a_few_extra_calls_go_out_at_once() -> None:
    clock = FakeClock(now=0)
    budget = Budget(clock)
    for _ in range(10_000):
        clock.advance(0.05)
        budget.lookup()
    assert [budget.spend() for _ in range(21)] == [True] * 20 + [False]


def test_sparse_lookups_can_always_afford_a_second_try() -> None:
    clock = FakeClock(now=0)
    budget = Budget(clock)
    for _ in range(50):
        clock.advance(30)
        budget.lookup()
        assert budget.spend()
        assert budget.spend()


async def test_how_soon_an_upstream_fails_says_nothing_of_how_soon_it_answers() -> None:
    reader = SteadyReader(FakeClock())
    for _ in range(40):
        refused = Script((Reply(404, {}, b""), 0))
        await reader.read(refused, refused)
    assert reader.delay.seconds == 0.5


@pytest.mark.parametrize(("upstream_s", "least", "most"), [(0.04, 0.1, 0.15), (0.15, 0.2, 0.3), (2.0, 0.5, 0.5)])
def test_the_hedge_waits_longer_than_the_upstream_usually_takes(upstream_s: float, least: float, most: float) -> None:
    delay, noise = HedgeDelay(), random.Random(1)
    for _ in range(200):
        delay.learn(upstream_s * noise.uniform(1.0, 1.05))
    assert least <= delay.seconds <= most


def test_an_upstream_not_known_yet_is_taken_for_slow_and_well() -> None:
    delay = HedgeDelay()
    for _ in range(19):
        delay.learn(0.01)
        assert delay.seconds == 0.5
    delay.learn(0.01)
    assert delay.seconds < 0.2


@pytest.mark.parametrize(("upstream_s", "requests"), [(0.04, 1), (0.3, 1), (0.4, 1), (0.6, 2), (1.0, 2)])
async def test_a_slow_but_even_google_is_asked_once_by_a_new_process_and_hardly_oftener(
    upstream_s: float, requests: int
) -> None:
    """The same question ten times at once, as a new process gets it when a prompt starts many tools."""
    async with FakeGoogle([DANA], latency_s=upstream_s) as google:
        calendar = GoogleCalendar(GoogleOptions(api_url=google.url))
        await calendar.start()
        lookups = Lookups(Calendars({"google": calendar}), SystemClock(), 30.0)
        answers = await asyncio.gather(*(lookups.days([f"google:{DANA}"], 0, 7 * 86_400) for _ in range(10)))
        await lookups.stop()
        await calendar.close()
        assert not any(isinstance(answer[f"google:{DANA}"], Unknown) for answer in answers)
        assert google.counts["freebusy"] == requests


def test_a_pause_fits_its_cause() -> None:
    assert pause_s(None) == pause_s(LOST) == 0
    assert 0 < pause_s(UNWELL) < 0.05
    assert 0.1 <= pause_s(TOO_MANY) <= 0.3
    assert pause_s(Reply(429, {"retry-after": "60"}, b"")) == 1.0
    assert pause_s(Reply(429, {"retry-after": "Fri, 20 Nov 2026 12:00:00 GMT"}, b"")) <= 0.3


async def test_an_unwell_google_still_answers_nearly_always_and_is_not_asked_much_more() -> None:
    """5 % 503, 2 % resets, 3 % late, 1 % never; the late ones stay out long enough to need the hedge."""
    lookups = 1_000
    async with FakeGoogle(["dana@acme.example"], latency_s=0.01, records=False) as google:
        google.faults.by_chance(
            [(0.05, faults.UNAVAILABLE), (0.02, faults.RESET), (0.03, faults.slow(2)), (0.01, faults.NEVER)],
            {"freebusy"},
            seed=3,
        )
        calendar = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=(10**6, 10**6)))
        await calendar.start()
        answers = []

        async def caller() -> None:
            for _ in range(lookups // 10):
                answer = await calendar.free(["dana@acme.example"], 0, 86_400, within_s=1.0)
                answers.append(answer)

        await asyncio.gather(*(caller() for _ in range(10)))
        await calendar.close()
    right = sum(answer == {"dana@acme.example": ()} for answer in answers)
    assert right / lookups >= 0.98, "on a busy machine; the benchmark holds it to 99.5 %"
    assert google.counts["freebusy"] / lookups <= 1.12

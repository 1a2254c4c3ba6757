"""What is done again and again: only where it is led, and in spite of failures."""

from app.jobs.timers import FAILURES_TO_ALARM, Timer, Timers
from tests.fakes.alarms import FakeAlarms
from tests.jobs.working import until


class Leading:
    def __init__(self, now: bool) -> None:
        self.now = now
        self.asked = 0

    def leads(self) -> bool:
        self.asked += 1
        return self.now


async def test_a_timer_runs_only_while_its_process_leads() -> None:
    runs: list[bool] = []
    leading = Leading(False)

    async def run() -> None:
        runs.append(leading.now)

    timers = Timers([Timer("sweep", 0.01, run)], leading, FakeAlarms())  # type: ignore[arg-type]  # rings as the real ones
    timers.start()
    await until(lambda: leading.asked > 3)
    assert runs == []
    leading.now = True
    await until(lambda: len(runs) > 3)
    leading.now = False
    asked, ran = leading.asked, len(runs)
    await until(lambda: leading.asked > asked + 3)
    assert len(runs) <= ran + 1
    assert timers.alive()
    await timers.stop()
    assert all(runs)


async def test_a_timer_that_fails_goes_on_and_rings_until_it_succeeds() -> None:
    alarms, runs, broken = FakeAlarms(), [0], [True]

    async def run() -> None:
        runs[0] += 1
        if broken[0]:
            raise ValueError("whatever")

    timers = Timers([Timer("sweep", 0.01, run)], Leading(True), alarms)  # type: ignore[arg-type]  # rings as the real ones
    timers.start()
    await until(lambda: runs[0] >= FAILURES_TO_ALARM - 1)
    await until(lambda: runs[0] > FAILURES_TO_ALARM + 2)
    assert [(rung.kind, rung.key) for rung in alarms.rung] == [("timer_failed", "sweep")]
    broken[0] = False
    await until(lambda: not alarms._ringing)
    await timers.stop()

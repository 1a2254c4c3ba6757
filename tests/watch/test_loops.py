"""Loops that beat, and one that stopped."""

from app.watch.loops import Loops
from tests.fakes.clock import FakeClock


def test_a_loop_that_does_not_beat_within_its_gap_is_late_until_it_does() -> None:
    clock = FakeClock()
    loops = Loops(clock)
    quick, slow = loops.register("quick", 10.0), loops.register("slow", 100.0)
    clock.advance(1_000)
    loops.begin()
    assert loops.late() == []
    clock.advance(10)
    assert loops.late() == []
    clock.advance(1)
    assert loops.late() == ["quick"]
    clock.advance(90)
    assert loops.late() == ["quick", "slow"]
    quick()
    slow()
    assert loops.late() == []

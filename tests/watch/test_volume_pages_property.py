"""Whatever lines do: each that is silent is told of by a page, and no page outlives its cause or rings without one."""

import random
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from app.watch.baseline import Profile
from app.watch.judgement import State, Verdict
from app.watch.volume_lines import WHOLE, Decision, Watched
from app.watch.volume_pages import Memory, Party, Steps, Up, silences
from app.watch.volume_words import SILENCE, is_about_all, name, named, whom

LINES = ("+15125550100", "+15125550101", "+15125550102", "+15125550103")
NEEDED = 7.0
CERTAIN_S = dict(zip(LINES, (4 * 3_600.0, 6 * 3_600.0, 12 * 3_600.0, 40 * 3_600.0), strict=True))
"""After how long a line's silence is certain: so many calls are to be expected by then."""
WHOLE_S = 1.0 / sum(1.0 / certain_s for certain_s in CERTAIN_S.values())
STEP_S = 900.0
ACME = Watched("acme", "Acme Pest Control", ZoneInfo("UTC"), LINES)


@dataclass
class House:
    """A business whose lines go down and come back, and its pages."""

    chance: random.Random
    now: float = 1_000_000.0
    down: set[str] = field(default_factory=set)
    last: dict[str, float] = field(default_factory=dict)
    up: dict[str, Up] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    rung: int = 0

    def __post_init__(self) -> None:
        self.last = dict.fromkeys(LINES, self.now)

    def step(self) -> list[Decision]:
        """A quarter of an hour: who is up may get a call; what is decided, and the pages after it."""
        self.now += STEP_S
        for line in LINES:
            quiet = self.now - self.last[line] > 0.8 * CERTAIN_S[line]  # chance alone makes no silence here
            if line not in self.down and (quiet or self.chance.random() < NEEDED * STEP_S / CERTAIN_S[line]):
                self.last[line] = self.now - 1.0
        if there := [line for line in LINES if line not in self.down]:
            together_s = 1.0 / sum(1.0 / CERTAIN_S[line] for line in there)
            if self.now - max(self.last.values()) > 0.8 * together_s:
                self.last[there[0]] = self.now - 1.0
        decisions = [self.decided(line, self.last[line], CERTAIN_S[line]) for line in LINES]
        decisions.append(self.decided(WHOLE, max(self.last.values()), WHOLE_S))
        taken = silences(decisions, self.up, (), self.memory, self.again, self.now)
        self.memory.note(decisions, set(self.up))
        self.take(taken)
        return decisions

    def decided(self, line: str, last: float, certain_s: float) -> Decision:
        expected = NEEDED * (self.now - last) / certain_s
        state = State.SILENT if expected >= NEEDED else State.NORMAL
        verdict = Verdict(state, last, expected, needed=NEEDED, log_chance=-expected)
        profile = Profile(ACME.zone, frozenset(), (NEEDED * 3_600.0 / certain_s,) * 168, 0.0, 35)
        return Decision(ACME, line, "call", verdict, profile, {"call": last})

    def again(self, one: Decision, since: float) -> bool:
        return self.now - max(one.verdict.since, since) >= CERTAIN_S.get(one.line, WHOLE_S)

    def take(self, steps: Steps) -> None:
        for up in [*steps.resolved, *steps.superseded]:
            del self.up[up.key]
        for up, party in steps.reworded:
            del self.up[up.key]
            self.keep(ACME.business, up.raised_at, party)
        for party in steps.raised:
            self.rung += 1
            self.keep(party[0].key if len(party) == 1 else ACME.business, self.now, party)

    def keep(self, key: str, at: float, party: Party) -> None:
        assert key not in self.up
        self.up[key] = Up(SILENCE, key, ACME.business, at, f"{whom(party)} And so on.")

    def tells_of(self, one: Decision) -> bool:
        joint = self.up.get(ACME.business)
        return one.key in self.up or (
            joint is not None and one.line != WHOLE and (is_about_all(joint.body) or name(one) in named(joint.body))
        )


@pytest.mark.parametrize("restarts", [0.0, 0.02])
@pytest.mark.parametrize("seed", range(30))
def test_each_silent_line_has_its_page_and_each_page_a_line(seed: int, restarts: float) -> None:
    house = House(random.Random(seed))
    for _ in range(1_500):
        for line in LINES:
            if house.chance.random() < 0.003:
                house.down ^= {line}
        if house.chance.random() < 0.003:
            house.down = set() if house.down else set(LINES)
        if house.chance.random() < restarts:
            house.memory = Memory()
        decisions = house.step()
        silent = [one for one in decisions if one.verdict.state is State.SILENT and one.line != WHOLE]
        assert all(house.tells_of(one) for one in silent)
        if not any(one.verdict.state is State.SILENT for one in decisions):
            assert not house.up, "every page is about something"
        assert len(house.up) <= max(1, len(silent))


@pytest.mark.parametrize("seed", range(30))
def test_an_outage_of_all_rings_once_however_long_it_takes_until_all_are_back(seed: int) -> None:
    house = House(random.Random(seed))
    for _ in range(200):
        house.step()
    assert house.rung == 0
    house.down = set(LINES)
    for _ in range(house.chance.randrange(10, 400)):
        house.step()
    house.down = set()
    for _ in range(300):
        house.step()

    assert (house.rung, house.up) == (1, {})


@pytest.mark.parametrize("seed", range(30))
def test_a_line_that_is_not_back_with_the_others_rings_for_itself(seed: int) -> None:
    house = House(random.Random(seed))
    house.down = set(LINES)
    for _ in range(200):
        house.step()
    broken = house.chance.choice(LINES)
    house.down = {broken}
    for _ in range(300):
        house.step()

    assert house.rung == 2
    assert {broken} == set(house.up)

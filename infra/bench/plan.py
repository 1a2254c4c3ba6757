"""How much is measured: everything, a quick look, or just enough to see that the benchmark itself works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Seconds are of one measurement, which comes `rounds` times; callers are connections that wait for answers."""

    name: str
    rounds: int = 5
    warm_s: float = 1.3
    warm_up_s: float = 0.3
    callers: tuple[int, ...] = (1, 16, 64)
    open_s: float = 2.0
    open_per_s: float = 200.0
    latencies_ms: tuple[int, ...] = (40, 0, 150)
    """The first is the one the goals are about: it gets the rounds."""
    cold_rounds: int = 3
    cold_s: float = 1.8
    cold_callers: tuple[int, ...] = (1, 16, 64, 200)
    cold_open_s: float = 7.0
    cold_open_per_s: float = 40.0
    wide_s: float = 3.0
    unwell_lookups: int = 2_200
    unwell_per_s: float = 50.0
    pairs_s: float = 4.0
    race_rounds: int = 20
    racers: int = 30
    tutorial_s: float = 1.6
    tutorial_rounds: int = 2
    mixed_first: int = 10_000
    mixed_total: int = 20_000
    mixed_beyond: int = 30_000
    """Not judged: whether what grew before goes on growing. 0 leaves it out."""
    cap_calls: int = 300
    cap: int = 100
    waiting: int = 1_000
    job_rounds: int = 5
    job_half_s: float = 5.0
    """Of a round: so long without jobs, so long with them, the lookups and the jobs of each half included."""
    job_s: float = 1.6
    lines: int = 1_000
    lines_rounds: int = 15
    lines_s: float = 1.5
    stored_calls: int = 1_000_000
    page_loads: int = 40
    scale_rounds: int = 5
    scale_s: float = 1.5
    texts_s: float = 8.0
    dialect_calls: int = 1_200
    """In a row, by every way of asking, in every round."""


FULL = Plan("full")
QUICK = Plan(
    "quick",
    rounds=2,
    warm_s=0.4,
    warm_up_s=0.2,
    open_s=0.8,
    latencies_ms=(40, 0),
    cold_rounds=1,
    cold_s=0.5,
    cold_open_s=1.5,
    wide_s=0.7,
    unwell_lookups=300,
    unwell_per_s=60.0,
    pairs_s=0.8,
    race_rounds=5,
    tutorial_s=0.8,
    tutorial_rounds=1,
    mixed_first=500,
    mixed_total=2_000,
    mixed_beyond=0,
    waiting=100,
    job_rounds=1,
    job_half_s=3.0,
    job_s=0.8,
    lines_rounds=2,
    lines_s=1.0,
    stored_calls=50_000,
    page_loads=5,
    scale_rounds=2,
    scale_s=0.5,
    texts_s=3.0,
)
SMOKE = Plan(
    "smoke",
    rounds=1,
    warm_s=0.2,
    warm_up_s=0.05,
    callers=(1, 16),
    open_s=0.1,
    latencies_ms=(40,),
    cold_rounds=1,
    cold_s=0.3,
    cold_callers=(1, 16),
    cold_open_s=0.3,
    wide_s=0.2,
    unwell_lookups=60,
    unwell_per_s=60.0,
    pairs_s=0.2,
    race_rounds=1,
    racers=4,
    tutorial_s=1.0,
    tutorial_rounds=1,
    mixed_first=50,
    mixed_total=100,
    mixed_beyond=0,
    cap_calls=30,
    cap=10,
    waiting=10,
    job_rounds=1,
    job_half_s=1.0,
    job_s=0.1,
    lines=20,
    lines_rounds=1,
    lines_s=0.2,
    stored_calls=500,
    page_loads=2,
    scale_rounds=1,
    scale_s=0.5,
    texts_s=0.3,
    dialect_calls=10,
)

"""`python -m infra.trials.kill`: servers are killed without warning at random moments while people book, move and
cancel and appointments are read back; then what was promised is looked at from outside. Exit code 1 when a promise is
broken.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.bench.generator import ROOT
from infra.bench.servers import Site, postgres
from infra.trials.callers import Callers
from infra.trials.evidence import Evidence, broken, gathered
from infra.trials.fleet import Fleet
from infra.trials.place import EmbeddedPlace, GooglePlace, Place
from tests.fakes.page_receiver import PageReceiver
from tests.fakes.pagerduty import FakePagerDuty
from tests.flows.businesses import acme, written
from tests.flows.running import environment

READ_BACK_AFTER_S = "2"
SETTLED_WITHIN_S = 480.0
"""A hold stands for 36 s, a write that does not show is given 60 s, what stays in doubt is paged after 150 s."""
LOOK_EVERY_S = 2.0
TRIGGERED_WITHIN_S = 5.0
AFTER_TRIGGER_S = (0.0, 0.06)
AT_RANDOM_S = (0.05, 2.0)
ALL_AT_ONCE = 0.3
"""Share of moments at which every process dies, where there are several."""
PAGED = "page"
DUTY = "pagerduty://0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Plan:
    """One trial: how often somebody is killed, of how many processes, with how many callers at a time."""

    moments: int
    processes: int
    calendar: str
    seed: int
    together: int = 6
    patient: float = 0.7
    """Share of requests that the platform delivers again when no answer came."""
    settled_within_s: float = SETTLED_WITHIN_S


@dataclass
class Outcome:
    """What a trial came to."""

    evidence: Evidence
    broken: dict[str, list[str]]
    killed: Counter[str] = field(default_factory=Counter)
    """Moments by what they were waited for."""
    processes: int = 0
    under_way: Counter[str] = field(default_factory=Counter)
    """Requests on their way when somebody was killed, by tool."""
    taken_over: int = 0
    settled_s: float = 0.0

    @property
    def holds(self) -> bool:
        return not any(self.broken.values())


Progress = Callable[[str], None]
Hasten = Callable[[str, set[str]], None]
"""Makes time pass in the database at this URL, once after the last kill; the processes of these names live."""


async def trial(
    plan: Plan, url: str, folder: Path, progress: Progress = lambda _: None, hasten: Hasten | None = None
) -> Outcome:
    """Run one trial on the empty database at `url`."""
    dice = random.Random(plan.seed)
    place: Place = GooglePlace(plan.seed) if plan.calendar == "google" else EmbeddedPlace(url)
    async with PageReceiver() as receiver, FakePagerDuty() as duty:
        variables = environment(
            url,
            written(folder, acme(place.calendars)),
            READBACK_READ_BACK_AFTER_S=READ_BACK_AFTER_S,
            READBACK_PAGE_URLS=f"{receiver.url},{DUTY}",
            READBACK_PAGERDUTY_API_URL=duty.api_url,
            READBACK_AUDIT_ANCHORS=str(folder / "anchors"),
            **await place.start(),
        )
        try:
            async with Fleet(variables, plan.processes, folder, dice) as fleet:
                callers = Callers(fleet, place, dice, together=plan.together, patient=plan.patient)
                calling = asyncio.create_task(callers.call_until_stopped())
                outcome = Outcome(await gathered(url, place, receiver, duty, ()), {})
                asked = {PAGED: lambda: len(receiver.requests)}
                asked |= {name: (lambda name=name: place.counts[name]) for name in place.triggers}
                for number in range(plan.moments):
                    await _moment(fleet, dice, asked, outcome)
                    progress(f"killed {number + 1} of {plan.moments}; {len(callers.stories)} customers")
                callers.stop()
                await calling
                began = time.monotonic()
                if hasten is not None:
                    await asyncio.to_thread(hasten, url, living(fleet))

                async def look() -> Evidence:
                    return await gathered(url, place, receiver, duty, callers.stories)

                await _settle(plan, look, outcome, progress)
                outcome.settled_s = time.monotonic() - began
                taken = [line for lines in fleet.logged("jobs_taken_over") for line in lines]
                outcome.taken_over = sum(line["jobs"] for line in taken)
                return outcome
        finally:
            await place.stop()


def living(fleet: Fleet) -> set[str]:
    """Names of the processes that work on jobs now."""
    return {lines[-1]["process"] for lines in fleet.logged("jobs_started") if lines}


async def _moment(fleet: Fleet, dice: random.Random, asked: dict[str, Callable[[], int]], outcome: Outcome) -> None:
    """Kill one process or all of them: at a random time, or a moment after something certain was asked for."""
    await asyncio.sleep(dice.uniform(*AT_RANDOM_S) / 2)
    trigger = dice.choice(("at random", "at random", *asked))
    if trigger in asked:
        before, until = asked[trigger](), time.monotonic() + TRIGGERED_WITHIN_S
        while asked[trigger]() == before and time.monotonic() < until:  # noqa: ASYNC110 - a counter is no event
            await asyncio.sleep(0.001)
        await asyncio.sleep(dice.uniform(*AFTER_TRIGGER_S))
    else:
        await asyncio.sleep(dice.uniform(*AT_RANDOM_S))
    everybody = list(range(len(fleet)))
    which = everybody if dice.random() < ALL_AT_ONCE else [dice.choice(everybody)]
    outcome.killed[trigger] += 1
    outcome.processes += len(which)
    outcome.under_way += fleet.under_way
    await fleet.kill(which)
    await fleet.start(which)


async def _settle(plan: Plan, look: Callable[[], Awaitable[Evidence]], outcome: Outcome, progress: Progress) -> None:
    """Wait until everything holds, at most as long as the plan allows."""
    until = time.monotonic() + plan.settled_within_s
    while True:
        outcome.evidence = await look()
        outcome.broken = broken(outcome.evidence)
        if outcome.holds or time.monotonic() > until:
            return
        left = {name: len(problems) for name, problems in outcome.broken.items() if problems}
        progress(f"settling; not yet as promised: {left}")
        await asyncio.sleep(LOOK_EVERY_S)


def told(plan: Plan, database: str, outcome: Outcome) -> str:
    """The table of one trial."""
    e = outcome.evidence
    booked = Counter(story.booked or "no answer" for story in e.stories)
    moved = Counter(heard or "no answer" for story in e.stories for _, heard in story.moves)
    cancelled = Counter(story.cancelled or "no answer" for story in e.stories if story.cancelled is not None)
    spoiled = Counter(story.fate for story in e.stories)
    kinds = Counter(page["kind"] for page in e.pages)
    rows = [
        ("moments", f"{sum(outcome.killed.values())}, {outcome.processes} processes killed: {_list(outcome.killed)}"),
        ("on their way then", _list(outcome.under_way) or "nothing"),
        ("jobs taken over", str(outcome.taken_over)),
        ("bookings asked for", f"{len(e.stories)}: {_list(booked)}"),
        ("by fate", _list(spoiled)),
        ("moves asked for", f"{sum(moved.values())}: {_list(moved)}"),
        ("cancellations", f"{sum(cancelled.values())}: {_list(cancelled)}"),
        ("pages", f"{len(e.pages)}: {_list(kinds)}"),
        (
            "heard by Apprise",
            f"{sum(e.heard.values())}, of which {e.doubled()} twice, after a kill between send and note",
        ),
        ("incidents", f"{len(e.incidents)} at PagerDuty"),
        ("settled after", f"{outcome.settled_s:.0f} s"),
    ]
    head = f"kill: {database}, {plan.processes} process(es), {plan.calendar} calendar, seed {plan.seed}"
    lines = [head, *(f"  {name:20} {value}" for name, value in rows)]
    for name, problems in outcome.broken.items():
        lines.append(f"  {'BROKEN' if problems else 'held':8} {name}")
        lines += [f"           {problem}" for problem in problems[:20]]
    return "\n".join(lines)


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()) if number)


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """A new database of this kind, or on this PostgreSQL server; gone at the end."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/readback.db"
        return
    server, _, stop = postgres() if kind == "postgresql" else (kind, "", lambda: None)
    try:
        with Site(ROOT) as site:
            yield site.database(server)
    finally:
        stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.trials.kill", description=__doc__)
    parser.add_argument("--moments", type=int, default=50, help="how often somebody is killed")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql, or the URL of a PostgreSQL server")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--calendar", choices=("google", "embedded"), default="google")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    plan = Plan(asked.moments, asked.processes, asked.calendar, asked.seed)
    folder = Path(tempfile.mkdtemp(prefix="readback-trial-"))
    began = time.monotonic()

    def progress(said: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {said}", file=sys.stderr, flush=True)

    with _database(asked.database, folder) as url:
        outcome = asyncio.run(trial(plan, url, folder, progress))
    print(told(plan, asked.database, outcome))
    if not outcome.holds:
        print(f"  logs and database: {folder}")
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())

"""Lookups beside the watch over lines: what learning and judging a thousand of them costs a caller; and what it takes.

Two servers with the same businesses and counts, asked in turn. One watches; the other does no background work. While
one is asked, the other is held, so that the two share nothing but their turn.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from sqlalchemy import func, select

from app.audit.log import seal
from app.db.migrate import migrate
from app.db.once import committing, looking
from app.db.schema import volume
from app.watch.volume_counts import LOOK
from infra.bench.asking import OFFERED, Bench, all_right, check, days
from infra.bench.bodies import Question
from infra.bench.figures import Figures, Job
from infra.bench.look import LONGEST_HOLD_MS, LONGEST_LOOK_S, LOOKS, Looks, looks
from infra.bench.report import Goal, Table, middle, number
from infra.bench.servers import Server, Site, business
from tests.dashboard.crowd import crowd, weeks

DAYS = 35
PER_S = 200.0
MOST_MORE = 1.10
SETTLED_S = 1.0
"""After it was held, a server comes to all its timers of that time at once, as none does that is at work."""
ASKED_DAYS, TECHNICIANS = 14, 2


def lines(bench: Bench) -> Table:
    """p99 of lookups from memory, with the watch at work and without."""
    plan = bench.plan
    questions = [check({"date": f"{day:%Y-%m-%d}"}) for day in days()[:ASKED_DAYS]]
    quiet: list[Figures] = []
    watching: list[Figures] = []
    with bench.site() as stage:
        bench.progress(f"lines: {plan.lines} lines with {DAYS} days of counts")
        urls = {jobs: _filled(stage, plan.lines) for jobs in ("off", "on")}
        file = business(TECHNICIANS, "embedded") + crowd(plan.lines)
        servers = {jobs: stage.product(file, database_url=url, READBACK_JOBS=jobs) for jobs, url in urls.items()}
        began, before = time.monotonic(), _looks(urls["off"])
        for turn in range(plan.lines_rounds):
            bench.progress(f"lines: round {turn + 1} of {plan.lines_rounds}")
            for jobs, into in (("off", quiet), ("on", watching)):
                with _held(servers["on" if jobs == "off" else "off"]):
                    into.append(_asked(bench, servers[jobs], questions))
            if _looks(urls["on"]) > before:
                break
        over_s = time.monotonic() - began if _looks(urls["on"]) > before else None
        bench.progress("lines: a whole look")
        url = _filled(stage, plan.lines)
        took = looks(url, plan.lines)
    return _table(bench, quiet, watching, over_s, took)


def _filled(stage: Site, count: int) -> str:
    url = stage.file()
    migrate(url)
    with committing(url, seal) as transaction:
        weeks(transaction.connection, count, DAYS, time.time())
    return url


def _looks(url: str) -> int:
    """How often the watch has looked at all lines."""
    with looking(url) as connection:
        asked = select(func.sum(volume.c.count)).where(volume.c.business == "", volume.c.channel == LOOK)
        return int(connection.execute(asked).scalar_one())


@contextmanager
def _held(server: Server) -> Iterator[None]:
    """It does nothing meanwhile."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def _asked(bench: Bench, server: Server, questions: list[Question]) -> Figures:
    plan = bench.plan
    job = Job("open", server.port, "/vapi", questions, server.pid, callers=4, rate=PER_S, seconds=plan.lines_s)
    job.marker, job.warm_up_s = OFFERED, plan.warm_up_s + SETTLED_S
    figures = bench.generator.run(job)
    all_right("lines", figures)
    return figures


def _table(bench: Bench, quiet: list[Figures], watching: list[Figures], over_s: float | None, took: Looks) -> Table:
    ratio = middle([more.p99 / less.p99 for more, less in zip(watching, quiet, strict=True)])
    table = Table(
        "lines",
        f"check_availability from memory while {bench.plan.lines} lines are learned and judged",
        ("watch", "x p99", "p50 ms", "p99 ms", "worst ms", "CPU us"),
    )
    for name, figures, times in (("at rest", quiet, 1.0), ("at work", watching, ratio)):
        cpu = [one.cpu_us for one in figures if one.cpu_us is not None]
        told = (middle([one.p50 for one in figures]), middle([one.p99 for one in figures]))
        worst = max(one.worst for one in figures)
        table.rows.append((name, number(times), *map(number, told), number(worst), number(middle(cpu), 0)))
    table.notes = [
        f"{PER_S:.0f} lookups a second (Poisson arrivals that do not wait), embedded calendars; x p99 = at work over "
        f"at rest in the same round, median of {len(quiet)} rounds. CPU: of the whole process, for one lookup.",
        f"The watch {'was at work in every round' if over_s is None else f'was done with all lines in {over_s:.0f} s'}"
        "; it learns as much after a start only, and some of it each night.",
    ]
    count, again, anew = bench.plan.lines, took.again, took.anew
    held = max(again.held_ms, anew.held_ms)
    table.notes.append(
        f"One look, by itself and without its rests: {again.work_s:.2f} s of work (reading what came, judging, "
        f"writing; best of {LOOKS}), and {anew.work_s:.1f} s for the first, which learns all weeks anew."
    )
    table.goals += [
        Goal(
            f"check_availability while {bench.plan.lines} lines are evaluated: p99 against without",
            f"at most {MOST_MORE:.2f}",
            f"{ratio:.2f}",
            ratio <= MOST_MORE if over_s is None else None,
        ),
        Goal(
            f"evaluating {count} lines, from the database and back",
            f"under {LONGEST_LOOK_S:g} s of work",
            f"{again.work_s:.2f} s",
            again.work_s < LONGEST_LOOK_S,
        ),
        Goal(
            f"evaluating {count} lines: longest turn on the loop, learning them anew included",
            f"at most {LONGEST_HOLD_MS:g} ms",
            f"{held:.1f} ms",
            held <= LONGEST_HOLD_MS,
        ),
    ]
    table.figures = {
        "x_p99": ratio,
        "rounds": {"rest": [asdict(one) for one in quiet], "work": [asdict(one) for one in watching]},
        "over_s": over_s,
        "look": asdict(took),
    }
    return table

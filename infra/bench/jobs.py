"""Background jobs beside callers: a thousand read-backs that wait, how late each is done, and what fifty a second cost.

The read-backs are real ones, of bookings made through the product; their due times are then set into the stretches in
which they are to be carried out, so that the same process is measured without and with them in turn.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update

from app.audit.log import seal
from app.db.once import committing, looking
from app.db.schema import bookings, job_outbox
from infra.bench import proc
from infra.bench.asking import OFFERED, Bench, all_right, check, days
from infra.bench.bodies import Question
from infra.bench.booking import databases
from infra.bench.figures import Figures, Job, percentile
from infra.bench.report import Goal, Table, middle, number
from infra.bench.servers import UNTHROTTLED, Server, Site, business, calendars

TECHNICIANS = 80
LATENCY_MS = 40
PER_S = 50.0
COLD_PER_S, WARM_PER_S = 100.0, 200.0
MOST_MORE = 1.10
LATE_S = 2.0
BOOKERS = 32
FAR_S = 86_400
"""When read-backs are due that are not to be carried out."""
UP_WITHIN_S = 15.0
"""From setting due times to the first stretch; the product has to be up and at rest by then."""
DONE_WITHIN_S = 120.0
WARM_TECHNICIANS, WARM_DAYS = 10, 3
KINDS = ("cold", "warm")
ENVIRONMENT = {
    "READBACK_AVAILABILITY_TTL_S": "80000",
    "READBACK_GOOGLE_REQUESTS_PER_MINUTE": UNTHROTTLED,
    "READBACK_READ_BACK_AFTER_S": str(FAR_S),
    "READBACK_FILLER_AFTER_MS": "60000",
}


@dataclass
class Measured:
    """What came of one arrangement: figures by kind of lookup, one per round, without and with jobs."""

    without: dict[str, list[Figures]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    during: dict[str, list[Figures]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    late_s: list[float] = field(default_factory=list)
    idle_share: float | None = None
    cpu_ms: float | None = None
    """Of all of the product's processes, for one job, above what they use for the same lookups without."""

    def ratio(self, kind: str) -> float:
        """p99 with jobs over p99 without; the median of the rounds."""
        pairs = zip(self.during[kind], self.without[kind], strict=True)
        return middle([more.p99 / less.p99 for more, less in pairs])


def jobs(bench: Bench) -> Table:
    """One process that does both, on each database; then lookups and jobs in processes of their own."""
    table = Table(
        "jobs",
        f"check_availability beside {PER_S:.0f} read-backs a second, {bench.plan.waiting} waiting",
        (
            *("database", "jobs run in", "lookups", "x p99", "p99 ms", "with jobs", "CPU ms/job"),
            *("late p50 s", "p99 s", "worst s", "idle CPU"),
        ),
    )
    with databases(bench, table) as found:
        for name, server_url, _ in found:
            for apart in (False, True) if server_url else (False,):
                _add(table, name, apart, _arranged(bench, name, server_url, apart=apart))
    table.notes += [
        f"x p99 = with over without in the same round, median of {bench.plan.job_rounds} rounds. Poisson arrivals that "
        f"do not wait: cold {COLD_PER_S:.0f}/s, each asks the calendar ({LATENCY_MS} ms); warm {WARM_PER_S:.0f}/s.",
        "late: from the moment a read-back is due until its outcome is committed, which includes reading the calendar.",
        "same process = serve alone; beside = `readback work`, and serve with READBACK_JOBS=off. idle CPU: share of a "
        "core that all of them use before anything is asked.",
    ]
    return table


def _add(table: Table, name: str, apart: bool, measured: Measured) -> None:
    where = "beside" if apart else "same process"
    late = sorted(measured.late_s)
    told = tuple(number(percentile(late, share)) for share in (0.5, 0.99, 1.0))
    idle = f"{measured.idle_share:.1%}" if measured.idle_share is not None else "-"
    for place, kind in enumerate(KINDS):
        p99 = [middle([figures.p99 for figures in half[kind]]) for half in (measured.without, measured.during)]
        shared = (number(measured.cpu_ms, 1), *told, idle) if place == 0 else ("",) * 5
        table.rows.append((name, where, kind, number(measured.ratio(kind)), *map(number, p99), *shared))
        table.goals.append(
            Goal(
                f"check_availability ({kind}) beside {PER_S:.0f} jobs a second, {name}, {where}: p99 against without",
                f"at most {MOST_MORE:.2f}",
                f"{measured.ratio(kind):.2f}",
                measured.ratio(kind) <= MOST_MORE,
            )
        )
    table.goals.append(
        Goal(
            f"{len(late)} read-backs due over a while, {name}, {where}: done after they are due",
            f"within {LATE_S:g} s, all of them",
            f"p99 {percentile(late, 0.99):.2f} s, worst {late[-1]:.2f} s",
            late[-1] <= LATE_S,
        )
    )
    table.figures[f"{name}, {where}"] = {
        "x_p99": {kind: measured.ratio(kind) for kind in KINDS},
        "rounds": {
            half: {kind: [[f.p50, f.p99, f.worst] for f in figures] for kind, figures in by_kind.items()}
            for half, by_kind in (("without", measured.without), ("with", measured.during))
        },
        "late_s": late,
        "idle_share": measured.idle_share,
        "cpu_ms_per_job": measured.cpu_ms,
    }


def _arranged(bench: Bench, name: str, server_url: str, *, apart: bool) -> Measured:
    plan = bench.plan
    with bench.site() as stage:
        google = stage.stand_in(LATENCY_MS, calendars(TECHNICIANS))
        url = stage.database(server_url) if server_url else stage.file()
        bench.progress(f"jobs on {name}: {plan.waiting} bookings")
        _book(bench, stage, google, url)
        first = time.time() + UP_WITHIN_S
        due = _set_due(url, _dues(bench, first))
        asking = Asking(bench)
        with _running(stage, google, url, apart=apart) as servers:
            for question in asking.warm:
                servers[0].ask(question)
            measured = Measured(idle_share=_at_rest(servers, first))
            _rounds(asking, servers, first, measured, f"jobs on {name}, {'beside' if apart else 'same process'}")
            measured.late_s = _late(url, due)
        return measured


def _book(bench: Bench, stage: Site, google: Server, url: str) -> None:
    """As many bookings as read-backs are wanted, each another technician or day."""
    questions = _asked(days(), TECHNICIANS)
    product = stage.product(business(TECHNICIANS), database_url=url, google=google, **ENVIRONMENT)
    booked = 0
    while booked < bench.plan.waiting:
        asked = {"questions": questions[booked:], "callers": BOOKERS, "seconds": 1.0}
        talk = bench.generator.talk("pairs", port=product.port, pid=product.pid, **asked)
        booked += talk["pairs"]
        if not talk["pairs"]:
            raise ValueError(f"nothing can be booked: {talk}")
    stage.stop(product)


def _asked(asked: list[datetime], technicians: int) -> list[Question]:
    """Whole days of one technician each: there is always something free."""
    return [
        check({"technician": f"t{technician}", "date": f"{day:%Y-%m-%d}"})
        for day in asked
        for technician in range(technicians)
    ]


def _dues(bench: Bench, first: float) -> list[float]:
    """When each read-back is due: evenly in the second half of every round, from when the first round begins."""
    plan = bench.plan
    a_round = plan.waiting // plan.job_rounds
    places = (divmod(number_, a_round) for number_ in range(a_round * plan.job_rounds))
    return [first + (2 * turn + 1) * plan.job_half_s + within / PER_S for turn, within in places]


def _set_due(url: str, dues: list[float]) -> dict[str, float]:
    """Give the read-backs these times; when each booking's is due. Those that are too many stay far off."""
    outbox, found = job_outbox.c, {}
    with committing(url, seal) as transaction:
        connection = transaction.connection
        rows = connection.execute(select(outbox.key, outbox.data).where(outbox.kind == "read_back")).all()
        for row, due in zip(rows, dues, strict=False):
            this = (outbox.kind == "read_back", outbox.key == row.key)
            connection.execute(update(job_outbox).where(*this).values(due=due))
            found[json.loads(row.data)["booking"]] = due
    return found


@contextmanager
def _running(stage: Site, google: Server, url: str, *, apart: bool) -> Iterator[list[Server]]:
    """The process that is asked, and with `apart` the one that works on jobs."""
    jobs_here = "off" if apart else "on"
    text = business(TECHNICIANS)
    product = stage.product(text, database_url=url, google=google, READBACK_JOBS=jobs_here, **ENVIRONMENT)
    servers = [product]
    if apart:
        servers.append(stage.worker(text, database_url=url, google=google, **ENVIRONMENT))
    yield servers
    for server in servers:
        stage.stop(server)


def _at_rest(servers: list[Server], until: float) -> float | None:
    """Share of a core that they use while nothing is asked."""
    time.sleep(1.0)  # what asking set off is over
    before, since = _cpu(servers), time.perf_counter()
    left = until - time.time()
    if left < 0.5:
        raise ValueError(f"the product took {UP_WITHIN_S - left:.0f} s to come up")
    time.sleep(left)
    after = _cpu(servers)
    return (after - before) / (time.perf_counter() - since) if before is not None and after is not None else None


def _cpu(servers: list[Server]) -> float | None:
    used = [proc.cpu_s(server.pid) for server in servers]
    return None if None in used else sum(share for share in used if share is not None)


class Asking:
    """The load of one arrangement: no cold question is asked twice, so that each has to ask the calendar."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.warm = _asked(days()[:WARM_DAYS], WARM_TECHNICIANS)
        # A local day reaches into the next UTC day: one is left out between any two.
        self._cold = iter(_asked(days()[WARM_DAYS + 1 :: 2], TECHNICIANS))

    def ask(self, server: Server, kind: str, seconds: float) -> Figures:
        """One stretch of lookups of one kind."""
        rate = COLD_PER_S if kind == "cold" else WARM_PER_S
        count = max(2, int(rate * seconds))
        questions = [next(self._cold) for _ in range(count)] if kind == "cold" else self.warm
        job = Job("open", server.port, "/vapi", questions, server.pid, callers=8, rate=rate, count=count)
        job.marker = OFFERED
        figures = self.bench.generator.run(job)
        all_right(f"jobs, {kind}", figures)
        return figures


def _rounds(asking: Asking, servers: list[Server], first: float, measured: Measured, told: str) -> None:
    plan = asking.bench.plan
    used: dict[bool, float] = {False: 0.0, True: 0.0}
    for turn in range(plan.job_rounds):
        asking.bench.progress(f"{told}: round {turn + 1} of {plan.job_rounds}")
        for with_jobs, into in ((False, measured.without), (True, measured.during)):
            begins = first + (2 * turn + with_jobs) * plan.job_half_s
            time.sleep(max(0.0, begins - time.time()))
            before = _cpu(servers)
            for kind in KINDS:
                into[kind].append(asking.ask(servers[0], kind, plan.job_s))
            time.sleep(max(0.0, begins + plan.job_half_s - 0.1 - time.time()))
            used[with_jobs] += (_cpu(servers) or 0.0) - (before or 0.0)
    if proc.cpu_s(servers[0].pid) is not None:
        measured.cpu_ms = 1000 * (used[True] - used[False]) / plan.waiting


def _late(url: str, due: dict[str, float]) -> list[float]:
    """How long after it was due each read-back was done, once all are. Raises TimeoutError."""
    until = time.monotonic() + DONE_WITHIN_S
    while True:
        with looking(url) as connection:
            done = connection.execute(select(bookings.c.id, bookings.c.verified_at).where(bookings.c.verified_at > 0))
            late = [row.verified_at - due[row.id] for row in done if row.id in due]
        if len(late) == len(due):
            return late
        if time.monotonic() > until:
            raise TimeoutError(f"{len(due) - len(late)} read-backs were not done in {DONE_WITHIN_S:g} s")
        time.sleep(0.5)

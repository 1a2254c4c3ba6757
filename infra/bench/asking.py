"""What every table needs: what is asked, and one measurement of one server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from infra.bench.bodies import Question, freebusy
from infra.bench.figures import Figures, Job
from infra.bench.generator import Generator
from infra.bench.plan import Plan
from infra.bench.servers import Server, Site

ZONE = ZoneInfo("America/Chicago")
FIRST_DAY = 2
LAST_DAY = 58
"""Days ahead that are asked about: past the notice required, inside the booking window of 60."""
PARTS = ("any", "morning", "afternoon")
OFFERED, TOLD_BUSY = "slot_id", '"busy"'
SATURATED = 0.9
MOST_WRONG = 0.01


class WrongAnswersError(Exception):
    """So many answers were not what they should be that their times mean nothing."""


@dataclass
class Bench:
    """A run: how much is measured, who asks, and where progress is said."""

    plan: Plan
    generator: Generator
    progress: Callable[[str], None]
    product: Path
    """Where the product's sources are."""

    def site(self) -> Site:
        """Room for the servers of one table, cleared away at its end whatever happens."""
        return Site(self.product)

    def renew(self) -> None:
        """A new generator: the old one may be stuck in the job that failed."""
        self.generator.close()
        self.generator = Generator()

    def closed(self, server: Server, questions: list[Question], callers: int, seconds: float, **more: str) -> Figures:
        """`callers` who ask again as soon as they are answered."""
        path, marker = more.get("path", "/vapi"), more.get("marker", OFFERED)
        job = Job("closed", server.port, path, questions, server.pid, callers=callers, seconds=seconds, marker=marker)
        job.warm_up_s = self.plan.warm_up_s
        return self.generator.run(job)

    def open(self, server: Server, questions: list[Question], rate: float, seconds: float, **more: str) -> Figures:
        """Arrivals by the clock, `rate` a second on average."""
        path, marker = more.get("path", "/vapi"), more.get("marker", OFFERED)
        job = Job("open", server.port, path, questions, server.pid, callers=4, rate=rate, seconds=seconds)
        job.marker, job.warm_up_s = marker, self.plan.warm_up_s
        return self.generator.run(job)


def days(every: int = 1) -> list[datetime]:
    """Midnights in the business's zone of the days asked about."""
    today = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return [today + timedelta(days=ahead) for ahead in range(FIRST_DAY, LAST_DAY, every)]


def lookups(technicians: int, every: int = 2) -> list[Question]:
    """One question per technician and day. Days are two apart: a local day reaches into the next UTC day, and two
    questions at once must not need the same read.
    """
    return [
        check({"technician": f"t{technician}", "date": f"{day:%Y-%m-%d}", "part_of_day": PARTS[number % len(PARTS)]})
        for number, day in enumerate(days(every))
        for technician in range(technicians)
    ]


def direct(technicians: int, every: int = 2) -> list[Question]:
    """What the product has to ask the calendar for the same."""
    return [
        freebusy(f"t{technician}@bench.example", int(day.astimezone(UTC).timestamp()))
        for day in days(every)
        for technician in range(technicians)
    ]


def check(arguments: dict[str, str]) -> Question:
    """`check_availability` with these arguments."""
    return {"tool": "check_availability", "arguments": {"service": "inspection", **arguments}}


def all_right(name: str, figures: Figures) -> None:
    """Raises WrongAnswersError when more than a few answers were not right: their times would flatter."""
    if not figures.answers or figures.wrong + figures.failed > MOST_WRONG * figures.answers:
        raise WrongAnswersError(
            f"{name}: of {figures.answers} answers {figures.wrong} were wrong, {figures.failed} never came"
        )


def saturation(all_figures: list[Figures]) -> str:
    """How busy the generator was at most, whether that limits what was measured, and what was not answered rightly."""
    most = max((figures.generator_share for figures in all_figures), default=0.0)
    wrong = sum(figures.wrong + figures.failed for figures in all_figures)
    limit = ": it was the limit there, the fastest server is faster" if most > SATURATED else ""
    told = f"{wrong} of {sum(figures.answers for figures in all_figures)} answers were wrong or missing"
    return f"{told}. The load generator used at most {most:.2f} of a core{limit}."

"""The short form of the kill trial: two processes are killed in the middle of everything, then every promise holds."""

from pathlib import Path

from app.db.opening import normalised, open_engine
from app.db.schema import bookings, job_processes, pages
from infra.trials.kill import Plan, told, trial

PASSED_S = 600


def time_passes(url: str, living: set[str]) -> None:
    """As if it were ten minutes later: holds and leases of the dead are over, and they are known to be dead."""
    b, p = bookings.c, pages.c
    engine = open_engine(normalised(url), writes=True)
    try:
        with engine.begin() as connection:
            doubtful = bookings.update().where(b.status.in_(("held", "pending")))
            connection.execute(doubtful.values(hold_until=b.hold_until - PASSED_S, created_at=b.created_at - PASSED_S))
            connection.execute(pages.update().where(p.receivers == "{}").values(next_at=p.next_at - PASSED_S))
            connection.execute(job_processes.delete().where(job_processes.c.process.not_in(living)))
    finally:
        engine.dispose()


async def test_killed_at_random_moments_every_promise_holds(postgres_url: str, tmp_path: Path) -> None:
    # Nobody is put through again: who was told "not sure yet" would hear the end only ten seconds later.
    plan = Plan(moments=3, processes=2, calendar="embedded", seed=1, together=4, patient=0.0, settled_within_s=80.0)

    outcome = await trial(plan, postgres_url, tmp_path, hasten=time_passes)

    assert outcome.processes >= 3
    assert outcome.holds, told(plan, "postgresql", outcome)
    assert any(story.booked == "confirmed" for story in outcome.evidence.stories)

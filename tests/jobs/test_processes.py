"""Several processes that work on the same jobs, and what is left when one of them dies or is asked to go."""

import time
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db.once import looking
from app.db.schema import dead_letters, pages
from app.jobs.outbox import Job
from tests.jobs.working import Worker, given, in_outbox, noted, until, workers

MANY = 40


def job(kind: str, key: str, due: float = 0.0) -> Job:
    return Job(kind, key, due or time.time(), {"key": key})


async def test_two_workers_do_each_job_once(database_url: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    keys = [f"job:{n}" for n in range(MANY)]
    with workers(database_url, notes, 2, "--long-s", "0.2"):
        await until(lambda: len(noted(notes, "up")) == 2)
        given(database_url, *(job("long", key) for key in keys))

        await until(lambda: len(noted(notes, "done")) >= MANY)
        await until(lambda: in_outbox(database_url) == [])
        given(database_url, *(job("long", key) for key in keys))  # as somebody would who does not know
        await until(lambda: in_outbox(database_url) == [])

    assert sorted(noted(notes, "begun")) == sorted(keys)
    assert sorted(noted(notes, "done")) == sorted(keys)


async def test_what_a_killed_worker_had_begun_is_taken_over_once(database_url: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with workers(database_url, notes, 1, "--long-s", "30") as [first]:
        given(database_url, job("long", "begun"))
        await until(lambda: noted(notes, "begun") == ["begun"])
        given(database_url, job("quick", "waiting", time.time() + 4))
        first.kill()
        with workers(database_url, notes, 2, "--long-s", "0.5"):
            await until(lambda: {"begun", "waiting"} <= set(noted(notes, "done")))
            await until(lambda: not in_outbox(database_url))

    assert noted(notes, "begun") == ["begun", "begun"]
    assert sorted(noted(notes, "done")) == ["begun", "waiting"]


async def test_a_job_that_kills_its_process_ends_as_a_letter_and_a_page(database_url: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    given(database_url, job("deadly", "poison"), job("quick", "healthy"))

    for deaths in (1, 2, 3):
        with workers(database_url, notes, 1) as [worker]:
            await until(lambda worker=worker: worker.process.poll() is not None)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert len(noted(notes, "begun")) == deaths
    with workers(database_url, notes, 1):
        await until(lambda: bool(letters(database_url)))
        given(database_url, job("quick", "afterwards"))
        await until(lambda: "afterwards" in noted(notes, "done"))

    assert letters(database_url) == [("deadly", "poison", "the process that did it died, 3 times")]
    assert len(noted(notes, "begun")) == 3
    with looking(database_url) as connection:
        assert connection.execute(select(pages.c.kind)).scalars().all() == ["dead_letter"]


async def test_asked_to_go_a_worker_hands_on_what_it_cannot_finish(database_url: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with workers(database_url, notes, 1, "--long-s", "30", "--grace-s", "0.5") as [first]:
        later = [job("quick", f"later:{n}", time.time() + 3) for n in range(5)]
        given(database_url, job("long", "endless"), *later)
        await until(lambda: noted(notes, "begun") == ["endless"])

        assert first.stop() == 0
        assert "endless" not in noted(notes, "done")

        with workers(database_url, notes, 1, "--long-s", "0.2"):
            await until(lambda: len(noted(notes, "done")) >= 6)
    assert noted(notes, "begun") == ["endless", "endless"]
    assert sorted(noted(notes, "done")) == ["endless", *(f"later:{n}" for n in range(5))]


async def test_asked_to_go_a_worker_finishes_what_it_can(database_url: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with workers(database_url, notes, 1, "--long-s", "1.5", "--grace-s", "20") as [worker]:
        given(database_url, job("long", "short"))
        await until(lambda: len(noted(notes, "begun")) == 1)

        assert worker.stop() == 0
    assert len(noted(notes, "done")) == 1


@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url"])
async def test_killed_between_the_engine_and_the_outbox_a_job_is_done_once(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    url: str = request.getfixturevalue(database)
    notes = tmp_path / "notes"
    notes.touch()
    due = time.time() + 6
    given(url, job("quick", "once", due))
    dying = Worker(url, notes, "--dies-in-relay")
    await until(lambda: dying.process.poll() is not None)
    assert in_outbox(url) == ["once"]

    with workers(url, notes, 1):
        await until(lambda: not in_outbox(url))
        await until(lambda: len(noted(notes, "done")) == 1)
        assert time.time() >= due
        given(url, job("quick", "another"))
        await until(lambda: "another" in noted(notes, "done"))

    assert noted(notes, "done") == ["once", "another"]


def letters(url: str) -> list[tuple[str, str, str]]:
    with looking(url) as connection:
        found = connection.execute(select(dead_letters.c.kind, dead_letters.c.key, dead_letters.c.cause))
        return [tuple(row) for row in found]

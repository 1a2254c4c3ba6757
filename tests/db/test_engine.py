"""The database: a result is a commit, one caller's trouble is its own, and bad days are said in time."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from app import metrics
from app.audit import log as audit_log
from app.audit.log import record
from app.db import engine
from app.db.engine import (
    Database,
    DatabaseRefusedError,
    DatabaseUnavailableError,
    Transaction,
)
from app.db.opening import open_engine
from app.db.schema import audit, secrets
from app.errors import OverloadedError
from tests.fakes.databases import cut_off, executed, held_up, locked_by_another_process, opened, soon, without_room


def kept(name: str) -> Any:
    """Work that keeps one row under `name`."""

    def work(transaction: Transaction) -> str:
        transaction.connection.execute(secrets.insert().values(name=name, value="x"))
        record(transaction, "kept", subject=name, at=1.0)
        return name

    return work


def failing(name: str, error: Exception) -> Any:
    """Work that keeps a row, records it, and then fails."""

    def work(transaction: Transaction) -> None:
        kept(name)(transaction)
        raise error

    return work


def names(url: str) -> set[str]:
    return {name for (name,) in executed(url, "SELECT name FROM secrets")}


def audit_rows_counted() -> float:
    shown = metrics.render()[0].decode()
    return float(next(line for line in shown.splitlines() if line.startswith("readback_audit_rows_total ")).split()[1])


async def subjects(database: Database) -> list[str]:
    return await database.read(lambda c: list(c.execute(select(audit.c.subject).order_by(audit.c.seq)).scalars()))


async def test_a_result_means_that_others_can_see_it(database_url: str) -> None:
    async with opened(database_url) as database:
        for number in range(5):
            assert await database.write(kept(f"n{number}")) == f"n{number}"
            assert f"n{number}" in names(database_url)


async def test_the_figures_count_the_audit_rows_that_were_committed(database_url: str) -> None:
    async with opened(database_url) as database:
        before = audit_rows_counted()
        await asyncio.gather(*(database.write(kept(name)) for name in ("one", "two")))
        with pytest.raises(RuntimeError):
            await database.write(failing("three", RuntimeError()))
        assert audit_rows_counted() == before + 2


async def test_nothing_is_told_before_the_commit(database_url: str) -> None:
    seen: list[bool] = []

    def seal(connection: Connection, records: list[Any]) -> tuple[int, int]:
        if records:
            seen.append(writing.done())
        return audit_log.seal(connection, records)

    async with opened(database_url, seal) as database:
        writing = asyncio.create_task(database.write(kept("one")))
        await writing

    assert seen == [False]


async def test_callers_that_come_together_share_a_commit(database_url: str) -> None:
    commits: list[int] = []

    def seal(connection: Connection, records: list[Any]) -> tuple[int, int]:
        if records:
            commits.append(len(records))
        return audit_log.seal(connection, records)

    async with opened(database_url, seal) as database:
        async with held_up(database):
            writing = [asyncio.create_task(database.write(kept(f"n{number}"))) for number in range(30)]
            await asyncio.sleep(0)
        await asyncio.gather(*writing)

    assert commits == [30]


@pytest.mark.parametrize("batch", [1, 3, 7])
async def test_one_failing_caller_spoils_neither_its_neighbours_nor_the_chain(database_url: str, batch: int) -> None:
    async with opened(database_url) as database:
        async with held_up(database):
            good = [asyncio.create_task(database.write(kept(f"n{number}"))) for number in range(batch)]
            bad = asyncio.create_task(database.write(failing("bad", KeyError("bad"))))
            refused = asyncio.create_task(database.write(kept("n0")))
            await asyncio.sleep(0)
        await asyncio.gather(*good)
        with pytest.raises(KeyError):
            await bad
        with pytest.raises(DatabaseRefusedError):
            await refused
        verdict = await database.read(audit_log.verify)

        assert names(database_url) == {f"n{number}" for number in range(batch)}
        assert await subjects(database) == [f"n{number}" for number in range(batch)]
        assert verdict.holds
        assert verdict.rows == batch


async def test_a_lone_failing_caller_leaves_nothing_behind(database_url: str) -> None:
    async with opened(database_url) as database:
        with pytest.raises(KeyError):
            await database.write(failing("bad", KeyError("bad")))
        await database.write(kept("good"))

        assert names(database_url) == {"good"}
        assert await subjects(database) == ["good"]


async def test_who_gave_up_before_the_work_began_does_not_find_it_done(database_url: str) -> None:
    async with opened(database_url) as database:
        async with held_up(database):
            with pytest.raises(DatabaseUnavailableError, match="in time"):
                await database.write(kept("late"), 0.05)
            cancelled = asyncio.create_task(database.write(kept("cancelled")))
            await asyncio.sleep(0)
            cancelled.cancel()
        await database.write(kept("after"))

        assert names(database_url) == {"after"}


async def test_work_that_has_begun_is_committed_though_its_caller_left(database_url: str) -> None:
    begun, release = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        kept("begun")(transaction)
        begun.set()
        release.wait(10)

    async with opened(database_url) as database:
        writing = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait)
        writing.cancel()
        release.set()
        await database.write(kept("after"))

        assert names(database_url) == {"begun", "after"}


async def test_a_failed_commit_reaches_everybody_who_was_in_it(database_url: str) -> None:
    def seal(connection: Connection, records: list[Any]) -> tuple[int, int]:
        if records:
            raise OSError("the disk is full")
        return audit_log.seal(connection, records)

    async with opened(database_url, seal) as database:
        async with held_up(database):
            writing = [asyncio.create_task(database.write(kept(f"n{number}"))) for number in range(5)]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*writing, return_exceptions=True)

    assert [type(answer) for answer in answers] == [DatabaseUnavailableError] * 5
    assert names(database_url) == set()


async def test_a_writer_that_stops_answering_is_said_in_time(database_url: str) -> None:
    async with opened(database_url) as database, held_up(database):
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailableError):
            await database.write(kept("late"), 0.1)
        assert time.monotonic() - began < 1.0


async def test_a_reader_that_stops_answering_is_said_in_time(database_url: str) -> None:
    release = threading.Event()
    async with opened(database_url) as database:
        with pytest.raises(DatabaseUnavailableError):
            await database.read(lambda _: release.wait(10), 0.1)
        release.set()


async def test_more_writes_than_may_wait_are_refused_at_once(database_url: str) -> None:
    async with opened(database_url) as database:
        async with held_up(database):
            writing = [
                asyncio.create_task(database.write(kept(f"n{number}"), 20.0))
                for number in range(engine.MAX_QUEUED_WRITES - 1)
            ]
            await asyncio.sleep(0)
            with pytest.raises(OverloadedError):
                await database.write(kept("too many"))
            for task in writing:
                task.cancel()
        await soon(lambda: database._queued == 0)
        await database.write(kept("room again"))


async def test_a_server_that_went_away_and_came_back_is_written_to_again(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        await database.write(kept("before"))
        await database.read(lambda c: c.execute(text("SELECT 1")).scalar())
        cut_off(postgres_url)

        await database.write(kept("after"))
        assert await database.read(lambda c: c.execute(select(func.count()).select_from(secrets)).scalar()) == 2


async def test_a_server_that_goes_away_in_the_middle_undoes_everybody(postgres_url: str) -> None:
    def gone(_: Transaction) -> None:
        cut_off(postgres_url)

    async with opened(postgres_url) as database:
        async with held_up(database):
            writing = [asyncio.create_task(database.write(work)) for work in (kept("first"), gone, kept("second"))]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*writing, return_exceptions=True)

        assert all(isinstance(answer, DatabaseUnavailableError) for answer in answers)
        assert names(postgres_url) == set()
        await database.write(kept("after"))
        assert (await database.read(audit_log.verify)).rows == 1


def waits_for_the_disk(transaction: Transaction) -> bool:
    sqlite = transaction.connection.dialect.name == "sqlite"
    asked = "PRAGMA synchronous" if sqlite else "SHOW synchronous_commit"
    return bool(transaction.connection.execute(text(asked)).scalar() in ("on", 2))


async def test_only_what_is_to_last_waits_for_the_disk_and_takes_along_what_is_committed_with_it(
    database_url: str,
) -> None:
    async with opened(database_url) as database:
        assert await database.write(waits_for_the_disk)
        assert not await database.write(waits_for_the_disk, lasting=False)
        assert await database.write(waits_for_the_disk)
        async with held_up(database):
            together = [asyncio.create_task(database.write(waits_for_the_disk, lasting=it)) for it in (False, True)]
            await asyncio.sleep(0)
        assert await asyncio.gather(*together) == [True, True]


async def test_a_file_locked_by_another_process_is_written_to_when_it_is_free(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        with locked_by_another_process(sqlite_url):
            with pytest.raises(DatabaseUnavailableError):
                await database.write(kept("meanwhile"), 0.2)
            assert await database.read(lambda c: c.execute(text("SELECT 1")).scalar()) == 1
            waiting = asyncio.create_task(database.write(kept("patient")))
            await asyncio.sleep(0.1)
        await waiting

        assert names(sqlite_url) == {"patient"}


async def test_a_lone_process_on_a_file_knows_that_it_is_alone(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        for number in range(3):
            await database.write(kept(f"n{number}"))
        assert not database.shared


async def test_another_process_on_the_same_file_is_noticed(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        await database.write(kept("mine"))
        executed(sqlite_url, "INSERT INTO secrets VALUES ('theirs', 'x')")

        await database.write(kept("mine again"))
        assert database.shared


async def test_another_process_is_noticed_without_a_write_of_our_own(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        await database.write(kept("mine"))
        executed(sqlite_url, "INSERT INTO secrets VALUES ('theirs', 'x')")

        await soon(lambda: database.shared, 5 * engine.FOREIGN_WRITER_CHECK_S)


async def test_a_postgresql_database_is_always_taken_to_be_shared(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        assert database.shared


async def test_stopping_finishes_what_was_asked_for(database_url: str) -> None:
    database = Database(database_url, audit_log.seal)
    await database.start()
    writing = [asyncio.create_task(database.write(kept(f"n{number}"))) for number in range(200)]
    await asyncio.sleep(0)
    await database.stop()
    await asyncio.gather(*writing)

    assert len(names(database_url)) == 200


@pytest.mark.parametrize("started", [True, False])
async def test_a_write_before_the_start_or_after_the_stop_is_refused_at_once(sqlite_url: str, started: bool) -> None:
    database = Database(sqlite_url, audit_log.seal)
    if started:
        await database.start()
    await database.stop()
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailableError):
        await database.write(kept("late"))

    assert time.monotonic() - began < 1.0


async def test_a_file_that_was_deleted_under_us_is_no_longer_there(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        assert database.is_there()
        _delete(sqlite_url)
        assert not database.is_there()


async def test_nothing_is_written_into_a_file_that_nobody_will_find_again(sqlite_url: str) -> None:
    file, aside = (f"{sqlite_url.removeprefix('sqlite:///')}{ending}" for ending in ("", ".aside"))
    async with opened(sqlite_url) as database:
        await database.write(kept("before"))
        os.rename(file, aside)
        with pytest.raises(DatabaseUnavailableError):
            await database.write(kept("moved"))
        assert database.refuses
        os.close(os.open(file, os.O_CREAT))
        assert not database.is_there(), "another file in its place is another database"
        with pytest.raises(DatabaseUnavailableError):
            await database.write(kept("replaced"))
        os.rename(aside, file)
        await database.write(kept("after"))
        assert not database.refuses
    assert {"before", "after"} <= names(sqlite_url)
    assert not {"moved", "replaced"} & names(sqlite_url)


async def test_what_is_wrong_with_one_work_is_no_fault_of_the_database(database_url: str) -> None:
    async with opened(database_url) as database:
        await database.write(kept("one"))
        for work, error in (
            (kept("one"), DatabaseRefusedError),
            (failing("two", ValueError()), ValueError),
            (failing("three", OSError()), OSError),
        ):
            with pytest.raises(error):
                await database.write(work)
            assert not database.refuses


async def test_a_process_that_ends_waits_once_for_a_database_that_hangs(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WRITE_DEADLINE_S", 0.2)
    async with opened(sqlite_url) as database, held_up(database):
        database.ends()
        began = time.monotonic()
        for number in range(5):
            with pytest.raises(DatabaseUnavailableError):
                await database.write(kept(f"n{number}"), 30.0)
        assert time.monotonic() - began < 1.0


async def test_a_process_that_ends_goes_on_writing_while_the_database_does(database_url: str) -> None:
    async with opened(database_url) as database:
        database.refuses = True  # what was before says nothing about the end
        database.ends()
        for number in range(3):
            await database.write(kept(f"n{number}"))
    assert {"n0", "n1", "n2"} <= names(database_url)


async def test_a_database_without_a_file_is_always_there(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        assert database.is_there()


def _delete(url: str) -> None:
    Path(url.removeprefix("sqlite:///")).unlink()


def test_a_server_that_vanished_is_given_up_within_seconds(postgres_url: str) -> None:
    for writes in (True, False):
        made = open_engine(postgres_url, writes=writes)
        with made.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            given = driver.info.get_parameters()
        made.dispose()
        assert (given["tcp_user_timeout"], given["keepalives_idle"]) == ("10000", "5")


async def test_on_a_full_disk_an_empty_write_says_nothing_and_a_proof_says_why(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        await database.write(kept("before"))
        with without_room():
            with pytest.raises(DatabaseUnavailableError):
                await database.write(kept("lost"))
            await database.write(lambda _: None)
            assert database.refuses, "a commit without a change needs no disk"
            with pytest.raises(DatabaseUnavailableError, match=r"OperationalError: .*disk"):
                await database.prove()
        await database.prove()
        assert not database.refuses
    assert "lost" not in names(sqlite_url)


async def test_a_proof_changes_no_row_and_succeeds_while_all_is_well(database_url: str) -> None:
    async with opened(database_url) as database:
        database.refuses = True
        await database.prove()
        assert not database.refuses
    assert not names(database_url)


async def test_a_postgresql_that_takes_no_rows_fails_the_proof(postgres_url: str) -> None:
    def read_only(transaction: Transaction) -> None:
        transaction.connection.exec_driver_sql("SET SESSION default_transaction_read_only = on")

    async with opened(postgres_url) as database:
        await database.write(read_only)
        with pytest.raises(DatabaseUnavailableError) as told:
            await database.prove()
        assert "read-only" in str(told.value.__cause__)
        assert database.refuses


async def test_a_postgresql_without_room_fails_the_proof(postgres_url: str) -> None:
    def no_room(transaction: Transaction) -> None:
        transaction.connection.exec_driver_sql("SET SESSION temp_file_limit = '64kB'")

    async with opened(postgres_url) as database:
        await database.prove()
        await database.write(no_room)
        with pytest.raises(DatabaseUnavailableError) as told:
            await database.prove()
        assert "temp_file_limit" in str(told.value.__cause__)
        assert database.refuses

"""The durable engine, once for each of its sharp edges."""

import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import text

from app.db.opening import database_file, normalised, open_engine
from app.jobs import engine as under_test
from app.jobs.engine import AT_ONCE, MOST_IN_LOAD, SCHEMA, THREADS, VERSION, Carry, Engine, EngineDownError
from app.jobs.entry import Entry

WITHIN_S = 90.0
"""For a machine whose disk stands still at times: on a quiet one everything here takes a second."""
NAME = "Samantha Rivera"


class Seen(list[Entry]):
    """Carries nothing out and notes what it was given."""

    def __call__(self, load: Sequence[Entry]) -> None:
        self.extend(load)


@contextmanager
def running(url: str, process: str, carry: Carry) -> Iterator[Engine]:
    engine = Engine(url, process, carry)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def soon(holds: Callable[[], Any]) -> None:
    until = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < until, "did not come to hold"
        time.sleep(0.02)


def entry(key: str, after_s: float = 0.0, **more: Any) -> Entry:
    return Entry("read_back", key, time.time() + after_s, {"booking": key}, **more)


def stored(url: str, columns: str, table: str = "workflow_status") -> list[Any]:
    """Rows as they lie in the engine's own tables."""
    file = database_file(url)
    if file:
        with sqlite3.connect(f"{file}.jobs") as connection:
            return connection.execute(f"SELECT {columns} FROM {table}").fetchall()  # noqa: S608 - the test's own words
    sql = open_engine(normalised(url), writes=False)
    with sql.connect() as connection:
        rows = connection.execute(text(f"SELECT {columns} FROM {SCHEMA}.{table}")).fetchall()  # noqa: S608 - as above
    sql.dispose()
    return [tuple(row) for row in rows]


def test_an_entry_is_carried_once_however_often_it_is_handed_over(database_url: str) -> None:
    seen = Seen()
    one = entry("b:1")
    with running(database_url, "p1", seen) as engine:
        engine.hand_over([one, one], time.time())
        soon(lambda: seen)
        engine.hand_over([one, entry("b:2")], time.time())
        soon(lambda: len(seen) == 2)

    assert [found.key for found in seen] == ["b:1", "b:2"]
    assert seen[0] == one


def test_entries_of_one_moment_lie_in_loads_and_each_is_carried_once(database_url: str) -> None:
    loads: list[list[str]] = []
    first = [entry(f"b:{number}") for number in range(MOST_IN_LOAD + 3)]
    with running(database_url, "p1", lambda load: loads.append([found.key for found in load])) as engine:
        engine.hand_over(first, time.time())
        soon(lambda: len(loads) == 2)
        engine.hand_over([*first, entry("b:new"), entry("b:0", turn=1)], time.time())
        soon(lambda: sum(map(len, loads)) == len(first) + 2)
        time.sleep(0.5)

    assert sorted(map(len, loads)) == [1, 1, 3, MOST_IN_LOAD]
    assert sorted(key for load in loads for key in load) == sorted([*(one.key for one in first), "b:new", "b:0"])


def test_whoever_takes_over_sees_every_entry_of_a_load_and_ends_it_as_one(database_url: str) -> None:
    release, seen = threading.Event(), Seen()
    with running(database_url, "p1", lambda _: release.wait(WITHIN_S) and None) as engine:
        engine.hand_over([entry("b:1"), entry("b:2")], time.time())
        soon(engine.started)
        begun = engine.started()
        engine.cancel([begun[0].load])
        still = engine.started()
        release.set()
    with running(database_url, "p2", seen) as engine:
        engine.hand_over([entry("b:1"), entry("b:2"), entry("b:3")], time.time())
        soon(lambda: seen)

    assert {one.entry.key for one in begun} == {"b:1", "b:2"}
    assert len({one.load for one in begun}) == 1
    assert still == []
    assert [found.key for found in seen] == ["b:3"], "they stay known"


def test_keys_with_colons_and_turns_are_not_mistaken_for_each_other() -> None:
    assert Entry("k", "a:1", 0.0).id != Entry("k", "a", 0.0, turn=1).id
    assert Entry("k", "a", 0.0).id == Entry("k", "a", 5.0, tries=2).id


def test_what_is_due_later_waits_for_its_time_over_a_restart(database_url: str) -> None:
    seen = Seen()
    begun: list[float] = []

    def carry(load: Sequence[Entry]) -> None:
        begun.append(time.time())
        seen(load)

    later = entry("b:1", 3.0)
    with running(database_url, "p1", carry) as engine:
        engine.hand_over([later], time.time())
        assert engine.waiting() == 1
    with running(database_url, "p2", carry) as engine:
        engine.hand_over([later], time.time())  # as the relay does that was killed before it could tell
        soon(lambda: seen)

    assert [found.key for found in seen] == ["b:1"]
    assert begun[0] >= later.due - 0.01


def test_what_it_is_told_of_begins_without_a_regular_look(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.pace.SELDOM_S", 3_600.0)
    seen = Seen()
    with running(database_url, "p1", seen) as engine:
        engine.hand_over([entry("later", 1.0)], time.time())
        engine.hand_over([entry("now")], time.time())
        soon(lambda: len(seen) == 2)

    assert [found.key for found in seen] == ["now", "later"]


def test_no_loop_of_the_engine_that_is_not_used_goes_on(database_url: str) -> None:
    before = set(threading.enumerate())
    with running(database_url, "p1", Seen()):
        soon(lambda: since(before) == ["_run_event_loop", "dbos-executor", "queue-worker-jobs"])
    soon(lambda: since(before) == [])


def since(before: set[threading.Thread]) -> list[str]:
    """Threads that have begun since, by what they do."""
    names = (thread.name for thread in set(threading.enumerate()) - before)
    return sorted(re.sub(r"Thread-\d+ \((\w+)\)|(dbos-executor)-.*", r"\1\2", name) for name in names)


def test_a_deploy_strands_nothing(database_url: str) -> None:
    """The engine's own version is a hash over the sources of what is registered: one function more, and it differs."""
    seen = Seen()
    with running(database_url, "p1", seen) as engine:
        engine.hand_over([entry("b:1", 1.0)], time.time())

    @DBOS.workflow(name=f"of the next version {time.time()}")
    def _next_version() -> None: ...

    with running(database_url, "p2", seen):
        soon(lambda: seen)
    assert stored(database_url, "application_version") == [(VERSION,)]


def test_an_entry_bears_the_name_of_the_process_that_has_it(database_url: str) -> None:
    release = threading.Event()
    with running(database_url, "a name of its own", lambda _: release.wait(WITHIN_S) and None) as engine:
        engine.hand_over([entry("b:1")], time.time())
        soon(engine.started)
        [begun] = engine.started()
        release.set()

    assert (begun.process, begun.entry.key) == ("a name of its own", "b:1")


def test_an_entry_that_was_cancelled_stays_known_and_is_not_begun_again(database_url: str) -> None:
    seen = Seen()
    with running(database_url, "p1", seen) as engine:
        engine.hand_over([entry("b:1", 60.0)], time.time())
        engine.cancel(["read_back:b:1:0"])
        engine.hand_over([entry("b:1"), entry("b:2")], time.time())
        soon(lambda: seen)
        time.sleep(0.5)

    assert [found.key for found in seen] == ["b:2"]


def test_nothing_is_pickled_and_no_error_brings_a_name_along(database_url: str) -> None:
    def fail(_: Sequence[Entry]) -> None:
        raise ValueError(f"no such customer: {NAME}")

    with running(database_url, "p1", fail) as engine:
        engine.hand_over([entry("b:1")], time.time())
        soon(engine.broken)
        [broken] = engine.broken()

    everything = str(
        [stored(database_url, "*", table) for table in ("workflow_status", "workflow_input", "workflow_output")]
    )
    assert broken.entry.data == {"booking": "b:1"}
    assert NAME not in everything
    assert "ValueError" in everything
    assert '"booking":"b:1"' in everything
    assert "gASV" not in everything  # how every pickle begins in base64
    assert stored(database_url, "serialization") == [("readback_json",)]


def test_on_sqlite_it_has_a_file_of_its_own_with_a_log_that_is_synced(sqlite_url: str) -> None:
    with running(sqlite_url, "p1", Seen()) as engine:
        assert engine._sql is not None
        with engine._sql.connect() as connection:
            pragmas = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
            ]
            file = connection.exec_driver_sql("PRAGMA database_list").fetchone()
    assert pragmas == ["wal", 2]
    assert file is not None
    assert file[2] == f"{database_file(sqlite_url)}.jobs"


def test_no_more_are_under_way_than_threads_allow_and_the_others_wait(database_url: str) -> None:
    release = threading.Event()
    begun: list[str] = []
    many = 2 * AT_ONCE + 6

    def hold(load: Sequence[Entry]) -> None:
        begun.extend(found.key for found in load)
        release.wait()

    with running(database_url, "p1", hold) as engine:
        try:
            for number in range(many):
                engine.hand_over([entry(f"b:{number}")], time.time())
            soon(lambda: len(begun) >= AT_ONCE)
            time.sleep(0.5)
            # A look of the engine's does not see what the look before has taken and not begun yet: hence a few more.
            assert AT_ONCE <= len(begun) <= THREADS
            waiting = [status for (status,) in stored(database_url, "status") if status == "ENQUEUED"]
            assert len(waiting) >= many - 2 * AT_ONCE, "what is taken cannot be taken by another process"
            threads = [thread for thread in threading.enumerate() if thread.name.startswith("dbos-executor")]
            assert len(threads) <= THREADS
        finally:
            release.set()
        soon(lambda: len(begun) == many)


def test_what_is_done_is_forgotten_and_what_waits_is_not(database_url: str) -> None:
    seen = Seen()
    with running(database_url, "p1", seen) as engine:
        for number in range(5):
            engine.hand_over([entry(f"b:{number}")], time.time())
        engine.hand_over([entry("later", 600.0)], time.time())
        soon(lambda: len(seen) == 5 and not engine.started())

        assert engine.forget(time.time() - 60) == 0
        assert sum(iter(lambda: engine.forget(time.time() + 60, most=2), 0)) == 5

    assert [name for (name,) in stored(database_url, "workflow_uuid")] == ["read_back:later:0"]
    assert len(stored(database_url, "inputs", "workflow_input")) == 1
    assert stored(database_url, "id", "readback_entries") == []


def test_its_lines_go_the_way_of_all_others(sqlite_url: str) -> None:
    with running(sqlite_url, "p1", Seen()):
        logger = logging.getLogger("dbos")
        assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]
        assert logger.propagate


def test_down_it_says_so() -> None:
    engine = Engine("sqlite:////nowhere/at/all.db", "p1", Seen())

    with pytest.raises(OSError, match="nowhere"):
        engine.start()
    with pytest.raises(EngineDownError):
        engine.hand_over([entry("b:1")], time.time())
    assert under_test._Carriers.carry is None

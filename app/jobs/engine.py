"""The durable engine under the jobs, DBOS Transact, kept to what its sharp edges leave safe to use.

It keeps entries, says when one is due, and gives each to one process; what an entry means it does not know. Entries
that begin at the same time lie there as one load: the engine's part in a turn costs more than most of what is done in
it. Everything here blocks and is called from threads without an event loop, so that the engine never gets hold of the
server's own.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from dbos import DBOS, DBOSClient, EnqueueOptions, Serializer, WorkflowStatus
from dbos._queue import queue_worker_thread
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from app import log
from app.db.migrate import one_at_a_time
from app.db.opening import CONNECT_TIMEOUT_S, database_file, normalised, sets_for_session
from app.jobs.entry import Entry, Started
from app.jobs.known import Known
from app.jobs.pace import Pace

FILE_MODE = 0o600
APPLICATION, QUEUE, WORKFLOW, SCHEMA = "readback", "jobs", "job", "readback_jobs"
VERSION = "jobs-1"
"""Pinned: the engine's own choice changes with every deploy, and what waited under the old one is never run."""
AT_ONCE = 24
"""Loads of one process at the same moment, each holding a thread of the engine while its handlers run on the loop."""
THREADS = AT_ONCE + 8
STOPS_WITHIN_S = 0.25
"""How long a loop of the engine that we have no use for may sleep before it sees that it is to end."""
LOOK_ENDS_WITHIN_S = 5.0
CONNECTIONS = 8
BUSY_TIMEOUT_MS = 10_000
MOST_LISTED = 500
MOST_IN_LOAD = 16
"""Entries that share a row of the engine, a thread, and the death of their process."""

Carry = Callable[[Sequence[Entry]], None]

logger = log.get(__name__)


class IdsOnly(Serializer):
    """JSON instead of the engine's pickle, so that what is stored can be read and never executes."""

    def serialize(self, data: Any) -> str:
        return orjson.dumps(data, default=_said).decode()

    def deserialize(self, serialized_data: str) -> Any:
        return orjson.loads(serialized_data)

    def name(self) -> str:
        return "readback_json"


def _said(value: object) -> str:
    """An error is kept as its kind: its words may quote a customer."""
    if isinstance(value, BaseException):
        return type(value).__name__
    raise TypeError(type(value).__name__)


class _Carriers:
    """Who carries out entries in this process. The engine looks its function up by name, long after it was made."""

    carry: Carry | None = None


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def _job(job: dict[str, Any]) -> None:
    if _Carriers.carry is None:
        raise RuntimeError("nobody carries out jobs in this process")
    _Carriers.carry([Entry(**one) for one in job.get("load", [job])])


class Engine:
    """One process's part of the engine. `process` names it; no two living processes may share a name."""

    def __init__(self, url: str, process: str, carry: Carry) -> None:
        self._url = normalised(url)
        self._process = process
        self._carry = carry
        self._known = Known(SCHEMA)
        self._sql: SqlEngine | None = None
        self._dbos: DBOS | None = None
        self._client: DBOSClient | None = None
        self._pace = Pace(self._promote)
        self._looking: threading.Thread | None = None

    def start(self) -> None:
        """Bring up the engine's own tables and begin to take entries. Several processes may start at once."""
        _quiet()
        self._sql = _open(self._url)
        try:
            with one_at_a_time(self._url):
                self._dbos = DBOS(
                    config={
                        "name": APPLICATION,
                        "system_database_engine": self._sql,
                        "dbos_system_schema": SCHEMA,
                        "application_version": VERSION,
                        "executor_id": self._process,
                        "serializer": IdsOnly(),
                        "max_executor_threads": THREADS,
                        "use_listen_notify": False,
                        "notification_listener_polling_interval_sec": STOPS_WITHIN_S,
                        "enable_otlp": False,
                        "log_level": "WARNING",
                    }
                )
                _Carriers.carry = self._carried
                DBOS.listen_queues([])  # its own loops look at fixed times; ours is begun below, at our pace
                DBOS.launch()
                queue = DBOS.register_queue(QUEUE, worker_concurrency=AT_ONCE, on_conflict="always_update")
                with self._sql.begin() as connection:
                    self._known.prepare(connection)
            queue.database_backed_queue = False  # it is as it was just put down, and need not be read for every look
            _end_loops(self._dbos)
            self._client = DBOSClient(
                system_database_engine=self._sql,
                dbos_system_schema=SCHEMA,
                serializer=IdsOnly(),
                application_name=APPLICATION,
                retry_connection_errors=False,
            )
            arguments = (self._pace, self._dbos, queue)
            self._looking = threading.Thread(
                target=queue_worker_thread, args=arguments, name=f"queue-worker-{QUEUE}", daemon=True
            )
            self._looking.start()
        except BaseException:
            self.stop()
            raise

    def hand_over(self, entries: Sequence[Entry], now: float) -> None:
        """Keep entries, in one commit. One whose id is known already, waiting, under way or done, stays as it is."""
        if self._client is None or self._sql is None:
            raise EngineDownError("the engine is not started")
        with self._sql.begin() as connection:
            first = self._known.new_among(connection, [entry for entry in entries if entry.turn == 0], now)
            together = [entry for entry in first if entry.due <= now]
            apart = [entry for entry in (*first, *(e for e in entries if e.turn)) if entry.turn or entry.due > now]
            loads = [together[n : n + MOST_IN_LOAD] for n in range(0, len(together), MOST_IN_LOAD)]
            for load in (*loads, *([entry] for entry in apart)):
                self._client.enqueue_in_transaction(connection, _options(load, now), _plain(load))
        # The engine counts a delay from when it wrote the row, in whole milliseconds.
        written = time.time() + 0.001
        self._pace.told(written + entry.due - now for entry in entries if entry.due > now)

    def started(self) -> list[Started]:
        """Entries that a process, alive or not, has begun and not finished."""
        return _begun(self._listed(status="PENDING"))

    def broken(self) -> list[Started]:
        """Entries that the engine itself gave up: their outcome could not be kept."""
        return _begun(self._listed(status=["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]))

    def cancel(self, loads: Sequence[str]) -> None:
        """End loads that nobody is to finish. They stay known, so that the same one does not begin anew."""
        if loads:
            self._asked().cancel_workflows(list(loads))

    def discard(self, loads: Sequence[str]) -> None:
        """Forget loads, whatever their state."""
        if loads:
            self._asked().delete_workflows(list(loads))

    def forget(self, before: float, most: int = MOST_LISTED) -> int:
        """Forget loads that were done before a moment, epoch seconds; how many that were, at most `most`."""
        stamp = datetime.fromtimestamp(before, UTC).isoformat()
        done = self._asked().list_workflows(
            status=["SUCCESS", "CANCELLED"], completed_before=stamp, limit=most, load_input=False, load_output=False
        )
        self.discard([row.workflow_id for row in done])
        if self._sql is not None:
            with self._sql.begin() as connection:
                self._known.forget(connection, before)
        return len(done)

    def waiting(self) -> int:
        """How many entries wait, due or not; counted up to the length of a listing."""
        return sum(len(_entries(row)) for row in self._listed(status=["ENQUEUED", "DELAYED"]))

    def stop_taking(self) -> None:
        """Begin nothing more; what is under way goes on."""
        self._pace.set()

    def stop(self, settle_s: int = 0) -> None:
        """Let go of everything. `settle_s`: how long outcomes may take to be kept."""
        self._pace.set()
        if self._dbos is not None:
            database = self._dbos._sys_db_field
            if database is not None:
                # Otherwise a thread asks a database that is down until it is back, and the process cannot end.
                database._retry_connection_errors = False
            if self._looking is not None:
                self._looking.join(LOOK_ENDS_WITHIN_S)
            DBOS.destroy(workflow_completion_timeout_sec=settle_s)
            self._dbos = None
        _Carriers.carry = None
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._sql is not None:
            self._sql.dispose()
            self._sql = None

    def _carried(self, load: Sequence[Entry]) -> None:
        """One load, in a thread of the engine. When it is over there may be room for one that waits."""
        self._pace.told()
        try:
            self._carry(load)
        finally:
            self._pace.told()

    def _promote(self) -> None:
        """Entries whose time has come may be taken from now on. The engine itself does this once a second."""
        database = self._dbos._sys_db_field if self._dbos is not None else None
        if database is not None:
            try:
                database.transition_delayed_workflows()
            except SQLAlchemyError as error:
                logger.warning("jobs_not_promoted", error=type(error).__name__)  # the look that follows fails as well

    def _asked(self) -> DBOSClient:
        if self._client is None:
            raise EngineDownError("the engine is not started")
        return self._client

    def _listed(self, status: str | list[str]) -> list[WorkflowStatus]:
        return self._asked().list_workflows(
            status=status, name=WORKFLOW, limit=MOST_LISTED, load_input=True, load_output=False
        )


class EngineDownError(Exception):
    """The engine is not there to be asked."""


DOWN = (EngineDownError, SQLAlchemyError, OSError)
"""What asking the engine raises when its database is away."""


def _open(url: str) -> SqlEngine:
    """A connection pool of the engine's own.

    SQLite: a file beside the product's, as the two would otherwise wait for each other's commits. In WAL mode, as the
    engine's default journal makes each commit several times slower; with full syncs, as a row leaves the outbox once
    it is here: a machine that loses its power must not lose a promise between the two.
    """
    file = database_file(url)
    if not file:
        # Its commits lie in the same log before ours: no row leaves the outbox before what it became is on the disk.
        arguments = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "readback-jobs"}
        served = create_engine(
            url, connect_args=arguments, pool_size=CONNECTIONS // 2, max_overflow=CONNECTIONS // 2, pool_pre_ping=True
        )
        sets_for_session(served, {"synchronous_commit": "off"})
        return served
    Path(f"{file}.jobs").touch(mode=FILE_MODE)
    engine = create_engine(
        f"sqlite:///{file}.jobs",
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        pool_size=CONNECTIONS,
        max_overflow=THREADS,
    )

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    return engine


def _end_loops(dbos: DBOS) -> None:
    """End what the engine does again and again for features that are not used here: schedules, messages, deadlines, a
    queue of its own. Together these loops cost several percent of a core, for nothing.
    """
    for event_ in (*dbos.background_thread_stop_events, dbos._background_jobs_stop_event):
        event_.set()
    if dbos._sys_db_field is not None:
        dbos._sys_db_field._run_background_processes = False


def _quiet() -> None:
    """Its lines go the way of all others: a logger that has a handler gets no console handler of the engine's."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.propagate = True


def _options(load: Sequence[Entry], now: float) -> EnqueueOptions:
    """An entry by itself is known by its own id; a load is not put twice, as its entries are not."""
    alone = load[0] if len(load) == 1 else None
    options: EnqueueOptions = {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": alone.id if alone else f"load:{uuid.uuid4().hex}",
        "app_version": VERSION,
    }
    if alone and alone.due > now:
        options["delay_seconds"] = alone.due - now
    return options


def _plain(load: Sequence[Entry]) -> dict[str, Any]:
    plain = [
        {
            "kind": entry.kind,
            "key": entry.key,
            "due": entry.due,
            "data": dict(entry.data),
            "turn": entry.turn,
            "tries": entry.tries,
            "deaths": entry.deaths,
        }
        for entry in load
    ]
    return plain[0] if len(plain) == 1 else {"load": plain}


def _begun(rows: Sequence[WorkflowStatus]) -> list[Started]:
    return [Started(entry, row.executor_id or "", row.workflow_id) for row in rows for entry in _entries(row)]


def _entries(row: WorkflowStatus) -> list[Entry]:
    """The entries of a row; of one whose input cannot be read at least its name, so that somebody hears of it."""
    try:
        job = row.input["args"][0]  # type: ignore[index]  # what has no input is caught here
        return [Entry(**one) for one in job.get("load", [job])]
    except (TypeError, KeyError, IndexError, AttributeError):
        kind, _, rest = row.workflow_id.partition(":")
        key, _, turn = rest.rpartition(":")
        return [Entry(kind, key or rest, 0.0, {}, int(turn) if turn.isdigit() else 0)]

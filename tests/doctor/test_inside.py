"""The doctor on what is ours: database, audit log, jobs and heartbeat, on both databases."""

import time

import pytest
from sqlalchemy import insert, update

from app.audit.anchors import note, usual_file
from app.audit.log import head, record, seal
from app.booking.business_file import load_businesses
from app.clock import SystemClock
from app.db.migrate import HEAD
from app.db.once import committing, looking
from app.db.schema import audit, job_outbox, job_processes
from app.main.doctor import Patient, State, checks, examined
from app.settings import load
from tests.fakes.recording_server import Fault, RecordingServer


async def findings(url: str, *names: str, **variables: str) -> dict[str, tuple[State, str]]:
    settings = load({"READBACK_DATABASE_URL": url, **variables})
    patient = Patient(settings, load_businesses(settings.businesses, {}), SystemClock(), by="Ann")
    found = await examined([check for check in checks(patient) if check.name in names], lambda _: None)
    return {each.name: (each.state, each.seen) for each in found}


def at_work(url: str, seen_ago_s: float = 1.0) -> None:
    with committing(url, seal) as transaction:
        row = {"process": "p1", "beats": 1, "seen_at": time.time() - seen_ago_s}
        transaction.connection.execute(insert(job_processes).values(**row))


async def test_the_database_is_written_and_the_look_is_in_the_audit_log(database_url: str) -> None:
    found = await findings(database_url, "database")

    assert found["database"][0] is State.OK
    with looking(database_url) as connection:
        (row,) = connection.execute(audit.select())
    assert (row.kind, row.data) == ("doctor_examined", '{"by":"Ann"}')


async def test_one_cause_is_one_finding(empty_database_url: str) -> None:
    names = ("database", "audit log", "jobs", "calendar of acme/dana", "calendar of acme/lee")

    found = await findings(empty_database_url, *names)

    state, seen = found.pop("database")
    assert state is State.FAILED
    assert (
        seen.startswith("READBACK_DATABASE_URL: there is no database")
        or seen == f"its tables are of version none, and this is {HEAD}"
    )
    assert {state for state, _ in found.values()} == {State.LEFT_OUT}
    gone = await findings("sqlite:////nowhere/readback.db", *names)
    assert gone.pop("database")[1].startswith("READBACK_DATABASE_URL: there is no database /nowhere/readback.db;")
    assert {state for state, _ in gone.values()} == {State.LEFT_OUT}


async def test_an_audit_log_that_nothing_outside_vouches_for_is_not_said_to_hold(sqlite_url: str) -> None:
    with committing(sqlite_url, seal) as transaction:
        record(transaction, "booked", at=1.0)
    state, seen = (await findings(sqlite_url, "audit log"))["audit log"]
    assert state is State.LEFT_OUT
    assert seen.startswith(f"its 1 rows fit together, with no anchor in {usual_file(sqlite_url)} to hold them against")


async def test_an_audit_log_that_was_changed_is_seen(sqlite_url: str) -> None:
    with committing(sqlite_url, seal) as transaction:
        record(transaction, "booked", at=1.0)
    with looking(sqlite_url) as connection:
        note(usual_file(sqlite_url), head(connection), 1.0)
    assert (await findings(sqlite_url, "audit log"))["audit log"] == (State.OK, "it holds: 1 rows, 1 anchors")
    with committing(sqlite_url, seal) as transaction:
        transaction.connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_update")
        transaction.connection.execute(update(audit).values(kind="cancelled"))

    assert (await findings(sqlite_url, "audit log"))["audit log"] == (
        State.FAILED,
        "it does not hold: row 1 was changed",
    )


async def test_jobs_need_somebody_who_works_and_none_that_waits_too_long(database_url: str) -> None:
    assert (await findings(database_url, "jobs"))["jobs"] == (State.FAILED, "no process works on them")
    at_work(database_url)
    assert (await findings(database_url, "jobs"))["jobs"] == (State.OK, "1 process at work, none late")
    with committing(database_url, seal) as transaction:
        row = {"kind": "k", "data": "{}", "created_at": 0.0}
        for key, due in (("1", time.time() - 300), ("2", time.time() - 10)):
            transaction.connection.execute(insert(job_outbox).values(**row, key=key, due=due))
    assert (await findings(database_url, "jobs"))["jobs"] == (State.FAILED, "1 are due for more than 120 s")


@pytest.mark.parametrize(
    ("status", "seen_ago_s", "state", "requests"),
    [(200, 1.0, State.OK, 1), (404, 1.0, State.FAILED, 1), (200, 60.0, State.LEFT_OUT, 0)],
)
async def test_the_heartbeat_is_called_only_while_somebody_is_at_work(
    status: int, seen_ago_s: float, state: State, requests: int, sqlite_url: str
) -> None:
    at_work(sqlite_url, seen_ago_s)
    async with RecordingServer(always=Fault(status)) as server:
        url = f"http://127.0.0.1:{server.port}/ping"
        found = await findings(sqlite_url, "heartbeat", READBACK_HEARTBEAT_URL=url)

        assert found["heartbeat"][0] is state
        assert len(server.requests) == requests

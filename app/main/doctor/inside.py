"""The doctor on what is ours: database, audit log, jobs, Redis, and who is told when something is wrong."""

import asyncio
import time
from typing import Final

from sqlalchemy import func, select

from app.adapters.probes import asked, redis_round_trip
from app.audit.anchors import usual_file
from app.audit.log import record, seal
from app.audit.reading import verified
from app.db.migrate import HEAD, version
from app.db.once import committing, looking
from app.db.schema import audit, job_outbox, job_processes
from app.errors import ConfigurationError
from app.main.doctor.examination import AilingError, Check, LeftOutError, Patient
from app.main.doctor.pagers import pager_checks

AUDIT_S: Final = 120.0
SEEN_WITHIN_S: Final = 30.0
"""A process that works on jobs shows up every three seconds."""
WAITS_S: Final = 120.0
"""A job that is due for so long is nobody's."""
WRITTEN: Final = "doctor_examined"


def inside_checks(patient: Patient) -> list[Check]:
    """Everything that belongs to this installation."""
    url = patient.settings.database_url
    return [
        Check("database", lambda: _database(url, patient.by), "Check READBACK_DATABASE_URL, the server and its disk."),
        Check("audit log", lambda: _audit(patient), "Keep the database as it is and see who changed it.", AUDIT_S),
        Check("jobs", lambda: _jobs(url), "Start `readback serve` with READBACK_JOBS=on, or `readback work`."),
        Check("redis", lambda: _redis(patient), "Check READBACK_REDIS_URL; callers are served without it, slower."),
        Check("heartbeat", lambda: _heartbeat(patient), "Check READBACK_HEARTBEAT_URL at the service that expects it."),
        *pager_checks(patient),
    ]


def ready(url: str) -> None:
    """Blocking. Raises `LeftOutError` where the check of the database tells what is wrong: one cause, one finding."""
    try:
        with looking(url) as connection:
            found = version(connection)
    except ConfigurationError:
        raise LeftOutError("the database cannot be used") from None
    if found != HEAD:
        raise LeftOutError("the database is of another version")


async def _database(url: str, by: str) -> str:
    return await asyncio.to_thread(_written_and_read, url, by)


def _written_and_read(url: str, by: str) -> str:
    """Blocking. What is written is a row of the audit log: that somebody looked is worth keeping."""
    with looking(url) as connection:
        found = version(connection)
    if found != HEAD:
        raise AilingError(
            f"its tables are of version {found or 'none'}, and this is {HEAD}",
            "Start or restart the server: it upgrades the tables. An older program must not run beside newer tables.",
        )
    began = time.monotonic()
    now = time.time()
    with committing(url, seal) as transaction:
        record(transaction, WRITTEN, at=now, by=by)
    with looking(url) as connection:
        seen = connection.execute(select(audit.c.seq).where(audit.c.kind == WRITTEN, audit.c.at == now)).first()
    if seen is None:
        raise AilingError("what was committed was not there when it was read")
    return f"written and read back in {(time.monotonic() - began) * 1000:.0f} ms, tables of version {HEAD}"


async def _audit(patient: Patient) -> str:
    url = patient.settings.database_url
    file = patient.settings.audit_anchors or usual_file(url)

    def walk() -> str:
        ready(url)
        with looking(url) as connection:
            verdict, anchors = verified(connection, file)
        if not verdict.holds:
            raise AilingError(f"it does not hold: {verdict.why}")
        if not anchors:
            why = f"with no anchor in {file} to hold them against: none was noted yet, or the server runs elsewhere"
            raise LeftOutError(f"its {verdict.rows} rows fit together, {why}")
        return f"it holds: {verdict.rows} rows, {anchors} anchors"

    return await asyncio.to_thread(walk)


async def _jobs(url: str) -> str:
    return await asyncio.to_thread(_worked_on, url)


def _worked_on(url: str) -> str:
    ready(url)
    now = time.time()
    with looking(url) as connection:
        living = select(func.count()).where(job_processes.c.seen_at > now - SEEN_WITHIN_S)
        processes = connection.execute(living).scalar_one()
        due = select(func.count()).select_from(job_outbox).where(job_outbox.c.due < now - WAITS_S)
        waiting = connection.execute(due).scalar_one()
    if not processes:
        raise AilingError("no process works on them")
    if waiting:
        raise AilingError(f"{waiting} are due for more than {WAITS_S:g} s", "See the log of the process that leads.")
    return f"{processes} process{'es' if processes > 1 else ''} at work, none late"


async def _redis(patient: Patient) -> str:
    if not patient.settings.redis_url:
        raise LeftOutError("READBACK_REDIS_URL is not set")
    await redis_round_trip(patient.settings.redis_url)
    return "written and read back"


async def _heartbeat(patient: Patient) -> str:
    """Calls it only while somebody is at work: else it would say outside that all is well."""
    url = patient.settings.heartbeat_url
    if url is None:
        raise LeftOutError("READBACK_HEARTBEAT_URL is not set")
    try:
        await _jobs(patient.settings.database_url)
    except Exception:  # noqa: BLE001 - whatever it is, the check of jobs tells it
        raise LeftOutError("not called, for jobs are not worked on, and its silence is the alarm") from None
    status = (await asked("GET", url)).status
    if not 200 <= status < 300:
        raise AilingError(f"it answers {status}")
    return f"it answers {status}"

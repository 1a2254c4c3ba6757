"""Background jobs from outside: processes that only work, others that leave it to them, the commands about letters."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.audit.log import seal
from app.db.once import committing
from app.jobs.dead_letters import Letter, bury
from app.jobs.outbox import Job
from tests.commanding import Told, command
from tests.fakes.databases import executed
from tests.flows.businesses import acme, written
from tests.flows.running import Process, environment
from tests.jobs.working import given, in_outbox
from tests.nursery import begun

STOP_WITHIN_S = 30.0


def readback(url: str, *arguments: str) -> Told:
    """One command of the product."""
    return command(url, *arguments, READBACK_AUDIT_ANCHORS=f"{tempfile.gettempdir()}/no-anchors-{os.getpid()}")


def came(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold in a minute."""
    end = time.monotonic() + 60.0
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def buried(url: str) -> str:
    with committing(url, seal) as transaction:
        return bury(transaction, Letter("crm_copy", "b:1", "acme", "500", {"booking": "b:1"}), now=time.time())


def test_a_process_without_jobs_leaves_them_to_one_that_only_works(
    start: Callable[..., Process], database_url: str, tmp_path: Path
) -> None:
    server = start(database_url, READBACK_JOBS="off")
    given(database_url, Job("of another version", "b:1", time.time()))
    time.sleep(2)
    assert in_outbox(database_url) == ["b:1"]

    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    variables = kept | environment(database_url, written(tmp_path, acme()), READBACK_JOBS="off")
    worker = begun("app", ["work"], variables, tmp_path / "worker.log")
    try:
        assert came(lambda: in_outbox(database_url) == [])
        serving, working = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (server.process.pid, worker.pid))
        assert working > serving, "who works lets those who answer callers go first"
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(STOP_WITHIN_S) == 0
    finally:
        worker.kill()
        worker.wait()
    lines = [json.loads(line) for line in (tmp_path / "worker.log").read_text().splitlines()]
    assert {"jobs_started", "stopped"} <= {line["event"] for line in lines}
    for log in (server.log, tmp_path / "worker.log"):
        assert log.read_text().count("whatever goes wrong, nobody is told") == 1
    starts = executed(database_url, "SELECT subject FROM audit WHERE kind = 'process_started' ORDER BY seq")
    assert [row[0] for row in starts] == ["serve", "work"]


def test_two_servers_with_jobs_share_the_engine_and_stop_in_order(
    start: Callable[..., Process], database_url: str
) -> None:
    server = start(database_url, READBACK_WEB_WORKERS="2")
    given(database_url, *(Job("of another version", f"b:{n}", time.time()) for n in range(20)))
    assert came(lambda: in_outbox(database_url) == [])
    assert came(lambda: server.log.read_text().count("jobs_started") == 2)
    assert server.stop() == 0
    events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    assert "jobs_down" not in events


def test_the_commands_about_dead_letters(database_url: str) -> None:
    assert json.loads(readback(database_url, "dead-letters", "list", "--json").stdout) == []
    first, second = buried(database_url), buried(database_url)

    listed = json.loads(readback(database_url, "dead-letters", "list", "--json").stdout)
    assert {letter["id"] for letter in listed} == {first, second}
    assert first in readback(database_url, "dead-letters", "list").stdout
    assert "crm_copy" in readback(database_url, "dead-letters", "show", first).stdout

    replayed = readback(database_url, "dead-letters", "replay", first)
    assert (replayed.returncode, in_outbox(database_url)) == (0, [f"b:1~{first[:12]}"])
    again = readback(database_url, "dead-letters", "replay", first)
    assert (again.returncode, again.stdout) == (1, "")
    assert "replayed already" in again.stderr
    assert readback(database_url, "dead-letters", "discard", second, "--reason", "sold").returncode == 0
    assert readback(database_url, "dead-letters", "list").stdout == "No open dead letters.\n"
    assert readback(database_url, "dead-letters", "show", "unknown").returncode == 1
    assert readback(database_url, "dead-letters").returncode == 2
    assert readback(database_url, "audit", "verify").returncode == 0

"""`readback canary`: every step by hand, with exit codes and an audit row each, and a live server that follows."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from tests.calls.reception import audited
from tests.commanding import Told, command
from tests.dialects.vapi_answers import complaints_about_arrival
from tests.fakes.databases import executed
from tests.flows.businesses import ASSISTANT, ZENITH, acme, written
from tests.flows.running import Readback, environment, serving
from tests.flows.speaking import message, new_call

NEW = "asst_new"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, acme() + ZENITH)


def asked(url: str, file: Path, *arguments: str) -> Told:
    return command(url, "canary", *arguments, READBACK_BUSINESSES=str(file))


def test_every_step_by_hand(sqlite_url: str, file: Path) -> None:
    assert asked(sqlite_url, file, "list").stdout == "There is no canary.\n"
    assert asked(sqlite_url, file, "show", "acme").returncode == 1
    code, out, _ = asked(sqlite_url, file, "start", "acme", "--assistant", NEW, "--by", "Dana", "--json")
    assert (code, json.loads(out)["percent"], json.loads(out)["state"]) == (0, 5, "running")
    shown = json.loads(asked(sqlite_url, file, "show", "acme", "--json").stdout)
    assert (shown["stable"], shown["assistant"], shown["changed_by"]) == (ASSISTANT, NEW, "Dana")
    assert [figure["taken_back_at"] for figure in shown["figures"]][:2] == [100, 500]
    told = asked(sqlite_url, file, "show", "acme").stdout
    assert told.startswith("acme: asst_new running at 5 percent; not judged yet\n0 of 30 calls, 0.0 of 1 hours")

    for arguments, said in (
        (("hold", "acme"), "held at 5 percent"),
        (("step", "acme"), "running at 10 percent"),
        (("step", "acme", "--to", "5"), "running at 5 percent"),
        (("promote", "acme"), "promoted at 100 percent; put asst_new first in vapi_assistants of acme"),
        (("roll-back", "acme", "--why", "callers of +15125550142"), "rolled back at 100 percent; callers of"),
    ):
        answer = asked(sqlite_url, file, *arguments)
        assert (answer.returncode, said in answer.stdout) == (0, True), answer
    assert asked(sqlite_url, file, "show", "acme").returncode == 1, "it was rolled back"
    rows = audited(sqlite_url, "canary_changed")
    assert [row["state"] for row in rows] == ["running", "held", "running", "running", "promoted", "rolled_back"]
    assert "5550142" not in str(rows)
    assert executed(sqlite_url, "SELECT count(*) FROM pages") == [(0,)]


REFUSED = {
    "started twice": (("start", "acme", "--assistant", "asst_3"), 1, "acme has a canary: asst_new is running at 5"),
    "a business that there is not": (("start", "nobody", "--assistant", NEW), 2, "nobody is no business"),
    "without an assistant by its file": (("start", "zenith", "--assistant", NEW), 2, "or has no vapi_assistants"),
    "the stable version itself": (("start", "acme", "--assistant", ASSISTANT), 2, "another assistant than asst_acme"),
    "no id": (("start", "acme", "--assistant", " "), 2, "--assistant must be the id"),
    "a share that there is not": (("step", "acme", "--to", "101"), 2, "from 1 to 100"),
    "nothing on trial": (("hold", "zenith"), 1, "zenith has no canary on trial"),
    "nothing to take back": (("roll-back", "zenith"), 1, "zenith has no canary that callers get"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_why_in_one_sentence(
    sqlite_url: str, file: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    asked(sqlite_url, file, "start", "acme", "--assistant", NEW)
    answer = asked(sqlite_url, file, *arguments)

    assert (answer.returncode, answer.stdout) == (code, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


async def answered_with(server: Readback, wanted: str) -> None:
    """A call that arrives gets this assistant, at the latest when every process has looked again."""
    until = time.monotonic() + 60.0
    while True:
        answer = await server.vapi(message("assistant-request", call_id=new_call()))
        assert complaints_about_arrival(answer) == []
        if answer["assistantId"] == wanted:
            return
        assert time.monotonic() < until, answer
        await asyncio.sleep(0.05)


async def test_a_live_server_follows_within_seconds(database_url: str, file: Path) -> None:
    async with serving(environment(database_url, file)) as server:
        await answered_with(server, ASSISTANT)
        for arguments in (("start", "acme", "--assistant", NEW), ("step", "acme", "--to", "100")):
            assert (await asyncio.to_thread(asked, database_url, file, *arguments)).returncode == 0
        await answered_with(server, NEW)
        assert (await asyncio.to_thread(asked, database_url, file, "rollback", "acme")).returncode == 0
        await answered_with(server, ASSISTANT)
    kept = executed(database_url, "SELECT percent FROM canary_calls WHERE on_trial")
    assert kept
    assert set(kept) == {(100,)}

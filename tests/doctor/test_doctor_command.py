"""`readback doctor` as a person runs it: a line each as it goes, one document with --json, the right exit code."""

import json

import pytest

from tests.commanding import command


def test_it_says_each_thing_in_a_line_with_a_remedy_and_fails_when_anything_does(sqlite_url: str) -> None:
    told = command(sqlite_url, "doctor")

    lines = told.stdout.splitlines()
    assert told.returncode == 1
    assert told.stderr == ""
    jobs = next(at for at, line in enumerate(lines) if line.startswith("jobs"))
    assert "FAILED" in lines[jobs]
    assert lines[jobs + 1].strip() == "-> Start `readback serve` with READBACK_JOBS=on, or `readback work`."
    assert any(line.startswith("calendar of acme/dana    ok") for line in lines)
    assert lines[-1].startswith(
        "1 of 18 fail: jobs. Left out, for the reasons above: audit log, redis, heartbeat, pager, "
    )


@pytest.mark.parametrize(("flags", "said"), [((), "an event was written"), (("--read-only",), "nothing was written")])
def test_one_document_tells_all_of_it(sqlite_url: str, flags: tuple[str, ...], said: str) -> None:
    told = command(sqlite_url, "doctor", "--json", *flags)

    document = json.loads(told.stdout)
    assert (document["well"], document["failed"]) == (False, ["jobs"])
    seen = {check["name"]: check for check in document["checks"]}
    assert said in seen["calendar of acme/dana"]["seen"]
    assert seen["jobs"]["remedy"]
    assert seen["database"]["remedy"] == ""
    assert "pager" in document["left_out"]


def test_a_wrong_variable_is_one_sentence(sqlite_url: str) -> None:
    told = command(sqlite_url, "doctor", READBACK_PORT="x")

    assert told.returncode == 2
    assert told.stderr.startswith("READBACK_PORT is")

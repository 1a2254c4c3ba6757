"""`make run` on a checkout: the secrets it writes, the command it shows, what wins over what, and how it stops."""

import json
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra import env_file
from tests.processes import ROOT, answered, environment, free_port, started, stopped

SECRET = re.compile(r"[A-Za-z0-9_-]{32}")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without `.env`, `.venv` and `var`."""
    for name in ("app", "tools", "infra"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_file_is_written_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"

    assert env_file.ensure(file)
    first = env_file.read(file)
    assert not env_file.ensure(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert env_file.read(file) == first
    sourced = subprocess.run(
        ["sh", "-c", "set -a; . ./.env; set +a; env"], cwd=tmp_path, capture_output=True, text=True
    )
    assert set(f"{name}={value}" for name, value in first.items()) <= set(sourced.stdout.splitlines())
    assert set(first) == {"READBACK_VAPI_SECRETS", "READBACK_TOOLS_SECRETS", "READBACK_ADMIN_TOKEN"}
    assert len(set(first.values())) == 3
    assert all(SECRET.fullmatch(value) for value in first.values())


def test_the_file_may_have_comments_quotes_and_exports(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# no\n\nA=1\nexport B='two words'\n C = \"x=y\" \n#D=4\nE=\nnonsense\n")

    assert env_file.read(file) == {"A": "1", "B": "two words", "C": "x=y", "E": ""}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, {"A": "file", "B_FILE": "/file"}),
        ({"A": "environment"}, {"A": "environment", "B_FILE": "/file"}),
        ({"A_FILE": "/environment"}, {"A_FILE": "/environment", "B_FILE": "/file"}),
        ({"B": "environment"}, {"A": "file", "B": "environment"}),
        ({"A": ""}, {"A": "file", "B_FILE": "/file"}),
    ],
)
def test_the_environment_wins_over_the_file(environ: dict[str, str], expected: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=file\nB_FILE=/file\n")

    assert env_file.merged(environ, file) == expected


def command_in(output: str) -> list[str]:
    (line,) = [line for line in output.splitlines() if line.startswith("curl ")]
    return shlex.split(line)


def test_the_first_run_shows_a_command_that_answers_ok(checkout: Path) -> None:
    port = free_port()
    run = [sys.executable, checkout / "infra" / "first_run.py"]
    with started(run, environment(READBACK_PORT=str(port)), checkout) as process:
        answered(process, port)
        assert process.stdout is not None
        shown = ""
        while "For people: " not in shown:
            line = process.stdout.readline()
            assert line, "the server stopped without showing a command and a page"
            shown += line

        answer = subprocess.run(command_in(shown), capture_output=True, text=True)
        code, _, err = stopped(process, signal.SIGTERM)

    assert json.loads(answer.stdout)["ok"] is True
    assert shown.startswith("Wrote .env with generated secrets")
    assert f"For people: http://127.0.0.1:{port}/dashboard, the token is READBACK_ADMIN_TOKEN" in shown
    assert code == 0
    assert "Traceback" not in err


def test_a_later_run_keeps_the_secrets_and_takes_those_of_the_environment(checkout: Path) -> None:
    (checkout / ".env").write_text("READBACK_TOOLS_SECRETS=from-the-file\nREADBACK_HOST=0.0.0.0\n")
    port = free_port()
    run = [sys.executable, checkout / "infra" / "first_run.py"]
    environ = environment(READBACK_PORT=str(port), READBACK_TOOLS_SECRETS="from-the-environment")
    with started(run, environ, checkout) as process:
        answered(process, port)
        assert process.stdout is not None
        shown = "".join(process.stdout.readline() for _ in range(3))
        code, _, _ = stopped(process, signal.SIGINT)

    assert f"http://127.0.0.1:{port}/tools/check_availability" in shown
    assert "Authorization: Bearer from-the-environment" in command_in(shown)
    assert code == 0


def test_a_wrong_value_stops_the_run_with_its_sentence(checkout: Path) -> None:
    run = [sys.executable, checkout / "infra" / "first_run.py"]
    with started(run, environment(READBACK_PORT="eighty"), checkout) as process:
        out, err = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "curl" not in out
    assert err.startswith("READBACK_PORT is")

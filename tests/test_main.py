"""The command line as a person meets it: exit codes, one sentence and no traceback, a clean stop."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.db.migrate import migrate
from tests.nursery import readback
from tests.processes import ROOT, answered, environment, free_port, started, stopped

SERVE = [sys.executable, "-m", "app", "serve"]


@pytest.mark.parametrize("arguments", [(), ("bogus",), ("serve", "--bogus")])
def test_wrong_use_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    answer = readback(*arguments)

    assert answer.returncode == 2
    assert "usage: readback" in answer.stderr


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_asking_about_it_is_exit_code_0(argument: str) -> None:
    answer = readback(argument)

    assert answer.returncode == 0
    assert "readback" in answer.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is Linux's")
@pytest.mark.parametrize("full", [True, False])
def test_an_answer_that_cannot_be_written_is_one_sentence_and_to_nobody_none(full: bool) -> None:
    asked = [sys.executable, "-m", "app", "tools", "--platform", "mcp"]
    variables = environment(READBACK_PUBLIC_URL="https://readback.example.com")
    variables.pop("PYTHONUNBUFFERED", None)  # else nothing waits for the exit
    reads, output = os.pipe()
    os.close(reads)
    if full:
        os.close(output)
        output = os.open("/dev/full", os.O_WRONLY)
    told = subprocess.run(asked, stdout=output, stderr=subprocess.PIPE, text=True, env=variables, cwd=ROOT, check=False)
    os.close(output)
    assert (told.returncode, told.stderr) == (1, "It cannot be written: No space left on device.\n" if full else "")


def test_who_has_closed_its_output_is_told_in_one_sentence(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/x.db")
    variables = environment(READBACK_DATABASE_URL=f"sqlite:///{tmp_path}/x.db")
    asked = ["sh", "-c", 'exec "$0" -m app "$@" >&-', sys.executable]
    told = [
        subprocess.run([*asked, *command], stderr=subprocess.PIPE, text=True, env=variables, cwd=ROOT, check=False)
        for command in (
            ("pages", "list"),
            ("flag", "set", "model_path", "7", "--json"),
            ("--version",),
            ("pages", "--help"),
        )
    ]
    assert [one.returncode for one in told] == [1, 1, 1, 1]
    assert all(one.stderr.splitlines()[-1] == "It cannot be written: Bad file descriptor." for one in told)
    listed = readback("flag", "list", READBACK_DATABASE_URL=f"sqlite:///{tmp_path}/x.db")
    assert listed.stdout.startswith("model_path: 7 percent"), "done, though nobody hears of it"


def test_a_command_that_is_interrupted_ends_by_the_signal_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = [sys.executable, "-m", "app", "pages", "list"]
        variables = environment(READBACK_DATABASE_URL=f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/x")
        # A shell's job in the background has this signal ignored, and so would what it starts.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            calling = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables, cwd=ROOT)
        finally:
            signal.signal(signal.SIGINT, before)
        silent.settimeout(60)
        held, _ = silent.accept()
        calling.send_signal(signal.SIGINT)
        _, complaints = calling.communicate(timeout=60)
        held.close()
    assert (calling.returncode, complaints) == (-signal.SIGINT, b"")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"READBACK_PORT": "eighty"}, "READBACK_PORT is"),
        ({"READBACK_HOST": "192.0.2.1"}, "READBACK_HOST is"),
        ({"READBACK_HOST": "nowhere.invalid"}, "READBACK_HOST is"),
        ({"READBACK_ADMIN_TOKEN": "short"}, "READBACK_ADMIN_TOKEN is too short"),
        ({"READBACK_VAPI_SECRETS_FILE": "/nowhere"}, "READBACK_VAPI_SECRETS_FILE names"),
        ({"READBACK_BUSINESSES": "/nowhere"}, "READBACK_BUSINESSES: "),
        ({"READBACK_DAILY_CALL_CAPS": "nobody=5"}, "READBACK_DAILY_CALL_CAPS names"),
        ({"READBACK_DATABASE_URL": "sqlite:////proc/none/readback.db"}, "READBACK_DATABASE_URL: "),
        ({"READBACK_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x?sslmode=bogus", "READBACK_WEB_WORKERS": "2"},
         "READBACK_DATABASE_URL: "),
        ({"READBACK_PAGE_URLS": "nonsense://x"}, "READBACK_PAGE_URLS: "),
        ({"READBACK_CALDAV_CREDENTIALS": "http://host/ user word"}, "READBACK_CALDAV_CREDENTIALS line 1 "),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_exit_code_2_and_one_sentence(
    variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    given = {"READBACK_PORT": str(free_port()), "READBACK_DATABASE_URL": f"sqlite:///{tmp_path}/x.db", **variables}

    answer = readback("serve", **given)

    assert answer.returncode == 2
    sentence = answer.stderr.splitlines()[-1]
    assert sentence.startswith(said)
    assert sentence.endswith(".")
    assert "Traceback" not in answer.stderr


def test_a_business_file_is_checked_before_anything_listens(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[businesses.acme]\nname = "Acme"\nopening_hours = 5\n')

    answer = readback("serve", READBACK_BUSINESSES=str(file))

    assert answer.returncode == 2
    assert answer.stderr.startswith("wrong.toml line 3: businesses.acme.opening_hours is a key nobody here knows")


def test_a_taken_port_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        answer = readback("serve", READBACK_PORT=str(port))

    assert answer.returncode == 2
    assert answer.stderr.startswith(f"READBACK_PORT is {port}, and on 127.0.0.1 something listens there already")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(("workers", "how"), [("1", signal.SIGINT), ("2", signal.SIGTERM)])
def test_it_serves_until_it_is_asked_to_stop(workers: str, how: signal.Signals, tmp_path: Path) -> None:
    port = free_port()
    environ = environment(
        READBACK_PORT=str(port),
        READBACK_DATABASE_URL=f"sqlite:///{tmp_path}/readback.db",
        READBACK_WEB_WORKERS=workers,
    )
    with started([*SERVE], environ, ROOT) as process:
        answered(process, port)

        code, _, err = stopped(process, how)

    assert code == 0
    assert "Traceback" not in err
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


def test_who_runs_it_learns_where_a_phone_can_subscribe(sqlite_url: str) -> None:
    given = {"READBACK_DATABASE_URL": sqlite_url, "READBACK_PUBLIC_URL": "https://voice.example.com/"}

    told = json.loads(readback("calendars", "list", "--json", **given).stdout)
    plain = readback("calendars", "list", **given)
    renewed = readback("calendars", "new-addresses", **given)
    afterwards = json.loads(readback("calendars", "list", "--json", **given).stdout)

    assert [(row["business"], row["technician"], row["calendar"]) for row in told] == [
        ("acme", "dana", "embedded:acme/dana"),
        ("acme", "lee", "embedded:acme/lee"),
    ]
    for row in told:
        assert re.fullmatch(r"https://voice\.example\.com/calendars/[0-9a-f]{40}\.ics", row["feed"])
    assert [line.split() for line in plain.stdout.splitlines()] == [list(row.values()) for row in told]
    assert (renewed.returncode, afterwards[0].keys()) == (0, told[0].keys())
    assert not {row["feed"] for row in told} & {row["feed"] for row in afterwards}


@pytest.mark.parametrize(("host", "shown"), [("::1", "[::1]"), ("::", "[::1]"), ("0.0.0.0", "127.0.0.1")])
@pytest.mark.parametrize(("command", "field"), [(("calendars", "list"), "feed"), (("sign-in",), "address")])
def test_an_address_that_is_printed_can_be_opened_on_this_machine(
    sqlite_url: str, command: tuple[str, ...], field: str, host: str, shown: str
) -> None:
    told = json.loads(readback(*command, "--json", READBACK_DATABASE_URL=sqlite_url, READBACK_HOST=host).stdout)

    assert (told[0] if isinstance(told, list) else told)[field].startswith(f"http://{shown}:8080/")


def test_a_calendar_kept_elsewhere_has_no_feed_of_ours(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    text = (ROOT / "infra/businesses/demo.toml").read_text()
    file.write_text(text.replace("embedded:dana", "caldav:https://host/dana"))

    given = {"READBACK_DATABASE_URL": sqlite_url, "READBACK_BUSINESSES": str(file)}
    told = json.loads(readback("calendars", "list", "--json", **given).stdout)

    assert [(row["calendar"], row["feed"] is None) for row in told] == [
        ("caldav:https://host/dana/", True),
        ("embedded:acme/lee", False),
    ]

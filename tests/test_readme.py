"""What the README says exists: every command, variable, default, key and file it names."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from app.booking.business_file import load_businesses
from app.booking.business_tables import BusinessTable, ServiceTable, TechnicianTable
from app.provisioning.desired import SERVER_MESSAGES
from app.settings import Settings, load, variables
from tests.nursery import readback

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SUITES_OWN = {"READBACK_TEST_POSTGRES_URL", "READBACK_TEST_REDIS_URL"}
TABLE = dict(re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`|none) \|", README, re.M))
EXAMPLE = re.search(r"```toml\n(.*?)```", README, re.S)


def test_the_first_screen_has_the_two_commands_and_a_curl() -> None:
    first_screen = "\n".join(README.splitlines()[:25])

    for command in ("make run", "make test", "curl -sS http://127.0.0.1:8080/tools/check_availability"):
        assert command in first_screen


def test_every_variable_named_is_read_and_every_one_read_is_named() -> None:
    named = set(re.findall(r"\b(?:READBACK|TWILIO|OPENAI|ANTHROPIC|GOOGLE|VAPI)_[A-Z0-9_]+\b", README))

    assert named - SUITES_OWN == set(variables())


@pytest.mark.parametrize("variable", TABLE)
def test_every_default_in_the_table_is_the_real_one(variable: str) -> None:
    field = next(field for field in Settings.model_fields.values() if field.validation_alias == variable)

    if TABLE[variable]:
        assert load({variable: TABLE[variable]}) == load({})
        assert field.default not in (None, (), {})
    else:
        assert field.default in (None, (), {})


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.M)) <= targets
    assert {"run", "test", "demo", "check", "bench", "help"} <= targets


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`readback ([a-z-]+)", README))))
def test_every_command_named_exists(command: str) -> None:
    assert readback(command, "--help").returncode == 0


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:app|tools|tests|infra)/[\w./]*)`", README))))
def test_every_file_named_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_business_file_shown_loads_and_shows_every_key(tmp_path: Path) -> None:
    assert EXAMPLE is not None
    (tmp_path / "shown.toml").write_text(EXAMPLE[1])
    (tmp_path / "documents").mkdir()
    acme = tomllib.loads(EXAMPLE[1])["businesses"]["acme"]

    load_businesses(tmp_path / "shown.toml", {})

    assert set(acme) == set(BusinessTable.model_fields)
    assert set(acme["services"][0]) == set(ServiceTable.model_fields)
    assert set(acme["technicians"][0]) | {"hours", "closed"} == set(TechnicianTable.model_fields)


def test_the_tools_named_are_the_tools_there_are() -> None:
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", README, re.M))

    assert rows == {path.stem for path in (ROOT / "tools").glob("*.py")} - {"__init__"}


def test_vapi_is_told_to_send_what_we_act_upon() -> None:
    [listed] = re.findall(r"and list\n(.*?) in its\n\s+server messages", README, re.S)

    assert re.findall(r"`([a-z-]+)`", listed) == list(SERVER_MESSAGES)


def test_the_help_lists_every_target() -> None:
    answer = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)

    for target in ("run", "test", "demo", "check", "bench", "help"):
        assert f"make {target} " in answer.stdout

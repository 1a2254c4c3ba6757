"""A command that looks at an installation makes none: in another folder it says so, and leaves nothing behind."""

from pathlib import Path

import pytest

from app.db.opening import database_file
from tests.commanding import command
from tests.processes import ROOT

DEMO = ROOT / "infra" / "businesses" / "demo.toml"
LOOKS = {
    "audit": ("audit", "verify"),
    "bookings": ("bookings", "show", "KMJC9A"),
    "calendars": ("calendars", "list"),
    "calendars new-addresses": ("calendars", "new-addresses"),
    "canary": ("canary", "list"),
    "dead-letters": ("dead-letters", "list"),
    "figures": ("figures", "list"),
    "flag": ("flag", "list"),
    "incident": ("incident", "open", "--title", "Texts arrive late"),
    "pages": ("pages", "list"),
    "replay": ("replay", "1"),
    "reviews": ("reviews", "list"),
    "settings snapshots": ("settings", "snapshots", "tool/check_availability"),
    "sign-in": ("sign-in",),
    "tasks": ("tasks", "list"),
    "volume": ("volume", "list"),
}


@pytest.mark.parametrize("arguments", LOOKS.values(), ids=LOOKS)
def test_without_a_database_a_command_says_so_and_makes_none(arguments: tuple[str, ...], tmp_path: Path) -> None:
    told = command(f"sqlite:///{tmp_path}/none.db", *arguments, READBACK_BUSINESSES=str(DEMO))

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(f"READBACK_DATABASE_URL: there is no database {tmp_path}/none.db; a command needs ")
    assert told.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("pages", "list"), ("flag", "set", "model_path", "0"), ("audit", "verify")], ids=" ".join
)
def test_before_the_tables_are_made_a_command_says_how_they_come(
    empty_database_url: str, arguments: tuple[str, ...]
) -> None:
    if file := database_file(empty_database_url):
        Path(file).touch()

    told = command(empty_database_url, *arguments)

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("READBACK_DATABASE_URL: the tables there are not those of this version (")
    assert told.stderr.endswith("); starting its server, as with `readback serve`, makes or upgrades them.\n")


def test_a_command_that_comes_before_the_first_start_says_that_it_made_the_database(tmp_path: Path) -> None:
    first, again = (
        command(f"sqlite:///{tmp_path}/none.db", "checklist", READBACK_BUSINESSES=str(DEMO)) for _ in range(2)
    )

    assert first.stderr.startswith(f"There was no database {tmp_path}/none.db, so a new one was made. ")
    assert again.stderr == ""

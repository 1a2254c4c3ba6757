"""`make demo`, as a person runs it: against a server that runs, and on one it starts."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.db.schema import bookings
from tests import nursery
from tests.flows import books
from tests.flows.businesses import ZENITH, acme
from tests.flows.running import ROOT, Process, free_port

DEMO = ROOT / "infra" / "demo.py"
KEPT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": tempfile.gettempdir()}
WIDTH = 80
SOMETHING_WRONG = 1


def play(*options: str, **variables: str) -> nursery.Told:
    """Run it with these variables and no others of ours."""
    return nursery.ended(str(DEMO), options, KEPT | variables)


async def test_it_plays_again_and_again_against_a_running_server(acme_server: Process) -> None:
    before = books.booked(acme_server.database_url)
    cancelled = len(books.rows(acme_server.database_url, bookings, bookings.c.status == "cancelled"))
    for run in (1, 2, 3):
        kept_elsewhere = {"READBACK_DATABASE_URL": "sqlite:////nowhere/x.db"} if run == 3 else {}
        played = play(*(["--call-only"] if run < 3 else []), **acme_server.variables | kept_elsewhere)
        assert played.returncode == 0, played.stdout + played.stderr
        assert ("Your server may text real people" in played.stdout) == (run == 3)
        assert ("phone shows of" in played.stdout, "What Readback finds of" in played.stdout) == (run < 3, run == 3)
        assert books.booked(acme_server.database_url) == before
        left = books.rows(acme_server.database_url, bookings, bookings.c.status == "cancelled")
        assert len(left) == cancelled + run
    assert await books.unsound(acme_server.database_url) == []


def test_it_names_the_line_where_there_are_two_businesses(start: Callable[..., Process], sqlite_url: str) -> None:
    server = start(sqlite_url, ZENITH, acme())
    assert play("--call-only", **server.variables).returncode == 0


def test_it_starts_a_server_where_none_answers() -> None:
    environ = KEPT | {"READBACK_PORT": str(free_port())}
    played = subprocess.run([sys.executable, DEMO], env=environ, capture_output=True, text=True, timeout=100)
    assert played.returncode == 0, played.stdout + played.stderr
    for said in (
        "Caller:",
        "Agent:",
        "2nd caller:",
        "check_availability",
        "book_appointment",
        "reschedule_appointment",
        "cancel_appointment",
        "phone shows of",
        "confirmed",
        "slot_taken",
        "Customer:",
        "Readback:",
        "Booked: Home inspection",
        "Cancelled: Home inspection",
    ):
        assert said in played.stdout
    shown = re.findall(r"^-- What \w+'s phone shows of \w+:\n +(.+)$", played.stdout, re.M)
    assert len(shown) == 3
    assert shown[0] != shown[1]
    assert all(
        re.fullmatch(r"\w+ \w+ \d+, \d+:\d\d [AP]M to .+  [\w -]+: (Sam Rivera|Alex Morgan)", s) for s in shown[:2]
    )
    assert shown[2] == "nothing"
    assert "\x1b" not in played.stdout
    assert max(len(line) for line in played.stdout.splitlines()) <= WIDTH


@pytest.mark.parametrize(
    ("businesses", "changed", "said"),
    [
        ((acme(),), {"READBACK_VAPI_SECRETS": "another-secret"}, "refuses the secret"),
        ((acme(notice=500_000),), {}, "Nothing is free in the next 60 days"),
        ((acme(),), {"READBACK_BUSINESSES": "/nowhere.toml"}, "READBACK_BUSINESSES"),
    ],
    ids=["another secret", "nothing free", "no business file"],
)
def test_it_says_in_a_sentence_what_keeps_it_from_playing(
    start: Callable[..., Process],
    sqlite_url: str,
    tmp_path: Path,
    businesses: tuple[str, ...],
    changed: dict[str, str],
    said: str,
) -> None:
    server = start(sqlite_url, *businesses)
    played = play(**server.variables | changed)
    assert played.returncode == SOMETHING_WRONG
    assert said in " ".join(played.stdout.split())
    assert "Traceback" not in played.stdout + played.stderr


def test_a_call_over_the_cap_cannot_be_played(start: Callable[..., Process], sqlite_url: str) -> None:
    server = start(sqlite_url, acme(), READBACK_DAILY_CALL_CAP="1")
    played = play(**server.variables)
    assert played.returncode == SOMETHING_WRONG
    assert "daily call cap is reached" in " ".join(played.stdout.split())

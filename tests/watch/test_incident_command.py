"""`readback incident`: the whole way of one from the command line, its exit codes, and the draft written afterwards."""

import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from app.audit.log import record, seal
from app.booking.business_file import load_businesses
from app.db.engine import Transaction
from app.db.once import committing
from app.db.schema import synthetic_calls
from app.jobs.dead_letters import Letter, bury
from app.main.starts import SERVE, Forced, started
from app.provisioning.book import Place, Step, noted
from app.provisioning.platform import Key, Kind
from app.settings import load
from app.watch import pages
from app.watch.pages import Page
from app.watch.postmortem import MOST_ROWS
from tests.commanding import Told, command
from tests.flows.businesses import acme, written

NOBODYS_ID = "ffffffff"


def incident(url: str, *arguments: str, **variables: str) -> Told:
    return command(url, "incident", *arguments, **variables)


def shown(answer: Told) -> Any:
    assert answer.returncode == 0, answer
    return json.loads(answer.stdout)


def test_an_incident_from_its_first_to_its_last_word(sqlite_url: str) -> None:
    parts = ("--parts", "texts,calls", "--impact", "major", "--by", "Night shift")
    opened = shown(incident(sqlite_url, "open", "--title", "Texts are late", *parts, "--json"))
    name = opened["id"][:8]
    assert (opened["state"], opened["impact"], opened["parts"]) == ("investigating", "major", ["calls", "texts"])

    updated = incident(sqlite_url, "update", name, "--state", "identified", "--words", "The carrier is slow.")
    assert updated.returncode == 0
    assert f"Incident {name} is identified. The next update is due by 20" in updated.stdout
    back = incident(sqlite_url, "update", name, "--state", "investigating", "--words", "No.")
    assert (back.returncode, back.stdout) == (1, "")
    assert back.stderr.startswith("From identified an incident cannot go to investigating; it can go to: identified, ")
    (listed,) = shown(incident(sqlite_url, "list", "--json"))
    assert (listed["state"], "updates" in listed) == ("identified", False)
    assert incident(sqlite_url, "resolve", name, "--words", "Texts arrive.").stdout == f"Incident {name} is resolved.\n"
    again = incident(sqlite_url, "resolve", name, "--words", "Texts arrive.")
    assert (again.returncode, again.stderr) == (
        1,
        "This incident is resolved, and stays so; open a new one if it is back.\n",
    )

    assert incident(sqlite_url, "list").stdout == "No incident is open.\n"
    assert name in incident(sqlite_url, "list", "--all").stdout
    words = [one["words"] for one in shown(incident(sqlite_url, "show", name, "--json"))["updates"]]
    assert words == ["We are looking into it.", "The carrier is slow.", "Texts arrive."]
    assert "by Night shift: We are looking into it." in incident(sqlite_url, "show", name).stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", NOBODYS_ID), 1),
        (("draft", NOBODYS_ID), 1),
        (("resolve", NOBODYS_ID, "--words", "x"), 1),
        (("update", "x", "--words", "x"), 1),
        (("open", "--title", "x", "--page", "nothing"), 1),
        (("open", "--title", " "), 2),
        (("open", "--title", "x" * 161), 2),
        (("open", "--title", "x", "--words", " "), 2),
        (("open", "--title", "x", "--every", "1"), 2),
        (("open", "--title", "x", "--business", "nobodys"), 2),
        (("open",), 2),
        (("update", NOBODYS_ID), 2),
        (("open", "--title", "x", "--parts", "weather"), 2),
        (("open", "--title", "x", "--impact", "terrible"), 2),
        (("update", NOBODYS_ID, "--words", "x", "--state", "forgotten"), 2),
    ],
)
def test_what_does_not_hold_and_what_is_wrong_use(sqlite_url: str, arguments: tuple[str, ...], code: int) -> None:
    answer = incident(sqlite_url, *arguments)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_business_must_be_one_of_the_file(sqlite_url: str, tmp_path: Path) -> None:
    file = str(written(tmp_path, acme()))
    opening = ("open", "--title", "Calendar away", "--json", "--business")
    assert incident(sqlite_url, *opening, "acne", READBACK_BUSINESSES=file).returncode == 2
    assert shown(incident(sqlite_url, *opening, "acme", READBACK_BUSINESSES=file))["business"] == "acme"


def put(transaction: Transaction) -> None:
    """What an incident of acme finds in the records, and what is not its own."""
    now = time.time()
    pages.raised(transaction, Page("crm_late", "z", "Long ago", "b", "acme"), now=now - 86_400)
    pages.resolved(transaction, "crm_late", "z", now=now - 80_000)
    pages.raised(transaction, Page("crm_late", "y", "Theirs", "b", "zenith"), now=now - 600)
    pages.raised(transaction, Page("crm_late", "x", "Copies of <b>+15125550142</b> | late", "b", "acme"), now=now - 600)
    bury(transaction, Letter("crm_copy", "RB-1", "acme", "HTTP 500 for ann@example.com"), now=now - 300)
    for number, failed in enumerate(("calendar", "")):
        row = {"id": str(number), "at": now - 60 + number, "failed": failed, "seen": "no times" * bool(failed)}
        transaction.connection.execute(synthetic_calls.insert().values(**row, seconds=1.0))


def test_the_draft_tells_what_is_known_and_leaves_room_for_the_rest(database_url: str, tmp_path: Path) -> None:
    with committing(database_url, seal) as transaction:
        put(transaction)
        page = next(kept.id for kept in pages.listed(transaction.connection) if kept.page.key == "x")
    name = shown(incident(database_url, "open", "--title", "CRM", "--page", page, "--by", "Lee", "--json"))["id"]
    resolved = incident(database_url, "resolve", name, "--words", "It is back.")
    assert resolved.stdout.endswith(f"Its page {page} is not resolved yet.\n")

    answer = incident(database_url, "draft", name)
    told = answer.stdout
    assert answer.returncode == 0
    timeline = [line.split("Z ", 1)[1] for line in told.splitlines() if line.startswith("- 20")]
    assert timeline == [
        "page crm_late: Copies of &lt;b>+1…42&lt;/b> \\| late",
        "dead letter crm_copy: HTTP 500 for [email]",
        'synthetic call failed at "calendar": no times',
        "investigating: We are looking into it.",
        "page crm_late acknowledged: Copies of &lt;b>+1…42&lt;/b> \\| late (by Lee)",
        "resolved: It is back.",
    ]
    headings = [line for line in told.splitlines() if line.startswith("#")]
    assert headings == [
        "# Post-mortem: CRM", "## Summary", "## Timeline", "## Figures", "## Causes", "## What went well",
        "## What to change",
    ]  # fmt: skip
    for line in ("- Synthetic calls: 2, of which failed: 1", "| incident_opened | 1 |", "| page_raised | 1 |"):
        assert line in told.splitlines(), told
    assert "zenith" not in told


def test_what_was_changed_meanwhile_is_in_the_timeline(database_url: str, tmp_path: Path) -> None:
    name = shown(incident(database_url, "open", "--title", "Odd answers", "--business", "acme", "--json"))["id"]
    file, now = written(tmp_path, acme()), time.time()
    for caps, forced in (({}, None), ({"acme": 200}, Forced("Ann", "the panel is down", ["vapi_balance"]))):
        settings = load({"READBACK_DATABASE_URL": database_url, "READBACK_DAILY_CALL_CAP": "900" if caps else "0"})
        started(settings, load_businesses(file, caps), SERVE, forced)
    assert command(database_url, "flag", "set", "model_path", "20", "--why", "ann@example.com called").returncode == 0
    with committing(database_url, seal) as transaction:
        noted(transaction, "applied", Place("production", Key(Kind.TOOL, "book")), Step("Ann", now), snapshot="s1")
        record(transaction, "settings_snapshot", at=now)
        for business in ("acme", "zenith"):
            about = {"was": "running", "state": "held", "percent": 5, "assistant": "a1", "by": "Ann", "why": "slower"}
            record(transaction, "canary_changed", business=business, subject=f"of {business}", at=now, **about)

    told = incident(database_url, "draft", name, READBACK_BUSINESSES=str(file)).stdout

    start = f"serve started, version {version('readback')}"
    assert sorted(line.split("Z ", 1)[1] for line in told.splitlines() if line.startswith("- 20")) == sorted([
        "investigating: We are looking into it.",
        start,
        start,
        "daily_call_cap changed from none to 900",
        "daily_call_cap.acme changed from none to 200",
        "start forced, 1 limits unconfirmed: the panel is down",
        "flag model_path changed from 100 to 20 %: [email] called",
        "settings applied, production: tool/book",
        "canary held at 5 %: slower",
    ])  # fmt: skip
    assert "Ann" not in told


def test_changes_are_bounded_and_that_there_were_more_is_said(sqlite_url: str) -> None:
    name = shown(incident(sqlite_url, "open", "--title", "Restarts", "--json"))["id"]
    with committing(sqlite_url, seal) as transaction:
        for _ in range(MOST_ROWS + 1):
            record(transaction, "process_started", subject="work", at=time.time(), version="1", caps={})

    told = incident(sqlite_url, "draft", name).stdout

    assert told.count("work started, version 1") == MOST_ROWS
    assert "- [There were more changes than are shown.]" in told

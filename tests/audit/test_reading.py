"""`readback audit verify | head | export`, run as a person runs them."""

import json
from pathlib import Path

import pytest

from app.audit.anchors import note
from app.audit.log import head, record
from app.db.opening import database_file
from tests.commanding import Told, command
from tests.fakes.databases import executed, opened


def audit(url: str, *arguments: str, anchors: Path) -> Told:
    return command(url, "audit", *arguments, READBACK_AUDIT_ANCHORS=str(anchors))


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    return tmp_path / "audit.anchors"


async def filled(url: str, anchors: Path) -> str:
    """Three rows, the last one anchored; its hash."""
    async with opened(url) as database:
        for number in range(3):
            await database.write(lambda t, n=number: record(t, "call_admitted", business="acme", at=1.5, number=n))
        newest = await database.read(head)
    note(anchors, newest, 2.0)
    return newest.hash


def damage(file: Path) -> None:
    file.write_text("nonsense\n")


async def test_a_whole_log_holds(database_url: str, anchors: Path) -> None:
    newest = await filled(database_url, anchors)
    plain = audit(database_url, "verify", anchors=anchors)
    told = audit(database_url, "verify", "--json", anchors=anchors)

    assert (plain.returncode, plain.stderr) == (0, "")
    assert "holds" in plain.stdout
    assert told.returncode == 0
    assert json.loads(told.stdout) == {
        "holds": True,
        "rows": 3,
        "head": {"seq": 3, "hash": newest},
        "anchors": 1,
        "broken_at": None,
        "why": "",
    }


async def test_a_log_that_was_cut_off_does_not_hold(database_url: str, anchors: Path) -> None:
    await filled(database_url, anchors)
    sqlite = database_file(database_url)
    executed(database_url, "DROP TRIGGER audit_no_delete" if sqlite else "ALTER TABLE audit DISABLE TRIGGER USER")
    executed(database_url, "DELETE FROM audit WHERE seq = 3")
    plain = audit(database_url, "verify", anchors=anchors)
    told = audit(database_url, "verify", "--json", anchors=anchors)

    assert (plain.returncode, told.returncode) == (1, 1)
    assert "does NOT hold" in plain.stdout
    assert "cut off" in plain.stdout
    assert (json.loads(told.stdout)["holds"], json.loads(told.stdout)["broken_at"]) == (False, 3)


async def test_damaged_anchors_do_not_hold(sqlite_url: str, anchors: Path) -> None:
    await filled(sqlite_url, anchors)
    damage(anchors)
    plain = audit(sqlite_url, "verify", anchors=anchors)

    assert plain.returncode == 1
    assert "line 1" in plain.stdout


async def test_the_head_can_be_noted_by_hand(database_url: str, anchors: Path) -> None:
    newest = await filled(database_url, anchors)

    assert audit(database_url, "head", anchors=anchors).stdout == f"3 {newest}\n"
    assert json.loads(audit(database_url, "head", "--json", anchors=anchors).stdout) == {"seq": 3, "hash": newest}


async def test_every_row_is_exported(database_url: str, anchors: Path) -> None:
    newest = await filled(database_url, anchors)
    by_line = [json.loads(line) for line in audit(database_url, "export", anchors=anchors).stdout.splitlines()]
    at_once = json.loads(audit(database_url, "export", "--json", anchors=anchors).stdout)

    assert by_line == at_once
    assert [row["data"] for row in at_once] == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert at_once[-1]["hash"] == newest
    assert set(at_once[0]) == {"seq", "at", "kind", "business", "subject", "data", "previous", "hash"}


def test_an_empty_log_is_exported_as_nothing(sqlite_url: str, anchors: Path) -> None:
    assert audit(sqlite_url, "export", anchors=anchors).stdout == ""
    assert json.loads(audit(sqlite_url, "export", "--json", anchors=anchors).stdout) == []


@pytest.mark.parametrize("action", ["verify", "head", "export"])
def test_a_database_that_is_not_there_is_one_sentence_and_stays_away(tmp_path: Path, action: str) -> None:
    answer = audit(f"sqlite:///{tmp_path}/none.db", action, anchors=tmp_path / "anchors")

    assert answer.returncode == 2
    assert answer.stderr.startswith("READBACK_DATABASE_URL: ")
    assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "none.db").exists()

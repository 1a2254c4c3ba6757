"""`readback dead-letters`: after an outage all letters of a kind are replayed by one command, each of them once."""

import json
import time

import pytest
from sqlalchemy import select

from app.audit.log import seal
from app.commands import dead_letters as commands
from app.db.once import committing, looking
from app.db.schema import dead_letters, job_outbox
from app.jobs.dead_letters import Letter, given_up
from tests.commanding import command

OURS, OTHERS = 7, 2


def buried(url: str) -> None:
    now = time.time() - 100
    with committing(url, seal) as transaction:
        for number in range(OURS + OTHERS):
            kind = "crm_copy" if number < OURS else "read_back"
            given_up(transaction, Letter(kind, f"b{number}:1", "acme", "It was down.", {"booking": "b"}), now=now)


def test_all_of_a_kind_are_replayed_at_once_and_no_other(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "AT_ONCE", 3)
    buried(database_url)

    told = command(database_url, "dead-letters", "replay", "--kind", "crm_copy", "--json")
    assert (told.returncode, json.loads(told.stdout)["letters"]) == (0, OURS)
    again = command(database_url, "dead-letters", "replay", "--kind", "crm_copy")
    assert (again.returncode, again.stdout) == (1, "No dead letter of the kind crm_copy is open.\n")

    with looking(database_url) as connection:
        states = connection.execute(select(dead_letters.c.kind, dead_letters.c.status)).fetchall()
        jobs = connection.execute(select(job_outbox.c.kind)).scalars().all()
    assert sorted(states) == [("crm_copy", "replayed")] * OURS + [("read_back", "open")] * OTHERS
    assert list(jobs) == ["crm_copy"] * OURS
    listed = json.loads(command(database_url, "dead-letters", "list", "--kind", "read_back", "--json").stdout)
    assert len(listed) == OTHERS


def test_one_letter_or_a_kind_is_named_and_not_both(sqlite_url: str) -> None:
    assert command(sqlite_url, "dead-letters", "replay").returncode == 2
    assert command(sqlite_url, "dead-letters", "replay", "x", "--kind", "crm_copy").returncode == 2
    assert command(sqlite_url, "dead-letters", "replay", "x").returncode != 0


def test_a_list_says_where_it_ends(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    buried(sqlite_url)
    assert command(sqlite_url, "dead-letters", "list").stderr == ""
    monkeypatch.setattr(commands, "MOST_LISTED", OURS + OTHERS)
    assert "there may be more" in command(sqlite_url, "dead-letters", "list").stderr

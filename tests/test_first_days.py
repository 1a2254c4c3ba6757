"""A business in its first two weeks that does not say so is named wherever a model is asked, however it was set up."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.booking.business import Businesses
from app.db.migrate import migrate
from app.db.once import committing, looking
from app.main.first_days import first_days, unapproved
from app.settings import load
from app.watch.volume_counts import CALL, Came, noted
from tests.booking.acme import acme
from tests.commanding import command

DAY_S = 86_400.0
NOW = 1_795_000_000.0
SETUPS = [
    ({"OPENAI_API_KEY": "key"}, True),
    ({"ANTHROPIC_API_KEY": "key"}, True),
    ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, True),
    ({"READBACK_MODELS": "openai:gpt-5", "OPENAI_API_KEY": "key"}, True),
    ({}, False),
]


def told(url: str, variables: dict[str, str], *businesses: Any) -> tuple[list[str], str]:
    settings, served = load(variables), Businesses({one.id: one for one in businesses or (acme(),)})
    with looking(url) as connection:
        sentences = first_days(connection, settings, served, NOW)
        return sentences, unapproved(connection, settings, served, NOW)


@pytest.fixture
def empty(database_url: str) -> str:
    migrate(database_url, None)
    return database_url


@pytest.mark.parametrize(("variables", "asked"), SETUPS)
def test_it_is_named_wherever_a_model_is_asked(empty: str, variables: dict[str, str], asked: bool) -> None:
    sentences, line = told(empty, variables)
    assert (len(sentences), bool(line)) == (int(asked), asked)
    assert all("it has had no call or text here yet" in said for said in sentences)


@pytest.mark.parametrize(("days", "new"), [(0.01, True), (13.9, True), (14.1, False), (400, False)])
def test_two_weeks_after_the_first_call_it_is_named_no_more(empty: str, days: float, new: bool) -> None:
    with committing(empty, lambda *_: None) as transaction:
        noted(transaction.connection, [Came("acme", "+1", CALL, NOW - days * DAY_S)])
    sentences, line = told(empty, {"OPENAI_API_KEY": "key"})
    assert (len(sentences), bool(line)) == (int(new), new)


def test_who_says_since_when_is_not_named(empty: str) -> None:
    said = acme(live_since=date(2026, 11, 1))
    assert told(empty, {"OPENAI_API_KEY": "key"}, said) == ([], "")


def test_of_many_three_are_named_in_the_line_and_all_in_the_list(empty: str) -> None:
    businesses = [replace(acme(), id=f"acme{number}", lines=()) for number in range(5)]
    sentences, line = told(empty, {"OPENAI_API_KEY": "key"}, *businesses)
    assert len(sentences) == 5
    assert "for acme0, acme1, acme2 and 2 more:" in line


def test_the_checklist_warns_with_a_key_alone(sqlite_url: str) -> None:
    said = json.loads(command(sqlite_url, "checklist", "--json", OPENAI_API_KEY="key").stdout)["warnings"]
    assert ["live_since of business acme is not set" in each for each in said] == [True]


def test_the_checklist_still_says_what_is_wrong_with_the_order_of_models(sqlite_url: str) -> None:
    broken = command(sqlite_url, "checklist", READBACK_MODELS="openai:gpt-5")
    assert broken.returncode != 0
    assert "OPENAI_API_KEY" in broken.stdout + broken.stderr
    assert "Traceback" not in broken.stderr

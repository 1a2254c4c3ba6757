"""Questions about the business: answered in its documents' own words, or promised, once for a call."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.booking.acme import CALLER, acme
from tests.fakes.databases import executed
from tests.processes import ROOT
from tests.tools.talking import Agent, agent

FOLDER = ROOT / "infra" / "businesses" / "documents" / "acme"


@pytest.fixture
async def ask(database_url: str) -> AsyncIterator[Agent]:
    async with agent(database_url, business=acme(documents=FOLDER)) as talking:
        yield talking


def tasks(ask: Agent) -> list[tuple[str, str, str]]:
    rows = executed(ask.house.database.url.replace("+psycopg", ""), "SELECT phone, what, details FROM tasks")
    return [tuple(row) for row in rows]


async def test_the_answer_is_a_quote_and_says_where_it_stands(ask: Agent) -> None:
    answer = await ask("answer_question", question="How much does an inspection cost?")

    assert answer == {
        "ok": True,
        "say": "A home inspection costs $89.",
        "quote": "A home inspection costs $89.",
        "source": "about.md",
    }
    assert answer["quote"] in (FOLDER / answer["source"]).read_text()
    assert tasks(ask) == []


async def test_what_nobody_knows_is_promised_once_for_all_questions_of_a_call(ask: Agent) -> None:
    first = await ask("answer_question", question="Do you treat termites?")
    again = await ask("answer_question", question="Do you treat termites?")
    other = await ask("answer_question", question="Are you licensed?")

    assert (first["ok"], first["code"], first["due"]) == (False, "not_found", "2026-11-20T11:00:00-06:00")
    assert first["say"].startswith("I don't know that, I'll have someone call you by 11:00 AM on Friday, November 20.")
    assert first["reference"] == again["reference"] == other["reference"]
    ((phone, what, details),) = tasks(ask)
    assert (phone, details) == (CALLER, "Do you treat termites?\nAre you licensed?")
    assert "with an answer to a question" in what
    elsewhere = await ask("answer_question", call="c2", question="Are you licensed?")
    assert elsewhere["reference"] != first["reference"]


async def test_who_withholds_their_number_is_asked_for_one(ask: Agent) -> None:
    answer = await ask("answer_question", caller=None, question="Do you treat termites?")
    assert (answer["ok"], answer["code"]) == (False, "not_found")
    assert "request_callback" in answer["say"]
    assert tasks(ask) == []


async def test_without_documents_everything_is_promised(sqlite_url: str, tmp_path: Path) -> None:
    async with agent(sqlite_url, business=acme()) as ask:
        answer = await ask("answer_question", question="How much does an inspection cost?")
    assert (answer["ok"], answer["code"]) == (False, "not_found")


async def test_the_question_stays_out_of_the_audit_log(ask: Agent) -> None:
    await ask("answer_question", question="Do you treat termites?")
    await ask.stop()
    audited = str(executed(ask.house.database.url.replace("+psycopg", ""), "SELECT data FROM audit"))
    assert "answer_question" in audited
    assert "termites" not in audited

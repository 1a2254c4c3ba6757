"""A result on its way to a model: one line, never empty, whatever is in it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.calls.model import ToolResult
from app.dialects.results import as_json, one_line
from app.errors import Code


@pytest.mark.parametrize(
    "text", ["plain", "two\nlines", "cr\r\nlf", "sep\u2028\u2029\x85.", "tab\t\x0b\x0c\x1c", "ß 😀", ""]
)
def test_a_result_is_one_line(text: str) -> None:
    line = one_line(ToolResult(ok=True, say=text, facts={"note": text}))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["ok"] is True


def test_a_failure_carries_its_code() -> None:
    result = ToolResult(ok=False, say="That day is past.", code=Code.PAST_DATE)
    assert json.loads(as_json(result)) == {"ok": False, "code": "past_date", "say": "That day is past."}


@pytest.mark.parametrize("fact", [datetime(2026, 9, 29, tzinfo=UTC), object(), {1, 2}, Code.INTERNAL])
def test_a_fact_of_any_type_is_written_somehow(fact: Any) -> None:
    assert json.loads(one_line(ToolResult(ok=True, say="Done.", facts={"fact": fact})))["ok"] is True


@pytest.mark.parametrize("fact", ["\ud83d", {1: 2}, 2**70])
def test_a_fact_that_the_fast_writer_refuses_is_told_all_the_same(fact: Any) -> None:
    told = json.loads(one_line(ToolResult(ok=True, say="Done.", facts={"fact": fact})))
    assert (told["ok"], told["say"]) == (True, "Done.")
    assert "fact" in told

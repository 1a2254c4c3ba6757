"""Prompts: the same data makes the same bytes, in any process; what was used once is never changed."""

import hashlib
import subprocess
import sys
from typing import Any

import orjson
import pytest

from app.inference.model import Message, Wanted
from app.inference.output import SHAPE, VERDICT_SHAPE, Decision, Verdict
from app.inference.prompt import CURRENT, PromptError, as_data, built, rebuilt
from app.inference.templates import TEMPLATES
from tests.processes import ROOT

RELEASED = {
    "text-1": "e94e444e3c99f56344cc7db014ec75375ca7b5fdd054bed80ba3971826c6d0bc",
    "text-2": "bf1754aab50d4983932689ca8f0cf200bbf1fd6ad1472154db429dfb1d5327e6",
    "grade-1": "67004ab1631b6868ed243cbc7a3a057da4c5db06321eea16315264ed780b22a1",
}
"""SHA-256 of every template that was ever used. A new one gets a line; no line is ever changed."""
PLACE = {
    "business": "Acme Pest Control", "now": "Friday, November 20, 2026, 10:00 AM", "zone": "America/Chicago",
    "services": "Home inspection", "technicians": "Dana", "hours": "Monday 8:00 AM to 5:00 PM",
    "facts": "none", "summary": "none",
}  # fmt: skip
MESSAGES = [
    as_data(Message("customer", "Anything on Tuesday? {business} {0.__class__}")),
    as_data(Message("agent", "", (Wanted("c1", "check_availability", "{}"),))),
    as_data(Message("tool", '{"ok":true}', answers="c1", tool="check_availability")),
]
TOOL = {"name": "check_availability", "description": "Look.", "parameters": {"type": "object", "properties": {}}}
GIVEN: dict[str, Any] = {"place": PLACE, "messages": MESSAGES, "tools": [TOOL]}


def test_no_template_that_was_used_is_changed_or_gone() -> None:
    assert {name: hashlib.sha256(text.encode()).hexdigest() for name, text in TEMPLATES.items()} == RELEASED
    assert CURRENT in TEMPLATES


def test_the_same_data_makes_the_same_bytes_whatever_its_order() -> None:
    first = built(CURRENT, GIVEN)
    turned = {name: GIVEN[name] for name in reversed(GIVEN)} | {"place": dict(reversed(PLACE.items()))}
    second = built(CURRENT, turned)
    assert (first.content, first.given, first.hash) == (second.content, second.given, second.hash)
    assert rebuilt(CURRENT, first.given).content == first.content


def test_another_process_makes_the_same_bytes() -> None:
    first = built(CURRENT, GIVEN)
    code = (
        "import sys; from app.inference.prompt import rebuilt; "
        "sys.stdout.write(rebuilt(sys.argv[1], sys.stdin.buffer.read()).hash)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, CURRENT], cwd=ROOT, input=first.given, capture_output=True, check=True
    )
    assert answer.stdout.decode() == first.hash


def test_what_is_sent_is_read_from_the_bytes() -> None:
    question = built(CURRENT, GIVEN).question()
    assert question.system.startswith("You read text messages to Acme Pest Control")
    assert [message.who for message in question.messages] == ["customer", "agent", "tool"]
    assert question.messages[1].calls == (Wanted("c1", "check_availability", "{}"),)
    assert question.tools[0].name == "check_availability"
    assert question.shape == SHAPE


def test_what_customers_write_is_no_template() -> None:
    content = orjson.loads(built(CURRENT, GIVEN).content)
    assert "{business}" in content["messages"][0]["text"]
    odd = built(CURRENT, GIVEN | {"place": PLACE | {"facts": "{business} {0}"}})
    assert "Known so far: {business} {0}" in orjson.loads(odd.content)["system"]


@pytest.mark.parametrize(
    ("template", "given"),
    [
        ("text-0", GIVEN),
        (CURRENT, GIVEN | {"place": {}}),
        (CURRENT, {"place": PLACE}),
        (CURRENT, GIVEN | {"place": None}),
    ],
)
def test_what_does_not_fit_is_no_prompt(template: str, given: Any) -> None:
    with pytest.raises(PromptError):
        built(template, given)
    with pytest.raises(PromptError):
        rebuilt(CURRENT, b"{")


def test_models_are_told_the_shape_that_is_checked() -> None:
    shape = Decision.model_json_schema()
    assert set(shape["properties"]) == set(SHAPE["properties"])
    assert [*shape["required"], "language"] == SHAPE["required"]
    assert shape["$defs"]["Saying"]["enum"] == SHAPE["properties"]["say"]["items"]["enum"]
    assert shape["$defs"]["Intent"]["enum"] == SHAPE["properties"]["intent"]["enum"]
    shape = Verdict.model_json_schema()
    assert (set(shape["properties"]), shape["required"]) == (
        set(VERDICT_SHAPE["properties"]),
        VERDICT_SHAPE["required"],
    )
    assert shape["$defs"]["Grade"]["enum"] == VERDICT_SHAPE["properties"]["verdict"]["enum"]

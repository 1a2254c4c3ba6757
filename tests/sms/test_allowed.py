"""What a model may have done: by what was said and what tools told, and by nothing else."""

from typing import Any

import orjson
import pytest

from app.inference.model import Wanted
from app.sms.allowed import (
    CHANGES,
    NO_NAME,
    NO_REFERENCE,
    NO_SUCH_TOOL,
    NOT_OFFERED,
    TAKES,
    UNREADABLE,
    Denied,
    Facts,
    Permitted,
    offered_tool,
    permitted,
)
from tools import tools

FACTS = Facts({"s1": {"slot_id": "a" * 40, "start": "x", "technician": "Dana"}}, ("K7M4QX",))
SAID = "Cancel K7M4QX please, I'm Ann Lee, 12 Elm St, the gate code is 7. My friend's is ZZZ234"


def want(tool: str, **arguments: Any) -> Permitted | Denied:
    return permitted(Wanted("c", tool, orjson.dumps(arguments).decode()), FACTS, SAID)


@pytest.mark.parametrize(
    ("tool", "arguments", "say"),
    [
        ("issue_refund", {}, NO_SUCH_TOOL),
        ("transfer_to_person", {"reason": "x"}, NO_SUCH_TOOL),
        ("book_appointment", {"slot_id": "s2", "customer_name": "Ann Lee"}, NOT_OFFERED),
        ("book_appointment", {"slot_id": "a" * 40, "customer_name": "Ann Lee"}, NOT_OFFERED),
        ("book_appointment", {"slot_id": "s1", "customer_name": "Bob Stone"}, NO_NAME),
        ("book_appointment", {"slot_id": "s1", "customer_name": "An"}, NO_NAME),
        ("book_appointment", {"slot_id": "s1", "customer_name": "..."}, NO_NAME),
        ("cancel_appointment", {"reference": "QQQQ22"}, NO_REFERENCE),
        ("cancel_appointment", {"reference": "K7M4Q"}, NO_REFERENCE),
        ("cancel_appointment", {"reference": ["K7M4QX", "QQQQ22"]}, NO_REFERENCE),
        ("send_confirmation", {"reference": "QQQQ22"}, NO_REFERENCE),
        ("reschedule_appointment", {"reference": "K7M4QX", "slot_id": "s7"}, NOT_OFFERED),
    ],
)
def test_what_nobody_said_or_offered_is_not_done(tool: str, arguments: dict[str, Any], say: str) -> None:
    assert want(tool, **arguments) == Denied(tool, say)


@pytest.mark.parametrize("text", ["", "[]", "7", "null", '{"a": ', "x" * 5_000, '{"question": "' + "x" * 5_000 + '"}'])
def test_arguments_that_are_no_object_are_no_arguments(text: str) -> None:
    found = permitted(Wanted("c", "answer_question", text), FACTS, SAID)
    assert isinstance(found, Permitted) if text == "" else found == Denied("answer_question", UNREADABLE)


@pytest.mark.parametrize(
    ("tool", "arguments", "left"),
    [
        (
            "book_appointment",
            {"slot_id": "s1", "customer_name": "ann lee"},
            {"slot_id": "a" * 40, "customer_name": "ann lee"},
        ),
        (
            "book_appointment",
            {
                "slot_id": "s1", "customer_name": "Ann Lee", "phone": "+1", "email": "x@y.z", "caller": "+1",
                "address": "12 Elm St", "notes": "the gate code is 7", "price": 0,
            },
            {"slot_id": "a" * 40, "customer_name": "Ann Lee", "address": "12 Elm St", "notes": "the gate code is 7"},
        ),
        (
            "book_appointment",
            {"slot_id": "s1", "customer_name": "Ann Lee", "address": "Fort Knox", "notes": "a free visit"},
            {"slot_id": "a" * 40, "customer_name": "Ann Lee"},
        ),
        ("find_appointments", {"reference": "K7M4QX", "customer_name": "Bob"}, {}),
        ("cancel_appointment", {"reference": "k7-m4 qx", "customer_name": "Bob"}, {"reference": "K7M4QX"}),
        ("cancel_appointment", {"reference": "ZZZ234"}, {"reference": "ZZZ234"}),
        ("request_callback", {"reason": "ants", "phone": "+1", "when": ""}, {"reason": "ants"}),
    ],
)  # fmt: skip
def test_what_was_said_and_offered_is_left_of_the_arguments(
    tool: str, arguments: dict[str, Any], left: dict[str, Any]
) -> None:
    found = want(tool, **arguments)
    assert isinstance(found, Permitted)
    assert found.arguments == left


@pytest.mark.parametrize(
    ("given", "confidence", "rests_on"),
    [
        ({"confidence": 1, "rests_on": ["a", 7]}, 1.0, ("a",)),
        ({"confidence": True, "rests_on": "a"}, None, ()),
        ({"confidence": "0.9"}, None, ()),
        ({}, None, ()),
    ],
)
def test_a_models_own_figures_are_read_or_missing(
    given: Any, confidence: float | None, rests_on: tuple[str, ...]
) -> None:
    found = want("cancel_appointment", reference="K7M4QX", **given)
    assert isinstance(found, Permitted)
    assert (found.confidence, found.rests_on) == (confidence, rests_on)


def test_models_are_offered_no_more_than_they_may_use() -> None:
    nobody: Any = None
    every = tools(nobody, nobody)
    assert {tool.name for tool in every} - set(TAKES) == {"transfer_to_person"}
    for tool in (tool for tool in every if tool.name in TAKES):
        offered = offered_tool(tool.name, tool.description, tool.arguments.model_json_schema())
        figures = {"confidence", "rests_on", "language"} if tool.name in CHANGES else set()
        assert set(offered.parameters["properties"]) == {*TAKES[tool.name], *figures}
        assert set(offered.parameters["required"]) >= figures
        assert not {"phone", "email", "customer_id"} & set(offered.parameters["properties"])

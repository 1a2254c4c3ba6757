"""Tool calls as plain JSON."""

import json
from typing import Any

import pytest

from app.calls.model import CallRef, ToolResult
from app.dialects import plain

SECRET = b"tools-secret"
DATE = {"date": "2026-09-29"}
REF = CallRef("plain", "call_1", "+15555550142", ("+15125550100",))
ENVELOPE = {"call_id": "call_1", "tool_call_id": "t1", "caller": "+15555550142", "line": "+15125550100"}


@pytest.mark.parametrize("arguments", [DATE, json.dumps(DATE), json.dumps(json.dumps(DATE))])
def test_an_envelope_names_the_call(arguments: Any) -> None:
    call = plain.parse("check_availability", ENVELOPE | {"arguments": arguments}, ())
    assert (call.ref, call.name, call.arguments) == (REF, "check_availability", DATE)
    assert (call.tool_call_id, call.problem) == ("t1", None)


@pytest.mark.parametrize("arguments", [None, "", {}, "null"])
def test_an_envelope_may_hold_no_arguments(arguments: Any) -> None:
    call = plain.parse("find_appointments", ENVELOPE | {"arguments": arguments}, ())
    assert (call.arguments, call.problem) == ({}, None)


def test_bare_arguments_name_no_call_and_no_caller() -> None:
    bare = {"date": "2026-09-29", "call_id": "x", "caller": "+15555550142"}
    call = plain.parse("check_availability", bare, ())
    assert (call.ref, call.arguments, call.tool_call_id) == (CallRef("plain"), bare, None)


def test_beside_bare_arguments_headers_say_who_calls() -> None:
    headers = [(b"x-call-id", b"call_1"), (b"x-caller", b"+1 (555) 555-0142"), (b"x-line", b"+15125550100")]
    assert plain.parse("check_availability", DATE, headers).ref == REF
    claimed = ENVELOPE | {"caller": "+15555550199", "arguments": DATE}
    assert plain.parse("check_availability", claimed, headers).ref == REF, "the body may be a model's"


@pytest.mark.parametrize("body", [[], ["2026-09-29"], 7, True, "words", [{"arguments": {}}]])
def test_a_body_that_holds_no_arguments_is_a_problem_in_words(body: Any) -> None:
    call = plain.parse("check_availability", body, ())
    assert call.arguments == {}
    assert call.problem


@pytest.mark.parametrize("wrong", [7, None, "", [], {}, "{{call.id}}"])
def test_an_envelope_with_nonsense_in_it_still_carries_its_arguments(wrong: Any) -> None:
    call = plain.parse("check_availability", dict.fromkeys(ENVELOPE, wrong) | {"arguments": DATE}, ())
    assert call.ref == CallRef("plain")
    assert call.arguments == DATE


@pytest.mark.parametrize(
    ("headers", "secrets", "welcome"),
    [
        ([(b"authorization", b"Bearer tools-secret")], (SECRET,), True),
        ([(b"authorization", b"Bearer wrong"), (b"authorization", b"Bearer tools-secret")], (SECRET,), True),
        ([(b"authorization", b"Bearer tools-secret")], (), False),
        ([(b"authorization", b"Bearer wrong")], (SECRET,), False),
        ([(b"x-vapi-secret", b"tools-secret")], (SECRET,), False),
        ([], (SECRET,), False),
    ],
)
def test_only_a_bearer_opens_the_door(headers: Any, secrets: tuple[bytes, ...], welcome: bool) -> None:
    assert plain.authenticate(headers, secrets, 0.0) is welcome


def test_the_answer_is_the_flat_object_itself() -> None:
    assert json.loads(plain.render(ToolResult(ok=True, say="Done.", facts={"slots": []}))) == {
        "ok": True,
        "say": "Done.",
        "slots": [],
    }

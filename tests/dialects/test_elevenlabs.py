"""ElevenLabs: a flat body or an envelope, a call that arrives, a conversation that is over."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.calls.model import CallRef, ToolResult
from app.dialects import elevenlabs

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platforms"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"elevenlabs_{name}.json").read_text())


ARGUMENTS = {"service": "cleaning", "start": "2026-11-24T09:00:00-08:00", "name": "Dana Reyes"}
CONVERSATION = "conv_0000000000000000000000000001"
VECTOR = payload("webhook_signature_vector")
WHO = [(b"x-call-id", b"conv_2"), (b"x-caller", b"+15005550007"), (b"x-line", b"+15005550011")]


def test_a_flat_body_is_the_arguments_and_who_calls_beside_them() -> None:
    call = elevenlabs.parse("book_appointment", payload("tool_request_flat"), ())

    assert call.ref == CallRef("elevenlabs", CONVERSATION, "+15005550006", ("+15005550010",), surely=False)
    assert call.ref.owner is None, "the model may have written it"
    assert ARGUMENTS.items() <= call.arguments.items()
    assert (call.tool_call_id, call.problem) == (None, None)


def test_an_envelope_has_the_arguments_inside_and_an_id() -> None:
    call = elevenlabs.parse("book_appointment", payload("tool_request_envelope_as_in_skills_repo"), ())

    assert call.ref == CallRef("elevenlabs", CONVERSATION, surely=False)
    assert (call.arguments, call.tool_call_id) == (ARGUMENTS, "call_el_001")


@pytest.mark.parametrize("name", ["tool_request_flat", "tool_request_envelope_as_in_skills_repo"])
def test_headers_know_better_than_any_body(name: str) -> None:
    ref = elevenlabs.parse("x", payload(name), WHO).ref
    assert ref == CallRef("elevenlabs", "conv_2", "+15005550007", ("+15005550011",))
    assert ref.owner == "+15005550007"


def test_what_the_model_says_inside_an_envelope_is_not_who_calls() -> None:
    claimed = {"caller_id": "+15005550099", "conversation_id": "other", "called_number": "+15005550098"}
    call = elevenlabs.parse("x", {"tool_name": "x", "parameters": claimed}, ())

    assert call.ref == CallRef("elevenlabs")


def test_a_number_without_its_conversation_is_bound_to_no_variable() -> None:
    claimed = {"caller_id": "+15005550099", "called_number": "+15005550098"}

    assert elevenlabs.parse("x", claimed, ()).ref == CallRef("elevenlabs")


@pytest.mark.parametrize("withheld", [b"anonymous", b"", b"{{system__caller_id}}"])
def test_a_header_that_tells_nobody_still_decides(withheld: bytes) -> None:
    for name in (b"x-caller", b"x-line", b"x-call-id"):
        call = elevenlabs.parse("find_appointments", payload("tool_request_flat"), [(name, withheld)])

        assert call.ref.caller is None


@pytest.mark.parametrize("body", [7, None, [], "words", {"tool_name": "x", "parameters": [1]}])
def test_nonsense_is_no_reason_to_fail(body: Any) -> None:
    assert elevenlabs.parse("x", body, ()).ref == CallRef("elevenlabs")
    assert elevenlabs.parse_arrival(body) == CallRef("elevenlabs")
    assert elevenlabs.parse_report(body) is None


def test_a_call_that_arrives_names_its_line_and_gets_variables() -> None:
    ref = elevenlabs.parse_arrival(payload("conversation_init_request"))
    answer = json.loads(elevenlabs.render_arrival({"business_name": "Acme"}))
    expected = payload("conversation_init_response")

    assert (ref.caller, ref.lines, ref.assistant) == ("+15005550006", ("+15005550010",), "agent_el_0001")
    assert ref.call_id == "CA00000000000000000000000000000000"
    assert answer == {"type": expected["type"], "dynamic_variables": {"business_name": "Acme"}}


@pytest.mark.parametrize(
    ("after_s", "key", "body", "holds"),
    [
        (0, VECTOR["secret"], VECTOR["raw_body"], True),
        (1_800, VECTOR["secret"], VECTOR["raw_body"], True),
        (1_801, VECTOR["secret"], VECTOR["raw_body"], False),
        (-300, VECTOR["secret"], VECTOR["raw_body"], True),
        (-301, VECTOR["secret"], VECTOR["raw_body"], False),
        (0, "another", VECTOR["raw_body"], False),
        (0, VECTOR["secret"], VECTOR["raw_body"] + " ", False),
    ],
)
def test_a_webhook_of_the_workspace_is_signed(after_s: float, key: str, body: str, holds: bool) -> None:
    header = [(b"elevenlabs-signature", VECTOR["elevenlabs_signature"].encode())]
    for keys in ((b"new", key.encode()), (key.encode(), b"old")):
        proof = elevenlabs.authenticate_webhook(header, keys, VECTOR["timestamp_s"] + after_s)
        assert (proof is not False and (proof is True or proof(body.encode()))) is holds
    assert elevenlabs.authenticate_webhook(header, (), VECTOR["timestamp_s"]) is False


@pytest.mark.parametrize("signature", [b"", b"t=1795180000", b"t=x,v0=" + b"a" * 64, b"t=1795180000,v0=" + b"a" * 63])
def test_what_is_no_signature_is_refused_without_the_body(signature: bytes) -> None:
    header = [(b"elevenlabs-signature", signature)]
    assert elevenlabs.authenticate_webhook(header, (b"key",), VECTOR["timestamp_s"]) is False


def test_a_conversation_that_is_over_is_an_event_of_its_call() -> None:
    told = json.loads(VECTOR["raw_body"])
    told["data"] |= {"status": "done", "agent_id": "agent_el_0001", "api_key": "secret"}
    event = elevenlabs.parse_report(told)

    assert event is not None
    assert event.ref == CallRef("elevenlabs", CONVERSATION, assistant="agent_el_0001")
    assert (event.kind, event.status) == ("post_call_transcription", "done")
    assert "secret" not in str(event.body)


def test_the_answer_is_the_flat_object_itself() -> None:
    assert json.loads(elevenlabs.render(ToolResult(True, "Done.", facts={"reference": "R"}))) == {
        "ok": True,
        "say": "Done.",
        "reference": "R",
    }

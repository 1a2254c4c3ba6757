"""Retell: signatures over raw bytes, the call beside the arguments, and answers no longer than it takes."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.calls.model import CallRef, ToolResult
from app.dialects import retell
from app.errors import Code

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platforms"
VECTORS = json.loads((PAYLOADS / "retell_signature_vectors.json").read_text())["vectors"]
REQUEST: dict[str, Any] = json.loads((PAYLOADS / "retell_custom_function_request.json").read_text())
BARE = json.loads((PAYLOADS / "retell_custom_function_request_args_only.json").read_text())
SIGNED = [(b"x-retell-signature", b"v=1795180000000,d=" + b"a" * 64)]


def proven(signature: bytes, body: bytes, keys: tuple[bytes, ...], now: float) -> bool:
    proof = retell.authenticate([(b"x-retell-signature", signature)], keys, now)
    return proof is not False and (proof is True or proof(body))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_sdks_own_signatures_are_judged_as_it_judges_them(vector: dict[str, Any]) -> None:
    given = (vector["x_retell_signature"].encode(), vector["raw_body"].encode())
    key, now = vector["api_key"].encode(), vector["verify_at_ms"] / 1000

    assert proven(*given, (key,), now) is vector["expected_valid"]
    assert proven(*given, (b"new", key), now) is vector["expected_valid"]
    assert proven(*given, (key, b"old"), now) is vector["expected_valid"]
    assert not proven(given[0], given[1] + b"\n", (key,), now)
    assert not proven(*given, (b"new",), now)
    assert not proven(*given, (), now)


@pytest.mark.parametrize(
    "signature",
    [b"", b"v=,d=", b"v=1795180000000", b"d=" + b"a" * 64, b"v=-1,d=" + b"a" * 64, b"v=1795180000000,d=" + b"A" * 64,
     b"v=1795180000000,d=" + b"a" * 63, b"v=1795180000000,d=" + b"a" * 64 + b"\n", b"\xff"],
)  # fmt: skip
def test_what_is_no_signature_is_refused_without_the_body(signature: bytes) -> None:
    assert retell.authenticate([(b"x-retell-signature", signature)], (b"key",), 1_795_180_000.0) is False


def test_the_call_stands_beside_the_arguments() -> None:
    call = retell.parse("book_appointment", REQUEST, SIGNED)

    assert call.ref == CallRef(
        "retell", "call_ret_00000000000000000001", "+15005550006", ("+15005550010",), "agent_ret_0001"
    )
    assert (call.arguments, call.tool_call_id, call.problem) == (REQUEST["args"], "tool_call_ret_001", None)


def test_on_a_call_that_the_agent_makes_the_numbers_change_places() -> None:
    outbound = {"call_id": "c", "direction": "outbound", "from_number": "+15005550010", "to_number": "+15005550006"}
    call = retell.parse("book_appointment", {"args": {}, "call": outbound}, SIGNED)

    assert (call.ref.caller, call.ref.lines) == ("+15005550006", ("+15005550010",))


def test_bare_arguments_name_no_call_unless_headers_do() -> None:
    who = [(b"x-call-id", b"c1"), (b"x-caller", b"+15005550006"), (b"x-line", b"{{to_number}}")]

    call = retell.parse("book_appointment", BARE, SIGNED)
    assert (call.ref, call.arguments) == (CallRef("retell"), BARE)
    assert call.tool_call_id == SIGNED[0][1].decode(), "the same bytes signed at one moment are one delivery"
    assert retell.parse("book_appointment", BARE, SIGNED + who).ref == CallRef("retell", "c1", "+15005550006")


def invoked(id: str, **arguments: Any) -> dict[str, Any]:
    return {"role": "tool_call_invocation", "tool_call_id": id, "name": "look", "arguments": json.dumps(arguments)}


def result(id: str) -> dict[str, Any]:
    return {"role": "tool_call_result", "tool_call_id": id, "content": "{}"}


@pytest.mark.parametrize(
    ("transcript", "identity"),
    [
        ([invoked("1", day=1)], "1"),
        ([invoked("1", day=1), {"role": "agent", "content": "One moment."}], "1"),
        ([invoked("1", day=1), invoked("2", day=2)], "1"),
        ([invoked("1", day=1), result("1")], None),
        ([invoked("1", day=1), result("1"), invoked("2", day=1)], "2"),
        ([invoked("1", day=2)], None),
        ([{**invoked("1", day=1), "name": "book"}], None),
        ([{**invoked("1", day=1), "tool_call_id": None}], None),
        ([invoked("1", day=1)] + [{"role": "user"}] * retell.ENTRIES_MAX, None),
        ([], None),
        ("words", None),
        ([7, None, "x", {}], None),
    ],
)
def test_a_request_finds_its_own_id_in_the_transcript(transcript: Any, identity: str | None) -> None:
    body = {"name": "look", "args": {"day": 1}, "call": {"call_id": "c", "transcript_with_tool_calls": transcript}}
    assert retell.parse("look", body, SIGNED).tool_call_id == (identity or SIGNED[0][1].decode())


@pytest.mark.parametrize("body", [7, None, [], "words", {"args": 7, "call": {}}, {"args": [], "call": {"call_id": 1}}])
def test_nonsense_is_no_reason_to_fail(body: Any) -> None:
    assert retell.parse("look", body, ()).ref == CallRef("retell")


@pytest.mark.parametrize(
    "body",
    [
        REQUEST,
        {**REQUEST, "call": {**REQUEST["call"], "direction": "outbound", "from_number": None}},
        {**REQUEST, "call": {"call_id": "c"}},
        {"args": {}, "call": {"call_id": "c", "transcript_with_tool_calls": [invoked(str(n)) for n in range(40)]}},
    ],
)
def test_the_quick_reading_gives_what_the_patient_one_gives(body: dict[str, Any]) -> None:
    quick = retell.quick(json.dumps(body).encode())
    assert retell.parse("look", quick, SIGNED) == retell.parse("look", body, SIGNED)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"7", b"\xff", json.dumps(BARE).encode(), b'{"args": {}, "call": {"call_id": 7}}',
     b'{"args": [], "call": {"call_id": "c"}}', b'{"args": {"a": "\\ud800"}, "call": {"call_id": "c"}}',
     b'{"args": {}, "call": {"call_id": "c"}, "unread": "\xff"}',
     b'{"args": {"a": %s}, "call": {"call_id": "c"}}' % (b"[" * 1_000 + b"]" * 1_000)],
)  # fmt: skip
def test_any_other_shape_is_left_to_the_patient_reading(raw: bytes) -> None:
    assert retell.quick(raw) is None


def test_an_answer_is_the_flat_object_in_full_where_it_fits() -> None:
    said = ToolResult(True, "Done.", Code.STILL_CHECKING, {"slots": [{"slot_id": "a"}]})
    assert json.loads(retell.render(said)) == said.as_dict()


def test_an_answer_that_would_be_cut_loses_the_last_entries_of_its_lists() -> None:
    slots = [{"slot_id": f"{n:0400d}", "start": "ü" * 40} for n in range(50)]
    told = json.loads(retell.render(ToolResult(True, "Many times.", None, {"slots": slots, "time_zone": "UTC"})))

    assert (told["say"], told["time_zone"]) == ("Many times.", "UTC")
    assert told["slots"] == slots[: len(told["slots"])]
    assert 10 < len(told["slots"]) < 50
    assert len(retell.render(ToolResult(True, "x" * 20_000))) > retell.ANSWER_MAX_CHARS, "words are never cut"

"""Every stored Vapi payload, and what is read in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.arrivals import Admitted, Declined, Diverted
from app.calls.events import CallEvent
from app.calls.knowledge import Passage
from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import vapi
from tests.dialects.test_credentials import BODY, CURRENT, NOW, PREVIOUS, sign
from tests.dialects.vapi_answers import complaints_about_arrival, complaints_about_results

PAYLOADS = Path(__file__).parents[1] / "payloads" / "vapi"

CALL = "01a1c2d3-7f10-7a44-9c31-5b8e0d2f4a66"
CALLER, LINE, ASSISTANT = "+15555550142", "+15555550100", "c4f0a7de-51b2-4f0e-8a6c-0f9b7d3e1122"
CONTROL = f"https://phone-call-websocket.aws-us-west-2-backend-production1.vapi.ai/{CALL}/control"
FULL = CallRef("vapi", CALL, CALLER, (LINE,), ASSISTANT, CONTROL)
BARE = CallRef("vapi", CALL)

DAY = {"date": "2026-09-29", "service": "haircut"}
DAY_AND_STATIC = DAY | {"caller_number": CALLER, "call_id": CALL}
ZK3 = "call_Zk3pQm7RwB1sT9xYd2LfHc8V"
UNREADABLE = object()
"""Stands for arguments that could not be read."""


def load(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text())


def check(identity: str | None, arguments: Any, ref: CallRef, name: str = "check_availability") -> tuple[Any, ...]:
    return (identity, name, arguments, ref)


TOOL_CALLS = {
    "01_tool_calls_single.json": [check(ZK3, DAY_AND_STATIC, FULL)],
    "02_tool_calls_parallel_two.json": [
        check("call_A1b2C3d4E5f6G7h8I9j0K1l2", DAY_AND_STATIC, FULL),
        check(
            "call_M3n4O5p6Q7r8S9t0U1v2W3x4",
            {"email": "sam.rivera@example.com", "caller_number": CALLER},
            FULL,
            "lookup_customer",
        ),
    ],
    "03_tool_calls_arguments_as_json_string.json": [check(ZK3, DAY_AND_STATIC, FULL)],
    "04_tool_calls_flat_name_arguments.json": [check("toolu_01Hq8VdS3nB5pX7yK2mR9tWc", DAY, BARE)],
    "05_tool_calls_flat_name_parameters.json": [check("abc123", DAY, BARE)],
    "06_tool_calls_with_tool_list_only.json": [check("call_only_in_with_list", DAY, CallRef("vapi", CALL, CALLER))],
    "07_function_call_legacy_object_parameters.json": [check(None, DAY, BARE)],
    "08_function_call_legacy_string_parameters.json": [
        check(None, {"emailAddress": "sam.rivera@example.com"}, CallRef("vapi", CALL, CALLER), "send_email")
    ],
    "09a_replay_same_tool_call_id.json": [check(ZK3, DAY_AND_STATIC, FULL)],
    "09b_llm_repeat_same_args_new_tool_call_id.json": [check("call_Nn9mPp2QqRr3SsTt4UuVv5Ww", DAY_AND_STATIC, FULL)],
    "10_tool_calls_date_in_past_spoken_email.json": [
        check(
            "call_PastYear0000000000000001",
            load("10_tool_calls_date_in_past_spoken_email.json")["message"]["toolCallList"][0]["function"]["arguments"],
            FULL,
            "book_appointment",
        )
    ],
    "11_tool_calls_short_provider_id.json": [check("call_51kj", DAY, FULL)],
    "12_tool_calls_chat_sms.inferred.json": [
        check(
            ZK3,
            DAY_AND_STATIC,
            CallRef(
                "vapi",
                load("12_tool_calls_chat_sms.inferred.json")["message"]["chat"]["id"],
                CALLER,
                (LINE,),
                ASSISTANT,
            ),
        )
    ],
    "13_tool_calls_web_call_no_customer.json": [
        check("call_Web0000000000000000000001", DAY, CallRef("vapi", CALL, None, (), ASSISTANT, CONTROL))
    ],
    "malformed/m05_tool_call_list_null.json": [],
    "malformed/m06_tool_call_list_empty.json": [],
    "malformed/m07_tool_call_missing_id.json": [check(None, DAY, BARE)],
    "malformed/m08_arguments_truncated_json_string.json": [check("call_trunc", UNREADABLE, BARE, "book_appointment")],
    "malformed/m09_arguments_empty_string.json": [check("call_emptystr", {}, BARE)],
    "malformed/m10_arguments_null.json": [check("call_null", {}, BARE)],
    "malformed/m11_arguments_list.json": [check("call_list", UNREADABLE, BARE)],
    "malformed/m12_arguments_double_encoded.json": [check("call_dbl", DAY, BARE)],
    "malformed/m13_duplicate_ids_in_one_message.json": [check(ZK3, DAY_AND_STATIC, BARE)] * 2,
    "malformed/m14_function_missing.json": [check("call_nofn", UNREADABLE, BARE, "")],
    "malformed/m15_unknown_function_name.json": [check("call_unknown", {"confirm": True}, BARE, "drop_tables")],
    "malformed/m16_not_wrapped_in_message.json": [check(ZK3, DAY_AND_STATIC, BARE)],
    "malformed/m17_call_missing.json": [check(ZK3, DAY_AND_STATIC, CallRef("vapi"))],
    "malformed/m18_tool_call_list_is_object.json": [check(ZK3, DAY_AND_STATIC, BARE)],
    "malformed/m19_type_missing.json": [check(ZK3, DAY_AND_STATIC, BARE)],
    "malformed/m20_type_underscore_variant.json": [check(ZK3, DAY_AND_STATIC, BARE)],
    "malformed/m22_unresolved_liquid_placeholder.json": [
        check(
            "call_liquid",
            {"phone": "{{customer.number}}", "email": ""},
            CallRef("vapi", CALL, CALLER, (), ASSISTANT, CONTROL),
            "lookup_customer",
        )
    ],
    "malformed/m23_empty_arguments_object_required_missing.json": [check("call_noargs", {}, BARE)],
    "malformed/m24_mixed_one_good_one_bad.json": [
        check(ZK3, DAY_AND_STATIC, BARE),
        check("call_bad", UNREADABLE, BARE, "book_appointment"),
    ],
}
REPORTS = {
    "21_status_update_in_progress.json": ("status-update", "in-progress", None, FULL),
    "22_status_update_ended.json": ("status-update", "ended", "customer-ended-call", FULL),
    "23_status_update_ended_assistant_request_error.json": (
        "status-update",
        "ended",
        "assistant-request-returned-invalid-assistant",
        CallRef("vapi", CALL, CALLER, (LINE,)),
    ),
    "24_status_update_forwarding.json": (
        "status-update",
        "forwarding",
        None,
        CallRef("vapi", CALL, CALLER, (), ASSISTANT, CONTROL),
    ),
    "25_end_of_call_report.json": ("end-of-call-report", None, "customer-ended-call", FULL),
    "26_end_of_call_report_minimal.json": (
        "end-of-call-report",
        None,
        "call.in-progress.error-vapifault-worker-died",
        BARE,
    ),
    "36_transfer_update.json": (
        "transfer-update",
        None,
        None,
        CallRef("vapi", CALL, CALLER, (), ASSISTANT, CONTROL),
    ),
}
IGNORED = {
    "28_handoff_destination_request.json": "handoff-destination-request",
    "29_hang.json": "hang",
    "30_speech_update.json": "speech-update",
    "31_conversation_update.json": "conversation-update",
    "32_transcript_final.json": "transcript",
    "33_user_interrupted.json": "user-interrupted",
    "34_assistant_started.json": "assistant.started",
    "37_session_created.json": "session.created",
    "38_chat_created.json": "chat.created",
    "39_call_artifact_upload.json": "call.artifact.upload",
    "40_unknown_future_event.json": "",
    "malformed/m01_empty_object.json": "",
    "malformed/m02_message_null.json": "",
    "malformed/m03_message_is_string.json": "",
    "malformed/m04_root_array.json": "",
}
ARRIVALS = ("20_assistant_request.json",)
TRANSFERS = ("27_transfer_destination_request.json",)
KNOWLEDGE = ("35_knowledge_base_request.json",)
PUT_THROUGH = ("24_status_update_forwarding.json", "36_transfer_update.json")


def test_no_stored_payload_is_left_out_of_the_tables() -> None:
    stored = {
        str(path.relative_to(PAYLOADS)) for folder in (".", "malformed") for path in (PAYLOADS / folder).glob("*.json")
    }
    assert stored == {*TOOL_CALLS, *REPORTS, *IGNORED, *ARRIVALS, *TRANSFERS, *KNOWLEDGE}


@pytest.mark.parametrize("name", TOOL_CALLS)
def test_tool_calls_are_read_in_every_shape(name: str) -> None:
    parsed = vapi.parse(load(name))
    assert isinstance(parsed, vapi.ToolCalls)
    read = [
        (call.tool_call_id, call.name, UNREADABLE if call.problem else call.arguments, call.ref)
        for call in parsed.calls
    ]
    assert read == TOOL_CALLS[name]
    assert parsed.legacy is ("function_call_legacy" in name)


QUICK = ("01", "02", "03", "09a", "09b", "10", "11", "13")
"""Payloads of the ordinary shape: these at least must be read in one pass."""


@pytest.mark.parametrize("name", [*TOOL_CALLS, *REPORTS, *IGNORED, *ARRIVALS])
def test_the_quick_reading_gives_the_patient_one_or_nothing(name: str) -> None:
    raw = (PAYLOADS / name).read_bytes()
    quick = vapi.quick(raw)
    assert quick is not None or not name.startswith(QUICK)
    assert quick is None or quick == vapi.parse(json.loads(raw))


_texts = st.none() | st.sampled_from(["", " ", "+15125550142", "{{x}}", "a" * 600, CALL]) | st.integers()
_parts = st.none() | _texts | st.fixed_dictionaries({}, optional={"id": _texts, "number": _texts, "controlUrl": _texts})
_calls = st.fixed_dictionaries(
    {},
    optional={
        "id": _texts,
        "name": _texts,
        "function": st.fixed_dictionaries(
            {}, optional={"name": _texts, "arguments": _texts | st.just({"date": "today"}), "parameters": _texts}
        ),
    },
)


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["tool-calls", "tool_calls", "hang"]), "toolCallList": st.lists(_calls, max_size=3)},
        optional={
            "call": st.fixed_dictionaries(
                {},
                optional={
                    "id": _texts,
                    "customer": _parts,
                    "phoneNumber": _parts,
                    "assistantId": _texts,
                    "monitor": _parts,
                },
            ),
            "chat": _parts,
            "customer": _parts,
            "phoneNumber": _parts,
            "assistant": _parts,
        },
    )
)
def test_the_quick_reading_never_differs_from_the_patient_one(message: dict[str, Any]) -> None:
    quick = vapi.quick(json.dumps({"message": message}).encode())
    assert quick is None or quick == vapi.parse({"message": message})


@pytest.mark.parametrize("name", REPORTS)
def test_reports_are_read_and_carry_no_secret(name: str) -> None:
    parsed = vapi.parse(load(name))
    assert isinstance(parsed, vapi.Begun) is ("in_progress" in name)
    event = parsed.event if isinstance(parsed, vapi.Begun) else parsed
    assert isinstance(event, CallEvent)
    assert (event.kind, event.status, event.ended_reason, event.ref) == REPORTS[name]
    assert event.body["type"] == event.kind
    kept = json.dumps(event.body)
    assert not [word for word in ("REDACT-ME", "controlUrl", "listenUrl") if word in kept]
    assert "assistant" not in event.body


@pytest.mark.parametrize("name", IGNORED)
def test_the_rest_is_ignored_by_its_known_name(name: str) -> None:
    parsed = vapi.parse(load(name))
    assert isinstance(parsed, vapi.Ignored)
    assert parsed.known == IGNORED[name]


def called(*names: str) -> dict[str, Any]:
    return {"role": "tool_calls", "toolCalls": [{"id": n, "type": "function", "function": {"name": n}} for n in names]}


def result(name: str) -> dict[str, Any]:
    return {"role": "tool_call_result", "name": name, "toolCallId": name, "result": "x"}


UNDER_WAY: list[tuple[Any, str]] = [
    ([called("check_availability")], "check_availability"),
    (
        [called("find_appointments"), result("find_appointments"), called("bookAppointment"), {"role": "bot"}],
        "bookAppointment",
    ),
    ([called("first", "second"), result("first")], "second"),
    ([called("first", "second"), result("second")], "first"),
    ([called("first"), result("first")], ""),
    ([{"role": "user", "message": "hello"}], ""),
    ([], ""),
    (["?", None, {"role": "tool_calls", "toolCalls": "?"}], ""),
    ("?", ""),
]


@pytest.mark.parametrize(("messages", "tool"), UNDER_WAY)
def test_a_hang_says_which_tool_it_waits_for(messages: Any, tool: str) -> None:
    hang = load("29_hang.json")
    hang["message"]["artifact"]["messages"] = messages

    assert vapi.parse(hang) == vapi.Ignored("hang", tool)


def test_a_call_that_arrives_is_read() -> None:
    parsed = vapi.parse(load("20_assistant_request.json"))
    assert parsed == vapi.AssistantRequest(CallRef("vapi", CALL, CALLER, (LINE,)))


def test_a_call_that_is_to_be_transferred_is_read() -> None:
    assert vapi.parse(load(TRANSFERS[0])) == vapi.DestinationRequest(FULL)


@pytest.mark.parametrize("name", REPORTS)
def test_who_a_call_is_connected_to_is_read(name: str) -> None:
    parsed = vapi.parse(load(name))
    event = parsed.event if isinstance(parsed, vapi.Begun) else parsed
    assert isinstance(event, CallEvent)
    assert event.put_through is (name in PUT_THROUGH)
    assert event.destination == ("+15555550177" if name in PUT_THROUGH else None)


ASSISTANT_TO = {"type": "assistant", "assistantName": "Billing"}


@pytest.mark.parametrize(
    ("kind", "destination", "put_through"),
    [
        *(("status-update", unnamed, True) for unnamed in (None, "x", 7, [], {})),
        *(("transfer-update", unnamed, False) for unnamed in (None, "x", 7, [], {})),
        ("status-update", {"type": "number", "number": None}, True),
        ("transfer-update", {"type": "sip", "sipUri": "sip:desk@example.com"}, True),
        ("transfer-update", {"sipUri": "sip:desk@example.com"}, True),
        ("status-update", ASSISTANT_TO, False),
        ("transfer-update", ASSISTANT_TO, False),
        ("end-of-call-report", {"type": "sip", "sipUri": "sip:desk@example.com"}, False),
    ],
)
def test_only_somebody_outside_is_a_transfer(kind: str, destination: Any, put_through: bool) -> None:
    message = {"type": kind, "status": "forwarding", "call": {"id": CALL}, "destination": destination}
    parsed = vapi.parse({"message": message})
    assert isinstance(parsed, CallEvent)
    assert (parsed.put_through, parsed.destination) == (put_through, None)


def test_an_end_is_kept_with_its_costs_and_words() -> None:
    parsed = vapi.parse(load("25_end_of_call_report.json"))
    assert isinstance(parsed, CallEvent)
    original = load("25_end_of_call_report.json")["message"]
    for key in ("analysis", "cost", "costBreakdown", "transcript", "summary", "messages"):
        assert parsed.body[key] == original[key]


# --- details of the reference ----------------------------------------------------------------------------------------

GOOD = {"id": "t1", "function": {"name": "check_availability", "arguments": DAY}}


def message(**fields: Any) -> dict[str, Any]:
    return {"message": {"type": "tool-calls", "call": {"id": CALL}} | fields}


def calls(**fields: Any) -> tuple[ToolCall, ...]:
    parsed = vapi.parse(message(**fields))
    assert isinstance(parsed, vapi.ToolCalls)
    return parsed.calls


@pytest.mark.parametrize(
    "broken", [None, 7, "call", [], {}, {"function": None}, {"function": {"name": 7}}, {"name": ""}]
)
def test_a_broken_neighbour_spoils_nothing(broken: Any) -> None:
    first, second, third = calls(toolCallList=[GOOD, broken, GOOD])
    assert first == third == ToolCall(BARE, "check_availability", DAY, "t1")
    assert second.problem
    assert second.arguments == {}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ({"function": {"name": "a", "arguments": {"x": 1}, "parameters": {"x": 2}}, "arguments": {"x": 3}}, {"x": 1}),
        ({"function": {"name": "a", "arguments": None, "parameters": {"x": 2}}, "arguments": {"x": 3}}, {"x": 2}),
        ({"function": {"name": "a"}, "arguments": {"x": 3}, "parameters": {"x": 4}}, {"x": 3}),
        ({"function": {"name": "a"}, "parameters": '{"x": 4}'}, {"x": 4}),
        ({"function": {"name": "a"}}, {}),
        ({"function": {"name": "a", "arguments": {}}, "parameters": {"x": 4}}, {}),
    ],
)
def test_arguments_are_looked_for_in_the_documented_order(call: Any, arguments: Any) -> None:
    assert calls(toolCallList=[call])[0].arguments == arguments


def test_lists_are_looked_for_in_the_documented_order() -> None:
    def named(name: str) -> dict[str, Any]:
        return {"id": "t1", "name": name}

    around = [{"function": {"name": "outer"}, "toolCall": named("third")}]
    everything = {"toolCallList": [named("first")], "toolCalls": [named("second")], "toolWithToolCallList": around}
    assert calls(**everything)[0].name == "first"
    assert calls(**everything | {"toolCallList": []})[0].name == "second"
    assert calls(**everything | {"toolCallList": None, "toolCalls": {}})[0].name == "third"


@pytest.mark.parametrize(
    "around", [{"name": "outer"}, {"function": {"name": "outer", "parameters": {"type": "object"}}}]
)
def test_a_nameless_call_takes_the_name_of_the_tool_round_it(around: dict[str, Any]) -> None:
    [call] = calls(toolWithToolCallList=[around | {"toolCall": {"id": "t1", "parameters": DAY}}])
    assert (call.name, call.arguments) == ("outer", DAY)


@pytest.mark.parametrize("around", [None, "tool", {}, {"toolCall": None}, {"name": "outer", "toolCall": 7}])
def test_a_tool_without_its_call_is_a_call_without_arguments_or_name(around: Any) -> None:
    [call] = calls(toolWithToolCallList=[around])
    assert call.arguments == {}
    assert call.problem or call.name == "outer"


def test_a_flood_of_calls_is_answered_but_not_run() -> None:
    read = calls(toolCallList=[GOOD | {"id": f"t{n}"} for n in range(500)])
    assert [call.tool_call_id for call in read] == [f"t{n}" for n in range(500)]
    assert [call.problem is None for call in read] == [n < vapi.CALLS_MAX for n in range(500)]
    assert not read[-1].arguments


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"customer": {"number": "{{customer.number}}"}, "call": {"customer": {"number": CALLER}}}, CALLER),
        ({"customer": {"number": "sip:a@b"}, "call": {"customer": {"number": CALLER}}}, CALLER),
        ({"customer": {"number": CALLER}, "call": {"customer": {"number": "+15555550143"}}}, CALLER),
        ({"customer": {"number": 15555550142}}, None),
        ({"customer": "+15555550142"}, None),
        ({"call": {"from": {"phoneNumber": CALLER}}}, None),
    ],
)
def test_the_caller_is_who_the_platform_signals(fields: dict[str, Any], expected: str | None) -> None:
    assert vapi.ref(fields).caller == expected


def test_the_lines_are_the_messages_then_the_calls() -> None:
    two = {"phoneNumber": {"number": "+15125550100"}, "call": {"phoneNumber": {"number": "+15125550101"}}}
    assert vapi.ref(two).lines == ("+15125550100", "+15125550101")
    same = {"phoneNumber": {"number": "+15125550100"}, "call": {"phoneNumber": {"number": "+15125550100"}}}
    assert vapi.ref(same).lines == ("+15125550100",)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["tool-calls", "function-call"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["message", "type", "call", "id", "toolCallList", "toolCalls", "toolWithToolCallList", "toolCall", "function",
         "name", "arguments", "parameters", "functionCall", "customer", "number", "phoneNumber", "monitor",
         "controlUrl", "assistant", "chat", "status", "endedReason"]), inner, max_size=6),
    max_leaves=40,
)  # fmt: skip


@given(json_values, st.sampled_from(["tool-calls", "function-call", "status-update", "assistant-request", None, 7]))
def test_no_json_makes_the_reading_raise(value: Any, kind: Any) -> None:
    for body in (value, {"message": value}, {"message": {"type": kind, "toolCallList": value, "call": value}}):
        parsed = vapi.parse(body)
        if isinstance(parsed, vapi.ToolCalls):
            results = [ToolResult(ok=True, say="Done.") for _ in parsed.calls]
            assert vapi.render_results(parsed, results)


# --- proofs ----------------------------------------------------------------------------------------------------------

SECRETS = vapi.Secrets(shared=(CURRENT, PREVIOUS), signing=(CURRENT,))
SIGNATURE = (b"x-signature", sign())
STAMP = (b"x-timestamp", b"1795000000")


@pytest.mark.parametrize(
    ("headers", "secrets", "verdict"),
    [
        ([(b"authorization", b"Bearer " + CURRENT)], SECRETS, True),
        ([(b"authorization", b"Bearer " + PREVIOUS)], SECRETS, True),
        ([(b"x-vapi-secret", CURRENT)], SECRETS, True),
        ([(b"x-vapi-secret", PREVIOUS)], SECRETS, True),
        ([(b"x-vapi-secret", b"wrong"), (b"authorization", b"Bearer " + CURRENT)], SECRETS, True),
        ([(b"authorization", b"Bearer wrong"), (b"x-vapi-secret", CURRENT)], SECRETS, True),
        ([(b"x-signature", b"00"), (b"x-timestamp", b"1"), (b"x-vapi-secret", CURRENT)], SECRETS, True),
        ([(b"authorization", b"Bearer wrong"), SIGNATURE, STAMP], SECRETS, vapi.Signed(SIGNATURE[1], STAMP[1])),
        ([SIGNATURE, STAMP], SECRETS, vapi.Signed(SIGNATURE[1], STAMP[1])),
        ([SIGNATURE, STAMP], vapi.Secrets(shared=(CURRENT,)), False),
        ([SIGNATURE, (b"x-timestamp", b"1794990000")], SECRETS, False),
        ([SIGNATURE], SECRETS, False),
        ([STAMP], SECRETS, False),
        ([(b"x-vapi-signature", SIGNATURE[1]), STAMP], SECRETS, False),
        ([(b"x-vapi-secret", b"")], vapi.Secrets(shared=(b"",)), False),
        ([(b"x-vapi-secret", b"wrong")], SECRETS, False),
        ([(b"authorization", b"Bearer " + CURRENT)], vapi.Secrets(signing=(CURRENT,)), False),
        ([], SECRETS, False),
        ([], vapi.Secrets(), False),
    ],
)
def test_who_may_come_in(headers: Any, secrets: vapi.Secrets, verdict: bool | vapi.Signed) -> None:
    assert vapi.authenticate(headers, secrets, NOW) == verdict


def test_a_signature_is_checked_over_the_raw_bytes() -> None:
    signed = vapi.Signed(SIGNATURE[1], STAMP[1])
    assert vapi.signature_ok(signed, BODY, SECRETS, NOW)
    assert not vapi.signature_ok(signed, BODY.replace(b" ", b""), SECRETS, NOW)


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in TOOL_CALLS if "legacy" not in name])
def test_every_tool_call_gets_an_answer_the_platform_accepts(name: str) -> None:
    parsed = vapi.parse(load(name))
    assert isinstance(parsed, vapi.ToolCalls)
    answer = json.loads(vapi.render_results(parsed, [ToolResult(ok=True, say="Two\nlines") for _ in parsed.calls]))
    assert complaints_about_results(answer, [expected[0] for expected in TOOL_CALLS[name]]) == []
    assert [result["name"] for result in answer["results"]] == [expected[1] for expected in TOOL_CALLS[name]]
    assert all(json.loads(result["result"])["say"] == "Two\nlines" for result in answer["results"])


def test_a_legacy_call_gets_its_own_form_unless_it_has_an_id() -> None:
    payload = load("07_function_call_legacy_object_parameters.json")
    result = ToolResult(ok=True, say="Done.")
    parsed = vapi.parse(payload)
    assert isinstance(parsed, vapi.ToolCalls)
    assert json.loads(vapi.render_results(parsed, [result])) == {"result": '{"ok":true,"say":"Done."}'}
    payload["message"]["functionCall"]["id"] = "f1"
    parsed = vapi.parse(payload)
    assert isinstance(parsed, vapi.ToolCalls)
    assert complaints_about_results(json.loads(vapi.render_results(parsed, [result])), ["f1"]) == []


def test_a_missing_result_is_an_error_and_not_a_shifted_answer() -> None:
    parsed = vapi.parse(load("02_tool_calls_parallel_two.json"))
    assert isinstance(parsed, vapi.ToolCalls)
    with pytest.raises(ValueError, match="shorter"):
        vapi.render_results(parsed, [ToolResult(ok=True, say="Done.")])


@pytest.mark.parametrize(
    ("answer", "rendered"),
    [
        (
            Admitted("asst_1", {"business": "Acme"}),
            {"assistantId": "asst_1", "assistantOverrides": {"variableValues": {"business": "Acme"}}},
        ),
        (
            Diverted("+15555550177", "One moment."),
            {"destination": {"type": "number", "number": "+15555550177", "message": "One moment."}},
        ),
        (Declined("Please call tomorrow."), {"error": "Please call tomorrow."}),
    ],
)
def test_a_call_that_arrives_is_sent_on_diverted_or_declined(answer: Any, rendered: Any) -> None:
    told = json.loads(vapi.render_arrival(answer))
    assert told == rendered
    assert complaints_about_arrival(told) == []


@pytest.mark.parametrize("name", ["r01_success", "r03_success_with_spoken_message", "r04_success_with_system_hint"])
def test_good_answers_pass_the_reader_of_answers(name: str) -> None:
    assert complaints_about_results(load(f"responses/{name}.json"), [ZK3]) == []


@pytest.mark.parametrize("path", sorted((PAYLOADS / "responses").glob("x0[1-6]*.json")), ids=lambda path: path.stem)
def test_known_bad_answers_do_not(path: Path) -> None:
    assert complaints_about_results(json.loads(path.read_text()), [ZK3])


def test_an_arrival_is_judged_the_same_way() -> None:
    for good in sorted((PAYLOADS / "responses").glob("r1*.json")):
        assert complaints_about_arrival(json.loads(good.read_text())) == []
    assert complaints_about_arrival(load("responses/x07_bad_assistant_error_is_object.json"))


def test_a_destination_that_was_asked_for_is_answered_in_the_platforms_shape() -> None:
    named = load("responses/r20_transfer_destination.json")["destination"]
    refused = load("responses/r21_transfer_refused.json")

    told = json.loads(vapi.render_arrival(Diverted(named["number"], "One moment.")))
    assert {key: told["destination"][key] for key in named} == named
    assert json.loads(vapi.render_arrival(Declined(refused["error"]))) == refused


@pytest.mark.parametrize(
    ("message", "question"),
    [
        (load(KNOWLEDGE[0])["message"], "What is your refund policy?"),
        ({"messages": [{"role": "user", "message": "One?"}, {"role": "bot", "message": "Yes."}]}, "One?"),
        ({"messages": [{"role": "user", "message": "One?"}, {"role": "user", "message": "Two?"}]}, "Two?"),
        ({"messagesOpenAIFormatted": [{"role": "assistant", "content": "Hi"}], "messages": "x"}, ""),
        ({"messagesOpenAIFormatted": {"role": "user"}, "messages": [7, None, {"role": "user", "message": 7}]}, ""),
        (
            {"messagesOpenAIFormatted": [{"role": "user", "content": [
                {"type": "text", "text": "What does"}, {"type": "image_url"}, 7,
                {"type": "text", "text": "a visit cost?"},
            ]}]},
            "What does a visit cost?",
        ),
        ({"messagesOpenAIFormatted": [{"role": "user", "content": [{"text": 7}]}], "messages": []}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_request_for_documents_is_about_the_callers_last_words(message: Any, question: str) -> None:
    asked = vapi.parse({"message": {**message, "type": "knowledge-base-request"}})
    assert isinstance(asked, vapi.KnowledgeRequest)
    assert asked.question == question


def test_documents_are_answered_in_the_platforms_shape() -> None:
    wanted = load("responses/r24_knowledge_base.json")
    found = [Passage(d["content"], d["similarity"], d["uuid"]) for d in wanted["documents"]]
    assert json.loads(vapi.render_knowledge(found)) == wanted
    assert json.loads(vapi.render_knowledge([])) == {"documents": []}

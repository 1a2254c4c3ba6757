"""Whose change it is, by a table of what was applied, what is live, and what files ask for."""

from typing import Any

import pytest

from app.provisioning.classify import classified
from app.provisioning.diff import differences, harmful, told
from app.provisioning.fields import MISSING
from app.provisioning.platform import Kind
from app.provisioning.rules import RULES

ASSISTANT, NUMBER, TOOL = (RULES[kind] for kind in (Kind.ASSISTANT, Kind.PHONE_NUMBER, Kind.TOOL))
GONE = "(gone)"


def record(value: Any) -> dict[str, Any]:
    return {} if value is GONE else {"firstMessage": value}


@pytest.mark.parametrize(
    ("applied", "live", "asked", "state"),
    [
        ("a", "a", "a", None),
        ("a", "a", "b", "local-ahead"),
        ("a", "b", "a", "dashboard-ahead"),
        ("a", "b", "c", "both-diverged"),
        ("a", "b", "b", None),
        ("a", GONE, "a", "dashboard-ahead"),
        ("a", GONE, "b", "both-diverged"),
        (GONE, "b", "a", "both-diverged"),
        (GONE, GONE, "a", "local-ahead"),
        (1, 1.0, 1, None),
        (1, True, 1, "dashboard-ahead"),
        ("a", None, None, None),
        (GONE, None, None, None),
    ],
)
def test_a_field_that_is_asked_for(applied: Any, live: Any, asked: Any, state: str | None) -> None:
    found = classified(ASSISTANT, record(applied), record(live), record(asked), record(applied))
    assert [field.state for field in found] == ([state] if state else [])


def test_without_a_baseline_nobody_knows() -> None:
    found = classified(ASSISTANT, None, {"firstMessage": "a", "name": "n"}, {"firstMessage": "b", "name": "n"}, {})
    assert [(field.name, field.state) for field in found] == [("firstMessage", "no-baseline")]


def test_a_change_by_others_that_we_do_not_ask_about_is_told_and_what_the_platform_adds_is_not() -> None:
    applied = {"voice": {"voiceId": "a"}, "name": "n"}
    live = {"voice": {"voiceId": "b", "speed": 1}, "name": "n", "newSetting": True}
    found = classified(ASSISTANT, applied, live, {"name": "n"}, {"name": "n"})
    assert [(field.name, field.state, field.asked) for field in found] == [("voice.voiceId", "dashboard-ahead", False)]


def test_a_number_that_somebody_points_elsewhere_is_a_change_though_nothing_of_it_was_there() -> None:
    found = classified(NUMBER, {"name": "n"}, {"name": "n", "squadId": "s"}, {"name": "n"}, {"name": "n"})
    assert [(field.name, field.live) for field in found] == [("squadId", "s")]


def test_a_secret_that_is_never_shown_is_compared_with_what_was_asked_for_before() -> None:
    asked = {"server": {"url": "u", "secret": "sealed:1"}}
    live = {"server": {"url": "u"}}
    assert classified(ASSISTANT, live, live, asked, asked) == []
    [field] = classified(ASSISTANT, live, live, asked, {"server": {"url": "u", "secret": "sealed:0"}})
    assert (field.name, field.state) == ("server.secret", "local-ahead")


@pytest.mark.parametrize(
    ("was", "there", "asked", "before", "state"),
    [
        (True, False, "sealed:1", "sealed:1", "dashboard-ahead"),
        (None, False, "sealed:1", "sealed:1", "dashboard-ahead"),
        (False, False, "sealed:1", None, "local-ahead"),
        (False, True, None, None, "dashboard-ahead"),
        (True, True, "sealed:1", "sealed:1", None),
        (True, False, None, None, "dashboard-ahead"),
        (True, True, None, None, None),
        (None, False, None, None, None),
    ],
)
def test_a_secret_that_is_never_shown_and_that_somebody_sets_or_clears(
    was: bool | None, there: bool, asked: str | None, before: str | None, state: str | None
) -> None:
    def server(secret: str | None) -> dict[str, Any]:
        return {"server": {"url": "u"} | ({"secret": secret} if secret else {})}

    def shown(flag: bool | None) -> dict[str, Any]:
        return server(None) | ({} if flag is None else {"isServerUrlSecretSet": flag})

    found = classified(ASSISTANT, shown(was), shown(there), server(asked), server(before))
    assert [(field.name, field.state) for field in found] == ([("server.secret", state)] if state else [])


def test_a_tool_taken_out_of_the_files_is_to_be_detached_unless_somebody_did_it_already() -> None:
    before, asked = {"model": {"toolIds": ["a", "b"]}}, {"model": {"toolIds": ["a"]}}
    [field] = classified(ASSISTANT, before, before, asked, before)
    assert (field.name, field.state, field.desired) == ("model.toolIds.b", "local-ahead", MISSING)
    assert classified(ASSISTANT, before, {"model": {"toolIds": ["a"]}}, asked, before) == []


@pytest.mark.parametrize(
    ("rules", "applied", "live", "names", "noted"),
    [
        (TOOL, {"server": {"url": "u"}}, {"server": {}}, ["server.url"], []),
        (TOOL, {"server": {"url": "u"}}, {"server": None}, ["server.url"], []),
        (TOOL, {"server": {"url": "u"}}, {}, ["server.url"], []),
        (ASSISTANT, {"model": {"messages": [{"role": "system", "content": "x"}]}}, {"model": {"messages": []}},
         ["model.messages.system.role", "model.messages.system.content"], []),
        (ASSISTANT, {"model": {"toolIds": ["a", "b"]}}, {"model": {"toolIds": ["b"]}}, ["model.toolIds.a"], []),
        (ASSISTANT, {"model": {"toolIds": ["a", "b"]}}, {"model": {"toolIds": ["b", "a"]}}, [], []),
        (NUMBER, {"assistantId": "a"}, {"assistantId": "b"}, ["assistantId"], []),
        (NUMBER, {"name": "n"}, {"name": "n", "hooks": [1]}, ["hooks"], []),
        (ASSISTANT, {"name": "n"}, {"name": "n", "server": {"url": "u"}}, ["server.url"], []),
        (ASSISTANT, {"name": "n"}, {"name": "n", "added": 1}, [], ["added"]),
        (ASSISTANT, {"name": None}, {}, [], []),
        (ASSISTANT, {}, {"model": {"tools": [{"type": "transferCall"}], "x": 1}}, ["model.tools"], ["model.x"]),
        (ASSISTANT, {}, {"forwardingPhoneNumber": "+1900", "x": {"y": 1}}, ["forwardingPhoneNumber"], ["x.y"]),
        (ASSISTANT, {}, {"firstMessageMode": "assistant-waits-for-user"}, ["firstMessageMode"], []),
        (ASSISTANT, {}, {"firstMessageMode": "assistant-speaks-first"}, [], ["firstMessageMode"]),
        (ASSISTANT, {}, {"maxDurationSeconds": 10, "hooks": []}, ["maxDurationSeconds"], ["hooks"]),
        (ASSISTANT, {}, {"backgroundSound": "https://a/b.mp3", "keypadInputPlan": {"enabled": True}},
         ["backgroundSound", "keypadInputPlan.enabled"], []),
        (ASSISTANT, {}, {"backgroundSound": "office", "keypadInputPlan": {"enabled": False}}, [],
         ["backgroundSound", "keypadInputPlan.enabled"]),
        (ASSISTANT, {}, {"model": {"temperature": 0}, "artifactPlan": {"recordingEnabled": False}},
         ["model.temperature", "artifactPlan.recordingEnabled"], []),
        (ASSISTANT, {}, {"monitorPlan": {"controlEnabled": False, "controlAuthenticationEnabled": True}},
         ["monitorPlan.controlEnabled", "monitorPlan.controlAuthenticationEnabled"], []),
        (ASSISTANT, {}, {"monitorPlan": {"controlEnabled": True, "controlAuthenticationEnabled": False}}, [],
         ["monitorPlan.controlEnabled", "monitorPlan.controlAuthenticationEnabled"]),
        (ASSISTANT, {}, {"monitorPlan": {"listenEnabled": False, "listenAuthenticationEnabled": True}}, [],
         ["monitorPlan.listenEnabled", "monitorPlan.listenAuthenticationEnabled"]),
        (ASSISTANT, {}, {"firstMessageInterruptionsEnabled": True, "messagePlan": {"idleMessages": ["Buy!"], "n": 3}},
         ["firstMessageInterruptionsEnabled", "messagePlan.idleMessages"], ["messagePlan.n"]),
        (TOOL, {}, {"timeoutSeconds": 1}, ["timeoutSeconds"], []),
        (TOOL, {}, {"timeoutSeconds": 20}, [], ["timeoutSeconds"]),
        (NUMBER, {}, {"smsEnabled": False}, ["smsEnabled"], []),
        (NUMBER, {}, {"smsEnabled": True}, [], ["smsEnabled"]),
        (NUMBER, {}, {"fallbackDestination": {"type": "number", "number": "+1900"}}, ["fallbackDestination"], []),
        (NUMBER, {}, {"server": {"url": "u", "timeoutSeconds": 20}}, ["server.url"], ["server.timeoutSeconds"]),
        (TOOL, {}, {"messages": [{"type": "t", "blocking": False}]}, ["messages.t.type"], ["messages.t.blocking"]),
        (TOOL, {"async": False}, {"async": True, "destinations": [1]}, ["async", "destinations"], []),
        (ASSISTANT, {"isServerUrlSecretSet": True}, {"isServerUrlSecretSet": False}, ["server.secret"], []),
        (ASSISTANT, {"server": {"secret": "s"}}, {"isServerUrlSecretSet": True}, [], []),
        (ASSISTANT, {"isServerUrlSecretSet": True}, {}, [], []),
        (TOOL, {}, {"parameters": [{"key": "caller_number", "value": "+1"}], "z": 1},
         ["parameters.caller_number.key", "parameters.caller_number.value"], ["z"]),
    ],
)  # fmt: skip
def test_what_somebody_has_to_look_at(rules: Any, applied: Any, live: Any, names: list[str], noted: list[str]) -> None:
    found = differences(rules, applied, live)
    assert [each.name for each in harmful(found)] == names
    assert [each.name for each in found if each.noted] == noted


def test_a_text_is_told_line_by_line_and_a_long_value_is_cut() -> None:
    old, new = "\n".join(f"line {n}" for n in range(30)), "\n".join(f"line {n}" for n in range(30) if n != 7)
    assert told(("prompt",), old, new) == [
        "prompt:",
        "    @@ -7,3 +7,2 @@",
        "     line 6",
        "    -line 7",
        "     line 8",
    ]
    assert told(("a", "b"), 1, None) == ["a.b: 1 -> nothing"]
    [line] = told(("x",), MISSING, ["y" * 900])
    assert len(line) < 300
    assert line.endswith("(904 characters)")

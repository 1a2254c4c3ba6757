"""What is kept of a platform's report."""

import json
from typing import Any

import pytest

from app.dialects.redaction import DEPTH_MAX, without_secrets

SECRET = "REDACT-ME"


@pytest.mark.parametrize(
    "key",
    [
        "twilioAuthToken",
        "twilioAccountSid",
        "secret",
        "serverUrlSecret",
        "authorization",
        "Authorization",
        "X-Vapi-Secret",
        "x-vapi-secret",
        "callToken",
        "controlUrl",
        "listenUrl",
        "presignedMonoUrl",
        "presignedUrlsExpiresAt",
        "apiKey",
        "api_key",
        "api-key",
        "password",
        "refreshTokens",
    ],
)
@pytest.mark.parametrize("wrap", [lambda o: o, lambda o: {"call": o}, lambda o: {"a": [[{"b": o}]]}])
def test_secrets_go_at_any_depth(key: str, wrap: Any) -> None:
    kept = without_secrets(wrap({key: SECRET, "name": "Front desk"}))
    assert SECRET not in json.dumps(kept)
    assert "Front desk" in json.dumps(kept)


def test_token_counts_are_costs_and_stay() -> None:
    cost = {"llmPromptTokens": 812, "llmCompletionTokens": 40, "tokenCount": 3}
    assert without_secrets({"costBreakdown": cost}) == {"costBreakdown": cost}
    assert without_secrets({"accessToken": 812, "password": 1234}) == {}


def test_the_assistants_configuration_goes_but_its_words_stay() -> None:
    message = {"assistant": {"model": {"messages": ["prompt"]}}, "call": {"assistant": {"x": 1}, "assistantId": "a"}}
    said = {"messages": [{"role": "assistant", "message": "Hello"}], "assistant": "asst_1"}
    assert without_secrets(message | said) == {"call": {"assistantId": "a"}} | said


def test_the_original_is_left_alone() -> None:
    message = {"secret": SECRET, "call": {"secret": SECRET}}
    without_secrets(message)
    assert message == {"secret": SECRET, "call": {"secret": SECRET}}


def test_a_bottomless_message_is_cut() -> None:
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"a": [deep]}
    assert json.dumps(without_secrets(deep)).count("{") < DEPTH_MAX
    lists: list[Any] = []
    for _ in range(900):
        lists = [lists]
    assert json.dumps(without_secrets({"a": lists})).count("[") <= DEPTH_MAX

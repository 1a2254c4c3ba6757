"""What platforms are told about the tools: in their own form, from the tools that are served, and never a secret."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest

from app.__main__ import main
from app.booking.front import Front
from app.calls.handover import Handover
from app.dialects.parameters import parameters
from app.dialects.tool_settings import PLATFORMS, SPOKEN, Place, settings
from tests.commanding import command
from tools import tools

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platforms"
TOOLS = tools(cast(Front, None), cast(Handover, None))
PLACE = Place("https://api.example.com", 6_000)
RESERVED = re.findall(r"\w+", "input speak transfer switch wait finish press button say pause record play dial hang")
KNOWN = {
    "retell": "retell_tool_config",
    "elevenlabs": "elevenlabs_tool_config",
    "bland": "bland_tool_config",
    "telnyx": "telnyx_webhook_tool_config",
}


def keys(value: Any, path: str = "") -> set[str]:
    """Every place of a document, but for what is named after arguments and headers."""
    if not isinstance(value, dict) or re.search(r"\.(properties|request_headers|headers|body|example|response)$", path):
        return {path}
    return set().union(*({f"{path}.{key}"} | keys(inner, f"{path}.{key}") for key, inner in value.items()), {path})


@pytest.mark.parametrize("platform", KNOWN)
def test_every_key_is_one_that_the_platform_documents(platform: str) -> None:
    known = keys(json.loads((PAYLOADS / f"{KNOWN[platform]}.json").read_text()))
    for told in settings(platform, TOOLS, PLACE):
        assert keys(told) <= known | {".webhook.body_parameters.required"}


def test_every_key_of_a_vapi_tool_is_one_that_vapi_documents() -> None:
    tool, spoken, server = (
        json.loads((PAYLOADS.parent / "vapi" / "config" / f"{name}.json").read_text())
        for name in ("tool_create_function", "tool_messages_with_conditions", "server_object_with_backoff")
    )
    known = keys(tool | {"server": tool["server"] | server})
    said = {key for message in tool["messages"] + spoken["messages"] for key in message}

    told = command("sqlite:///none.db", "tools", "--platform", "vapi", "--json", READBACK_PUBLIC_URL=PLACE.url).stdout

    for made in json.loads(told):
        assert keys(made) <= known
        assert {key for message in made["messages"] for key in message} <= said


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_tool_is_told_with_its_address_its_arguments_and_words_for_the_wait(platform: str) -> None:
    told = settings(platform, TOOLS, PLACE)
    text = json.dumps(told)

    for tool in TOOLS:
        assert tool.name in SPOKEN
        if platform not in ("mcp", "elevenlabs"):  # there the client, and here the model, finds words of its own
            assert SPOKEN[tool.name] in text
        if platform != "mcp":
            assert json.dumps(tool.description)[1:-1] in text
            assert all(name in text for name in parameters(tool.arguments)["properties"])
    if platform != "mcp":
        assert all(f"https://api.example.com/{platform}/{tool.name}" in text for tool in TOOLS)
    assert len(told) == (1 if platform == "mcp" else len(TOOLS))


def test_a_platform_waits_longer_than_we_take() -> None:
    slow = Place("https://x", 60_000)
    assert settings("retell", TOOLS, PLACE)[0]["timeout_ms"] == 10_000
    assert settings("retell", TOOLS, slow)[0]["timeout_ms"] == 64_000
    assert settings("elevenlabs", TOOLS, slow)[0]["response_timeout_secs"] == 64


def test_no_name_holds_a_word_that_bland_keeps_for_itself() -> None:
    names = [told["name"] for told in settings("bland", TOOLS, PLACE)]
    words = [word.lower() for name in names for word in re.findall("[A-Z][a-z]+", name)]

    assert len(set(names)) == len(TOOLS)
    assert not set(words) & set(RESERVED)


def test_arguments_are_flat_scalars_without_references_or_nulls() -> None:
    for tool in TOOLS:
        schema = parameters(tool.arguments)
        assert set(schema["required"]) <= set(schema["properties"])
        for given in schema["properties"].values():
            assert given["type"] in ("string", "integer")
            assert given["description"]
            assert not {"anyOf", "allOf", "$ref", "title"} & set(given)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_command_prints_them_and_no_secret(
    platform: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("READBACK_PUBLIC_URL", "https://voice.example.com")
    for name in ("TOOLS_SECRETS", "VAPI_SECRETS", "ELEVENLABS_SECRETS", "BLAND_SECRETS", "RETELL_API_KEYS"):
        monkeypatch.setenv(f"READBACK_{name}", "hush-hush")

    assert main(["tools", "--platform", platform, "--json"]) == 0
    told = capsys.readouterr().out
    assert main(["tools", "--platform", platform]) == 0
    shown = capsys.readouterr().out

    assert json.loads(told) == settings(platform, TOOLS, Place("https://voice.example.com", 6_000))
    assert [json.loads(one) for one in shown.split("\n\n")] == json.loads(told)
    assert "hush" not in told + shown


def test_without_a_public_address_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("READBACK_PUBLIC_URL", raising=False)
    assert main(["tools", "--platform", "retell"]) == 2
    assert "READBACK_PUBLIC_URL" in capsys.readouterr().err

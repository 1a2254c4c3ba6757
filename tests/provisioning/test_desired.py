"""Files that say what a platform is to be: tools from those served, prompts, environments, and no secret anywhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from app.errors import ConfigurationError
from app.main.provisioning import described
from app.provisioning.desired import Desired, Known, Means, load_desired
from app.provisioning.platform import Key, Kind
from app.provisioning.sealing import Sealer
from app.provisioning.tool_settings import TRUSTED, Deadlines
from tests.fakes.vapi_records import FakeVapi

DEMO = Path(__file__).parents[2] / "infra" / "platform" / "demo.toml"
FILE = """
[environments.production]
server_url = "https://voice.example.com/vapi"
credential = "cred-1"
[assistants.acme]
name = "Acme"
prompt = "acme.md"
{more}
"""
TOOLS = [Key(Kind.TOOL, tool.name) for tool in described()]
KNOWN = {key: Known(f"id of {key.name}", "2") for key in [*TOOLS, Key(Kind.ASSISTANT, "acme")]}


def means(**other: Any) -> Means:
    given: dict[str, Any] = {
        "tools": described(),
        "deadlines": Deadlines(6000),
        "public_url": None,
        "secret_of": {"LINE_SECRET": "hush"}.__getitem__,
        "sealer": Sealer(b"key"),
    }
    return Means(**given | other)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(more: str = "", text: str = FILE) -> Path:
        (tmp_path / "acme.md").write_text("Be kind.\n")
        (tmp_path / "platform.toml").write_text(text.replace("{more}", more))
        return tmp_path / "platform.toml"

    return write


def asked(desired: Desired, name: str) -> Any:
    [record] = [record for record in desired.records if str(record.key) == name]
    return record.ask(KNOWN)


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_the_worked_example_is_what_the_platform_takes(environment: str) -> None:
    desired = load_desired(DEMO, environment, means())

    kinds = [record.key.kind for record in desired.records]
    assert kinds == sorted(kinds, key=list(Kind).index)
    for record in desired.records:
        assert FakeVapi()._unknown(record.key.kind, record.ask(KNOWN)) == []
    assert (Kind.PHONE_NUMBER in kinds) is (environment == "production")


@pytest.mark.parametrize("tool", described(), ids=lambda tool: tool.name)
def test_each_tool_is_described_by_what_it_takes(tool: Any, written: Callable[..., Path]) -> None:
    made = asked(load_desired(written(), "production", means()), f"tool/{tool.name}")

    schema = made["function"]["parameters"]
    assert set(schema["properties"]) == set(tool.arguments.model_fields)
    assert set(schema["required"]) == {n for n, f in tool.arguments.model_fields.items() if f.is_required()}
    text = json.dumps(schema)
    assert not [word for word in ("$ref", "anyOf", '"title"', '"null"', "null") if word in text]
    assert all(prop.get("description") for prop in schema["properties"].values())
    assert {entry["key"] for entry in made["parameters"]} == set(TRUSTED)
    assert [message["type"] for message in made["messages"]] == [
        "request-start", "request-response-delayed", "request-failed",
    ]  # fmt: skip
    assert made["server"]["credentialId"] == "cred-1"
    assert ("count on it" in made["messages"][2]["content"]) is tool.changes_state, (
        "a write is never said to have failed"
    )


def test_the_command_prints_each_tool_as_it_is_applied(
    written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("READBACK_PUBLIC_URL", "https://voice.example.com")
    monkeypatch.setenv("READBACK_VAPI_SECRETS", "hush-hush")
    desired = load_desired(written(text=FILE.replace("cred-1", "REPLACE_ME")), "production", means())

    assert main(["tools", "--platform", "vapi", "--json"]) == 0
    told = capsys.readouterr().out

    assert json.loads(told) == [asked(desired, str(tool)) for tool in TOOLS]
    assert "hush" not in told


@pytest.mark.parametrize(
    ("tool_ms", "timeout_s", "delayed_ms"), [(6000, 10, 2500), (1000, 10, 500), (20_000, 24, 2500), (100, 10, 100)]
)
def test_the_platform_waits_longer_than_we_need(tool_ms: int, timeout_s: int, delayed_ms: int) -> None:
    deadlines = Deadlines(tool_ms)
    assert (deadlines.timeout_s, deadlines.delayed_ms) == (timeout_s, delayed_ms)
    assert deadlines.timeout_s * 1000 > tool_ms


def test_an_assistant_has_its_prompt_the_messages_we_act_upon_and_pinned_tools(written: Callable[..., Path]) -> None:
    made = asked(load_desired(written('tools = ["check_availability"]'), "production", means()), "assistant/acme")

    assert made["model"]["messages"] == [{"role": "system", "content": "Be kind."}]
    assert made["model"]["toolRefs"] == [{"toolId": "id of check_availability", "version": "2"}]
    assert made["model"]["toolIds"] == []
    assert {"tool-calls", "end-of-call-report"} <= set(made["serverMessages"])


def test_a_secret_in_a_prompt_is_sealed_and_known_from_then_on(written: Callable[..., Path]) -> None:
    path, sealer = written(), Sealer(b"key")
    (path.parent / "acme.md").write_text("Ask /slots?api_key=hush first.")
    kept = Sealer(b"key").sealed({"content": "Ask /slots?api_key=hush first."})

    [message] = asked(load_desired(path, "production", means(sealer=sealer)), "assistant/acme")["model"]["messages"]
    assert message["content"] == kept["content"] != "Ask /slots?api_key=hush first."
    assert sealer.opened(kept) == {"content": "Ask /slots?api_key=hush first."}


@pytest.mark.parametrize("how", ["pin_tools = false", "no versions"])
def test_tools_are_attached_by_id_where_they_are_not_pinned(how: str, written: Callable[..., Path]) -> None:
    text = FILE.replace("credential =", f"{how}\ncredential =") if "=" in how else FILE
    desired = load_desired(written('tools = ["check_availability"]', text), "production", means())
    known = {key: Known(there.id, "" if how == "no versions" else there.version) for key, there in KNOWN.items()}
    made = next(record for record in desired.records if record.key.kind is Kind.ASSISTANT).ask(known)

    assert (made["model"]["toolIds"], made["model"]["toolRefs"]) == (["id of check_availability"], [])


def test_an_environment_says_otherwise_and_a_number_without_assistant_asks_us(written: Callable[..., Path]) -> None:
    more = """
[environments.staging]
[environments.staging.settings."assistant/acme"]
firstMessage = "A test."
[assistants.acme.settings]
firstMessage = "Hello."
voice = { provider = "v" }
[numbers.main]
number = "+15125550100"
clear = ["fallbackDestination"]
[numbers.second]
number = "+15125550101"
assistant = "acme"
only = ["staging"]
"""
    production = load_desired(written(more), "production", means())
    staging = load_desired(written(more), "staging", means(public_url="https://staging.example.com/"))

    assert asked(production, "assistant/acme")["firstMessage"] == "Hello."
    assert asked(staging, "assistant/acme")["firstMessage"] == "A test."
    assert asked(staging, "assistant/acme")["voice"] == {"provider": "v"}
    assert asked(staging, "tool/check_availability")["server"]["url"] == "https://staging.example.com/vapi"
    number = asked(production, "phone-number/main")
    assert (number["assistantId"], number["squadId"], number["fallbackDestination"]) == (None, None, None)
    assert asked(staging, "phone-number/second")["assistantId"] == "id of acme"
    assert "phone-number/second" not in {str(record.key) for record in production.records}


def test_a_secret_is_named_and_comes_sealed(written: Callable[..., Path]) -> None:
    sealer = Sealer(b"key")
    more = '[assistants.acme.settings.server]\nheaders = { Authorization = { env = "LINE_SECRET" } }'
    made = asked(load_desired(written(more), "production", means(sealer=sealer)), "assistant/acme")

    assert "hush" not in json.dumps(made)
    assert sealer.opened(made["server"]["headers"]) == {"Authorization": "hush"}


def test_a_header_of_a_schema_is_named_as_any_secret_is(written: Callable[..., Path]) -> None:
    sealer = Sealer(b"key")
    headers = '{ type = "object", properties = { X-Team = { type = "string", value = { env = "LINE_SECRET" } } } }'
    more = f'[assistants.acme.settings.model]\ntools = [{{ type = "apiRequest", headers = {headers} }}]'
    made = asked(load_desired(written(more), "production", means(sealer=sealer)), "assistant/acme")["model"]["tools"]

    assert "hush" not in json.dumps(made)
    assert sealer.opened(made)[0]["headers"]["properties"] == {"X-Team": {"type": "string", "value": "hush"}}


WRONG = {
    'tools = ["dance"]': "There is no tool dance",
    "colour = 1": "assistants.acme.colour: Extra inputs are not permitted",
    '[assistants.acme.settings.server]\nsecret = "hush"': 'acme.server.secret holds a secret; write { env = "NAME" }',
    '[assistants.acme.settings]\ncredentials = [{ provider = "s3", awsSecretAccessKey = "hush" }]': "holds a secret",
    '[assistants.acme.settings]\nfirstMessage = { env = "LINE_SECRET" }': "takes a variable, but holds no secret",
    'only = ["moon"]': "only names moon, which is no environment",
    '[speech.dance]\nstart = "x"': "There is no tool dance",
    '[environments.production.ids]\n"tool/dance" = "x"': "names tool/dance, which nothing here asks for",
    '[numbers.main]\nnumber = "5550100"': "numbers.main.number",
    '[numbers.main]\nnumber = "+15125550100"\nassistant = "nobody"': "there is no assistant nobody",
    "[environments.bare]": None,
    '[environments."a b"]': "environments.a b",
    "= 1": "is not valid TOML",
}


@pytest.mark.parametrize("more", WRONG)
def test_a_wrong_file_is_one_sentence_that_says_where(more: str, written: Callable[..., Path]) -> None:
    environment = "bare" if more == "[environments.bare]" else "production"
    with pytest.raises(ConfigurationError) as caught:
        load_desired(written(more), environment, means())
    assert (WRONG[more] or "has no server_url, and READBACK_PUBLIC_URL is not set") in str(caught.value)
    assert "hush" not in str(caught.value)


def test_what_is_not_there_is_said(tmp_path: Path, written: Callable[..., Path]) -> None:
    with pytest.raises(ConfigurationError, match=r"^READBACK_PLATFORM: .* cannot be read: No such file"):
        load_desired(tmp_path / "none.toml", "production", means())
    with pytest.raises(ConfigurationError, match=r'has no environment "moon"; there are: production'):
        load_desired(written(), "moon", means())
    path = written()
    (path.parent / "acme.md").unlink()
    with pytest.raises(ConfigurationError, match=r"the prompt acme.md cannot be read: No such file"):
        load_desired(path, "production", means())


def test_a_server_without_https_is_refused(written: Callable[..., Path]) -> None:
    with pytest.raises(ConfigurationError, match="must begin with https://"):
        load_desired(written(text=FILE.replace("https://", "http://")), "production", means())

"""Models over real sockets, as both providers speak: questions, answers, and every way to fail, asked once each."""

import gzip
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from app.adapters.models import MOST_ANSWER_BYTES, MOST_COUNTED, Access, ProviderModel, Providers, named
from app.errors import ConfigurationError
from app.inference.model import (
    Message,
    ModelDownError,
    ModelError,
    ModelName,
    ModelRefusesKeyError,
    ModelRefusesRequestError,
    ModelUnreadableError,
    Offered,
    Question,
    Usage,
    Wanted,
)
from tests.fakes.model_server import ModelServer, Say
from tests.fakes.recording_server import Fault

SHAPE = {"type": "object", "properties": {"reply": {"type": "string"}}, "required": ["reply"]}
LOOK_UP = Offered(
    "check_availability", "Look up times.", {"type": "object", "properties": {"date": {"type": "string"}}}
)
ASKED = Question(
    "You answer texts.",
    (
        Message("customer", "Anything on Tuesday?"),
        Message("agent", "", (Wanted("c1", "check_availability", '{"date":"tuesday"}'),)),
        Message("tool", '{"ok":true}', answers="c1", tool="check_availability"),
    ),
    (LOOK_UP,),
    SHAPE,
    300,
)
MODELS = {"openai": ModelName("openai", "gpt-5-mini"), "anthropic": ModelName("anthropic", "claude-haiku-4-5")}


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def providers(server: ModelServer) -> AsyncIterator[Providers]:
    key = SecretStr("sk-of-the-tests")
    accesses = {
        "openai": Access("openai", key, server.openai_url),
        "anthropic": Access("anthropic", key, server.anthropic_url),
    }
    opened = Providers(accesses)
    await opened.load()
    yield opened
    await opened.aclose()


@pytest.fixture(params=["openai", "anthropic"])
def model(request: pytest.FixtureRequest, providers: Providers) -> ProviderModel:
    return ProviderModel(MODELS[request.param], providers)


def sent_key(server: ModelServer) -> str:
    headers = server.requests[0].headers
    return headers.get("x-api-key") or headers["authorization"].removeprefix("Bearer ")


async def test_a_question_goes_out_whole_and_the_answer_comes_back(model: ProviderModel, server: ModelServer) -> None:
    server.script.turns = [Say(answer={"reply": "Tuesday at nine?"})]

    answer = await model.ask(ASKED, 20.0)

    assert answer.handed_in is not None
    assert "Tuesday at nine?" in answer.handed_in
    assert (answer.usage, answer.model, answer.wanted) == (Usage(1_000, 100), model.name.text, ())
    body: Any = server.requests[0].json
    tools = {tool.get("function", tool)["name"] for tool in body["tools"]}
    assert tools == {"check_availability", "answer"}
    assert 300 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert [part in str(body) for part in ("You answer texts.", "Anything on Tuesday?", "c1")] == [True] * 3
    assert sent_key(server) == "sk-of-the-tests"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("openai:gpt-5-mini", ("reasoning_effort", "minimal")),
        ("openai:gpt-5.4-mini", ("reasoning_effort", "none")),
        ("openai:gpt-4.1-mini", ("reasoning_effort", None)),
        ("openai:some-model-of-our-own", ("reasoning_effort", None)),
        ("anthropic:claude-haiku-4-5", ("thinking", None)),
        ("anthropic:claude-sonnet-5", ("thinking", {"type": "disabled"})),
    ],
)
async def test_no_model_thinks_away_the_tokens_of_its_answer(
    providers: Providers, server: ModelServer, name: str, asked: tuple[str, Any]
) -> None:
    provider, _, model = name.partition(":")
    await ProviderModel(ModelName(provider, model), providers).ask(ASKED, 20.0)

    field, value = asked
    assert server.requests[0].json.get(field) == value


async def test_tools_that_the_model_wants_come_back_as_they_are(model: ProviderModel, server: ModelServer) -> None:
    server.script.turns = [Say(calls=[("check_availability", {"date": "tuesday"}), ("made_up", {})])]

    answer = await model.ask(ASKED, 20.0)

    assert answer.handed_in is None
    assert [wanted.name for wanted in answer.wanted] == ["check_availability", "made_up"]
    assert "tuesday" in answer.wanted[0].arguments
    assert all(wanted.id for wanted in answer.wanted)


async def test_a_refusal_and_mere_text_are_told_apart_from_an_answer(model: ProviderModel, server: ModelServer) -> None:
    server.script.turns = [Say(text="I will not do that.", refusal="no"), Say(text="Just words.")]

    refused, words = await model.ask(ASKED, 20.0), await model.ask(ASKED, 20.0)

    assert refused.refusal
    assert (words.refusal, words.handed_in, words.text) == ("", None, "Just words.")


@pytest.mark.parametrize("tokens", [None, (0, 0), (1_000, 0), (MOST_COUNTED + 1, 10), (10, MOST_COUNTED + 1)], ids=str)
async def test_a_provider_that_does_not_count_is_no_provider_that_costs_nothing(
    model: ProviderModel, server: ModelServer, tokens: Any
) -> None:
    server.script.turns = [Say(text="Just words.", tokens=tokens)]

    assert (await model.ask(ASKED, 20.0)).usage is None


async def test_half_a_sign_is_left_out_and_the_rest_stays(model: ProviderModel, server: ModelServer) -> None:
    server.script.turns = [Say(text="Hi \ud83d", calls=[("check_availability", {"date": "a\ud83d"})])]

    answer = await model.ask(ASKED, 20.0)

    assert answer.text == "Hi "
    assert "\ud83d" not in answer.wanted[0].arguments


@pytest.mark.parametrize("given", ['{"date": "tues', "[1]"])
async def test_arguments_that_are_no_object_stay_none(server: ModelServer, given: str) -> None:
    server.script.turns = [Say(calls=[("check_availability", given)], cut_off=True)]
    providers = Providers({"openai": Access("openai", None, server.openai_url)})

    answer = await ProviderModel(MODELS["openai"], providers).ask(ASKED, 60.0)
    await providers.aclose()

    assert answer.wanted[0].arguments == given


async def test_an_answer_whose_end_is_missing_says_so(model: ProviderModel, server: ModelServer) -> None:
    server.script.turns = [Say(text="Just wor", cut_off=True), Say(text="Just words.")]

    assert [(await model.ask(ASKED, 20.0)).cut_off for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("fault", "kind", "rest_s", "charged"),
    [
        (Fault(500), ModelDownError, 0.0, False),
        (Fault(529), ModelDownError, 0.0, False),
        (Fault(429, retry_after="7"), ModelDownError, 7.0, False),
        (Fault(429, retry_after="Thu, 26 Nov 2026 08:00:00 GMT"), ModelDownError, 0.0, False),
        (Fault(429, retry_after="nan"), ModelDownError, 0.0, False),
        (Fault(429, retry_after="inf"), ModelDownError, 0.0, False),
        (Fault(401), ModelRefusesKeyError, 0.0, False),
        (Fault(404), ModelRefusesRequestError, 0.0, False),
        (Fault(reset=True), ModelDownError, 0.0, True),
        *[
            (Fault(200, body=body), ModelUnreadableError, 0.0, True)
            for body in (b'{"id": "x"', b'{"choices": 7}', b"<html>", b"", b"null", b"[]", b'{"choices": []}')
        ],
        (Say(wait_s=30.0), ModelDownError, 0.0, True),
    ],
    ids=str,
)
async def test_what_goes_wrong_is_asked_once_and_told_as_what_it_is(
    model: ProviderModel, server: ModelServer, fault: Any, kind: type[ModelError], rest_s: float, charged: bool
) -> None:
    server.script.turns = [fault]

    with pytest.raises(kind) as failed:
        await model.ask(ASKED, 0.4 if isinstance(fault, Say) else 20.0)

    assert (failed.value.rest_s, failed.value.charged) == (rest_s, charged)
    assert failed.value.retryable is issubclass(kind, ModelDownError)
    if isinstance(failed.value, ModelUnreadableError):
        assert failed.value.raw == fault.body.decode(), "whoever looks at it later sees what came"
    assert len(server.requests) == 1


async def test_an_answer_without_end_is_not_read_to_it(model: ProviderModel, server: ModelServer) -> None:
    server.script.always = Fault(body=b" " * 2 * MOST_ANSWER_BYTES)
    with pytest.raises(ModelDownError, match="AnswerTooLongError"):
        await model.ask(ASKED, 10.0)
    server.script.always = Say(text="Hello")
    assert (await model.ask(ASKED, 10.0)).text == "Hello"


@pytest.mark.parametrize("status", [200, 500])
async def test_an_answer_that_is_packed_is_not_unpacked(model: ProviderModel, server: ModelServer, status: int) -> None:
    server.script.turns = [Fault(status, body=gzip.compress(b" " * 200 * MOST_ANSWER_BYTES), packed="gzip")]
    tracemalloc.start()
    with pytest.raises(ModelDownError, match=r"AnswerPackedError|status 500"):
        await model.ask(ASKED, 20.0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert most < 16 * MOST_ANSWER_BYTES


async def test_a_provider_that_nobody_reaches_is_down() -> None:
    providers = Providers({"openai": Access("openai", None, "http://127.0.0.1:1/v1")})
    await providers.load()
    with pytest.raises(ModelDownError) as failed:
        await ProviderModel(MODELS["openai"], providers).ask(ASKED, 20.0)
    await providers.aclose()

    assert failed.value.charged is False


def test_models_are_named_with_their_provider() -> None:
    key = SecretStr("k")
    both = {"openai": Access("openai", key, None), "anthropic": Access("anthropic", key, None)}
    one = {"openai": Access("openai", None, None), "anthropic": Access("anthropic", key, None)}

    assert named((), one) == [ModelName("anthropic", "claude-haiku-4-5")]
    assert [m.text for m in named((), both)] == ["openai:gpt-5-mini", "anthropic:claude-haiku-4-5"]
    assert [m.text for m in named(("anthropic:x", "openai:y:z"), both)] == ["anthropic:x", "openai:y:z"]
    for wrong in ("gpt-5-mini", "nobody:x", "openai:"):
        with pytest.raises(ConfigurationError, match=r"READBACK_MODELS has the place"):
            named((wrong,), both)
    with pytest.raises(ConfigurationError, match="neither OPENAI_API_KEY nor OPENAI_BASE_URL"):
        named(("openai:x",), one)

"""Language models over OpenAI's and Anthropic's APIs, or whatever speaks like them, through pydantic-ai.

Its libraries take seconds and 65 MB to load, so that happens once a model is wanted, off the loop. Nothing is repeated
in here: the libraries' own retries are off, for they would hold up the next provider.
"""

import asyncio
import importlib
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, Final

from pydantic import SecretStr

from app import metrics
from app.adapters.outcomes import DENIED
from app.errors import ConfigurationError
from app.inference.model import (
    ANSWER_TOOL,
    Message,
    ModelAnswer,
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
from app.watch.shapes import decoded, observe
from app.watch.spoken_shapes import ANTHROPIC_ANSWER, OPENAI_ANSWER

CONNECT_S: Final = 1.0
MOST_CONNECTIONS: Final = 20
MOST_REST_S: Final = 300.0
AGAIN: Final = frozenset((408, 409, 425, 429))
"""Statuses below 500 that say nothing against the same question a moment later."""
KEY_REFUSED: Final = frozenset((401, 403))
USUAL: Final = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5"}
"""Asked where there is a key and READBACK_MODELS says nothing."""
URLS: Final = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
OK: Final = 200
MOST_ANSWER_BYTES: Final = 2**20
"""Of an answer as it comes, hundreds of times what one has: reading more would keep the whole server waiting."""
MOST_COUNTED: Final = 250_000
"""Tokens of a question, or of an answer: a count above that is none, for neither can have so many here."""
MOST_KEPT_CHARS: Final = 20_000
"""Of an answer that nobody can read: enough to see what it was."""
HAND_IN: Final = "Hand in what is said to the customer. Call it alone, once everything needed is known."

_heard: ContextVar[list[str]] = ContextVar("heard")
"""What the request of this task was answered, as text, for when the libraries make nothing of it."""


class Access:
    """How one provider is reached. Without a key it must be an address of one's own, where models often need none."""

    def __init__(self, provider: str, key: SecretStr | None, base_url: str | None) -> None:
        self.provider = provider
        self.known = bool(key or base_url)
        self.base_url = base_url or URLS[provider]
        self._key = key

    def key(self) -> str:
        """The secret, or what the libraries take for one."""
        return self._key.get_secret_value() if self._key else "none"


def named(places: Sequence[str], accesses: Mapping[str, Access], variable: str = "READBACK_MODELS") -> list[ModelName]:
    """The models that the variable orders: `provider:model` places. Raises ConfigurationError."""
    if not places:
        return [ModelName(provider, USUAL[provider]) for provider, access in accesses.items() if access.known]
    found = []
    for place in places:
        provider, separator, model = place.partition(":")
        if not separator or provider not in accesses or not model:
            wanted = "it must list models such as openai:gpt-5-mini,anthropic:claude-haiku-4-5"
            raise ConfigurationError(f'{variable} has the place "{place[:60]}"; {wanted}.')
        if not accesses[provider].known:
            unset = f"neither {provider.upper()}_API_KEY nor {provider.upper()}_BASE_URL is set"
            raise ConfigurationError(f"{variable} names {place[:60]}, and {unset}.")
        found.append(ModelName(provider, model))
    return found


class Providers:
    """The connections of all models, opened when the first one is wanted. Close with `aclose`."""

    def __init__(self, accesses: Mapping[str, Access]) -> None:
        self._accesses = accesses
        self._loading: asyncio.Task[SimpleNamespace] | None = None
        self._http: Any = None

    async def load(self) -> SimpleNamespace:
        """The libraries, loaded; once, whoever asks, and not stopped by somebody who does not wait."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        return await asyncio.shield(self._loading)

    async def made(self, name: ModelName) -> Any:
        """The library's own object for a model."""
        lib = await self.load()
        access = self._accesses[name.provider]
        if name.provider == "anthropic":
            client = lib.anthropic.AsyncAnthropic(
                api_key=access.key(), base_url=access.base_url, max_retries=0, http_client=self._http
            )
            provider = lib.anthropic_provider.AnthropicProvider(anthropic_client=client)
            return lib.anthropic_model.AnthropicModel(name.model, provider=provider)
        client = lib.openai.AsyncOpenAI(
            api_key=access.key(), base_url=access.base_url, max_retries=0, http_client=self._http
        )
        provider = lib.openai_provider.OpenAIProvider(openai_client=client)
        return lib.openai_model.OpenAIChatModel(name.model, provider=provider)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()

    async def _load(self) -> SimpleNamespace:
        lib = await asyncio.to_thread(_libraries)
        self._http = lib.httpx2.AsyncClient(
            timeout=lib.httpx2.Timeout(None, connect=CONNECT_S),
            limits=lib.httpx2.Limits(max_connections=MOST_CONNECTIONS),
            headers={"accept-encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
            event_hooks={"response": [_bounded(lib.httpx2), _looked_at]},
        )
        return lib


class ProviderModel:
    """One model of one provider: an `inference.model.Model`."""

    def __init__(self, name: ModelName, providers: Providers) -> None:
        self._name = name
        self._providers = providers
        self._made: Any = None

    @property
    def name(self) -> ModelName:
        return self._name

    async def prepare(self) -> None:
        """Load all that a question needs. The first one does, too, in its own time."""
        if self._made is None:
            self._made = await self._providers.made(self._name)

    async def ask(self, question: Question, within_s: float) -> ModelAnswer:
        """One request. Raises `ModelError`."""
        started = time.perf_counter()
        outcome = "ok"
        try:
            async with asyncio.timeout(within_s):
                lib = await self._providers.load()
                await self.prepare()
                return await self._asked(lib, question)
        except TimeoutError:
            outcome = "timeout"
            raise ModelDownError("no answer in time", charged=True) from None
        except ModelError as error:
            outcome = "error" if error.retryable else DENIED
            raise
        finally:
            metrics.observe_upstream(self._name.provider, outcome, time.perf_counter() - started)

    async def _asked(self, lib: SimpleNamespace, question: Question) -> ModelAnswer:
        errors = lib.exceptions
        heard: list[str] = []
        _heard.set(heard)
        try:
            # "thinking" off, or as little as the model can: a provider counts what it thinks among the tokens of the
            # answer, so it would use all of them up, and more time than a customer waits, before the first word.
            response = await lib.direct.model_request(
                self._made,
                _messages(lib.messages, question),
                model_settings={"max_tokens": question.most_output_tokens, "thinking": False},
                model_request_parameters=_parameters(lib, question),
            )
            return _answer(self._name.text, response)
        except errors.ModelHTTPError as error:
            raise _of_status(error.status_code, error.headers or {}) from None
        except errors.ContentFilterError:
            return ModelAnswer(self._name.text, None, refusal="content filter")
        except Exception as error:  # noqa: BLE001 - an answer of no known shape trips these libraries in their own ways
            causes = _causes(error)
            if heard or not isinstance(error, errors.ModelAPIError):
                raise ModelUnreadableError(type(causes[-1]).__name__, "".join(heard)) from None
            sent = not any(isinstance(cause, lib.httpx2.ConnectError | lib.httpx2.ConnectTimeout) for cause in causes)
            raise ModelDownError(type(causes[-1]).__name__, charged=sent) from None


class AnswerTooLongError(Exception):
    """More came than an answer of a model can be."""


class AnswerPackedError(Exception):
    """It came compressed, which nobody had asked for: a megabyte of that can be a gigabyte of answer."""


def _bounded(library: Any) -> Callable[[Any], Awaitable[None]]:
    """Makes a response end with an error where it is too long or packed, before anybody has read it."""

    async def parts(stream: Any) -> AsyncIterator[bytes]:
        left = MOST_ANSWER_BYTES
        async for part in stream.whole:
            left -= len(part)
            if left < 0:
                raise AnswerTooLongError
            yield part

    async def closed(stream: Any) -> None:
        await stream.whole.aclose()

    kind = type("Bounded", (library.AsyncByteStream,), {"__aiter__": parts, "aclose": closed})

    async def bound(response: Any) -> None:
        if response.headers.pop("content-encoding", "identity").strip().lower() != "identity":
            raise AnswerPackedError
        stream = kind()
        stream.whole, response.stream = response.stream, stream

    return bound


async def _looked_at(response: Any) -> None:
    """What a provider answers as the libraries get it, before they make their own of it."""
    if response.status_code == OK:
        await response.aread()
        if (heard := _heard.get(None)) is not None:
            heard[:] = [response.content[:MOST_KEPT_CHARS].decode(errors="replace")]
        answered = ANTHROPIC_ANSWER if response.url.path.endswith("/messages") else OPENAI_ANSWER
        observe(answered, decoded(response.content))


def _libraries() -> SimpleNamespace:
    names = {
        "httpx2": "httpx2",
        "openai": "openai",
        "anthropic": "anthropic",
        "direct": "pydantic_ai.direct",
        "messages": "pydantic_ai.messages",
        "tools": "pydantic_ai.tools",
        "models": "pydantic_ai.models",
        "exceptions": "pydantic_ai.exceptions",
        "openai_model": "pydantic_ai.models.openai",
        "openai_provider": "pydantic_ai.providers.openai",
        "anthropic_model": "pydantic_ai.models.anthropic",
        "anthropic_provider": "pydantic_ai.providers.anthropic",
    }
    return SimpleNamespace(**{short: importlib.import_module(name) for short, name in names.items()})


def _causes(error: BaseException) -> list[BaseException]:
    causes = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    return causes


def _of_status(status: int, headers: Mapping[str, str]) -> ModelError:
    if status >= 500 or status in AGAIN:
        return ModelDownError(
            f"status {status}", rest_s=_rest_s(headers.get("retry-after", "")) if status != 409 else 0
        )
    refuses = ModelRefusesKeyError if status in KEY_REFUSED else ModelRefusesRequestError
    return refuses(f"status {status}")


def _rest_s(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:  # a date, or nothing
        return 0.0
    return min(max(seconds, 0.0), MOST_REST_S) if math.isfinite(seconds) else 0.0


def _parameters(lib: SimpleNamespace, question: Question) -> Any:
    def tool(offered: Offered, kind: str) -> Any:
        return lib.tools.ToolDefinition(
            name=offered.name,
            description=offered.description,
            parameters_json_schema=dict(offered.parameters),
            kind=kind,
            strict=False,
        )

    return lib.models.ModelRequestParameters(
        function_tools=[tool(offered, "function") for offered in question.tools],
        output_mode="tool",
        output_tools=[tool(Offered(ANSWER_TOOL, question.shape.get("description", HAND_IN), question.shape), "output")],
        allow_text_output=False,
    )


def _messages(m: Any, question: Question) -> list[Any]:
    system = m.ModelRequest(parts=[m.SystemPromptPart(question.system)])
    return [system, *(_message(m, message) for message in question.messages)]


def _message(m: Any, message: Message) -> Any:
    if message.who == "customer":
        return m.ModelRequest(parts=[m.UserPromptPart(message.text)])
    if message.who == "tool":
        part = m.ToolReturnPart(tool_name=message.tool, content=message.text, tool_call_id=message.answers)
        return m.ModelRequest(parts=[part])
    parts = [m.TextPart(message.text)] if message.text else []
    calls = [m.ToolCallPart(tool_name=w.name, args=w.arguments, tool_call_id=w.id) for w in message.calls]
    return m.ModelResponse(parts=[*parts, *calls])


def _answer(name: str, response: Any) -> ModelAnswer:
    refusal = str((response.provider_details or {}).get("refusal") or "")
    if response.finish_reason == "content_filter":
        refusal = refusal or "content filter"
    calls = [Wanted(_whole(c.tool_call_id), _whole(c.tool_name), _arguments(c.args)) for c in response.tool_calls]
    handed_in = [call.arguments for call in calls if call.name == ANSWER_TOOL]
    return ModelAnswer(
        model=name,
        usage=_usage(response.usage),
        wanted=tuple(call for call in calls if call.name != ANSWER_TOOL),
        handed_in=handed_in[0] if handed_in else None,
        text=_whole(response.text or ""),
        refusal=_whole(refusal),
        cut_off=response.finish_reason == "length",
    )


def _usage(counted: Any) -> Usage | None:
    """None where the provider did not count: no question is of no tokens, and no answer either, nor is one of a million
    that would use up the day's money for nothing.
    """
    known = 0 < counted.input_tokens <= MOST_COUNTED and 0 < counted.output_tokens <= MOST_COUNTED
    return Usage(counted.input_tokens, counted.output_tokens) if known else None


def _arguments(given: Any) -> str:
    """As they came. The library's own text of them makes an object even of what is none."""
    return _whole(given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False))


def _whole(text: str) -> str:
    """Without halves of signs, which no database takes: what is left of one that was cut."""
    return text.encode("utf-8", "ignore").decode()

"""The port to a language model: what it is asked, what it answers, how it fails. Knows no provider and no library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from app.errors import ReadbackError

ANSWER_TOOL = "answer"
"""How a model hands in its structured answer, as a call of a tool by this name."""


class ModelError(ReadbackError):
    """The model gave no answer. `retryable`: the same question may be answered a moment later, or elsewhere.

    `charged`: whether the provider may want money for it all the same. `rest_s`: how long it asked to be left alone.
    """

    def __init__(self, cause: str, *, charged: bool = False, rest_s: float = 0.0) -> None:
        super().__init__(cause)
        self.cause = cause
        self.charged = charged
        self.rest_s = rest_s


class ModelDownError(ModelError):
    """The provider does not answer, or says that it cannot now."""

    retryable = True


class ModelUnreadableError(ModelDownError):
    """It answered, and nobody can make anything of it. `raw` is what came."""

    def __init__(self, kind: str, raw: str) -> None:
        super().__init__(f"unreadable answer: {kind}", charged=True)
        self.raw = raw


class ModelRefusesRequestError(ModelError):
    """The provider takes no such request: an unknown model, a malformed question. Nothing to ask again."""


class ModelRefusesKeyError(ModelRefusesRequestError):
    """The provider does not know our key, or grants it nothing: it answers no question until somebody mends that."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool that the model may ask for. `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tool that the model asks for. `arguments` is the JSON as it came, which need not be any."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of what was said. `calls` are an agent's; `answers` names the call that a tool's text answers."""

    who: Literal["customer", "agent", "tool"]
    text: str
    calls: tuple[Wanted, ...] = ()
    answers: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the provider counts them."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that a model is sent. `shape` is the JSON schema of the answer it hands in."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[Offered, ...]
    shape: Mapping[str, Any]
    most_output_tokens: int


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What came back: tools it wants, or the answer it hands in as JSON text, or mere text.

    `usage` is None when the provider did not count. `refusal` is not empty when the model, or its provider's filter,
    declined. `cut_off`: it was longer than it might be, so its end is missing.
    """

    model: str
    usage: Usage | None
    wanted: tuple[Wanted, ...] = ()
    handed_in: str | None = None
    text: str = ""
    refusal: str = ""
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as it is configured: `openai:gpt-5-mini`."""

    provider: str
    model: str
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.provider}:{self.model}")


class Model(Protocol):
    """One model of one provider."""

    @property
    def name(self) -> ModelName:
        """Which one."""

    async def ask(self, question: Question, within_s: float) -> ModelAnswer:
        """One request, never repeated in here. Raises `ModelError` when there is no answer within that time."""

"""Prompts from versioned templates: the same data makes the same bytes, and the bytes are what is sent.

A template that was used once is never changed, for prompts that were built from it must be built again; a better one
gets a new name.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.errors import ReadbackError
from app.inference.model import Message, Offered, Question, Wanted
from app.inference.output import REPLY_SHAPE, SHAPE, VERDICT_SHAPE
from app.inference.templates import TEMPLATES

MOST_OUTPUT_TOKENS: Final = 400
CURRENT: Final = "text-2"
GRADE: Final = "grade-1"
"""Of the look at a reply before it is sent."""
SHAPES: Final = {GRADE: VERDICT_SHAPE, "text-1": REPLY_SHAPE}
"""What is handed in, where it is no decision of today's."""
NOTHING: Final = "nothing"
"""What fills the blank of what is known, or was said before, where there is nothing."""

_OPTIONS = orjson.OPT_SORT_KEYS


class PromptError(ReadbackError):
    """There is no such template, or the data does not fill it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. `given` is the data it was built from, `content` what is sent, both as canonical JSON."""

    template: str
    given: bytes
    content: bytes

    @property
    def hash(self) -> str:
        """SHA-256 of what is sent."""
        return hashlib.sha256(self.content).hexdigest()

    def question(self) -> Question:
        """What a model is asked, read from the bytes, so that nothing else can be sent."""
        content = orjson.loads(self.content)
        return Question(
            content["system"],
            tuple(
                Message(m["who"], m["text"], tuple(Wanted(**c) for c in m["calls"]), m["answers"], m["tool"])
                for m in content["messages"]
            ),
            tuple(Offered(**tool) for tool in content["tools"]),
            content["shape"],
            content["most_output_tokens"],
        )


def built(template: str, given: Mapping[str, Any]) -> Prompt:
    """A prompt from data: `business`, `place` (what the template's blanks are filled with), `messages`, `tools`.

    Raises `PromptError`.
    """
    if template not in TEMPLATES:
        raise PromptError(f"there is no template {template[:64]}")
    try:
        system = TEMPLATES[template].format_map(_Blanks(given["place"]))
        content = {
            "system": system,
            "messages": given["messages"],
            "tools": given["tools"],
            "shape": SHAPES.get(template, SHAPE),
            "most_output_tokens": MOST_OUTPUT_TOKENS,
        }
        return Prompt(template, orjson.dumps(given, option=_OPTIONS), orjson.dumps(content, option=_OPTIONS))
    except (KeyError, TypeError, ValueError) as error:
        raise PromptError(f"the data does not fill the template: {type(error).__name__}") from None


def rebuilt(template: str, given: bytes) -> Prompt:
    """The prompt that was built from this stored data. Raises `PromptError`."""
    try:
        data = orjson.loads(given)
    except orjson.JSONDecodeError:
        raise PromptError("the stored data is no JSON") from None
    return built(template, data)


def as_data(message: Message) -> dict[str, Any]:
    """A message as `given` has it."""
    calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.calls]
    return {"who": message.who, "text": message.text, "calls": calls, "answers": message.answers, "tool": message.tool}


class _Blanks(dict[str, Any]):
    """Fills blanks with text only: what stands in the data is never read as a template itself."""

    def __missing__(self, key: str) -> str:
        raise KeyError(key)

"""What of a conversation a model may see: cleaned, without personal data, bounded. What does not fit the schema is
refused here and reaches no model.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import ReadbackError
from app.inference.prompt_size import tokens_of
from app.redaction import redact

MOST_TEXT_CHARS: Final = 1_600
"""What a carrier joins of one text at most."""
MOST_TEXTS: Final = 20
"""That are answered in one turn; of more only the newest are read."""
MOST_TURN_CHARS: Final = (MOST_TEXT_CHARS + 1) * MOST_TEXTS
"""Each text in a line of its own."""
KEPT_TURNS: Final = 12
SUMMARY_CHARS: Final = 600
SUMMED_UP_CHARS: Final = 60
"""Of each turn that is left out."""
MOST_TOKENS: Final = 2_500
MOST_FACTS: Final = 40

_KEPT = frozenset("\n\t")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


class InputError(ReadbackError):
    """What came in does not fit the schema. Its text names the place and no content."""


class Turn(BaseModel):
    """Something that was said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Literal["customer", "agent"]
    text: Annotated[str, Field(max_length=MOST_TURN_CHARS)]


class Memory(BaseModel):
    """What is left of earlier turns: the last of them, a line on each before, and facts that code found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: Annotated[tuple[Turn, ...], Field(max_length=200)] = ()
    summary: Annotated[str, Field(max_length=10_000)] = ""
    facts: Annotated[dict[str, Any], Field(max_length=MOST_FACTS)] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """What goes into a prompt. `said` is what the customer said in this turn, as the model sees it."""

    turns: tuple[Turn, ...]
    summary: str
    facts: Mapping[str, Any]
    said: str


def remembered(state: Any) -> Memory:
    """A stored state as memory. Raises `InputError`."""
    try:
        return Memory.model_validate(state)
    except ValidationError as error:
        raise InputError(_places(error)) from None


def cleaned(text: str) -> str:
    """Without control characters and what nobody sees: zero-width signs, tags, changes of direction."""
    normal = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    seen = "".join(s for s in normal if s in _KEPT or unicodedata.category(s) not in ("Cc", "Cf", "Co", "Cn", "Cs"))
    return _LINES.sub("\n", _SPACES.sub(" ", seen)).strip()


def shown(text: str) -> str:
    """A text as a model may see it: cleaned, and without numbers, addresses and secrets; none is cut in two before."""
    return redact(cleaned(text))[:MOST_TEXT_CHARS]


def windowed(memory: Memory, texts: Sequence[str], most_tokens: int = MOST_TOKENS) -> Window:
    """The newest texts whole, of what was before as much as fits. Raises `InputError` when they alone do not."""
    said = "\n".join(part for text in texts[-MOST_TEXTS:] if (part := shown(text)))
    if not said:
        raise InputError("texts: nothing in them that can be read")
    left = most_tokens - tokens_of(said) - tokens_of(memory.summary[-SUMMARY_CHARS:])
    if left < 0:
        raise InputError("texts: too long")
    kept: list[Turn] = []
    for turn in reversed(memory.turns[-KEPT_TURNS:]):
        left -= tokens_of(turn.text)
        if left < 0:
            break
        kept.insert(0, turn)
    dropped = memory.turns[: len(memory.turns) - len(kept)]
    return Window(tuple(kept), _summed_up(memory.summary, dropped), memory.facts, said)


def remember(memory: Memory, said: str, replied: Sequence[str], facts: Mapping[str, Any]) -> Memory:
    """The memory after a turn. What no longer has room is summed up in a line."""
    told = [Turn(who="agent", text=shown(text)) for text in replied]
    turns = [*memory.turns, Turn(who="customer", text=said[:MOST_TURN_CHARS]), *told]
    gone, kept = turns[:-KEPT_TURNS], turns[-KEPT_TURNS:]
    newest = dict(list(facts.items())[-MOST_FACTS:])
    return Memory(turns=tuple(kept), summary=_summed_up(memory.summary, gone), facts=newest)


def _summed_up(summary: str, turns: Sequence[Turn]) -> str:
    lines = [f"{turn.who}: {' '.join(turn.text.split())[:SUMMED_UP_CHARS]}" for turn in turns]
    return "\n".join([summary, *lines] if summary else lines)[-SUMMARY_CHARS:]


def _places(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[:3]
    return "; ".join(f"{'.'.join(str(part) for part in e['loc']) or 'state'}: {e['type']}" for e in found)

"""What is kept of a conversation with a model behind it, from one turn to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app import log
from app.inference.window import InputError, Memory, remember, remembered, shown
from app.sms.of_use import ASKED_CALL, ONLY_SAID
from app.sms.turn import Incoming

STALE_AFTER_S: Final = 4 * 3_600
"""A text that comes later than this begins a new conversation."""

_log = log.get(__name__)


@dataclass(slots=True)
class ModelState:
    """What is kept from turn to turn. `guided` is the guided conversation's own state."""

    session: str = ""
    at: float = 0.0
    memory: Memory = field(default_factory=Memory)
    guided: Mapping[str, Any] = field(default_factory=dict)
    guided_at: float = 0.0

    def dumped(self) -> dict[str, Any]:
        return {
            "session": self.session,
            "at": self.at,
            "memory": self.memory.model_dump(mode="json"),
            "guided": dict(self.guided),
            "guided_at": self.guided_at,
        }


def loaded(kept: Mapping[str, Any]) -> ModelState:
    """The state as it was left; what cannot be read is forgotten, but for what the guided conversation keeps."""
    state = ModelState()
    guided = kept.get("guided")
    state.guided = guided if isinstance(guided, dict) else {}
    try:
        state.guided_at, state.at = float(kept.get("guided_at", 0.0)), float(kept.get("at", 0.0))
        state.memory = remembered(kept.get("memory", {}))
        state.session = str(kept.get("session", ""))
    except (InputError, TypeError, ValueError):
        _log.warning("conversation state not read")
    return state


def session_of(state: ModelState, texts: Sequence[Incoming]) -> str:
    """What tool calls go under: that of the conversation as it was left, or a new one."""
    if not texts or (state.session and texts[-1].received_at - state.at <= STALE_AFTER_S):
        return state.session
    return texts[0].id


def remembered_too(state: ModelState, session: str, texts: Sequence[Incoming], replies: Sequence[str]) -> None:
    """A model that answers later knows what was said without it."""
    memory = state.memory if session == state.session else Memory()
    facts = {name: value for name, value in memory.facts.items() if name not in ("shown", ASKED_CALL, ONLY_SAID)}
    said = "\n".join(filter(None, (shown(text.body) for text in texts)))
    state.session, state.at = session, max(state.at, texts[-1].received_at)
    state.memory = remember(memory, said, replies, facts)

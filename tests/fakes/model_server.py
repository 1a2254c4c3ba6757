"""OpenAI's chat completions and Anthropic's messages on a real socket, scripted by turns."""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.recording_server import Fault, Recorded, RecordingServer

TOKENS = (1_000, 100)


@dataclass(frozen=True)
class Say:
    """One turn of the model: tools it calls as (name, arguments), or the answer it hands in, or mere text.

    Arguments that are text are sent as they are, whether they are JSON or not.
    """

    calls: Sequence[tuple[str, Any]] = ()
    answer: Any = None
    text: str = ""
    refusal: str = ""
    wait_s: float = 0.0
    tokens: tuple[int, int] | None = TOKENS
    cut_off: bool = False


def answering(*say: str, intent: str = "other", confidence: float = 0.95, rests_on: Sequence[str] = ()) -> Say:
    """The usual last turn."""
    return Say(answer={"intent": intent, "confidence": confidence, "rests_on": list(rests_on), "say": say})


Turn = Say | Fault | Callable[[Any], "Say | Fault"]


@dataclass
class Script:
    """Turns that are used up one per request; `always` holds when none is left."""

    turns: list[Turn] = field(default_factory=list)
    always: Turn = field(default_factory=lambda: answering("hello"))

    def next(self, body: Any) -> Say | Fault:
        turn = self.turns.pop(0) if self.turns else self.always
        return turn(body) if callable(turn) else turn


class ModelServer(RecordingServer):
    """Use with `async with`. Answers at `/v1/chat/completions` as OpenAI does, at `/v1/messages` as Anthropic does."""

    def __init__(self, *turns: Turn, always: Turn | None = None) -> None:
        super().__init__()
        self.script = Script(list(turns), always or answering("hello"))
        self._ids = itertools.count(1)

    @property
    def openai_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def respond(self, request: Recorded, writer: asyncio.StreamWriter) -> bool:
        body = request.json
        turn = self.script.next(body)
        if isinstance(turn, Fault):
            return await self._answer(turn, writer)
        shown = self._anthropic(turn, body) if request.path.startswith("/v1/messages") else self._openai(turn, body)
        return await self._answer(Fault(200, wait_s=turn.wait_s, body=json.dumps(shown).encode()), writer)

    def _calls(self, turn: Say) -> list[tuple[str, str, str]]:
        calls = [*turn.calls, *([("answer", turn.answer)] if turn.answer is not None else [])]
        return [
            (f"call_{next(self._ids)}", name, given if isinstance(given, str) else json.dumps(given))
            for name, given in calls
        ]

    def _openai(self, turn: Say, body: Any) -> Any:
        calls = [
            {"id": i, "type": "function", "function": {"name": name, "arguments": given}}
            for i, name, given in self._calls(turn)
        ]
        message: dict[str, Any] = {"role": "assistant", "content": turn.text or None, "refusal": turn.refusal or None}
        if calls:
            message["tool_calls"] = calls
        ended = "length" if turn.cut_off else "tool_calls" if calls else "stop"
        count, total = turn.tokens, sum(turn.tokens or ())
        used = count and {"prompt_tokens": count[0], "completion_tokens": count[1], "total_tokens": total}
        return {
            "id": f"chatcmpl-{next(self._ids)}",
            "object": "chat.completion",
            "created": 1_795_000_000,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": ended}],
            "usage": used,
        }

    def _anthropic(self, turn: Say, body: Any) -> Any:
        parts: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
        for i, name, given in self._calls(turn):
            parts.append({"type": "tool_use", "id": i, "name": name, "input": _object(given)})
        tokens = turn.tokens or (0, 0)
        ended = "refusal" if turn.refusal else "tool_use" if turn.calls or turn.answer else "end_turn"
        return {
            "id": f"msg_{next(self._ids)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": parts,
            "stop_reason": "max_tokens" if turn.cut_off else ended,
            "stop_sequence": None,
            "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]},
        }


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"broken": text}

"""The life of one tool call in types: what a platform asked, what a tool is, what the agent gets back.

What is made anew for every call is a msgspec struct: as frozen as a dataclass, at a sixth of its cost.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson
from msgspec import Struct
from msgspec.structs import force_setattr
from sqlalchemy import Connection

from app.booking.business import Business
from app.calls.arguments import ToolArguments, checked
from app.errors import Code, SaidError

MAX_ID_CHARS = 200


class CallRef(Struct, frozen=True):
    """The conversation a request belongs to, as the platform signals it."""

    platform: str
    call_id: str | None = None
    caller: str | None = None
    """E.164, or None when the platform did not signal one. A number to call back; whose it is, `owner` says."""
    lines: tuple[str, ...] = ()
    """Numbers that may name the business, most trusted first."""
    assistant: str | None = None
    control_url: str | None = None
    """Where speech can be pushed into the live call. A capability: never logged."""
    surely: bool = True
    """Whether the model cannot have written who calls."""

    @property
    def owner(self) -> str | None:
        """The number whose appointments the caller may hear of, move and cancel; None when nobody vouches for it."""
        return self.caller if self.surely else None

    @property
    def key(self) -> str:
        """What names this conversation; empty when the platform named none."""
        return f"{self.platform}:{self.stored_id}" if self.call_id else ""

    @property
    def stored_id(self) -> str:
        """The call id as every table takes it: one that no column holds gives way to its digest. Empty without one."""
        given = self.call_id or ""
        if len(given) <= MAX_ID_CHARS and "\0" not in given:
            return given
        return "digest " + hashlib.blake2b(given.encode("utf-8", "replace"), digest_size=24).hexdigest()


class ToolCall(Struct, frozen=True):
    """One call of one tool. `problem` says, in words for the agent, why `arguments` could not be read."""

    ref: CallRef
    name: str
    arguments: Mapping[str, Any]
    tool_call_id: str | None = None
    problem: str | None = None


class ToolResult(Struct, frozen=True, eq=False):
    """What the agent gets: flat, `say` in words for the caller, `code` when something is in the way."""

    ok: bool
    say: str
    code: Code | None = None
    facts: Mapping[str, Any] = {}
    _json: bytes = b""

    def as_json(self) -> bytes:
        """The contract's JSON object, UTF-8, on one line; written once, for the platform and for replays alike."""
        if not self._json:
            # Copied: what orjson hands out sits in 4 KB however short it is, and these are kept by the thousand.
            force_setattr(self, "_json", bytes(memoryview(_written(self.as_dict()))))
        return self._json

    def as_dict(self) -> dict[str, Any]:
        """The result as the contract's JSON object."""
        answer: dict[str, Any] = {"ok": self.ok}
        if self.code is not None:
            answer["code"] = self.code.value
        answer["say"] = self.say
        answer.update(self.facts)
        return answer

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToolResult) and self.as_dict() == other.as_dict()


class Context(Struct, frozen=True):
    """Who is asking, for which business, and by when (on the monotonic clock) an answer is owed."""

    ref: CallRef
    business: Business
    deadline: float


Arguments = TypeVar("Arguments", bound=ToolArguments)


@dataclass(frozen=True)
class Tool(Generic[Arguments]):
    """A tool: its name, what it takes, and whether it changes anything outside.

    `identity` names what a state-changing request is about, so that the same request under a new id is recognised;
    by default the validated arguments.
    """

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Context, Arguments], Awaitable[ToolResult]]
    changes_state: bool = False
    identity: Callable[[Context, Arguments], Any] | None = None
    at_once: Callable[[Context, Arguments], ToolResult | None] | None = None
    """Answers from memory without waiting, or None; saves the common case a task and a timer."""
    refused: Mapping[str, Any] = field(default_factory=dict)
    """What a result says besides when nothing was done."""
    undecided: Mapping[str, Any] = field(default_factory=dict)
    """What a result says besides when it is not known yet what was done."""
    stands: Callable[[Context, Connection, ToolResult], bool] | None = None
    """Whether a remembered outcome still holds; one that does not is not repeated, the request is carried out anew."""
    looks_first: bool = False
    """Whether it finds what it was asked for done already. Then the same request under a new id is carried out again:
    moved there, back, and there again is three moves, and what was pending a minute ago may be certain now."""
    fails_open: bool = False
    """Whether it is done all the same where the database cannot keep that it was asked for."""

    def takes(self, given: Mapping[str, Any]) -> Arguments:
        """These arguments, checked. Raises `ValidationError`."""
        return self.arguments.model_validate(given) if self.changes_state else checked(self.arguments, given)

    @property
    def names(self) -> tuple[str, str]:
        """What it is called by: `check_availability` comes as `checkAvailability` too."""
        first, *rest = self.name.split("_")
        return self.name, first + "".join(word.capitalize() for word in rest)


def _written(answer: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(answer, default=str)
    except TypeError:  # a number past 64 bits, half a character: the slower writer knows how
        return json.dumps(answer, default=str).encode()


def not_found(say: str) -> SaidError:
    """There is no such thing, or not for this caller."""
    return SaidError(Code.NOT_FOUND, say)

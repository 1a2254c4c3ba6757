"""`POST /tools/{name}` and the routes of platforms that name the tool in the address: one tool call, one answer.

What passed authentication is answered 200, whatever becomes of it: else a platform tries again, or hides the words.
"""

from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from app import log
from app.calls.model import ToolCall, ToolResult
from app.dialects.credentials import Proof, encoded
from app.dialects.results import INTERNAL
from app.dialects.signalled import Headers
from app.errors import UnauthorizedError
from app.watch.shapes import observe, observe_json
from app.watch.spoken_shapes import of_tool_call
from app.web import body
from app.web.ports import Doors

_log = log.get("web.tools")


class Dialect(Protocol):
    """How one platform speaks; a module with these three pure functions is one.

    It may have a fourth, `quick`: what `parse` looks at of a raw body where that costs less than decoding all of it, or
    None.
    """

    def authenticate(self, headers: Headers, keys: Sequence[bytes], _now: float, /) -> Proof:
        """Whether a request may come in, from its headers, or what its raw body then has to prove."""

    def parse(self, name: str, body: Any, headers: Headers, /) -> ToolCall:
        """The call of tool `name`. Never raises, whatever the decoded body is."""

    def render(self, result: ToolResult, /) -> bytes:
        """The body of the answer."""


class Tools:
    """One such route's work. Answers JSON bodies."""

    def __init__(self, doors: Doors, dialect: Dialect, keys: Sequence[str]) -> None:
        self._dispatcher = doors.dispatcher
        self._names = [tool.name for tool in doors.tools]
        self._dialect = dialect
        self._quick = getattr(dialect, "quick", None)
        self._platform = getattr(dialect, "PLATFORM", "")
        self._keys = encoded(keys)
        self._clock = doors.clock
        self._body_deadline_s = doors.body_deadline_s

    async def answer(self, scope: Scope, receive: Receive) -> bytes:
        """The JSON body of a 200. Raises UnauthorizedError and what reading a body raises."""
        headers = scope["headers"]
        proof = self._dialect.authenticate(headers, self._keys, self._clock.now())
        raw = await proven(scope, receive, proof, self._body_deadline_s)
        if scope["method"] == "GET":
            asked: Any = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        else:
            asked = self._read(raw)
        call = self._dialect.parse(scope["path"].rpartition("/")[2], asked, headers)
        log.bind(call_id=call.ref.call_id)
        try:
            [result] = await self._dispatcher.dispatch((call,))
        except Exception as error:  # noqa: BLE001  # past authentication a failure is said, not sent as a status
            _log.error("tool call failed", exc_info=error)
            result = INTERNAL
        return self._dialect.render(result)

    async def names(self, scope: Scope, _receive: Receive) -> bytes:
        """The names of the tools, for whoever may call them: nothing is called, and nothing is left behind."""
        if self._dialect.authenticate(scope["headers"], self._keys, self._clock.now()) is not True:
            raise UnauthorizedError
        return orjson.dumps({"tools": self._names})

    def _read(self, raw: bytes) -> Any:
        """The body, as far as `parse` looks at it. Raises BadJsonError."""
        quick = self._quick and self._quick(raw)
        asked = quick or body.decode(raw)
        shape = of_tool_call(self._platform, asked)
        if shape is not None and quick:
            observe_json(shape, raw)
        elif shape is not None:
            observe(shape, asked, unread=self._quick is not None or not isinstance(asked, dict))
        return asked


async def proven(scope: Scope, receive: Receive, proof: Proof, deadline_s: float) -> bytes:
    """The raw body of a request that may come in. Raises UnauthorizedError, and what reading a body raises."""
    if proof is False:
        raise UnauthorizedError
    raw = await body.read(scope, receive, deadline_s)
    if proof is not True and not proof(raw):
        raise UnauthorizedError
    return raw

"""The frame round every route: a request id on log lines and answer, errors to answers, refusals counted."""

import itertools
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Receive, Scope, Send

from app import log, metrics
from app.errors import BodyTooSlowError, UnauthorizedError
from app.web import errors
from app.web.answer import Answer, send_answer, send_early, send_json
from app.web.body import ClientGoneError, declared_bytes, unread
from app.web.error_pages import in_words
from app.web.refusals import Refusals

SMALL_BODY_BYTES: Final = 64 * 2**10
"""An unread body up to this comes in with the headers or right after them; the server drops it by itself."""

Answering = Callable[[Scope, Receive], Awaitable[Answer | bytes]]
"""A route's own work: an answer, or the JSON body of a 200. Raises what `errors.answer_to` knows."""

_log = log.get("web")
_process: Final = secrets.token_hex(3)
_requests: Final = itertools.count(1)


def new_request_id() -> str:
    """A fresh id, short enough to be read out: unlike any other of this and of any other process."""
    return f"{_process}-{next(_requests):x}"


class Door:
    """One route as an ASGI application. `route` is its pattern, for metrics and log lines."""

    def __init__(
        self, route: str, answering: Answering, refusals: Refusals, refused: Callable[[str, str], None]
    ) -> None:
        self._route = route
        self._answering = answering
        self._refusals = refusals
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_request_id()
        log.begin(request_id)
        try:
            answer = await self._answering(scope, receive)
        except ClientGoneError:
            metrics.count_refusal(self._route, "client gone")
        except Exception as error:  # noqa: BLE001  # the last place before the server's own bare 500
            await self._refuse(error, request_id.encode(), scope, receive, send)
        else:
            metrics.count_taken(self._route)
            if isinstance(answer, bytes):
                await send_json(send, answer, request_id.encode())
            else:
                await send_answer(send, answer, request_id.encode())

    async def _refuse(self, error: Exception, request_id: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(error, UnauthorizedError):
            client = scope.get("client")
            wait_s = await self._refusals.count(client[0] if client else "")
            error = error if wait_s is None else errors.TooManyRefusalsError(wait_s)
        self._note(error)
        answer = in_words(errors.answer_to(error), scope)
        if isinstance(error, BodyTooSlowError) or _much_to_come(scope):
            await send_early(send, receive, answer, request_id)
        else:
            await send_answer(send, answer, request_id)

    def _note(self, error: Exception) -> None:
        """Count every refusal, and say it where somebody can find it: a 401 that nobody sees lasts for weeks."""
        word = errors.word_for(error)
        metrics.count_refusal(self._route, word)
        self._refused(self._route, word)
        if not errors.expected(error):
            _log.error("request failed", route=self._route, exc_info=error)
        elif not isinstance(error, errors.TooManyRefusalsError):  # a flood is not worth a flood of lines
            _log.warning("refused", route=self._route, reason=word)


def _much_to_come(scope: Scope) -> bool:
    """Whether more of a body may be on its way than the server should take in for nothing."""
    headers = scope["headers"]
    declared = declared_bytes(headers)
    if declared is None:
        return unread(scope) and any(name == b"transfer-encoding" for name, _ in headers)
    return unread(scope) and declared > SMALL_BODY_BYTES

"""The one place where an error becomes an HTTP status. Never says why: reasons help strangers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson

from app.errors import (
    BadJsonError,
    BodyTooLargeError,
    BodyTooSlowError,
    ForbiddenError,
    OverloadedError,
    ReadbackError,
    UnauthorizedError,
    UnknownKeyError,
)
from app.web.answer import Answer


class TooManyRefusalsError(UnauthorizedError):
    """A source that keeps being refused. `wait_s`: whole seconds until it is worth asking again."""

    def __init__(self, wait_s: int) -> None:
        super().__init__()
        self.wait_s = wait_s


_ANSWERS: Final[dict[type[ReadbackError], tuple[int, str]]] = {
    UnauthorizedError: (401, "unauthorized"),
    ForbiddenError: (403, "forbidden"),
    UnknownKeyError: (404, "not found"),
    TooManyRefusalsError: (429, "too many requests"),
    BodyTooLargeError: (413, "body too large"),
    BodyTooSlowError: (408, "body too slow"),
    BadJsonError: (400, "not json"),
    OverloadedError: (503, "overloaded"),
}
_INTERNAL: Final = (500, "internal")


def expected(error: Exception) -> bool:
    """Whether the error is one of those that mean something to a client; everything else is our own fault."""
    return _status_and_word(error) is not _INTERNAL


def word_for(error: Exception) -> str:
    """The one word or two a client gets for this error."""
    return _status_and_word(error)[1]


def answer_to(error: Exception) -> Answer:
    """What the client gets for this error."""
    status, word = _status_and_word(error)
    headers = ((b"retry-after", b"%d" % error.wait_s),) if isinstance(error, TooManyRefusalsError) else ()
    return Answer(orjson.dumps({"error": word}), status, headers=headers)


def answer_to_status(status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """What the client gets where the routing refused: no such path, no such method."""
    word = HTTPStatus(status).phrase.lower()
    named = tuple((name.lower().encode(), value.encode()) for name, value in (headers or {}).items())
    return Answer(orjson.dumps({"error": word}), status, headers=named)


def _status_and_word(error: Exception) -> tuple[int, str]:
    for kind, answer in _ANSWERS.items():
        if type(error) is kind:
            return answer
    return _INTERNAL

"""`GET /status`, `/status.json` and `/status.atom`: for everybody, from memory.

Written once for each change, not for each reader; says itself when it cannot know better.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope

from app.errors import OverloadedError
from app.watch.status import Copy, Notice
from app.web.answer import JSON, Answer, Header
from app.web.etags import named
from app.web.ports import Showing
from app.web.status_atom import ATOM, feed
from app.web.status_page import HEADERS as PAGE_HEADERS
from app.web.status_page import page
from app.web.status_words import instant, sentence, word

HTML: Final = b"text/html; charset=utf-8"
_PUBLIC: Final[tuple[Header, ...]] = (
    (b"cache-control", b"public, max-age=15"),
    (b"x-content-type-options", b"nosniff"),
)


class Status:
    """The work of three routes. `public_url`: how the outside reaches us, if it is known."""

    def __init__(self, board: Showing, public_url: str | None) -> None:
        self._board = board
        self._public_url = (public_url or "").rstrip("/")
        self._written: dict[bytes, tuple[Copy, bytes, bytes]] = {}

    async def page(self, scope: Scope, _receive: Receive) -> Answer:
        """For people."""
        return self._answer(scope, HTML, page, PAGE_HEADERS)

    async def json(self, scope: Scope, _receive: Receive) -> Answer:
        """For programs."""
        return self._answer(scope, JSON, described)

    async def atom(self, scope: Scope, _receive: Receive) -> Answer:
        """For feed readers, who keep what they have when nothing is known: raises `OverloadedError`."""
        if self._board.copy().as_of is None:
            raise OverloadedError("nothing is known yet")
        return self._answer(scope, ATOM, lambda copy: feed(copy, self._board.feed, self._public_url))

    def _answer(
        self, scope: Scope, kind: bytes, write: Callable[[Copy], bytes], headers: tuple[Header, ...] = ()
    ) -> Answer:
        copy = self._board.copy()
        body, etag = self._text(copy, kind, write)
        headers = (*_PUBLIC, *headers, (b"etag", etag))
        if copy.as_of is None:
            return Answer(body, 503, kind, headers)
        if etag.decode() in named(scope):
            return Answer(b"", 304, kind, headers)
        return Answer(body, content_type=kind, headers=headers)

    def _text(self, copy: Copy, kind: bytes, write: Callable[[Copy], bytes]) -> tuple[bytes, bytes]:
        there = self._written.get(kind)
        if there is None or there[0] is not copy:
            body = write(copy)
            etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
            there = self._written[kind] = (copy, body, etag)
        return there[1], there[2]


def described(copy: Copy) -> bytes:
    """The copy as JSON; times in UTC."""
    told = {
        "status": word(copy),
        "sentence": sentence(copy),
        "as_of": None if copy.as_of is None else instant(copy.as_of),
        "reached": copy.reached,
        "open": [_incident(notice) for notice in copy.open],
        "history": [_incident(notice) for notice in copy.resolved],
    }
    return orjson.dumps(told)


def _incident(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "title": notice.title,
        "state": notice.state.value,
        "impact": notice.impact.value,
        "parts": list(notice.parts),
        "for_some": notice.for_some,
        "opened_at": instant(notice.opened_at),
        "changed_at": instant(notice.changed_at),
        "earlier": notice.earlier,
        "updates": [{"at": instant(one.at), "state": one.state.value, "words": one.words} for one in notice.lines],
    }

"""`GET /calendars/{key}.ics`: the embedded calendar on a phone. The key is all the proof there is, so a wrong one looks
like any path that does not exist, counts as a refusal, and is written down nowhere.
"""

from typing import Final

from starlette.types import Receive, Scope

from app.web.answer import Answer, Header
from app.web.etags import named
from app.web.ports import Feeding

ICS: Final = b"text/calendar; charset=utf-8"
_PRIVATE: Final[Header] = (b"cache-control", b"private, no-cache")
"""For nobody else's cache, and asked for again each time; the etag makes that cheap."""


class CalendarFeed:
    """The route's work."""

    def __init__(self, feeds: Feeding) -> None:
        self._feeds = feeds

    async def answer(self, scope: Scope, _receive: Receive) -> Answer:
        """The calendar, or 304 for who has it already. Raises UnknownKeyError and OverloadedError."""
        feed = await self._feeds.read(scope["path_params"]["key"], named(scope))
        headers = (_PRIVATE, (b"etag", feed.etag.encode()))
        if feed.body is None:
            return Answer(b"", 304, ICS, headers)
        return Answer(feed.body, content_type=ICS, headers=headers)

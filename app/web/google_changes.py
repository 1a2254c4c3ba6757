"""`POST /google/changes`: Google says that a watched calendar changed. It proves itself by the channel's token.

The notification has no body worth reading; what it may do is drop cached entries, nothing else.
"""

from typing import Final

from starlette.types import Receive, Scope

from app.errors import UnauthorizedError
from app.web.answer import Answer
from app.web.ports import Changed

_DONE: Final = Answer(b"")


class GoogleChanges:
    """The route's work."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed

    async def answer(self, scope: Scope, _receive: Receive) -> Answer:
        """An empty 200. Raises UnauthorizedError for a channel or token that is not ours."""
        told = {name: value.decode("latin-1") for name, value in scope["headers"] if name.startswith(b"x-goog-")}
        channel_id, token = told.get(b"x-goog-channel-id", ""), told.get(b"x-goog-channel-token", "")
        if not channel_id or not token:
            raise UnauthorizedError
        if not self._changed(channel_id, token, told.get(b"x-goog-resource-state", "")):
            raise UnauthorizedError
        return _DONE

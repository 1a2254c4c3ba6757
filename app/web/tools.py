"""`POST /tools/{name}`: one tool call as plain JSON. What passed authentication is answered 200 with a flat object."""

from starlette.types import Receive, Scope

from app import log
from app.dialects import plain
from app.dialects.credentials import encoded
from app.dialects.results import INTERNAL
from app.errors import UnauthorizedError
from app.web import body
from app.web.handed_in import Doors

_log = log.get("web.tools")


class PlainTools:
    """The route's work. Answers JSON bodies."""

    def __init__(self, doors: Doors) -> None:
        self._dispatcher = doors.dispatcher
        self._secrets = encoded(doors.tools_secrets)
        self._body_deadline_s = doors.body_deadline_s

    async def answer(self, scope: Scope, receive: Receive) -> bytes:
        """The JSON body of a 200. Raises UnauthorizedError and what reading a body raises."""
        if not plain.authenticate(scope["headers"], self._secrets):
            raise UnauthorizedError
        raw = await body.read(scope, receive, self._body_deadline_s)
        call = plain.parse(scope["path_params"]["name"], body.decode(raw))
        log.bind(call_id=call.ref.call_id)
        try:
            [result] = await self._dispatcher.dispatch((call,))
        except Exception as error:  # noqa: BLE001  # past authentication a failure is said, not sent as a status
            _log.error("tool call failed", exc_info=error)
            result = INTERNAL
        return plain.render(result)

"""What ElevenLabs asks and tells besides tool calls: about a call that arrives, and of a conversation that is over."""

from typing import Final

from starlette.types import Receive, Scope

from app import log, metrics
from app.calls.arrivals import NOTHING_KNOWN
from app.dialects import elevenlabs
from app.dialects.credentials import encoded
from app.watch.shapes import observe
from app.watch.spoken_shapes import ELEVENLABS_ARRIVAL, ELEVENLABS_REPORT
from app.web import body
from app.web.deadline import within
from app.web.ports import Doors
from app.web.tools import proven

ARRIVAL: Final = "/elevenlabs/conversation-initiation"
REPORT: Final = "/elevenlabs/post-call"
STORE_DEADLINE_S: Final = 10.0
NOTHING_OWED: Final = b"{}"

_log = log.get("web.elevenlabs")


class ElevenLabs:
    """The work of both routes. Answers JSON bodies; raises UnauthorizedError and what reading a body raises."""

    def __init__(self, doors: Doors) -> None:
        self._keys = encoded(doors.platform_keys.get(elevenlabs.PLATFORM, ()))
        self._arrivals = doors.arrivals
        self._events = doors.events
        self._clock = doors.clock
        self._body_deadline_s = doors.body_deadline_s

    async def arrival(self, scope: Scope, receive: Receive) -> bytes:
        """A call rings: what its agent may know. Answered from memory, for the caller hears it ring meanwhile."""
        proof = elevenlabs.authenticate(scope["headers"], self._keys, self._clock.now())
        raw = await proven(scope, receive, proof, self._body_deadline_s)
        told = body.decode(raw)
        ref = elevenlabs.parse_arrival(told)
        observe(ELEVENLABS_ARRIVAL, told, unread=ref.call_id is None)
        metrics.count_message("conversation-initiation")
        log.bind(call_id=ref.call_id)
        try:
            known = self._arrivals.introduced(ref)
        except Exception as error:  # noqa: BLE001  # a call is taken whatever is broken here
            _log.error("arrival failed", exc_info=error)
            known = NOTHING_KNOWN
        return elevenlabs.render_arrival(known)

    async def report(self, scope: Scope, receive: Receive) -> bytes:
        """A conversation is over: what was said is kept, once."""
        proof = elevenlabs.authenticate_webhook(scope["headers"], self._keys, self._clock.now())
        raw = await proven(scope, receive, proof, self._body_deadline_s)
        told = body.decode(raw)
        observe(ELEVENLABS_REPORT, told)
        event = elevenlabs.parse_report(told)
        metrics.count_message("post-call" if event else "unknown")
        if event is not None:
            log.bind(call_id=event.ref.call_id)
            await within(STORE_DEADLINE_S, self._events.store(event))
        return NOTHING_OWED

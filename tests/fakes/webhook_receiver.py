"""A receiver of signed webhooks on a real socket, by the specification: it verifies, and keeps each id once."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.crm import CrmServer
from tests.fakes.recording_server import Fault, Recorded

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
TOLERANCE_S = 300


@dataclass
class Inbox:
    events: dict[str, Any] = field(default_factory=dict)
    """By `webhook-id`."""
    bookings: dict[str, Any] = field(default_factory=dict)
    repeats: int = 0


class WebhookReceiver(CrmServer):
    """Use with `async with`. Events come in at `url`/in, what is known of a booking shows at `url`/seen/<booking>."""

    def __init__(self, now: Callable[[], float], *, echo: str = "") -> None:
        super().__init__(Inbox())
        self._now = now
        self._echo = echo

    @property
    def inbox(self) -> Inbox:
        inbox: Inbox = self.state
        return inbox

    def handle(self, state: Inbox, request: Recorded) -> Fault:
        if not self._signed(request):
            return Fault(401)
        if request.method == "GET":
            booking = state.bookings.get(request.path.rpartition("/")[2])
            return Fault(body=json.dumps(booking).encode()) if booking else Fault(404)
        message = request.headers["webhook-id"]
        if message in state.events:
            state.repeats += 1
        else:
            state.events[message] = request.json
            state.bookings[request.json["data"]["booking"]] = request.json["data"]
        return Fault(body=json.dumps({"ok": True, "event_id": self._echo or message}).encode())

    def _signed(self, request: Recorded) -> bool:
        message, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        signed = f"{message}.{stamp}.{request.body.decode()}".encode()
        wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        offered = [s.partition(",")[2] for s in request.headers["webhook-signature"].split() if s.startswith("v1,")]
        return wanted in offered and abs(self._now() - int(stamp)) <= TOLERANCE_S

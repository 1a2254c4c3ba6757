"""Vapi's live-call control endpoint on a real socket: keeps what was said into which call."""

from typing import Any

from tests.fakes.recording_server import Fault, RecordingServer

CALL_OVER = Fault(status=404, body=b'{"message":"Call not found"}')
BROKEN = Fault(status=500)
NEVER_DONE = Fault(drip=True)
CUT = Fault(reset=True)


def slow(seconds: float) -> Fault:
    """Answers well, but late."""
    return Fault(wait_s=seconds)


def redirect(to: str) -> Fault:
    """Sends the request elsewhere, keeping its method and body."""
    return Fault(status=307, location=to)


class VapiControl(RecordingServer):
    """Its control URLs look like Vapi's: `/{call id}/control`."""

    def control_url(self, call_id: str = "7420f27a-30fd-4f49-a995-5549ae7cc00d") -> str:
        """What `message.call.monitor.controlUrl` would hold."""
        return f"http://127.0.0.1:{self.port}/{call_id}/control"

    @property
    def bodies(self) -> list[Any]:
        """Every message, oldest first."""
        return [request.json for request in self.requests]

    def transferred(self, call_id: str = "7420f27a-30fd-4f49-a995-5549ae7cc00d") -> list[str]:
        """Where this call was connected to, oldest first."""
        mine = [request.json for request in self.requests if request.path == f"/{call_id}/control"]
        return [body["destination"]["number"] for body in mine if body["type"] == "transfer"]

    def said(self, call_id: str = "7420f27a-30fd-4f49-a995-5549ae7cc00d") -> list[str]:
        """The words the caller of this call heard or that were added for the model."""
        mine = [request.json for request in self.requests if request.path == f"/{call_id}/control"]
        return [body.get("content") or body["message"]["content"] for body in mine]

"""PagerDuty's events endpoint on a real socket: takes with 202 unless a fault says otherwise."""

from typing import Any

from tests.fakes.recording_server import Fault, RecordingServer

TAKEN = b'{"status": "success", "message": "Event processed", "dedup_key": "of the page"}'


class FakePagerDuty(RecordingServer):
    """Its base URL is `api_url`, what it was sent `events`."""

    def __init__(self, *faults: Fault, always: Fault | None = None) -> None:
        super().__init__(*faults, always=always or Fault(status=202, body=TAKEN))

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [request.json for request in self.requests]

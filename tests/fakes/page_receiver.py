"""Where pages arrive: an HTTP server that takes what Apprise's `json://` posts."""

from dataclasses import dataclass

from tests.fakes.recording_server import RecordingServer


@dataclass(frozen=True)
class Page:
    """One page as the person on duty sees it; `type` is Apprise's, `failure` for whatever must wake somebody."""

    title: str
    body: str
    type: str


class PageReceiver(RecordingServer):
    """Its notification URL is `url`, its pages `pages`."""

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/page"

    @property
    def pages(self) -> list[Page]:
        """Every post that arrived, refused ones included, oldest first."""
        return [Page(body["title"], body["message"], body["type"]) for body in (r.json for r in self.requests)]

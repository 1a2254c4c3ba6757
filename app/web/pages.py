"""`/pages/{id}`: where a person who was paged says that they have it. Works on a phone and without scripts.

It has the words that were sent: what happened, and what to do next. A GET only shows: mail scanners and link previews
follow links. What is not signed by us is not found.
"""

from datetime import UTC, datetime
from html import escape
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Receive, Scope

from app.clock import Clock
from app.db.engine import DatabaseUnavailableError
from app.errors import UnauthorizedError
from app.watch.pages import Kept
from app.watch.pages_told import how_ended
from app.watch.places import on_dashboard, place_of
from app.web.answer import Answer
from app.web.body import read
from app.web.error_pages import HEADERS, HTML, document
from app.web.ports import Acknowledges

MOST_FORM_BYTES: Final = 4_096
MOST_FIELDS: Final = 10
_FORM: Final = (
    '<form method="post"><label>Your name (optional)<input name="by" maxlength="80" autocomplete="name"></label>'
    '<button type="submit">I have it</button></form>'
)
_AWAY: Final = (
    "We cannot reach our own records right now. If you have just said that you have it, that may or may not be noted: "
    "open this page once more in a minute."
)


class Pages:
    """The route's work."""

    def __init__(self, acknowledges: Acknowledges, clock: Clock, body_deadline_s: float) -> None:
        self._acknowledges = acknowledges
        self._clock = clock
        self._body_deadline_s = body_deadline_s

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """The page as it stands; with POST, after it was acknowledged. Raises UnauthorizedError for a forged link."""
        page_id = scope["path_params"]["id"]
        token = _first(scope["query_string"].decode("latin-1"), "token")
        try:
            if scope["method"] == "POST":
                form = (await read(scope, receive, self._body_deadline_s, MOST_FORM_BYTES)).decode("utf-8", "replace")
                kept = await self._acknowledges.acknowledge(page_id, token, _first(form, "by"))
            else:
                kept = await self._acknowledges.look(page_id, token)
        except DatabaseUnavailableError:
            return Answer(document("Not now", f"<p>{_AWAY}</p>").encode(), 503, HTML, HEADERS)
        if kept is None:
            raise UnauthorizedError
        return Answer(_shown(kept, self._clock.now()).encode(), content_type=HTML, headers=HEADERS)


def _first(form: str, name: str) -> str:
    try:
        return parse_qs(form, max_num_fields=MOST_FIELDS).get(name, [""])[0]
    except ValueError:
        return ""


def _shown(kept: Kept, now: float) -> str:
    form = _FORM if kept.status == "open" else ""
    raised = f"<p>Raised {_at(kept.raised_at, now)}.</p>"
    words = "".join(f"<p>{escape(line)}</p>" for line in kept.page.body.splitlines() if line.strip())
    way = f'<p><a href="{escape(on_dashboard(kept))}">On the dashboard: {escape(place_of(kept).what)}</a></p>'
    return document(escape(kept.page.title), f"<p>{escape(_state(kept, now))}</p>{form}{words}{way}{raised}")


def _state(kept: Kept, now: float) -> str:
    if kept.status == "open":
        return "Open: nobody has acknowledged it yet."
    if kept.status == "resolved":
        return f"Resolved at {_at(kept.changed_at, now)}: {how_ended(kept)}."
    by = f" by {kept.acknowledged_by}" if kept.acknowledged_by else ""
    return f"Acknowledged{by} at {_at(kept.acknowledged_at, now)}."


def _at(seconds: float, now: float) -> str:
    """When, for whoever's clock; the person who reads it may be in any zone."""
    minutes = max(0, int((now - seconds) // 60))
    age = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC, {age} ago"

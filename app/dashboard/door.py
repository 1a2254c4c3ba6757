"""The frame round every page: who asks, what went wrong in words for people, and headers that keep others out.

A failed read says so; after a failed write nobody can know whether it happened, and the page says that too.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from app import log, metrics
from app.dashboard.gate import Gate
from app.dashboard.ports import House
from app.dashboard.rendering import SECTIONS, page
from app.dashboard.request import Asked, ForgedError, MisusedError, NotThereError, form_of, query_of
from app.db.engine import DatabaseUnavailableError
from app.errors import BodyTooLargeError, BodyTooSlowError, OverloadedError, ReadbackError, UnauthorizedError
from app.inference.flag import FlagError
from app.jobs.dead_letters import LetterError
from app.review.reviews import ReviewError
from app.watch.incidents import IncidentError
from app.watch.limit_book import ConfirmationError

Answering = Callable[[Asked], Awaitable[Response]]
"""What a route does for somebody who is signed in."""

SIGN_IN: Final = "/dashboard/sign-in"
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "content-security-policy": CONTENT_POLICY,
    "referrer-policy": "same-origin",  # with no-referrer a browser hides the origin of our own forms
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
_REFUSED_BY_DOMAIN: Final = (LetterError, ReviewError, IncidentError, FlagError, ConfirmationError, MisusedError)
_WORDS: Final[tuple[tuple[type[ReadbackError], int, str], ...]] = (
    (ForgedError, 403, "This form is not one of ours, or is too old. Go back, load the page again and try once more."),
    (BodyTooLargeError, 413, "That is too long."),
    (BodyTooSlowError, 408, "The form did not come in time."),
    (
        OverloadedError,
        503,
        "Too much is waiting for the database. Nothing was changed; try again in a moment.",
    ),
    (
        DatabaseUnavailableError,
        503,
        "The database does not answer, so nothing can be shown here. If you have just pressed a button, nobody can "
        "know yet whether it was done: look again before you press it once more. Meanwhile /status shows what was "
        "known last, /readyz what else is away, and pages still ring.",
    ),
)

_log = log.get("dashboard")


class Door:
    """One route as an ASGI application. `route` is its pattern, for metrics and logs; `people`: pages, not JSON."""

    def __init__(self, house: House, gate: Gate, route: str, answering: Answering, *, people: bool = True) -> None:
        self._house = house
        self._gate = gate
        self._route = route
        self._answering = answering
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, request_id = Request(scope, receive), secrets.token_hex(4)
        log.begin(request_id)
        try:
            response = await self._answer(request)
        except UnauthorizedError:
            response = await self._refused(request)
        except Exception as error:  # noqa: BLE001 - the last place before the server's own bare 500
            response = self._failed(error, request_id)
        response.headers["x-request-id"] = request_id
        response.headers.update({name: value for name, value in HEADERS.items() if name not in response.headers})
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        session = await self._gate.admitted(request)
        if request.method == "POST":
            form, several = await form_of(request)
            self._gate.check_form(request, session, form.get("form_token", ""))
            asked = Asked(session, query_of(request), form, several)
        else:
            heard = request.headers.get("last-event-id", "")
            asked = Asked(session, {**query_of(request), **request.path_params}, heard=heard)
        response = await self._answering(asked)
        self._gate.keep(response, session)
        return response

    async def _refused(self, request: Request) -> Response:
        """Without a credential a person is shown the way in; a wrong one is refused and counted."""
        if self._people and not self._gate.named(request) and "text/html" in request.headers.get("accept", ""):
            return self._to_sign_in(request)
        wait_s = await self._house.refusals.count(request.client.host if request.client else "")
        word = "unauthorized" if wait_s is None else "too many requests"
        metrics.count_refusal(self._route, word)
        self._house.refused(self._route, word)
        if wait_s is not None:
            return JSONResponse({"error": word}, 429, {"retry-after": str(wait_s)})
        _log.warning("refused", route=self._route, reason=word)
        if self._people and "authorization" not in request.headers and self._gate.cookie in request.cookies:
            return self._to_sign_in(request)
        return JSONResponse({"error": word}, 401)

    def _to_sign_in(self, request: Request) -> Response:
        if request.method == "GET":
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{SIGN_IN}?to={quote(request.url.path.rstrip('/') + query, safe='/')}", 303)
        section = back(self._route)
        return RedirectResponse(f"{SIGN_IN}?to=/dashboard{'/' + section[0] if section else ''}&over=pressed", 303)

    def _failed(self, error: Exception, request_id: str) -> Response:
        status, words = told(error)
        if status == 500:
            _log.error("page failed", route=self._route, exc_info=error)
            words = f"{words} Its number in the log is {request_id}."
        elif isinstance(error, ForgedError):
            metrics.count_refusal(self._route, "forbidden")
            self._house.refused(self._route, "forbidden")
            _log.warning("refused", route=self._route, reason="forbidden")
        else:
            _log.info("page not shown", route=self._route, reason=type(error).__name__)
        if self._people:
            return page("problem.html", {"words": words, "status": status, "back": back(self._route)}, status=status)
        return JSONResponse({"error": words}, status)


def back(route: str) -> tuple[str, str] | None:
    """Where a person goes on after a page or a button failed: address and name of the list it belongs to."""
    path = route.removeprefix("/dashboard").strip("/").partition("/")[0]
    return next((section for section in SECTIONS if path and section[0] == path), None)


def told(error: Exception) -> tuple[int, str]:
    """The status, and what a person is told."""
    if isinstance(error, NotThereError):
        return 404, str(error)
    if isinstance(error, _REFUSED_BY_DOMAIN):
        return 409, str(error)
    for kind, status, words in _WORDS:
        if isinstance(error, kind):
            return status, words
    return 500, "Something is wrong on our side."

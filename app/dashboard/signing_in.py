"""The way in and out: the token once, and then a cookie. Strangers are limited by source and in all; a browser that has
signed in before by itself alone.
"""

import re
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from app import log, metrics
from app.dashboard.door import HEADERS, SIGN_IN, told
from app.dashboard.gate import Gate
from app.dashboard.ports import House
from app.dashboard.rendering import page
from app.dashboard.request import Asked, form_of
from app.errors import ReadbackError

HOME: Final = "/dashboard"
EVERYBODY: Final = "everybody"
TRIES_BURST: Final = 10
TRIES_PER_S: Final = 0.1
"""Attempts to sign in, of one source in one process: ten, and then one every ten seconds."""
ALL_TRIES_BURST: Final = 60
ALL_TRIES_PER_S: Final = 1.0
"""The same of everybody together."""
OWN_PATH: Final = re.compile(r"/dashboard(/[a-z-]{1,20}){0,2}(\?[\w.%+&=-]{0,200})?", re.ASCII)
WRONG: Final = "That is not the admin token."
ELSEWHERE: Final = (
    "Your browser says that this form comes from another address than ours, so the token was not looked at. If you "
    "opened this page yourself, READBACK_PUBLIC_URL has to be the address that your browser shows."
)
TOO_MANY: Final = "Too many attempts. Wait {} s."
KEPT_OUT: Final = (
    "Too many attempts, from your address or from everywhere. Wait {} s. If somebody else keeps you out, run "
    "`readback sign-in` on the machine that serves this, and open the address it prints; `readback pages` works there, "
    "too."
)
OVER: Final = "This session is over, so what you have just pressed was not done. Sign in, and press it again."
OPENED: Final = (
    "This address was opened before, or more than 15 minutes ago: it gives one browser attempts of its own, once. Sign "
    "in here if you are not kept out; else run `readback sign-in` again on the machine."
)
LOCKED: Final = "Nobody can sign in: READBACK_ADMIN_TOKEN is not set."

_log = log.get("dashboard")


class SigningIn:
    """The sign-in page as an ASGI application; nobody is signed in yet who asks for it."""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._tried(request) if request.method == "POST" else await self._asked(request)
        except ReadbackError as error:
            status, words = told(error)
            response = page("problem.html", {"words": words, "status": status}, status=status)
        response.headers.update({name: value for name, value in HEADERS.items() if name not in response.headers})
        await response(scope, receive, send)

    async def out(self, asked: Asked) -> Response:
        """End the session."""
        response = RedirectResponse(SIGN_IN, 303)
        await self._gate.sign_out(response, asked.session)
        return response

    async def _tried(self, request: Request) -> Response:
        if self._gate.locked:
            return self._shown(request, LOCKED, 401)
        browser = self._gate.browser(request)
        wait_s = await self._counted(request, browser)
        if wait_s is not None:
            metrics.count_sign_in("limited")
            response = self._shown(request, (TOO_MANY if browser else KEPT_OUT).format(wait_s), 429)
            response.headers["retry-after"] = str(wait_s)
            return response
        form, _ = await form_of(request)
        # Of another site's form the token is not looked at: whoever sends it learns nothing of it.
        problem = ELSEWHERE if not self._gate.from_here(request) else WRONG
        if problem == ELSEWHERE or not self._gate.token_ok(form.get("token", "").strip()):
            metrics.count_sign_in("refused")
            metrics.count_refusal(SIGN_IN, "unauthorized")
            self._house.refused(SIGN_IN, "unauthorized")
            _log.warning("refused", route=SIGN_IN, reason="unauthorized")
            return self._shown(request, problem, 401, form)
        response = RedirectResponse(_own(form.get("to", "")), 303)
        await self._gate.sign_in(response, form.get("by", ""))
        self._gate.remember(response, browser)
        metrics.count_sign_in("ok")
        return response

    async def _counted(self, request: Request, browser: str | None) -> int | None:
        """One more attempt; seconds to wait where there were too many."""
        if browser is not None:
            return await self._house.tries.count(f"browser {browser}")
        wait_s = await self._house.tries.count(request.client.host if request.client else "")
        if wait_s is not None:  # who is refused already does not use up everybody else's attempts
            return wait_s
        return await self._house.all_tries.count(EVERYBODY)

    async def _asked(self, request: Request) -> Response:
        """The form; the first browser that comes with an address from the machine is known from now on."""
        address = request.query_params.get("browser", "")
        if not address or request.method == "HEAD":
            return self._shown(request)
        if not await self._gate.opened(address):
            return self._shown(request, OPENED)
        response = RedirectResponse(SIGN_IN, 303)
        self._gate.remember(response)
        return response

    def _shown(
        self, request: Request, problem: str = "", status: int = 200, form: Mapping[str, str] | None = None
    ) -> Response:
        """The page; with what was typed but for the token, where something was."""
        if self._gate.locked:
            problem, status = LOCKED, 401
        elif not problem and request.query_params.get("over") == "pressed":
            problem = OVER
        typed = form or {}
        wanted = _own(typed.get("to") or request.query_params.get("to", ""))
        given = {"to": wanted, "by": typed.get("by", ""), "problem": problem, "locked": self._gate.locked}
        return page("sign_in.html", given, status=status)


def _own(path: str) -> str:
    """A page of ours; the first one for everything else."""
    return path if OWN_PATH.fullmatch(path) else HOME

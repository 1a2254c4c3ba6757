"""Builds the HTTP side: every route and its door. Knows no concrete class; what the doors need is handed in."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app import log
from app.dialects import bland, elevenlabs, plain, retell, telnyx
from app.dialects.credentials import encoded
from app.web import errors, health
from app.web.admin import Admin
from app.web.calendar_feed import CalendarFeed
from app.web.door import Answering, Door, new_request_id
from app.web.elevenlabs import ARRIVAL, REPORT, ElevenLabs
from app.web.error_pages import in_words
from app.web.google_changes import GoogleChanges
from app.web.mcp import PATH as MCP
from app.web.mcp import Mcp
from app.web.openapi import describe
from app.web.pages import Pages
from app.web.ports import Check, Doors
from app.web.refusals import Refusals
from app.web.status import Status
from app.web.tools import Dialect, Tools
from app.web.twilio import SMS, STATUS, Twilio
from app.web.vapi import Vapi

__all__ = ["Check", "Doors", "build"]

PLATFORMS: Mapping[str, Dialect] = MappingProxyType(
    {"retell": retell, "elevenlabs": elevenlabs, "bland": bland, "telnyx": telnyx}
)
"""Whose tool calls come to `/{platform}/{name}`."""
GET_TOO = frozenset({"elevenlabs"})
"""Platforms that ask by GET unless told otherwise, with the arguments in the address."""

WITH_A_SLASH = re.compile(rf"(/vapi|{MCP}|/(?:tools|{'|'.join(PLATFORMS)})/[^/]+)/")
"""An address as it may be typed at a platform. Answered by a 404 it is an agent without tools, and nobody here hears
of it. Twilio's are not among them: it signs its address.
"""


def build(doors: Doors) -> Starlette:
    """The ASGI application."""
    refusals = Refusals(doors.clock, shared=doors.refusal_buckets)

    def route(path: str, answering: Answering, method: str) -> Route:
        return Route(path, Door(path, answering, refusals, doors.refused), methods=[method], name=path)

    plainly = Tools(doors, plain, doors.tools_secrets)
    called = {"tools": plainly.answer}
    called |= {name: Tools(doors, it, doors.platform_keys.get(name, ())).answer for name, it in PLATFORMS.items()}
    eleven, mcp = ElevenLabs(doors), Mcp(doors)
    admin = Admin(encoded([doors.admin_token or ""]), describe(doors.tools, doors.version, doors.also_described))
    routes = [
        route("/vapi", Vapi(doors).answer, "POST"),
        route(ARRIVAL, eleven.arrival, "POST"),
        route(REPORT, eleven.report, "POST"),
        *(route(f"/{name}/{{name}}", answering, "POST") for name, answering in called.items()),
        *(route(f"/{name}/{{name}}", called[name], "GET") for name in GET_TOO),
        route("/tools", plainly.names, "GET"),
        route(MCP, mcp.answer, "POST"),
        route("/healthz", health.alive, "GET"),
        route("/readyz", health.Readiness(doors.checks, doors.clock).answer, "GET"),
        route("/metrics", admin.metrics, "GET"),
        route("/openapi.json", admin.openapi, "GET"),
    ]
    if doors.google_changed is not None:
        routes.append(route("/google/changes", GoogleChanges(doors.google_changed).answer, "POST"))
    if doors.feeds is not None:
        routes.append(route("/calendars/{key}.ics", CalendarFeed(doors.feeds).answer, "GET"))
    if doors.acknowledges is not None:
        asked = Pages(doors.acknowledges, doors.clock, doors.body_deadline_s).answer
        routes += [route("/pages/{id}", asked, method) for method in ("GET", "POST")]
    if doors.status is not None:
        status = Status(doors.status, doors.public_url)
        shown = (("", status.page), (".json", status.json), (".atom", status.atom))
        routes += [route(f"/status{form}", answering, "GET") for form, answering in shown]
    if doors.texting is not None:
        carried = Twilio(doors, doors.texting)
        routes += [route(SMS, carried.received, "POST"), route(STATUS, carried.reported, "POST")]
    every = [*routes, *doors.also]
    app = Readback(routes=every, exception_handlers={HTTPException: _refused_by_routing}, lifespan=mcp.within(doors))
    app.router.redirect_slashes = False  # the redirect would go wherever the Host header says
    app.shortcuts = _shortcuts(routes, doors)
    return app


def _shortcuts(routes: Sequence[Route], doors: Doors) -> dict[tuple[str, str], ASGIApp]:
    """The doors of Vapi, of MCP, of texts and of every tool on every platform, by the very address."""
    names = [name for tool in doors.tools for name in tool.names]
    found = {("POST", route.path): route.app for route in routes if route.path in ("/vapi", MCP, SMS, STATUS)}
    for route in routes:
        if route.path.endswith("/{name}"):
            methods = (route.methods or set()) - {"HEAD"}
            found |= {(method, route.path.replace("{name}", name)): route.app for name in names for method in methods}
    return found


class Readback(Starlette):
    """Starlette with the way of nearly every request cut short: past router and middleware, straight to its door."""

    shortcuts: Mapping[tuple[str, str], ASGIApp] = MappingProxyType({})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"].endswith("/") and (meant := WITH_A_SLASH.fullmatch(scope["path"])):
                scope = {**scope, "path": meant[1]}
            door = self.shortcuts.get((scope["method"], scope["path"]))
            if door is not None:
                await door(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


async def _refused_by_routing(request: Request, error: Exception) -> Response:
    """404 and 405, in the same form as every other refusal."""
    status, given = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    request_id = new_request_id()
    log.bind(request_id=request_id)
    answer = in_words(errors.answer_to_status(status, given), request.scope)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    headers |= {"content-type": answer.content_type.decode(), "x-request-id": request_id}
    return Response(answer.body, status, headers)

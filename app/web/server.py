"""Builds the HTTP side: every route and its door. Knows no concrete class; what the doors need is handed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan

from app import log
from app.calls.model import Tool
from app.clock import Clock
from app.dialects.vapi import Secrets
from app.web import errors, health
from app.web.admin import Admin
from app.web.door import Answering, Door, new_request_id
from app.web.google_changes import GoogleChanges
from app.web.handed_in import Changed, Check, Dispatching, Receiving, Recording
from app.web.openapi import describe
from app.web.refusals import Refusals
from app.web.tools import PlainTools
from app.web.vapi import Vapi


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Everything handed in. Secrets: current first, then previous; none means that the route refuses all."""

    dispatcher: Dispatching
    arrivals: Receiving
    events: Recording
    clock: Clock
    tools: Sequence[Tool[Any]] = ()
    vapi_secrets: Sequence[str] = ()
    vapi_hmac_secrets: Sequence[str] = ()
    tools_secrets: Sequence[str] = ()
    admin_token: str | None = None
    checks: Sequence[Check] = ()
    google_changed: Changed | None = None
    version: str = "0"
    lifespan: Lifespan[Starlette] | None = None


def build(doors: Doors) -> Starlette:
    """The ASGI application."""
    refusals = Refusals(doors.clock)

    def route(path: str, answering: Answering, method: str) -> Route:
        return Route(path, Door(path, answering, refusals), methods=[method], name=path)

    secrets = Secrets(shared=_encoded(doors.vapi_secrets), signing=_encoded(doors.vapi_hmac_secrets))
    vapi = Vapi(doors.dispatcher, doors.arrivals, doors.events, secrets, doors.clock)
    plain = PlainTools(doors.dispatcher, _encoded(doors.tools_secrets))
    admin = Admin(_encoded([doors.admin_token or ""]), describe(doors.tools, doors.version))
    routes = [
        route("/vapi", vapi.answer, "POST"),
        route("/tools/{name}", plain.answer, "POST"),
        route("/healthz", health.alive, "GET"),
        route("/readyz", health.Readiness(doors.checks, doors.clock).answer, "GET"),
        route("/metrics", admin.metrics, "GET"),
        route("/openapi.json", admin.openapi, "GET"),
    ]
    if doors.google_changed is not None:
        routes.append(route("/google/changes", GoogleChanges(doors.google_changed).answer, "POST"))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refused_by_routing}, lifespan=doors.lifespan)
    app.router.redirect_slashes = False  # the redirect would go wherever the Host header says
    return app


def _encoded(secrets: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(secret.encode() for secret in secrets if secret)


async def _refused_by_routing(_request: Request, error: Exception) -> Response:
    """404 and 405, in the same form as every other refusal."""
    status, given = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    request_id = new_request_id()
    log.bind(request_id=request_id)
    answer = errors.answer_to_status(status, given)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    headers |= {"content-type": answer.content_type.decode(), "x-request-id": request_id}
    return Response(answer.body, status, headers)

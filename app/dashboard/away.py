"""In place of the dashboard while nobody can come in: every page, and every button, says that the database is away."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.dashboard import assets
from app.dashboard.door import HEADERS, told
from app.dashboard.rendering import page
from app.db.engine import DatabaseUnavailableError

_STATUS, _WORDS = told(DatabaseUnavailableError())
_EVERY: Final = ("GET", "POST")


def routes() -> Sequence[BaseRoute]:
    """For people and for programs."""
    return [
        Route("/dashboard/static/{name}", assets.asset, methods=["GET"]),
        *(Route(path, _page, methods=_EVERY, name="dashboard") for path in ("/dashboard", "/dashboard/{path:path}")),
        Route("/api/{path:path}", _json, methods=["GET"]),
    ]


async def _page(_request: Request) -> Response:
    answer = page("problem.html", {"words": _WORDS, "status": _STATUS}, status=_STATUS)
    answer.headers.update(HEADERS)
    return answer


async def _json(_request: Request) -> Response:
    return JSONResponse({"error": _WORDS}, _STATUS, HEADERS)

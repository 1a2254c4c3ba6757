"""Every route of the dashboard, in a visible list: pages, buttons, the same as JSON, and what is live."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from app.audit.chain import Chain
from app.dashboard import assets
from app.dashboard.actions import SAID, Act, Actions
from app.dashboard.door import Answering, Door
from app.dashboard.gate import Gate
from app.dashboard.live import Live, digest
from app.dashboard.ports import House
from app.dashboard.rendering import SECTIONS, page, rendered
from app.dashboard.request import Asked, NotThereError
from app.dashboard.reveal import Reveal
from app.dashboard.session import Session
from app.dashboard.signing_in import SigningIn
from app.dashboard.views import Read, Views
from app.inference.flag import KNOWN
from app.watch.incidents import NEXT, PARTS, Impact

ROOT: Final = "/dashboard"
LIVE: Final = f"{ROOT}/live"
KEPT_OPEN: Final = (
    "", "volume", "latency", "figures", "bookings", "tasks", "reviews", "dead-letters", "pages", "incidents", "limits",
)  # fmt: skip
"""Pages that are live; flags and the audit log change by who looks at them."""
NOBODY: Final = Session("", "", 0, 0)


class Dashboard:
    """Nothing runs in the background before somebody looks; `stop` ends it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._gate = Gate(house)
        self._chain = Chain(house.database, house.anchors, house.clock)
        self._views = Views(house, self._chain)
        self._actions = Actions(house, self._chain)
        self._reveal = Reveal(house)
        named = [(one.id, f"{one.name} ({one.id})") for one in house.businesses.by_id.values()]
        self._businesses = sorted(named, key=lambda one: one[1].casefold())
        self.live = Live(self._live_part, self._gate)

    def routes(self) -> list[Route]:
        """All of them; `/dashboard/...` for people, `/api/...` for programs."""
        way_in = SigningIn(self._house, self._gate)
        made = [
            Route(f"{ROOT}/static/{{name}}", assets.asset, methods=["GET"]),
            Route(f"{ROOT}/sign-in", way_in, methods=["GET", "POST"]),
            self._route(f"{ROOT}/sign-out", way_in.out, "POST"),
            self._route(f"{ROOT}/show", self._shown, "POST"),
            self._route(LIVE, self._streamed, "GET", people=False),
        ]
        for path, title in SECTIONS:
            read = self._views.by_path[path]
            address = f"{ROOT}/{path}".rstrip("/")
            made.append(self._route(address, self._page(path, title, read), "GET"))
            made.append(self._route(f"{address}/", _leading(address), "GET"))
            made.append(self._route(api_path(path), _json(read), "GET", people=False))
        made += [self._route(f"{ROOT}/{path}", _acted(act), "POST") for path, act in self._actions.by_path.items()]
        for path in ("sign-out", "show", *self._actions.by_path):  # a button's address, opened anew or typed
            of = path.partition("/")[0] if "/" in path else ""
            made.append(self._route(f"{ROOT}/{path}", _leading(f"{ROOT}/{of}".rstrip("/")), "GET"))
        return made

    async def stop(self) -> None:
        """Leave whatever runs in the background."""
        await self.live.stopped()
        await self._chain.stop()
        await self._views.stop()

    def _route(self, path: str, answering: Answering, method: str, *, people: bool = True) -> Route:
        return Route(path, Door(self._house, self._gate, path, answering, people=people), methods=[method], name=path)

    def _page(self, path: str, title: str, read: Read) -> Answering:
        async def answer(asked: Asked) -> Response:
            frame = self._frame(asked, path, title)
            if path not in KEPT_OPEN:
                return page(_template(path), frame | {"data": await read(asked), "query": asked.query})
            query = {name: value for name, value in asked.query.items() if name != "said"}
            part = await self._live_part(path, query)
            live = f"{LIVE}?{urlencode({**query, 'of': path, 'has': digest(part)})}"
            return page("live.html", frame | {"part": self.live.for_one(asked.session, part), "live": live})

        return answer

    async def _shown(self, asked: Asked) -> Response:
        told = await self._reveal.read(asked)
        return page("shown.html", self._frame(asked, told["of"], "Shown once") | told)

    async def _streamed(self, asked: Asked) -> Response:
        query = dict(asked.query)
        path, has = query.pop("of", ""), query.pop("has", "")
        if path not in KEPT_OPEN:
            raise NotThereError("There is no live page of this name.")
        headers = {"x-accel-buffering": "no"}
        stream = self.live.stream(asked.session, path, query, has=asked.heard or has)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def _live_part(self, path: str, query: Mapping[str, str]) -> str:
        asked = Asked(NOBODY, query)
        shown = self._frame(asked, path, "") | {"data": await self._views.by_path[path](asked), "query": query}
        return rendered(_template(path), shown | {"form_token": self.live.place_of_token})

    def _frame(self, asked: Asked, path: str | None, title: str) -> dict[str, Any]:
        """What every page has around it."""
        return {
            "session": asked.session,
            "form_token": self._gate.form_token(asked.session),
            "said": SAID.get(asked.query.get("said", ""), ""),
            "here": path,
            "title": title,
            "now": self._house.clock.now(),
            "zone_of": self._house.zone_of,
            "name_of": self._house.name_of,
            "businesses": self._businesses,
            "flags": list(KNOWN),
            "parts": PARTS,
            "impacts": [impact.value for impact in Impact],
            "next_states": {state.value: [one.value for one in after] for state, after in NEXT.items()},
        }


def api_path(path: str) -> str:
    """Where a page's values are found as JSON."""
    return f"/api/{path or 'overview'}"


def _leading(address: str) -> Answering:
    """Who typed a slash too many, or a button's address, comes to the page all the same."""

    async def answer(_: Asked) -> Response:
        return RedirectResponse(address, 303)

    return answer


def _template(path: str) -> str:
    return f"{path.replace('-', '_') or 'overview'}.html"


def _acted(act: Act) -> Answering:
    async def answer(asked: Asked) -> Response:
        done = await act(asked)
        return RedirectResponse(f"{ROOT}/{done.path}?said={done.word}", 303)

    return answer


def _json(read: Read) -> Answering:
    async def answer(asked: Asked) -> Response:
        return Response(orjson.dumps(await read(asked)), media_type="application/json")

    return answer

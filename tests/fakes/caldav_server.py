"""A CalDAV server over a real socket, scripted from the test: `async with FakeCaldav() as caldav`. It answers free-busy
queries the awkward way some servers do (unsorted, unmerged, folded), expands nothing, and fails as it is told.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from itertools import count

from tests.fakes.google_faults import Fault, FaultPlan
from tests.fakes.google_http import Answer, Connection, Request

REPORTS = {"free-busy-query": "freebusy", "sync-collection": "sync", "calendar-multiget": "multiget"}
METHODS = {"PUT": "put", "GET": "get", "DELETE": "delete", "PROPFIND": "zone"}
TIME = re.compile(r"(DTSTART|DTEND)(?:;[^:\r\n]*)?:(\d{8}T\d{6})Z")
NAMES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


class FakeCaldav:
    """The scripted server. `requests` holds every request in order, `counts` how many of each operation.

    `resources` holds what is stored, by path; `zone` is the collections' own time zone.
    """

    def __init__(self, collections: Iterable[str] = ("dana", "lee"), *, zone: str = "") -> None:
        self.collections = {f"/{name}/" for name in collections}
        self.zone = zone
        self.tells_etag_on_put = True
        self.resources: dict[str, tuple[str, str]] = {}
        self.faults = FaultPlan()
        self.requests: list[Request] = []
        self.counts: Counter[str] = Counter()
        self.connections: set[Connection] = set()
        self.port = 0
        self._numbers = count(1)
        self._changes: list[str] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "FakeCaldav":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._receive, self.connections), "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server is not None:
            self._server.close()
            for connection in list(self.connections):
                connection.close()
            await self._server.wait_closed()
            self._server = None

    def url(self, collection: str) -> str:
        """A calendar's address."""
        return f"http://127.0.0.1:{self.port}/{collection}/"

    async def asked(self, times: int, *operations: str) -> None:
        """Wait until each of these operations was asked for that many times."""
        while any(self.counts[operation] < times for operation in operations):  # noqa: ASYNC110 - a counter is no event
            await asyncio.sleep(0.01)

    def fail_next(self, operation: str, fault: Fault, times: int = 1) -> None:
        """The next requests of `operation` (put, get, delete, freebusy, query, find, sync, multiget, zone, `*`)."""
        self.faults.fail_next(operation, fault, times)

    def fail_always(self, operation: str, fault: Fault | None) -> None:
        self.faults.fail_always(operation, fault)

    def add(self, collection: str, resource: str, *lines: str) -> None:
        """An event of somebody else, from its lines."""
        self.store(f"/{collection}/{resource}", calendar_object(*lines))

    def store(self, path: str, text: str) -> str:
        """Put or change a resource; its new etag."""
        etag = f'"{next(self._numbers)}"'
        self.resources[path] = (etag, text)
        self._changes.append(path)
        return etag

    def remove(self, path: str) -> None:
        """Delete a resource."""
        del self.resources[path]
        self._changes.append(path)

    # --- serving -----------------------------------------------------------------------------------------------------

    def _receive(self, request: Request, connection: Connection) -> None:
        request.operation = _operation(request)
        self.counts[request.operation] += 1
        self.requests.append(request)
        fault = self.faults.take(request.operation, request.body)
        kind = fault.kind if fault else ""
        if fault is None:
            connection.send(self._serve(request))
        elif kind in ("reset", "close"):
            getattr(connection, kind)()
        elif kind == "status":
            body = fault.detail if isinstance(fault.detail, bytes) else b""
            connection.send(Answer(fault.status, body, fault.headers, "text/plain"))
        elif kind != "never":
            self._serve_badly(request, connection, fault)

    def _serve_badly(self, request: Request, connection: Connection, fault: Fault) -> None:
        """The request has its effect, or one that looks like it; how is it told?"""
        before = dict(self.resources)
        if fault.kind == "elsewhere":
            request.path = f"/{fault.detail}/{request.path.rsplit('/', 1)[-1]}"
        if fault.kind == "shifted":
            request.body = _shifted(request.body, int(fault.seconds))
        answer = self._serve(request)
        if fault.kind == "not_written":
            self.resources = before
        if fault.kind in ("not_written", "elsewhere", "shifted"):
            connection.send(answer)
        elif fault.kind == "commit_reset":
            connection.reset()
        elif fault.kind == "commit_status":
            connection.send(Answer(fault.status))
        elif fault.kind == "slow":
            asyncio.get_running_loop().call_later(fault.seconds, connection.send, answer)
        elif fault.kind == "drip":
            connection.drip(answer, fault.seconds)
        elif fault.kind == "body":
            connection.send(Answer(answer.status, fault.detail, answer.headers, answer.content_type))
        else:
            assert fault.kind == "commit_hang", fault.kind

    def _serve(self, request: Request) -> Answer:
        collection = request.path[: request.path.rfind("/") + 1]
        if collection not in self.collections:
            return Answer(409 if request.operation == "put" else 404)
        answer: Answer = getattr(self, f"_do_{request.operation}")(request, collection)
        return answer

    def _do_put(self, request: Request, collection: str) -> Answer:
        there = self.resources.get(request.path)
        if there and request.headers.get("if-none-match") == "*":
            return Answer(412)
        if request.headers.get("if-match", there and there[0]) != (there and there[0]):
            return Answer(412)
        etag = self.store(request.path, request.body.decode())
        return Answer(204 if there else 201, b"", (("ETag", etag),) if self.tells_etag_on_put else ())

    def _do_get(self, request: Request, collection: str) -> Answer:
        if request.path not in self.resources:
            return Answer(404)
        etag, text = self.resources[request.path]
        return Answer(200, text.encode(), (("ETag", etag),), "text/calendar; charset=utf-8")

    def _do_delete(self, request: Request, collection: str) -> Answer:
        there = self.resources.get(request.path)
        if request.headers.get("if-match", there and there[0]) != (there and there[0]):
            return Answer(412)
        if there is None:
            return Answer(404)
        self.remove(request.path)
        return Answer(204)

    def _do_freebusy(self, request: Request, collection: str) -> Answer:
        periods = [_span(text) for _, text in self._inside(collection, request)]
        listed = ",".join(f"{start}/{end}" for start, end in reversed([span for span in periods if span]))
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VFREEBUSY", *([f"FREEBUSY:{listed}"] if listed else [])]
        text = "\r\n".join(_folded(line) for line in [*lines, "END:VFREEBUSY", "END:VCALENDAR", ""])
        return Answer(200, text.encode(), (), "application/octet-stream")

    def _do_query(self, request: Request, collection: str) -> Answer:
        return self._listed(path for path, _ in self._inside(collection, request))

    def _do_find(self, request: Request, collection: str) -> Answer:
        uid = re.findall(rb"text-match>([^<]*)<", request.body)[0].decode()
        return self._listed(p for p, (_, text) in self._of(collection).items() if f"UID:{uid}" in text)

    def _do_multiget(self, request: Request, collection: str) -> Answer:
        return self._listed(re.findall(r"<D:href>([^<]*)</D:href>", request.body.decode()))

    def _do_sync(self, request: Request, collection: str) -> Answer:
        if request.headers["depth"] != "0":
            return Answer(400)
        token = re.findall(rb"sync-token>([^<]+)<", request.body)
        if token and not token[0].isdigit():
            return Answer(403, f"<error {NAMES}><valid-sync-token/></error>".encode(), (), "application/xml")
        changed = self._changes[int(token[0]) :] if token else list(self._of(collection))
        return self._listed(dict.fromkeys(changed), f"<sync-token>{len(self._changes)}</sync-token>", data=False)

    def _do_zone(self, request: Request, collection: str) -> Answer:
        named = f"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:{self.zone}\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
        told = f"<C:calendar-timezone>{named if self.zone else ''}</C:calendar-timezone>"
        body = f"<response><href>{collection}</href><propstat><prop>{told}</prop>{_OK}</propstat></response>"
        return _multistatus(body)

    def _listed(self, paths: Iterable[str], more: str = "", *, data: bool = True) -> Answer:
        body = ""
        for path in paths:
            if path not in self.resources:
                body += f"<response><href>{path}</href><status>HTTP/1.1 404 Not Found</status></response>"
                continue
            etag, text = self.resources[path]
            told = f"<getetag>{escape(etag)}</getetag>"
            told += f"<C:calendar-data>{escape(text)}</C:calendar-data>" if data else ""
            body += f"<response><href>{path}</href><propstat><prop>{told}</prop>{_OK}</propstat></response>"
        return _multistatus(body + more)

    def _of(self, collection: str) -> dict[str, tuple[str, str]]:
        return {path: kept for path, kept in self.resources.items() if path.startswith(collection)}

    def _inside(self, collection: str, request: Request) -> list[tuple[str, str]]:
        """What overlaps the range asked for; what has no plain UTC times always does."""
        first, last = re.findall(rb'time-range start="(\w+)" end="(\w+)"', request.body)[0]
        found = [(path, text) for path, (_, text) in self._of(collection).items()]
        spans = {path: _span(text) or (first.decode(), last.decode()) for path, text in found}
        return [(p, t) for p, t in found if spans[p][0] < last.decode() and spans[p][1] > first.decode()]


_OK = "<status>HTTP/1.1 200 OK</status>"


def calendar_object(*lines: str) -> str:
    """One event as a calendar object."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN", "BEGIN:VEVENT", "DTSTAMP:20290101T000000Z"]
    return "\r\n".join([*head, *lines, "END:VEVENT", "END:VCALENDAR", ""])


def _operation(request: Request) -> str:
    if request.method != "REPORT":
        return METHODS[request.method]
    name = re.findall(rb"<C?D?:?([a-z-]+) xmlns", request.body)[0].decode()
    return REPORTS.get(name) or ("find" if b"text-match" in request.body else "query")


def _multistatus(body: str) -> Answer:
    text = f'<?xml version="1.0" encoding="utf-8"?><multistatus {NAMES}>{body}</multistatus>'
    return Answer(207, text.encode(), (), "application/xml; charset=utf-8")


def _span(text: str) -> tuple[str, str] | None:
    times = dict(TIME.findall(text))
    return (f"{times['DTSTART']}Z", f"{times['DTEND']}Z") if len(times) == 2 else None


def _folded(line: str) -> str:
    return "\r\n ".join(line[at : at + 40] for at in range(0, len(line), 40))


def _shifted(body: bytes, seconds: int) -> bytes:
    def later(found: re.Match[str]) -> str:
        moment = datetime.strptime(found[2], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp() + seconds
        return f"{found[1]}:{datetime.fromtimestamp(moment, UTC):%Y%m%dT%H%M%S}Z"

    return TIME.sub(later, body.decode()).encode()

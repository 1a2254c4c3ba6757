"""A Google Calendar server over a real socket, scripted from the test: `async with FakeGoogle() as google`. For benches
it runs by itself: `python -m tests.fakes.google_calendar --port 9100 --latency-ms 40`.
"""

import argparse
import asyncio
import base64
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
import uvloop

from tests.fakes import google_faults as faults
from tests.fakes.google_faults import Fault, FaultPlan
from tests.fakes.google_http import Answer, Connection, Request
from tests.fakes.google_store import ApiError, GoogleStore, Json

PREFIX = "/calendar/v3/"
EVENT_OPERATIONS = {"GET": "get", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}
WRITES = frozenset({"insert", "patch", "update", "delete"})
RENAMED = {b'"busy"': b'"busyTimes"', b'"items"': b'"entries"', b'"id"': b'"eventId"', b'"start"': b'"begin"'}


class FakeGoogle:
    """The scripted server. `calendars` None makes calendars on demand; `needs_token` asks for a token of its own.

    `requests` holds every calendar request in order, `counts` how many of each operation, `token_requests` the grants.
    """

    def __init__(
        self,
        calendars: Iterable[str] | None = None,
        *,
        latency_s: float = 0.0,
        needs_token: bool = False,
        records: bool = True,
    ) -> None:
        self.store = GoogleStore(calendars)
        self.faults = FaultPlan()
        self.latency_s = latency_s
        self.needs_token = needs_token
        self.token_lifetime_s = 3600
        self.refresh_tokens = {"refresh-1"}
        self.valid_tokens: set[str] = set()
        self.token_requests: list[Json] = []
        self.requests: list[Request] = []
        self.counts: Counter[str] = Counter()
        self.channels: dict[str, Json] = {}
        self.connections: set[Connection] = set()
        self._records = records
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> "FakeGoogle":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 picks a free one, and the port of an earlier start is taken again."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._receive, self.connections), "127.0.0.1", port or self.port
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
            await asyncio.sleep(0)

    @property
    def url(self) -> str:
        """Scheme and host, as READBACK_GOOGLE_API_URL takes it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    def fail_next(self, operation: str, fault: Fault, times: int = 1) -> None:
        """The next `times` requests of `operation` (freebusy, insert, get, list, ..., `*`) meet `fault`."""
        self.faults.fail_next(operation, fault, times)

    def fail_always(self, operation: str, fault: Fault | None) -> None:
        self.faults.fail_always(operation, fault)

    def add_event(self, calendar: str, start: int, end: int, event_id: str = "", **fields: Any) -> Json:
        """Put an event of somebody else on the calendar; epoch seconds."""
        times = {"start": {"dateTime": _utc(start)}, "end": {"dateTime": _utc(end)}}
        given = {"id": event_id} if event_id else {}
        return self.store.insert(calendar, {"summary": "Somebody else's", **times, **given, **fields})

    def add_all_day(self, calendar: str, first: str, last: str, **fields: Any) -> Json:
        """Put an all-day event on the calendar; dates, the last one exclusive."""
        return self.store.insert(calendar, {"start": {"date": first}, "end": {"date": last}, **fields})

    def events(self, calendar: str) -> list[Json]:
        """What is stored on the calendar and not cancelled."""
        data = self.store.calendar(calendar)
        return [stored.item for stored in data.events.values() if not stored.cancelled]

    def forget_sync_tokens(self, calendar: str) -> None:
        """Every sync token given so far is answered with 410."""
        data = self.store.calendar(calendar)
        data.version += 1
        data.oldest_sync = data.version

    def revoke_tokens(self) -> None:
        """Every access token given so far is answered with 401."""
        self.valid_tokens.clear()

    # --- serving -----------------------------------------------------------------------------------------------------

    def _receive(self, request: Request, connection: Connection) -> None:
        _route(request)
        self.counts[request.operation] += 1
        if self._records and request.operation not in ("token", "stats"):
            self.requests.append(request)
        fault = self.faults.take(request.operation, request.body)
        if self.latency_s and request.operation != "stats":
            asyncio.get_running_loop().call_later(self.latency_s, self._act, request, connection, fault)
        else:
            self._act(request, connection, fault)

    def _act(self, request: Request, connection: Connection, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "never":
            return
        if kind in ("reset", "close"):
            getattr(connection, kind)()
        elif fault is not None and kind == "status":
            connection.send(_error(ApiError(fault.status, fault.reason, "Scripted"), fault.headers))
        else:
            self._answer(connection, self._serve(request, fault), fault)

    def _answer(self, connection: Connection, answer: Answer, fault: Fault | None) -> None:
        """The request has had its effect; how is it told?"""
        kind = fault.kind if fault else ""
        if fault is None or kind in ("not_written", "elsewhere", "shifted"):
            connection.send(answer)
        elif kind == "commit_reset":
            connection.reset()
        elif kind == "commit_status":
            connection.send(_error(ApiError(fault.status, fault.reason, "Scripted"), ()))
        elif kind == "slow":
            asyncio.get_running_loop().call_later(fault.seconds, connection.send, answer)
        elif kind == "drip":
            connection.drip(answer, fault.seconds)
        elif kind != "commit_hang":
            connection.send(_spoiled(answer, fault))

    def _serve(self, request: Request, fault: Fault | None) -> Answer:
        handler = getattr(self, f"_do_{request.operation}")
        try:
            if self.needs_token and request.operation not in ("token", "stats"):
                self._check_token(request)
            if fault is not None and request.operation in WRITES:
                return self._serve_oddly(request, fault)
            return handler(request)
        except ApiError as error:
            return _error(error, ())

    def _serve_oddly(self, request: Request, fault: Fault) -> Answer:
        """Writes that land somewhere else, at another time, or nowhere."""
        handler = getattr(self, f"_do_{request.operation}")
        if fault.kind == "not_written":
            data = self.store.calendar(request.calendar)
            events, version = dict(data.events), data.version
            answer: Answer = handler(request)
            data.events, data.version = events, version
            data.version += 1
            return answer
        if fault.kind == "elsewhere":
            request.calendar = fault.detail
            return handler(request)
        answer = handler(request)
        if fault.kind == "shifted":
            shown = orjson.loads(answer.body)
            stored = self.store.calendar(request.calendar).events[shown["id"]]
            stored.start += fault.seconds
            stored.end += fault.seconds
            for key, moment in (("start", stored.start), ("end", stored.end)):
                stored.item[key] = {"dateTime": _utc(int(moment))}
            if fault.detail:
                return _json(self.store.get(request.calendar, shown["id"]))
        return answer

    def _check_token(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.valid_tokens:
            raise ApiError(401, "authError", "Invalid Credentials")

    def _do_freebusy(self, request: Request) -> Answer:
        return _json(self.store.freebusy(_body(request)))

    def _do_insert(self, request: Request) -> Answer:
        return _json(self.store.insert(request.calendar, _body(request)))

    def _do_list(self, request: Request) -> Answer:
        return _json(self.store.list(request.calendar, request.query))

    def _do_get(self, request: Request) -> Answer:
        return _json(self.store.get(request.calendar, request.event_id))

    def _do_patch(self, request: Request) -> Answer:
        etag = request.headers.get("if-match", "")
        return _json(self.store.change(request.calendar, request.event_id, _body(request), etag, whole=False))

    def _do_update(self, request: Request) -> Answer:
        etag = request.headers.get("if-match", "")
        return _json(self.store.change(request.calendar, request.event_id, _body(request), etag, whole=True))

    def _do_delete(self, request: Request) -> Answer:
        self.store.delete(request.calendar, request.event_id, request.headers.get("if-match", ""))
        return Answer(204)

    def _do_watch(self, request: Request) -> Answer:
        asked = _body(request)
        if not str(asked.get("address", "")).startswith("https://"):
            raise ApiError(400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS")
        if asked["id"] in self.channels:
            raise ApiError(400, "channelIdNotUnique", "Channel id not unique")
        channel = {
            "kind": "api#channel",
            "id": asked["id"],
            "resourceId": f"resource-{request.calendar}",
            "expiration": str(int((time.time() + 7 * 86_400) * 1000)),
        }
        self.channels[asked["id"]] = {**channel, "token": asked.get("token"), "address": asked["address"]}
        return _json(channel)

    def _do_stop(self, request: Request) -> Answer:
        asked = _body(request)
        if self.channels.pop(asked.get("id"), None) is None:
            raise ApiError(404, "notFound", "Channel not found")
        return Answer(204)

    def _do_token(self, request: Request) -> Answer:
        asked = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
        grant = asked.get("grant_type", "")
        if grant.endswith("jwt-bearer"):
            asked["claims"] = _claims(asked["assertion"])
        self.token_requests.append(asked)
        if grant == "refresh_token" and asked.get("refresh_token") not in self.refresh_tokens:
            return _json({"error": "invalid_grant", "error_description": "Token has been revoked."}, 400)
        token = f"token-{len(self.token_requests)}"
        self.valid_tokens.add(token)
        return _json({"access_token": token, "expires_in": self.token_lifetime_s, "token_type": "Bearer"})

    def _do_stats(self, request: Request) -> Answer:
        counts = dict(self.counts)
        if request.method == "POST":
            self.counts.clear()
        return _json({**counts, "connections": len(self.connections)})

    def _do_unknown(self, request: Request) -> Answer:
        raise ApiError(404, "notFound", "Not Found")


def _route(request: Request) -> None:
    """Find operation, calendar and event id in the path."""
    request.operation = "unknown"
    if request.path in ("/token", "/stats"):
        request.operation = request.path[1:]
        return
    parts = [unquote(part) for part in request.path.removeprefix(PREFIX).split("/")]
    if not request.path.startswith(PREFIX):
        return
    if parts == ["freeBusy"] and request.method == "POST":
        request.operation = "freebusy"
    elif parts == ["channels", "stop"]:
        request.operation = "stop"
    elif len(parts) >= 3 and parts[0] == "calendars" and parts[2] == "events":
        request.calendar = parts[1]
        if len(parts) == 3:
            request.operation = {"POST": "insert", "GET": "list"}.get(request.method, "unknown")
        elif parts[3] == "watch":
            request.operation = "watch"
        else:
            request.event_id = parts[3]
            request.operation = EVENT_OPERATIONS.get(request.method, "unknown")


def _body(request: Request) -> Json:
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise ApiError(400, "parseError", "Parse Error") from None


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(value))


def _error(error: ApiError, headers: tuple[tuple[str, str], ...]) -> Answer:
    return Answer(error.status, orjson.dumps(error.body()), headers)


def _spoiled(answer: Answer, fault: Fault) -> Answer:
    """A success that does not say what it should."""
    if fault.kind == "body":
        return Answer(200, fault.detail, content_type="text/html")
    if fault.kind == "renamed":
        body = answer.body
        for right, wrong in RENAMED.items():
            body = body.replace(right, wrong)
        return Answer(answer.status, body)
    shown = orjson.loads(answer.body)
    if fault.kind == "calendar_errors":
        shown["calendars"][fault.detail] = {"errors": [{"domain": "global", "reason": fault.reason}], "busy": []}
    elif fault.kind == "calendar_missing":
        shown["calendars"].pop(fault.detail)
    elif fault.kind == "calendar_as":
        shown["calendars"][fault.reason] = fault.detail
    elif fault.kind == "item_as":
        item = shown["items"][0] if "items" in shown else shown
        item.update(fault.detail)
        for key in [key for key, value in fault.detail.items() if value is None]:
            del item[key]
    return _json(shown, answer.status)


def _claims(assertion: str) -> Json:
    """The claims of a JWT; the signature is not looked at."""
    middle = assertion.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


def _utc(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main(arguments: list[str]) -> None:
    """Serve until killed; prints one line with the address when ready."""
    parser = argparse.ArgumentParser(prog="tests.fakes.google_calendar", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--calendars", default="", help="comma-separated; filled with visits; others come on demand")
    parser.add_argument("--visits-per-day", type=int, default=5)
    parser.add_argument("--days", type=int, default=70)
    parser.add_argument("--p503", type=float, default=0.0)
    parser.add_argument("--reset", type=float, default=0.0)
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--slow-s", type=float, default=2.0)
    parser.add_argument("--never", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    uvloop.run(_serve_alone(parser.parse_args(arguments)))


async def _serve_alone(asked: argparse.Namespace) -> None:
    google = FakeGoogle(latency_s=asked.latency_ms / 1000, records=False)
    chances = [
        (asked.p503, faults.UNAVAILABLE),
        (asked.reset, faults.RESET),
        (asked.slow, faults.slow(asked.slow_s)),
        (asked.never, faults.NEVER),
    ]
    google.faults.by_chance(chances, {"freebusy", "list", "get"}, asked.seed)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for calendar in filter(None, asked.calendars.split(",")):
        for day in range(asked.days):
            for visit in range(asked.visits_per_day):
                start = midnight + timedelta(days=day, hours=14 + 2 * visit)
                google.add_event(calendar, int(start.timestamp()), int(start.timestamp()) + 3600)
    await google.start(asked.port)
    sys.stdout.write(f"{google.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])

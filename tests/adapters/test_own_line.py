"""The line to ourselves: what a platform would send, and every way an answer can be none."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.adapters.own_line import OwnLine, Proof, Way, way_in
from app.booking.store import SYNTHETIC_CALLER
from app.dialects import plain, vapi
from app.dialects.credentials import encoded
from app.errors import ConfigurationError
from app.watch.walk import NoAnswerError, Step
from tests.fakes.clock import FakeClock
from tests.fakes.recording_server import Fault, Recorded, RecordingServer
from tests.processes import free_port

LINE = "+15125550100"
TOLD = {"ok": True, "say": "There is no upcoming appointment for this number.", "appointments": []}
BEARER, SIGNED, PLAIN = Way(Proof.VAPI_SECRET, "one"), Way(Proof.VAPI_HMAC, "two"), Way(Proof.TOOLS_SECRET, "three")
CLOCK = FakeClock()


class Server(RecordingServer):
    """Answers like ours where no fault is due."""

    async def respond(self, request: Recorded, writer: Any) -> bool:
        if self.faults:
            return await super().respond(request, writer)
        if request.path == "/vapi":
            [call] = request.json["message"]["toolCallList"]
            body: Mapping[str, Any] = {"results": [{"toolCallId": call["id"], "result": json.dumps(TOLD)}]}
        else:
            body = TOLD
        return await self._answer(Fault(body=json.dumps(body).encode()), writer)


async def ask(server: RecordingServer, way: Way = BEARER, *, line: str = LINE, within_s: float = 20.0) -> Any:
    url = f"http://127.0.0.1:{server.port}"
    async with OwnLine(url, way, CLOCK, line=line, within_s=within_s) as own:
        return await own.ask("check_availability", {"service": "inspection"})


@pytest.mark.parametrize("way", [BEARER, SIGNED], ids=["bearer", "hmac"])
async def test_vapis_route_gets_a_message_that_proves_itself_and_names_no_call(way: Way) -> None:
    async with Server() as server:
        assert await ask(server, way) == TOLD
    [request] = server.requests
    secrets = vapi.Secrets(encoded(["one"]), encoded(["two"]))
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    proof = vapi.authenticate(headers, secrets, CLOCK.now())
    assert proof is True or (proof and vapi.signature_ok(proof, request.body, secrets, CLOCK.now()))
    asked = vapi.quick(request.body)
    assert asked is not None
    [call] = asked.calls
    assert (call.name, call.arguments) == ("check_availability", {"service": "inspection"})
    assert (call.ref.call_id, call.ref.caller, call.ref.lines) == (None, SYNTHETIC_CALLER, (LINE,))
    assert call.tool_call_id


@pytest.mark.parametrize("line", [LINE, ""])
async def test_the_plain_route_gets_an_envelope_that_names_no_call(line: str) -> None:
    async with Server() as server:
        assert await ask(server, PLAIN, line=line) == TOLD
        assert await ask(server, PLAIN, line=line) == TOLD
    first, second = server.requests
    assert (first.method, first.path) == ("POST", "/tools/check_availability")
    assert plain.authenticate(
        [(b"authorization", first.headers["authorization"].encode())], encoded(["three"]), CLOCK.now()
    )
    call, again = (plain.parse("check_availability", request.json, []) for request in (first, second))
    assert call.arguments == {"service": "inspection"}
    assert (call.ref.call_id, call.ref.caller, call.ref.lines) == (None, SYNTHETIC_CALLER, (line,) if line else ())
    assert call.tool_call_id != again.tool_call_id


def body(**answer: Any) -> Fault:
    return Fault(body=json.dumps(answer).encode())


def wrapped(result: Any) -> Fault:
    return body(results=[{"toolCallId": None, "result": result}])


@pytest.mark.parametrize(
    ("fault", "seen", "step"),
    [
        (Fault(status=401), "HTTP 401 for the first of READBACK_VAPI_SECRETS", Step.AUTHENTICATION),
        (Fault(status=403), "HTTP 403 for the first of READBACK_VAPI_SECRETS", Step.AUTHENTICATION),
        (Fault(status=502), "HTTP 502", None),
        (Fault(status=302, location="http://127.0.0.1:9/"), "HTTP 302", None),
        (Fault(reset=True), "connection lost", None),
        (Fault(body=b"<html>"), "an answer that is no JSON", None),
        (Fault(body=b"[]"), "an answer without its one result", None),
        (Fault(body=b"{}"), "an answer without its one result", None),
        (body(results=[]), "an answer without its one result", None),
        (wrapped(json.dumps(TOLD)), "an answer to another tool call", None),
        (Fault(body=b" " * 1_100_000), "an answer without end", None),
    ],
    ids=lambda value: None if isinstance(value, Fault) else str(value),
)
async def test_what_is_no_answer_says_what_was_seen(fault: Fault, seen: str, step: Step | None) -> None:
    async with Server(fault) as server:
        with pytest.raises(NoAnswerError, match=seen) as refused:
            await ask(server)
    assert refused.value.step is step


@pytest.mark.parametrize("told", [{"ok": "yes", "say": "Hm."}, {"ok": True}, {"ok": True, "say": ""}, ["ok"], 1])
async def test_what_no_model_could_say_is_no_result(told: Any) -> None:
    async with Server(Fault(body=json.dumps(told).encode())) as server:
        with pytest.raises(NoAnswerError, match="an answer that is no result of a tool"):
            await ask(server, PLAIN)


@pytest.mark.parametrize("fault", [Fault(wait_s=60), Fault(drip=True)], ids=["silent", "dripping"])
async def test_an_answer_that_does_not_come_is_not_waited_for(fault: Fault) -> None:
    async with Server(fault) as server:
        with pytest.raises(NoAnswerError, match=r"no answer within 0\.2 s"):
            await ask(server, within_s=0.2)


async def test_where_nobody_listens_the_connection_is_named() -> None:
    server = RecordingServer()
    server.port = free_port()
    with pytest.raises(NoAnswerError, match=f"cannot connect to http://127.0.0.1:{server.port}") as refused:
        await ask(server)
    assert refused.value.step is Step.CONNECTION


@pytest.mark.parametrize(
    ("vapi_secrets", "hmac", "tools", "way"),
    [
        (("new", "old"), ("h",), ("t",), Way(Proof.VAPI_SECRET, "new")),
        ((), ("h",), ("t",), Way(Proof.VAPI_HMAC, "h")),
        ((), (), ("t",), Way(Proof.TOOLS_SECRET, "t")),
    ],
)
def test_the_way_in_is_the_first_secret_there_is(
    vapi_secrets: tuple[str, ...], hmac: tuple[str, ...], tools: tuple[str, ...], way: Way
) -> None:
    assert way_in(vapi_secrets, hmac, tools) == way


def test_a_way_does_not_show_its_secret() -> None:
    assert "word-to-keep" not in repr(Way(Proof.VAPI_SECRET, "word-to-keep"))


def test_without_a_secret_it_is_wrong_use() -> None:
    with pytest.raises(ConfigurationError, match="READBACK_VAPI_SECRETS, READBACK_VAPI_HMAC_SECRETS, READBACK_TOOLS_"):
        way_in((), (), ())

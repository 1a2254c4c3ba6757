"""What every platform gets: the same tools, the same dispatch, the same words. A new one is one line in SPEAKERS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.calls.model import ToolCall, ToolResult
from app.errors import Code, SaidError
from app.watch import shapes
from app.web.server import build
from tests.calls.reception import Asked as Arguments
from tests.calls.reception import Reception, Script, reception
from tests.contracts.speakers import BEFORE, CALLER, KEYS, LINE, NOW, SPEAKERS, Asked, Speaker
from tests.fakes.web import House
from tests.processes import TLS

HELD = {"vapi", "retell", "elevenlabs", "bland", "telnyx"}
"""Platforms whose requests have a shape of their own; MCP and our own envelope are read by a schema, or are ours."""
ODD: dict[str, list[str]] = {"vapi": []}
"""What is said of a body that is a list; without a `message` it is none of Vapi's."""
LOOK_UP, CHANGE = Asked("look_up", {"what": "roof"}), Asked("make_change", {"what": "roof"})


class Watched:
    """A dispatcher that is asked, and remembered what for."""

    def __init__(self, reception: Reception) -> None:
        self.calls: list[ToolCall] = []
        self.both_came = asyncio.Event()
        self._reception = reception

    async def dispatch(self, calls: Any) -> list[ToolResult]:
        self.calls.extend(calls)
        if len(self.calls) > 1:
            self.both_came.set()
        return await self._reception.ask(*calls)


class Site:
    """The whole way: the doors, a real dispatcher on a real database, and scripted tools behind it."""

    def __init__(self, made: Reception) -> None:
        self.script, self.clock, self.watched = made.script, made.clock, Watched(made)
        secrets: dict[str, Any] = {"vapi_secrets": (NOW, BEFORE), "tools_secrets": (NOW, BEFORE)}
        self.secrets = {**secrets, "platform_keys": KEYS}
        self.tools = made.script.tools()
        self.client = self.open(**self.secrets)

    def open(self, **secrets: Any) -> httpx.AsyncClient:
        doors = House().doors(dispatcher=self.watched, clock=self.clock, tools=self.tools, **secrets)
        return httpx.AsyncClient(verify=TLS, transport=httpx.ASGITransport(build(doors)), base_url="http://127.0.0.1")

    async def ask(self, speaker: Speaker, asked: Asked) -> dict[str, Any]:
        """What the agent hears; whatever it is, it came as a success with words in it."""
        response = await self.client.send(speaker.request(replace(asked, at=self.clock.now())))
        assert response.status_code == 200, response.text
        told = speaker.heard(response)
        assert isinstance(told["ok"], bool)
        assert told["say"]
        return told


Enter = Callable[..., Awaitable[Site]]


@pytest.fixture
async def enter(sqlite_url: str) -> AsyncIterator[Enter]:
    opened: list[Any] = []

    async def made(script: Script | None = None, **options: Any) -> Site:
        opened.append(reception(sqlite_url, script, **options))
        return Site(await opened[-1].__aenter__())

    yield made
    for one in opened:
        await one.__aexit__(None, None, None)


every_speaker = pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda speaker: speaker.name)


@every_speaker
async def test_a_good_call_runs_once_and_is_heard(enter: Enter, speaker: Speaker) -> None:
    site = await enter()

    told = await site.ask(speaker, LOOK_UP)

    assert (told["ok"], told["say"], told["run"]) == (True, "roof 1", 1)
    [call] = site.watched.calls
    assert (call.ref.platform, call.ref.call_id, call.name) == (speaker.platform, "c1", "look_up")
    if speaker.name != "elevenlabs, envelope":
        assert (call.ref.caller, call.ref.lines) == (CALLER, (LINE,))
    assert (call.tool_call_id is not None) is speaker.has_ids


@every_speaker
async def test_what_came_is_held_against_its_declared_shape(enter: Enter, speaker: Speaker) -> None:
    site, held = await enter(), speaker.platform in HELD and speaker.method == "POST"
    shapes.forget()

    await site.ask(speaker, LOOK_UP)
    seen = {(each.shape.upstream, each.problem) for each in shapes.taken()}
    assert seen == ({(speaker.platform, "")} if held else set())

    if held:
        await site.client.send(speaker.request(replace(LOOK_UP, at=site.clock.now()), b"[7]"))
        assert [each.problem for each in shapes.taken()] == ODD.get(speaker.platform, ["it is list in place of object"])


@every_speaker
async def test_calls_at_the_same_time_each_get_their_own_answer(enter: Enter, speaker: Speaker) -> None:
    site = await enter()
    asked = [replace(LOOK_UP, arguments={"what": what}, id=what) for what in ("roof", "cellar", "attic")]

    told = await asyncio.gather(*(site.ask(speaker, one) for one in asked))

    assert [one["say"].split()[0] for one in told] == ["roof", "cellar", "attic"]


@every_speaker
async def test_the_same_request_sent_again_gets_the_first_outcome(enter: Enter, speaker: Speaker) -> None:
    site = await enter()
    first = await site.ask(speaker, CHANGE)
    site.clock.advance(2.0)

    again = await site.ask(speaker, CHANGE)
    by_a_new_id = await site.ask(speaker, replace(CHANGE, id="t2"))
    elsewhere = await site.ask(speaker, replace(CHANGE, call="c2", id="t3"))

    assert first == again == by_a_new_id
    assert site.script.runs == ["roof", "roof"], "once in this call, and once in the other"
    assert elsewhere["run"] == 2


@every_speaker
async def test_a_repetition_waits_for_the_first_that_is_under_way(enter: Enter, speaker: Speaker) -> None:
    site = await enter(Script(slow={"roof"}))
    both = [asyncio.ensure_future(site.ask(speaker, CHANGE)) for _ in range(2)]
    async with asyncio.timeout(60):
        await site.watched.both_came.wait()
    site.script.gate.set()

    assert (await both[0]) == (await both[1])
    assert site.script.runs == ["roof"]


OTHER = "+15125550999"
CLAIMED = {
    **dict.fromkeys(("phone", "from_number", "customer", "caller_id", "caller", "called_number", "line"), OTHER),
    **dict.fromkeys(("conversation_id", "call_id"), "c9"),
    "call": {"call_id": "c9", "from_number": OTHER, "to_number": OTHER},
}
"""Every word by which some platform says who calls."""

PACKED: tuple[dict[str, Any], ...] = (
    {},
    {"arguments": CLAIMED},
    {"args": CLAIMED},
    {"tool_name": "x", "parameters": CLAIMED},
)
"""And every way to look like a platform's own body."""


@every_speaker
async def test_who_calls_is_never_what_the_model_says(enter: Enter, speaker: Speaker) -> None:
    site = await enter()

    for packed in PACKED:
        asked = replace(LOOK_UP, arguments={"what": "roof", **CLAIMED, **packed}, at=site.clock.now())
        request = speaker.request(asked)
        withheld = "x-caller" in request.headers
        if withheld:
            request.headers["x-caller"] = "anonymous"

        assert (await site.client.send(request)).status_code == 200

        ref = site.watched.calls[-1].ref
        assert (ref.call_id, ref.caller, ref.lines) == ("c1", None if withheld else CALLER, (LINE,)), packed


@pytest.mark.parametrize("speaker", [one for one in SPEAKERS if one.method == "POST"], ids=lambda speaker: speaker.name)
async def test_a_body_that_is_not_json_is_refused_and_runs_nothing(enter: Enter, speaker: Speaker) -> None:
    site = await enter()

    for raw in (b"{", b"", b"\xff", b"what=roof"):
        response = await site.client.send(speaker.request(replace(LOOK_UP, at=site.clock.now()), raw))
        assert response.status_code == 400, raw
    assert not site.watched.calls


@every_speaker
async def test_arguments_that_are_wrong_are_said(enter: Enter, speaker: Speaker) -> None:
    site = await enter()

    told = await site.ask(speaker, replace(LOOK_UP, arguments={"size": "many"}))

    assert (told["ok"], told["code"]) == (False, "invalid_arguments")
    assert "size" in told["say"]
    assert not site.script.runs


@every_speaker
async def test_a_tool_nobody_has_is_said_with_those_there_are(enter: Enter, speaker: Speaker) -> None:
    told = await (await enter()).ask(speaker, Asked("order_pizza", {"what": "roof"}))

    assert (told["ok"], told["code"]) == (False, "unknown_tool")
    assert "look_up" in told["say"]


@every_speaker
async def test_a_name_in_camel_case_is_the_same_tool(enter: Enter, speaker: Speaker) -> None:
    assert (await (await enter()).ask(speaker, replace(LOOK_UP, tool="lookUp")))["ok"]


@every_speaker
async def test_whoever_proves_nothing_is_refused_before_the_body_is_read(enter: Enter, speaker: Speaker) -> None:
    site = await enter()
    asked = replace(LOOK_UP, at=site.clock.now())
    good = speaker.request(asked)
    bare = httpx.Request(speaker.method, good.url, content=good.read(), headers={"content-type": "application/json"})
    shut = site.open(vapi_secrets=(), tools_secrets=("",), platform_keys={})
    refused = [
        await site.client.send(bare),
        await site.client.send(speaker.request(replace(asked, secret="wrong"))),
        await site.client.send(speaker.request(replace(asked, secret="wrong"), b"{")),
        await site.client.send(speaker.request(replace(asked, secret=""), b"{")),
        await shut.send(good),
    ]

    assert [(r.status_code, r.content) for r in refused] == [(401, b'{"error":"unauthorized"}')] * 5
    assert not site.watched.calls


@every_speaker
async def test_the_secret_before_is_good_while_it_is_changed(enter: Enter, speaker: Speaker) -> None:
    assert (await (await enter()).ask(speaker, replace(LOOK_UP, secret=BEFORE)))["ok"]


@every_speaker
async def test_a_call_over_the_cap_is_told_so_in_every_tool(enter: Enter, speaker: Speaker) -> None:
    site = await enter(cap=1)

    admitted = await site.ask(speaker, LOOK_UP)
    over = await site.ask(speaker, replace(LOOK_UP, call="c2", id="t2"))
    within = await site.ask(speaker, replace(CHANGE, id="t3"))

    assert (admitted["ok"], over["ok"], over["code"], within["ok"]) == (True, False, "daily_cap", True)


@every_speaker
async def test_an_error_of_the_tool_is_said_in_its_own_words_and_any_other_in_ours(
    enter: Enter, speaker: Speaker
) -> None:
    def failing(arguments: Arguments, _run: int) -> ToolResult:
        if arguments.what == "roof":
            raise SaidError(Code.SLOT_TAKEN, "That time is gone.", slots=[])
        raise RuntimeError("secret detail")

    site = await enter(Script(answering=failing))

    said = await site.ask(speaker, LOOK_UP)
    other = await site.ask(speaker, replace(LOOK_UP, arguments={"what": "cellar"}, id="t2"))

    assert said == {"ok": False, "code": "slot_taken", "say": "That time is gone.", "slots": []}
    assert (other["ok"], other["code"]) == (False, "internal")
    assert "secret detail" not in str(other)

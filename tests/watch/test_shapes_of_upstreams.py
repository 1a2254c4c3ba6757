"""What upstreams answer, held against their shapes where it is read: as it should be, and as nobody declared it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from inspect import signature
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.adapters.breaker import Breaker
from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.adapters.crm_hubspot import CrmHubspot
from app.adapters.crm_webhook import CrmWebhook
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.adapters.google_credentials import GoogleCredentials, TokenError
from app.adapters.models import Access, ProviderModel, Providers
from app.adapters.pagerduty import PagerDuty
from app.adapters.twilio_carrier import TwilioAccount, TwilioCarrier
from app.adapters.vapi_records import VapiRecords
from app.booking.calendar import Event
from app.inference.model import Message, ModelError, ModelName, Question
from app.provisioning.platform import Kind, PlatformError
from app.sms.carrier import Outgoing
from app.watch import shapes
from app.watch.notify import Notice, Step
from tests.booking.copies import copy
from tests.fakes import google_faults as faults
from tests.fakes.caldav_server import FakeCaldav
from tests.fakes.clock import FakeClock
from tests.fakes.crm import CrmServer, Mishap
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.hubspot import TOKEN, FakeHubspot
from tests.fakes.model_server import ModelServer, answering
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.recording_server import Fault
from tests.fakes.twilio_server import ACCOUNT, FakeTwilio, refusing
from tests.fakes.twilio_server import TOKEN as TWILIO_TOKEN
from tests.fakes.vapi_records import KEY as VAPI_KEY
from tests.fakes.vapi_records import FakeVapi
from tests.fakes.webhook_receiver import KEY, WebhookReceiver

SPAN = (1_893_456_000, 1_893_459_600)
Ask = Callable[[], Awaitable[Any]]
Answers = Callable[[str], None]


@dataclass
class Upstream:
    """One that is up: `ask` has everything of it read that we read, `answers` has it answer so the next time."""

    ask: Ask
    answers: Answers


@asynccontextmanager
async def google() -> AsyncIterator[Upstream]:
    async with FakeGoogle(["dana"]) as server:
        server.add_event("dana", *SPAN, "visit00001")
        calendar = GoogleCalendar(GoogleOptions(api_url=server.url))
        await calendar.start()

        async def ask() -> None:
            await calendar.free(["dana"], *SPAN, within_s=2.0)
            await calendar.events("dana", *SPAN, within_s=2.0)
            await calendar.get("dana", "visit00001", within_s=2.0)

        yield Upstream(ask, lambda body: server.fail_always("*", faults.Fault("body", detail=body.encode())))
        await calendar.close()


@asynccontextmanager
async def google_writes() -> AsyncIterator[Upstream]:
    async with FakeGoogle(["dana"]) as server:
        calendar, numbers = GoogleCalendar(GoogleOptions(api_url=server.url)), count(1)
        await calendar.start()

        async def ask() -> None:
            number = next(numbers)
            visit, channel = Event(f"visit0000{number}", *SPAN, "Visit", "", "RB-1"), f"channel-{number}"
            await calendar.book("dana", visit, within_s=2.0)
            await calendar.move("dana", visit.id, SPAN, "", within_s=2.0)
            await calendar.cancel("dana", visit.id, "", within_s=2.0)
            await calendar.watch("dana", channel, "token", "https://us.example/changes", within_s=2.0)
            await calendar.unwatch(channel, "resource-dana", within_s=2.0)

        yield Upstream(ask, lambda body: server.fail_always("*", faults.Fault("body", detail=body.encode())))
        await calendar.close()


@asynccontextmanager
async def google_tokens(folder: Path) -> AsyncIterator[Upstream]:
    user = {"type": "authorized_user", "client_id": "id", "client_secret": "secret", "refresh_token": "refresh-1"}
    (folder / "user.json").write_text(json.dumps(user))
    async with FakeGoogle() as server:

        async def ask() -> None:
            credentials = GoogleCredentials(folder / "user.json", token_url=server.token_url, clock=FakeClock())
            await credentials.start()
            with suppress(TokenError):
                await credentials.token()
            await credentials.close()

        yield Upstream(ask, lambda body: server.fail_always("token", faults.Fault("body", detail=body.encode())))


@asynccontextmanager
async def caldav() -> AsyncIterator[Upstream]:
    async with FakeCaldav() as server:
        calendar, dana = CaldavCalendar(CaldavOptions()), server.url("dana")
        server.add("dana", "a.ics", "UID:a", "DTSTART:20300101T010000Z", "DTEND:20300101T020000Z")
        await calendar.start()
        yield Upstream(
            lambda: calendar.events(dana, *SPAN, within_s=5.0),
            lambda body: server.fail_always("query", faults.Fault("body", detail=body.encode())),
        )
        await calendar.close()


@asynccontextmanager
async def hubspot() -> AsyncIterator[Upstream]:
    async with FakeHubspot() as server:
        clock, visit = FakeClock(), copy()
        crm = CrmHubspot(server.url, TOKEN, Breaker(clock), clock)

        async def ask() -> None:
            for _ in range(2):
                await crm.upsert(visit, within_s=5.0)
            await crm.read(visit, within_s=5.0)

        yield Upstream(ask, lambda body: _mishap(server, body))
        await crm.aclose()


@asynccontextmanager
async def webhook() -> AsyncIterator[Upstream]:
    clock, visit = FakeClock(), copy()
    async with WebhookReceiver(clock.now) as server:
        crm = CrmWebhook(f"{server.url}/in", f"{server.url}/seen/{{booking}}", KEY, Breaker(clock), clock)

        async def ask() -> None:
            await crm.upsert(visit, within_s=5.0)
            await crm.read(visit, within_s=5.0)

        yield Upstream(ask, lambda body: _mishap(server, body))
        await crm.aclose()


@asynccontextmanager
async def twilio() -> AsyncIterator[Upstream]:
    async with FakeTwilio() as server:
        account = TwilioAccount(ACCOUNT, ACCOUNT, TWILIO_TOKEN, server.url, per_second=100)
        carrier = TwilioCarrier(account, Breaker(FakeClock()), FakeClock())
        server.mishaps.append(refusing(21610))

        async def ask() -> None:
            for number in range(2):
                await carrier.send(Outgoing(f"text-{number}", "+12125550101", "+12125550100", "Hello"))
            await carrier.sent(Outgoing("text-1", "+12125550101", "+12125550100", "Hello"), 0.0)

        def answers(body: str) -> None:
            server.mishaps += [
                Mishap(fault=Fault(status, body=body.encode())) for status in (400, HTTPStatus.CREATED, 200)
            ]

        yield Upstream(ask, answers)
        await carrier.aclose()


@asynccontextmanager
async def vapi() -> AsyncIterator[Upstream]:
    async with FakeVapi() as server:
        records, tool = VapiRecords(server.url, VAPI_KEY), server.has("tool", {"type": "function"})
        asks = (
            lambda: records.listed(Kind.TOOL),
            lambda: records.read(Kind.TOOL, tool),
            lambda: records.create(Kind.TOOL, {"type": "function"}),
            lambda: records.change(Kind.TOOL, tool, {"async": True}),
        )

        async def ask() -> None:
            for one in asks:
                with suppress(PlatformError):
                    await one()

        yield Upstream(ask, lambda body: _mishap(server, body))
        await records.aclose()


@asynccontextmanager
async def pagerduty() -> AsyncIterator[Upstream]:
    async with FakePagerDuty() as server:
        client, page = PagerDuty(server.api_url), Notice("0123456789abcdef", Step.RAISED, "It rings", "")
        yield Upstream(
            lambda: client.carry("pagerduty://R0ABCDEFGHIJKLMN", page),
            lambda body: server.faults.append(Fault(202, body=body.encode())),
        )
        await client.aclose()


@asynccontextmanager
async def model(provider: str) -> AsyncIterator[Upstream]:
    async with ModelServer(always=answering("hello")) as server:
        url = server.openai_url if provider == "openai" else server.anthropic_url
        providers = Providers({provider: Access(provider, None, url)})
        await providers.load()  # beside others it takes longer than a model is waited for
        asked = ProviderModel(ModelName(provider, "a-model"), providers)
        question = Question("You answer texts.", (Message("customer", "Hello?"),), (), {"type": "object"}, 100)

        async def ask() -> None:
            with suppress(ModelError):
                await asked.ask(question, 20.0)

        yield Upstream(ask, lambda body: server.script.turns.append(Fault(200, body=body.encode())))
        await providers.aclose()


def _mishap(server: CrmServer, body: str) -> None:
    server.mishaps += [Mishap(fault=Fault(200, body=body.encode()))] * 4


MULTISTATUS = '<multistatus xmlns="DAV:"><response><href>/dana/a.ics</href>{}</response></multistatus>'
CASES: dict[str, tuple[Callable[..., Any], set[str], str, set[str]]] = {
    "google": (
        google, {"freebusy.query", "events.list", "event in a list", "event"},
        json.dumps({"items": [{"id": 7, "start": {"dateTime": 9}, "end": {}}]}),
        {
            "calendars is missing",
            "id is number in place of text; start.dateTime is number in place of text",
            "id is missing; start is missing; end is missing",
        },
    ),
    "google, no JSON": (
        google, {"freebusy.query", "events.list", "event in a list", "event"}, "<html>",
        {"it is text in place of object"},
    ),
    "google, written": (
        google_writes, {"event", "events.watch", "deleted event or stopped channel"},
        json.dumps({"id": 7, "resourceId": 8}),
        {
            "id is number in place of text; start is missing; end is missing",
            "resourceId is number in place of text; expiration is missing",
            "it is other in place of object",
        },
    ),
    "google's tokens": (
        google_tokens, {"token"}, json.dumps({"token": "abc", "expires_in": "3600"}),
        {"access_token is missing"},
    ),
    "caldav": (
        caldav, {"multistatus"},
        MULTISTATUS.format("<propstat><prop><getetag>1</getetag></prop></propstat>"),
        {"multistatus.response[].propstat[].status is missing"},
    ),
    "caldav, no XML": (caldav, {"multistatus"}, "<html>", {"it is other in place of object"}),
    "hubspot": (
        hubspot, {"object", "list of objects", "tie of two objects"},
        json.dumps({"id": 7, "results": [{"properties": []}]}),
        {
            "id is number in place of text; properties is missing",
            "results[].id is missing; results[].properties is list in place of object",
        },
    ),
    "webhook": (
        webhook, {"event that was taken", "booking that was kept"},
        json.dumps({"event_id": 7, "revision": "1", "status": "confirmed", "start": None}),
        {
            "event_id is number in place of text",
            "revision is text in place of number; start is nothing in place of text; end is missing",
        },
    ),
    "twilio": (
        twilio, {"message", "list of messages", "refusal"},
        json.dumps({"id": "SM1", "status": "queued", "code": "21610", "messages": [{"sid": "SM1", "status": "sent"}]}),
        {
            "sid is missing",
            "code is text in place of number; message is missing",
            "messages[].direction is missing; messages[].to is missing; next_page_uri is missing; "
            "messages[].date_created is missing",
        },
    ),
    "vapi": (
        vapi, {"list of the API", "record of the API", "record that was written"},
        json.dumps({"uuid": "1", "updatedAt": 7}),
        {
            "records is object in place of list",
            "id is missing; updatedAt is number in place of text",
        },
    ),
    "vapi, no JSON": (
        vapi, {"list of the API", "record of the API", "record that was written"}, "<html>",
        {"records is other in place of list", "it is other in place of object"},
    ),
    "pagerduty": (pagerduty, {"event that was taken"}, "taken", {"it is other in place of object"}),
    "openai": (
        lambda: model("openai"), {"chat completion"},
        json.dumps({"choices": [{"message": {"content": [], "tool_calls": [{"id": "1", "function": {"name": "x"}}]}}]}),
        {
            "choices[].message.content is list in place of text; "
            "choices[].message.tool_calls[].function.arguments is missing; "
            "choices[].finish_reason is missing; usage is missing"
        },
    ),
    "anthropic": (
        lambda: model("anthropic"), {"message"},
        json.dumps({"content": [{"text": "Hello"}], "stop_reason": None, "usage": {"input_tokens": "5"}}),
        {
            "content[].type is missing; usage.input_tokens is text in place of number; "
            "usage.output_tokens is missing"
        },
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    shapes.forget()
    yield
    shapes.forget()


@pytest.mark.parametrize(("upstream", "paths", "odd", "problems"), CASES.values(), ids=CASES)
async def test_what_is_read_is_looked_at_and_a_change_is_found(
    upstream: Callable[..., Any], paths: set[str], odd: str, problems: set[str], tmp_path: Path
) -> None:
    async with upstream(*(tmp_path,) * ("folder" in signature(upstream).parameters)) as up:
        await up.ask()
        seen = shapes.taken()
        assert {each.shape.path for each in seen} == paths
        assert {each.problem for each in seen} == {""}

        up.answers(odd)
        await up.ask()
        found = {each.problem for each in shapes.taken() if each.problem}
        assert problems <= found, found

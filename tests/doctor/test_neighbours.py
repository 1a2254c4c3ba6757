"""The doctor on neighbours, each a server on a real socket: what it says of them well, ill, silent and strange."""

import asyncio
import json
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from app.main.doctor import State
from tests.doctor.examining import DEMO, finding
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.hubspot import TOKEN as HUBSPOT
from tests.fakes.hubspot import FakeHubspot
from tests.fakes.model_server import ModelServer, answering
from tests.fakes.recording_server import Fault, Recorded, RecordingServer
from tests.fakes.twilio_server import TOKEN, FakeTwilio
from tests.fakes.webhook_receiver import SECRET, WebhookReceiver


def crm_file(tmp_path: Path, crm: str) -> Path:
    file = tmp_path / "acme.toml"
    file.write_text(DEMO.read_text().replace("[businesses.acme]\n", f"[businesses.acme]\ncrm = {crm}\n", 1))
    return file


@pytest.mark.parametrize("name", ["redis", "heartbeat", "pager", "clock", "public address", "vapi", "twilio",
                                  "vapi settings", "vapi webhooks", "twilio webhooks",
                                  "google credentials", "caldav credentials"])  # fmt: skip
async def test_what_is_not_configured_is_left_out_with_a_reason(name: str) -> None:
    state, seen, _ = await finding(name, {})

    assert state is State.LEFT_OUT
    assert seen


@pytest.mark.parametrize(
    ("fault", "state", "said"),
    [
        (Fault(body=b"[]"), State.OK, "the key is taken"),
        (Fault(401, body=b"{}"), State.FAILED, "refused with 401"),
        (Fault(body=b"<html>"), State.FAILED, "200, not a list of assistants"),
        (Fault(500), State.FAILED, "500, not a list of assistants"),
        (Fault(reset=True), State.FAILED, "no answer ("),
        (Fault(body=b"x" * (2 << 20)), State.FAILED, "no answer (ValueError)"),
    ],
)
async def test_vapi_is_asked_with_the_key(fault: Fault, state: State, said: str) -> None:
    async with RecordingServer(always=fault) as server:
        url = f"http://127.0.0.1:{server.port}"
        found = await finding("vapi", {"VAPI_API_KEY": "private", "READBACK_VAPI_API_URL": url})

        assert found[0] is state
        assert found[1].startswith(said)
        assert server.requests[0].headers["authorization"] == "Bearer private"
        assert (server.requests[0].method, server.requests[0].path) == ("GET", "/assistant?limit=1")


@pytest.mark.parametrize(
    ("variables", "status", "state", "said"),
    [
        ({}, "active", State.OK, "the account is active"),
        ({}, "suspended", State.FAILED, "the account is not active"),
        ({"TWILIO_AUTH_TOKEN": "wrong"}, "active", State.FAILED, "TWILIO_AUTH_TOKEN: refused with 401"),
        ({"TWILIO_AUTH_TOKEN": ""}, "active", State.FAILED, "there is no token and no key"),
        ({"TWILIO_API_KEY": "SK1", "TWILIO_API_SECRET": "bad"}, "active", State.FAILED, "API_KEY: refused with 401"),
    ],
)
async def test_twilio_shows_the_account(variables: dict[str, str], status: str, state: State, said: str) -> None:
    async with FakeTwilio() as server:
        server.account_status = status
        found = await finding("twilio", {**server.variables, **variables})

    assert found[0] is state
    assert said in found[1]
    assert TOKEN not in found[1] + found[2]


@pytest.mark.parametrize("name", ["twilio", "twilio webhooks", "vapi", "public address"])
async def test_where_nobody_answers_it_is_the_way_there_that_is_to_be_looked_at(name: str) -> None:
    nobody = "http://127.0.0.1:9"
    twilio = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "READBACK_TWILIO_API_URL": nobody}
    vapi = {"VAPI_API_KEY": "k", "READBACK_VAPI_API_URL": nobody, "READBACK_PUBLIC_URL": nobody}
    state, seen, remedy = await finding(name, {**twilio, **vapi})

    assert (state, seen) == (State.FAILED, "no answer (ConnectError)")
    assert "DNS" in remedy
    assert ("READBACK_PUBLIC_URL" in remedy) == (name == "public address")


class Timed(RecordingServer):
    """Says what time it is, so many seconds off."""

    def __init__(self, off_s: float) -> None:
        super().__init__()
        self.off_s = off_s

    async def respond(self, request: Recorded, writer: asyncio.StreamWriter) -> bool:
        date = formatdate(time.time() + self.off_s, usegmt=True)
        writer.write(f"HTTP/1.1 404 x\r\ndate: {date}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        return True


@pytest.mark.parametrize(
    ("off_s", "state", "said"),
    [(0.0, State.OK, "within 1 s of"), (-20.0, State.OK, "s of that of Vapi"), (-120.0, State.FAILED, "ahead of"),
     (120.0, State.FAILED, "behind that of Vapi")],
)  # fmt: skip
async def test_the_clock_is_held_against_a_neighbours(off_s: float, state: State, said: str) -> None:
    async with Timed(off_s) as server:
        url = f"http://127.0.0.1:{server.port}"
        found = await finding("clock", {"VAPI_API_KEY": "k", "READBACK_VAPI_API_URL": url})

    assert found[0] is state
    assert said in found[1]


async def test_where_the_first_neighbour_is_silent_the_next_one_tells_the_time() -> None:
    async with Timed(0.0) as server:
        silent = {"TWILIO_ACCOUNT_SID": "AC1", "READBACK_TWILIO_API_URL": "http://127.0.0.1:9"}
        url = f"http://127.0.0.1:{server.port}"
        found = await finding("clock", {**silent, "VAPI_API_KEY": "k", "READBACK_VAPI_API_URL": url})
        assert (found[0], "of that of Vapi" in found[1]) == (State.OK, True)
        found = await finding("clock", silent)
        assert found[:2] == (State.LEFT_OUT, "no neighbour that tells the time answers")
    async with RecordingServer(always=Fault(404)) as server:
        timeless = {**silent, "READBACK_TWILIO_API_URL": f"http://127.0.0.1:{server.port}"}
        assert (await finding("clock", timeless))[:2] == (State.LEFT_OUT, "no neighbour tells the time with its answer")


@pytest.mark.parametrize(
    ("faults", "state", "said"),
    [
        ((Fault(body=b'{"status":"ok"}'), Fault()), State.OK, "and our secret is taken"),
        ((Fault(body=b'{"status":"ok"}'), Fault(401)), State.FAILED, "but our secret gets 401"),
        ((Fault(body=b"<html>parked</html>"),), State.FAILED, "not as a Readback does"),
        ((Fault(502),), State.FAILED, "/healthz answers 502"),
    ],
)
async def test_the_public_address_must_lead_to_this_installation(
    faults: tuple[Fault, ...], state: State, said: str
) -> None:
    async with RecordingServer(*faults) as server:
        url = f"http://127.0.0.1:{server.port}"
        found = await finding("public address", {"READBACK_PUBLIC_URL": url, "READBACK_TOOLS_SECRETS": "ours"})

    assert found[0] is state
    assert said in found[1]


async def test_a_crm_is_asked_for_a_booking_that_is_nowhere(tmp_path: Path) -> None:
    async with FakeHubspot() as server:
        file = crm_file(tmp_path, f'{{ kind = "hubspot", url = "{server.url}" }}')
        well = await finding("crm of acme", {"READBACK_CRM_SECRETS": f"acme={HUBSPOT}"}, file)
        ill = await finding("crm of acme", {"READBACK_CRM_SECRETS": "acme=pat-wrong"}, file)
        nothing = await finding("crm of acme", {}, file)

        assert well[:2] == (State.OK, "it answers, and takes our credentials")
        assert ill[0] is State.FAILED
        assert "it does not tell" in ill[1]
        assert nothing[0] is State.FAILED
        assert "READBACK_CRM_SECRETS has no secret" in nothing[1]
        assert server.account.meetings == server.account.contacts == {}


async def test_a_webhook_that_shows_nothing_is_only_reached(tmp_path: Path) -> None:
    async with WebhookReceiver(time.time) as server, RecordingServer(always=Fault(405)) as mute:
        shows = f'{{ kind = "webhook", url = "{server.url}/in", read_back_url = "{server.url}/seen/{{booking}}" }}'
        hides = f'{{ kind = "webhook", url = "http://127.0.0.1:{mute.port}/in" }}'
        secret = {"READBACK_CRM_SECRETS": f"acme={SECRET}"}

        told = await finding("crm of acme", secret, crm_file(tmp_path, shows))
        assert told[:2] == (State.OK, "it answers, and takes our credentials")
        told = await finding("crm of acme", secret, crm_file(tmp_path, hides))
        assert told[0] is State.OK
        assert "its receiver answers (405)" in told[1]
        mute.always = Fault(503)
        assert (await finding("crm of acme", secret, crm_file(tmp_path, hides)))[0] is State.FAILED


async def test_a_model_is_asked_only_where_money_may_be_spent() -> None:
    async with ModelServer() as server:
        variables = {
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": server.openai_url,
            "READBACK_GRADER_MODEL": "openai:tiny",
        }
        assert (await finding("model openai:tiny", variables))[0] is State.LEFT_OUT
        free = await finding("model openai:gpt-5-mini", variables)
        assert free[0] is State.LEFT_OUT
        assert server.requests == []

        server.script.always = answering("hello")
        asked = await finding("model openai:gpt-5-mini", variables, spend=True)
        assert asked[:2] == (State.OK, "it answers (1000 and 100 tokens)")

        server.script.always = Fault(401)
        assert (await finding("model openai:gpt-5-mini", variables, spend=True))[0] is State.FAILED


@pytest.mark.parametrize(("token", "state"), [("refresh-1", State.OK), ("revoked", State.FAILED)])
async def test_google_is_asked_for_a_token(token: str, state: State, tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    about = {"type": "authorized_user", "client_id": "c", "client_secret": "hidden", "refresh_token": token}
    key.write_text(json.dumps(about))
    async with FakeGoogle(needs_token=True) as server:
        variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(key), "READBACK_GOOGLE_TOKEN_URL": server.token_url}
        found = await finding("google credentials", variables)
        nothing = await finding("google credentials", {**variables, "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"})

    assert found[0] is state
    assert (found[1] == "Google gave a token") is (state is State.OK)
    assert "hidden" not in found[1]
    assert nothing[:2] == (
        State.FAILED,
        "GOOGLE_APPLICATION_CREDENTIALS: cannot read /nowhere: No such file or directory.",
    )


async def test_redis_is_written_and_read(redis_url: str) -> None:
    assert (await finding("redis", {"READBACK_REDIS_URL": redis_url}))[:2] == (State.OK, "written and read back")
    wrong = await finding("redis", {"READBACK_REDIS_URL": f"{redis_url}?nobody_knows=1"})
    assert wrong[:2] == (State.FAILED, "it does not take a key (TypeError)")
    away = await finding("redis", {"READBACK_REDIS_URL": "redis://:secret@127.0.0.1:1/0"})
    assert away[0] is State.FAILED
    assert "secret" not in away[1]

"""Pushing words into a live call, and where it is refused to push them."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from app import log
from app.adapters.vapi_api import LiveCall
from app.errors import ConfigurationError
from tests.fakes.recording_server import Fault
from tests.fakes.vapi_control import BROKEN, CALL_OVER, CUT, NEVER_DONE, VapiControl, redirect, slow

PAYLOADS = Path(__file__).parents[1] / "payloads" / "vapi"
HOSTS = ("*.vapi.ai", "control.example.com", "127.0.0.1", "localhost", "::1", "10.0.0.7")

ALLOWED = [
    "https://phone-call-websocket.aws-us-west-2-backend-production1.vapi.ai/7420f27a/control",
    "https://aws-us-west-2-production1-phone-call-websocket.vapi.ai/7420f27a/control?token=a%20b",
    "https://x.vapi.ai",
    "HTTPS://X.VAPI.AI/1/control",
    "https://x.vapi.ai:8443/1/control",
    "https://control.example.com/1",
    "https://10.0.0.7/1",
    "http://127.0.0.1:9000/1/control",
    "http://localhost:9000/1/control",
    "http://[::1]:9000/1/control",
    "http://[0:0:0:0:0:0:0:1]:9000/1/control",
]

REFUSED = [
    None,
    "",
    "nonsense",
    "//x.vapi.ai/1",
    "http://x.vapi.ai/1/control",
    "http://control.example.com/1",
    "http://10.0.0.7/1",
    "ftp://x.vapi.ai/1",
    "file:///etc/passwd",
    "https://vapi.ai/1",
    "https://evilvapi.ai/1",
    "https://vapi.ai.evil.com/1",
    "https://x.vapi.ai.evil.com/1",
    "https://evil.com/x.vapi.ai",
    "https://evil.com?x.vapi.ai",
    "https://evil.com#.vapi.ai",
    "https://.vapi.ai/1",
    "https://a..vapi.ai/1",
    "https://x.vapi.ai./1",
    "https://-x.vapi.ai/1",
    "https://user@x.vapi.ai/1",
    "https://user:password@x.vapi.ai/1",
    "https://x.vapi.ai@evil.com/1",
    "https://x.vapi.ai:443@evil.com/1",
    "https://@x.vapi.ai/1",
    "https://evil.com\\.vapi.ai/1",
    "https://evil.com\\@x.vapi.ai/1",
    "https:\\\\x.vapi.ai/1",
    "https://x.vapi.ai\\evil/1",
    "https://x.vapi.ai/1\\2",
    "https://x.vapi.ai/1 2",
    " https://x.vapi.ai/1",
    "https://x.vapi.ai/1\r\nHost: evil.com",
    "https://x.vapi.ai/1\n",
    "https://x\t.vapi.ai/1",
    "https://x.vapi.ai:0/1",
    "https://x.vapi.ai:70000/1",
    "https://x.vapi.ai:/1",
    "https://x.vapi.ai:44a/1",
    "https://ⓥapi.vapi.ai/1",
    "https://x.vapi。ai/1",
    "https://x.vapı.ai/1",
    "https://x%2evapi.ai/1",
    "https://evil.com%2f.vapi.ai/1",
    "https://169.254.169.254/latest/meta-data",
    "http://169.254.169.254/latest/meta-data",
    "http://2130706433:9000/1",
    "http://0x7f000001:9000/1",
    "http://0177.0.0.1:9000/1",
    "http://127.1:9000/1",
    "http://127.0.0.2:9000/1",
    "http://0.0.0.0:9000/1",
    "http://[::]:9000/1",
    "http://[::ffff:127.0.0.1]:9000/1",
    "http://[::ffff:7f00:1]:9000/1",
    "http://[fe80::1%25eth0]/1",
    "http://[]/1",
    "http://[127.0.0.1]x/1",
    "http://localhost.:9000/1",
    "http://sub.localhost:9000/1",
    "https://" + "a" * 5_000 + ".vapi.ai/1",
    "https://x.vapi.ai/" + "a" * 5_000,
]


@pytest.fixture
async def live():
    caller = LiveCall(HOSTS, deadline_s=5.0)
    yield caller
    await caller.aclose()


@pytest.mark.parametrize("url", ALLOWED)
async def test_a_listed_host_is_allowed(live: LiveCall, url: str) -> None:
    assert live.allows(url)


@pytest.mark.parametrize("url", REFUSED)
async def test_anything_else_is_refused_and_nothing_is_sent(live: LiveCall, url: str | None) -> None:
    assert not live.allows(url)
    assert not await live.say(url or "", "hello")


async def test_without_listed_hosts_nothing_is_allowed() -> None:
    live = LiveCall(())
    assert not any(live.allows(url) for url in ALLOWED)
    await live.aclose()


async def test_loopback_is_refused_unless_it_is_listed() -> None:
    live = LiveCall(("*.vapi.ai",))
    assert not live.allows("http://127.0.0.1:9000/1")
    assert not live.allows("https://localhost/1")
    await live.aclose()


@pytest.mark.parametrize(
    "host", ["x.vapi.ai:443", "https://x.vapi.ai", "*", "*.", "a.*.b", "x/y", "", "u@h", "127.1", "2130706433"]
)
def test_a_wrong_host_setting_is_refused_by_name(host: str) -> None:
    with pytest.raises(ConfigurationError, match="READBACK_VAPI_CONTROL_HOSTS"):
        LiveCall((host,))


async def test_deciding_takes_no_time_even_on_hostile_input(live: LiveCall) -> None:
    hostile = ["https://" + "a-" * 50_000, "https://" + "a." * 50_000, "https://[" + ":" * 50_000, "https://a/" * 9_999]
    started = time.perf_counter()
    assert not any(live.allows(url) for url in hostile)
    assert time.perf_counter() - started < 1.0


async def test_the_words_arrive_as_they_are_in_the_right_call(live: LiveCall) -> None:
    async with VapiControl() as vapi:
        assert await live.say(vapi.control_url("call-1"), "I have Tuesday at “nine”.")
        assert vapi.requests[0].path == "/call-1/control"
        assert vapi.requests[0].method == "POST"
        assert vapi.requests[0].headers["content-type"] == "application/json"
        assert vapi.bodies == [{"type": "say", "content": "I have Tuesday at “nine”.", "endCallAfterSpoken": False}]
        assert vapi.said("call-1") == ["I have Tuesday at “nine”."]
        assert vapi.bodies[0].keys() <= json.loads((PAYLOADS / "control" / "c01_say.json").read_text()).keys()


async def test_no_proxy_of_the_environment_sees_a_control_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    caller = LiveCall(HOSTS, deadline_s=5.0)
    async with VapiControl() as vapi:
        assert await caller.say(vapi.control_url(), "hello")
    await caller.aclose()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_success_status_is_delivered(live: LiveCall, status: int) -> None:
    async with VapiControl(Fault(status=status, body=b"")) as vapi:
        assert await live.say(vapi.control_url(), "hello")


@pytest.mark.parametrize("fault", [CALL_OVER, BROKEN, CUT, Fault(status=401), Fault(status=302)])
async def test_a_push_that_fails_is_tried_once_and_says_so(live: LiveCall, fault: Fault) -> None:
    async with VapiControl(always=fault) as vapi:
        assert not await live.say(vapi.control_url(), "hello")
        assert len(vapi.requests) == 1


async def test_a_push_that_is_not_answered_is_left_at_the_deadline_and_not_repeated() -> None:
    hasty = LiveCall(HOSTS, deadline_s=0.3)
    async with VapiControl(always=slow(30.0)) as vapi:
        started = time.perf_counter()
        assert not await hasty.say(vapi.control_url(), "hello")
        assert time.perf_counter() - started < 5.0
        assert len(vapi.requests) == 1
    await hasty.aclose()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(live: LiveCall, status: int) -> None:
    async with VapiControl() as elsewhere:
        there = Fault(status=status, location=elsewhere.control_url())
        async with VapiControl(there, redirect(elsewhere.control_url())) as vapi:
            assert not await live.say(vapi.control_url(), "hello")
            assert not await live.say(vapi.control_url(), "hello")
        assert elsewhere.requests == []


async def test_a_success_whose_body_never_ends_is_delivered_all_the_same(live: LiveCall) -> None:
    async with VapiControl(always=NEVER_DONE) as vapi:
        assert await live.say(vapi.control_url(), "hello")


async def test_a_huge_answer_is_not_read_to_its_end(live: LiveCall) -> None:
    async with VapiControl(Fault(body=b"x" * 30_000_000)) as vapi:
        assert await live.say(vapi.control_url(), "hello")


async def test_nobody_listening_is_false_and_not_an_exception(live: LiveCall) -> None:
    async with VapiControl() as vapi:
        url = vapi.control_url()
    assert not await live.say(url, "hello")


@pytest.mark.parametrize("text", ["", "   ", "\n"])
async def test_silence_is_not_pushed(live: LiveCall, text: str) -> None:
    async with VapiControl() as vapi:
        assert not await live.say(vapi.control_url(), text)
        assert vapi.requests == []


async def test_words_that_utf8_cannot_carry_do_not_raise(live: LiveCall) -> None:
    async with VapiControl() as vapi:
        assert await live.say(vapi.control_url(), "hello \ud800")


async def test_pushes_at_once_share_connections_and_all_arrive(live: LiveCall) -> None:
    async with VapiControl() as vapi:
        urls = [vapi.control_url(f"call-{number}") for number in range(40)]
        assert all(await asyncio.gather(*(live.say(url, "hello") for url in urls)))
        assert await live.say(vapi.control_url("last"), "hello")
        assert {request.path for request in vapi.requests} == {f"/call-{n}/control" for n in range(40)} | {
            "/last/control"
        }
        assert vapi.connections <= 40


async def test_an_order_to_transfer_is_the_documented_one(live: LiveCall) -> None:
    documented = json.loads((PAYLOADS / "control" / "c06_transfer_number.json").read_text())
    async with VapiControl() as vapi:
        assert await live.transfer(vapi.control_url("call-1"), "+15555550177", "Transferring your call now.")
        assert vapi.requests[0].path == "/call-1/control"
        assert vapi.bodies == [documented]
        assert vapi.transferred("call-1") == ["+15555550177"]


@pytest.mark.parametrize("fault", [CALL_OVER, BROKEN, CUT, redirect("http://127.0.0.1:1/x")])
async def test_an_order_that_is_not_taken_is_tried_once_and_says_so(live: LiveCall, fault: Fault) -> None:
    async with VapiControl(always=fault) as vapi:
        assert not await live.transfer(vapi.control_url(), "+15555550177", "One moment.")
        assert len(vapi.requests) == 1


async def test_no_order_goes_to_a_host_that_is_not_listed(live: LiveCall) -> None:
    assert not await live.transfer("https://evil.com/1/control", "+15555550177", "One moment.")


async def test_where_a_call_goes_does_not_reach_the_log(live: LiveCall, log_lines) -> None:
    async with VapiControl() as vapi:
        await live.transfer(vapi.control_url("secret-call"), "+15555550177", "One moment.")
    written = log_lines()
    assert "transfer" in written
    assert "0177" not in written
    assert "secret-call" not in written


async def test_neither_the_url_nor_the_words_reach_the_log(live: LiveCall, log_lines) -> None:
    async with VapiControl(Fault(), CALL_OVER) as vapi:
        await live.say(vapi.control_url("secret-call"), "Hello Dana")
        await live.say(vapi.control_url("secret-call"), "Hello Dana")
    written = log_lines()
    assert "delivered" in written
    assert "refused" in written
    assert "secret-call" not in written
    assert "Dana" not in written


@pytest.fixture
def log_lines(tmp_path):
    """What was logged so far, as one text."""
    path = tmp_path / "log"
    with path.open("wb") as stream:
        log.configure("info", stream)
        yield path.read_text
    log.configure("info")

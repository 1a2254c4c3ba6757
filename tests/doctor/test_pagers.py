"""The doctor on receivers of pages: reached without a word, and paged only when that is asked for."""

import asyncio

import pytest

from app.adapters.receivers import Address, address
from app.main.doctor import State
from app.main.doctor.pagers import AWAY
from tests.doctor.examining import finding
from tests.fakes.page_receiver import PageReceiver
from tests.fakes.recording_server import Fault

PAGERDUTY = "https://events.pagerduty.com"


@pytest.fixture
async def gone() -> str:
    """The notification URL of a receiver that was stopped."""
    async with PageReceiver() as receiver:
        return receiver.url


async def test_a_receiver_is_reached_without_a_word(gone: str) -> None:
    async with PageReceiver() as well:
        urls = {"READBACK_PAGE_URLS": f"{well.url},{gone}"}

        first, second = await asyncio.gather(finding("pager 1", urls), finding("pager 2", urls))

        assert first == (State.OK, "json://127.0.0.1/… can be reached; --page sends it a test page", "")
        assert second == (State.FAILED, "json://127.0.0.1/…: no connection (ConnectionRefusedError)", AWAY)
        assert well.requests == []


async def test_pagerduty_is_reached_where_it_is(gone: str) -> None:
    urls = {"READBACK_PAGE_URLS": "pagerduty://abcdefgh12345678"}
    async with PageReceiver() as server:
        there = urls | {"READBACK_PAGERDUTY_API_URL": f"http://127.0.0.1:{server.port}"}
        assert (await finding("pager", there))[0] is State.OK
    away = urls | {"READBACK_PAGERDUTY_API_URL": gone.replace("json:", "http:")}
    assert (await finding("pager", away))[:2] == (State.FAILED, "pagerduty://…: no connection (ConnectionRefusedError)")


async def test_a_test_page_is_sent_only_when_asked_for() -> None:
    async with PageReceiver() as well, PageReceiver(always=Fault(500)) as ill:
        urls = {"READBACK_PAGE_URLS": f"{well.url},{ill.url}"}

        assert (await finding("pager 1", urls, page=True))[:2] == (
            State.OK,
            "a test page was delivered to json://127.0.0.1/…",
        )
        assert [page.title for page in well.pages] == ["Test page of Readback"]
        assert (await finding("pager 2", urls, page=True))[:2] == (State.FAILED, "not delivered to json://127.0.0.1/…")


async def test_what_cannot_be_read_is_said_without_its_secrets() -> None:
    state, seen, remedy = await finding("pager", {"READBACK_PAGE_URLS": "nonsense://secret-token"})

    assert state is State.FAILED
    assert "secret-token" not in seen + remedy


async def test_where_only_a_page_shows_whether_it_arrives_nothing_is_said_to_work() -> None:
    state, seen, _ = await finding("pager", {"READBACK_PAGE_URLS": "ntfy://topic-as-good-as-a-token"})

    assert state is State.LEFT_OUT
    assert "topic" not in seen
    assert "--page" in seen


@pytest.mark.parametrize(
    ("url", "at"),
    [
        ("json://user:pw@host.example:8080/p", Address("host.example", 8080, tls=False)),
        ("jsons://host.example/p", Address("host.example", 443, tls=True)),
        ("jsons://host.example/p?verify=no", Address("host.example", 443, tls=False)),
        ("json://[::1]/p", Address("::1", 80, tls=False)),
        ("mailtos://u:p@mail.example.com:465?smtp=smtp.example.com", Address("smtp.example.com", 465, tls=False)),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", Address("api.telegram.org", 443, tls=True)),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", Address("hooks.slack.com", 443, tls=True)),
        ("pagerduty://abcdefgh12345678", Address("events.pagerduty.com", 443, tls=True)),
        ("matrixs://token-in-place-of-a-host", None),
        ("nonsense://x", None),
    ],
)
def test_a_host_is_never_taken_where_a_token_may_stand(url: str, at: Address | None) -> None:
    assert address(url, PAGERDUTY) == at

"""`POST /google/changes`: only who knows the channel's token may say that a calendar changed."""

from collections.abc import Callable

import httpx
import pytest

Ask = Callable[..., httpx.AsyncClient]

OURS = {"X-Goog-Channel-Id": "channel-1", "X-Goog-Channel-Token": "token-1", "X-Goog-Resource-State": "exists"}


class Channels:
    """Knows one channel; remembers who it believed."""

    def __init__(self) -> None:
        self.believed: list[str] = []
        self.error: Exception | None = None

    def changed(self, channel_id: str, token: str, resource_state: str) -> bool:
        if self.error:
            raise self.error
        if (channel_id, token) != ("channel-1", "token-1"):
            return False
        self.believed.append(resource_state)
        return True


async def test_a_known_channel_is_believed(ask: Ask) -> None:
    channels = Channels()
    response = await ask(google_changed=channels.changed).post("/google/changes", headers=OURS)
    assert (response.status_code, response.content) == (200, b"")
    assert channels.believed == ["exists"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        OURS | {"X-Goog-Channel-Token": "wrong"},
        OURS | {"X-Goog-Channel-Token": ""},
        OURS | {"X-Goog-Channel-Id": "channel-2"},
        {"X-Goog-Channel-Id": "channel-1"},
        {"Authorization": "Bearer vapi-secret"},
    ],
)
async def test_anybody_else_is_refused(ask: Ask, headers: dict[str, str]) -> None:
    channels = Channels()
    response = await ask(google_changed=channels.changed).post("/google/changes", headers=headers)
    assert (response.status_code, response.content) == (401, b'{"error":"unauthorized"}')
    assert not channels.believed


async def test_without_a_watched_calendar_there_is_no_such_route(ask: Ask) -> None:
    assert (await ask().post("/google/changes", headers=OURS)).status_code == 404


async def test_our_own_failure_asks_google_to_come_again(ask: Ask) -> None:
    channels = Channels()
    channels.error = RuntimeError("secret detail")
    response = await ask(google_changed=channels.changed).post("/google/changes", headers=OURS)
    assert (response.status_code, response.json()) == (500, {"error": "internal"})

"""What is live: sent when it changes, to a bounded number of readers, and it holds up nobody's end."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.audit.log import seal
from app.dashboard.live import BEAT_S, MOST_AT_ONCE, MOST_OF_SESSION, Live, event
from app.dashboard.session import Session
from app.db.engine import DatabaseUnavailableError
from app.db.once import committing
from app.watch.pages import Page, raised
from tests.dashboard.looking import dashboard, person, signed_in
from tests.flows.conftest import start as start
from tests.flows.running import Process


class Open:
    """A gate that lets every session go on until it is told otherwise."""

    still_there = True

    async def still(self, _: Session) -> bool:
        return self.still_there


def session(number: int) -> Session:
    return Session(f"s{number}", "Dana", 0, 0)


async def heard(response: httpx.Response, words: str) -> str:
    """Read until these words have come."""
    text = ""
    async with asyncio.timeout(60):
        async for part in response.aiter_text():
            text += part
            if words in text:
                return text
    raise AssertionError(text)


async def test_a_change_is_seen_without_loading_the_page_again(sqlite_url: str, tmp_path: Path) -> None:
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        async with dana.client.stream("GET", "/dashboard/live") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            await heard(response, "<h1")
        with committing(sqlite_url, seal) as transaction:
            raised(transaction, Page("calendar_down", "dana", "<b>Calendar down", "Body"), now=time.time())
        async with dana.client.stream("GET", "/dashboard/live") as response:
            text = await heard(response, "Calendar down")
    assert "data: " in text
    assert "<b>" not in text


async def test_readers_are_bounded_and_make_room_when_they_go() -> None:
    looks = 0

    async def look() -> str:
        nonlocal looks
        looks += 1
        return f"part {looks}\nof two"

    live = Live(look, Open())  # type: ignore[arg-type]  # all that is asked of a gate
    streams = [live.stream(session(n // MOST_OF_SESSION)) for n in range(MOST_AT_ONCE)]
    try:
        for stream in streams:
            assert (await anext(stream)).startswith(b"retry:")
            assert b"event: overview" in await anext(stream)
        assert live.open == MOST_AT_ONCE
        assert b"event: full" in await anext(live.stream(session(99)))
        assert b"data: of two" in event("overview", "part 1\nof two")
        await streams[0].aclose()
        late = live.stream(session(99))
        assert (await anext(late)).startswith(b"retry:")
        await late.aclose()
        live.stop()
        for stream in streams[1:]:
            assert [part async for part in stream if b"part" not in part] == []
        assert live.open == 0
        assert b"event: full" in await anext(live.stream(session(1)))
    finally:
        await live.stopped()
    assert looks <= 3


async def test_one_session_cannot_take_every_place() -> None:
    async def look() -> str:
        raise DatabaseUnavailableError("away")

    live = Live(look, Open())  # type: ignore[arg-type]  # as above
    streams = [live.stream(session(0)) for _ in range(MOST_OF_SESSION)]
    for stream in streams:
        assert (await anext(stream)).startswith(b"retry:")
    assert b"event: full" in await anext(live.stream(session(0)))
    assert (await anext(live.stream(session(1)))).startswith(b"retry:")
    live.stop()
    await live.stopped()


async def test_a_session_that_is_over_hears_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look() -> str:
        return "part"

    monkeypatch.setattr("app.dashboard.live.BEAT_S", 0.05)
    gate = Open()
    live = Live(look, gate)  # type: ignore[arg-type]  # as above
    stream = live.stream(session(0))
    assert [await anext(stream), await anext(stream), await anext(stream)][2] == b": still here\n\n"
    gate.still_there = False
    parts = [part async for part in stream]
    assert parts[-1].startswith(b"event: over")
    assert BEAT_S > 1
    await live.stopped()


async def test_whoever_has_it_open_does_not_hold_up_the_end(start: Callable[..., Process], sqlite_url: str) -> None:
    server = start(sqlite_url)
    async with person(server) as dana:
        assert (await dana.sign_in()).status_code == 303
        async with dana.client.stream("GET", "/dashboard/live") as response:
            await heard(response, "<h1")
            asked = time.monotonic()
            code = await asyncio.to_thread(server.stop)
            took_s = time.monotonic() - asked
    assert code == 0
    assert took_s < 8  # the server would wait eleven seconds for an answer that does not end

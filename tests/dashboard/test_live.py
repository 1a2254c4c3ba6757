"""What is live: sent when it changes, to a bounded number of readers, and it holds up nobody's end."""

import asyncio
import html
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from app.audit.log import seal
from app.dashboard.live import (
    AWAY,
    BEAT_S,
    FULL,
    HERE,
    MOST_AT_ONCE,
    MOST_OF_SESSION,
    OVER,
    SEVERAL,
    Live,
    digest,
    event,
)
from app.dashboard.routes import KEPT_OPEN
from app.dashboard.session import Session
from app.db.engine import DatabaseUnavailableError
from app.db.once import committing
from app.watch.pages import Page, raised
from tests.dashboard.filled import fill
from tests.dashboard.looking import PAGES, TOKEN, dashboard, person, signed_in
from tests.flows.conftest import start as start
from tests.flows.running import Process

PART = event(digest("part"), "part")


class Open:
    """A gate that lets every session go on until it is told otherwise."""

    still_there = True

    def form_token(self, session: Session) -> str:
        return f"token of {session.id}"

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
    fill(sqlite_url)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        async with dana.client.stream("GET", "/dashboard/live?of=") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            await heard(response, "<h1")
        with committing(sqlite_url, seal) as transaction:
            raised(transaction, Page("calendar_down", "lee", "<b>Other calendar down", "Body"), now=time.time())
        async with dana.client.stream("GET", "/dashboard/live?of=pages") as response:
            text = await heard(response, "Other calendar down")
        page = (await dana.look("pages")).text
        assert (await dana.client.get("/dashboard/live?of=flags")).status_code == 404
    assert "<b>" not in text
    assert TOKEN.findall(text)[0] == TOKEN.findall(page)[0]


async def test_every_page_that_is_kept_open_comes_live_as_it_was_loaded(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    async with dashboard(sqlite_url, tmp_path) as server, signed_in(server) as dana:
        for path in PAGES:
            page = (await dana.look(path)).text
            asked = re.findall(r'hx-sse:connect="([^"]+)"', page)
            assert bool(asked) == (path in KEPT_OPEN), path
            for address in asked:
                async with dana.client.stream("GET", html.unescape(address).partition("&has=")[0]) as response:
                    text = await heard(response, "\n\n")
                assert re.findall(r"<h[12].*", page)[-1] in text, path
                assert "<html" not in text


async def test_readers_are_bounded_and_make_room_when_they_go() -> None:
    looks = 0

    async def look(*_: object) -> str:
        nonlocal looks
        looks += 1
        return f"part {looks}\nof two for {live.place_of_token}"

    live = Live(look, Open())  # type: ignore[arg-type]  # all that is asked of a gate
    streams = [live.stream(session(n // MOST_OF_SESSION), "pages", {}, has="") for n in range(MOST_AT_ONCE)]
    try:
        for number, told in enumerate(await asyncio.gather(*map(anext, streams))):
            said = f"data: of two for token of s{number // MOST_OF_SESSION}\n\n"
            assert told.endswith(said.encode())
        assert live.open == MOST_AT_ONCE
        assert await anext(live.stream(session(99), "pages", {}, has="")) == FULL
        await streams[0].aclose()
        late = live.stream(session(99), "pages", {}, has="")
        assert b"data: part" in await anext(late)
        await late.aclose()
        live.stop()
        for stream in streams[1:]:
            assert [part async for part in stream if b"part" not in part] == []
        assert live.open == 0
        assert await anext(live.stream(session(1), "pages", {}, has="")) == FULL
    finally:
        await live.stopped()
    assert looks <= 3


async def test_one_session_cannot_take_every_place() -> None:
    async def look(*_: object) -> str:
        return "part"

    live = Live(look, Open())  # type: ignore[arg-type]  # as above
    streams = [live.stream(session(0), "", {}, has="") for _ in range(MOST_OF_SESSION)]
    for stream in streams:
        assert await anext(stream) == PART
    assert await anext(live.stream(session(0), "", {}, has="")) == SEVERAL
    assert await anext(live.stream(session(1), "", {}, has="")) == PART
    live.stop()
    await live.stopped()


async def test_nobody_is_sent_what_they_have_nor_what_is_older() -> None:
    parts = iter(["old", "new", "new"])
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def look(*_: object) -> str:
        part = next(parts)
        if part == "new":
            begun.set()
            await go_on.wait()
        return part

    live = Live(look, Open())  # type: ignore[arg-type]  # as above
    early = live.stream(session(0), "tasks", {}, has="")
    assert await anext(early) == event(digest("old"), "old")
    late = live.stream(session(1), "tasks", {}, has=digest("elsewhere"))
    has_it = live.stream(session(2), "tasks", {}, has=digest("new"))
    first, waiting = asyncio.create_task(anext(late)), asyncio.create_task(anext(has_it))
    await begun.wait()
    assert not first.done()
    go_on.set()
    assert await first == event(digest("new"), "new")
    live.stop()
    with pytest.raises(StopAsyncIteration):
        await waiting
    await live.stopped()


async def test_one_look_serves_all_who_see_the_same_and_ends_with_the_last() -> None:
    seen: list[tuple[str, str]] = []

    async def look(path: str, query: Mapping[str, str]) -> str:
        seen.append((path, query.get("show", "")))
        if path == "limits":
            raise DatabaseUnavailableError("away")
        return "part"

    live = Live(look, Open())  # type: ignore[arg-type]  # as above
    asked = [("bookings", {}), ("bookings", {"show": "doubted"}), ("bookings", {}), ("tasks", {})]
    streams = [live.stream(session(number), path, query, has="") for number, (path, query) in enumerate(asked)]
    await asyncio.gather(*map(anext, streams))
    waiting = asyncio.create_task(anext(live.stream(session(9), "limits", {}, has="")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sorted(seen) == [("bookings", ""), ("bookings", "doubted"), ("limits", ""), ("tasks", "")]
    waiting.cancel()
    await asyncio.wait({waiting})
    for stream in streams:
        await stream.aclose()
    assert live.open == 0
    await live.stopped()


async def test_while_nothing_can_be_looked_at_a_page_does_not_call_itself_live(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: asyncio.Queue[str | None] = asyncio.Queue()

    async def look(*_: object) -> str:
        found = await answers.get()
        if found is None:
            raise DatabaseUnavailableError("away")
        return found

    monkeypatch.setattr("app.dashboard.live.EVERY_S", 0.0)
    live = Live(look, Open())  # type: ignore[arg-type]  # as above
    stream = live.stream(session(0), "tasks", {}, has="")
    for found, told in (
        (["part"], PART),
        ([None], AWAY),
        ([None, "part"], HERE),
        (["other"], event(digest("other"), "other")),
    ):
        for answer in found:
            answers.put_nowait(answer)
        assert await anext(stream) == told
    await stream.aclose()
    await live.stopped()


async def test_a_session_that_is_over_hears_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(*_: object) -> str:
        return "part"

    monkeypatch.setattr("app.dashboard.live.BEAT_S", 0.05)
    gate = Open()
    live = Live(look, gate)  # type: ignore[arg-type]  # as above
    stream = live.stream(session(0), "", {}, has="")
    assert [await anext(stream), await anext(stream)][1] == b": still here\n\n"
    gate.still_there = False
    parts = [part async for part in stream]
    assert parts[-1] == OVER
    assert BEAT_S > 1
    await live.stopped()


async def test_whoever_has_it_open_does_not_hold_up_the_end(start: Callable[..., Process], sqlite_url: str) -> None:
    server = start(sqlite_url)
    async with person(server) as dana:
        assert (await dana.sign_in()).status_code == 303
        async with dana.client.stream("GET", "/dashboard/live?of=") as response:
            await heard(response, "<h1")
            asked = time.monotonic()
            code = await asyncio.to_thread(server.stop)
            took_s = time.monotonic() - asked
    assert code == 0
    assert took_s < 8  # the server would wait eleven seconds for an answer that does not end

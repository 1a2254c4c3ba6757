"""`/status` for people, programs and feed readers: its one sentence, hostile words, and what caches may do with it."""

import base64
import hashlib
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from app.watch.incidents import Impact, State
from app.watch.status import Copy, Line, Notice
from app.web.status_words import sentence

NOON = 1_795_003_500  # 2026-11-18T12:05:00Z
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;]]><!--</p></style></title>\x00\x0b"
FEED = "urn:uuid:7d2b0f9a-5c59-4d0a-9d5e-1f6a3f1c2b3d"
OURS = {
    "html", "head", "meta", "link", "title", "style", "body", "main", "h1", "h2", "h3", "article", "details",
    "summary", "strong", "ol", "li", "p", "time", "footer", "a",
}  # fmt: skip
ATOM = "{http://www.w3.org/2005/Atom}"


def notice(number: int = 1, **otherwise: Any) -> Notice:
    given: dict[str, Any] = {
        "id": f"{number:032x}",
        "title": "Texts arrive late",
        "parts": ("texts",),
        "impact": Impact.MINOR,
        "state": State.INVESTIGATING,
        "for_some": False,
        "opened_at": NOON - 3_600.0,
        "changed_at": NOON - 60.0 * number,
        "lines": (Line(NOON - 3_600.0, State.INVESTIGATING, "We are looking into it."),),
    }
    return Notice(**given | otherwise)


OVER = notice(2, state=State.RESOLVED)


class Shown:
    """A board that shows what it is given."""

    feed = FEED

    def __init__(self) -> None:
        self.shown = Copy((), (), NOON, reached=True)

    def copy(self) -> Copy:
        return self.shown


@pytest.fixture
def board() -> Shown:
    return Shown()


@pytest.fixture
def reader(board: Shown, ask: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return ask(status=board, public_url="https://readback.example/")


class Tags(HTMLParser):
    """Every tag and attribute of a page, and its text; tags must close in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in ("meta", "link"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    ("copy", "told", "word"),
    [
        (Copy((), (), NOON, True), "All is normal: no incident is open.", "normal"),
        (Copy((notice(),), (), NOON, True), "There is a problem with texts.", "minor"),
        (
            Copy((notice(), notice(3, impact=Impact.MAJOR, parts=("crm", "calls"))), (), NOON, True),
            "There is an outage with calls, texts and CRM.",
            "major",
        ),
        (Copy((notice(parts=(), for_some=True),), (), NOON, True), "There is a problem for some.", "minor"),
        (
            Copy((notice(impact=Impact.NONE),), (), NOON, True),
            "Everything works, and we are watching something.",
            "notice",
        ),
        (
            Copy((), (), NOON, False),
            "No incident was open, as of 18 Nov 2026, 12:05 UTC; we cannot reach our own records right now.",
            "unknown",
        ),
        (
            Copy((notice(),), (), NOON, False),
            "There is a problem with texts, as of 18 Nov 2026, 12:05 UTC; we cannot reach our own records right now.",
            "minor",
        ),
        (Copy(), "We cannot reach our own records right now, so we cannot say how things are.", "unknown"),
    ],
)
async def test_one_sentence_says_it_to_people_and_programs(
    board: Shown, reader: httpx.AsyncClient, copy: Copy, told: str, word: str
) -> None:
    board.shown = copy
    page, document = await reader.get("/status"), await reader.get("/status.json")
    assert sentence(copy) == told
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", page.text) == [told]
    assert (document.json()["sentence"], document.json()["status"]) == (told, word)
    assert {page.status_code, document.status_code} == {200 if copy.as_of else 503}


async def test_hostile_words_stay_words_and_leave_no_tag(board: Shown, reader: httpx.AsyncClient) -> None:
    lines = (Line(NOON, State.RESOLVED, HOSTILE + "\n" + HOSTILE),)
    hostile = {"title": HOSTILE, "lines": lines, "parts": (HOSTILE,)}
    board.shown = Copy((notice(**hostile),), (notice(2, **hostile),), NOON, True)

    page = Tags((await reader.get("/status")).text)
    assert page.tags <= OURS
    assert page.words.count("<script>alert(1)</script>") >= 8
    assert {name for name, _ in page.attributes} <= {
        "lang", "charset", "name", "content", "rel", "type", "title", "href", "class", "datetime",
    }  # fmt: skip
    assert {value for name, value in page.attributes if name == "href"} == {"/status.atom", "/status.json"}
    feed = ElementTree.fromstring((await reader.get("/status.atom")).content)  # noqa: S314 - it is our own
    for content in feed.iter(f"{ATOM}content"):
        inner = Tags(content.text or "")
        assert inner.tags <= {"p", "strong"}
        assert "<script>alert(1)</script>" in inner.words
    shown = (await reader.get("/status.json")).json()["open"][0]
    assert shown["title"] == HOSTILE


async def test_the_page_asks_nobody_for_anything_and_may_run_nothing(board: Shown, reader: httpx.AsyncClient) -> None:
    board.shown = Copy((notice(),), (OVER,), NOON, True)
    answer = await reader.get("/status")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in answer.text
    assert "://" not in answer.text
    assert "prefers-color-scheme:dark" in answer.text
    assert 'content="width=device-width,initial-scale=1"' in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"width:\s*\d{3,}px|<(table|pre|img)", answer.text), "nothing is wider than a small phone"


async def test_the_style_that_is_sent_is_the_one_that_is_allowed(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/status")
    [style] = re.findall(r"<style>(.*?)</style>", answer.text)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


async def test_times_are_utc_for_people_and_machines(board: Shown, reader: httpx.AsyncClient) -> None:
    board.shown = Copy((notice(),), (), NOON, True)
    page = (await reader.get("/status")).text
    assert '<time datetime="2026-11-18T11:05:00Z">18 Nov 2026, 11:05 UTC</time>' in page
    for machine in re.findall(r'datetime="([^"]+)"', page):
        assert datetime.fromisoformat(machine).utcoffset() is not None
    document = (await reader.get("/status.json")).json()
    assert (document["as_of"], document["open"][0]["opened_at"]) == ("2026-11-18T12:05:00Z", "2026-11-18T11:05:00Z")


async def test_the_feed_is_atom_with_ids_that_stay_and_times_that_move(board: Shown, reader: httpx.AsyncClient) -> None:
    board.shown = Copy((notice(),), (OVER,), NOON, True)
    answer = await reader.get("/status.atom")
    first = ElementTree.fromstring(answer.content)  # noqa: S314 - it is our own
    later = Line(NOON + 60.0, State.RESOLVED, "Over.")
    over = notice(state=State.RESOLVED, changed_at=NOON + 60.0, lines=(later,))
    board.shown = Copy((), (over, OVER), NOON + 60, True)
    second = ElementTree.fromstring((await reader.get("/status.atom")).content)  # noqa: S314 - it is our own

    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert first.tag == f"{ATOM}feed"
    for element in (first, *first.iter(f"{ATOM}entry")):
        for needed in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{needed}")) == 1
    assert first.find(f"{ATOM}author/{ATOM}name") is not None
    links = {link.get("rel"): link.get("href") for link in first.findall(f"{ATOM}link")}
    assert links == {
        "self": "https://readback.example/status.atom",
        "alternate": "https://readback.example/status",
    }
    ids = [[entry.findtext(f"{ATOM}id") or "" for entry in feed.iter(f"{ATOM}entry")] for feed in (first, second)]
    assert ids[0] == ids[1] == [uuid.UUID(int=1).urn, uuid.UUID(int=2).urn]
    assert first.findtext(f"{ATOM}id") == second.findtext(f"{ATOM}id") == FEED
    updated = [feed.findtext(f"{ATOM}entry/{ATOM}updated") for feed in (first, second)]
    assert updated == ["2026-11-18T12:04:00Z", "2026-11-18T12:06:00Z"]
    assert second.findtext(f"{ATOM}updated") == "2026-11-18T12:06:00Z"


async def test_a_feed_without_entries_is_one_and_one_that_is_not_known_asks_to_come_again(
    board: Shown, reader: httpx.AsyncClient
) -> None:
    feed = ElementTree.fromstring((await reader.get("/status.atom")).content)  # noqa: S314 - it is our own
    assert feed.findtext(f"{ATOM}updated") == "2026-11-18T00:00:00Z"
    board.shown = Copy()
    assert (await reader.get("/status.atom")).status_code == 503


@pytest.mark.parametrize("path", ["/status", "/status.json", "/status.atom"])
async def test_who_has_it_already_gets_nothing_more_for_as_long_as_it_is_true(
    board: Shown, reader: httpx.AsyncClient, path: str
) -> None:
    first = await reader.get(path)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=15"
    for named in (etag, f"W/{etag}", f'"other", {etag}'):
        again = await reader.get(path, headers={"If-None-Match": named})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["cache-control"] == "public, max-age=15"
    board.shown = Copy((notice(),), (), NOON, True)
    changed = await reader.get(path, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.headers["etag"] == etag) == (200, False)
    assert (await reader.head(path)).headers["etag"] == changed.headers["etag"]


async def test_what_is_left_out_is_counted(board: Shown, reader: httpx.AsyncClient) -> None:
    board.shown = Copy((notice(earlier=7),), (), NOON, True)
    assert "7 earlier updates are not shown." in (await reader.get("/status")).text
    assert (await reader.get("/status.json")).json()["open"][0]["earlier"] == 7


async def test_nobody_needs_to_be_let_in_and_nothing_can_be_written(reader: httpx.AsyncClient) -> None:
    assert (await reader.get("/status")).status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert (await reader.request(method, "/status")).status_code == 405

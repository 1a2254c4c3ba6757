"""The link in a page: shows by GET, acknowledges by POST, refuses what is forged, and keeps hostile text harmless."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest

from app.db.engine import Database
from app.watch import pages
from app.watch.acknowledging import Acknowledging
from app.watch.escalation import NEVER, Progress
from app.watch.links import link
from app.watch.outage_hand import KEY, KIND, PAGE_ID
from app.watch.pages import Kept, Page, Past
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened

SECRET = b"installation"
HOSTILE = "<script>alert(1)</script>\"'&amp;"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as started:
        yield started


class Outage:
    """What a process knows of a database that is away."""

    kept: Kept | None = None

    def standing(self) -> Kept | None:
        return self.kept

    def take(self, by: str) -> Kept | None:
        self.kept = self.kept and replace(self.kept, status="acknowledged", acknowledged_by=by)
        return self.kept


@pytest.fixture
def outage() -> Outage:
    return Outage()


@pytest.fixture
async def client(database: Database, ask: Callable[..., httpx.AsyncClient], outage: Outage) -> httpx.AsyncClient:
    clock = FakeClock()
    return ask(acknowledges=Acknowledging(database, SECRET, clock, lambda: None, outage))


async def raised(database: Database, title: str = "Read-back mismatch", key: str = "RB-1") -> str:
    await database.write(lambda t: pages.raised(t, Page("read_back", key, title, "b"), now=FakeClock().now() - 600))
    kept = await database.read(pages.listed)
    return next(k.id for k in kept if k.page.key == key)


async def status(database: Database, page_id: str) -> tuple[str, str]:
    kept = await database.read(lambda c: pages.found(c, page_id))
    assert kept is not None
    return kept.status, kept.acknowledged_by


async def test_looking_acknowledges_nothing_and_one_click_does(database: Database, client: httpx.AsyncClient) -> None:
    page_id = await raised(database)
    address = link(SECRET, "http://readback.test", page_id)

    for _ in range(3):
        shown = await client.get(address)
    assert shown.status_code == 200
    assert "Read-back mismatch" in shown.text
    assert "10 min ago" in shown.text
    assert "<form" in shown.text
    assert '<a href="/dashboard/pages#' in shown.text
    assert "script" not in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert await status(database, page_id) == ("open", "")

    clicked = await client.post(address, data={"by": "On call <1>"})
    assert clicked.status_code == 200
    assert "Acknowledged by On call &lt;1&gt; at 20" in clicked.text
    assert "<form" not in clicked.text
    assert await status(database, page_id) == ("acknowledged", "On call <1>")

    again = await client.post(address, data={"by": "Somebody else"})
    assert "Acknowledged by On call &lt;1&gt; at 20" in again.text
    assert await status(database, page_id) == ("acknowledged", "On call <1>")


async def test_a_resolved_page_says_so(database: Database, client: httpx.AsyncClient) -> None:
    page_id = await raised(database)
    await database.write(lambda t: pages.resolved(t, "read_back", "RB-1", now=FakeClock().now()))
    clicked = await client.post(link(SECRET, "http://readback.test", page_id))
    assert "Resolved at" in clicked.text
    assert await status(database, page_id) == ("resolved", "")


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("Dana", "Dana says that it is over."),
        ("readback: its day is over", "readback: its day is over."),
        (pages.SUPERSEDED, "another page tells of it."),
    ],
)
async def test_a_page_that_ended_otherwise_does_not_say_that_its_cause_is_gone(
    database: Database, client: httpx.AsyncClient, by: str, words: str
) -> None:
    page_id = await raised(database)
    await database.write(lambda t: pages.resolved(t, "read_back", "RB-1", now=FakeClock().now(), by=by))
    shown = await client.get(link(SECRET, "http://readback.test", page_id))
    assert words in shown.text
    assert "cause is gone" not in shown.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_not_signed_for_this_page_is_refused(
    method: str, database: Database, client: httpx.AsyncClient
) -> None:
    page_id, other = await raised(database), await raised(database, key="RB-2")
    token = link(SECRET, "x", other).partition("token=")[2]
    forged = link(b"another secret", "x", page_id).partition("token=")[2]
    for query in (
        "",
        "?token=",
        f"?token={token}",
        f"?token={forged}",
        "?token=%C3%A9",
        f"?{'a=1&' * 50}token={token}",
    ):
        refused = await client.request(method, f"/pages/{page_id}{query}")
        assert (refused.status_code, refused.json()) == (401, {"error": "unauthorized"})
    unknown = await client.request(method, link(SECRET, "http://readback.test", "0" * 32))
    assert unknown.status_code == 401
    assert await status(database, page_id) == ("open", "")


async def test_a_browser_with_a_broken_link_is_told_what_to_do(database: Database, client: httpx.AsyncClient) -> None:
    page_id = await raised(database)
    for path, status_code, words in (
        (f"/pages/{page_id}?token=cut-off", 401, "Open the newest message"),
        ("/pages", 404, "There is no such page"),
    ):
        shown = await client.get(path, headers={"Accept": "text/html,application/xhtml+xml"})
        assert (shown.status_code, shown.headers["content-type"]) == (status_code, "text/html; charset=utf-8")
        assert words in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert "RB-1" not in shown.text


async def test_times_are_told_with_their_age(database: Database, client: httpx.AsyncClient) -> None:
    page_id = await raised(database)
    shown = await client.get(link(SECRET, "http://readback.test", page_id))
    assert re.search(r"Raised \d{4}-\d\d-\d\d \d\d:\d\d UTC, \d+ (min|h) ago\.", shown.text)


async def test_an_outage_is_taken_while_no_database_has_it_and_told_of_afterwards(
    database: Database, client: httpx.AsyncClient, outage: Outage
) -> None:
    now, address = FakeClock().now(), link(SECRET, "http://readback.test", PAGE_ID)
    page = Page(KIND, KEY, "The database does not answer", "Cause: no route.")
    assert (await client.get(address)).status_code == 401, "there was none yet"
    outage.kept = Kept(PAGE_ID, page, "open", now, now, NEVER, Progress(), "open", "", now, "")
    assert (await client.post(address.replace("token=", "token=0"), data={"by": "Dana"})).status_code == 401
    shown = await client.get(address)
    assert ("Cause: no route." in shown.text, "<form" in shown.text) == (True, True)
    assert "Acknowledged by Dana" in (await client.post(address, data={"by": "Dana"})).text
    outage.kept = None
    past = Past(page, now - 60, Progress(), "Dana", now - 30)
    await database.write(lambda t: pages.written_down(t, past, now=now))
    for afterwards in (await client.get(address), await client.post(address, data={"by": "Lee"})):
        assert ("Resolved at" in afterwards.text, "<form" in afterwards.text) == (True, False)
    [kept] = await database.read(lambda c: pages.ended(c, None, 5))
    assert (kept.acknowledged_by, kept.acknowledged_at) == ("Dana", now - 30)
    await database.write(lambda t: pages.raised(t, page, now=now))  # what the database could keep after all
    assert "Acknowledged by Lee" in (await client.post(address, data={"by": "Lee"})).text


async def test_hostile_text_in_a_title_is_text(database: Database, client: httpx.AsyncClient) -> None:
    page_id = await raised(database, title=HOSTILE)
    shown = await client.get(link(SECRET, "http://readback.test", page_id))
    assert "<script" not in shown.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;amp;" in shown.text


async def test_an_overlong_form_is_refused(database: Database, client: httpx.AsyncClient) -> None:
    page_id = await raised(database)
    refused = await client.post(link(SECRET, "http://readback.test", page_id), data={"by": "x" * 5_000})
    assert refused.status_code == 413
    assert await status(database, page_id) == ("open", "")


async def test_the_page_tells_what_was_sent_and_none_of_it_is_markup(
    database: Database, client: httpx.AsyncClient
) -> None:
    body = f"The calendar says 10:00. {HOSTILE}\n\nSee it with: readback bookings show RB-1"
    await database.write(
        lambda t: pages.raised(t, Page("read_back", "RB-1", "Read-back mismatch", body), now=FakeClock().now())
    )
    [kept] = await database.read(pages.listed)
    address = link(SECRET, "http://readback.test", kept.id)
    for answer in (await client.get(address), await client.post(address)):
        assert "<p>See it with: readback bookings show RB-1</p>" in answer.text
        assert "<p>The calendar says 10:00. &lt;script&gt;" in answer.text
        assert "<script" not in answer.text

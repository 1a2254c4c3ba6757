"""The status page of a real server, opened from the command line, and read while the database is away."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.commanding import command
from tests.flows import books
from tests.flows.businesses import acme, written
from tests.flows.running import MovedClock, Process, environment, serving
from tests.flows.test_bad_database import gone

SHOWN_WITHIN_S = 20.0
AT_ONCE_S = 2.5
"""Also on a busy machine; a read of the database would be waited for longer."""
HALF_AN_HOUR_S = 1_800.0


async def comes(server: Process, words: str) -> httpx.Response:
    """The page, once it has these words; each answer comes at once, whatever the database does."""
    until = time.monotonic() + SHOWN_WITHIN_S
    while True:
        began = time.monotonic()
        answer = await server.get("/status")
        assert (answer.status_code, time.monotonic() - began < AT_ONCE_S) == (200, True)
        if words in answer.text:
            return answer
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.1)


async def test_an_incident_is_seen_by_everybody_also_when_the_database_is_gone_and_at_a_start_without_it(
    start: Callable[..., Process], postgres_url: str
) -> None:
    server = start(postgres_url)
    await comes(server, "All is normal: no incident is open.")
    opened = command(postgres_url, "incident", "open", "--title", "Texts <b>late</b>", "--parts", "texts")
    assert opened.returncode == 0, opened
    page = await comes(server, "There is a problem with texts.")
    assert "Texts &lt;b&gt;late&lt;/b&gt;" in page.text

    with gone(postgres_url):
        page = await comes(server, "UTC; we cannot reach our own records right now.")
        assert "There is a problem with texts, as of " in page.text
        assert "Texts &lt;b&gt;late&lt;/b&gt;" in page.text
        document = (await server.get("/status.json")).json()
        assert (document["status"], document["reached"], len(document["open"])) == ("minor", False, 1)
        assert (await server.get("/status.atom")).status_code == 200

        server.stop()
        server.start()  # it answers, and says the same
        page = await comes(server, "There is a problem with texts, as of ")
        assert "Texts &lt;b&gt;late&lt;/b&gt;" in page.text
        ready = await server.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"database": "down"})
        assert (await server.tool("check_availability", call_id="early"))["code"] == "internal"

    await comes(server, ">There is a problem with texts.<")
    assert (await server.tool("check_availability", {"service": "inspection"}))["ok"]
    assert [row["outcome"] for row in await books.audited(postgres_url, "early")] == ["internal"]
    name = opened.stdout.split()[1]
    assert command(postgres_url, "incident", "resolve", name, "--words", "They arrive again.").returncode == 0
    page = await comes(server, "All is normal: no incident is open.")
    assert "They arrive again." in page.text


async def test_a_server_that_starts_pages_about_an_update_that_fell_due_while_none_ran(
    sqlite_url: str, tmp_path: Path
) -> None:
    opened = command(sqlite_url, "incident", "open", "--title", "Texts are late", "--json")
    assert opened.returncode == 0, opened
    clock = MovedClock(time.time() + HALF_AN_HOUR_S)
    async with serving(environment(sqlite_url, written(tmp_path, acme())), clock):
        until = time.monotonic() + SHOWN_WITHIN_S
        while not (told := json.loads(command(sqlite_url, "pages", "list", "--json").stdout)):
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
    assert [(page["kind"], page["title"]) for page in told] == [
        ("incident_update_due", "Incident without an update: Texts are late")
    ]

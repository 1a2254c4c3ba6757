"""A process whose database is away when it starts: what each of its doors answers, who is paged, and how it goes on."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from app.clock import SystemClock
from app.db.away import DatabaseAwayError
from app.errors import ConfigurationError
from app.main import away, checked, work
from app.main.away import Waiting
from app.settings import load
from app.watch import database_page
from app.watch.outage_hand import Hand
from app.watch.pages import listed
from tests.fakes.databases import opened, soon
from tests.fakes.page_receiver import PageReceiver
from tests.flows import books
from tests.flows.businesses import ASSISTANT, PERSON, acme, written
from tests.flows.running import ADMIN_TOKEN, TOOLS_SECRET, VAPI_SECRET, environment, free_port
from tests.flows.speaking import arrival, message, new_call, results, tool_calls
from tests.nursery import begun

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
WHY = DatabaseAwayError("READBACK_DATABASE_URL: the database cannot be used (Connection refused).")


def never() -> str:
    raise AssertionError("the database is not there")


@asynccontextmanager
async def waiting(
    url: str, folder: Path, begin: Callable[[], str] = never, **variables: str
) -> AsyncIterator[tuple[httpx.AsyncClient, Waiting[str]]]:
    settings = load(environment(url, written(folder, acme(("embedded:dana",), f'person = "{PERSON}"')), **variables))
    made = Waiting(settings, checked(settings), SystemClock(), begin)
    app = made.application()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client,
    ):
        yield client, made


def there_once(asked: list[str]) -> Callable[[], str]:
    """A database that is away until something is in `asked`."""

    def begin() -> str:
        if not asked:
            raise WHY
        return "there"

    return begin


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with waiting(NOWHERE, tmp_path) as (client, _):
        yield client


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/healthz", 200, "ok"),
        ("/readyz", 503, '{"database":"down"}'),
        ("/status", 503, "so we cannot say how things are."),
        ("/status.json", 503, '"as_of":null'),
        ("/status.atom", 503, ""),
        ("/dashboard", 503, "The database does not answer"),
        ("/dashboard/bookings?show=all", 503, "The database does not answer"),
        ("/dashboard/sign-in", 503, "The database does not answer"),
        ("/api/overview", 503, "The database does not answer"),
        ("/pages/0123?token=x", 503, "We cannot reach our own records right now."),
        ("/calendars/0123.ics", 503, ""),
        ("/metrics", 200, "readback_queue_dropped_total"),
        ("/openapi.json", 200, "check_availability"),
        ("/nowhere", 404, ""),
    ],
)
async def test_every_page_answers_and_none_pretends(
    client: httpx.AsyncClient, path: str, status: int, said: str
) -> None:
    answer = await client.get(path, headers={"authorization": f"Bearer {ADMIN_TOKEN}"})
    assert answer.status_code == status
    assert said in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/vapi", "/tools/check_availability", "/retell/check_availability", "/mcp"])
async def test_a_stranger_is_refused_as_ever(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, json={})
    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})


TOOLS = [
    ("check_availability", {"service": "inspection"}),
    ("book_appointment", {"slot_id": "x", "customer_name": "Sam Rivera"}),
    ("find_appointments", {}),
    ("reschedule_appointment", {"reference": "RB-1", "slot_id": "x"}),
    ("cancel_appointment", {"reference": "RB-1"}),
    ("request_callback", {"reason": "ants"}),
    ("send_confirmation", {"reference": "RB-1"}),
    ("answer_question", {"question": "What does it cost?"}),
]


async def test_every_tool_says_that_it_cannot_be_done(client: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {VAPI_SECRET}"}
    asked = [(f"id-{name}", name, arguments) for name, arguments in TOOLS]
    answer = await client.post("/vapi", json=tool_calls(*asked, call_id=new_call()), headers=headers)
    for result in results(answer.json(), [identity for identity, _, _ in asked]):
        assert (result["ok"], result["code"]) == (False, "internal")
        assert "something went wrong on our side" in result["say"]

    answer = await client.post("/tools/nonsense", json={}, headers={"authorization": f"Bearer {TOOLS_SECRET}"})
    assert answer.json()["code"] == "unknown_tool"


async def test_who_wants_a_person_is_transferred(client: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {TOOLS_SECRET}"}
    answer = (await client.post("/tools/transfer_to_person", json={"reason": "ants"}, headers=headers)).json()
    assert (answer["ok"], answer["outcome"], answer["destination"]) == (True, "transferring", PERSON)


async def test_a_call_is_taken_and_put_through_and_a_report_acknowledged(client: httpx.AsyncClient) -> None:
    async def told(kind: str, **about: str) -> httpx.Response:
        body = message(kind, call_id=new_call(), **about)
        return await client.post("/vapi", json=body, headers={"authorization": f"Bearer {VAPI_SECRET}"})

    assert arrival((await told("assistant-request")).json())["assistantId"] == ASSISTANT
    assert (await told("transfer-destination-request")).json()["destination"]["number"] == PERSON
    assert (await told("end-of-call-report", endedReason="customer-ended-call")).status_code == 200


async def test_of_two_that_wait_one_pages_without_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_page, "PAGE_AFTER_S", 0.0)
    url = f"{NOWHERE}-{tmp_path.name}"
    async with (
        PageReceiver() as pages,
        waiting(url, tmp_path, READBACK_PAGE_URLS=pages.url),
        waiting(url, tmp_path, READBACK_PAGE_URLS=pages.url),
    ):
        await pages.wait_for(1, 20)
        await asyncio.sleep(0.5)  # the other one has asked as well by then
    [page] = pages.pages
    assert page.title.endswith("The database does not answer")
    assert "Connection refused" in page.body
    assert "READBACK_DATABASE_URL" in page.body


async def test_what_it_told_while_it_waited_is_written_down(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_page, "PAGE_AFTER_S", 0.0)
    monkeypatch.setattr(away, "ASK_EVERY_S", 0.01)
    asked: list[str] = []
    begin = there_once(asked)

    async with PageReceiver() as pages, waiting(sqlite_url, tmp_path, begin, READBACK_PAGE_URLS=pages.url) as (_, made):
        over = asyncio.Event()
        made.over = over.set
        await pages.wait_for(1, 20)
        asked.append("now")
        await over.wait()
    async with opened(sqlite_url) as database:
        [kept] = await database.read(lambda connection: listed(connection, all_of_them=True))
    assert (kept.page.kind, kept.status) == (database_page.KIND, "resolved")
    assert kept.raised_at < kept.changed_at


async def test_who_takes_it_by_the_command_is_not_told_again(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_page, "PAGE_AFTER_S", 0.0)
    monkeypatch.setattr(database_page, "QUIET_S", (0.2,))
    monkeypatch.setattr(away, "ASK_EVERY_S", 0.05)
    asked: list[str] = []
    begin = there_once(asked)

    async with PageReceiver() as pages, waiting(sqlite_url, tmp_path, begin, READBACK_PAGE_URLS=pages.url) as (_, made):
        over = asyncio.Event()
        made.over = over.set
        await pages.wait_for(2, 20)
        assert "`readback pages ack database`" in pages.pages[-1].body
        Hand(database_page.named(sqlite_url)).take("Dana", since=time.time(), now=time.time())
        await asyncio.sleep(0.5)
        told = len(pages.pages)
        await asyncio.sleep(1.0)
        assert len(pages.pages) == told
        asked.append("now")
        await over.wait()
    async with opened(sqlite_url) as database:
        [kept] = await database.read(lambda connection: listed(connection, all_of_them=True))
    assert (kept.status, kept.acknowledged_by) == ("resolved", "Dana")
    assert Hand(database_page.named(sqlite_url)).taken(0.0) is None


async def test_who_took_it_from_a_process_that_is_gone_is_asked_nothing_and_hears_of_its_end(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_page, "PAGE_AFTER_S", 0.0)
    monkeypatch.setattr(away, "ASK_EVERY_S", 0.05)
    now, turn = time.time(), database_page.Turn(sqlite_url)
    turn.take()
    turn.note(now - 300.0, now)
    turn.give_up()
    Hand(database_page.named(sqlite_url)).take("Dana", since=now - 300.0, now=now - 200.0)
    asked: list[str] = []
    begin = there_once(asked)
    async with PageReceiver() as pages, waiting(sqlite_url, tmp_path, begin, READBACK_PAGE_URLS=pages.url) as (_, made):
        over = asyncio.Event()
        made.over = over.set
        await asyncio.sleep(1.0)
        asked.append("now")
        await over.wait()
        await pages.wait_for(1, 20)
        assert [page.title for page in pages.pages] == ["Resolved: The database does not answer"]
    async with opened(sqlite_url) as database:
        [kept] = await database.read(lambda connection: listed(connection, all_of_them=True))
    assert (kept.status, kept.acknowledged_by) == ("resolved", "Dana")
    assert kept.raised_at <= kept.acknowledged_at < kept.changed_at


async def test_a_process_that_only_works_pages_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_page, "PAGE_AFTER_S", 0.0)
    file = written(tmp_path, acme(("embedded:dana",)))
    async with PageReceiver() as pages:
        settings = load(environment(f"{NOWHERE}-{tmp_path.name}", file, READBACK_PAGE_URLS=pages.url))
        working = asyncio.create_task(work(settings, SystemClock()))
        await pages.wait_for(1, 20)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        [page] = pages.pages
    assert page.title.endswith("The database does not answer")


@pytest.mark.parametrize("what", ["serve", "work"])
async def test_where_nobody_is_paged_the_log_says_so_before_the_database_is_there(tmp_path: Path, what: str) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    file, log = written(tmp_path, acme(("embedded:dana",))), tmp_path / "away.log"
    process = begun("app", [what], kept | environment(NOWHERE, file, READBACK_PORT=str(free_port())), log)
    try:
        await soon(lambda: log.exists() and "database_away" in log.read_text(), 60.0)
    finally:
        process.kill()
        process.wait()
    assert log.read_text().count("whatever goes wrong, nobody is told") == 1


async def test_it_goes_on_when_the_database_is_there_and_notes_what_was_asked_meanwhile(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "ASK_EVERY_S", 0.01)
    asked: list[str] = []
    over: list[bool] = []

    def begin() -> str:
        if not asked:
            raise WHY
        return "there"

    async with waiting(sqlite_url, tmp_path, begin) as (client, made):
        made.over = lambda: over.append(True)
        headers = {"authorization": f"Bearer {TOOLS_SECRET}"}
        body = {"call_id": "early", "arguments": {"service": "inspection"}}
        answer = await client.post("/tools/check_availability", json=body, headers=headers)
        assert answer.json()["code"] == "internal"
        assert not over
        asked.append("early")
        await soon(lambda: bool(over))
        assert made.begun() == "there"
    assert [row["outcome"] for row in await books.audited(sqlite_url, "early")] == ["internal"]


async def test_what_is_wrong_in_another_way_ends_the_waiting(sqlite_url: str, tmp_path: Path) -> None:
    def begin() -> str:
        raise ConfigurationError("READBACK_DATABASE_URL: the database belongs to another version.")

    over: list[bool] = []
    async with waiting(sqlite_url, tmp_path, begin) as (_, made):
        made.over = lambda: over.append(True)
        await soon(lambda: bool(over))
        with pytest.raises(ConfigurationError, match="another version"):
            made.begun()

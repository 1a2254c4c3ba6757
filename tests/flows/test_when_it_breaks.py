"""Each row of the policy page: its fault is injected, and what the caller gets and who learns of it is as it says."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.audit.log import seal
from app.booking import calendar_watch
from app.db.once import committing
from app.db.schema import pages, read_backs, text_outbox
from app.inference.grade import RINGS_AFTER
from app.inference.guard import Limits
from app.provisioning.book import Place, Step, applied, snapshot
from app.provisioning.platform import Key, Kind
from tests.fakes import google_faults as faults
from tests.fakes.databases import cut_off, executed, locked_by_another_process
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.model_server import ModelServer, answering
from tests.fakes.page_receiver import PageReceiver
from tests.fakes.redis import OwnRedis
from tests.fakes.twilio_server import FakeTwilio, signed_text
from tests.flows import books
from tests.flows.businesses import ACME_LINE, DANA, GOOGLE, PERSON, acme, written
from tests.flows.running import ROOT, MovedClock, Readback, environment, free_port, serving
from tests.flows.speaking import SAM, new_call, new_id

PAGE = ROOT / "infra" / "runbooks" / "when-it-breaks.md"
LEARNS_WITHIN_S = 60.0
ROW = re.compile(r"^\| `([a-z-]+)` [^|]*\| [^|]+ \| `(\w+)` \| (open|closed) \| [^|]+ \| `(\w+)` \|$", re.M)


@dataclass(frozen=True)
class Row:
    """What the page promises for one fault."""

    breaks: str
    answer: str
    fails: str
    learns_by: str


ROWS = {found[1]: Row(*found.groups()) for found in ROW.finditer(PAGE.read_text(encoding="utf-8"))}


@dataclass
class House:
    """One server to break, and what it stands on."""

    server: Readback
    url: str
    clock: MovedClock
    google: FakeGoogle
    before: dict[str, float]
    """The figures before anything broke: other servers were in this process, and are counted with it."""

    async def looked_up(self, **about: Any) -> dict[str, Any]:
        """A caller asks for times."""
        asked = (new_id(), "check_availability", {"service": "inspection", "date": "tomorrow"})
        [result] = await self.server.call(asked, call_id=new_call(), **about)
        return result

    async def booked(self, slot: dict[str, Any] | None = None) -> dict[str, Any]:
        """A caller books the first time offered, or this one."""
        slot = slot or (await self.server.offers(limit=1))[0]
        asked = (new_id(), "book_appointment", {"slot_id": slot["slot_id"], **SAM})
        [result] = await self.server.call(asked, call_id=new_call())
        return result

    async def learns(self, how: str) -> bool:
        """Whether a person learns of it: an alarm, a page in the database, a figure, or `/readyz`."""
        until = time.monotonic() + LEARNS_WITHIN_S
        while time.monotonic() < until:
            if await self._knows(how):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _knows(self, how: str) -> bool:
        figures = await self.server.figures()
        new = [series for series, value in figures.items() if value != self.before.get(series, 0.0)]
        if f'readback_alarms_total{{kind="{how}"}}' in new or any(series.startswith(how) for series in new):
            return True
        if (await self.server.get("/readyz")).json().get(how) in ("down", "degraded"):
            return True
        with contextlib.suppress(Exception):  # the database may be what is broken
            return bool(books.rows(self.url, pages, pages.c.kind == how))
        return False


@contextlib.asynccontextmanager
async def house(url: str, folder: Path, *lines: str, **variables: str) -> AsyncIterator[House]:
    clock = MovedClock(time.time())
    async with FakeGoogle([DANA]) as google:
        named = {"READBACK_GOOGLE_API_URL": google.url, "READBACK_AVAILABILITY_TTL_S": "0", **variables}
        text = acme(GOOGLE[:1], *lines)
        async with serving(environment(url, written(folder, text), **named), clock) as server:
            yield House(server, url, clock, google, await server.figures())


Break = Callable[[Row, pytest.FixtureRequest, Path], Awaitable[None]]
BREAKS: dict[str, Break] = {}


def breaks(name: str) -> Callable[[Break], Break]:
    def known(inject: Break) -> Break:
        BREAKS[name] = inject
        return inject

    return known


def holds(row: Row, result: dict[str, Any]) -> None:
    assert result.get("code", "ok") == row.answer, result
    assert result["say"]
    if row.fails == "closed":
        assert result["ok"] is False


@breaks("database")
async def database(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    url = request.getfixturevalue("postgres_url")
    async with house(url, folder, f'person = "{PERSON}"') as made:
        [slot] = await made.server.offers(limit=1)
        name = url.rsplit("/", 1)[1]
        with psycopg.connect(url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as server:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            try:
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
                holds(row, await made.booked(slot))
                connected = await made.server.tool("transfer_to_person", {"reason": "ants"})
                assert (connected["ok"], connected["destination"]) == (True, PERSON)
                assert (await made.server.get("/readyz")).status_code == 503
                assert await made.learns(row.learns_by)
            finally:
                server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        cut_off(url)
        assert books.booked(url) == []


@breaks("cap-counter")
async def cap_counter(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    url = request.getfixturevalue("sqlite_url")
    async with house(url, folder, "daily_call_cap = 1") as made:
        assert (await made.looked_up())["ok"]
        with locked_by_another_process(url):
            holds(row, await made.looked_up())
            assert await made.learns(row.learns_by)


@breaks("redis")
async def redis(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    with OwnRedis() as own:
        async with house(request.getfixturevalue("sqlite_url"), folder, READBACK_REDIS_URL=own.url) as made:
            assert (await made.looked_up())["ok"]
            own.kill()
            holds(row, await made.looked_up())
            assert await made.learns(row.learns_by)
            assert (await made.server.get("/readyz")).status_code == 200


@breaks("calendar")
async def calendar(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    request.getfixturevalue("monkeypatch").setattr(calendar_watch, "PAUSES_S", (0.5,))
    async with house(request.getfixturevalue("sqlite_url"), folder) as made:
        made.google.fail_always("freebusy", faults.UNAVAILABLE)
        result = await made.looked_up()
        holds(row, result)
        assert not result.get("slots")
        assert await made.learns(row.learns_by), "from one caller"
        made.google.fail_always("freebusy", None)
        over = (pages.c.kind == "calendar_silent", pages.c.status == "resolved")
        ended = await books.eventually(lambda: [page["title"] for page in books.rows(made.url, pages, *over)])
        assert ended == ["Calendar cannot be read: Dana at Acme Pest Control"]


@breaks("calendar-write")
async def calendar_write(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    variables = {"READBACK_TOOL_DEADLINE_MS": "2500"}
    async with house(request.getfixturevalue("sqlite_url"), folder, **variables) as made:
        [slot] = await made.server.offers(limit=1)
        made.google.fail_always("insert", faults.COMMIT_THEN_HANG)
        for reading in ("get", "list"):
            made.google.fail_always(reading, faults.UNAVAILABLE)
        result = await made.booked(slot)
        holds(row, result)
        assert result["outcome"] == "pending"
        made.clock.advance(400)
        assert await made.learns(row.learns_by)


@breaks("calendar-lie")
async def calendar_lie(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    variables = {"READBACK_READ_BACK_AFTER_S": "1"}
    async with house(request.getfixturevalue("sqlite_url"), folder, **variables) as made:
        result = await made.booked()
        holds(row, result)
        for event in made.google.events(DANA):
            made.google.store.delete(DANA, event["id"], "")
        assert await made.learns(row.learns_by)
        [page] = books.rows(made.url, pages, pages.c.kind == row.learns_by)
        assert page["title"].startswith("Read-back mismatch")
        assert result["reference"] in page["title"] + page["body"]


@breaks("calendar-blind")
async def calendar_blind(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    variables = {"READBACK_READ_BACK_AFTER_S": "1"}
    async with house(request.getfixturevalue("sqlite_url"), folder, **variables) as made:
        result = await made.booked()
        holds(row, result)
        for reading in ("get", "list"):
            made.google.fail_always(reading, faults.UNAVAILABLE)
        # It has been tried and found unreadable once, and is tried again by a clock far ahead.
        assert await books.eventually(lambda: books.rows(made.url, read_backs, read_backs.c.blind_since > 0))
        made.clock.advance(900)
        assert await made.learns(row.learns_by)


@breaks("crm")
async def crm(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    line = f'crm = {{ kind = "webhook", url = "http://127.0.0.1:{free_port()}/crm" }}'
    secret = {"READBACK_CRM_SECRETS": "acme=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    async with house(request.getfixturevalue("sqlite_url"), folder, line, **secret) as made:
        holds(row, await made.booked())
        assert await made.learns(row.learns_by)


@breaks("pager")
async def pager(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    async with PageReceiver() as second:
        receivers = f"json://127.0.0.1:{free_port()}/nobody,{second.url}"
        async with house(request.getfixturevalue("sqlite_url"), folder, READBACK_PAGE_URLS=receivers) as made:
            made.google.fail_always("insert", faults.FORBIDDEN)
            refused = await made.booked()
            made.google.fail_always("insert", None)
            assert refused["code"] == "calendar_unavailable"
            holds(row, await made.looked_up())
            await second.wait_for(1, LEARNS_WITHIN_S)
            assert await made.learns(row.learns_by)


@breaks("texting")
async def texting(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    url = request.getfixturevalue("sqlite_url")
    async with FakeTwilio() as twilio:
        away = twilio.variables | {"READBACK_TWILIO_API_URL": f"http://127.0.0.1:{free_port()}"}
        async with house(url, folder, **away) as made:
            content, headers = signed_text("Hello?", "SM01", "+15125550142", ACME_LINE)
            async with made.server.client("") as client:
                kept = await client.post("/twilio/sms", content=content, headers=headers)
            assert kept.status_code == 200
            holds(row, await made.looked_up())
            assert (await made.server.get("/readyz")).status_code == 200
            await books.eventually(lambda: books.rows(url, text_outbox, text_outbox.c.attempts > 0))
            made.clock.advance(700)
            assert await made.learns(row.learns_by)
    assert [text["state"] for text in books.rows(url, text_outbox)] == ["pending"]


@breaks("models")
async def models(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    url = request.getfixturevalue("sqlite_url")
    nobody = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1"}
    async with FakeTwilio() as twilio, house(url, folder, **twilio.variables, **nobody) as made:
        sent = 0
        async with made.server.client("") as client, asyncio.timeout(60.0):
            # The first ones may come before the libraries of models are loaded, and no model is asked.
            while executed(url, "SELECT count(*) FROM inferences") < [(Limits().least,)]:
                content, headers = signed_text("Hello?", f"SM{sent:02}", f"+1512555{sent:04}", ACME_LINE)
                assert (await client.post("/twilio/sms", content=content, headers=headers)).status_code == 200
                sent += 1
                await books.eventually(lambda wanted=sent: len(twilio.sent) >= wanted - Limits().least)
                await asyncio.sleep(0.1)
        holds(row, await made.looked_up())
        await books.eventually(lambda: len(twilio.sent) == sent)
        assert all("Home inspection" in said for _, said in twilio.sent)
        assert await made.learns(row.learns_by)


@breaks("grader")
async def grader(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    url = request.getfixturevalue("sqlite_url")
    async with ModelServer(always=answering("ask_what_else")) as replies, FakeTwilio() as twilio:
        named = {"READBACK_MODELS": "openai:big", "READBACK_GRADER_MODEL": "anthropic:tiny"}
        reached = {"OPENAI_BASE_URL": replies.openai_url, "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{free_port()}"}
        async with house(url, folder, **twilio.variables, **named, **reached) as made:
            answered: list[str] = []
            while answered.count("Is there anything else?") < RINGS_AFTER:
                # The first ones may come before the libraries of models are loaded, and are not answered by any.
                first, many = len(answered), RINGS_AFTER if "Is there anything else?" in answered else 1
                assert first < 3 * RINGS_AFTER
                async with made.server.client("") as client:
                    for number in range(first, first + many):
                        content, headers = signed_text("Thank you", f"SM{number:02}", f"+1512555{number:04}", ACME_LINE)
                        assert (await client.post("/twilio/sms", content=content, headers=headers)).status_code == 200
                await books.eventually(lambda wanted=first + many: len(twilio.sent) == wanted)
                answered = [said for _, said in twilio.sent]
            holds(row, await made.looked_up())
            assert await made.learns(row.learns_by)


@breaks("platform")
async def platform(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    variables = {"READBACK_FILLER_AFTER_MS": "50", "READBACK_VAPI_CONTROL_HOSTS": "127.0.0.1"}
    async with house(request.getfixturevalue("sqlite_url"), folder, **variables) as made:
        made.google.fail_always("freebusy", faults.slow(0.6))
        result = await made.looked_up(control_url=f"http://127.0.0.1:{free_port()}/control")
        holds(row, result)
        assert await made.learns(row.learns_by)


@breaks("job-engine")
async def job_engine(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    url = request.getfixturevalue("sqlite_url")
    await asyncio.to_thread(Path(url.removeprefix("sqlite:///") + ".jobs").mkdir)
    async with house(url, folder) as made:
        holds(row, await made.booked())
        assert await made.learns(row.learns_by)


@breaks("settings-watch")
async def settings_watch(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    url, place = request.getfixturevalue("sqlite_url"), Place("production", Key(Kind.TOOL, "check_availability"))
    with committing(url, seal) as transaction:
        step = Step("sam", time.time())
        applied(transaction, snapshot(transaction, place, "t1", {}, why="applied", step=step), {}, step)
    away = {"VAPI_API_KEY": "key", "READBACK_VAPI_API_URL": f"http://127.0.0.1:{free_port()}"}
    async with house(url, folder, READBACK_DRIFT_EVERY_S="1", **away) as made:
        holds(row, await made.looked_up())
        assert await made.learns(row.learns_by)
        assert (await made.server.get("/readyz")).status_code == 200


@breaks("clock")
async def clock(row: Row, request: pytest.FixtureRequest, folder: Path) -> None:
    async with house(request.getfixturevalue("sqlite_url"), folder) as made:
        [slot] = await made.server.offers(limit=1)
        made.clock.advance(3_600)
        result = await made.booked(slot)
        holds(row, result)
        assert result["slots"]
        assert books.booked(made.url) == []
        assert await made.learns(row.learns_by)


def test_every_row_has_its_fault_and_every_fault_its_row() -> None:
    assert set(ROWS) == set(BREAKS)
    assert PAGE.read_text(encoding="utf-8").count("| open |") + PAGE.read_text(encoding="utf-8").count(
        "| closed |"
    ) == len(ROWS), "a row is not of the form that the test reads"


@pytest.mark.parametrize("name", ROWS)
async def test_it_breaks_as_the_page_says(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    await BREAKS[name](ROWS[name], request, tmp_path)

"""Synthetic calls against the real server: nothing of them stays, nobody is bothered, and a broken way is paged."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.own_line import OwnLine, Proof, Way
from app.booking.store import SYNTHETIC_CALLER
from app.clock import SystemClock
from app.db.schema import calls, embedded_events, job_outbox
from app.errors import ConfigurationError
from app.main import application
from app.settings import load
from app.watch.walk import Errand, Step, walk
from tests.fakes import google_faults as faults
from tests.fakes.clock import FakeClock
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.page_receiver import PageReceiver
from tests.fakes.webhook_receiver import SECRET
from tests.flows import books
from tests.flows.businesses import ACME_LINE, EMBEDDED, ZENITH, acme, written
from tests.flows.running import TOOLS_SECRET, VAPI_SECRET, Process, environment, serving
from tests.nursery import Told, readback

TESS = "tess@acme.example"
HMAC_SECRET = "hmac-flow-secret-19f2"
CRM = 'crm = { kind = "webhook", url = "http://127.0.0.1:1/crm" }'
WAYS = [
    Way(Proof.VAPI_SECRET, VAPI_SECRET),
    Way(Proof.VAPI_HMAC, HMAC_SECRET),
    Way(Proof.TOOLS_SECRET, TOOLS_SECRET),
]
HOLDS, DOES_NOT_HOLD, WRONG_USE = 0, 1, 2
WITHIN_S = 60.0


def with_tess(calendar: str = "embedded:tess", *lines: str) -> str:
    """Acme with somebody who exists for tests only."""
    return f"""{acme(EMBEDDED, *lines)}
[[businesses.acme.services]]
id = "test-visit"
name = "Test visit"
minutes = 30

[[businesses.acme.technicians]]
id = "tess"
name = "Tess"
calendar = "{calendar}"
services = ["test-visit"]
"""


async def test_each_way_in_books_and_leaves_nothing_behind(sqlite_url: str, tmp_path: Path) -> None:
    file = written(tmp_path, with_tess("embedded:tess", CRM, "daily_call_cap = 1"), ZENITH)
    hmac = {"READBACK_VAPI_HMAC_SECRETS": HMAC_SECRET}
    async with serving(
        environment(sqlite_url, file, READBACK_JOBS="off", READBACK_CRM_SECRETS=f"acme={SECRET}", **hmac)
    ) as server:
        about = {"caller": SYNTHETIC_CALLER, "line": ACME_LINE}
        found = await server.tool("check_availability", {"service": "test-visit", "date": "tomorrow"}, **about)
        cut_off = {"slot_id": found["slots"][0]["slot_id"], "customer_name": "Synthetic call"}
        assert (await server.tool("book_appointment", cut_off, **about))["ok"]

        clock = FakeClock(time.time())

        async def pause(seconds: float) -> None:
            clock.advance(seconds)

        for way in WAYS:
            async with OwnLine(server.url, way, clock, line=ACME_LINE, within_s=20) as line:
                report = await walk(line, Errand("test-visit", "tess"), clock, pause=pause)
            assert report.holds, report
            left_over = [done.seen for done in report.steps if done.step is Step.LEFT_OVER]
            assert left_over == (["1 cancelled, 0 still being checked"] if way is WAYS[0] else [])

    assert books.booked(sqlite_url) == []
    assert books.rows(sqlite_url, embedded_events, embedded_events.c.cancelled.is_(False)) == []
    assert len(books.rows(sqlite_url, embedded_events)) == len(WAYS) + 1
    assert books.rows(sqlite_url, calls) == []
    assert {row["kind"] for row in books.rows(sqlite_url, job_outbox)} == {"read_back"}
    assert await books.unsound(sqlite_url) == []


async def test_a_way_that_is_broken_is_paged_and_the_page_ends_by_itself(
    start: Callable[..., Process], sqlite_url: str
) -> None:
    async with FakeGoogle([TESS]) as google, PageReceiver() as receiver:
        google.fail_always("freebusy", faults.FORBIDDEN)
        server = start(
            sqlite_url,
            with_tess(f"google:{TESS}"),
            READBACK_SYNTHETIC_EVERY_S="1",
            READBACK_SYNTHETIC_TECHNICIAN="acme/tess",
            READBACK_GOOGLE_API_URL=google.url,
            READBACK_PAGE_URLS=receiver.url,
        )
        said = "Synthetic call failed: Acme Pest Control"
        while said not in [page.title for page in receiver.pages]:
            await receiver.wait_for(len(receiver.requests) + 1, within_s=WITHIN_S)
        [page] = [page for page in receiver.pages if page.title == said]
        assert 'failed at "calendar": calendar_unavailable' in page.body
        assert 'The one before it failed at "calendar"' in page.body

        google.fail_always("freebusy", None)
        while f"Resolved: {said}" not in [page.title for page in receiver.pages]:
            await receiver.wait_for(len(receiver.requests) + 1, within_s=WITHIN_S)
        figures = await server.figures()
        server.stop()
        assert figures['readback_synthetic_calls_total{outcome="failed"}'] >= 2
        assert figures['readback_synthetic_calls_total{outcome="ok"}'] >= 1
        assert figures["readback_synthetic_call_seconds"] > 0
        assert len([page for page in receiver.pages if page.title == said]) == 1


def by_hand(server: Process, *options: str, **variables: str) -> Told:
    """`readback call` with the server's own environment, and these variables over it."""
    return readback("call", *options, **server.variables | variables)


def test_by_hand_it_shows_every_step_and_ends_with_what_holds(acme_server: Process) -> None:
    before = len(books.booked(acme_server.database_url))

    booked = by_hand(acme_server, READBACK_SYNTHETIC_TECHNICIAN="acme/dana")
    looked = by_hand(acme_server, "--json")
    refused = by_hand(acme_server, READBACK_VAPI_SECRETS="another-secret")

    assert booked.returncode == HOLDS, booked.stdout + booked.stderr
    steps = [line.split()[:2] for line in booked.stdout.splitlines()]
    assert steps[:-1] == [[step, "ok"] for step in ("authentication", "calendar", "book", "find", "cancel", "gone")]
    assert booked.stdout.splitlines()[-1].startswith("The call holds (")
    assert len(books.booked(acme_server.database_url)) == before
    told = json.loads(looked.stdout)
    assert (looked.returncode, told["holds"], told["failed"], told["url"]) == (HOLDS, True, None, acme_server.url)
    assert [step["step"] for step in told["steps"]] == ["authentication", "calendar"]
    assert refused.returncode == DOES_NOT_HOLD
    assert "HTTP 401 for the first of READBACK_VAPI_SECRETS" in refused.stdout
    assert "another-secret" not in refused.stdout + refused.stderr


def test_by_hand_the_public_address_wins_and_no_secret_is_wrong_use(acme_server: Process) -> None:
    elsewhere = by_hand(acme_server, "--json", READBACK_PUBLIC_URL="http://127.0.0.1:1")
    no_secret = by_hand(acme_server, READBACK_VAPI_SECRETS="", READBACK_TOOLS_SECRETS="")

    assert elsewhere.returncode == DOES_NOT_HOLD
    assert json.loads(elsewhere.stdout)["failed"] == "connection"
    assert no_secret.returncode == WRONG_USE
    assert no_secret.stderr.startswith("A synthetic call has no secret to be let in with")
    assert len(no_secret.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"READBACK_SYNTHETIC_TECHNICIAN": "acme/nobody"}, 'READBACK_SYNTHETIC_TECHNICIAN names "nobody"'),
        ({"READBACK_SYNTHETIC_LINE": "+15125550999"}, "READBACK_SYNTHETIC_LINE is +15125550999"),
        ({"READBACK_SYNTHETIC_EVERY_S": "60", "READBACK_VAPI_SECRETS": "", "READBACK_TOOLS_SECRETS": ""},
         "A synthetic call has no secret"),
    ],
)  # fmt: skip
def test_a_call_that_could_not_be_made_is_said_at_the_start(
    variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    settings = load(environment(f"sqlite:///{tmp_path}/x.db", written(tmp_path, with_tess()), **variables))

    with pytest.raises(ConfigurationError) as refused:
        application(settings, SystemClock())

    assert str(refused.value).startswith(said)

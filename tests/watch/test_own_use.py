"""What processes count of their own limits: the most at once, of the one nearest its end, or of all together."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from app.clock import SystemClock
from app.db.engine import Database
from app.db.schema import figure_samples, inferences, model_spend
from app.main import checked
from app.main.limit_counts import month_ends
from app.main.limit_use import Counting
from app.main.limits_built_in import ROWS
from app.main.own_use import LIVE, counted_lately, own_counts
from app.main.server import Server
from app.settings import Settings, load
from app.watch.figure_counts import Counting as Figures
from app.watch.limits import Forecast, near
from app.watch.own_use import OwnUse, own_uses
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.flows.businesses import acme, written
from tests.flows.running import environment
from tests.watch.test_limits import limit

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


def everything(url: str, folder: Path, **more: str) -> Settings:
    business = acme(("embedded:dana", "google:lee@acme.example"), 'crm = { kind = "hubspot" }')
    given = {"OPENAI_API_KEY": "k", "READBACK_CRM_SECRETS": "acme=pat", **more}
    return load(environment(url, written(folder, business), **given))


async def test_the_most_at_once_is_written_with_the_figures_of_each_process(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        clock, waiting = FakeClock(), {"one": 0, "other": 0}
        figures = {}
        for name in waiting:
            own = OwnUse()
            own.counts["db.engine.max_queued_writes"] = lambda name=name: waiting[name]  # type: ignore[misc]
            figures[name] = own, Figures(database, clock, own=own)
        waiting.update(one=7, other=4)
        for own, _ in figures.values():
            own.look()
        waiting.update(one=1, other=0)
        for _, one in figures.values():
            assert await one.keep()
        found = await database.read(lambda c: own_uses(c, clock.now()))
        assert sorted(found["db.engine.max_queued_writes"]) == [4, 7]

        clock.advance(200)
        assert await figures["one"][1].keep()
        found = await database.read(lambda c: own_uses(c, clock.now()))
        assert found == {"db.engine.max_queued_writes": [1]}, "the other one has ended"


async def test_every_limit_that_is_said_to_be_counted_is(sqlite_url: str, tmp_path: Path) -> None:
    settings = everything(sqlite_url, tmp_path)
    async with opened(sqlite_url):  # which makes the tables
        pass
    server = Server(settings, checked(settings), SystemClock())
    counts, lately = own_counts(server), counted_lately(server)
    names = {f"{row.module.removeprefix('app.')}.{row.constant.lower()}" for row in ROWS if row.use}

    assert set(counts) | {LIVE} == names
    assert set(lately) == {"google_requests", "google_requests_per_calendar"}
    assert {count() for count in (counts | lately).values()} == {0}
    assert set(server.own_use.taken()) == set(counts | lately)


async def test_what_others_bound_is_counted_by_our_own_records(database: Database, tmp_path: Path) -> None:
    settings = everything(database.url, tmp_path)
    requests = [["request", ["crm", "copied"], 4], ["request", ["google", "ok"], 9], ["request", ["crm", "failed"], 1]]
    google = {"google_requests": 30, "google_requests_per_calendar": 12}
    asked = {"conversation": "", "template": "", "given": "", "prompt": "", "prompt_hash": "", "output": "",
             "outcome": "", "attempts": "", "action": "", "model": "openai:x", "business": "acme"}  # fmt: skip

    def given(transaction: object) -> None:
        connection = transaction.connection  # type: ignore[attr-defined]
        for number, (process, ago) in enumerate((("a", 20), ("b", 30), ("a", 7_200), ("a", 90_000))):
            counted = json.dumps({"times": [], "numbers": requests, "limits": google}, separators=(",", ":"))
            row = {"process": process, "number": number, "at": NOW - ago, "seconds": 30.0, "counted": counted}
            connection.execute(insert(figure_samples).values(**row))
        for business, day, settled in (("acme", "2026-11-02", 3_000_000), ("old", "2026-11-27", 500_000),
                                       ("acme", "2026-10-31", 9_000_000)):  # fmt: skip
            spent = {"business": business, "day": day, "reserved": 1, "settled": settled}
            connection.execute(insert(model_spend).values(**spent))
        for number, (ago, again) in enumerate(((60, ""), (700, ""), (60, "x"))):
            one = asked | {"id": str(number), "at": NOW - ago, "cost": 250_000, "replays": again}
            connection.execute(insert(inferences).values(**one))

    await database.write(given)
    counting = Counting(settings, checked(settings))
    told = {row["name"]: row for row in await database.read(lambda c: counting.told(c, NOW))}

    used = {name: row["used"] for name, row in told.items() if row["used"] is not None}
    assert used["hubspot_requests_per_day"] == 15
    assert used["openai_monthly_spend"] == 3.5
    assert used["model_guard_usd"] == 0.25
    assert used["google_requests"] == 30, "each process has its own"
    assert used["google_requests_per_minute"] == 60, "the project's is everybody's"
    assert used["google_requests_per_minute_per_user"] == 24
    assert told["openai_monthly_spend"]["share"] is None, "nobody has entered what there is"
    assert [name for name, row in told.items() if row["used"] is None and not row["uncounted"]] == []
    words = {name: row["uncounted"] for name, row in told.items()}
    assert words["openai_tokens_per_minute"] == "elsewhere"
    assert words["tool_deadline_ms"] == words["web.body.body_max_bytes"] == "fixed"
    assert words["daily_call_cap"] == "unlimited"
    assert words["calls.dispatch.max_running"] == "unknown"


@pytest.mark.parametrize(
    ("more", "counted"),
    [
        ({}, True),
        ({"ANTHROPIC_API_KEY": "k"}, False),
        ({"ANTHROPIC_API_KEY": "k", "READBACK_MODELS": "openai:gpt-5-mini"}, True),
    ],
)
def test_spend_is_one_provider_s_only_where_no_other_is_asked(
    tmp_path: Path, more: dict[str, str], counted: bool
) -> None:
    settings = everything("sqlite:///x.db", tmp_path, **more)
    limits = {one.name: one for one in Counting(settings, checked(settings)).limits}
    assert limits["openai_monthly_spend"].counted is counted


def test_what_is_usually_full_is_shown_and_never_paged() -> None:
    full = Forecast(4.0, 1.0, NOW)
    assert near(limit(), full, NOW, up=False)
    assert not near(limit(may_fill=True), full, NOW, up=False)


@pytest.mark.parametrize(("day", "ends"), [("2026-11-27", "2026-12-01"), ("2026-12-31", "2027-01-01")])
def test_a_month_ends_with_its_last_day(day: str, ends: str) -> None:
    at = datetime.fromisoformat(f"{day}T23:00:00+00:00").timestamp()
    assert datetime.fromtimestamp(month_ends(at), UTC).date().isoformat() == ends

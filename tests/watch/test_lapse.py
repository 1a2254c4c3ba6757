"""Pages that nothing else ends: about a day that is over, or about what shows only while it happens."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.booking.business import Businesses, CrmAccount
from app.db.schema import upstream_shapes
from app.main.watching import unwatched
from app.settings import load
from app.watch.lapse import DAY_OVER, LAPSE_AFTER_S, LAPSED, NOT_RAISED, UNWATCHED, Lapse
from app.watch.pages import Page, acknowledged, listed, raised
from app.watch.volume_lines import Watched
from tests.booking.acme import acme
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.flows.running import environment

CHICAGO = ZoneInfo("America/Chicago")
ACME = Watched("acme", "Acme", CHICAGO, ("+15125550100",), frozenset())
CRM = CrmAccount("webhook", "https://crm.example/in")
SERVED = Businesses({"acme": acme(scheme="embedded"), "zenith": replace(acme(), id="zenith", crm=CRM)})
EVENING = datetime(2026, 3, 2, 23, 59, tzinfo=CHICAGO).timestamp()
"""In UTC it is the third already."""


@pytest.mark.parametrize(
    ("kind", "key", "after_s", "resolution"),
    [
        ("cap_near", "acme 2026-03-02 95", 0, None),
        ("cap_near", "acme 2026-03-02 95", 60, DAY_OVER),
        ("cap_near", "* 2026-03-02 95", 0, DAY_OVER),
        ("cap_near", "* 2026-03-03 80", 60, None),
        ("cap_reached", "acme 2026-03-02", 0, None),
        ("cap_reached", "acme 2026-03-02", 60, DAY_OVER),
        ("model_spend_cap", "acme:2026-03-02", 0, None),
        ("model_spend_cap", "acme:2026-03-02", 60, DAY_OVER),
        ("model_spend_cap", "acme:2026-03-02:question", 0, None),
        ("model_spend_cap", "acme:2026-03-02:question", 60, DAY_OVER),
        ("unknown_line", "+15125550199", LAPSE_AFTER_S - 1, None),
        ("unknown_line", "+15125550199", LAPSE_AFTER_S, LAPSED),
        ("unknown_line", "+15125550100", 0, ""),
        ("no_assistant", "acme", LAPSE_AFTER_S, LAPSED),
        ("reference_guessing", "acme", LAPSE_AFTER_S, LAPSED),
        ("transfers_not_followed", "transfers", LAPSE_AFTER_S, LAPSED),
        ("texts_not_listed", "twilio", 0, NOT_RAISED),
        ("read_back_mismatch", "ABC-123", 30 * LAPSE_AFTER_S, None),
    ],
)
async def test_it_ends_when_it_says_nothing_any_more_and_says_why(
    database_url: str, kind: str, key: str, after_s: float, resolution: str | None
) -> None:
    clock = FakeClock()
    clock.advance(EVENING - clock.now())
    async with opened(database_url) as database:
        await database.write(lambda t: raised(t, Page(kind, key, "t", "b"), now=clock.now()))
        clock.advance(after_s)
        assert await Lapse(database, [ACME], clock).look() == (resolution is not None)
        (page,) = await database.read(lambda c: listed(c, all_of_them=True))
        assert (page.status, page.resolution) == (("open", "") if resolution is None else ("resolved", resolution))


async def test_a_pending_booking_that_nobody_looked_after_stays_until_somebody_has_it(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        lapse = Lapse(database, [ACME], clock)
        note = Page("pending_note_unread", "0123abcd", "Somebody may wait", "b")
        await database.write(lambda t: raised(t, note, now=clock.now()))
        clock.advance(3 * LAPSE_AFTER_S)
        assert await lapse.look() == 0, "its machine may be gone, and would not ring anew"
        (page,) = await database.read(listed)
        await database.write(lambda t: acknowledged(t, page.id, by="", now=clock.now()))
        assert await lapse.look() == 1
        (page,) = await database.read(lambda c: listed(c, all_of_them=True))
        assert (page.status, page.resolution) == ("resolved", LAPSED)


async def test_of_an_upstream_that_nobody_asks_any_more_a_day_without_a_wrong_answer_is_enough(
    database_url: str,
) -> None:
    clock = FakeClock()
    wrong = {"upstream": "twilio", "path": "refusal", "version": "code is missing: ", "problem": "code is missing"}
    async with opened(database_url) as database:
        lapse, began = Lapse(database, [ACME], clock), clock.now()
        drift = Page("contract_drift", "twilio refusal", "twilio answers in another shape: refusal", "b")
        await database.write(lambda t: raised(t, drift, now=began))
        again = {**wrong, "first_seen": began, "last_seen": began + 3_600.0}
        await database.write(lambda t: t.connection.execute(upstream_shapes.insert().values(**again)) and None)
        clock.advance(LAPSE_AFTER_S)
        assert await lapse.look() == 0, "it was wrong within the day"
        clock.advance(3_601.0)
        assert await lapse.look() == 1
        (page,) = await database.read(lambda c: listed(c, all_of_them=True))
        assert (page.status, page.resolution) == ("resolved", LAPSED)


@pytest.mark.parametrize(
    ("kind", "key", "asked", "over"),
    [
        ("redis_down", "redis", {}, True),
        ("redis_down", "redis", {"READBACK_REDIS_URL": "redis://127.0.0.1:6379/9"}, False),
        ("synthetic_call_failed", "acme", {}, True),
        ("synthetic_call_failed", "acme", {"READBACK_SYNTHETIC_EVERY_S": "600"}, False),
        ("model_fails", "openai:old", {}, True),
        ("model_fails", "openai:old", {"READBACK_MODELS": "openai:new", "OPENAI_API_KEY": "k"}, True),
        ("model_fails", "openai:new", {"READBACK_MODELS": "openai:new", "OPENAI_API_KEY": "k"}, False),
        ("calendar_silent", "acme", {}, False),
        ("crm_copies_late", "acme", {}, True),
        ("crm_refuses", "zenith", {}, False),
        ("calendar_refuses_writes", "google:gone", {}, True),
        ("calendar_refuses_writes", "embedded:dana", {}, False),
    ],
)
async def test_what_was_taken_out_of_the_settings_is_nobodys_matter(
    database_url: str, kind: str, key: str, asked: dict[str, str], over: bool
) -> None:
    clock = FakeClock()
    settings = load(environment(database_url, Path("/nowhere.toml"), **asked))
    async with opened(database_url) as database:
        await database.write(lambda t: raised(t, Page(kind, key, "t", "b"), now=clock.now()))
        await Lapse(database, [ACME], clock, unwatched(settings, SERVED)).look()
        (page,) = await database.read(lambda c: listed(c, all_of_them=True))
        assert page.resolution == (UNWATCHED if over else "")

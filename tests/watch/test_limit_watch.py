"""The watch over limits on both databases: it pages early, once, and neither a restart nor a new leader forgets."""

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from app.booking.business_file import load_businesses
from app.db.engine import Database, Transaction
from app.db.migrate import migrate
from app.db.schema import call_events, calls, cap_counts, figure_samples, limit_points, model_spend, text_outbox
from app.main.limit_counts import running_calls
from app.main.limit_use import Counting, limit_timer
from app.main.limits import register
from app.settings import load
from app.watch.limit_book import KEPT_S, ConfirmationError, confirmations, confirmed, points
from app.watch.limit_watch import PAGE, TOLD_AGAIN_S, LimitWatch, Use
from app.watch.limits import Kind, Limit
from app.watch.pages import listed, resolved
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.test_limits import limit

DAY = 86_400.0


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as started:
        yield started


class Watched:
    """A watch over one limit; every look is one process's, which knows nothing of the look before."""

    def __init__(self, database: Database, about: Limit) -> None:
        self.database, self.about, self.clock = database, about, FakeClock()
        self.uses: list[Use] = []
        self.limits = (about,)

    async def look(self, used: float, after_s: float = 300.0, value: float = 100.0) -> list[tuple[str, str]]:
        self.clock.advance(after_s)
        self.uses = [Use(self.about, value, used)]
        return await self.look_again()

    async def look_again(self) -> list[tuple[str, str]]:
        await LimitWatch(self.database, self._count, self.clock, self.limits).look()
        found = await self.database.read(lambda c: listed(c, all_of_them=True))
        return sorted((kept.page.key, kept.status) for kept in found)

    async def _count(self, _now: float) -> Sequence[Use]:
        return self.uses


async def test_a_page_is_raised_once_long_before_and_ends_when_there_is_room(database: Database) -> None:
    watched = Watched(database, limit(business="acme"))

    assert await watched.look(79) == []
    assert await watched.look(81) == [("n", "open")]
    assert await watched.look(75) == [("n", "open")], "it hangs on between the two shares"
    assert await watched.look(95) == [("n", "open")], "one page, not one for each look"
    (kept,) = await database.read(listed)
    assert (kept.page.kind, kept.page.business, kept.page.title) == ("limit_near", "acme", "Limit near: n, 81% used")
    assert "81 of 100 calls are used." in kept.page.body
    assert await watched.look(95, value=200) == [("n", "resolved")]


async def test_what_a_person_called_over_is_not_paged_again_for_hours(database: Database) -> None:
    watched = Watched(database, limit())
    assert await watched.look(90) == [("n", "open")]
    await database.write(lambda t: resolved(t, PAGE, "n", now=watched.clock.now(), by="Dana"))
    assert [await watched.look(90, after_s=60.0) for _ in range(10)] == [[("n", "resolved")]] * 10
    assert await watched.look(90, after_s=TOLD_AGAIN_S) == [("n", "open"), ("n", "resolved")]
    assert await watched.look(10) == [("n", "resolved")] * 2
    assert ("n", "open") in await watched.look(90), "what was over in between is told at once"


async def test_calling_it_over_silences_that_stretch_and_no_later_one(database: Database) -> None:
    watched = Watched(database, limit())
    await watched.look(90)
    await database.write(lambda t: resolved(t, PAGE, "n", now=watched.clock.now(), by="Dana"))
    assert await watched.look(75) == [("n", "resolved")]
    assert await watched.look(90) == [("n", "resolved")], "a page would have hung on"
    assert await watched.look(60) == [("n", "resolved")]
    assert await watched.look(90) == [("n", "open"), ("n", "resolved")]
    assert await watched.look(60) == [("n", "resolved")] * 2
    assert ("n", "open") in await watched.look(90), "nor does what was called over before it"


async def test_the_rate_of_use_pages_before_any_share_does(database: Database) -> None:
    watched = Watched(database, limit(kind=Kind.DAILY))

    assert [await watched.look(used) for used in (25, 40, 50)] == [[], [], []]
    assert await watched.look(62) == [("n", "open")]
    (kept,) = await database.read(listed)
    assert "At its present rate it is reached at " in kept.page.body
    assert await watched.look(62, after_s=DAY) == [("n", "resolved")]


async def test_what_is_used_up_is_not_said_to_be_reached_some_day(database: Database) -> None:
    watched = Watched(database, limit(kind=Kind.DAILY))
    for used in (25, 40):
        await watched.look(used)
    assert await watched.look(119) == [("n", "open")]
    (kept,) = await database.read(listed)
    assert " are used. It is reached." in kept.page.body
    assert "present rate" not in kept.page.body


async def test_a_limit_that_is_taken_away_takes_its_page_along(database: Database) -> None:
    watched = Watched(database, limit())
    assert await watched.look(90) == [("n", "open")]

    watched.uses = []

    assert await watched.look_again() == [("n", "resolved")]


async def test_what_no_process_counts_for_a_while_is_unknown_and_not_over(database: Database) -> None:
    watched = Watched(database, limit(counted=True))
    assert await watched.look(90) == [("n", "open")]

    watched.uses = []  # all were down, and the first that is back has written nothing yet
    watched.clock.advance(DAY)
    assert await watched.look_again() == [("n", "open")]

    watched.clock.advance(KEPT_S)
    assert await watched.look_again() == [("n", "resolved")], "nobody counts it any more"


async def test_a_limit_that_has_no_end_any_more_takes_its_page_along(database: Database) -> None:
    watched = Watched(database, limit(counted=True))
    assert await watched.look(90) == [("n", "open")]

    watched.uses, watched.limits = [], (limit(counted=True, value=None),)

    assert await watched.look_again() == [("n", "resolved")]


async def test_points_are_kept_apart_and_not_for_ever(database: Database) -> None:
    watched = Watched(database, limit())
    for _ in range(6):
        await watched.look(1, after_s=100.0)
    kept = await database.read(lambda c: points(c, 0.0))
    assert len(kept["n"]) == 2

    await watched.look(1, after_s=3 * DAY)
    await database.write(lambda t: t.connection.execute(insert(limit_points).values(name="n", at=9e9, used=1.0)))
    await watched.look(1)

    kept = await database.read(lambda c: points(c, 0.0))
    assert [point.at for point in kept["n"]] == [watched.clock.now() - 300.0, watched.clock.now()], (
        "nor does a clock that was once ahead stop them"
    )


async def test_a_confirmation_is_kept_and_recorded_and_nonsense_is_not(database: Database) -> None:
    settings = load({"READBACK_VAPI_SECRETS": "s"})
    panel = next(r for r in register(settings, load_businesses(settings.businesses, {})) if r.confirmed_by_person)

    for value, by in (("", "Ann"), ("many", "Ann"), ("10", " "), ("1" * 201, "Ann"), ("10", "A" * 81)):
        with pytest.raises(ConfirmationError):
            await database.write(lambda t, v=value, b=by: confirmed(t, panel, v, by=b, now=1.0))  # type: ignore[misc]
    await database.write(lambda t: confirmed(t, panel, "10 lines", by="Ann", now=1.0))
    await database.write(lambda t: confirmed(t, panel, "20\nlines", by="Ben", now=2.0))

    kept = (await database.read(confirmations))[panel.name]
    assert (kept.value, kept.amount("calls"), kept.by, kept.at) == ("20 lines", 20.0, "Ben", 2.0)


async def test_use_is_counted_from_what_the_product_knows(database: Database) -> None:
    now = time.time()
    settings = load(
        {
            "READBACK_VAPI_SECRETS": "s",
            "TWILIO_ACCOUNT_SID": "AC1",
            "READBACK_DAILY_CALL_CAPS": "acme=100",
            "READBACK_SPEND_CAPS": "acme=2",
            "READBACK_DATABASE_URL": database.url,
        }
    )
    businesses = load_businesses(settings.businesses, settings.daily_call_caps)
    counting = Counting(settings, businesses)
    today = time.strftime("%Y-%m-%d", time.gmtime(now))
    local = businesses.by_id["acme"].zone
    day = datetime.fromtimestamp(now, local).date().isoformat()
    panels = {each.name: each for each in counting.limits}

    def given(transaction: object) -> None:
        connection = transaction.connection  # type: ignore[attr-defined]
        for scope, on in (("acme", day), ("*", today)):
            connection.execute(insert(cap_counts).values(scope=scope, day=on, used=40, warned_percent=0))
        connection.execute(insert(model_spend).values(business="acme", day=day, reserved=500_000, settled=1_000_000))
        for number, ago in enumerate((10, 20, 3 * 3600, 30)):
            row = {"platform": "vapi", "call_id": str(number), "business": "acme", "admitted": number != 3}
            connection.execute(insert(calls).values(**row, first_seen=now - ago))
        over = {"platform": "vapi", "call_id": "1", "kind": "end-of-call-report", "body": "{}", "at": now}
        connection.execute(insert(call_events).values(**over))
        text = {"business": "acme", "to_number": "+1", "from_number": "+2", "body": "", "kind": "k", "booking": "b"}
        for number, (sid, ago) in enumerate((("SM1", 60), ("SM2", 2 * DAY), ("", 60))):
            row = {**text, "id": str(number), "revision": number, "state": "sent", "created_at": now, "sid": sid}
            connection.execute(insert(text_outbox).values(**row, attempted_at=now - ago))
        for process, ago, queued in (("one", 10, 3), ("one", 40, 7), ("other", 20, 5), ("dead", 200, 4000)):
            counted = {"times": [], "numbers": [], "limits": {"db.engine.max_queued_writes": queued, "gone": 1}}
            row = {"process": process, "number": ago, "at": now - ago, "seconds": 30.0, "counted": json.dumps(counted)}
            connection.execute(insert(figure_samples).values(**row))
        confirmed(transaction, panels["vapi_concurrent_calls"], "10", by="Ann", now=now)  # type: ignore[arg-type]
        confirmed(transaction, panels["twilio_texts_per_day"], "2000", by="Ann", now=now)  # type: ignore[arg-type]

    await database.write(given)
    uses = {use.limit.name: use for use in await database.read(lambda c: counting.count(c, now))}

    machine = uses.pop("disk" if database.is_sqlite else "postgres_connections")
    assert 0 < machine.used < machine.value
    assert {name: (use.used, use.value) for name, use in uses.items()} == {
        "daily_call_cap.acme": (40, 100),
        "spend_per_day.acme": (1.5, 2.0),
        "vapi_concurrent_calls": (1, 10),
        "twilio_texts_per_day": (1, 2000),
        "db.engine.max_queued_writes": (7, 5000),
        "model_guard_usd": (0, 10),
    }
    assert now < (uses["daily_call_cap.acme"].resets_at or 0) <= now + 25 * 3600
    assert uses["vapi_concurrent_calls"].resets_at is None

    clock = FakeClock()
    clock.advance(now - clock.now())
    await limit_timer(counting, database, clock).run()
    assert set(await database.read(lambda c: points(c, 0.0))) >= set(uses)


async def test_calls_of_which_nobody_reports_the_end_are_not_taken_for_running(database: Database) -> None:
    now = time.time()

    def called(number: int, ago: float, *kinds: str) -> Callable[[Transaction], None]:
        def given(transaction: Transaction) -> None:
            row = {"platform": "vapi", "call_id": str(number), "business": "acme", "admitted": True}
            transaction.connection.execute(insert(calls).values(**row, first_seen=now - ago))
            for kind in kinds:
                event = {"platform": "vapi", "call_id": str(number), "kind": kind, "body": "{}", "at": now - ago}
                transaction.connection.execute(insert(call_events).values(**event))

        return given

    async def running() -> int | None:
        return await database.read(lambda c: running_calls(c, now))

    assert await running() == 0
    for number in range(3):
        await database.write(called(number, 600.0, "status-update:in-progress"))
    assert await running() is None, "the platform is not asked to say when a call is over"
    await database.write(called(3, 500.0, "status-update:in-progress", "status-update:ended"))
    assert await running() == 3
    await database.write(called(4, 400.0, "end-of-call-report"))
    assert await running() == 3


async def test_running_calls_are_counted_without_reading_every_call_there_ever_was(tmp_path: Path) -> None:
    now, steps = time.time(), 0

    def old(transaction: Transaction) -> None:
        call, report = calls.insert(), call_events.insert()
        key = [{"platform": "vapi", "call_id": str(number)} for number in range(5_000)]
        seen = {"business": "acme", "admitted": True, "first_seen": now - 30 * DAY}
        told = {"kind": "end-of-call-report", "ended_reason": None, "body": "{}", "at": now - 30 * DAY}
        transaction.connection.execute(call, [{**each, **seen} for each in key])
        transaction.connection.execute(report, [{**each, **told} for each in key])
        transaction.connection.execute(call, [{**key[0], **seen, "call_id": "new", "first_seen": now - 60.0}])

    def step() -> int:
        nonlocal steps
        steps += 100
        return 0

    def count(connection: Connection) -> int | None:
        sqlite: Any = connection.connection.driver_connection
        sqlite.set_progress_handler(step, 100)
        try:
            return running_calls(connection, now)
        finally:
            sqlite.set_progress_handler(None, 0)

    url = f"sqlite:///{tmp_path / 'calls.db'}"
    migrate(url)
    async with opened(url) as database:
        await database.write(old)
        assert await database.read(count) is None
    assert steps < 1_000

"""The pager with real receivers over real sockets: one that is down, slow or refuses costs nobody else anything."""

import time
from collections.abc import AsyncIterator

import pytest

from app.adapters.notifier import AppriseNotifier, check_url
from app.adapters.pagerduty import PagerDuty
from app.adapters.receivers import Receivers
from app.clock import SystemClock
from app.db.engine import Database
from app.watch import pages
from app.watch.escalation import PAUSES_S
from app.watch.pager import NOTICE_PAUSES_S, Pager
from app.watch.pages import Page
from tests.fakes.databases import opened
from tests.fakes.page_receiver import PageReceiver
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.recording_server import Fault

PAGE = Page("read_back_mismatch", "RB7K2M", "Read-back mismatch: RB7K2M", "wanted 9:00, is 10:00")
DUTY = "pagerduty://0123456789abcdef0123456789abcdef"
PATIENCE_S = 3.0
"""Long enough for whoever is well on a busy machine."""
HEARD_WITHIN_S = 15.0


class Wall(SystemClock):
    """The real clock, ahead by as much as the test says."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as started:
        yield started


def pager(database: Database, receivers: Receivers, clock: Wall, *urls: str) -> Pager:
    return Pager(
        database=database,
        messenger=receivers,
        own=urls,
        by_business={},
        clock=clock,
        shown=lambda url: url.partition(":")[0],
        link=lambda _: "",
    )


BAD = {
    "down": Fault(reset=True),
    "slow": Fault(wait_s=60.0),
    "400": Fault(status=400),
    "503": Fault(status=503),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_receiver_is_tried_again_while_the_others_have_heard_and_hears_once_it_is_well(
    database: Database, name: str
) -> None:
    clock = Wall()
    async with PageReceiver(always=BAD[name]) as bad, PageReceiver() as well, FakePagerDuty() as duty:
        check_url(bad.url)  # so that importing Apprise is not what takes the time
        receivers = Receivers(AppriseNotifier(deadline_s=PATIENCE_S), PagerDuty(duty.api_url))
        carrying = pager(database, receivers, clock, bad.url, well.url, DUTY)
        await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
        began = time.monotonic()
        await carrying.deliver_due()
        assert time.monotonic() - began < HEARD_WITHIN_S
        assert [page.title for page in well.pages] == [PAGE.title]
        assert [event["event_action"] for event in duty.events] == ["trigger"]

        bad.always = Fault()
        clock.ahead_s += PAUSES_S[0]
        await carrying.deliver_due()
        [kept] = await database.read(pages.listed)
        assert sorted((r.shown, r.reached_at > 0, r.failed) for r in kept.progress.reach.values()) == [
            ("json", True, 0),
            ("json", True, 1),
            ("pagerduty", True, 0),
        ]
        assert (len(bad.requests), len(well.requests), len(duty.requests)) == (2, 1, 1)
        await receivers.aclose()


async def test_the_end_is_told_once_to_each_though_one_does_not_answer(database: Database) -> None:
    clock = Wall()
    async with PageReceiver() as bad, PageReceiver() as well:
        receivers = Receivers(AppriseNotifier(deadline_s=PATIENCE_S), PagerDuty("http://127.0.0.1:9"))
        await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
        await pager(database, receivers, clock, bad.url, well.url).deliver_due()
        bad.always = Fault(status=503)
        await database.write(lambda t: pages.resolved(t, PAGE.kind, PAGE.key, now=clock.now()))
        for pause_s in (*NOTICE_PAUSES_S, 3_600.0, 3_600.0):  # each by another process
            await pager(database, receivers, clock, bad.url, well.url).deliver_due()
            clock.ahead_s += pause_s
        assert [page.title for page in well.pages] == [PAGE.title, f"Resolved: {PAGE.title}"]
        assert len(bad.pages) == 1 + 1 + len(NOTICE_PAUSES_S)
        await receivers.aclose()


async def test_the_end_is_told_to_a_service_that_was_away_for_hours(database: Database) -> None:
    clock = Wall()
    async with PageReceiver() as away:
        receivers = Receivers(AppriseNotifier(deadline_s=PATIENCE_S), PagerDuty("http://127.0.0.1:9"))
        await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
        await pager(database, receivers, clock, away.url).deliver_due()
        await database.write(lambda t: pages.resolved(t, PAGE.kind, PAGE.key, now=clock.now()))
        away.always = Fault(status=503)
        back_at = clock.now() + 4 * 3_600
        for pause_s in NOTICE_PAUSES_S:
            if clock.now() > back_at:
                away.always = Fault()
            await pager(database, receivers, clock, away.url).deliver_due()
            clock.ahead_s += pause_s
        assert away.pages[-1].title == f"Resolved: {PAGE.title}"
        assert len(away.pages) == 1 + 11, "told no more once it took it"
        await receivers.aclose()


async def test_what_pagerduty_will_never_take_is_not_sent_again_and_the_others_have_it(database: Database) -> None:
    clock = Wall()
    async with PageReceiver() as well, FakePagerDuty(always=Fault(status=400)) as duty:
        receivers = Receivers(AppriseNotifier(), PagerDuty(duty.api_url))
        carrying = pager(database, receivers, clock, DUTY, well.url)
        await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
        for pause_s in (0.0, *PAUSES_S):
            clock.ahead_s += pause_s
            await carrying.deliver_due()
        assert (len(duty.requests), len(well.requests)) == (1, 1)
        [kept] = await database.read(pages.listed)
        assert [r.refused for r in kept.progress.reach.values() if r.shown == "pagerduty"] == [True]
        await receivers.aclose()

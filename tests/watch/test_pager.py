"""The pager: who hears of a page, when again, and what a restart, a second process or a bad receiver changes."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.adapters.receivers import Receivers
from app.audit.log import seal
from app.booking.business import Businesses
from app.db.engine import Database
from app.main import paging
from app.settings import load
from app.watch import pages
from app.watch.escalation import PAUSES_S, QUIET_S, UNHEARD_S
from app.watch.loops import Loops
from app.watch.notify import Notice, Step, Taken
from app.watch.pager import LEASE_S, Pager
from app.watch.pages import Page
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.test_alarms import soon

OWN, FIRST, SECOND, THIRD = "own://", "first://", "second://", "third://"
PAGE = Page("read_back", "RB-7K2M9Q", "Read-back mismatch RB-7K2M9Q", "wanted 9:00, is 10:00", "acme")


class ScriptedMessenger:
    """Takes everything but from receivers told to behave otherwise; keeps what each was told."""

    def __init__(self, **answers: Taken) -> None:
        self.answers = {f"{name}://": taken for name, taken in answers.items()}
        self.told: dict[str, list[Notice]] = defaultdict(list)

    async def carry(self, url: str, notice: Notice) -> Taken:
        self.told[url].append(notice)
        return self.answers.get(url, Taken.TAKEN)

    def counts(self) -> dict[str, int]:
        return {url: len(notices) for url, notices in self.told.items()}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as started:
        yield started


def pager(
    database: Database, messenger: ScriptedMessenger, clock: FakeClock, public: str = "https://readback.example/pages/"
) -> Pager:
    return Pager(
        database=database,
        messenger=messenger,
        own=(OWN,),
        by_business={"acme": (FIRST, SECOND, THIRD)},
        clock=clock,
        shown=lambda url: url,
        link=lambda page_id: f"{public}{page_id}" if public else "",
    )


async def kept(database: Database) -> pages.Kept:
    return (await database.read(lambda c: pages.listed(c, all_of_them=True)))[0]


async def test_when_a_person_said_that_it_is_over_is_known_of_that_page_alone(database: Database) -> None:
    other = replace(PAGE, kind="another")
    for page in (PAGE, other):
        await database.write(lambda t, page=page: pages.raised(t, page, now=1.0))  # type: ignore[misc]  # the default only binds it
    (theirs,) = [one for one in await database.read(pages.listed) if one.page.kind == other.kind]
    await database.write(lambda t: pages.resolved_by_id(t, theirs.id, by="Dana", now=2.0))
    assert await database.read(lambda c: pages.called_over(c, other.kind, PAGE.key, 1.0)) == 2.0
    assert await database.read(lambda c: pages.called_over(c, other.kind, PAGE.key, 2.0)) is None
    assert await database.read(lambda c: pages.called_over(c, PAGE.kind, PAGE.key, 0.0)) is None


async def test_a_page_goes_at_once_to_the_installation_and_the_first_of_the_list_and_then_higher_up(
    database: Database,
) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))

    assert await carrying.deliver_due() == 1
    assert messenger.counts() == {OWN: 1, FIRST: 1}
    assert await carrying.deliver_due() == 0, "quiet until its time has come"
    notice = messenger.told[OWN][0]
    assert (notice.title, notice.step) == (PAGE.title, Step.RAISED)
    assert notice.body == f"{PAGE.body}\n\nAcknowledge: https://readback.example/pages/{notice.id}"

    expected = [{OWN: 2, FIRST: 2, SECOND: 1}, {OWN: 3, FIRST: 3, SECOND: 2, THIRD: 1}]
    for quiet_s, counts in zip(QUIET_S, expected, strict=False):
        clock.advance(quiet_s - 1)
        assert await carrying.deliver_due() == 0
        clock.advance(1)
        assert await carrying.deliver_due() == 1
        assert messenger.counts() == counts


async def test_it_says_where_the_dashboard_has_what_it_is_about(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    settings = load({"READBACK_PUBLIC_URL": "https://voice.example"})
    loops, receivers = Loops(clock), Receivers(messenger, messenger)  # type: ignore[arg-type]  # both carry alike
    await database.write(lambda t: pages.raised(t, Page("review", "ab12", "t", "b"), now=clock.now()))
    carrying = paging.pager(
        settings.model_copy(update={"page_urls": (OWN,)}), Businesses({}), database, receivers, loops, b"s", clock
    )
    await carrying.deliver_due()
    [notice] = messenger.told[OWN]
    assert notice.body.splitlines()[:3] == ["b", "", "Look: https://voice.example/dashboard/reviews#ab12"]
    assert notice.body.splitlines()[3].startswith("Acknowledge: https://voice.example/pages/")


async def test_repeats_get_quieter_and_stay_at_the_longest_pause(database: Database) -> None:
    clock = FakeClock()
    carrying = pager(database, ScriptedMessenger(), clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    pauses = []
    for _ in range(len(QUIET_S) + 3):
        await carrying.deliver_due()
        pauses.append((await kept(database)).next_at - clock.now())
        clock.advance(pauses[-1])
    assert pauses == pytest.approx([*QUIET_S, *[QUIET_S[-1]] * 3])


async def test_acknowledged_it_is_repeated_no_more_and_still_resolves(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await carrying.deliver_due()
    page_id = (await kept(database)).id

    assert await database.write(lambda t: pages.acknowledged(t, page_id, by="On call\n" * 50, now=clock.now()))
    assert not await database.write(lambda t: pages.acknowledged(t, page_id, by="Late", now=clock.now()))
    assert (await kept(database)).acknowledged_by.startswith("On call On call")
    assert len((await kept(database)).acknowledged_by) == pages.BY_MAX_CHARS
    await carrying.deliver_due()
    clock.advance(10 * QUIET_S[-1])
    assert await carrying.deliver_due() == 0
    assert await database.write(lambda t: pages.resolved(t, PAGE.kind, PAGE.key, now=clock.now()))
    await carrying.deliver_due()
    clock.advance(10 * QUIET_S[-1])
    assert await carrying.deliver_due() == 0

    steps = [Step.RAISED, Step.ACKNOWLEDGED, Step.RESOLVED]
    assert {url: [n.step for n in told] for url, told in messenger.told.items()} == {OWN: steps, FIRST: steps}


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("", "The cause is gone."),
        ("Kim", "Kim says that it is over."),
        ("readback: its day is over", "readback: its day is over."),
        (pages.SUPERSEDED, ""),
    ],
    ids=["by itself", "by a person", "by us", "another page goes on"],
)
async def test_whoever_was_paged_hears_why_it_is_over(database: Database, by: str, said: str) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await carrying.deliver_due()
    await database.write(lambda t: pages.resolved(t, PAGE.kind, PAGE.key, by=by, now=clock.now()))
    await carrying.deliver_due()

    assert [(n.step, n.body) for n in messenger.told[OWN]][1:] == [(Step.RESOLVED, said)]


async def test_resolved_before_anybody_was_paged_nobody_is_told(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await database.write(lambda t: pages.resolved(t, PAGE.kind, PAGE.key, now=clock.now()))
    await pager(database, messenger, clock).deliver_due()
    assert messenger.counts() == {}


async def test_a_page_that_everybody_refused_is_offered_again_until_somebody_takes_it(database: Database) -> None:
    """A refusal may be a gateway's, or a service's that is being set up: for good it would be nobody's page."""
    everybody = dict.fromkeys(("own", "first", "second", "third"), Taken.REFUSED)
    clock, messenger = FakeClock(), ScriptedMessenger(**everybody)
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    for pause_s in (0.0, *PAUSES_S):
        clock.advance(pause_s)
        await carrying.deliver_due()
    assert set(messenger.counts().values()) == {1}, "not within the round"

    messenger.answers.clear()
    clock.advance(UNHEARD_S)
    await carrying.deliver_due()
    assert messenger.counts()[OWN] == 2
    assert not any(r.refused for r in (await kept(database)).progress.reach.values() if r.shown in (OWN, FIRST))
    for quiet_s in QUIET_S[1:3]:
        clock.advance(quiet_s)
        await carrying.deliver_due()
    assert messenger.counts()[OWN] == 4


async def test_where_one_receiver_fails_the_next_of_the_list_hears_at_once_and_it_shows(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger(first=Taken.FAILED, second=Taken.REFUSED)
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))

    await carrying.deliver_due()
    assert messenger.counts() == {OWN: 1, FIRST: 1, SECOND: 1, THIRD: 1}
    shown = {r.shown: (r.reached_at > 0, r.failed, r.refused) for r in (await kept(database)).progress.reach.values()}
    assert shown == {
        OWN: (True, 0, False),
        FIRST: (False, 1, False),
        SECOND: (False, 1, True),
        THIRD: (True, 0, False),
    }
    messenger.answers[FIRST] = Taken.TAKEN
    clock.advance(PAUSES_S[0])
    await carrying.deliver_due()
    assert messenger.counts() == {OWN: 1, FIRST: 2, SECOND: 1, THIRD: 1}, "tried again; who has it is left in peace"
    clock.advance(QUIET_S[0])
    await carrying.deliver_due()
    assert messenger.counts()[SECOND] == 2, "who will not have it is asked once in each round"


async def test_a_page_that_reaches_nobody_is_tried_again_and_again(database: Database) -> None:
    clock = FakeClock()
    down = dict.fromkeys(("own", "first", "second", "third"), Taken.FAILED)
    messenger = ScriptedMessenger(**down)
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    for _ in range(30):
        await carrying.deliver_due()
        clock.advance(UNHEARD_S)
    assert messenger.counts()[OWN] == 30
    messenger.answers.clear()
    await carrying.deliver_due()
    assert all(r.reached_at for r in (await kept(database)).progress.reach.values())


async def test_a_clock_that_is_set_costs_a_repeat_and_no_page(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await carrying.deliver_due()
    clock.advance(3_600)  # set forward: one repeat is early, and those that were skipped are not made up for
    assert [await carrying.deliver_due() for _ in range(3)] == [1, 0, 0]
    assert messenger.counts()[OWN] == 2

    clock.advance(-7_200)  # set back: what waits is late by as much, and what comes now goes out now
    other = Page("read_back", "RB-OTHER", "Read-back mismatch RB-OTHER", "gone", "acme")
    await database.write(lambda t: pages.raised(t, other, now=clock.now()))
    assert await carrying.deliver_due() == 1
    assert messenger.told[OWN][-1].title == other.title
    clock.advance(7_200 + QUIET_S[1])
    assert await carrying.deliver_due() == 2


async def test_a_restart_goes_on_where_the_last_process_stopped(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await pager(database, messenger, clock).deliver_due()

    again = pager(database, messenger, clock)
    assert await again.deliver_due() == 0, "it does not page from zero"
    clock.advance(QUIET_S[0])
    await again.deliver_due()
    assert messenger.counts() == {OWN: 2, FIRST: 2, SECOND: 1}


async def test_a_page_whose_process_died_over_it_goes_to_another_when_the_lease_is_over(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    now = clock.now()
    dying = await database.write(lambda t: pages.leased(t, now=now, until=now + LEASE_S, limit=1))
    assert len(dying) == 1

    other = pager(database, messenger, clock)
    assert await other.deliver_due() == 0
    clock.advance(LEASE_S)
    assert await other.deliver_due() == 1
    assert messenger.counts() == {OWN: 1, FIRST: 1}


async def test_killed_while_one_receiver_keeps_it_waiting_it_does_not_tell_the_other_twice(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    kept_waiting = asyncio.Event()

    class Waiting(ScriptedMessenger):
        async def carry(self, url: str, notice: Notice) -> Taken:
            if url == FIRST:
                kept_waiting.set()
                await asyncio.Event().wait()
            return await messenger.carry(url, notice)

    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    dying = asyncio.create_task(pager(database, Waiting(), clock).deliver_due())
    await kept_waiting.wait()
    while not (await kept(database)).progress.heard():  # noqa: ASYNC110  # only the row tells
        await asyncio.sleep(0.005)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)

    clock.advance(LEASE_S)
    await pager(database, messenger, clock).deliver_due()
    assert messenger.counts() == {OWN: 1, FIRST: 1}


async def test_killed_between_sending_and_noting_it_tells_again_under_the_same_id(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()

    class Dying(ScriptedMessenger):
        async def carry(self, url: str, notice: Notice) -> Taken:
            await messenger.carry(url, notice)
            raise asyncio.CancelledError

    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    with pytest.raises(asyncio.CancelledError):
        await pager(database, Dying(), clock).deliver_due()
    assert await pager(database, messenger, clock).deliver_due() == 0
    clock.advance(LEASE_S)
    assert await pager(database, messenger, clock).deliver_due() == 1
    first, second = messenger.told[OWN]
    assert first == second
    assert first.id in first.body


async def test_without_a_public_address_a_page_says_how_it_is_acknowledged(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await pager(database, messenger, clock, public="").deliver_due()
    [notice] = messenger.told[OWN]
    assert notice.body == f"{PAGE.body}\n\nAcknowledge: readback pages ack {notice.id}"


async def test_two_processes_deliver_each_page_once(database: Database, database_url: str) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    for number in range(25):
        page = Page("k", str(number), "t", "b")
        await database.write(lambda t, page=page: pages.raised(t, page, now=clock.now()))
    second = Database(database_url, seal, shared=True)
    await second.start()
    one, two = pager(database, messenger, clock), pager(second, messenger, clock)
    for carrying in (one, two) * 3:
        await carrying.deliver_due()
    await second.stop()
    assert len(messenger.told[OWN]) == 25
    assert len({notice.id for notice in messenger.told[OWN]}) == 25


async def test_what_is_resolved_while_it_goes_out_is_told_so_afterwards(database: Database) -> None:
    clock = FakeClock()

    class Resolving(ScriptedMessenger):
        async def carry(self, url: str, notice: Notice) -> Taken:
            if url == OWN and notice.step is Step.RAISED:
                await database.write(lambda t: pages.resolved(t, PAGE.kind, PAGE.key, now=clock.now()))
            return await super().carry(url, notice)

    messenger = Resolving()
    carrying = pager(database, messenger, clock)
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    for _ in range(3):
        await carrying.deliver_due()
    assert [n.step for n in messenger.told[OWN]] == [Step.RAISED, Step.RESOLVED]


async def test_whatever_goes_wrong_once_does_not_end_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.watch.pager.AFTER_FAILURE_S", 0.02)
    clock, messenger = FakeClock(), ScriptedMessenger()
    failures = [RuntimeError("once")]

    class Stumbling(FakeClock):
        def now(self) -> float:
            if failures:
                raise failures.pop()
            return clock.now()

    carrying = pager(database, messenger, Stumbling())
    carrying.start()
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await soon(lambda: FIRST in messenger.told)
    await carrying.stop()
    assert failures == []


async def test_a_running_pager_finds_a_committed_page_by_itself(database: Database) -> None:
    clock, messenger = FakeClock(), ScriptedMessenger()
    carrying = pager(database, messenger, clock)
    carrying.start()
    await database.write(lambda t: pages.raised(t, PAGE, now=clock.now()))
    await soon(lambda: FIRST in messenger.told)
    await carrying.stop()

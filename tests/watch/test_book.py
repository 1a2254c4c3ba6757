"""Alarms with a book: kept in the database, carried by the pager, and from memory where the database is away."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, insert, select

from app.adapters.receivers import Receivers
from app.audit.log import seal
from app.booking.business import Businesses
from app.db.engine import Database
from app.db.schema import audit, serving_processes
from app.main import paging
from app.settings import load
from app.watch import pages
from app.watch.alarms import AWAY_S, Alarms
from app.watch.book import Book
from app.watch.database_kinds import FOR_PEOPLE, TOLD_AFTER_S
from app.watch.database_page import ANSWERED, TITLE
from app.watch.directly import Rung
from app.watch.escalation import QUIET_S
from app.watch.loops import Loops
from app.watch.notify import CAUSE_GONE, Notice, Step, Taken
from app.watch.others import MAY_BE_GONE_AFTER_S
from app.watch.pager import Pager
from app.watch.pages import Page
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.test_alarms import ScriptedNotifier, soon, will_never_have_it

LISTS = {("mine",): "acme"}
DUTY = "pagerduty://R0ABCDEFGHIJKLMNOPQRSTUVWXYZ0123"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as started:
        yield started


def alarms(database: Database, notifier: ScriptedNotifier) -> Alarms:
    clock = FakeClock()
    return Alarms(notifier, ("own",), clock, book=Book(database, LISTS, clock, lambda: None))


def pager_of(database: Database, notifier: ScriptedNotifier, clock: FakeClock) -> Pager:
    return Pager(
        database=database,
        messenger=notifier,
        own=("own",),
        by_business={"acme": ("mine",)},
        clock=clock,
        shown=lambda url: url,
        link=lambda page_id: page_id,
    )


async def listed(database: Database) -> list[tuple[str, str, str, str]]:
    found = await database.read(lambda c: pages.listed(c, all_of_them=True))
    return sorted((k.page.kind, k.page.key, k.page.business, k.status) for k in found)


async def test_what_rings_is_kept_and_left_to_the_pager(database: Database) -> None:
    notifier = ScriptedNotifier()
    ringing = alarms(database, notifier)
    ringing.ring("early", "1", "t", "b")
    ringing.start()
    ringing.ring("calendar_silent", "google:a", "Call from +15125550142", "b", pages=("mine",))
    ringing.ring("database_down", "database", "t", "b")
    ringing.clear("database_down", "database")
    await ringing.stop()

    assert await listed(database) == [
        ("calendar_silent", "google:a", "acme", "open"),
        ("database_down", "database", "", "resolved"),
        ("early", "1", "", "open"),
    ]
    found = await database.read(pages.listed)
    assert {kept.page.title for kept in found} == {"Call from +1…42", "t"}
    assert notifier.tries == {}


async def test_after_a_restart_it_does_not_ring_from_zero_and_clear_resolves_what_the_last_process_raised(
    database: Database,
) -> None:
    first = alarms(database, ScriptedNotifier())
    first.start()
    first.ring("cap_store_down", "cap", "t", "b")
    await first.stop()

    second = alarms(database, ScriptedNotifier())
    second.start()
    second.ring("cap_store_down", "cap", "t", "b")
    await soon(lambda: not second._waiting)
    assert await listed(database) == [("cap_store_down", "cap", "", "open")]
    await second.stop()

    third = alarms(database, ScriptedNotifier())
    third.start()
    await soon(lambda: third.raised("cap_store_down") == {"cap"})
    assert third.raised("database_down") == set()
    await soon(lambda: third.clear("cap_store_down", "cap"))
    await third.stop()
    assert await listed(database) == [("cap_store_down", "cap", "", "resolved")]


async def test_with_the_database_away_the_page_leaves_all_the_same(database: Database) -> None:
    notifier = ScriptedNotifier()
    ringing = alarms(database, notifier)
    await database.stop()
    ringing.start()
    ringing.ring("database_down", "database", "The database does not answer", "b", pages=("mine",))
    await notifier.wait_for("own", 1)
    await notifier.wait_for("mine", 1)
    assert not ringing.ring("database_down", "database", "t", "b")
    await ringing.stop()


async def test_of_one_outage_one_page_tells_and_what_lasts_after_it_rings_then(database_url: str) -> None:
    notifier = ScriptedNotifier()
    database = Database(database_url, seal)
    database.refuses = True
    ringing = alarms(database, notifier)
    ringing.start()  # the database is not: whatever is asked of it fails
    ringing.ring("cap_store_down", "cap", "t", "b", pages=("mine",))
    ringing.ring("transfers_not_followed", "transfers", "t", "b", pages=("mine",))
    ringing.ring("timer_failed", "sweep", "t", "b")
    ringing.ring("database_down", "database", "The database does not answer", "b")
    await notifier.wait_for("own", 1)
    assert notifier.tries == {"own": [("The database does not answer", "b")]}
    assert not ringing.ring("timer_failed", "sweep", "t", "b"), "it is counted once"

    await database.start()
    await ringing._look(Book(database, LISTS, ringing._clock, lambda: None))
    assert not ringing.ring("timer_failed", "sweep", "t", "b"), "it can be read, and takes no writes"
    database.refuses = False
    ringing.clear("cap_store_down", "cap")
    ringing._clock.advance(AWAY_S)  # type: ignore[attr-defined]  # a fake one
    await ringing._look(Book(database, LISTS, ringing._clock, lambda: None))
    assert ringing.ring("timer_failed", "sweep", "t", "b")
    await ringing.stop()
    assert await listed(database) == [
        ("timer_failed", "sweep", "", "open"),
        ("transfers_not_followed", "transfers", "acme", "open"),
    ]
    await database.stop()


@pytest.mark.parametrize(("away_s", "told"), [(AWAY_S, True), (TOLD_AFTER_S, False)])
async def test_what_was_lost_in_a_moment_is_told_afterwards_if_nothing_else_was(
    database_url: str, away_s: float, told: bool
) -> None:
    notifier = ScriptedNotifier()
    database = Database(database_url, seal)
    ringing = alarms(database, notifier)
    ringing.start()  # the database is not: whatever is asked of it fails
    ringing.ring("cap_store_down", "cap", "It cannot be counted", "b")
    ringing.ring("timer_failed", "sweep", "t", "b")
    await soon(lambda: len(ringing._held) == 2)
    ringing.clear("cap_store_down", "cap")

    await database.start()
    ringing._clock.advance(away_s)  # type: ignore[attr-defined]  # a fake one
    await ringing._look(Book(database, LISTS, ringing._clock, lambda: None))
    await ringing.stop()
    once = ["It cannot be counted"] if told else []
    assert [title for title, _ in notifier.tries["own"]] == once
    assert [title for title, _ in notifier.ends["own"]] == once
    await database.stop()


@pytest.mark.parametrize("away_s", [AWAY_S, TOLD_AFTER_S, 3_600.0])
@pytest.mark.parametrize("cleared", [False, True])
@pytest.mark.parametrize("kind", sorted(FOR_PEOPLE))
async def test_of_what_no_page_about_the_database_says_one_tells_however_long_it_lasted(
    database_url: str, away_s: float, cleared: bool, kind: str
) -> None:
    notifier, database = ScriptedNotifier(), Database(database_url, seal)
    ringing = alarms(database, notifier)
    ringing.start()  # the database is not: whatever is asked of it fails
    ringing.ring("database_down", "database", "The database does not answer", "b")
    ringing.ring(kind, "it", "t", "b", pages=("mine",))
    await soon(lambda: bool(ringing._held))
    if cleared:
        ringing.clear(kind, "it")

    await database.start()
    ringing._clock.advance(away_s)  # type: ignore[attr-defined]  # a fake one
    await ringing._look(Book(database, LISTS, ringing._clock, lambda: None))
    await ringing.stop()
    assert await listed(database) == [(kind, "it", "acme", "open")]
    assert {title for title, _ in notifier.tries["own"]} == {"The database does not answer"}, "it is the pager's"
    await database.stop()


@pytest.mark.parametrize("kind", sorted(FOR_PEOPLE))
async def test_who_stops_while_the_database_is_away_tells_of_it_before(database_url: str, kind: str) -> None:
    notifier = ScriptedNotifier()
    ringing = alarms(Database(database_url, seal), notifier)
    ringing.start()
    ringing.ring("database_down", "database", "The database does not answer", "b")
    ringing.ring(kind, "it", "t", "b", pages=("mine",))
    await soon(lambda: bool(ringing._held))
    ringing._clock.advance(TOLD_AFTER_S)  # type: ignore[attr-defined]  # a fake one
    await ringing.stop()
    assert ("t", "b") in notifier.tries["own"]
    assert notifier.tries["mine"] == [("t", "b")]


async def test_what_several_processes_lost_in_one_moment_is_one_page(database_url: str) -> None:
    notifier = ScriptedNotifier()
    database = Database(database_url, seal)
    both = [alarms(database, notifier) for _ in range(2)]
    for ringing in both:
        ringing.start()  # the database is not: whatever is asked of it fails
        ringing.ring("cap_store_down", "cap", "It cannot be counted", "b", pages=("mine",))
    await soon(lambda: all(ringing._held for ringing in both))

    await database.start()
    for ringing in both:
        ringing._clock.advance(AWAY_S)  # type: ignore[attr-defined]  # a fake one
        await ringing._look(Book(database, LISTS, ringing._clock, lambda: None))
        await ringing.stop()
    assert await listed(database) == [("cap_store_down", "cap", "acme", "open")]
    assert notifier.tries == {}
    await database.stop()


async def test_what_was_told_while_the_database_was_away_and_lasts_is_the_pagers_afterwards(database_url: str) -> None:
    """Else nobody could take it, and it would be told once and stand in no list for as long as it lasts."""
    notifier = ScriptedNotifier()
    database = Database(database_url, seal)
    ringing = alarms(database, notifier)
    ringing.start()  # the database is not: whatever is asked of it fails
    ringing.ring("redis_down", "redis", "Redis is away", "b")
    ringing.ring("k", "1", "t", "b", pages=("somebody",))
    await notifier.wait_for("own", 2)

    await database.start()
    ringing._clock.advance(AWAY_S)  # type: ignore[attr-defined]  # a fake one
    for _ in range(2):
        await ringing._look(Book(database, LISTS, ringing._clock, lambda: None))
        await soon(lambda: not ringing._waiting and ringing._keeping is not None and ringing._keeping.done())
    assert await listed(database) == [("redis_down", "redis", "", "open")]
    assert ringing.clear("redis_down", "redis")
    await ringing.stop()
    assert await listed(database) == [("redis_down", "redis", "", "resolved")]
    assert notifier.ends["own"] == [("Redis is away", "")], "without a word: the pager tells its end"
    await database.stop()


@pytest.mark.parametrize("missed", [False, True])
async def test_what_was_told_while_the_database_was_away_the_pager_tells_anew_only_in_its_turn(
    database: Database, missed: bool
) -> None:
    """One outage of something else is one page about it, though the database came back meanwhile."""
    away = ScriptedNotifier(**{"mine": will_never_have_it} if missed else {})
    back, clock = ScriptedNotifier(), FakeClock()
    book = Book(database, LISTS, clock, lambda: None)
    ringing = Alarms(away, ("own",), clock, book=book)
    ringing._away_until = clock.monotonic() + AWAY_S
    ringing.start()
    ringing.ring("calendar_silent", "google:a", "t", "b", pages=("mine",))
    await away.wait_for("own", 1)
    await away.wait_for("mine", 1)
    await soon(lambda: not ringing.on_their_way)
    pager = pager_of(database, back, clock)

    clock.advance(AWAY_S)
    for _ in range(2):
        await ringing._look(book)
        await soon(lambda: ("calendar_silent", "google:a") in ringing._kept and not ringing._directly.carried)
    await pager.deliver_due()
    assert back.tries.get("own", []) == []
    assert len(back.tries.get("mine", [])) == missed
    assert away.ends["own"] == [("t", "")], "no person reads it"
    clock.advance(QUIET_S[0])
    await pager.deliver_due()
    assert [title for title, _ in back.tries["own"]] == ["t"], "told again in its turn, with where it is taken"
    ringing.clear("calendar_silent", "google:a")
    await ringing.stop()
    assert away.ends["own"] == [("t", "")]
    await pager.deliver_due()
    assert back.ends["own"] == [("t", CAUSE_GONE)]
    assert back.ends["mine"] == [("t", CAUSE_GONE)]


class Duty(ScriptedNotifier):
    """Knows what incidents are open at `DUTY`."""

    def __init__(self) -> None:
        super().__init__()
        self.open: set[str] = set()

    async def carry(self, url: str, notice: Notice) -> Taken:
        taken = await super().carry(url, notice)
        if url == DUTY:
            (self.open.discard if notice.step is Step.RESOLVED else self.open.add)(notice.id)
        return taken


@pytest.mark.parametrize("then", ["lasts", "acknowledged", "stopped", "killed"])
async def test_while_what_was_handed_on_lasts_one_incident_of_it_is_open(database: Database, then: str) -> None:
    duty, clock, secret = Duty(), FakeClock(), b"s" * 32
    settings, loops, everywhere = load({}).model_copy(update={"page_urls": ("own", DUTY)}), Loops(clock), Businesses({})
    receivers, hand = Receivers(duty, duty), paging.hand(settings, secret)  # type: ignore[arg-type]  # both carry alike
    ringing = paging.alarms(settings, everywhere, database, receivers, loops, hand, clock, lambda: None)
    pager = paging.pager(settings, everywhere, database, receivers, loops, secret, clock)
    book = ringing._book
    assert book is not None
    ringing._away_until = clock.monotonic() + AWAY_S
    ringing.start()
    ringing.ring("redis_down", "redis", "t", "b")
    await duty.wait_for(DUTY, 1)
    await soon(lambda: not ringing.on_their_way)
    assert len(duty.open) == 1
    clock.advance(AWAY_S)
    await ringing._look(book)
    await soon(lambda: ("redis_down", "redis") in ringing._kept and not ringing._directly.carried)
    await pager.deliver_due()
    [kept] = await database.read(pages.listed)
    assert duty.open == {kept.id}
    assert len(duty.tries["own"]) == 1, "in its turn"

    if then == "acknowledged":
        await database.write(lambda t: pages.acknowledged(t, kept.id, by="Kim", now=clock.now()))
    elif then == "stopped":
        await ringing.stop()
    for pause_s in (0.0, QUIET_S[0] - 5.0, 600.0, 4_000.0):
        clock.advance(pause_s)
        if then in ("lasts", "acknowledged"):
            await ringing._look(book)
            await soon(lambda: not ringing.on_their_way)
        await pager.deliver_due()
        assert duty.open == {kept.id}
    await database.write(lambda t: pages.resolved(t, "redis_down", "redis", now=clock.now()))
    await pager.deliver_due()
    assert duty.open == set()
    await ringing.stop()


async def test_what_is_handed_on_and_ends_in_one_commit_is_told_to_be_over_once(database: Database) -> None:
    duty, clock = ScriptedNotifier(), FakeClock()
    book = Book(database, LISTS, clock, lambda: None)
    ringing = Alarms(duty, ("own",), clock, book=book)
    ringing._away_until = clock.monotonic() + AWAY_S
    ringing.start()
    ringing.ring("redis_down", "redis", "t", "b")
    await duty.wait_for("own", 1)
    await soon(lambda: not ringing.on_their_way)
    clock.advance(AWAY_S)
    ringing._hand_on(book)
    ringing.clear("redis_down", "redis")
    await soon(lambda: not ringing.on_their_way and not ringing._directly.carried)
    await pager_of(database, duty, clock).deliver_due()
    await ringing.stop()
    assert [words for _, words in duty.ends["own"] if words] == [CAUSE_GONE]


@pytest.mark.parametrize("ends", ["cleared", "resolved by a person", "stopped"])
async def test_the_end_of_what_was_handed_on_is_told_to_people_once(database: Database, ends: str) -> None:
    away, back, clock = ScriptedNotifier(), ScriptedNotifier(), FakeClock()
    book = Book(database, LISTS, clock, lambda: None)
    ringing = Alarms(away, ("own",), clock, book=book)
    ringing._away_until = clock.monotonic() + AWAY_S
    ringing.start()
    ringing.ring("redis_down", "redis", "t", "b")
    await away.wait_for("own", 1)
    clock.advance(AWAY_S)
    await ringing._look(book)
    await soon(lambda: ("redis_down", "redis") in ringing._kept)
    if ends == "cleared":
        ringing.clear("redis_down", "redis")
    elif ends == "resolved by a person":
        await database.write(lambda t: pages.resolved(t, "redis_down", "redis", now=clock.now(), by="Kim"))
        await ringing._look(book)
        assert ringing.ring("redis_down", "redis", "t", "b"), "it lasts, and rings anew"
    await ringing.stop()
    await pager_of(database, back, clock).deliver_due()
    assert away.tries["own"] == [("t", "b")]
    assert away.ends["own"] == [("t", "")], "closed where incidents are kept, and no person reads it"
    said = {"cleared": [("t", CAUSE_GONE)], "resolved by a person": [("t", "Kim says that it is over.")]}
    assert back.ends.get("own", []) == said.get(ends, [])


async def test_receivers_that_no_business_has_are_reached_from_memory(database: Database) -> None:
    notifier = ScriptedNotifier()
    ringing = alarms(database, notifier)
    ringing.start()
    ringing.ring("k", "1", "t", "b", pages=("somebody",))
    await notifier.wait_for("somebody", 1)
    await ringing.stop()
    assert await listed(database) == []


async def test_what_each_meets_by_itself_is_ended_by_who_rang_it_or_who_began_after_that(database: Database) -> None:
    """A process that is well ends no page of another that was there before it, as if its cause were gone."""
    first, second, third = (alarms(database, ScriptedNotifier()) for _ in range(3))
    book = Book(database, LISTS, second._clock, lambda: None)
    for begun in (first, second):
        begun.start()
    first._clock.advance(1.0)  # type: ignore[attr-defined]  # a fake one
    first.ring("redis_down", "redis", "t", "b")
    await soon(lambda: bool(first._kept))
    await second._look(book)
    assert not second.clear("redis_down", "redis", own=True)
    third._clock.advance(2.0)  # type: ignore[attr-defined]
    third.start()
    await third._look(book)
    assert third.clear("redis_down", "redis", own=True), "the one that rang may have died"
    for begun in (first, second, third):
        await begun.stop()
    assert [row[-1] for row in await listed(database)] == ["resolved"]


async def test_what_two_told_while_the_database_was_away_ends_once(database: Database) -> None:
    notifiers = ScriptedNotifier(), ScriptedNotifier()
    both = [alarms(database, notifier) for notifier in notifiers]
    book = Book(database, LISTS, both[0]._clock, lambda: None)
    for ringing, notifier in zip(both, notifiers, strict=True):
        ringing.start()
        ringing._away_until = ringing._clock.monotonic() + AWAY_S
        ringing.ring("redis_down", "redis", "Redis is away", "b")
        await notifier.wait_for("own", 1)
    for ringing in both:  # the second one looks when the first one's page is in the database
        ringing._clock.advance(AWAY_S)  # type: ignore[attr-defined]  # a fake one
        await ringing._look(book)
        await soon(lambda ringing=ringing: ("redis_down", "redis") in ringing._kept)  # type: ignore[misc]
    for ringing in both:
        ringing.clear("redis_down", "redis", own=True)
        await ringing.stop()
    assert await listed(database) == [("redis_down", "redis", "", "resolved")]
    assert [notifier.ends["own"] for notifier in notifiers] == [[("Redis is away", "")]] * 2, "the pager tells its end"


async def test_what_each_meets_by_itself_ends_though_whoever_rang_it_is_gone(database: Database) -> None:
    well, gone = (alarms(database, ScriptedNotifier()) for _ in range(2))
    for begun in (well, gone):
        begun.start()
        begun._clock.advance(1.0)  # type: ignore[attr-defined]  # a fake one
    for kind in ("model_fails", "audit_broken"):
        gone.ring(kind, "it", "t", "b")
    await soon(lambda: len(gone._kept) == 2)
    row = {"process": "gone", "beats": 1, "seen_at": 0.0}
    await database.write(lambda t: t.connection.execute(insert(serving_processes), row))
    book = Book(database, LISTS, well._clock, lambda: None)
    await well._look(book)
    for kind in ("model_fails", "audit_broken"):
        assert not well.clear(kind, "it", own=True), "whoever rang may live"
    well._clock.advance(MAY_BE_GONE_AFTER_S)  # type: ignore[attr-defined]
    await well._look(book)
    await soon(lambda: not well._waiting)
    assert {row[-1] for row in await listed(database)} == {"open"}, "it lives, and what it told lasts"
    await gone.stop()
    await database.write(lambda t: t.connection.execute(delete(serving_processes)))
    await well._look(book)
    await well.stop()
    assert [(row[0], row[-1]) for row in await listed(database)] == [
        ("audit_broken", "open"),
        ("model_fails", "resolved"),
    ]


@pytest.mark.parametrize("kind", ["audit_not_anchored", "jobs_down", "calendar_silent"])
@pytest.mark.parametrize("rings", [False, True])
async def test_an_end_said_once_before_it_is_known_what_is_up_is_no_end_lost(
    database: Database, kind: str, rings: bool
) -> None:
    """As of a process that began again, where the one before could not write the end it owed."""
    await database.write(lambda t: pages.raised(t, Page(kind, "it", "t", "b"), now=1.0))
    ringing = alarms(database, ScriptedNotifier())
    ringing._clock.advance(2.0)  # type: ignore[attr-defined]  # a fake one
    ringing.start()
    ringing.clear(kind, "it", own=True)
    if rings:
        ringing.ring(kind, "it", "t", "b")
    book = Book(database, LISTS, ringing._clock, lambda: None)
    for _ in range(2):
        await ringing._look(book)
        await soon(lambda: not ringing._waiting and not (ringing._keeping and not ringing._keeping.done()))
    await ringing.stop()
    assert [row[-1] for row in await listed(database)] == ["open" if rings else "resolved"]


async def test_what_is_for_a_person_is_not_ended_by_who_says_so_before_it_is_known_what_is_up(
    database: Database,
) -> None:
    """Who does not know that it is up has not looked for all that it may be about."""
    await database.write(lambda t: pages.raised(t, Page("audit_broken", "it", "t", "b"), now=1.0))
    ringing = alarms(database, ScriptedNotifier())
    ringing._clock.advance(2.0)  # type: ignore[attr-defined]  # a fake one
    ringing.start()
    ringing.clear("audit_broken", "it", own=True)
    book = Book(database, LISTS, ringing._clock, lambda: None)
    for _ in range(2):
        await ringing._look(book)
        await soon(lambda: not ringing._waiting and not (ringing._keeping and not ringing._keeping.done()))
    assert [row[-1] for row in await listed(database)] == ["open"]
    ringing.clear("audit_broken", "it", own=True)
    await ringing.stop()
    assert [row[-1] for row in await listed(database)] == ["resolved"], "who knows says so"


async def test_what_a_person_resolved_may_ring_again(database: Database) -> None:
    ringing = alarms(database, ScriptedNotifier())
    ringing.start()
    ringing.ring("k", "1", "t", "b")
    await soon(lambda: bool(ringing._kept))
    await database.write(lambda t: pages.resolved(t, "k", "1", now=1.0))
    await soon(lambda: ringing.ring("k", "1", "t", "b"))
    await ringing.stop()
    assert await listed(database) == [("k", "1", "", "open"), ("k", "1", "", "resolved")]


async def test_the_end_of_an_outage_is_told_to_whom_was_told_of_it(database: Database) -> None:
    notifier = ScriptedNotifier()
    ringing = alarms(database, notifier)
    await database.stop()
    ringing.start()
    ringing.ring("database_down", "database", "The database does not answer", "b")
    await notifier.wait_for("own", 1)
    ringing.clear("database_down", "database")
    await soon(lambda: bool(notifier.ends["own"]))
    await ringing.stop()
    assert notifier.ends["own"] == [("The database does not answer", CAUSE_GONE)]


async def test_what_a_process_told_and_died_over_the_next_one_closes_without_a_word(database: Database) -> None:
    notifier = ScriptedNotifier()
    ringing = alarms(database, notifier)
    ringing._directly.carry(Rung("redis_down", "redis", "t", "b", "t", ("own",), (), 0.0))
    ringing.start()
    for name in (ANSWERED, ("redis_down", "redis", "t")):
        ringing.left_behind(*name)
    await soon(lambda: bool(notifier.ends["own"]))
    await ringing.stop()
    assert notifier.ends["own"] == [(TITLE, "")], "and nothing that this one tells of itself"


async def test_a_page_that_the_book_takes_over_leaves_no_incident_of_its_own(database: Database) -> None:
    notifier = ScriptedNotifier()
    ringing = alarms(database, notifier)
    ringing._directly.carry(Rung("k", "1", "t", "b", "t", ("own",), (), 0.0))
    await notifier.wait_for("own", 1)
    ringing.start()
    ringing.ring("k", "1", "t", "b")
    await soon(lambda: bool(notifier.ends["own"]))
    await ringing.stop()
    assert notifier.ends["own"] == [("t", "")], "closed where incidents are kept; the pager tells people of its end"
    assert await listed(database) == [("k", "1", "", "open")]


async def test_an_outage_is_written_down_with_its_times_once_the_database_is_back(database_url: str) -> None:
    notifier, database = ScriptedNotifier(), Database(database_url, seal)
    ringing = alarms(database, notifier)
    ringing.start()  # the database is not: whatever is asked of it fails
    ringing.ring("database_down", "database", "The database does not answer", "b")
    await notifier.wait_for("own", 1)
    await soon(lambda: not ringing.on_their_way)
    ringing._clock.advance(600.0)  # type: ignore[attr-defined]  # a fake one
    assert ringing.again("database_down", "database", "The database takes no writes", "b2")
    await notifier.wait_for("own", 2)
    await database.start()
    of_another_machine = ringing.past("database_down", "database")
    assert of_another_machine is not None
    ringing.clear("database_down", "database")
    await soon(lambda: bool(notifier.ends["own"]))
    await ringing.stop()
    await Book(database, LISTS, ringing._clock, lambda: None).write([of_another_machine])

    [kept] = await database.read(lambda c: pages.listed(c, all_of_them=True))
    assert (kept.status, kept.told, kept.changed_at - kept.raised_at) == ("resolved", "resolved", 600.0)
    assert (kept.progress.round, [reach.reached_at for reach in kept.progress.reach.values()]) == (2, [kept.raised_at])
    rows = await database.read(lambda c: [(row.kind, row.at) for row in c.execute(select(audit))])
    assert rows == [("page_raised", kept.raised_at), ("page_resolved", kept.changed_at)]
    await database.stop()


async def test_what_ended_while_it_was_away_is_written_down_later(database_url: str) -> None:
    notifier, database = ScriptedNotifier(), Database(database_url, seal)
    ringing = alarms(database, notifier)
    ringing.start()
    ringing.ring("calendar_silent", "google:a", "t", "b", pages=("mine",))
    await notifier.wait_for("mine", 1)
    ringing.clear("calendar_silent", "google:a")
    await soon(lambda: bool(notifier.ends["mine"]))
    assert not ringing.again("calendar_silent", "google:a", "t", "b"), "it is over"
    await database.start()
    ringing._clock.advance(AWAY_S)  # type: ignore[attr-defined]  # a fake one
    await ringing._look(Book(database, LISTS, ringing._clock, lambda: None))
    await ringing.stop()
    assert await listed(database) == [("calendar_silent", "google:a", "acme", "resolved")]
    await database.stop()


@pytest.mark.parametrize("away_again", [False, True])
async def test_an_end_that_could_not_be_written_ends_nothing_that_rang_anew_since(
    database: Database, away_again: bool
) -> None:
    """Whether it rings anew once the database is back, or while it is still away."""
    notifier = ScriptedNotifier()
    ringing, clock = alarms(database, notifier), FakeClock()
    ringing._clock, book = clock, Book(database, LISTS, clock, lambda: None)
    ringing.ring("redis_down", "redis", "t", "b")
    ringing.start()
    await soon(lambda: ("redis_down", "redis") in ringing._kept)
    ringing._away_until = clock.monotonic() + AWAY_S
    ringing.clear("redis_down", "redis")
    await soon(lambda: ("redis_down", "redis") in ringing._owed)
    if away_again:
        assert ringing.ring("redis_down", "redis", "anew", "b")
        await notifier.wait_for("own", 1)
    clock.advance(AWAY_S)
    assert away_again or ringing.ring("redis_down", "redis", "anew", "b")
    for _ in range(3):
        await ringing._look(book)
        await soon(lambda: not ringing._waiting and ringing._keeping is not None and ringing._keeping.done())
        clock.advance(AWAY_S)

    found = await database.read(lambda c: pages.listed(c, all_of_them=True))
    assert sorted((kept.page.title, kept.status) for kept in found) == [("anew", "open"), ("t", "resolved")]
    assert not ringing.ring("redis_down", "redis", "t", "b"), "it rings"
    ringing.clear("redis_down", "redis")
    await ringing.stop()
    assert {row[-1] for row in await listed(database)} == {"resolved"}


async def test_an_end_that_was_told_and_is_not_written_yet_is_not_told_of_what_rang_anew(database: Database) -> None:
    """The database is read and takes no writes, so that every look finds that end owed."""
    notifier, clock = ScriptedNotifier(), FakeClock()
    ringing, book = alarms(database, notifier), Book(database, LISTS, clock, lambda: None)
    ringing._clock = clock
    ringing._away_until = clock.monotonic() + AWAY_S
    ringing.start()
    ringing.ring("redis_down", "redis", "t", "b")
    await notifier.wait_for("own", 1)
    ringing.clear("redis_down", "redis")
    await soon(lambda: bool(notifier.ends["own"]) and not ringing.carried)
    ringing.ring("redis_down", "redis", "anew", "b")
    await notifier.wait_for("own", 2)

    await ringing._look(book)
    await soon(lambda: not ringing._waiting and (ringing._keeping is None or ringing._keeping.done()))
    assert ringing.carried == 1
    assert notifier.ends["own"] == [("t", CAUSE_GONE)]

    clock.advance(AWAY_S)
    await ringing._look(book)
    await soon(lambda: ("redis_down", "redis") in ringing._kept)
    found = await database.read(lambda c: pages.listed(c, all_of_them=True))
    assert sorted((kept.page.title, kept.status) for kept in found) == [("anew", "open"), ("t", "resolved")]
    await ringing.stop()

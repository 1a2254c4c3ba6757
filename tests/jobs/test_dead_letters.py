"""The pile of dead letters: what a person can do with one, once, and what is known of it afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import Connection, func, select

from app.audit.log import seal, verify
from app.db.engine import Transaction
from app.db.once import committing, looking
from app.db.schema import audit, job_outbox, pages
from app.jobs.dead_letters import (
    Letter,
    LetterError,
    bury,
    discard,
    given_up,
    letter_of,
    listed,
    pile,
    replay,
)
from app.jobs.pile import OLD_AFTER_S, PAGE, TOLD_AGAIN_S, PileWatch
from app.watch.pages import resolved
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened

DATA = {"booking": "b:1"}


@contextmanager
def within(url: str) -> Iterator[Transaction]:
    with committing(url, seal) as transaction:
        yield transaction


def buried(url: str, key: str = "b:1", kind: str = "crm_copy", now: float = 10.0) -> str:
    with within(url) as transaction:
        assert given_up(transaction, Letter(kind, key, "acme", "500", DATA), now=now)
    with looking(url) as connection:
        return next(letter.id for letter in listed(connection) if (letter.kind, letter.key) == (kind, key))


def open_pages(connection: Connection) -> list[str]:
    return list(connection.execute(select(pages.c.key).where(pages.c.status != "resolved")).scalars())


def test_a_replay_puts_the_job_once_more_as_a_job_of_its_own(database_url: str) -> None:
    identity = buried(database_url)

    with within(database_url) as transaction:
        job = replay(transaction, identity, by="dana", now=20.0)

    with looking(database_url) as connection:
        [row] = connection.execute(select(job_outbox)).fetchall()
        letter = letter_of(connection, identity)
        kinds = connection.execute(select(audit.c.kind).order_by(audit.c.seq)).scalars().all()
        assert verify(connection).holds
        assert open_pages(connection) == []
    assert (row.kind, row.key, row.due, row.data) == ("crm_copy", f"b:1~{identity[:12]}", 20.0, '{"booking":"b:1"}')
    assert job.key == row.key
    assert (letter.status, letter.created_at, letter.changed_at) == ("replayed", 10.0, 20.0)
    assert kinds == ["dead_letter", "page_raised", "page_resolved", "dead_letter_replayed"]


def test_a_letter_is_dealt_with_once(database_url: str) -> None:
    identity = buried(database_url)
    with within(database_url) as transaction:
        discard(transaction, identity, by="dana", reason="sold, call +15125550142", now=20.0)

    for again in (replay, discard):
        with pytest.raises(LetterError, match="discarded already"), within(database_url) as transaction:
            again(transaction, identity, by="dana", now=30.0)
    with pytest.raises(LetterError, match="no dead letter"), within(database_url) as transaction:
        replay(transaction, "f" * 32, by="dana", now=30.0)

    with looking(database_url) as connection:
        assert letter_of(connection, identity).changed_at == 20.0
        assert connection.execute(select(job_outbox)).fetchall() == []
        told = str(connection.execute(select(audit.c.data)).scalars().all())
    assert "sold" in told
    assert "5125550142" not in told


def test_a_replay_that_fails_again_is_a_new_letter_under_the_same_name(database_url: str) -> None:
    first = buried(database_url)
    with within(database_url) as transaction:
        key = replay(transaction, first, by="dana", now=20.0).key
    second = buried(database_url, key, now=30.0)
    with within(database_url) as transaction:
        again = replay(transaction, second, by="dana", now=40.0).key

    assert again == f"b:1~{second[:12]}"
    assert len({"b:1", key, again}) == 3


def test_the_longest_key_can_be_replayed(database_url: str) -> None:
    identity = buried(database_url, "k" * 200)
    with within(database_url) as transaction:
        assert len(replay(transaction, identity, by="dana", now=20.0).key) <= 200


def test_there_is_one_page_for_all_letters_of_a_kind_until_the_last_is_dealt_with(database_url: str) -> None:
    identities = [buried(database_url, f"b:{n}") for n in range(3)]
    other = buried(database_url, kind="read_back")
    for left, identity in enumerate(identities):
        with looking(database_url) as connection:
            assert sorted(open_pages(connection)) == ["acme:crm_copy", "acme:read_back"], left
        with within(database_url) as transaction:
            discard(transaction, identity, by="dana", now=20.0)
    with looking(database_url) as connection:
        assert open_pages(connection) == ["acme:read_back"]
        assert [letter.id for letter in listed(connection)] == [other]
        assert [letter.id for letter in listed(connection, "discarded")] == sorted(identities)


def test_a_job_has_one_open_letter(database_url: str) -> None:
    buried(database_url)
    with within(database_url) as transaction:
        assert not given_up(transaction, Letter("crm_copy", "b:1", "acme", "500", DATA), now=11.0)
    with looking(database_url) as connection:
        assert pile(connection).letters == 1


async def test_a_letter_that_nobody_deals_with_is_paged_and_the_page_goes_with_it(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        watch = PileWatch(database, clock, old_after_s=3_600.0)
        assert (await watch.look()).letters == 0
        letter = Letter("crm_copy", "b:1", "acme", "500", DATA)
        identity = await database.write(lambda transaction: bury(transaction, letter, now=clock.now()))
        clock.advance(3_599)
        await watch.look()
        assert await database.read(open_pages) == []
        clock.advance(2)
        await watch.look()
        await watch.look()
        assert await database.read(open_pages) == ["oldest"]

        await database.write(lambda transaction: discard(transaction, identity, by="dana", now=clock.now()))
        await PileWatch(database, clock).look()
        assert await database.read(open_pages) == []


async def test_a_pile_that_is_worked_off_beside_the_threshold_is_one_page(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        watch, letters = PileWatch(database, clock), []
        for number in range(5):
            letter = Letter("crm_copy", f"b:{number}", "acme", "500", DATA)
            letters.append(await database.write(partial(bury, letter=letter, now=clock.now())))
            clock.advance(60)
        clock.advance(OLD_AFTER_S - 299)
        raisings = []
        of_old_ones = select(func.count()).select_from(pages).where(pages.c.kind == PAGE)
        for identity in letters:
            await watch.look()
            raisings.append(await database.read(lambda connection: connection.execute(of_old_ones).scalar_one()))
            await database.write(partial(discard, identity=identity, by="dana", now=clock.now()))
            await watch.look()
            clock.advance(61)
        assert raisings == [1] * 5
        assert await database.read(open_pages) == []


async def test_the_page_about_old_letters_comes_again_hours_after_somebody_closed_it(database_url: str) -> None:
    clock = FakeClock()
    letter = Letter("crm_copy", "b:1", "acme", "500", DATA)
    async with opened(database_url) as database:
        watch = PileWatch(database, clock)
        await database.write(lambda transaction: bury(transaction, letter, now=clock.now()))
        clock.advance(3_601)
        await watch.look()
        await database.write(lambda t: resolved(t, PAGE, "oldest", now=clock.now(), by="Dana"))
        clock.advance(TOLD_AGAIN_S - 1)
        await watch.look()
        assert await database.read(open_pages) == []
        clock.advance(2)
        await watch.look()
        assert await database.read(open_pages) == ["oldest"]

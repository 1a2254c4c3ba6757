"""Copies of bookings from commit to sight: nothing sent twice blindly, nothing given up in silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from app.booking.book import Result
from app.booking.business import CrmAccount
from app.booking.crm import Absent, Copied, Crm, Different, Refused, Unknown
from app.booking.crm_copies import GIVE_UP_AFTER_S, LATE_AFTER_S, MOST_AT_ONCE, MOST_ATTEMPTS, CrmCopies
from app.booking.crm_record import LEASE_S
from app.booking.store import by_id
from app.db.schema import audit, bookings, crm_copies, dead_letters, job_outbox, pages
from app.jobs.dead_letters import discard
from app.jobs.outbox import Again, Job, put
from tests.booking.acme import ANN, HOUR, NOW, TUESDAY_9, House, acme, house
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.fakes.crm import FakeCrm
from tests.fakes.job_runner import JobRunner

READ_BACK_AFTER_S = 300
ACCOUNT = CrmAccount("webhook", "https://crm.example/in")
DAY_S = 86_400


@dataclass
class Desk:
    """A house whose bookings are copied to a CRM."""

    made: House
    crm: FakeCrm
    copies: CrmCopies
    jobs: JobRunner
    clock: FakeClock
    calendar: FakeCalendar

    async def booked(self, start: int = TUESDAY_9, call: str = "test:1") -> str:
        """A confirmed booking; its id."""
        outcome = await self.made.book(self.made.slot(start), call=call)
        assert outcome.result is Result.CONFIRMED
        assert outcome.booking is not None
        return outcome.booking.id

    async def changed(self, booking: str, **values: Any) -> None:
        """A booking moves on, with the jobs that needs, as whoever moves it commits them."""
        now = self.clock.now()

        def work(t: Any) -> None:
            t.connection.execute(update(bookings).where(bookings.c.id == booking).values(values))
            as_it_is = by_id(t.connection, booking)
            assert as_it_is is not None
            put(t, *self.copies.jobs_for(as_it_is, now), now=now)

        await self.made.database.write(work)

    async def rows(self, table: Any, *columns: str) -> list[Any]:
        asked = select(*(table.c[name] for name in columns))
        if table is job_outbox:
            asked = asked.where(job_outbox.c.kind.startswith("crm"))  # the read-back's are not looked at here
        found = await self.made.database.read(lambda c: c.execute(asked).fetchall())
        return [row[0] if len(columns) == 1 else tuple(row) for row in found]

    async def states(self) -> list[str]:
        return await self.rows(crm_copies, "state")

    async def pages(self) -> list[tuple[str, str]]:
        return sorted(await self.rows(pages, "kind", "status"))

    async def replayed(self) -> None:
        """What a replay does: the letter's data once more, as a job of another name."""
        (data,) = await self.rows(dead_letters, "data")
        job = Job("crm_copy", "again~0123", self.clock.now(), orjson.loads(data))
        await self.made.database.write(lambda t: put(t, job, now=self.clock.now()))


@asynccontextmanager
async def desk(url: str, crm: FakeCrm | None) -> AsyncIterator[Desk]:
    clock, calendar = FakeClock(NOW), FakeCalendar()
    business = acme(crm=ACCOUNT)
    async with house(url, calendar, business=business, clock=clock) as made:
        crms: dict[str, Crm] = {"acme": crm} if crm else {}
        copies = CrmCopies(made.database, {"acme": business}, crms, clock, read_back_after_s=READ_BACK_AFTER_S)
        made.then = copies.jobs_for
        jobs = JobRunner(made.database, clock, {"crm_copy": copies.copy, "crm_read_back": copies.read_back})
        yield Desk(made, crm or FakeCrm(), copies, jobs, clock, calendar)


@pytest.fixture
async def at(database_url: str) -> AsyncIterator[Desk]:
    async with desk(database_url, FakeCrm()) as made:
        yield made


async def test_a_confirmed_booking_is_copied_and_seen(at: Desk) -> None:
    booking = await at.booked()
    assert await at.rows(job_outbox, "kind", "key") == [("crm_copy", f"{booking}:1:booked")]
    await at.jobs.run_for(1)
    assert (await at.states(), at.crm.verbs()) == (["copied"], ["upsert"])
    await at.jobs.run_for(READ_BACK_AFTER_S)
    assert (await at.states(), at.crm.verbs()) == (["verified"], ["upsert", "read"])
    assert at.jobs.waiting() == []
    assert await at.pages() == []


async def test_a_refused_booking_and_a_business_without_crm_leave_no_job(database_url: str) -> None:
    async with desk(database_url, FakeCrm()) as made:
        made.calendar.script("book", scripted.REFUSED)
        assert (await made.made.book()).result is Result.REFUSED
        assert await made.rows(job_outbox, "kind") == []
    async with desk(database_url, None) as made:
        await made.booked()
        assert await made.rows(job_outbox, "kind") == []


async def test_a_pending_booking_is_copied_when_it_is_settled(at: Desk) -> None:
    at.calendar.script("book", scripted.DONE_BUT_UNKNOWN)
    assert (await at.made.book()).result is Result.PENDING
    assert await at.jobs.run_for(5) == 0
    await at.made.settler.settle_due()
    await at.jobs.run_for(READ_BACK_AFTER_S + 1)
    assert await at.states() == ["verified"]


async def test_a_booking_that_is_in_doubt_again_is_waited_for(at: Desk) -> None:
    booking = await at.booked()
    await at.changed(booking, status="pending")
    await at.jobs.run_for(120)
    assert at.crm.asked == []
    await at.changed(booking, status="confirmed")
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    assert await at.states() == ["verified"]


@pytest.mark.parametrize("copied_first", [True, False])
async def test_one_that_came_to_nothing_is_taken_back_only_where_it_was_heard_of(at: Desk, copied_first: bool) -> None:
    booking = await at.booked()
    if copied_first:
        await at.jobs.run_for(1)
    await at.changed(booking, status="refused")
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    wanted = [f"{booking}.1.booked", f"{booking}.1.cancelled"] if copied_first else []
    assert [name for verb, name in at.crm.asked if verb == "upsert"] == wanted


async def test_moves_and_cancellations_are_copied_in_their_turn(at: Desk) -> None:
    booking = await at.booked()
    await at.jobs.run_for(1)
    await at.changed(booking, revision=2, starts=TUESDAY_9 + HOUR, ends=TUESDAY_9 + 2 * HOUR)
    await at.jobs.run_for(1)
    await at.changed(booking, revision=3, status="cancelled")
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    assert [name for verb, name in at.crm.asked if verb == "upsert"] == [
        f"{booking}.1.booked", f"{booking}.2.moved", f"{booking}.3.cancelled",
    ]  # fmt: skip
    assert sorted(await at.states()) == ["superseded", "superseded", "verified"]


async def test_a_copy_that_waited_is_overtaken_by_what_is_newer(at: Desk) -> None:
    """An older state must not arrive after a newer one, and the newest is not forgotten if nobody asked for it."""
    at.crm.upserts.append(Refused("HTTP 503"))
    booking = await at.booked()
    await at.jobs.run_for(1)

    def quietly(t: Any) -> None:
        t.connection.execute(update(bookings).where(bookings.c.id == booking).values(revision=2))

    await at.made.database.write(quietly)
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    assert [name for verb, name in at.crm.asked if verb == "upsert"] == [f"{booking}.1.booked", f"{booking}.2.moved"]
    assert sorted(await at.states()) == ["superseded", "verified"]


async def test_a_refusal_is_tried_again_with_growing_jittered_pauses(at: Desk) -> None:
    at.crm.upserts.extend([Refused("HTTP 503")] * 6)
    await at.booked()
    await at.jobs.run_for(HOUR)
    pauses = at.jobs.pauses_s
    assert len(pauses) == 6
    for attempt, pause in enumerate(pauses):
        assert 0.75 * 5 * 2**attempt <= pause <= 1.25 * 5 * 2**attempt
    assert await at.states() == ["verified"]
    assert "read" not in at.crm.verbs()[:-1], "what certainly was not written need not be looked for"


async def test_a_crm_that_says_when_to_come_back_is_left_alone_that_long(at: Desk) -> None:
    at.crm.upserts.append(Refused("HTTP 429", after_s=120))
    await at.booked()
    await at.jobs.run_for(1)
    assert at.jobs.pauses_s == [120]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_copy_in_doubt_is_looked_for_before_it_is_sent_again(at: Desk, arrived: bool) -> None:
    at.crm.arrives = arrived
    at.crm.upserts.append(Unknown("no answer"))
    await at.booked()
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    assert at.crm.verbs() == (["upsert", "read"] if arrived else ["upsert", "read", "upsert", "read"])
    assert await at.states() == ["verified"]


async def test_a_copy_in_doubt_that_cannot_be_looked_for_is_not_sent(at: Desk) -> None:
    at.crm.upserts.append(Unknown("no answer"))
    at.crm.reads.extend([Unknown("no answer")] * 3)
    await at.booked()
    await at.jobs.run_for(90)
    assert at.crm.verbs() == ["upsert", "read", "read", "read", "read", "upsert"]


async def test_a_crm_that_shows_nothing_gets_the_same_event_again_and_its_word_is_taken(database_url: str) -> None:
    async with desk(database_url, FakeCrm(readable=False)) as at:
        at.crm.upserts.append(Unknown("no answer"))
        booking = await at.booked()
        await at.jobs.run_for(READ_BACK_AFTER_S + 60)
        assert {name for _, name in at.crm.asked} == {f"{booking}.1.booked"}
        assert at.crm.verbs() == ["upsert", "read", "upsert", "read"]
        assert await at.states() == ["accepted"]


async def test_a_process_that_died_while_sending_leaves_a_copy_that_is_looked_for(at: Desk) -> None:
    async def die() -> None:
        raise asyncio.CancelledError

    at.crm.before = die
    await at.booked()
    with pytest.raises(asyncio.CancelledError):
        await at.jobs.run_for(1)
    at.crm.before = None
    (booking, revision, event) = (await at.rows(crm_copies, "booking", "revision", "event"))[0]
    data = {"booking": booking, "revision": revision, "event": event, "business": "acme"}
    assert isinstance(await at.copies.copy(data), Again), "whoever was sending has the lease"
    at.clock.advance(LEASE_S)
    assert await at.copies.copy(data) is None
    assert at.crm.verbs() == ["upsert", "read", "upsert"]


async def test_two_who_take_the_same_copy_send_it_once(at: Desk) -> None:
    await at.booked()
    ((booking, revision, event),) = [tuple(k.split(":")) for k in await at.rows(job_outbox, "key")]
    data = {"booking": booking, "revision": int(revision), "event": event, "business": "acme"}
    answers = await asyncio.gather(*(at.copies.copy(data) for _ in range(4)))
    assert at.crm.verbs() == ["upsert"]
    assert None in answers


async def test_two_visits_of_one_customer_are_not_sent_at_the_same_time(at: Desk) -> None:
    """Each would find no contact there, and make one."""
    await at.booked()
    await at.booked(TUESDAY_9 + 2 * HOUR, call="test:2")
    under_way, most = 0, 0

    async def counted() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        under_way -= 1

    at.crm.before = counted
    keys = [tuple(key.split(":")) for key in await at.rows(job_outbox, "key")]
    carried = [{"booking": b, "revision": int(r), "event": e, "business": "acme"} for b, r, e in keys]
    await asyncio.gather(*(at.copies.copy(data) for data in carried))
    assert most == 1
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    assert await at.states() == ["verified", "verified"]


async def test_a_success_that_wrote_nothing_is_written_once_more(at: Desk) -> None:
    at.crm.upserts.append(Copied())
    await at.booked()
    await at.jobs.run_for(2 * READ_BACK_AFTER_S + 10)
    assert at.crm.verbs() == ["upsert", "read", "upsert", "read"]
    assert await at.states() == ["verified"]
    assert await at.rows(dead_letters, "id") == []


@pytest.mark.parametrize("there", [Absent(), Different(("start", "contact"))], ids=str)
async def test_a_copy_accepted_twice_and_never_seen_is_a_dead_letter_and_a_page(at: Desk, there: Any) -> None:
    at.crm.upserts.extend([Copied()] * 9)
    at.crm.reads.extend([there] * 9)
    await at.booked()
    reference = (await at.made.row()).reference
    await at.jobs.run_for(DAY_S)
    assert at.crm.verbs() == ["upsert", "read", "upsert", "read"]
    assert await at.states() == ["dead"]
    ((title, body),) = await at.rows(pages, "title", "body")
    assert title == f"CRM copy missing: {reference}"
    assert ("is not there" if there == Absent() else "differs in start, contact") in body
    ((kind, cause),) = await at.rows(dead_letters, "kind", "cause")
    assert (kind, cause.startswith("it was accepted twice")) == ("crm_copy", True)


async def test_attempts_are_bounded_and_end_as_a_dead_letter_with_the_cause(at: Desk) -> None:
    at.crm.upserts.extend([Refused("HTTP 503")] * 99)
    await at.booked()
    await at.jobs.run_for(DAY_S)
    assert at.crm.verbs() == ["upsert"] * MOST_ATTEMPTS
    assert await at.rows(dead_letters, "cause") == ["HTTP 503"]
    assert await at.pages() == [("crm_copies_late", "resolved"), ("crm_copy_missing", "open")], "none waits any more"
    assert at.jobs.waiting() == []


async def test_what_will_never_be_taken_is_given_up_at_once(at: Desk) -> None:
    at.crm.upserts.append(Refused("HTTP 410", for_good=True))
    await at.booked()
    await at.jobs.run_for(1)
    assert (await at.states(), at.crm.verbs()) == (["dead"], ["upsert"])
    assert await at.pages() == [("crm_copy_missing", "open")]


async def test_who_discards_its_letter_ends_its_page_and_no_other(at: Desk) -> None:
    at.crm.upserts.extend([Refused("HTTP 400: no such field", for_good=True)] * 2)
    for start, call in ((TUESDAY_9, "test:1"), (TUESDAY_9 + HOUR * 2, "test:2")):
        await at.booked(start, call)
        await at.jobs.run_for(1)
    assert await at.pages() == [("crm_copy_missing", "open")] * 2
    letter = (await at.rows(dead_letters, "id"))[0]
    await at.made.database.write(lambda t: discard(t, letter, by="Kim", now=NOW))
    assert await at.pages() == [("crm_copy_missing", "open"), ("crm_copy_missing", "resolved")]
    assert sorted(await at.rows(pages, "resolution")) == ["", "Kim"]


async def test_credentials_that_are_not_accepted_page_at_once_and_nothing_is_lost(at: Desk) -> None:
    at.crm.upserts.extend([Refused("HTTP 401", credentials=True)] * 3)
    await at.booked()
    await at.jobs.run_for(1)
    assert await at.pages() == [("crm_refuses", "open")]
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    assert await at.pages() == [("crm_refuses", "resolved")]
    assert await at.states() == ["verified"]


async def test_copies_that_are_late_are_paged_once_and_the_page_ends_with_the_last_of_them(at: Desk) -> None:
    at.crm.upserts.extend([Refused("HTTP 503")] * 99)
    await at.booked()
    await at.booked(TUESDAY_9 + 2 * HOUR, call="test:2")
    await at.jobs.run_for(LATE_AFTER_S + HOUR)
    assert await at.pages() == [("crm_copies_late", "open")]
    at.crm.upserts.clear()
    await at.jobs.run_for(2 * HOUR)
    assert await at.pages() == [("crm_copies_late", "resolved")]


async def test_while_a_crm_is_spared_copies_wait_and_their_attempts_do_not_run_out(at: Desk) -> None:
    at.crm.upserts.extend([Refused("spared", tried=False)] * 40)
    await at.booked()
    await at.jobs.run_for(2 * HOUR)
    (attempts,) = await at.rows(crm_copies, "attempts")
    assert attempts == 0
    assert all(pause <= 375 for pause in at.jobs.pauses_s)
    assert len(at.crm.asked) > MOST_ATTEMPTS
    at.crm.upserts.clear()
    await at.jobs.run_for(READ_BACK_AFTER_S + 400)
    assert await at.states() == ["verified"]


async def test_a_crm_that_stays_away_for_a_day_ends_in_a_letter_not_in_silence(at: Desk) -> None:
    at.crm.upserts.extend([Refused("spared", tried=False)] * 9999)
    await at.booked()
    await at.jobs.run_for(GIVE_UP_AFTER_S + HOUR)
    assert await at.states() == ["dead"]
    assert set(await at.pages()) == {("crm_copies_late", "resolved"), ("crm_copy_missing", "open")}


async def test_a_copy_that_cannot_be_read_back_is_given_up_in_the_end_and_not_sent_again(at: Desk) -> None:
    at.crm.reads.extend([Unknown("HTTP 500")] * 99)
    await at.booked()
    await at.jobs.run_for(2 * DAY_S)
    assert at.crm.verbs() == ["upsert"] + ["read"] * MOST_ATTEMPTS
    ((title,),) = [(t,) for t in await at.rows(pages, "title")]
    assert title.startswith("CRM copy cannot be verified: ")


@pytest.mark.parametrize("there", [True, False], ids=["it is there by now", "it is not there"])
async def test_a_replay_looks_first_and_sends_only_what_is_missing(at: Desk, there: bool) -> None:
    at.crm.arrives = there
    at.crm.upserts.append(Refused("HTTP 400", for_good=True))
    await at.booked()
    await at.jobs.run_for(1)
    at.crm.asked.clear()
    await at.replayed()
    await at.jobs.run_for(READ_BACK_AFTER_S + 60)
    assert at.crm.verbs() == (["read"] if there else ["read", "upsert", "read"])
    assert await at.states() == ["verified"]
    assert await at.pages() == [("crm_copy_missing", "resolved")]


async def test_a_replay_gets_its_own_attempts_and_its_own_read_back(at: Desk) -> None:
    at.crm.upserts.extend([Copied()] * 2)
    await at.booked()
    await at.jobs.run_for(DAY_S)
    assert await at.states() == ["dead"]
    at.crm.upserts.append(Copied())
    await at.replayed()
    await at.jobs.run_for(2 * READ_BACK_AFTER_S + 60)
    assert await at.states() == ["verified"]


async def test_a_slow_crm_gets_only_so_many_hands(at: Desk) -> None:
    release = asyncio.Event()
    at.crm.before = release.wait
    for number in range(MOST_AT_ONCE + 2):
        customer = replace(ANN, name=f"Caller {number}", phone=f"+1512555{number:04}", caller="")
        slot = at.made.slot(TUESDAY_9 + number * DAY_S, who="dana" if number % 2 else "lee")
        if number > 3:
            slot = at.made.slot(TUESDAY_9 + (number - 4) * DAY_S + 2 * HOUR)
        assert (await at.made.book(slot, customer, call=f"test:{number}")).result is Result.CONFIRMED
    keys = [tuple(key.split(":")) for key in await at.rows(job_outbox, "key")]
    carried = [{"booking": b, "revision": int(r), "event": e, "business": "acme"} for b, r, e in keys]
    tasks = [asyncio.create_task(at.copies.copy(data)) for data in carried]
    async with asyncio.timeout(20):
        while len(at.crm.asked) < MOST_AT_ONCE:  # noqa: ASYNC110 - waits for tasks of the handler's own
            await asyncio.sleep(0.01)
    done = [task for task in tasks if task.done()]
    assert [isinstance(task.result(), Again) for task in done] == [True, True], "the others come back later"
    release.set()
    await asyncio.gather(*tasks)


async def test_what_is_sent_again_bears_the_same_moment(at: Desk) -> None:
    at.crm.upserts.extend([Refused("HTTP 503"), Refused("HTTP 503")])
    booking = await at.booked()
    await at.jobs.run_for(2)
    await at.changed(booking, updated_at=NOW + 3.0, verification="verified")
    await at.jobs.run_for(60)
    assert len(at.crm.moments) == 3
    assert len(set(at.crm.moments)) == 1


async def test_a_crm_that_hangs_holds_up_no_caller(at: Desk) -> None:
    hanging = asyncio.Event()

    async def hang() -> None:
        hanging.set()
        await asyncio.Event().wait()

    at.crm.before = hang
    await at.booked()
    stuck = asyncio.create_task(at.jobs.run_for(1))
    await hanging.wait()
    for number in range(1, 4):
        await at.booked(TUESDAY_9 + number * DAY_S, call=f"test:{number + 1}")
    assert not stuck.done()
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)


async def test_readiness_says_degraded_while_copies_do_not_get_there(at: Desk) -> None:
    assert await at.copies.state() == "ok"
    at.crm.upserts.extend([Refused("HTTP 503")] * 3)
    await at.booked()
    await at.jobs.run_for(12)
    assert await at.copies.state() == "degraded"
    await at.jobs.run_for(READ_BACK_AFTER_S)
    assert await at.copies.state() == "ok"
    at.crm.spared = True
    assert await at.copies.state() == "degraded"


async def test_what_is_kept_about_copies_names_no_customer(at: Desk) -> None:
    at.crm.upserts.append(Refused("HTTP 400 +15125550123 ann@example.com", for_good=True))
    await at.booked()
    await at.jobs.run_for(1)
    kept = str(
        [
            await at.rows(job_outbox, "key", "data"),
            await at.rows(dead_letters, "key", "cause", "data"),
            await at.rows(pages, "title", "body"),
            await at.rows(audit, "subject", "data"),
        ]
    )
    assert not any(word in kept for word in ("Ann", "5550123", "example.com"))


async def test_a_business_that_gave_up_its_crm_has_nothing_more_to_do(database_url: str) -> None:
    async with desk(database_url, FakeCrm()) as at:
        await at.booked()
    async with desk(database_url, None) as at:
        assert await at.jobs.run_for(HOUR) == 1
        assert at.jobs.waiting() == []

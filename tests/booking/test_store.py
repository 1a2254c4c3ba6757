"""The claim on time, which one of many callers gets, from one process or two; and the moves a booking makes later."""

import asyncio
import contextlib
import itertools
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.booking.book import Outcome, Result
from app.booking.slots import Slot
from app.booking.store import (
    REFERENCE_ALPHABET,
    REFERENCE_CHARS,
    YIELD,
    Booking,
    Customer,
    by_caller,
    by_reference,
    claim,
    drafted,
    in_the_way,
    lease,
    move,
    of_call,
)
from app.booking.verification import Aftercare, confirmed
from app.db.engine import Transaction
from app.db.schema import job_outbox
from app.errors import Code
from app.jobs.outbox import Job
from tests.booking.acme import (
    ANN,
    CALLER,
    FOLLOW_UP,
    HOUR,
    INSPECTION,
    NOW,
    TREATMENT,
    TUESDAY_9,
    House,
    house,
)
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock

ROUNDS, CALLERS = 20, 30
CONTENDED_P99_S = 0.1


@pytest.fixture
async def made(database_url: str) -> AsyncIterator[House]:
    async with house(database_url) as built:
        yield built


def draft(made: House, slot: Slot | None = None, customer: Customer = ANN, **changes: object) -> Booking:
    drawn = drafted("acme", slot or made.slot(), customer, "test:1", now=made.clock.now(), hold_s=90)
    return replace(drawn, **changes)  # type: ignore[arg-type]  # columns by name


async def claimed(made: House, booking: Booking) -> Booking | None:
    return await made.database.write(lambda t: claim(t, booking))


async def moved(made: House, booking: Booking, status: str, **changes: object) -> Booking | None:
    return await made.database.write(lambda t: move(t, booking, status, now=made.clock.now(), **changes))


# --- the race ---------------------------------------------------------------------------------------------------------


def contenders(made: House, start: int) -> list[Slot]:
    """Thirty requests of which any two overlap: other starts, lengths and buffers around one moment."""
    shapes = [(start, INSPECTION), (start - 1800, TREATMENT), (start, TREATMENT), (start, FOLLOW_UP)]
    return [made.slot(*shapes[number % len(shapes)]) for number in range(CALLERS)]


async def timed(made: House, slot: Slot, number: int, took: list[float]) -> Outcome:
    began = time.perf_counter()
    phone = f"+1512555{number:04}"
    outcome = await made.book(slot, Customer(f"Caller {number}", phone, phone), call=f"test:{number}")
    took.append(time.perf_counter() - began)
    return outcome


async def race(houses: list[House]) -> tuple[float, float]:
    """All rounds; returns the contended p99, and the slowest caller of the quickest round, both in seconds."""
    took: list[float] = []
    draw = random.Random(7)
    for number in range(ROUNDS):
        slots = contenders(houses[0], TUESDAY_9 + number * 4 * HOUR)
        draw.shuffle(slots)
        outcomes = await asyncio.gather(
            *(timed(houses[i % len(houses)], slot, i, took) for i, slot in enumerate(slots))
        )
        results = [outcome.result for outcome in outcomes]
        assert results.count(Result.CONFIRMED) == 1
        assert all(outcome.code is Code.SLOT_TAKEN for outcome in outcomes if outcome.result is not Result.CONFIRMED)
    rows = await houses[0].rows()
    assert [row.status for row in rows] == ["confirmed"] * ROUNDS
    rounds = [max(took[at : at + CALLERS]) for at in range(0, len(took), CALLERS)]
    return sorted(took)[int(len(took) * 0.99)], min(rounds)


async def test_what_only_touches_is_taken_and_a_minute_of_overlap_is_not(made: House) -> None:
    first = draft(made)
    long = first.blocked_to - first.blocked_from

    async def beside(shift: int) -> Booking | None:
        shifted = {"blocked_from": first.blocked_from + shift, "blocked_to": first.blocked_to + shift}
        return await claimed(made, draft(made, **shifted))

    assert await claimed(made, first) is not None
    assert [await beside(shift) for shift in (60 - long, long - 60)] == [None, None]
    assert None not in [await beside(shift) for shift in (-long, long)]


async def test_only_another_booking_that_overlaps_is_in_the_way(made: House) -> None:
    first = draft(made)
    assert await claimed(made, first) is not None
    low, high = first.blocked_from, first.blocked_to
    rival = draft(made)
    spans = [(low - 60, low), (low - 60, low + 60), (low + 60, high - 60), (high - 60, high + 60), (high, high + 60)]

    async def met(booking: Booking) -> list[bool]:
        return await made.database.read(lambda c: [in_the_way(c, booking, span) for span in spans])

    assert await met(rival) == [False, True, True, True, False]
    assert await met(first) == [False] * 5


async def test_of_thirty_callers_exactly_one_gets_the_time(made: House, database_url: str) -> None:
    p99, quickest = await race([made])
    print(f"contended p99 {p99 * 1000:.1f} ms on {database_url.partition(':')[0]}")  # noqa: T201 - a figure to report
    assert quickest < CONTENDED_P99_S, "whatever keeps callers waiting does so in each round, a busy machine in some"


async def test_nor_do_two_servers_on_one_database_give_it_twice(database_url: str) -> None:
    calendar = FakeCalendar()
    async with house(database_url, calendar) as one, house(database_url, calendar) as two:
        p99, _ = await race([one, two])
        assert len(calendar.ours("dana")) == ROUNDS
        print(f"two servers: p99 {p99 * 1000:.1f} ms")  # noqa: T201 - a figure to report


RACER = """
import asyncio, sys
from tests.booking.acme import house
from tests.booking.test_store import CALLERS, contenders
from tests.booking.acme import TUESDAY_9, HOUR
from app.booking.store import claim, drafted
from tests.booking.acme import ANN

async def main(url, who):
    async with house(url) as made:
        print("ready", flush=True)
        sys.stdin.readline()
        won = 0
        for number in range(20):
            slots = contenders(made, TUESDAY_9 + number * 4 * HOUR)
            drafts = [drafted("acme", s, ANN, who, now=made.clock.now(), hold_s=90) for s in slots]
            done = await asyncio.gather(*(made.database.write(lambda t, d=d: claim(t, d)) for d in drafts))
            won += sum(held is not None for held in done)
        print(won, flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


async def test_nor_do_two_processes(made: House, database_url: str) -> None:
    racers = [
        subprocess.Popen(  # noqa: ASYNC220 - starts at once, and nothing else runs here
            [sys.executable, "-c", RACER, database_url, f"test:{who}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in ("one", "two")
    ]
    with contextlib.ExitStack() as stack:
        for racer in racers:
            stack.enter_context(racer)
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        wins = [int((await asyncio.to_thread(racer.communicate))[0]) for racer in racers]
    assert sum(wins) == ROUNDS
    rows = sorted(await made.rows(), key=lambda row: row.blocked_from)
    assert all(before.blocked_to <= after.blocked_from for before, after in itertools.pairwise(rows))


async def test_another_calendar_is_another_matter(made: House) -> None:
    outcomes = await asyncio.gather(made.book(), made.book(made.slot(who="lee"), call="test:2"))
    assert [outcome.result for outcome in outcomes] == [Result.CONFIRMED, Result.CONFIRMED]


@pytest.mark.parametrize(
    ("status", "free_again"), [("held", False), ("pending", False), ("confirmed", False), ("refused", True)]
)
async def test_only_what_is_refused_gives_its_time_back(made: House, status: str, free_again: bool) -> None:
    held = await claimed(made, draft(made))
    assert held is not None
    if status != "held":
        await moved(made, held, status)
    assert (await claimed(made, draft(made)) is not None) == free_again


# --- references -------------------------------------------------------------------------------------------------------


async def test_a_reference_already_in_use_is_drawn_again(made: House) -> None:
    first = await claimed(made, draft(made, reference="AAAAAA"))
    assert first is not None
    second = await claimed(made, draft(made, made.slot(who="lee"), reference="AAAAAA"))
    assert second is not None
    assert second.reference != "AAAAAA"
    assert {row.reference for row in await made.rows()} == {"AAAAAA", second.reference}


async def test_a_slot_that_is_taken_is_not_mistaken_for_a_reference_in_use(made: House) -> None:
    await claimed(made, draft(made, reference="AAAAAA"))
    assert await claimed(made, draft(made, reference="AAAAAA")) is None
    assert len(await made.rows()) == 1


def test_references_have_no_letters_that_are_misheard() -> None:
    assert not set("01ILOU") & set(REFERENCE_ALPHABET)
    assert len(REFERENCE_ALPHABET) ** REFERENCE_CHARS > 5e8


# --- moves ------------------------------------------------------------------------------------------------------------


async def test_a_booking_is_settled_once(made: House) -> None:
    held = await claimed(made, draft(made))
    assert held is not None
    assert await moved(made, held, "pending", reason="late", look_at=NOW + 5.0) is not None
    settled = await moved(made, held, "confirmed", etag="e1")
    assert settled is not None
    assert await moved(made, held, "refused") is None
    assert await moved(made, held, "pending") is None
    row = await made.row()
    assert (row.status, row.etag) == ("confirmed", "e1")
    assert await made.audited() == ["booking_held", "booking_pending", "booking_confirmed"]


async def test_what_follows_a_confirmation_is_committed_with_it_and_only_by_who_made_it(made: House) -> None:
    held = await claimed(made, draft(made))
    assert held is not None

    def follow(booking: Booking, now: float) -> list[Job]:
        return [Job("look", f"{booking.id}:{booking.status}", now)]

    def confirm(transaction: Transaction) -> Booking | None:
        return confirmed(transaction, held, etag="", now=made.clock.now(), care=Aftercare(60.0, follow))

    assert await made.database.write(confirm)
    assert await made.database.write(confirm) is None
    jobs = await made.database.read(lambda c: c.execute(select(job_outbox.c.kind, job_outbox.c.key)).fetchall())
    assert sorted(map(tuple, jobs)) == [("look", f"{held.id}:confirmed"), ("read_back", f"{held.id}:1")]


async def test_a_refused_one_does_not_come_back_in_doubt(made: House) -> None:
    held = await claimed(made, draft(made))
    assert held is not None
    await moved(made, held, "refused")
    assert await moved(made, held, "pending", doubt=True) is None


async def test_a_lease_is_one_processs_own_until_it_runs_out(made: House) -> None:
    clock = made.clock
    assert isinstance(clock, FakeClock)
    held = await claimed(made, draft(made))
    assert held is not None
    await moved(made, held, "pending", look_at=NOW + 5.0)

    async def leased() -> int:
        now = clock.now()
        return len(await made.database.write(lambda t: lease(t, now=now, until=now + 20, limit=10)))

    assert await leased() == 0
    clock.advance(5)
    assert [await leased(), await leased()] == [1, 0]
    clock.advance(20)
    assert await leased() == 1


async def test_the_longest_waiting_are_leased_first(made: House) -> None:
    for number in range(3):
        slot = made.slot(TUESDAY_9 + number * 2 * HOUR)
        assert await claimed(made, draft(made, slot, reference=f"AAAAA{number}", hold_until=NOW - float(number)))
    taken = await made.database.write(lambda t: lease(t, now=NOW, until=NOW + 20, limit=2))
    assert [booking.reference for booking in taken] == ["AAAAA2", "AAAAA1"]


# --- finding ----------------------------------------------------------------------------------------------------------


async def test_a_call_finds_its_own_active_booking_of_that_slot(made: House) -> None:
    held = await claimed(made, draft(made))
    assert held is not None
    for key, slot, found in [
        ("test:1", made.slot(), True),
        ("test:2", made.slot(), False),
        ("test:1", made.slot(service=FOLLOW_UP), False),
        ("test:1", made.slot(who="lee"), False),
        ("test:1", made.slot(TUESDAY_9 + HOUR), False),
    ]:
        assert await made.database.read(lambda c, key=key, slot=slot: of_call(c, key, slot, "Bob Other")) is None
        mine = await made.database.read(lambda c, key=key, slot=slot: of_call(c, key, slot, held.customer_name))
        assert (mine is not None) == found, (key, slot)
    await moved(made, held, "refused")
    assert await made.database.read(lambda c: of_call(c, "test:1", made.slot(), held.customer_name)) is None


async def test_a_caller_finds_what_is_ahead_and_not_given_up(made: House) -> None:
    expected = []
    for number, (status, changes) in enumerate(
        [
            ("confirmed", {}),
            ("pending", {"reason": "late"}),
            ("pending", {"reason": YIELD}),
            ("refused", {}),
            ("held", {}),
        ]
    ):
        slot = made.slot(TUESDAY_9 - number * 3 * HOUR)
        held = await claimed(made, draft(made, slot))
        assert held is not None
        if status != "held":
            await moved(made, held, status, **changes)
        if number < 2 or status == "held":
            expected.insert(0, held.reference)
    for_somebody = draft(made, made.slot(TUESDAY_9 + 9 * HOUR), Customer("Bo", CALLER, "+15125550999"))
    assert await claimed(made, for_somebody)
    await moved(made, for_somebody, "confirmed")
    others = draft(made, made.slot(TUESDAY_9 + 12 * HOUR), Customer("Cy", "", "+15125550998"))
    assert await claimed(made, others)
    await moved(made, others, "confirmed")
    found = await made.database.read(lambda c: by_caller(c, "acme", CALLER, NOW))
    assert [booking.reference for booking in found] == [*expected, for_somebody.reference]
    assert await made.database.read(lambda c: by_caller(c, "zenith", CALLER, NOW)) == []
    later = await made.database.read(lambda c: by_caller(c, "acme", CALLER, TUESDAY_9 + HOUR))
    assert [booking.reference for booking in later] == [for_somebody.reference]


async def test_a_reference_belongs_to_its_business(made: House) -> None:
    held = await claimed(made, draft(made))
    assert held is not None
    assert await made.database.read(lambda c: by_reference(c, "acme", held.reference)) == held
    assert await made.database.read(lambda c: by_reference(c, "zenith", held.reference)) is None

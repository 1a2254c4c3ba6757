"""The life of a version on trial over real rows: taken back, raised, held up, and judged once whoever judges."""

import asyncio
import itertools
from typing import Any

import pytest
from sqlalchemy import update

from app.canary.book import CanaryError, Said, State, held, promoted, rolled_back, started
from app.canary.fates import UNHEARD_S
from app.canary.guards import FEW_MISSING
from app.canary.judge import _counted
from app.canary.overview import overview
from app.canary.steps import STEPS, Verdict
from app.db.engine import Database
from app.db.retention import KEEP_CALLS_S, Retention
from app.db.schema import bookings
from tests.calls.reception import audited
from tests.canary.trial import DANA, ENDED, HOUR_S, NEW, OK, STABLE, House
from tests.fakes.databases import executed, opened
from tests.watch.figured import JumpingClock

GONE = "call.start.error-get-assistant-not-found"


async def test_a_worse_version_is_taken_back_and_paged_with_its_figures(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start(percent=50)
        for number in range(90):
            new = house.arms.assistant("acme", STABLE, f"+1512555{number:04d}", ("vapi", "")) == NEW
            await house.call(number, ("check_availability", "internal" if new and number % 3 else "ok", ""))
        verdict = await house.look()

        assert verdict.verdict is Verdict.BACK
        assert verdict.why.startswith("failed_calls ")
        assert await house.stands() == (State.ROLLED_BACK, 50)
        assert house.told == [None]
        [page] = await house.pages()
        assert (page.page.kind, page.page.business, page.page.title) == (
            "canary_rolled_back", "acme", "Canary rolled back: asst_new of acme",
        )  # fmt: skip
        assert "Every caller gets asst_stable again since failed_calls" in page.page.body
        assert "tool_errors" in page.page.body
        assert "no_booking 100.0%" in page.page.body
        await house.arms.read()
        assert house.arms.assistant("acme", STABLE, "+15125550001", ("vapi", "n")) == STABLE
        assert [(row["was"], row["state"], row["by"]) for row in audited(database_url, "canary_changed")] == [
            ("", "running", "dana"), ("running", "running", "dana"), ("running", "rolled_back", "readback"),
        ]  # fmt: skip
        assert (await house.look()).why == "nothing on trial", "and nothing more happens"


BOOKED, GUESSED = ("book_appointment", "ok", "AAAAAA"), ("find_appointments", "not_allowed", "")
BY_HAND = ("cancel_appointment", "not_allowed", "AAAAAA")
"""A person had changed the event: nobody's attempt."""
NOT_OURS = ("unknown", "unknown_tool", "")
"""As dispatch writes down a call of a tool that it does not have."""


async def test_a_failed_read_back_takes_it_back_at_once_and_before_the_call_ends(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start(percent=100)
        await house.booking("AAAAAA")
        await house.call(1, BOOKED, reason="")
        assert (await house.look()).verdict is Verdict.STAY
        await house.mismatch("AAAAAA")
        verdict = await house.look()

        assert verdict.verdict is Verdict.BACK
        assert "not on the calendar as promised" in verdict.why
        assert await house.stands() == (State.ROLLED_BACK, 100)


async def test_the_same_in_a_call_of_the_stable_version_takes_nothing_back(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        canary = await house.start(percent=1)
        theirs = next(n for n in range(99) if house.arms.bucket(canary.id, f"+1512555{n:04d}") >= 100)
        await house.booking("AAAAAA")
        assert await house.call(theirs, BOOKED) == STABLE
        await house.mismatch("AAAAAA")
        await house.look()

        assert await house.stands() == (State.RUNNING, 1)


async def test_a_tool_that_is_none_of_ours_takes_it_back_at_its_first_call_before_that_ends(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        canary = await house.start(percent=50)
        mine = {n: house.arms.bucket(canary.id, f"+1512555{n:04d}") < 5_000 for n in range(99)}
        for on_trial, verdict in ((False, Verdict.STAY), (True, Verdict.BACK)):
            number = next(n for n in mine if mine[n] is on_trial)
            assert await house.call(number, NOT_OURS, reason="") == (NEW if on_trial else STABLE)
            judged = await house.look()
            assert judged.verdict is verdict

        assert judged.why == "it called a tool that is none of ours"
        assert await house.stands() == (State.ROLLED_BACK, 50)
        [page] = await house.pages()
        assert "again since it called a tool that is none of ours. It was at 50 percent." in page.page.body


async def test_callers_who_try_references_take_no_version_back(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start(percent=50)
        given = [await house.call(number, *[GUESSED] * 9, reason=ENDED if number else "") for number in range(40)]
        await house.look()

        assert given.count(NEW) > 5
        assert await house.stands() == (State.RUNNING, 50)


async def test_an_assistant_that_is_gone_at_the_platform_is_not_borne_after_a_few(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start(percent=100)
        for number in range(FEW_MISSING):
            assert (await house.look()).verdict is Verdict.STAY
            await house.call(number, reason=GONE)
        verdict = await house.look()

        assert verdict.why == "3 of its calls ended since the platform does not have it"
        assert await house.stands() == (State.ROLLED_BACK, 100)


async def on_trial_only(house: House, *used: tuple[str, str, str], calls: int, after: int = 0) -> None:
    """Calls of callers who get the new version, at the first step."""
    canary = await house.canary()
    theirs = (n for n in range(9_999) if house.arms.bucket(canary.id, f"+1512555{n:04d}") < 500)
    for number in itertools.islice(theirs, after, after + calls):
        await house.call(number, *used)


async def test_it_goes_up_after_calls_and_time_and_never_while_a_read_back_is_owed(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start()
        await on_trial_only(house, OK, calls=STEPS[0].calls)
        await house.booking("BBBBBB")
        await on_trial_only(house, ("book_appointment", "ok", "BBBBBB"), calls=1, after=STEPS[0].calls)
        assert (
            "0.0 of at least 1 hours" in (await house.look(60.0)).why
            or "not read back" in (await house.canary()).waits_for
        )
        await house.look(100.0)
        assert (await house.canary()).waits_for == "1 of its bookings not read back yet"
        executed(database_url, "UPDATE canaries SET watched_s = 3350")
        await house.look(100.0)
        assert (await house.canary()).waits_for == "1 of its bookings not read back yet"

        verified = update(bookings).values(verification="verified")
        await database.write(lambda t: t.connection.execute(verified) and None)
        assert (await house.look(100.0)).why == "watched for 1.0 of at least 1 hours at this step"
        await on_trial_only(house, OK, calls=1, after=STEPS[0].calls + 1)
        await house.look(100.0)
        assert await house.stands() == (State.RUNNING, 10)
        canary = await house.canary()
        assert (canary.known.calls, canary.watched_s, canary.changed_by) == (0, 0.0, "readback")
        assert canary.known.figures["failed_calls"].trial.calls == STEPS[0].calls + 2, "what is known stays known"


async def test_time_passes_only_while_somebody_looks_and_counts(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start()
        await house.look(100.0)
        assert (await house.canary()).watched_s == 100.0
        house.clock.jump(7 * 86_400.0)
        await house.look(100.0)
        assert (await house.canary()).watched_s == 100.0, "a clock that jumps ahead makes no week"
        house.clock.jump(-7 * 86_400.0)
        await house.look(100.0)
        assert (await house.canary()).watched_s == 100.0, "nor does one that jumps back"
        await house.look(100.0)
        assert (await house.canary()).watched_s == 200.0
        await house.look(4 * HOUR_S)
        assert (await house.canary()).watched_s == 200.0, "nor an outage of ours"
        assert (await house.look(100.0, counted=False)).why == "nobody is counting"
        assert (await house.canary()).watched_s == 200.0


async def test_a_call_that_goes_on_keeps_no_other_from_being_counted_and_is_counted_once_it_ends(
    sqlite_url: str,
) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start(percent=100)
        for number in range(4):
            await house.call(number, OK, reason="" if number == 0 else ENDED)
        counted = []
        for ended in (False, True, False):
            if ended:
                await house.ends(0)
            verdict = await house.look()
            canary = await house.canary()
            counted.append((canary.seen.calls, canary.seen.figures["no_booking"].trial.calls))
            assert verdict.why == f"{canary.seen.calls} of at least 100 calls at this step"

        assert counted == [(3, 3), (4, 4), (4, 4)]
        assert canary.known == canary.seen, "and now for good"


@pytest.mark.parametrize(("every", "verdict"), [(1, Verdict.BACK), (3, Verdict.STAY)], ids=["worse", "as good"])
async def test_what_goes_on_delays_no_judgement_and_makes_no_version_look_worse(
    sqlite_url: str, every: int, verdict: Verdict
) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start(percent=50)
        await house.call(0, reason="")
        for number in range(1, 91):
            new = house.arms.assistant("acme", STABLE, f"+1512555{number:04d}", ("vapi", "")) == NEW
            bad = number % (every if new else 3) == 0
            used = ("check_availability", "internal" if bad else "ok", "")
            await house.call(number, used, reason="" if new and not bad else ENDED)

        assert (await house.look()).verdict is verdict
        assert (await house.canary()).seen.figures["tool_errors"].trial.share == 1.0, "its good calls last longer"


async def test_a_call_that_goes_on_holds_up_no_judgement_however_many_come_behind_it(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start(percent=50)
        await house.call(0, reason="")
        await house.ended(range(1, 701))
        await house.ended(range(701, 801), bad_on_trial="failed_calls tool_errors")
        verdict = await house.look()

        assert verdict.verdict is Verdict.BACK
        assert verdict.why.startswith("failed_calls ")


async def test_one_that_half_as_many_as_are_counted_have_come_behind_is_waited_for_no_longer(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start(percent=50)
        given = [await house.call(number, reason="") for number in range(8)]
        await house.ended(range(8, 30))
        canary = await house.canary()

        for most, counted in ((40, 0), (20, 20)):
            kept, _ = await database.write(lambda t, m=most: _counted(t, canary, m))  # type: ignore[misc]  # bound now
            figure = kept.figures["failed_calls"]
            assert figure.stable.calls + figure.trial.calls == counted
            assert (figure.stable.bad, figure.trial.bad) == (given.count(STABLE) if counted else 0, 0), (
                "as good as can be"
            )
            assert [row.counted for row in await house.rows()].count(True) == counted
        assert kept.unheard == given.count(NEW), "nobody has reported on them"


async def test_calls_that_nobody_reports_on_keep_it_down(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start(percent=100)
        for number in range(6):
            await house.call(number, OK, reason="" if number else "customer-ended-call")
        verdict = await house.look(UNHEARD_S)

        assert verdict.why == "no report came about 5 of 6 of its calls"
        assert (await house.canary()).known.figures["failed_calls"].trial.calls == 1


async def test_two_who_judge_and_a_restart_in_the_middle_count_every_call_once(database_url: str) -> None:
    async with opened(database_url) as database, opened(database_url) as other:
        clock = JumpingClock()
        house, beside = House(database, clock), House(other, clock)
        await house.start(percent=50)
        for number in range(30):
            await house.call(number, OK)
        clock.advance(30.0)
        await house.counts()
        await asyncio.gather(house.watch.look(), beside.watch.look())
        for number in range(30, 50):
            await house.call(number, OK)
        clock.advance(30.0)
        await House(other, clock).watch.look()

        found = (await house.canary()).known
        assert {e.stable.calls + e.trial.calls for e in found.figures.values()} == {50}
        assert found.calls == found.figures["to_person"].trial.calls


async def test_what_each_call_counts_as(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start(percent=100)
        for number, (used, about) in enumerate(COUNTED):
            await house.call(number, *used, **about)
        await house.look()

        assert [set(row.bad.split()) for row in await house.rows()] == [set(bad.split()) for bad in BAD]


COUNTED: tuple[tuple[tuple[tuple[str, str, str], ...], dict[str, Any]], ...] = (
    ((("book_appointment", "ok", "AAAAAA"),), {}),
    ((OK,), {}),
    ((), {}),
    ((), {"to_person": True}),
    ((("book_appointment", "internal", ""),), {}),
    ((OK, GUESSED), {}),
    ((OK, BY_HAND), {}),
    ((OK,), {"reason": "silence-timed-out"}),
    ((("book_appointment", "slot_taken", ""),), {"reason": "assistant-ended-call"}),
)
BAD = (
    "", "no_booking", "failed_calls hang_ups no_booking", "to_person no_booking",
    "failed_calls tool_errors hang_ups no_booking", "failed_calls tool_errors no_booking", "no_booking",
    "failed_calls bad_ends no_booking", "no_booking",
)  # fmt: skip


@pytest.mark.parametrize("first", [{"zenith": "asst_z"}, {"acme": "asst_third"}], ids=["gone", "another assistant"])
async def test_a_business_that_left_the_file_or_names_another_assistant_ends_it(
    sqlite_url: str, first: dict[str, str]
) -> None:
    async with opened(sqlite_url) as database:
        await House(database).start()
        house = House(database, **first)
        await house.look()

        assert (await house.stands())[0] is State.ENDED
        assert await house.pages() == []


async def test_a_second_start_is_refused_and_everything_is_reversible_by_hand(database_url: str) -> None:
    async with opened(database_url) as database:
        house = House(database)
        await house.start()

        def start(database: Database, stable: str = STABLE) -> Any:
            return database.write(
                lambda t: started(t, "acme", (stable, "asst_newer"), DANA, now=house.clock.now() + 1.0)
            )

        for twice in await asyncio.gather(start(database), start(database), return_exceptions=True):
            assert isinstance(twice, CanaryError)
        await database.write(lambda t: held(t, "acme", Said("lee", "call +15125550142"), now=3.0))
        assert "5550142" not in (await house.canary()).why
        await database.write(lambda t: promoted(t, "acme", DANA, now=4.0))
        with pytest.raises(CanaryError):
            await start(database)
        with pytest.raises(CanaryError):
            await database.write(lambda t: held(t, "acme", DANA, now=5.0))
        [shown] = await database.read(lambda c: overview(c, {"acme": STABLE}))
        assert "put asst_new first in vapi_assistants of acme" in shown.sentence
        [shown] = await database.read(lambda c: overview(c, {"acme": NEW}))
        assert "nothing is left to do" in shown.sentence
        assert len(shown.as_json()["figures"]) == 6
        await start(database, NEW)
        assert (await house.canary()).assistant == "asst_newer", "the file has the one before"
        await database.write(lambda t: rolled_back(t, "acme", DANA, now=6.0))
        assert await house.stands() == (State.ROLLED_BACK, 5)
        assert await house.pages() == [], "what a person does pages nobody"
        with pytest.raises(CanaryError):
            await database.write(lambda t: rolled_back(t, "acme", DANA, now=7.0))


async def test_which_version_calls_were_given_is_forgotten_with_the_calls(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        house = House(database)
        await house.start()
        await house.call(1)
        house.clock.advance(KEEP_CALLS_S + 1.0)
        await Retention(database, house.clock).forget()

        assert await house.rows() == []

"""The start of a call: an assistant, a person, or a sentence, and never silence."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.booking.business import Business, Businesses, Destination
from app.calls.arrivals import (
    NO_ASSISTANT,
    OVER_CAP,
    OVER_CAP_BEFORE,
    OVER_CAP_TO_PERSON,
    UNKNOWN_LINE,
    Admitted,
    Arrivals,
    Declined,
    Diverted,
    ring_unknown_line,
)
from app.calls.cap import DECIDE_WITHIN_S, DailyCap
from app.calls.model import CallRef
from app.db.engine import Database
from app.watch.alarms import Alarms
from tests.calls.reception import ACME
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import held_up, opened
from tests.watch.test_alarms import ScriptedNotifier

STAFFED = replace(ACME, vapi_assistants=("asst_1", "asst_2"))


class FakeDesk:
    """Notes whose calendars are asked for ahead of time."""

    def __init__(self) -> None:
        self.prefetched: list[str] = []

    def prefetch(self, business: Business) -> None:
        self.prefetched.append(business.id)


class Front:
    def __init__(self, database: Database, *businesses: Business, total: int = 0, within_s: float = 20.0) -> None:
        self.alarms, self.desk, self.clock = FakeAlarms(), FakeDesk(), FakeClock()
        clock = self.clock
        by_id = Businesses({business.id: business for business in businesses})
        cap = DailyCap(database, self.alarms, clock, total, within_s)  # type: ignore[arg-type]  # it rings alike
        self.cap = cap
        self.arrivals = Arrivals(by_id, cap, self.desk, self.alarms, clock)  # type: ignore[arg-type]  # likewise

    async def answer(self, number: int, line: str = "+15125550100") -> Admitted | Diverted | Declined:
        return await self.arrivals.answer(CallRef("vapi", f"c{number}", lines=(line,)))


async def test_a_call_that_is_taken_already_is_introduced_and_not_counted(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        front = Front(database, ACME, replace(ACME, id="zenith", lines=()), total=1)
        known = [front.arrivals.introduced(CallRef("elevenlabs", f"c{n}", lines=("+15125550100",))) for n in (1, 2)]
        nobody = front.arrivals.introduced(CallRef("elevenlabs", "c3", lines=("+15125550111",)))
        still_admitted = await front.cap.admit(CallRef("elevenlabs", "conv_1", lines=("+15125550100",)), ACME)
        await front.cap.drain()

    assert [one["business_name"] for one in known] == ["Acme", "Acme"]
    assert front.desk.prefetched == ["acme", "acme"]
    assert nobody.keys() == known[0].keys(), "a platform may drop a call whose agent lacks a variable"
    assert "unknown_line" in front.alarms.kinds()
    assert still_admitted


async def test_a_call_gets_the_first_assistant_and_what_it_should_know(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        front = Front(database, STAFFED)
        answer = await front.answer(1)
        await front.cap.drain()

    assert isinstance(answer, Admitted)
    assert answer.assistant == "asst_1"
    assert answer.variables == {
        "business_name": "Acme",
        "today": "Wednesday, November 18, 2026",
        "time_zone": "America/Chicago",
    }
    assert front.desk.prefetched == ["acme"]


async def test_over_the_cap_a_person_takes_the_call(database_url: str) -> None:
    async with opened(database_url) as database:
        front = Front(database, replace(STAFFED, daily_call_cap=1, person="+15125550199"))
        answers = [await front.answer(number) for number in (1, 2, 1)]

    assert [type(answer) for answer in answers] == [Admitted, Diverted, Admitted]
    assert answers[1] == Diverted("+15125550199", OVER_CAP_TO_PERSON)
    assert front.desk.prefetched == ["acme", "acme"]


async def test_over_the_cap_whoever_takes_transfers_now_comes_before_the_person(sqlite_url: str) -> None:
    takers = (Destination("+15125550171", ((),) * 7), Destination("+15125550172"))
    async with opened(sqlite_url) as database:
        front = Front(database, replace(STAFFED, daily_call_cap=1, person="+15125550199", transfers=takers))
        answers = [await front.answer(number) for number in (1, 2)]

    assert answers[1] == Diverted("+15125550172", OVER_CAP_TO_PERSON)


async def test_over_the_cap_without_a_person_the_caller_hears_a_sentence(database_url: str) -> None:
    async with opened(database_url) as database:
        front = Front(database, replace(STAFFED, daily_call_cap=1))
        answers = [await front.answer(number) for number in (1, 2)]

    assert answers[1] == Declined(OVER_CAP)


@pytest.mark.parametrize(
    ("zone", "own_cap", "said"),
    [
        ("America/Chicago", 0, "right now. Please call back after 6:00 PM today."),
        ("Australia/Sydney", 0, "right now. Please call back after 11:00 AM tomorrow."),
        ("UTC", 0, "today. Please call back tomorrow."),
        ("America/Chicago", 1, "today. Please call back tomorrow."),
        ("Australia/Sydney", 1, "right now. Please call back after 11:00 AM tomorrow."),
    ],
)
async def test_over_the_cap_of_all_the_caller_hears_when_its_day_which_is_another_zones_is_over(
    sqlite_url: str, zone: str, own_cap: int, said: str
) -> None:
    async with opened(sqlite_url) as database:
        front = Front(database, replace(STAFFED, zone=ZoneInfo(zone), daily_call_cap=own_cap), total=1)
        answers = [await front.answer(number) for number in (1, 2)]
        front.clock.advance(26 * 3600)
        of_yesterday = await front.answer(2)

    assert answers[1] == Declined(f"I'm sorry, we can't take any more calls {said}")
    assert of_yesterday == Declined(OVER_CAP_BEFORE), "there is room again, but not for a call that was turned away"


async def test_a_cap_that_cannot_be_counted_lets_the_call_in(database_url: str) -> None:
    async with opened(database_url) as database:
        front = Front(database, replace(STAFFED, daily_call_cap=1), within_s=DECIDE_WITHIN_S)
        async with held_up(database):
            answers = [await front.answer(number) for number in range(3)]
        await front.cap.drain()

    assert [type(answer) for answer in answers] == [Admitted] * 3
    assert front.alarms.kinds()[0] == "cap_store_down"


async def test_a_business_without_an_assistant_says_so_and_rings(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        front = Front(database, ACME)
        answers = [await front.answer(number) for number in range(2)]
        await front.cap.drain()

    assert answers == [Declined(NO_ASSISTANT)] * 2
    assert front.alarms.kinds() == ["no_assistant"]


async def test_an_unknown_line_hears_an_apology_and_rings(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        front = Front(database, STAFFED, replace(STAFFED, id="zenith", lines=("+15125550111",), vapi_assistants=()))
        answer = await front.answer(1, "+19995550000")
        fallback = front.arrivals.fallback(CallRef("vapi", "c1", lines=("+19995550000",)))

    assert answer == fallback == Declined(UNKNOWN_LINE)
    assert "unknown_line" in front.alarms.kinds()


@pytest.mark.parametrize(
    ("caller", "shown"),
    [("+15125550142", "+19995550000 is in no"), ("+1 999 555 0000", "+1…00 is in no"), (None, "+1…00 is in no")],
)
async def test_the_page_shows_the_dialled_number_whole_unless_it_may_be_a_callers(
    caller: str | None, shown: str
) -> None:
    notifier = ScriptedNotifier()
    alarms = Alarms(notifier, ("ops",), FakeClock())
    alarms.start()
    ring_unknown_line(alarms, CallRef("vapi", "c1", caller=caller, lines=("+19995550000",)))
    await notifier.wait_for("ops", 1)
    await alarms.stop()
    [(_, body)] = notifier.tries["ops"]
    assert body.startswith(shown)


def test_a_call_that_names_no_line_is_told_of_as_that() -> None:
    alarms: Any = FakeAlarms()
    ring_unknown_line(alarms, CallRef("tools", "c1"))
    [rung] = alarms.rung
    assert (rung.kind, rung.title) == ("unknown_line", "Calls arrive that name no line")
    assert "none is in" not in rung.body


async def test_a_call_that_begins_is_read_ahead_for(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        front = Front(database, STAFFED, replace(STAFFED, id="zenith", lines=("+15125550111",), vapi_assistants=()))
        front.arrivals.begun(CallRef("vapi", "c1", lines=("+15125550111",)))
        front.arrivals.begun(CallRef("vapi", "c1", lines=("+19995550000",)))

    assert front.desk.prefetched == ["zenith"]

"""A synthetic call: every step in its order, the first that fails named, and nothing left behind."""

from typing import Any

import pytest

from app.watch.walk import PATIENCE_S, TRIES, Done, Errand, NoAnswerError, Report, Step, walk
from tests.fakes.clock import FakeClock
from tests.fakes.line import LATER, REFUSED, FakeLine

LOOKS, BOOKS = Errand("inspection"), Errand("test visit", "tess")
TAKEN = {"ok": False, "code": "slot_taken", "say": "Gone.", "outcome": "refused", "slots": []}


class Walker:
    """A line and a clock to call it by; pausing moves the clock."""

    def __init__(self, line: FakeLine) -> None:
        self.line = line
        self.clock = FakeClock()
        self.told: list[Done] = []

    async def walk(self, errand: Errand = BOOKS) -> Report:
        async def pause(seconds: float) -> None:
            self.clock.advance(seconds)

        return await walk(self.line, errand, self.clock, told=self.told.append, pause=pause)


async def failed(line: FakeLine, errand: Errand = BOOKS) -> tuple[str, str]:
    """The step at which a call fails, and what it says was seen there."""
    report = await Walker(line).walk(errand)
    assert not report.holds
    assert report.failed is report.steps[-1]
    return report.failed.step.value, report.failed.seen


async def test_without_a_technician_it_looks_and_books_nothing() -> None:
    line = FakeLine()
    report = await Walker(line).walk(LOOKS)

    assert report.holds
    assert [done.step for done in report.steps] == [Step.AUTHENTICATION, Step.CALENDAR]
    assert line.tools() == ["find_appointments", "check_availability"]
    assert line.asked[1][1] == {"service": "inspection", "limit": 20}


async def test_with_one_it_books_finds_cancels_and_sees_it_gone() -> None:
    walker = Walker(FakeLine())
    report = await walker.walk()

    assert report.holds
    assert report.failed is None
    assert [done.step.value for done in report.steps] == [
        *("authentication", "calendar", "book", "find", "cancel", "gone"),
    ]
    assert list(report.steps) == walker.told
    assert dict(walker.line.asked)["check_availability"]["technician"] == "tess"
    assert dict(walker.line.asked)["book_appointment"]["customer_name"] == BOOKS.customer
    assert walker.line.there == {}


async def test_a_step_has_its_own_time_and_the_call_the_sum() -> None:
    walker = Walker(FakeLine())
    walker.line.before = lambda tool: walker.clock.advance(2 if tool == "check_availability" else 0.25)
    report = await walker.walk()

    assert [done.seconds for done in report.steps] == [0.25, 2, 0.25, 0.25, 0.25, 0.25]
    assert report.seconds == 3.25


async def test_nothing_open_is_an_answer_unless_something_is_to_be_booked() -> None:
    assert (await Walker(FakeLine(starts=())).walk(LOOKS)).holds
    assert await failed(FakeLine(starts=())) == ("calendar", "nothing is open with tess: Open.")


@pytest.mark.parametrize(
    ("tool", "answer", "step", "seen"),
    [
        ("find_appointments", NoAnswerError("HTTP 401", Step.AUTHENTICATION), "authentication", "HTTP 401"),
        ("find_appointments", NoAnswerError("cannot connect", Step.CONNECTION), "connection", "cannot connect"),
        ("find_appointments", NoAnswerError("HTTP 502"), "tool", "find_appointments: HTTP 502"),
        ("find_appointments", REFUSED | {"code": "internal"}, "tool", "internal: "),
        ("find_appointments", {"ok": True, "say": "?"}, "tool", "no list of appointments"),
        ("find_appointments", {"ok": True, "appointments": ["x"]}, "tool", "no list of appointments"),
        ("check_availability", REFUSED, "calendar", "calendar_unavailable: I can't see the calendar"),
        ("check_availability", {"ok": True, "say": "?", "slots": None}, "calendar", "no list of slots"),
        ("check_availability", NoAnswerError("no answer within 10 s"), "calendar", "no answer within 10 s"),
        ("book_appointment", REFUSED | {"outcome": "refused"}, "book", "refused, calendar_unavailable: "),
        ("book_appointment", REFUSED | {"outcome": "pending", "reference": "NEW234"}, "book", "pending, "),
        ("book_appointment", {"ok": True, "outcome": "confirmed"}, "book", "confirmed, "),
        ("book_appointment", {"ok": True, "outcome": "confirmed", "reference": "NEW234", "start": "x"}, "book",
         "x was booked and not 2026"),
        ("cancel_appointment", REFUSED | {"outcome": "pending"}, "cancel", "pending, calendar_unavailable: "),
    ],
)  # fmt: skip
async def test_the_first_step_that_fails_ends_the_call_and_is_named(
    tool: str, answer: Any, step: str, seen: str
) -> None:
    line = FakeLine()
    line.instead[tool] = [answer] * TRIES
    where, what = await failed(line)

    assert where == step
    assert seen in what


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        ({"reference": "OTHER2"}, "NEW234 was confirmed and is not found"),
        ({"outcome": "pending"}, "NEW234 is pending for 2026"),
        ({"start": "2026-11-28T09:00:00-06:00"}, "NEW234 is confirmed for 2026-11-28T09:00:00-06:00, not 2026-11-27T"),
        ({"verification": "mismatch"}, "the verification of NEW234 is 'mismatch'"),
        ({"verification": ""}, "the verification of NEW234 is ''"),
    ],
)
async def test_what_is_found_otherwise_than_booked_fails_and_is_taken_away_all_the_same(
    changed: dict[str, str], seen: str
) -> None:
    line = FakeLine()
    booked = line._appointment("NEW234", LATER)
    line.starts = (LATER,)
    line.instead["find_appointments"] = [None, {"ok": True, "appointments": [booked | changed]}]
    where, what = await failed(line)

    assert (where, what[: len(seen)]) == ("find", seen)
    assert line.there == {}
    assert line.tools()[-1] == "cancel_appointment"


async def test_one_that_is_still_found_after_it_was_cancelled_fails() -> None:
    line = FakeLine()
    line.instead["cancel_appointment"] = [{"ok": True, "outcome": "confirmed"}]
    assert await failed(line) == ("gone", "NEW234 was cancelled and is still found")


async def test_a_time_that_somebody_else_took_is_followed_by_another_one() -> None:
    line = FakeLine()
    line.instead["book_appointment"] = [TAKEN]
    assert (await Walker(line).walk()).holds
    tried = [asked["slot_id"] for tool, asked in line.asked if tool == "book_appointment"]
    assert len(set(tried)) == 2

    line.instead["book_appointment"] = [TAKEN] * TRIES
    assert await failed(line) == ("book", "refused, slot_taken: Gone.")


async def test_what_a_killed_call_left_behind_is_taken_away_by_the_next() -> None:
    walker = Walker(FakeLine())
    walker.line.leave("OLD234")
    report = await walker.walk()

    assert report.holds
    assert walker.line.there == {}
    assert report.steps[1].step is Step.LEFT_OVER
    assert report.steps[1].seen == "1 cancelled, 0 still being checked"
    assert PATIENCE_S <= report.steps[1].seconds < PATIENCE_S + 2


async def test_one_that_only_looks_leaves_them_alone() -> None:
    line = FakeLine()
    line.leave("OLD234")
    assert (await Walker(line).walk(LOOKS)).holds
    assert list(line.there) == ["OLD234"]


async def test_what_a_call_under_way_has_booked_is_left_to_it() -> None:
    walker = Walker(FakeLine())
    walker.line.leave("OLD234")
    walker.line.before = lambda _: walker.line.there.pop("OLD234", None) if walker.clock.monotonic() > 1003 else None  # type: ignore[func-returns-value,assignment]  # only pops
    report = await walker.walk()

    assert report.holds
    assert report.steps[1].seen == "another call took its own away"
    assert walker.line.tools().count("cancel_appointment") == 1


async def test_what_is_left_over_and_cannot_be_cancelled_fails_unless_the_calendar_is_still_asked() -> None:
    line = FakeLine()
    line.leave("OLD234")
    line.instead["cancel_appointment"] = [REFUSED | {"code": "still_checking"}]
    assert (await Walker(line).walk()).holds

    line.instead["cancel_appointment"] = [REFUSED | {"code": "not_allowed"}]
    assert await failed(line) == ("left over", "OLD234 could not be cancelled, not_allowed: " + REFUSED["say"])  # type: ignore[operator]  # text

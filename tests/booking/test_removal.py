"""What a move to another calendar left behind: taken away where it is unchanged, else a person's until it is gone."""

from dataclasses import replace
from typing import Any

import pytest

from app.booking.amendments import REMOVE_EVENT
from app.booking.book import Result
from app.booking.calendar import Unknown
from app.booking.removal import LEFT_LOOK_AGAIN_AFTER_S, PAGE_KIND, NotRemovedError
from app.jobs.outbox import Again
from app.watch.pages import acknowledged, resolved_by_id
from tests.booking.acme import HOUR, TUESDAY_9, House, acme
from tests.booking.test_amend import LATER, appointment, booked, jobs, move
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step


async def left_over(made: House, calendar: FakeCalendar) -> dict[str, Any]:
    await move(made, await booked(made), LATER, "lee")
    (job,) = await jobs(made, REMOVE_EVENT)
    data: dict[str, Any] = job["data"]
    return data


@pytest.mark.parametrize("changes", [{"start": TUESDAY_9 - HOUR}, {"etag": "edited"}, {"reference": "OTHER1"}])
async def test_a_left_over_that_a_person_edited_is_left_there_and_paged(
    made: House, calendar: FakeCalendar, changes: dict[str, Any]
) -> None:
    data = await left_over(made, calendar)
    event = calendar.ours("dana")[0]
    calendar.stored["dana"][event.id] = edited = replace(event, **changes)
    assert isinstance(await made.left_over.remove(data), Again)
    assert calendar.stored["dana"][event.id] == edited
    assert [page.kind for page in await made.pages()] == ["event_left_over"]


async def test_a_left_over_is_not_believed_gone_before_it_is_seen_to_be(made: House, calendar: FakeCalendar) -> None:
    data = await left_over(made, calendar)
    calendar.script("get", scripted.UNKNOWN)
    with pytest.raises(NotRemovedError):
        await made.left_over.remove(data)
    calendar.script("cancel", Step(does=False, answer=Unknown("scripted")))
    with pytest.raises(NotRemovedError):
        await made.left_over.remove(data)
    calendar.script("cancel", scripted.NOT_WRITTEN)
    assert isinstance(await made.left_over.remove(data), Again)
    assert await made.left_over.remove(data) is None
    assert calendar.ours("dana") == []


async def test_an_appointment_moved_back_is_not_taken_for_a_left_over(made: House, calendar: FakeCalendar) -> None:
    data = await left_over(made, calendar)
    assert (await move(made, await appointment(made), TUESDAY_9 + HOUR * 5, "dana")).result is Result.CONFIRMED
    assert await made.left_over.remove(data) is None
    assert [event.start for event in calendar.ours("dana")] == [TUESDAY_9 + HOUR * 5]


async def edited(made: House, calendar: FakeCalendar) -> dict[str, Any]:
    """A left-over that a person has edited, and has heard of."""
    data = await left_over(made, calendar)
    calendar.people_edit("dana", data["event"], description="gate code")
    assert await made.left_over.remove(data) == Again(LEFT_LOOK_AGAIN_AFTER_S)
    return data


@pytest.mark.parametrize("deleted", [True, False])
async def test_the_page_about_a_left_over_ends_when_a_person_has_removed_it(
    made: House, calendar: FakeCalendar, deleted: bool
) -> None:
    data = await edited(made, calendar)
    (page,) = await made.pages()
    await made.database.write(lambda t: acknowledged(t, page.id, by="kim", now=made.clock.now()))
    assert isinstance(await made.left_over.remove(data), Again)
    assert [page.kind for page in await made.pages(status="acknowledged")] == ["event_left_over"], "and no second one"
    if deleted:
        del calendar.stored["dana"][data["event"]]
    else:
        calendar.people_edit("dana", data["event"], cancelled=True)
    assert await made.left_over.remove(data) is None
    assert [page.kind for page in await made.pages(status="resolved")] == ["event_left_over"]


async def test_while_its_calendar_does_not_tell_the_page_stays_and_nothing_is_buried(
    made: House, calendar: FakeCalendar
) -> None:
    data = await edited(made, calendar)
    calendar.script("get", scripted.UNKNOWN)
    assert await made.left_over.remove(data) == Again(LEFT_LOOK_AGAIN_AFTER_S)
    assert len(await made.pages()) == 1


async def test_what_a_person_says_may_stay_is_not_paged_again(made: House, calendar: FakeCalendar) -> None:
    data = await edited(made, calendar)
    (page,) = await made.pages()
    await made.database.write(lambda t: resolved_by_id(t, page.id, by="kim", now=made.clock.now() + 1))
    assert await made.left_over.remove(data) is None
    assert await made.pages() == []


async def test_a_left_over_whose_time_is_over_needs_nobody(made: House, calendar: FakeCalendar) -> None:
    data = await edited(made, calendar)
    made.clock.advance(data["ends"] - made.clock.now())  # type: ignore[attr-defined]  # a FakeClock
    assert await made.left_over.remove(data) is None
    assert await made.pages() == []


async def test_a_left_over_that_somebody_put_on_a_third_calendar_is_a_persons(
    made: House, calendar: FakeCalendar
) -> None:
    made.businesses["acme"] = acme(("dana", "lee", "kim"))
    data = await left_over(made, calendar)
    calendar.stored["kim"][data["event"]] = calendar.stored["dana"].pop(data["event"])
    calendar.script("get", Step(), Step(answer=Unknown("scripted")))
    with pytest.raises(NotRemovedError):
        await made.left_over.remove(data)
    assert isinstance(await made.left_over.remove(data), Again)
    (page,) = await made.pages()
    assert (page.kind, page.title.startswith("Moved appointment is still on fake:kim as well")) == (PAGE_KIND, True)
    assert len(calendar.ours("kim")) == 1
    calendar.stored["kim"].clear()
    assert await made.left_over.remove(data) is None
    assert await made.pages() == []

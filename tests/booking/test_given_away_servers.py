"""Over real sockets: visits given to a colleague and calendars that are shared no longer, on Google and on CalDAV."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.amendments import REMOVE_EVENT
from app.booking.book import Outcome, Result
from app.booking.business import Technician
from app.booking.removal import NotRemovedError
from app.booking.store import Booking
from app.booking.verdicts import CANNOT_VERIFY_AFTER_S
from app.errors import Code
from tests.booking.acme import DEADLINE_S, HOUR, HOURS, SERVICES, TUESDAY_9, House, acme, house
from tests.booking.spoiled import SetClock
from tests.booking.test_amend import appointment, jobs
from tests.booking.test_read_back import later, read_twice, swept
from tests.booking.test_sweep import told
from tests.fakes.caldav_server import FakeCaldav
from tests.fakes.google_calendar import FakeGoogle

BY_HAND = (Result.REFUSED, Code.NOT_ALLOWED)
UNAVAILABLE = (Result.REFUSED, Code.CALENDAR_UNAVAILABLE)


@dataclass
class GoogleOffice:
    """What people do to a Google calendar."""

    google: FakeGoogle
    hidden: dict[str, Any] = field(default_factory=dict)

    def drag(self, event_id: str) -> None:
        """From Dana's calendar to Lee's: the same id there, cancelled here."""
        event = self.google.store.get("dana", event_id)
        self.google.store.insert("lee", {name: value for name, value in event.items() if name != "etag"})
        self.google.store.delete("dana", event_id, "")

    def unshare(self, name: str) -> None:
        self.hidden[name] = self.google.store.calendars.pop(name)

    def share(self, name: str) -> None:
        self.google.store.calendars[name] = self.hidden.pop(name)

    def visits(self, name: str) -> int:
        return len(self.google.events(name))


@dataclass
class CaldavOffice:
    """What people do to a CalDAV calendar."""

    caldav: FakeCaldav

    def drag(self, event_id: str) -> None:
        _, text = self.caldav.resources[f"/dana/{event_id}.ics"]
        self.caldav.store(f"/lee/{event_id}.ics", text)
        self.caldav.remove(f"/dana/{event_id}.ics")

    def unshare(self, name: str) -> None:
        self.caldav.collections.remove(f"/{name}/")

    def share(self, name: str) -> None:
        self.caldav.collections.add(f"/{name}/")

    def visits(self, name: str) -> int:
        return sum(path.startswith(f"/{name}/") for path in self.caldav.resources)


Office = GoogleOffice | CaldavOffice


@asynccontextmanager
async def on_google(url: str) -> AsyncIterator[tuple[House, Office]]:
    async with FakeGoogle(["dana", "lee"]) as google:
        calendar = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=(100_000, 100_000)))
        await calendar.start()
        async with house(url, calendar, business=acme(), clock=SetClock()) as made:
            yield made, GoogleOffice(google)
        await calendar.close()


@asynccontextmanager
async def on_caldav(url: str) -> AsyncIterator[tuple[House, Office]]:
    async with FakeCaldav() as caldav:
        calendar = CaldavCalendar(CaldavOptions())
        await calendar.start()
        services = tuple(service.id for service in SERVICES)
        people = tuple(Technician(p, p.title(), f"fake:{caldav.url(p)}", services, HOURS) for p in ("dana", "lee"))
        async with house(url, calendar, business=acme(technicians=people), clock=SetClock()) as made:
            yield made, CaldavOffice(caldav)
        await calendar.close()


SERVERS: dict[str, Callable[[str], AbstractAsyncContextManager[tuple[House, Office]]]] = {
    "google": on_google,
    "caldav": on_caldav,
}


@pytest.fixture(params=SERVERS)
async def both(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[tuple[House, Office]]:
    async with SERVERS[request.param](sqlite_url) as made:
        yield made


@pytest.fixture
def made(both: tuple[House, Office]) -> House:
    return both[0]


@pytest.fixture
def office(both: tuple[House, Office]) -> Office:
    return both[1]


async def verified(made: House) -> Booking:
    assert (await made.book()).result is Result.CONFIRMED
    await later(made, 300)
    row = await made.row()
    assert row.verification == "verified"
    return row


async def cancel(made: House, booking: Booking) -> Outcome:
    return await made.changes.cancel(made.business, booking, "", "test:cancel", made.clock.monotonic() + DEADLINE_S)


async def test_a_visit_dragged_to_a_colleague_is_not_told_as_cancelled_and_is_followed(
    made: House, office: Office
) -> None:
    booking = await verified(made)
    office.drag(booking.event_id)
    outcome = await cancel(made, booking)
    assert (outcome.result, outcome.code) == BY_HAND
    assert (office.visits("dana"), office.visits("lee")) == (0, 1)
    await swept(made, 7 * HOUR)
    assert any("is now on " in task.what and "lee" in task.what for task in await made.tasks())
    for task in await made.tasks():
        await told(made, task.key)
    await swept(made, 121)
    row = await appointment(made)
    assert (row.status, row.technician, row.verification) == ("confirmed", "lee", "verified")
    assert (await cancel(made, row)).result is Result.CONFIRMED
    assert office.visits("lee") == 0
    await read_twice(made)
    assert (await appointment(made)).verification == "verified"
    assert await made.pages() == []


async def test_a_calendar_that_is_no_longer_shared_cancels_nothing(made: House, office: Office) -> None:
    booking = await verified(made)
    office.unshare("dana")
    outcome = await cancel(made, booking)
    assert (outcome.result, outcome.code) == UNAVAILABLE
    assert (await appointment(made)).status == "confirmed"
    office.share("dana")
    assert (await cancel(made, booking)).result is Result.CONFIRMED


async def test_a_cancelled_visit_is_not_verified_on_a_calendar_that_is_no_longer_shared(
    made: House, office: Office
) -> None:
    booking = await verified(made)
    assert (await cancel(made, booking)).result is Result.CONFIRMED
    office.unshare("dana")
    for _ in range(8):
        await later(made, CANNOT_VERIFY_AFTER_S / 2)
    for _ in range(3):
        await swept(made, 700)
        assert (await appointment(made)).verification == "cannot_verify"
        (page,) = await made.pages()
        assert page.title.startswith("Cannot verify")
    office.share("dana")
    await swept(made, 121)
    assert (await appointment(made)).verification == "verified"
    assert await made.pages() == []


async def test_what_a_move_left_is_taken_away_once_its_calendar_is_shared_again(made: House, office: Office) -> None:
    booking = await verified(made)
    slot, deadline = made.slot(TUESDAY_9 + 4 * HOUR, who="lee"), made.clock.monotonic() + DEADLINE_S
    moved = await made.changes.move(made.business, booking, slot, "test:move", deadline)
    assert moved.result is Result.CONFIRMED
    (job,) = await jobs(made, REMOVE_EVENT)
    office.unshare("dana")
    with pytest.raises(NotRemovedError):
        await made.left_over.remove(job["data"])
    office.share("dana")
    assert await made.left_over.remove(job["data"]) is None
    assert (office.visits("dana"), office.visits("lee")) == (0, 1)


async def test_a_calendar_that_is_no_longer_shared_is_not_an_event_changed_by_hand(made: House, office: Office) -> None:
    booking = await verified(made)
    office.unshare("dana")
    slot, deadline = made.slot(TUESDAY_9 + 4 * HOUR, who="lee"), made.clock.monotonic() + DEADLINE_S
    moved = await made.changes.move(made.business, booking, slot, "test:move", deadline)
    assert (moved.result, moved.code) == UNAVAILABLE
    assert (await made.pages(), await made.tasks()) == ([], [])

"""`GET /calendars/{key}.ics`: what a phone gets, who gets nothing, over real sockets and both databases."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from icalendar import Calendar as Ics

from app.adapters.embedded_calendar import EmbeddedCalendar
from app.booking.business import Businesses
from app.booking.calendar import Event, Unknown
from app.booking.feeds import Feeds, feed_key, subscriptions
from app.web.refusals import BURST
from tests.booking.acme import acme
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened
from tests.processes import TLS

HOUR = 3600
DAY = 24 * HOUR
MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z
SECRET = b"s" * 32
OURS = Businesses({"acme": acme(scheme="embedded")})
DANA, LEE = (feed_key(SECRET, f"embedded:{name}") for name in ("dana", "lee"))
VISIT = Event("visit00001", MORNING + HOUR, MORNING + 2 * HOUR, "Inspection: Ann; Lee", "Phone: +1\nNotes: x", "RB-1")

Serve = Callable[..., Awaitable[int]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(MORNING + 9 * HOUR)


@pytest.fixture
async def calendar(database_url: str, clock: FakeClock) -> AsyncIterator[EmbeddedCalendar]:
    async with opened(database_url) as database:
        yield EmbeddedCalendar(database, clock)


@pytest.fixture
async def phone(calendar: EmbeddedCalendar, clock: FakeClock, serve: Serve) -> AsyncIterator[httpx.AsyncClient]:
    port = await serve(feeds=Feeds(calendar, OURS, SECRET, clock))
    async with httpx.AsyncClient(
        verify=TLS, base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30
    ) as client:
        yield client


async def shown(phone: httpx.AsyncClient, key: str = DANA) -> list[Any]:
    answer = await phone.get(f"/calendars/{key}.ics")
    assert answer.status_code == 200
    return Ics.from_ical(answer.text).walk("VEVENT")


async def test_a_phone_gets_the_visits_of_one_calendar(calendar: EmbeddedCalendar, phone: httpx.AsyncClient) -> None:
    await calendar.book("dana", VISIT, within_s=5)
    await calendar.book("lee", replace(VISIT, id="visit00002"), within_s=5)

    answer = await phone.get(f"/calendars/{DANA}.ics")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    whole = Ics.from_ical(answer.text)
    assert (whole["X-WR-CALNAME"], whole["METHOD"]) == ("Dana (Acme Pest Control)", "PUBLISH")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in answer.text.splitlines()
    [event] = whole.walk("VEVENT")
    assert (event["UID"], event["SUMMARY"], event["DESCRIPTION"]) == (VISIT.id, VISIT.summary, VISIT.description)
    assert (event["DTSTART"].to_ical(), event["DTEND"].to_ical()) == (b"20300101T010000Z", b"20300101T020000Z")
    assert event["DTSTAMP"].to_ical() == b"20300101T090000Z"


async def test_a_visit_that_was_moved_is_newer_than_what_the_phone_has(
    calendar: EmbeddedCalendar, phone: httpx.AsyncClient, clock: FakeClock
) -> None:
    first = await calendar.book("dana", VISIT, within_s=5)
    await calendar.book("dana", replace(VISIT, id="visit00002", start=VISIT.end, end=VISIT.end + HOUR), within_s=5)
    assert isinstance(first, Event)
    before = {str(event["UID"]): event for event in await shown(phone)}
    clock.advance(HOUR)
    await calendar.move("dana", VISIT.id, (VISIT.start + DAY, VISIT.end + DAY), first.etag, within_s=5)
    after = {str(event["UID"]): event for event in await shown(phone)}
    assert after[VISIT.id]["SEQUENCE"] > before[VISIT.id]["SEQUENCE"]
    for newer in ("LAST-MODIFIED", "DTSTAMP"):
        assert before[VISIT.id][newer].to_ical() == b"20300101T090000Z"
        assert after[VISIT.id][newer].to_ical() == b"20300101T100000Z"
    assert after[VISIT.id]["CREATED"] == before[VISIT.id]["CREATED"]
    assert after["visit00002"].to_ical() == before["visit00002"].to_ical()


async def test_what_was_written_before_changes_were_dated_is_not_said_to_be_unchanged(
    calendar: EmbeddedCalendar, phone: httpx.AsyncClient, database_url: str
) -> None:
    await calendar.book("dana", VISIT, within_s=5)
    executed(database_url, "UPDATE embedded_events SET modified = 0")
    [event] = await shown(phone)
    assert "LAST-MODIFIED" not in event
    assert event["DTSTAMP"].to_ical() == event["CREATED"].to_ical() == b"20300101T090000Z"


async def test_every_line_is_short_and_ends_as_it_must(calendar: EmbeddedCalendar, phone: httpx.AsyncClient) -> None:
    await calendar.book("dana", replace(VISIT, description="Häuschen " * 60), within_s=5)
    raw = (await phone.get(f"/calendars/{DANA}.ics")).content
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


async def test_an_empty_calendar_is_one_too(phone: httpx.AsyncClient) -> None:
    assert await shown(phone) == []


async def test_a_cancelled_visit_is_left_out(calendar: EmbeddedCalendar, phone: httpx.AsyncClient) -> None:
    await calendar.book("dana", VISIT, within_s=5)
    assert len(await shown(phone)) == 1
    await calendar.cancel("dana", VISIT.id, "", within_s=5)
    assert await shown(phone) == []


async def test_what_is_long_past_or_far_ahead_is_left_out(calendar: EmbeddedCalendar, phone: httpx.AsyncClient) -> None:
    for name, days in {"old": -32, "past": -28, "ahead": 730, "far": 800}.items():
        start = MORNING + days * DAY
        await calendar.book("dana", replace(VISIT, id=name, start=start, end=start + HOUR), within_s=5)
    assert [str(event["UID"]) for event in await shown(phone)] == ["past", "ahead"]


async def test_who_has_it_already_gets_nothing_more(
    calendar: EmbeddedCalendar, phone: httpx.AsyncClient, clock: FakeClock
) -> None:
    await calendar.book("dana", VISIT, within_s=5)
    first = await phone.get(f"/calendars/{DANA}.ics")
    etag = first.headers["etag"]
    clock.advance(2 * DAY)
    for named in (etag, f"W/{etag}", f'"other", {etag}'):
        again = await phone.get(f"/calendars/{DANA}.ics", headers={"If-None-Match": named})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in again.headers
    assert (await phone.get(f"/calendars/{DANA}.ics")).content == first.content
    await calendar.cancel("dana", VISIT.id, "", within_s=5)
    changed = await phone.get(f"/calendars/{DANA}.ics", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_only_the_head_can_be_asked_for(phone: httpx.AsyncClient) -> None:
    answer = await phone.head(f"/calendars/{DANA}.ics")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"]


@pytest.mark.parametrize(
    "path",
    ["/calendars/dana.ics", "/calendars/.ics", f"/calendars/{DANA}", f"/calendars/{DANA[:-1]}.ics",
     f"/calendars/{DANA.upper()}.ics", f"/calendars/{DANA}0.ics", f"/calendars/{DANA}.ics/", "/calendars/%ff%00.ics",
     "/calendars/embedded%3Adana.ics"],
)  # fmt: skip
async def test_any_other_address_does_not_exist(phone: httpx.AsyncClient, path: str) -> None:
    answer = await phone.get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "not found"})


async def test_an_address_cannot_be_found_by_trying_and_its_owner_is_not_held_up(phone: httpx.AsyncClient) -> None:
    statuses = [(await phone.get(f"/calendars/{number}.ics")).status_code for number in range(BURST + 2)]
    assert statuses[:BURST] == [404] * BURST
    assert 429 in statuses[BURST:]
    assert (await phone.get(f"/calendars/{DANA}.ics")).status_code == 200


async def test_a_calendar_that_cannot_be_read_asks_to_come_again(serve: Serve, clock: FakeClock) -> None:
    class Silent:
        async def events(self, *_: object, **__: object) -> Unknown:
            return Unknown("the database does not answer")

    port = await serve(feeds=Feeds(Silent(), OURS, SECRET, clock))  # type: ignore[arg-type]  # a feed reads, no more
    async with httpx.AsyncClient(verify=TLS, base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        answer = await client.get(f"/calendars/{DANA}.ics")
    assert (answer.status_code, answer.json()) == (503, {"error": "overloaded"})


async def test_the_key_is_written_down_nowhere(
    phone: httpx.AsyncClient, calendar: EmbeddedCalendar, capfd: pytest.CaptureFixture[str]
) -> None:
    await calendar.book("dana", VISIT, within_s=5)
    await phone.get(f"/calendars/{DANA}.ics")
    await phone.get(f"/calendars/{LEE[:-1]}.ics")
    figures = (await phone.get("/metrics")).text
    out, err = capfd.readouterr()
    for told in (out, err, figures):
        assert not re.search(f"{DANA}|{LEE[:-1]}", told)


def test_the_same_secret_gives_the_same_keys_and_another_gives_others() -> None:
    first = {one.calendar: one.key for one in subscriptions(OURS, SECRET)}
    assert first == {"dana": DANA, "lee": LEE}
    assert first == {one.calendar: one.key for one in subscriptions(OURS, SECRET)}
    assert not set(first.values()) & {one.key for one in subscriptions(OURS, b"t" * 32)}
    assert all(re.fullmatch(r"[0-9a-f]{40}", key) for key in first.values())


def test_only_embedded_calendars_have_a_feed_and_a_shared_one_names_everybody() -> None:
    business = acme(("dana", "lee", "kim"), scheme="embedded")
    dana, lee, kim = business.technicians
    shared = replace(
        business, technicians=(dana, replace(lee, calendar=dana.calendar), replace(kim, calendar="google:kim"))
    )
    [one] = subscriptions(Businesses({"acme": shared}), SECRET)
    assert (one.calendar, one.title) == ("dana", "Dana, Lee (Acme Pest Control)")


async def test_a_feed_has_a_bound(calendar: EmbeddedCalendar, clock: FakeClock) -> None:
    for number in range(3):
        start = MORNING + number * HOUR
        await calendar.book("dana", replace(VISIT, id=f"v{number}", start=start, end=start + HOUR), within_s=5)
    feed = await Feeds(calendar, OURS, SECRET, clock, most=2).read(DANA, ())
    assert feed.body is not None
    assert [str(event["UID"]) for event in Ics.from_ical(feed.body).walk("VEVENT")] == ["v0", "v1"]

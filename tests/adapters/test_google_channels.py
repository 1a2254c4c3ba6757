"""Push channels: opened on https only, renewed in time, believed by their token, and of no consequence when absent."""

from collections.abc import AsyncIterator

import pytest

from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.adapters.google_channels import ROUTE, GoogleChannels
from tests.fakes import google_faults as faults
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon
from tests.fakes.google_calendar import FakeGoogle

DANA, LEE = "dana@acme.example", "lee@acme.example"
PUBLIC = "https://readback.example"
SECRET = b"s" * 32


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA, LEE]) as server:
        yield server


@pytest.fixture
async def calendar(google: FakeGoogle) -> AsyncIterator[GoogleCalendar]:
    made = GoogleCalendar(GoogleOptions(api_url=google.url))
    await made.start()
    yield made
    await made.close()


class Opened(GoogleChannels):
    """Channels that note which calendars they were told about."""

    def __init__(self, calendar: GoogleCalendar, clock: FakeClock | None = None, secret: bytes = SECRET) -> None:
        self.dropped: list[str] = []
        super().__init__(calendar, [DANA, LEE], secret, clock or FakeClock(0.0), self.dropped.append)


async def test_each_calendar_gets_one_channel_to_our_route(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    channels = Opened(calendar)
    channels.start(PUBLIC)
    await soon(lambda: len(google.channels) == 2)
    assert {channel["address"] for channel in google.channels.values()} == {PUBLIC + ROUTE}
    tokens = {channel["token"] for channel in google.channels.values()}
    assert len(tokens) == 2
    await soon(lambda: len(channels._open) == 2)
    await channels.stop()
    assert google.counts["stop"] == 2


async def test_a_message_with_its_token_drops_that_calendar_and_no_other(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    channels = Opened(calendar)
    channels.start(PUBLIC)
    await soon(lambda: len(channels._open) == 2)
    token = next(channel["token"] for channel in google.channels.values())
    assert channels.changed("any", token, "exists")
    assert len(channels.dropped) == 1
    assert channels.dropped[0] in (f"google:{DANA}", f"google:{LEE}")
    other_process = Opened(calendar)
    assert other_process.changed("any", token, "sync")
    assert other_process.dropped == channels.dropped
    await channels.stop()


@pytest.mark.parametrize("token", ["", "x", "0" * 64, DANA])
async def test_a_message_without_it_drops_nothing(calendar: GoogleCalendar, token: str) -> None:
    channels = Opened(calendar)
    assert not channels.changed("any", token, "exists")
    assert channels.dropped == []


async def test_another_installations_token_is_not_ours(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    channels, other = Opened(calendar), Opened(calendar, secret=b"t" * 32)
    assert not any(channels.changed("any", token, "exists") for token in other._calendars)


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8080"])
async def test_without_https_there_are_none_and_nothing_breaks(
    google: FakeGoogle, calendar: GoogleCalendar, url: str | None
) -> None:
    channels = Opened(calendar)
    channels.start(url)
    await channels.stop()
    assert google.counts == {}


async def test_a_calendar_that_refuses_one_does_not_keep_the_other(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    google.fail_next("watch", faults.FORBIDDEN)
    channels = Opened(calendar)
    channels.start(PUBLIC)
    await soon(lambda: list(channels._open) == [LEE])
    await channels.stop()


async def test_a_channel_is_renewed_before_it_ends_and_the_old_one_closed(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    clock = FakeClock(0.0)
    channels = Opened(calendar, clock)
    (token,) = [token for token, name in channels._calendars.items() if name == DANA]
    await channels._renew(DANA, token, PUBLIC + ROUTE)
    first = channels._open[DANA]
    clock._now = first[2] - 3601.0
    await channels._renew(DANA, token, PUBLIC + ROUTE)
    assert channels._open[DANA] == first, "there is time"
    clock.advance(1.0)
    await channels._renew(DANA, token, PUBLIC + ROUTE)
    assert channels._open[DANA][0] != first[0]
    assert (google.counts["watch"], google.counts["stop"]) == (2, 1)

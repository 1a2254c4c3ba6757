"""Reminders keep quiet hours by the clock on the recipient's wall, also across a change of clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.sms.quiet import opens, zones_of

CHICAGO = ZoneInfo("America/Chicago")
AUSTIN, LONDON, ALASKA, TOLL_FREE, TEST = (
    "+15125550142",
    "+442079460000",
    "+19075550123",
    "+18005550142",
    "+15005550006",
)


def at(zone: str, when: str) -> float:
    return datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("number", "now", "then"),
    [
        (AUSTIN, at("America/Chicago", "2026-11-24T12:00"), at("America/Chicago", "2026-11-24T12:00")),
        (AUSTIN, at("America/Chicago", "2026-11-24T08:00"), at("America/Chicago", "2026-11-24T08:00")),
        (AUSTIN, at("America/Chicago", "2026-11-24T07:59"), at("America/Chicago", "2026-11-24T08:00")),
        (AUSTIN, at("America/Chicago", "2026-11-24T21:00"), at("America/Chicago", "2026-11-25T08:00")),
        (AUSTIN, at("America/Chicago", "2026-03-07T22:00"), at("America/Chicago", "2026-03-08T08:00")),
        (LONDON, at("America/Chicago", "2026-11-24T18:00"), at("Europe/London", "2026-11-25T08:00")),
        (ALASKA, at("America/Anchorage", "2026-11-24T08:00"), at("America/Adak", "2026-11-24T08:00")),
        (TOLL_FREE, at("America/Chicago", "2026-11-24T23:00"), at("America/Chicago", "2026-11-25T08:00")),
        (TEST, at("America/Chicago", "2026-11-24T12:00"), at("America/Chicago", "2026-11-24T12:00")),
        ("no number", at("America/Chicago", "2026-11-24T06:00"), at("America/Chicago", "2026-11-24T08:00")),
    ],
)
def test_the_first_moment_that_is_quiet_nowhere(number: str, now: float, then: float) -> None:
    assert opens(now, number, CHICAGO) == then


def test_a_number_that_may_be_anywhere_tells_nothing() -> None:
    assert zones_of(TOLL_FREE) == zones_of("+1") == ()
    assert zones_of(AUSTIN) == (CHICAGO,)

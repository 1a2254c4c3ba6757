"""Quiet hours where the recipient lives, as far as a number tells. Pure. Only what nobody waits for keeps them."""

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import NumberParseException, parse
from phonenumbers.timezone import time_zones_for_number

FROM, UNTIL = time(8), time(21)
"""Texts go out between these, by the clock on the recipient's wall (47 CFR 64.1200(c)(1))."""
MOST_ZONES: Final = 4
"""A number that may be anywhere in a country tells nothing."""
ROUNDS: Final = 8


def opens(now: float, number: str, business_zone: ZoneInfo) -> float:
    """The first moment, from `now` on, that is quiet nowhere where the recipient may be; epoch seconds."""
    zones = zones_of(number) or (business_zone,)
    moment = now
    for _ in range(ROUNDS):
        later = max(_awake(moment, zone) for zone in zones)
        if later == moment:
            break
        moment = later
    return moment


@lru_cache(maxsize=4_096)
def zones_of(number: str) -> tuple[ZoneInfo, ...]:
    """Where a number may be; empty when it does not tell."""
    try:
        names = time_zones_for_number(parse(number))
        zones = tuple(ZoneInfo(name) for name in names)
    except (NumberParseException, ZoneInfoNotFoundError, ValueError):
        return ()
    return zones if len(zones) <= MOST_ZONES else ()


def _awake(moment: float, zone: ZoneInfo) -> float:
    there = datetime.fromtimestamp(moment, zone)
    if FROM <= there.time() < UNTIL:
        return moment
    day = there.date() + timedelta(days=there.time() >= UNTIL)
    return datetime.combine(day, FROM, zone).timestamp()

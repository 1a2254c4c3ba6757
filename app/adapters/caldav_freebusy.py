"""Reads a free-busy answer (RFC 4791, 7.10; RFC 5545, 3.6.4), in any order, merged or not, folded or not, with the free
time that some servers list. What is only half understood is refused.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from app.adapters.caldav_xml import UnreadableError
from app.booking.calendar import Interval

FREE_TYPES = frozenset({"FREE"})
MOST_PERIODS = 20_000
UTC_TIME = re.compile(r"\d{8}T\d{6}Z")
DURATION = re.compile(r"\+?P(?:(\d{1,4})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?)")
FOLDING = re.compile(r"\r?\n[ \t]")
TYPE = re.compile(r';FBTYPE="?([A-Za-z0-9-]+)"?(?=[;:]|$)', re.I)


def busy_of(body: bytes) -> list[Interval]:
    """Busy intervals as listed: unsorted, unmerged, not clipped. Any type but FREE is busy, and none means busy.

    Raises UnreadableError for what is no whole VFREEBUSY, or has a period that cannot be read.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("free-busy answer is not UTF-8") from None
    lines = [line.rstrip("\r") for line in FOLDING.sub("", text).split("\n")]
    kinds = [line.upper() for line in lines]
    for wanted in ("BEGIN:VCALENDAR", "BEGIN:VFREEBUSY", "END:VFREEBUSY", "END:VCALENDAR"):
        if wanted not in kinds:
            raise UnreadableError(f"free-busy answer lacks {wanted}")
    found: list[Interval] = []
    for line in lines:
        if line[:8].upper() == "FREEBUSY":
            found.extend(_periods(line))
            if len(found) > MOST_PERIODS:
                raise UnreadableError("free-busy answer has too many periods")
    return found


def _periods(line: str) -> Iterator[Interval]:
    parameters, separator, value = line[8:].partition(":")
    if not separator or (parameters and not parameters.startswith(";")):
        raise UnreadableError("free-busy line has no value")
    kind = TYPE.search(parameters)
    free = kind is not None and kind[1].upper() in FREE_TYPES
    for period in value.split(","):
        start, slash, end = period.strip().partition("/")
        if not slash:
            raise UnreadableError("free-busy period has no end")
        first = _instant(start)
        last = _instant(end) if UTC_TIME.fullmatch(end) else first + _seconds(end)
        if last < first:
            raise UnreadableError("free-busy period ends before it starts")
        if not free and last > first:
            yield first, last


def _instant(text: str) -> int:
    if not UTC_TIME.fullmatch(text):
        raise UnreadableError("free-busy time is not UTC")
    try:
        return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise UnreadableError("free-busy time is no time") from None


def _seconds(text: str) -> int:
    found = DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise UnreadableError("free-busy duration cannot be read")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return int(length.total_seconds())

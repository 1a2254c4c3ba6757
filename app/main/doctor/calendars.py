"""The doctor on calendars: credentials, and for each technician's calendar an event that is written, read and removed.

The event lies years ahead at night, where it takes nobody's time; one that a doctor left behind is taken away.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from app.audit.log import seal
from app.booking.calendar import Absent, Busy, Calendar, Cancelled, Event, Refused, Unknown
from app.clock import Clock
from app.db.engine import Database
from app.main.doctor.examination import AilingError, Check, LeftOutError, Patient
from app.main.doctor.inside import ready
from app.main.doctor.remedies import remedy
from app.main.sources import Sources
from app.watch.alarms import Alarms
from app.watch.notify import Notice, Taken

ASK_S: Final = 8.0
CALENDAR_S: Final = 60.0
YEARS_AHEAD: Final = 3
DAY_S: Final = 86_400
QUARTER_S: Final = 900
SUMMARY: Final = "Readback test, removed at once"
REFERENCE: Final = "DOCTOR"


class _Nobody:
    """Whom alarms reach while the doctor examines: nobody, for the doctor tells what it finds."""

    async def carry(self, url: str, notice: Notice) -> Taken:  # noqa: ARG002 - the port's signature
        return Taken.TAKEN


def calendar_checks(patient: Patient) -> Iterator[Check]:
    """The credentials, then each calendar once, whoever shares it."""
    yield Check("google credentials", lambda: _google(patient), "Make a new key, and check that file and clock.")
    yield Check("caldav credentials", lambda: _caldav(patient), "Correct READBACK_CALDAV_CREDENTIALS.")
    whose: dict[str, list[str]] = {}
    for business in patient.businesses.by_id.values():
        for technician in business.technicians:
            whose.setdefault(technician.calendar, []).append(f"{business.id}/{technician.id}")
    one_opening = _Opening(patient)
    for address, people in whose.items():
        late = remedy(_scheme(address), "no end after its deadline")
        yield Check(f"calendar of {', '.join(people)}", one_opening.of(address), late, CALENDAR_S)


class _Opening:
    """Calendars are opened once for all of their checks, and closed after the last."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._left = 0
        self._lock = asyncio.Lock()
        self._opened: contextlib.AsyncExitStack | None = None
        self._sources: Sources | None = None

    def of(self, address: str) -> Callable[[], Awaitable[str]]:
        """The check of one calendar."""
        self._left += 1

        async def run() -> str:
            try:
                sources = await self._open()
                at = sources.calendars.at(address)
                if isinstance(at, Unknown):
                    raise AilingError(at.reason)
                return await looked_at(*at, self._patient.clock, read_only=self._patient.read_only)
            except AilingError as error:
                raise AilingError(str(error), error.remedy or remedy(_scheme(address), str(error))) from None
            finally:
                await self._close()

        return run

    async def _open(self) -> Sources:
        async with self._lock:
            if self._sources is None:
                self._opened = contextlib.AsyncExitStack()
                self._sources = await self._opened.enter_async_context(_opened(self._patient))
            return self._sources

    async def _close(self) -> None:
        self._left -= 1
        if not self._left and self._opened is not None:
            await self._opened.aclose()


@contextlib.asynccontextmanager
async def _opened(patient: Patient) -> AsyncIterator[Sources]:
    """The calendars of this installation. Raises `LeftOutError` without the database it works with."""
    url = patient.settings.database_url
    await asyncio.to_thread(ready, url)
    database = Database(url, seal, shared=True)
    alarms = Alarms(_Nobody(), (), patient.clock)
    sources = Sources(patient.settings, patient.businesses, database, alarms, patient.clock)
    await database.start()
    try:
        await sources.start()
        yield sources
    finally:
        await sources.stop()
        await database.stop()


async def looked_at(calendar: Calendar, name: str, clock: Clock, *, read_only: bool) -> str:
    """Read a calendar; unless `read_only` write an event, see it, remove it, see it gone. Raises `AilingError`."""
    day = _far_day(clock.now())
    told = (await calendar.free([name], day, day + DAY_S, within_s=ASK_S))[name]
    found = await calendar.events(name, day, day + DAY_S, within_s=ASK_S)
    if isinstance(told, Unknown):
        # Google answers 200 about the free time of a calendar that is not shared; asked for its events it says 404.
        why = found if isinstance(found, Unknown) else told
        raise AilingError(f"it cannot be read: {why.reason}")
    if isinstance(found, Unknown):
        raise AilingError(f"its events cannot be read: {found.reason}")
    if read_only:
        return "read; nothing was written"
    left_over = [event for event in found if event.reference == REFERENCE and event.summary == SUMMARY]
    for event in left_over:
        await _removed(calendar, name, event.id)
    start = _quiet(told, day, [(event.start, event.end) for event in left_over])
    await _round_trip(calendar, name, start)
    return "read; an event was written, read back and removed"


async def _round_trip(calendar: Calendar, name: str, start: int) -> None:
    wanted = Event(uuid.uuid4().hex, start, start + QUARTER_S, SUMMARY, f"Reference: {REFERENCE}", REFERENCE)
    wrote = await calendar.book(name, wanted, within_s=ASK_S)
    if isinstance(wrote, Refused):
        raise AilingError(f"it cannot be written: {wrote.reason}")
    try:
        await _is_there(calendar, name, wanted, wrote)
    except AilingError as error:
        try:
            await _removed(calendar, name, wanted.id)
        except AilingError as left:  # the first is why; what is left is taken away by the next look
            raise AilingError(f"{error}; {left}") from None
        raise
    await _removed(calendar, name, wanted.id)


async def _is_there(calendar: Calendar, name: str, wanted: Event, wrote: Event | Unknown) -> None:
    if isinstance(wrote, Unknown):
        raise AilingError(f"nobody knows whether an event was written: {wrote.reason}")
    seen = await calendar.get(name, wanted.id, within_s=ASK_S)
    if not isinstance(seen, Event) or seen.cancelled:
        raise AilingError("the event that was written was not there when it was read")
    if (seen.start, seen.end, seen.reference) != (wanted.start, wanted.end, wanted.reference):
        raise AilingError("the event came back with other times, or without its reference")


async def _removed(calendar: Calendar, name: str, event_id: str) -> None:
    gone = await calendar.cancel(name, event_id, "", within_s=ASK_S)
    seen = await calendar.get(name, event_id, within_s=ASK_S) if isinstance(gone, Cancelled) else gone
    if isinstance(seen, Absent) or (isinstance(seen, Event) and seen.cancelled):
        return
    raise AilingError(
        "the test event could not be removed", f'Remove the event "{SUMMARY}" by hand, or run this again.'
    )


def _far_day(now: float) -> int:
    """January 2 some years ahead: the same day all year, so that what was left behind is found again."""
    return int(datetime(datetime.fromtimestamp(now, UTC).year + YEARS_AHEAD, 1, 2, tzinfo=UTC).timestamp())


def _quiet(busy: Busy, day: int, ours: Sequence[tuple[int, int]]) -> int:
    """The first quarter of an hour of that day, from 3 in the morning, that nobody has taken."""
    taken = [interval for interval in busy if interval not in ours]
    for hour in range(3, 27):
        start = day + hour % 24 * 3_600
        if all(end <= start or begin >= start + QUARTER_S for begin, end in taken):
            return start
    raise AilingError("that whole day is taken, years ahead", "See who blocks the calendar for years.")


def _scheme(address: str) -> str:
    return address.partition(":")[0]


async def _google(patient: Patient) -> str:
    settings = patient.settings
    if settings.google_credentials is None:
        raise LeftOutError("GOOGLE_APPLICATION_CREDENTIALS is not set")
    from app.adapters.google_credentials import GoogleCredentials, TokenError  # noqa: PLC0415 - what nobody uses is not loaded

    credentials = GoogleCredentials(
        settings.google_credentials, token_url=settings.google_token_url, clock=patient.clock, on_alarm=_no_alarm
    )
    try:
        await credentials.start()
        await credentials.token()
    except TokenError as error:
        raise AilingError(f"Google gave no token: {error}", remedy("google", str(error))) from None
    finally:
        await credentials.close()
    return "Google gave a token"


def _no_alarm(*_: str) -> None:
    """The doctor tells it."""


async def _caldav(patient: Patient) -> str:
    if patient.settings.caldav_credentials is None:
        raise LeftOutError("READBACK_CALDAV_CREDENTIALS is not set")
    from app.adapters.caldav_credentials import load_credentials  # noqa: PLC0415 - as above

    return f"{len(load_credentials(patient.settings.caldav_credentials.get_secret_value()))} can be read"

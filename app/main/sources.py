"""The calendars of record of one process: one adapter for each kind that any technician uses.

What nobody uses is not even imported: clients of Google and of CalDAV are a third of a start.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.adapters.embedded_calendar import EmbeddedCalendar
from app.booking.business import Businesses
from app.booking.calendar import Calendar
from app.booking.calendar_watch import CalendarWatch, Whose
from app.booking.calendars import Calendars
from app.clock import Clock
from app.db.engine import Database
from app.settings import Settings
from app.watch.alarms import Alarms
from app.watch.loops import Loops
from app.web.ports import Check, State

if TYPE_CHECKING:
    from app.adapters.caldav_calendar import CaldavCalendar
    from app.adapters.google_calendar import GoogleCalendar
    from app.adapters.google_channels import GoogleChannels

LATE_S = 60.0
"""Longest time between two rounds of the watch over calendars; one look may take ten seconds."""


class Sources:
    """Builds, starts and stops what reads and writes calendars."""

    def __init__(
        self, settings: Settings, businesses: Businesses, database: Database, alarms: Alarms, clock: Clock
    ) -> None:
        self._settings, self._businesses, self._alarms, self._clock = settings, businesses, alarms, clock
        self.embedded = EmbeddedCalendar(database, clock)
        self.google = self._google() if self.names("google") else None
        self.caldav = self._caldav() if self.names("caldav") else None
        by_scheme: dict[str, Calendar] = {"embedded": self.embedded}
        if self.google is not None:
            by_scheme["google"] = self.google
        if self.caldav is not None:
            by_scheme["caldav"] = self.caldav
        every = ((business, t.calendar) for business in businesses.by_id.values() for t in business.technicians)
        whose = {
            calendar: Whose(business.whose(calendar), business.page)
            for business, calendar in every
            if not calendar.startswith("embedded:")  # when it is silent our database is, and that has a page of its own
        }
        self._watch = CalendarWatch(alarms, whose, clock)
        self.calendars = Calendars(by_scheme, self._watch)

    def addresses(self) -> list[str]:
        """Every calendar that any technician uses."""
        everybody = (t for business in self._businesses.by_id.values() for t in business.technicians)
        return list(dict.fromkeys(t.calendar for t in everybody))

    def names(self, scheme: str) -> list[str]:
        """Names of the calendars of one kind."""
        split = (address.partition(":") for address in self.addresses())
        return [name for kind, _, name in split if kind == scheme]

    async def start(self, loops: Loops | None = None) -> None:
        """Open what has connections; with `loops`, look again from now on at calendars that kept silent."""
        if self.google is not None:
            await self.google.start()
        if self.caldav is not None:
            await self.caldav.start()
        if loops is not None:
            self._watch.start(self.calendars.ask, loops.register("calendars", LATE_S))

    async def stop(self) -> None:
        """Close it."""
        await self._watch.stop()
        if self.google is not None:
            await self.google.close()
        if self.caldav is not None:
            await self.caldav.close()

    def checks(self) -> list[Check]:
        """Whether each kind told anything when it was last asked."""
        return [
            self._told(name) for name, used in (("google", self.google), ("caldav", self.caldav)) if used is not None
        ]

    def channels(self, secret: bytes, changed: Callable[[str], None]) -> "GoogleChannels | None":
        """How Google tells of changes; None without a calendar there."""
        if self.google is None:
            return None
        from app.adapters.google_channels import GoogleChannels  # noqa: PLC0415 - as the file says

        return GoogleChannels(self.google, self.names("google"), secret, self._clock, changed)

    def _google(self) -> "GoogleCalendar":
        from app.adapters.google_calendar import GoogleCalendar  # noqa: PLC0415 - as the file says
        from app.adapters.google_connection import GoogleOptions  # noqa: PLC0415 - as the file says

        return GoogleCalendar(
            GoogleOptions(
                api_url=self._settings.google_api_url,
                token_url=self._settings.google_token_url,
                credentials_file=self._settings.google_credentials,
                requests_per_minute=self._settings.google_requests_per_minute,
                on_alarm=lambda kind, key, title, body: self._alarms.ring(kind, key, title, body),
            ),
            self._clock,
        )

    def _caldav(self) -> "CaldavCalendar":
        from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions  # noqa: PLC0415 - as the file says
        from app.adapters.caldav_credentials import load_credentials  # noqa: PLC0415 - as the file says

        zones = {
            technician.calendar.partition(":")[2]: business.zone
            for business in self._businesses.by_id.values()
            for technician in business.technicians
            if technician.calendar.startswith("caldav:")
        }
        listed = self._settings.caldav_credentials
        credentials = load_credentials(listed.get_secret_value()) if listed else ()
        return CaldavCalendar(CaldavOptions(credentials, zones), self._clock)

    def _told(self, scheme: str) -> Check:
        async def state() -> State:
            return "ok" if self.calendars.well(scheme) else "down"

        return Check(scheme, state)

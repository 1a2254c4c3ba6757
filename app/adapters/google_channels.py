"""Push channels of Google calendars: opened at start, renewed before they end. A message only drops cache entries."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

from app import log
from app.adapters.google_calendar import GoogleCalendar
from app.background import Background
from app.booking.calendar import Unknown
from app.clock import Clock

OPEN_WITHIN_S = 10.0
CLOSED_WITHIN_S = 2.0
RENEW_BEFORE_S = 3_600.0
TRY_AGAIN_S = 600.0
ROUTE = "/google/changes"

logger = log.get(__name__)


class GoogleChannels:
    """One channel per calendar. `on_changed(address)` is told which calendar changed.

    The token of a channel is derived from the installation's secret, so any process can check what any other opened.
    """

    def __init__(
        self,
        google: GoogleCalendar,
        calendars: Sequence[str],
        secret: bytes,
        clock: Clock,
        on_changed: Callable[[str], None],
    ) -> None:
        self._google = google
        self._clock = clock
        self._on_changed = on_changed
        self._calendars = {_token(secret, name): name for name in calendars}
        self._open: dict[str, tuple[str, str, int]] = {}
        self._loop = Background()

    def changed(self, channel_id: str, token: str, resource_state: str) -> bool:
        """A message came; False when its token is not one of ours."""
        calendar = self._calendars.get(token)
        if calendar is None:
            return False
        logger.debug("calendar_changed", channel=channel_id, state=resource_state)
        self._on_changed(f"google:{calendar}")
        return True

    def start(self, public_url: str | None) -> None:
        """Open the channels in the background; Google delivers to https only, so without it there are none."""
        if self._calendars and public_url and public_url.startswith("https://"):
            self._loop.begin(self._keep(public_url + ROUTE))

    async def stop(self) -> None:
        """Close what is open, as far as Google answers."""
        if not await self._loop.end():
            return
        await asyncio.gather(
            *(
                self._google.unwatch(channel, resource, within_s=CLOSED_WITHIN_S)
                for channel, resource, _ in self._open.values()
            )
        )

    async def _keep(self, address: str) -> None:
        while True:
            for token, calendar in self._calendars.items():
                await self._renew(calendar, token, address)
            ends = min((end for _, _, end in self._open.values()), default=0)
            soonest = ends - RENEW_BEFORE_S - self._clock.now() if len(self._open) == len(self._calendars) else 0.0
            await asyncio.sleep(max(TRY_AGAIN_S, soonest))

    async def _renew(self, calendar: str, token: str, address: str) -> None:
        old = self._open.get(calendar)
        if old and old[2] - RENEW_BEFORE_S > self._clock.now():
            return
        channel = secrets.token_hex(16)
        opened = await self._google.watch(calendar, channel, token, address, within_s=OPEN_WITHIN_S)
        if isinstance(opened, Unknown):
            # Nothing breaks without a channel: reads are never older than their time to live.
            logger.warning("channel_not_opened", calendar=calendar, reason=opened.reason)
            return
        self._open[calendar] = (channel, *opened)
        if old:
            await self._google.unwatch(old[0], old[1], within_s=OPEN_WITHIN_S)


def _token(secret: bytes, calendar: str) -> str:
    return hmac.new(secret, f"google channel {calendar}".encode(), hashlib.sha256).hexdigest()

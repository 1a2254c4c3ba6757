"""Everything about texts in one process: what carries them, who answers them, and what follows an appointment."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from app import metrics
from app.adapters.breaker import Breaker
from app.booking.business import Businesses
from app.calls.texting import ReceivedText, TextReport
from app.clock import Clock
from app.db.engine import Database
from app.errors import ReadbackError
from app.jobs.outbox import Handler
from app.jobs.timers import Timer
from app.promises.texts import SEND
from app.settings import Settings
from app.sms.aftermath import LATE
from app.sms.appointments import TEXT, AppointmentTexts
from app.sms.carrier import Carrier
from app.sms.for_a_person import ForAPerson
from app.sms.inbox import ANSWER, Inbox
from app.sms.sending import Sending
from app.sms.sweep import EVERY_S, LISTED_EVERY_S, TextSweep
from app.sms.turn import Responder
from app.watch.alarms import Alarms
from app.watch.pages import raised_about
from app.web.ports import Check, State

if TYPE_CHECKING:
    from app.adapters.twilio_carrier import TwilioCarrier


class Texting:
    """Built with nobody to answer but a person; `answer_with` names who does."""

    def __init__(
        self, settings: Settings, businesses: Businesses, database: Database, alarms: Alarms, clock: Clock
    ) -> None:
        self._database = database
        self._carrier = _carrier(settings, clock)
        carrier: Carrier | None = self._carrier
        self.possible = carrier is not None
        """Whether texts can be sent at all."""
        lines = list(businesses.by_line)
        self._sending = Sending(database, carrier, businesses.by_id, clock, per_second=settings.texts_per_second)
        self._inbox = Inbox(database, businesses, ForAPerson(database, clock), alarms, clock)
        self._sweep = TextSweep(database, self._inbox, carrier, lines, clock)
        self.appointments = AppointmentTexts(database, businesses.by_id, clock) if carrier is not None else None

    def answer_with(self, responder: Responder) -> None:
        """Have every conversation answered by this one from now on."""
        self._inbox.responder = responder

    async def received(self, text: ReceivedText) -> None:
        """A text came in."""
        await self._inbox.received(text)

    async def reported(self, report: TextReport) -> None:
        """Something became of a text of ours."""
        await self._sending.reported(report)

    def handlers(self) -> Mapping[str, Handler]:
        """Every kind of job about texts."""
        handlers: dict[str, Handler] = {ANSWER: self._inbox.answer, SEND: self._sending.send}
        if self.appointments is not None:
            handlers[TEXT] = self.appointments.text
        return handlers

    def timers(self) -> list[Timer]:
        """What looks for texts that were left lying, here or at the carrier."""
        found = [Timer("texts", EVERY_S, self._sweep.look)]
        if self.possible:
            found.append(Timer("missed_texts", LISTED_EVERY_S, self._sweep.list_missed))
        return found

    def checks(self) -> list[Check]:
        """Whether the carrier takes texts; without it callers are served all the same.

        Where others send, only the database tells of it: texts are late.
        """

        async def state() -> State:
            resting = self._carrier is not None and self._carrier.resting()
            late: set[str] = set()
            with suppress(ReadbackError):  # of a database that is away its own check tells
                late = await self._database.read(lambda connection: raised_about(connection, LATE))
            return "degraded" if resting or late else "ok"

        return [Check("texting", state)] if self.possible else []

    async def aclose(self) -> None:
        """Close the connections."""
        if self._carrier is not None:
            await self._carrier.aclose()


def _carrier(settings: Settings, clock: Clock) -> "TwilioCarrier | None":
    """Twilio, by an API key where there is one; None without an account and a way to prove that it is ours."""
    tokens, key, secret = settings.twilio_auth_tokens, settings.twilio_api_key, settings.twilio_api_secret
    by_key = (key, secret.get_secret_value()) if key and secret else None
    credentials = by_key or ((settings.twilio_account_sid, tokens[0]) if tokens else None)
    if not settings.twilio_account_sid or credentials is None or not credentials[0]:
        return None
    from app.adapters.twilio_carrier import TwilioAccount, TwilioCarrier  # noqa: PLC0415 - a third of a second and 9 MB that only texting needs

    account = TwilioAccount(
        account_sid=settings.twilio_account_sid,
        username=credentials[0],
        password=credentials[1],
        api_url=settings.twilio_api_url,
        public_url=settings.public_url or "",
        per_second=settings.texts_per_second,
    )
    return TwilioCarrier(account, Breaker(clock, partial(metrics.set_breaker, "twilio")), clock)

"""Texts by Twilio: the port `sms.carrier` over Twilio's own package.

`Messages` knows no idempotency key. So an answer that says nothing for sure (a deadline, a lost connection, a 5xx) is
`Unknown`, and what was sent is looked for by recipient, sender, words and time.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from app.adapters.breaker import Breaker
from app.adapters.google_throttle import FairWindow
from app.adapters.twilio_http import NotConnectedError, TwilioHttp
from app.calls.texting import WHATSAPP, ReceivedText
from app.clock import Clock
from app.dialects.twilio import OWN_ID, parse_listed
from app.sms.carrier import SEND_WITHIN_S, Accepted, Answer, NotSent, Outgoing, Refused, Unknown

VALID_S: Final = 900
"""How long the carrier may keep a text in its queue: an answer that comes hours later does harm."""
SLACK_S: Final = 60.0
"""Between the carrier's clock and ours."""
PAGE_SIZE: Final = 200
MOST_PAGES: Final = 10
"""Of what was sent, the newest first: 2,000 messages. Whoever asked is told when that was not all."""
MOST_PAGES_IN: Final = 500
"""Of what came in: 100,000 messages, more than a day brings to a line; only a list without an end ends here."""
WAITING_S: Final = 2
"""What a text may wait for its turn here."""
SENDERS_REMEMBERED: Final = 1_024
TOO_MANY_S: Final = (1.0, 3.0)
MORE: Final = "more messages than are listed"
STATUS_PATH: Final = "/twilio/status"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Who we are to Twilio: an API key, or the account with its token; and where reports are to go (empty: nowhere)."""

    account_sid: str
    username: str
    password: str
    api_url: str
    public_url: str = ""
    per_second: int = 1
    """Texts of one sender; a long code's own limit is one."""


class _Queue:
    """The texts of one sender. Few wait here, where they hold up other work; the rest is given times of their own."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self._window = FairWindow(per_second, 1.0)
        self._per_second = per_second
        self._clock = clock
        self._waiting = 0
        self._latest = 0.0

    async def turn(self) -> float:
        if self._waiting >= WAITING_S * self._per_second:
            now = self._clock.monotonic()
            self._latest = max(self._latest, now + WAITING_S) + 1 / self._per_second
            return self._latest - now
        self._waiting += 1
        try:
            await self._window.admit()
        finally:
            self._waiting -= 1
        return 0.0


class TwilioCarrier:
    """A `sms.carrier.Carrier`. Close with `aclose`."""

    def __init__(
        self, account: TwilioAccount, breaker: Breaker, clock: Clock, *, within_s: float = SEND_WITHIN_S
    ) -> None:
        self._account = account
        self._breaker = breaker
        self._clock = clock
        self._within_s = within_s
        self._http = TwilioHttp(account.api_url, within_s)
        client = Client(account.username, account.password, account.account_sid, http_client=self._http)
        self._messages = client.messages  # loads half of the package, which must not happen within a deadline
        self._senders: OrderedDict[str, _Queue] = OrderedDict()

    def resting(self) -> bool:
        """Whether Twilio is being spared."""
        return bool(self._breaker.state)

    async def turn(self, sender: str) -> float:
        """First come, first served, in this process; whom it would take long is told when to come back.

        Processes together are held to the pace where a text is marked as being sent (`sms.pace`).
        """
        queue = self._senders.get(sender)
        if queue is None:
            queue = self._senders[sender] = _Queue(self._account.per_second, self._clock)
            if len(self._senders) > SENDERS_REMEMBERED:
                self._senders.popitem(last=False)
        self._senders.move_to_end(sender)
        return await queue.turn()

    async def send(self, text: Outgoing) -> Answer:
        """Create the message; only "too many requests" and what never left may be tried again blindly."""
        asked: dict[str, Any] = {
            "to": _address(text.channel, text.to),
            "from_": _address(text.channel, text.sender),
            "body": text.body,
        }
        if self._account.public_url:
            url = self._account.public_url.rstrip("/")
            asked["status_callback"] = f"{url}{STATUS_PATH}?{OWN_ID}={quote(text.id)}"
        answer = await self._asked(lambda: self._messages.create_async(validity_period=VALID_S, **asked))
        if isinstance(answer, NotSent | Refused | Unknown):
            return answer
        return _accepted(answer)

    async def sent(self, text: Outgoing, since: float) -> Sequence[Accepted] | Unknown:
        """Outbound messages with this recipient, sender and words, newest first."""
        to, sender = _address(text.channel, text.to), _address(text.channel, text.sender)
        listed = await self._listed(since, MOST_PAGES, to=to, from_=sender)
        if isinstance(listed, Unknown):
            return listed
        messages, cut = listed
        # `endswith`: a trial account puts words of its own in front.
        same = [message for message in messages if (message.body or "").strip().endswith(text.body.strip())]
        found = [_accepted(message) for message in same if not _inbound(message)]
        return Unknown(MORE) if cut and not found else found

    async def received(self, line: str, since: float, channel: str) -> Sequence[ReceivedText] | Unknown:
        """Inbound messages to this line, oldest first."""
        listed = await self._listed(since, MOST_PAGES_IN, to=_address(channel, line))
        if isinstance(listed, Unknown):
            return listed
        messages, cut = listed
        if cut:
            return Unknown(MORE)
        found = [parse_listed(_as_listed(message)) for message in reversed(messages) if _inbound(message)]
        return [text for text in found if text is not None]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _listed(self, since: float, most_pages: int, **named: str) -> tuple[list[Any], bool] | Unknown:
        """Messages created since a moment, newest first, and whether there are more of them than are listed.

        Their date of sending is not asked for, for those in a queue have none.
        """
        found: list[Any] = []
        page = None
        for _ in range(most_pages):
            answer = await self._asked(partial(self._page, page, named))
            if isinstance(answer, NotSent | Refused | Unknown):
                return Unknown(answer.reason)
            messages, page = answer
            recent = [message for message in messages if _created(message) >= since - SLACK_S]
            found += recent
            if len(recent) < len(messages) or page.next_page_url is None:
                return found, False
        return found, True

    async def _page(self, before: Any, named: Mapping[str, str]) -> tuple[list[Any], Any]:
        """The messages of the first page, or of the one after `before`, and that page. Raises ValueError for one whose
        time cannot be read: taken for a new one, it would be mistaken for what was sent just now.
        """
        asked = before.next_page_async() if before else self._messages.page_async(page_size=PAGE_SIZE, **named)
        page = await asked
        messages = list(page)
        if not all(isinstance(message.date_created or message.date_sent, datetime) for message in messages):
            raise ValueError("a message without a time")
        return messages, page

    async def _asked(self, request: Callable[[], Awaitable[T]]) -> T | NotSent | Refused | Unknown:
        """The answer to one request, and whether Twilio lives."""
        admission = self._breaker.admit()
        if admission is None:
            return NotSent(self._breaker.why)
        try:
            async with asyncio.timeout(self._within_s):
                answered = await request()
        except NotConnectedError as error:
            failure: NotSent | Unknown = NotSent(f"cannot connect: {error}")
        except TwilioRestException as error:
            if error.status < 500:
                admission.went_well()
                return _refusal(error)
            failure = Unknown(f"HTTP {error.status}")
        except (TimeoutError, httpx.HTTPError, OSError) as error:
            failure = Unknown(f"no answer: {type(error).__name__}")
        except (TwilioException, ValueError, KeyError, TypeError) as error:
            failure = Unknown(f"unreadable answer: {type(error).__name__}")
        except BaseException:
            admission.given_up()
            raise
        else:
            admission.went_well()
            return answered
        admission.failed(why=failure.reason)
        return failure


def _refusal(error: TwilioRestException) -> NotSent | Refused | Unknown:
    code = error.code if isinstance(error.code, int) else 0
    if error.status == 429:
        return NotSent("too many requests", random.uniform(*TOO_MANY_S))  # noqa: S311 - jitter, not a secret
    if error.status == 408:
        return Unknown(f"HTTP {error.status}")
    if error.status in (401, 403) and not code:
        code = 20003
    return Refused(code, f"HTTP {error.status}, code {code}")


def _accepted(message: Any) -> Accepted:
    return Accepted(str(message.sid), _word(message.status), int(message.error_code or 0), _created(message))


def _created(message: Any) -> float:
    """When Twilio took it; one that does not say was taken just now."""
    created = message.date_created or message.date_sent
    return created.timestamp() if isinstance(created, datetime) else datetime.now(UTC).timestamp()


def _inbound(message: Any) -> bool:
    return _word(message.direction) == "inbound"


def _word(value: Any) -> str:
    """The package gives words as enumerations or as they came."""
    return str(getattr(value, "value", value) or "").lower()


def _as_listed(message: Any) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "num_media": message.num_media,
    }


def _address(channel: str, number: str) -> str:
    return f"{WHATSAPP}:{number}" if channel == WHATSAPP else number

"""The port to whoever carries texts. What became of a text is a value, and "nobody knows" is one of them.

There is no way to send the same text twice without its being two: who does not know looks for it before trying again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from app.calls.texting import ReceivedText

SEND_WITHIN_S: Final = 10.0
"""What one request may take; after it nothing of it is under way any more."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt to send one text. `id` is ours, of this attempt, and comes back in reports. Numbers are E.164."""

    id: str
    to: str
    sender: str
    body: str
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has it, under its own name, in one of its own states."""

    sid: str
    status: str
    code: int = 0
    at: float = 0.0
    """When the carrier took it, epoch seconds; 0 when it did not say."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier will not send it, for a reason of its own numbering (0: none given); nothing was sent."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly nothing was sent, and the same may be tried again. `after_s` is what the carrier asked for, or 0."""

    reason: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been sent."""

    reason: str


Answer = Accepted | Refused | NotSent | Unknown


class Carrier(Protocol):
    """Sends texts and tells what it has. Nothing raises but `CancelledError`; each request has its own deadline."""

    async def turn(self, sender: str) -> float:
        """Wait a moment until this sender may send one more text without being held up, or filtered, on the way.

        0: now; otherwise so many seconds until it is worth asking again, when there are too many before.
        """

    async def send(self, text: Outgoing) -> Answer:
        """Have it sent, once."""

    async def sent(self, text: Outgoing, since: float) -> Sequence[Accepted] | Unknown:
        """What went to this recipient with these words since a moment; empty when there is certainly nothing."""

    async def received(self, line: str, since: float, channel: str) -> Sequence[ReceivedText] | Unknown:
        """All that came in on a line, by one channel, since a moment, oldest first."""

    def resting(self) -> bool:
        """Whether it has failed so often that it is being spared."""

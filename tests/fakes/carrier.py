"""A carrier behind the port: takes texts, answers as scripted first; `arrives`: what is scripted is taken as well."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from app.calls.texting import ReceivedText
from app.sms.carrier import Accepted, Answer, Outgoing, Unknown


@dataclass
class FakeCarrier:
    """`taken` is every text it will deliver, as (recipient, words)."""

    answers: deque[Answer] = field(default_factory=deque)
    waits: deque[float] = field(default_factory=deque)
    lookups: deque[Unknown] = field(default_factory=deque)
    arrives: bool = False
    hides: bool = False
    """Takes texts and shows none of them in its lists."""
    outgoing: list[Outgoing] = field(default_factory=list)
    tried: int = 0
    incoming: list[ReceivedText] = field(default_factory=list)
    listed: list[tuple[str, str, float]] = field(default_factory=list)
    """What came in was asked for so: line, channel, since when."""
    before: Callable[[], Awaitable[None]] | None = None
    """Called in a sender's turn, just before the text is looked at a last time."""
    spared: bool = False

    @property
    def taken(self) -> list[tuple[str, str]]:
        return [(text.to, text.body) for text in self.outgoing]

    async def turn(self, sender: str) -> float:
        if self.before is not None:
            await self.before()
        return self.waits.popleft() if self.waits else 0.0

    async def send(self, text: Outgoing) -> Answer:
        self.tried += 1
        scripted = self.answers.popleft() if self.answers else None
        if scripted is None or self.arrives:
            self.outgoing.append(text)
        return scripted or Accepted(self.sid(len(self.outgoing)), "queued")

    async def sent(self, text: Outgoing, since: float) -> Sequence[Accepted] | Unknown:
        if self.lookups:
            return self.lookups.popleft()
        return [
            Accepted(self.sid(place), "sent")
            for place, one in enumerate(self.outgoing, 1)
            if (one.to, one.sender, one.body) == (text.to, text.sender, text.body) and not self.hides
        ]

    async def received(self, line: str, since: float, channel: str) -> Sequence[ReceivedText] | Unknown:
        self.listed.append((line, channel, since))
        if self.lookups:
            return self.lookups.popleft()
        return [text for text in self.incoming if (text.line, text.channel) == (line, channel)]

    def resting(self) -> bool:
        return self.spared

    @staticmethod
    def sid(place: int) -> str:
        return f"SMout{place:027x}"

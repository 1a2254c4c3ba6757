"""One turn that a model answers: what it was begun with, and what has come of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.booking.business import Business
from app.inference.model import Message
from app.inference.window import Window
from app.sms.allowed import Facts
from app.sms.ground import ground
from app.sms.told import Told
from app.sms.turn import Conversation
from app.sms.words import Said, read


@dataclass(slots=True)
class ModelTurn:
    """`id` is that of the newest text, from which every id of the turn follows; `now` when that came, epoch seconds.

    `facts` are what tools told in this conversation, under the names that a model uses.
    """

    business: Business
    conversation: Conversation
    session: str
    id: str
    now: float
    window: Window
    facts: dict[str, Any]
    messages: list[Message]
    told: Told
    language: str = ""
    """The customer's, as the model says."""
    reminded: bool = False
    """Whether the model was told that the customer wants something besides."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """The guided conversation's state, where this turn ends with its question."""

    _read: dict[str, Said] = field(default_factory=dict, init=False, repr=False, compare=False)

    def reads(self, text: str) -> Said:
        """What words of the customer's say; each text once, for whatever the model wants is held against them anew."""
        if text not in self._read:
            told = ground(self.business, int(self.now))
            self._read[text] = read([(line, 0) for line in text.splitlines()], told)
        return self._read[text]

    @property
    def key(self) -> str:
        """Names the turn in records."""
        return f"sms:{self.conversation.id}:{self.id}"[:320]

    @property
    def said(self) -> str:
        """Everything the customer wrote that the model can see."""
        return "\n".join(message.text for message in self.messages if message.who == "customer")

    def known(self) -> Facts:
        """What a model may use."""
        facts = self.facts
        return Facts(facts.get("offers", {}), tuple(facts.get("references", ())), tuple(facts.get("shown", ())))

"""The answer of a business that answers its texts by hand: they are kept for a person, and the customer is told so."""

from collections.abc import Sequence

from app.clock import Clock
from app.db.engine import Database
from app.sms import people
from app.sms.turn import Conversation, Incoming, Turn


class ForAPerson:
    """A `turn.Responder`. Asked again with the same texts it leaves one task."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        """One task for all of them, and a word that somebody will answer."""
        now = self._clock.now()
        await self._database.write(lambda t: people.to_answer(t, conversation, texts, now=now))
        return Turn((people.SOMEBODY_WILL,), conversation.state)

"""What becomes of a change that a person was asked about: done and told, or not done and a callback promised.

Carried out by jobs, under ids that follow from the review, so that a second run finds it done.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app import log
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.promises.gsm import parted
from app.promises.texts import REVIEWED, Text, noted
from app.review.reviews import APPROVED, OPEN, Kept, by_id, expired
from app.sms.talk import Ask
from app.sms.turn import Conversation

NOT_DONE: Final = "We could not change that by text, and nothing was changed."

_log = log.get(__name__)


class Reviewed:
    """Handlers of the jobs `review_due` and `review_decided`."""

    def __init__(self, database: Database, ask: Ask, clock: Clock) -> None:
        self._database = database
        self._ask = ask
        self._clock = clock

    async def due(self, data: Mapping[str, Any]) -> None:
        """The time to decide is over. What was decided stands."""
        identity = str(data["review"])
        await self._database.write(lambda t: expired(t, identity, now=self._clock.now()))

    async def decided(self, data: Mapping[str, Any]) -> None:
        """Do it or do not, and have the customer told."""
        review = await self._database.read(lambda c: by_id(c, str(data["review"])))
        if review.status == OPEN:
            _log.error("review carried out while open", review=review.id)
            return
        conversation = _conversation(review)
        if review.status == APPROVED:
            said = str((await self._call(review, conversation, review.content["tool"], "approved"))["say"])
        else:
            said = f"{NOT_DONE} {(await self._call(review, conversation, 'request_callback', 'not_done'))['say']}"
        texts = [_text(review, conversation, place, part) for place, part in enumerate(parted(said), 1)]
        await self._database.write(lambda t: self._owe(t, texts))

    def _owe(self, transaction: Transaction, texts: Sequence[Text]) -> None:
        for text in texts:
            if not noted(transaction, text, now=self._clock.now()):
                return  # an earlier run has said all of it, maybe in other words

    async def _call(self, review: Kept, conversation: Conversation, tool: str, what: str) -> Mapping[str, Any]:
        content = review.content
        arguments = content["arguments"] if tool == content["tool"] else {"reason": f"{review.what} {content['said']}"}
        return await self._ask(
            conversation, f"{content['session']}.review", tool, arguments, f"review:{review.id}:{what}"
        )


def _conversation(review: Kept) -> Conversation:
    content = review.content
    return Conversation(
        content["conversation"],
        review.business,
        content["customer"],
        content["line"],
        channel=content.get("channel", "sms"),  # one that was proposed before a channel was kept
    )


def _text(review: Kept, conversation: Conversation, place: int, body: str) -> Text:
    """One text of what tells the customer, in its place: on their channel, after what they were told before."""
    return Text(
        business=review.business,
        to_number=conversation.customer,
        from_number=conversation.line,
        body=body,
        kind=REVIEWED,
        booking=review.id,
        revision=place,
        channel=conversation.channel,
        conversation=conversation.id,
    )

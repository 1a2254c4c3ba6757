"""What becomes of a change that a person was asked about: done and told, or not done and a callback promised.

Carried out by jobs, under ids that follow from the review, so that a second run finds it done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from app import log
from app.booking.as_it_stands import booked_since
from app.booking.store import by_caller
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import text_outbox
from app.errors import Code
from app.inference.output import folded
from app.jobs.outbox import Again
from app.promises.gsm import parted
from app.promises.texts import REVIEWED, Text, noted
from app.review.reviews import APPROVED, OPEN, Kept, beside, by_id, expired
from app.sms import conversations
from app.sms.changing import NOTHING_ELSE
from app.sms.holding import HELD_AGAIN_S, Holding
from app.sms.phrases import IN_DOUBT
from app.sms.renewal import looked_for, renewed
from app.sms.state import Offered
from app.sms.talk import Ask
from app.sms.turn import Conversation

NOT_DONE: Final = "We could not change that by text."
"""No more: they may have had it done meanwhile in another way."""
ELSEWHERE: Final = "That visit is at another time by now, so it was left as it is."
MEANWHILE: Final = "You have a visit for that booked by now, so no second one was booked."
UNSEEN: Final = "We can't see in the calendar whether the time you chose is still free, so nothing was changed."
NOT_REACHED: Final = "We could not reach the calendar, so nothing was changed."
GONE: Final = "Sorry, that took us too long: the time you chose is gone by now, so nothing was {done}."
NOT_TRIED_AGAIN: Final = {Code.CALENDAR_UNAVAILABLE: NOT_REACHED, Code.INTERNAL: IN_DOUBT}
"""What a person approved and nobody tries again by itself is seen to by a person."""
DONE: Final = {"book_appointment": "booked", "reschedule_appointment": "moved"}
ANOTHER: Final = "Which other time suits you?"
THEIRS: Final = "These are your appointments:"
SAME_FOR_S: Final = 6 * 3_600.0
"""The same words later are about something else."""

_log = log.get(__name__)


class Reviewed:
    """Handlers of the jobs `review_due` and `review_decided`."""

    def __init__(self, database: Database, ask: Ask, clock: Clock) -> None:
        self._database = database
        self._ask = ask
        self._clock = clock
        self._holding = Holding(database, clock)

    async def due(self, data: Mapping[str, Any]) -> None:
        """The time to decide is over. What was decided stands."""
        identity = str(data["review"])
        await self._database.write(lambda t: expired(t, identity, now=self._clock.now()))

    async def decided(self, data: Mapping[str, Any]) -> Again | None:
        """Do it or do not, and have the customer told. One decision of a conversation after the other, and none while a
        text of it is answered: what the one has booked is seen by the next.
        """
        review = await self._database.read(lambda c: by_id(c, str(data["review"])))
        if review.status == OPEN:
            _log.error("review carried out while open", review=review.id)
            return None
        conversation = _conversation(review)
        held = await self._database.write(lambda t: self._holding.taken(t, conversation.id))
        if held is None and await self._database.read(lambda c: conversations.is_there(c, conversation.id)):
            return Again(HELD_AGAIN_S)
        if held is None:  # nobody else can have it either
            await self._carry_out(review, conversation)
            return None
        try:
            async with self._holding.kept(held):
                await self._carry_out(review, conversation)
        finally:
            await self._holding.let_go(held)
        return None

    async def _carry_out(self, review: Kept, conversation: Conversation) -> None:
        asks = _Asks(review, conversation, self._ask, self._database)
        said = await (_done(asks) if review.status == APPROVED else _called_back(asks, NOT_DONE))
        texts = [_text(review, conversation, place, part) for place, part in enumerate(parted(said), 1)]
        await self._database.write(lambda t: self._owe(t, texts))

    def _owe(self, transaction: Transaction, texts: Sequence[Text]) -> None:
        for text in texts:
            if _told(transaction, text, self._clock.now()):
                return  # of one wish that was put before a person twice
            if not noted(transaction, text, now=self._clock.now()):
                return  # an earlier run has said all of it, maybe in other words


def _told(transaction: Transaction, text: Text, now: float) -> bool:
    """Whether the same words went to them after another decision, a while ago."""
    o = text_outbox.c
    same = (o.kind == REVIEWED, o.body == text.body, o.booking != text.booking)
    lately = (o.conversation == text.conversation, o.created_at > now - SAME_FOR_S)
    return transaction.connection.execute(select(o.id).where(*lately, *same).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class _Asks:
    """The tool calls about one review. `named` is the end of a call's id."""

    review: Kept
    conversation: Conversation
    ask: Ask
    database: Database

    async def call(self, named: str, tool: str, **arguments: Any) -> Mapping[str, Any]:
        session = f"{self.review.content['session']}.review"
        return await self.ask(self.conversation, session, tool, arguments, f"review:{self.review.id}:{named}")

    async def look(self, tool: str, **arguments: Any) -> Mapping[str, Any]:
        return await self.call(f"look:{tool}", tool, **arguments)

    async def names(self) -> Mapping[str, str]:
        """Under whose name each visit ahead of the customer is, by its reference."""
        about = self.review.business, self.conversation.customer, int(self.review.opened_at)
        return {each.reference: each.customer_name for each in await self.database.read(lambda c: by_caller(c, *about))}


async def _done(asks: _Asks) -> str:
    """Carry out what was approved, until something of it is not done; what there is to say about it."""
    content, said = asks.review.content, list[str]()
    changes = [content, *content.get("then", ())]
    for number, change in enumerate(changes):
        done, say = await _one_done(asks, change, number)
        said.append(say)
        if not done:
            said += [NOTHING_ELSE] if number + 1 < len(changes) else []
            break
    return " ".join(said)


async def _one_done(asks: _Asks, change: Mapping[str, Any], number: int) -> tuple[bool, str]:
    tool, arguments = change["tool"], change["arguments"]
    if tool == "book_appointment" and await _meanwhile(asks, change):
        return False, await _called_back(asks, MEANWHILE)
    if await _elsewhere(asks, str(arguments.get("reference", ""))):
        return False, await _called_back(asks, ELSEWHERE)
    result = await asks.call("approved" + (f":{number}" if number else ""), tool, **arguments)
    if result.get("code") == Code.SLOT_EXPIRED and "service" in result:
        return await _done_anew(asks, change, result)
    if result.get("code") == Code.SLOT_TAKEN and (theirs := await _theirs(asks, change, result)):
        return True, theirs
    if result.get("outcome") not in ("confirmed", "pending") and result.get("code") in NOT_TRIED_AGAIN:
        return False, await _called_back(asks, NOT_TRIED_AGAIN[result["code"]])
    return result.get("outcome") == "confirmed", str(result["say"])


async def _elsewhere(asks: _Asks, reference: str) -> bool:
    """Whether a visit is at another time than the one that was decided about: it was moved meanwhile, by phone say."""
    then = asks.review.content.get("visits", {}).get(reference)
    if then is None:
        return False
    told = await asks.call("stands", "find_appointments")
    now = next((one["start"] for one in told.get("appointments", ()) if one["reference"] == reference), then)
    return datetime.fromisoformat(now) != datetime.fromisoformat(then)


async def _meanwhile(asks: _Asks, wanted: Mapping[str, Any]) -> bool:
    """Whether they had the same service booked for another time while it was looked at: by phone, or by another text.

    One for somebody else is another visit on purpose, and so is one more, asked for while the other waited. As it was
    found at first, so that a second run takes nothing of the first for that.
    """
    told = await asks.call("stands", "find_appointments")
    since = {each.reference: each for each in await asks.database.read(lambda c: booked_since(c, asks.review))}
    besides = await asks.database.read(lambda c: beside(c, asks.review))
    chosen = [(one.get("start"), one.get("technician")) for one in (wanted, *(each.content for each in besides))]
    return any(
        one["service"] == wanted.get("service")
        and one["reference"] in since
        and _is_same_person(wanted, since[one["reference"]].customer_name)
        and (one["start"], one["technician"]) not in chosen
        for one in told.get("appointments", ())
    )


async def _theirs(asks: _Asks, wanted: Mapping[str, Any], refused: Mapping[str, Any]) -> str:
    """What is booked for them where they are the ones who have that time: they may have had it booked meanwhile.

    Not where what they have then is something else, or for somebody else.
    """
    told = await asks.look("find_appointments")
    visit = refused["start"], refused["technician"]
    service, whose = wanted.get("service"), await asks.names()
    same = any(
        (one["start"], one["technician"]) == visit
        and service in (None, one["service"])
        and _is_same_person(wanted, whose.get(one["reference"], ""))
        for one in told.get("appointments", ())
    )
    return f"{THEIRS} {told['say']}" if same else ""


def _is_same_person(wanted: Mapping[str, Any], name: str) -> bool:
    """Whether a visit under this name may be of whom the wish is for: "Ann" may be Ann Lee, and nobody says who."""
    one, other = ({*folded(each).split()} for each in (str(wanted["arguments"].get("customer_name", "")), name))
    return one <= other or other <= one


async def _done_anew(asks: _Asks, wanted: Mapping[str, Any], refused: Mapping[str, Any]) -> tuple[bool, str]:
    """A person may take longer to decide than an offer lasts: the same time is taken if it is still open."""
    tool, arguments = wanted["tool"], wanted["arguments"]
    service, slot = refused["service"], Offered("", refused["start"], refused["technician"])
    found = await looked_for(asks.look, service, slot)
    fresh = renewed(found, slot)
    if fresh is not None:
        result = await asks.call("anew", tool, **{**arguments, "slot_id": fresh.slot_id})
        return result.get("outcome") == "confirmed", str(result["say"])
    if theirs := await _theirs(asks, wanted, refused):
        return True, theirs
    if not found["ok"]:
        return False, await _called_back(asks, UNSEEN)
    day = slot.starts.date().isoformat()
    others = await asks.call("others", "check_availability", service=service, date=day)
    return False, f"{GONE.format(done=DONE[tool])} {others['say']} {ANOTHER}"


async def _called_back(asks: _Asks, why: str) -> str:
    """Nothing was done: say why, and have a person call."""
    reason = f"{asks.review.what} {asks.review.content['said']}"
    return f"{why} {(await asks.call('not_done', 'request_callback', reason=reason))['say']}"


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

"""What a business has a person approve waits for one without a model as well: nothing is done until somebody decides.

The same wish, said again while it waits, is one decision.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app import log
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.errors import OverloadedError
from app.inference.output import folded
from app.log import masked_phone
from app.review.reviews import Proposal, approved_since, is_open, open_ones, opened
from app.sms import phrases
from app.sms.state import Booked, Offered
from app.sms.talk import Talk
from app.sms.told import FIND
from app.sms.turn import Conversation
from app.sms.wishes_in_words import sentence, title

_log = log.get(__name__)


class Deciding:
    """A `talk.Decides`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, talk: Talk, tool: str, arguments: Mapping[str, Any]) -> None:
        """Have a person decide about it, once. Raises a `ReadbackError` when nobody can be asked."""
        proposal, now = _proposal(talk, tool, arguments), self._clock.now()
        await self._database.write(lambda t: opened_once(t, proposal, now=now))

    async def is_open(self, conversation: Conversation) -> bool:
        """Whether anything of theirs is still to be decided; where nobody can say, it is not spoken of."""
        try:
            return await self._database.read(lambda c: is_open(c, f"sms:{conversation.id}:"))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("not looked whether a review is open", reason=type(error).__name__)
            return False

    async def booked_since(self, talk: Talk) -> Booked | None:
        """The visit of the same service that they have by now, since a person approved it after they were asked."""
        about, since = f"sms:{talk.conversation.id}:", talk.state.at
        try:
            approved = await self._database.read(lambda c: approved_since(c, about, since))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("not looked what was approved", reason=type(error).__name__)
            return None
        booked = [
            (each.get("service"), each.get("start"), each.get("technician"))
            for review in approved
            for each in (review.content, *review.content.get("then", ()))
            if each["tool"] == "book_appointment"
        ]
        found = (await talk.ask(FIND)).get("appointments", ()) if booked else ()
        visits = [Booked(each["reference"], each["start"], each["service"], each["technician"]) for each in found]
        theirs = [each for each in visits if (each.service, each.start, each.who) in booked]
        same = [each for each in theirs if each.service == talk.state.service]
        slot = talk.state.slot
        if slot is not None and any((each.start, each.who) == (slot.start, slot.who) for each in same):
            return None  # the very time that was approved: that they have it already is said as it is booked
        return next(iter(same), None)

    async def told_too(self, conversation: Conversation, tool: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """A look-up's result; of their visits with the word that a change is still to be decided about."""
        if tool != FIND or not found["ok"] or not await self.is_open(conversation):
            return found
        say = f"{found['say']} {phrases.STILL_WAITS}" if found["appointments"] else phrases.STILL_WAITS
        return {**found, "say": say}


def opened_once(transaction: Transaction, proposal: Proposal, *, now: float) -> None:
    """Have a person decide about it; the same wish, said again while it waits, is one decision and no further page."""
    waiting = open_ones(transaction.connection, f"sms:{proposal.content['conversation']}:")
    if any(_wish(one.content) == _wish(proposal.content) for one in waiting):
        return
    beside = [one.id for one in waiting] if proposal.content.get("besides") else []
    opened(transaction, replace(proposal, content={**proposal.content, "beside": beside}), now=now)


async def waits(talk: Talk, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a person decides first about what was confirmed; the customer has been told so then."""
    if tool not in talk.business.reviewed or talk.decides is None:
        return False
    await talk.decides(talk, tool, arguments)
    state = talk.state
    rest, state.after = bool(state.after or state.then), []
    talk.say(phrases.WAITS, phrases.NOT_THE_REST if rest else "")
    state.over()
    return True


async def still_waits(talk: Talk) -> str:
    """What is said where somebody is still to decide about a change of theirs; else empty."""
    open_yet = talk.decides is not None and await talk.decides.is_open(talk.conversation)
    return phrases.STILL_WAITS if open_yet else ""


def _proposal(talk: Talk, tool: str, arguments: Mapping[str, Any]) -> Proposal:
    conversation, state, business = talk.conversation, talk.state, talk.business
    visit: Booked | None = state.appointment if "reference" in arguments else None
    slot: Offered | None = state.slot if "slot_id" in arguments else None
    named = title(business, tool, slot, visit)
    key = f"sms:{conversation.id}:{talk.newest}"
    return Proposal(
        business=business.id,
        conversation=key,
        why="high_stakes",
        what=f"{named[:1].upper()}{named[1:]}, for {masked_phone(conversation.customer)}.",
        content={
            "tool": tool,
            "arguments": dict(arguments),
            "session": state.session,
            "conversation": conversation.id,
            "customer": conversation.customer,
            "line": conversation.line,
            "channel": conversation.channel,
            "said": talk.said.whole,
            "besides": state.besides,
            "in_words": [sentence(business, tool, arguments, slot, state.service, visit)],
            "said_before": [{"who": "agent", "text": talk.question()}],
            **({"visits": {visit.reference: visit.start}} if visit else {}),
            **({"start": slot.start, "technician": slot.who, "service": state.service} if slot else {}),
        },
        key=hashlib.blake2b(f"{key}:{tool}:{sorted(arguments.items())}".encode(), digest_size=16).hexdigest(),
    )


def _wish(content: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What is to be done, each change by its visit as it stood, what it is, for whom and when: offers of one time carry
    different ids.
    """
    visits, wish = content.get("visits", {}), list[tuple[Any, ...]]()
    for change in (content, *content.get("then", ())):
        reference = change["arguments"].get("reference")
        name = folded(str(change["arguments"].get("customer_name", "")))
        what = [change.get(about) for about in ("service", "start", "technician")]
        wish.append((change["tool"], reference, visits.get(reference), name, *what))
    return wish

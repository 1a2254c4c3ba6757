"""What a text means before anybody answers it: whether the customer may be texted from now on, and who is to know."""

import re
from collections.abc import Sequence
from typing import Final

from app.booking.business import Business
from app.calls.texting import ReceivedText
from app.db.engine import Transaction
from app.inference.window import shown
from app.promises import consent
from app.promises.consent import Said
from app.promises.texts import NOTICE, Text, noted
from app.review.reviews import wrote_since
from app.sms import people
from app.sms.conversations import short
from app.sms.keywords import Meaning, carrier_answers, meaning
from app.sms.revocation import means_more
from app.sms.turn import Incoming

CUSTOMER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""Short codes and names of senders are machines."""
SHOWN: Final = 300
OUTS: Final = (Meaning.OPT_OUT, Meaning.CANCEL, Meaning.REVOKED)


class Hearing:
    """Takes in one text in the commit that keeps it."""

    def heard(
        self, transaction: Transaction, business: Business | None, conversation: str, text: ReceivedText, *, now: float
    ) -> bool:
        """Whether the conversation owes an answer to it."""
        if business is None or CUSTOMER.fullmatch(text.customer) is None:
            return False
        means = meaning(text.body, text.opt_out)
        source = consent.CARRIER if text.opt_out else consent.KEYWORD
        said = Said(business.id, text.customer, source, f"{text.id}: {text.body[:SHOWN]}")
        before = consent.unwanted(transaction.connection, business.id, text.customer)
        if means in OUTS:
            tell_who_decides(transaction, conversation, [text])
            self._out(transaction, business, conversation, text, means, now)
            return False
        if means is Meaning.HELP:
            if not text.opt_out:  # the carrier has answered it otherwise
                _notice(transaction, conversation, text, business, _help(business), now)
            return False
        if means is Meaning.OPT_IN or (means is Meaning.MAYBE_IN and before == consent.OPTED_OUT):
            by = consent.opted_out_by(transaction.connection, business.id, text.customer)
            consent.opted_in(transaction, said, now=now)
            if before == consent.OPTED_OUT and by == consent.FREE_TEXT and not text.opt_out:
                welcome = f"{business.name}: you get our texts again. Reply STOP to get none."
                _notice(transaction, conversation, text, business, welcome, now)
            return before != consent.OPTED_OUT  # others the carrier, who had stopped them, has welcomed back
        if before == consent.OPTED_OUT:
            tell_who_decides(transaction, conversation, [text])
            people.after_opt_out(transaction, business.id, text.customer, text.id, text.body, now=now)
            return False
        if before:  # whoever texts can be texted, whatever was found before
            consent.opted_in(transaction, said, now=now)
        return True

    def _out(
        self,
        transaction: Transaction,
        business: Business,
        conversation: str,
        text: ReceivedText,
        means: Meaning,
        now: float,
    ) -> None:
        source = consent.FREE_TEXT if means is Meaning.REVOKED else consent.KEYWORD
        source = consent.CARRIER if text.opt_out else source
        said = Said(business.id, text.customer, source, f"{text.id}: {text.body[:SHOWN]}")
        is_new = consent.opted_out(transaction, said, now=now)
        if means is Meaning.CANCEL:
            people.may_cancel(transaction, business.id, text.customer, text.id, now=now)
        elif means is Meaning.REVOKED and means_more(text.body):
            people.may_cancel(transaction, business.id, text.customer, text.id, text.body, now=now)
        if is_new and not carrier_answers(text.body, text.opt_out):
            confirmed = f"{business.name}: you will get no more texts from us. Reply START to get them again."
            _notice(transaction, conversation, text, business, confirmed, now)


def tell_who_decides(
    transaction: Transaction, conversation: str, texts: Sequence[ReceivedText | Incoming], *, turn: str = ""
) -> None:
    """Whoever decides about something of theirs reads what they have written since, and that they want no more texts.

    `turn` is that of these texts, by its newest: what it has opened itself is not later than they are.
    """
    mine = f"sms:{conversation}:"
    wrote_since(transaction, mine, {text.id: shown(text.body) for text in texts}, f"{mine}{turn}")


def _help(business: Business) -> str:
    line = f" Call {business.lines[0]}." if business.lines else ""
    return f"{business.name}: texts about your appointments.{line} Msg & data rates may apply. Reply STOP to get none."


def _notice(
    transaction: Transaction, conversation: str, text: ReceivedText, business: Business, body: str, now: float
) -> None:
    """Said once for each text, also to who wants no others: the law that forbids more allows one confirmation."""
    answer = Text(
        business=business.id,
        to_number=text.customer,
        from_number=text.line,
        body=body,
        kind=NOTICE,
        booking=short(text.id),
        revision=0,
        channel=text.channel,
        conversation=conversation,
    )
    noted(transaction, answer, now=now)

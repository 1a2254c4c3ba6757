"""What follows from the end of a text: who may not be texted any more, what is tried again, who has to know."""

from typing import Final

from app import metrics
from app.booking.store import changed_for
from app.db.engine import Transaction
from app.jobs.outbox import Again, put
from app.promises import consent, texts
from app.promises.consent import Said
from app.promises.texts import Owed
from app.sms import conversations, people
from app.sms.codes import WENT_WRONG, Deed, Fate, fate
from app.watch.pages import Page, is_raised, raised, raised_about, resolved

LATE: Final = "texts_late"
"""The page about texts that wait to be sent; it ends with the last of them, or each that leaves would end it and each
that fails would raise it anew.
"""
LATE_AFTER_S: Final = 600.0
REFUSED: Final = "texts_refused"
"""The page about what the carrier refuses for a reason that somebody has to mend."""
OWED: Final = (texts.REPLY, texts.NEWS, texts.REVIEWED)
"""Texts that a customer waits for: what does not get there, a person says."""
OWED_ALL_THE_SAME: Final = (texts.NEWS, texts.REVIEWED)
"""How something ended that was left open: also who wants no texts is to know."""

REFUSED_FOR_S: Final = 3_600.0
"""Without a text that is refused for a reason, before one that gets there ends the page about it: a reason may hold for
some texts only, each of which would be a page of its own.
"""
TURN_S: Final = 60.0
"""As long as a turn may take, at most."""


def reached(transaction: Transaction, text: Owed, state: str, code: int, *, now: float) -> None:
    """The carrier has the text, or knows how it ended; `text.sid` is its name for it."""
    if state in WENT_WRONG:
        went_wrong(transaction, text, state, code, now=now)
        return
    metrics.count_text_out(text.kind, state)
    texts.moved(transaction, text, state, now=now, sid=text.sid)
    _fewer_late(transaction, text.business, now)
    if state == texts.DELIVERED:
        _gets_there(transaction, text.business, now)


def went_wrong(transaction: Transaction, text: Owed, state: str, code: int, *, now: float) -> Again | None:
    """It did not get there. `Again`: the job that is about it goes on; otherwise what follows has a job of its own."""
    follows = fate(code)
    said = Said(text.business, text.to_number, consent.CARRIER, f"{text.sid or text.id}: {code}")
    if follows.page:
        _page(transaction, text, code, follows, now)
    if follows.deed is Deed.OPTED_OUT:
        if consent.opted_out(transaction, said, now=now) and text.kind == texts.REPLY:
            _wrote_all_the_same(transaction, text, now)
    elif follows.deed is Deed.NOT_TEXTABLE:
        consent.not_textable(transaction, said, now=now)
    elif follows.deed is Deed.HOLD and state == texts.REJECTED and now + follows.after_s < text.useless_after:
        texts.moved(transaction, text, texts.PENDING, now=now, code=code, not_before=now + follows.after_s)
        return Again(follows.after_s)
    elif follows.deed is Deed.RETRY and _once_more(transaction, text, code, follows, now):
        return None
    why = consent.OPTED_OUT if follows.deed is Deed.OPTED_OUT else f"code {code}"
    ended(transaction, text, state, why, now=now, code=code)
    return None


def ended(transaction: Transaction, text: Owed, state: str, why: str, *, now: float, code: int = 0) -> None:
    """Nothing more is done about a text; a customer who waits for it hears it from a person."""
    metrics.count_text_out(text.kind, state)
    values = {name: value for name, value in (("sid", text.sid), ("code", code)) if value}
    texts.moved(transaction, text, state, now=now, **values)
    _fewer_late(transaction, text.business, now)
    if text.kind in OWED_ALL_THE_SAME or (text.kind in OWED and (why != consent.OPTED_OUT or _did(transaction, text))):
        people.not_told(transaction, text, why.replace("_", " "), now=now)


def _fewer_late(transaction: Transaction, business: str, now: float) -> None:
    late = is_raised(transaction, LATE, business)
    if late and not texts.any_late(transaction.connection, business, before=now - LATE_AFTER_S):
        resolved(transaction, LATE, business, now=now)


def _did(transaction: Transaction, text: Owed) -> bool:
    """Whether the turn that a reply ended changed an appointment: who wants no texts is to know of that as well."""
    turn = (text.created_at - TURN_S, text.created_at)
    return changed_for(transaction.connection, text.business, text.to_number, turn)


def _once_more(transaction: Transaction, text: Owed, code: int, follows: Fate, now: float) -> bool:
    due = now + follows.after_s
    if text.attempts >= follows.most or due > text.useless_after:
        return False
    metrics.count_text_out(text.kind, "retried")
    texts.moved(transaction, text, texts.PENDING, now=now, sid="", code=code, not_before=due)
    put(transaction, texts.sending(text.id, due, f":{text.attempts}"), now=now)
    return True


def _wrote_all_the_same(transaction: Transaction, text: Owed, now: float) -> None:
    """Only the carrier knew that they may not be texted: they wrote, and have no answer."""
    words = conversations.words_of(transaction.connection, text.conversation, text.booking) or text.body
    people.after_opt_out(transaction, text.business, text.to_number, text.booking, words, now=now)


def _gets_there(transaction: Transaction, business: str, now: float) -> None:
    for key in raised_about(transaction.connection, REFUSED):
        whose, _, code = key.rpartition(":")
        since = now - REFUSED_FOR_S
        if whose == business and not texts.any_refused(transaction.connection, business, int(code), since=since):
            resolved(transaction, REFUSED, key, now=now)


def _page(transaction: Transaction, text: Owed, code: int, follows: Fate, now: float) -> None:
    body = f"Texts to customers do not get there: {follows.page} (code {code})."
    # Each reason is its own page: one that somebody has seen hides none of the others.
    key = f"{text.business}:{code}"
    raised(transaction, Page(REFUSED, key, "The carrier refuses texts", body, text.business), now=now)

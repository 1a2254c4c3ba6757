"""What texting leaves to a person: each a task, with the customer's words where only who opens it sees them."""

from collections.abc import Sequence
from typing import Final

from app.db.engine import Transaction
from app.promises.references import digest, reference
from app.promises.texts import Owed
from app.review.tasks import Task, added, open_one, opened
from app.sms.turn import Conversation, Incoming

TO_ANSWER, MAY_CANCEL, AFTER_OPT_OUT = "text_to_answer", "cancel_by_text", "text_after_opt_out"
NOT_TOLD, TOO_MANY = "tell_customer", "too_many_texts"
"""Kinds of tasks."""
ANSWER_WITHIN_S: Final = 1_800.0
TELL_WITHIN_S: Final = 900.0
SOMEBODY_WILL: Final = "Thanks for your text. Somebody will get back to you shortly."


def to_answer(transaction: Transaction, conversation: Conversation, texts: Sequence[Incoming], *, now: float) -> None:
    """These texts are for a person to answer."""
    what = "A customer's text waits for an answer that only a person can give. Read it, then call or write."
    words = "\n".join(text.body or f"({text.media} pictures)" for text in texts)
    _open(transaction, TO_ANSWER, conversation.business, conversation.customer, texts[-1].id, (what, words), now)


def may_cancel(
    transaction: Transaction, business: str, customer: str, text: str, words: str = "", *, now: float
) -> None:
    """CANCEL, and nothing else, ends all texts by law; whether an appointment was meant too, a person asks.

    So do other words that end them; those of which more may be meant are given as `words`.
    """
    if words:
        what = (
            "A customer's words end all texts to them, and may be about an appointment or a call as well. Nothing else "
            "was changed. Read them and see to the rest."
        )
        _open(transaction, MAY_CANCEL, business, customer, text, (what, words), now)
        return
    what = (
        "A customer texted CANCEL, which ends all texts to them. Nothing else was cancelled. Call and ask whether they "
        "meant an appointment."
    )
    _open(transaction, MAY_CANCEL, business, customer, text, (what, ""), now)


def after_opt_out(transaction: Transaction, business: str, customer: str, text: str, words: str, *, now: float) -> None:
    """Somebody writes whom we may not text; the task that is open about them already is about these words too."""
    waiting = open_one(transaction.connection, AFTER_OPT_OUT, business, customer)
    if waiting is not None:
        added(transaction, waiting, words)
        return
    what = "A customer who wants no texts has texted. They cannot be answered by text: call them."
    _open(transaction, AFTER_OPT_OUT, business, customer, text, (what, words), now)


def too_many(transaction: Transaction, business: str, customer: str, about: str, *, now: float) -> None:
    """More texts than anybody writes: a machine, or somebody who needs a person."""
    what = "A number texts so often that it is not answered any more for now. Look whether it is a customer, and call."
    _open(transaction, TOO_MANY, business, customer, about, (what, ""), now)


def not_told(transaction: Transaction, text: Owed, why: str, *, now: float) -> None:
    """A text that was owed did not get there."""
    what = f"A text that a customer waits for was not delivered ({why}). Call and tell them."
    details = (what, text.body)
    _open(transaction, NOT_TOLD, text.business, text.to_number, text.id, details, now, TELL_WITHIN_S)


def _open(  # noqa: PLR0913 - what a task of ours is made of, in order
    transaction: Transaction,
    kind: str,
    business: str,
    phone: str,
    about: str,
    words: tuple[str, str],
    now: float,
    within_s: float = ANSWER_WITHIN_S,
) -> None:
    name = digest(kind, about)
    what, details = words
    task = Task(
        key=f"{kind}:{name}",
        kind=kind,
        business=business,
        subject=reference("X", name),
        what=what,
        due=now + within_s,
        phone=phone,
        details=details,
    )
    opened(transaction, task, now=now)

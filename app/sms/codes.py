"""What follows from a carrier's word about a text. Pure; the codes are those of Twilio's error dictionary.

They get refined over time: one that nobody here knows means that the text failed, and no more.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.promises.texts import (
    ACCEPTED,
    DELIVERED,
    EXPIRED,
    FAILED,
    PENDING,
    REJECTED,
    SENDING,
    SENT,
    UNDELIVERED,
    UNKNOWN,
    WITHHELD,
    Owed,
)


class Deed(StrEnum):
    """What to do: nothing but note it; never text the number again; try again; hold until somebody mended it."""

    NOTE = "note"
    OPTED_OUT = "opted_out"
    NOT_TEXTABLE = "not_textable"
    RETRY = "retry"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Fate:
    """`after_s` and `most` bound tries; a `page` says in words what a person has to look at."""

    deed: Deed
    after_s: float = 0.0
    most: int = 1
    page: str = ""


NOTED: Final = Fate(Deed.NOTE)
HELD_S: Final = 300.0
_HELD: Final = {
    20003: "the carrier does not accept our credentials",
    20005: "the carrier says that the account is not active",
    20404: "the carrier does not know the account",
    21408: "the carrier's account may not text to this region",
    21606: "the number may not send texts",
    21659: "the number does not belong to the account",
    30002: "the account is suspended",
}
_PAGED: Final = {
    30007: "texts are filtered as spam: look at their words and at the registration",
    30024: "the number is not yet provisioned with a carrier",
    30034: "the number is not registered (10DLC): nobody gets texts",
    30450: "texts are blocked as pumping",
}
FATES: Final = {
    21610: Fate(Deed.OPTED_OUT),
    30640: Fate(Deed.OPTED_OUT),
    **dict.fromkeys((21211, 21214, 21217, 21614, 30004, 30005, 30006), Fate(Deed.NOT_TEXTABLE)),
    30001: Fate(Deed.RETRY, 60.0, 4),
    30003: Fate(Deed.RETRY, 900.0, 3),
    30008: Fate(Deed.RETRY, 120.0, 2),
    30610: Fate(Deed.RETRY, 3_600.0, 15),
    **{code: Fate(Deed.HOLD, HELD_S, page=words) for code, words in _HELD.items()},
    **{code: Fate(Deed.NOTE, page=words) for code, words in _PAGED.items()},
}

STATES: Final = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending"), ACCEPTED),
    "sent": SENT,
    **dict.fromkeys(("delivered", "read", "partially_delivered"), DELIVERED),
    "undelivered": UNDELIVERED,
    **dict.fromkeys(("failed", "canceled"), FAILED),
}
"""Ours by the carrier's own."""
RANKS: Final = {
    **dict.fromkeys((PENDING, WITHHELD, EXPIRED, REJECTED), 0),
    **dict.fromkeys((SENDING, UNKNOWN), 1),
    ACCEPTED: 2,
    SENT: 3,
    **dict.fromkeys((UNDELIVERED, FAILED), 4),
    DELIVERED: 5,
}
WENT_WRONG: Final = (UNDELIVERED, FAILED, REJECTED)


def fate(code: int) -> Fate:
    """What follows from a code."""
    return FATES.get(code, NOTED)


def forward(state: str, status: str) -> str | None:
    """The state after the carrier said `status`; None when that says nothing new, whatever order words come in."""
    said = STATES.get(status)
    if said is None or RANKS[state] == 0 or RANKS[said] <= RANKS[state]:
        return None
    return said


def after_all(text: Owed, status: str) -> str | None:
    """The state of a text that was to be sent once more, where the carrier says now that the last attempt was none to
    repeat: it got there, or was taken when nobody knew. None: it is repeated.
    """
    said = STATES.get(status)
    taken = (DELIVERED,) if text.code else (ACCEPTED, SENT, DELIVERED)
    return said if text.state == PENDING and text.attempts and said in taken else None

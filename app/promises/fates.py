"""What became of a transfer, read from what a platform reports. Pure, and the same whatever order reports come in.

Only a platform's plain word makes a connection. A reason that nobody knows yet makes none.
"""

from enum import StrEnum
from typing import Final

FORWARDED: Final = "assistant-forwarded-call"
"""The one that says that the call is with whoever it was transferred to."""
HUNG_UP: Final = "customer-ended-call"
"""Whoever gives up waiting for the other side has a longer word: `-during-transfer`, `-before-warm-transfer`, ..."""
GAVE_UP: Final = f"{HUNG_UP}-"
OF_TRANSFERS: Final = (
    "call.forwarding.",
    "call.in-progress.error-transfer",
    "call.in-progress.error-warm-transfer",
    GAVE_UP,
)
"""Failures that only a transfer can have, also one that we were not asked about."""
ASSISTANT_WAS_THERE: Final = (
    "assistant-ended-call",
    "assistant-said-",
    "silence-timed-out",
    "exceeded-max-duration",
    "assistant-join-timed-out",
)
"""Reasons for an end that only a call has which the assistant still is in, or was to be: it was not put through."""
NOBODY_THERE: Final = ("did-not-answer", "customer-busy", "voicemail", "misdialed", "rejected")
BROKEN: Final = ("transfer-failed", "warm-transfer", "failed-to-connect", "error", "fault", "worker-died")


class Fate(StrEnum):
    """How a transfer stands. `open`: nothing says yet how it ended; `unheard`: it ended, and nothing says how."""

    OPEN = "open"
    CONNECTED = "connected"
    FAILED = "failed"
    UNHEARD = "unheard"


def fate(put_through: bool, reason: str) -> Fate:
    """`put_through`: the platform said that it is forwarding. `reason`: why the call ended; empty while it goes on.

    A caller who plainly hangs up after being put through is taken to have spoken to somebody. Of one who hung up
    before, a report that they were put through may still come: that stays open for a while.
    """
    if _failed(reason):
        return Fate.FAILED
    if is_proof(reason) or (reason == HUNG_UP and put_through):
        return Fate.CONNECTED
    return Fate.UNHEARD if reason and put_through else Fate.OPEN


def is_proof(reason: str) -> bool:
    """Whether this end of a call, by itself, says that the caller was connected: then no callback is owed any more."""
    return reason.startswith(FORWARDED)


def weightier(one: str, other: str) -> str:
    """Of two reasons for the end of one call the one that says more: a failure, a success, any, a plain hanging up."""
    return max(one, other, key=lambda said: (_failed(said), is_proof(said), said not in ("", HUNG_UP), bool(said)))


def is_failed_transfer(reason: str) -> bool:
    """Whether this end of a call is the failure of a transfer, by itself."""
    return reason.startswith(OF_TRANSFERS)


def _failed(reason: str) -> bool:
    if is_proof(reason):
        return False
    said_so = reason.startswith((*OF_TRANSFERS, *ASSISTANT_WAS_THERE))
    return said_so or any(part in reason for part in (*NOBODY_THERE, *BROKEN))

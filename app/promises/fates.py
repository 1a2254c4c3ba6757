"""What became of a transfer, read from what a platform reports. Pure, and the same whatever order reports come in."""

from enum import StrEnum

FAILED_STARTS = ("call.forwarding.",)
FAILED_PARTS = ("transfer-failed", "warm-transfer", "failed-to-connect", "error", "fault", "worker-died")
FORWARDED = "assistant-forwarded-call"
ASSISTANT_WAS_THERE = ("assistant-ended-call", "assistant-said-", "silence-timed-out", "exceeded-max-duration")
"""Reasons for an end that only a call has in which the assistant still speaks: it was not put through."""
OF_TRANSFERS = ("call.forwarding.", "call.in-progress.error-transfer", "call.in-progress.error-warm-transfer")
"""Failures that only a transfer can have, also one that we were not asked about."""


class Fate(StrEnum):
    """How a transfer stands. `open`: nothing says yet how it ended."""

    OPEN = "open"
    CONNECTED = "connected"
    FAILED = "failed"


def fate(put_through: bool, reason: str) -> Fate:
    """`put_through`: the platform said that it is forwarding. `reason`: why the call ended; empty while it goes on.

    A caller who hangs up after being put through has spoken to somebody, unless a failure is reported. One who hung up
    before may have been put through all the same, in a report that comes later: that stays open for a while.
    """
    if _failed(reason):
        return Fate.FAILED
    if reason.startswith(FORWARDED) or (reason and put_through):
        return Fate.CONNECTED
    return Fate.OPEN


def weightier(one: str, other: str) -> str:
    """Of two reasons for the end of one call the one that says more: a failure, then a success, then any."""
    return max(one, other, key=lambda reason: (_failed(reason), reason.startswith(FORWARDED), bool(reason)))


def is_failed_transfer(reason: str) -> bool:
    """Whether this end of a call is the failure of a transfer, by itself."""
    return reason.startswith(OF_TRANSFERS)


def _failed(reason: str) -> bool:
    if reason.startswith(FORWARDED):
        return False
    return reason.startswith((*FAILED_STARTS, *ASSISTANT_WAS_THERE)) or any(part in reason for part in FAILED_PARTS)

"""Why platforms say that calls ended, as classes that somebody can do something about. Pure.

Vapi lists over six hundred reasons and adds to them, so a reason is known by a part of its name, the first that fits
here; one that fits nothing is its own class, since nobody knows yet whether it is harmless.
Source: `endedReason` in Vapi's OpenAPI document, August 2026.
"""

from enum import StrEnum
from typing import Final


class EndClass(StrEnum):
    """Who has to do something."""

    ACCOUNT = "account"
    OURS = "ours"
    TELEPHONY = "telephony"
    PLATFORM = "platform"
    EXPERIENCE = "experience"
    NORMAL = "normal"
    UNKNOWN = "unknown"


PARTS: Final = (
    (EndClass.ACCOUNT, "call.start.error-subscription"),
    (EndClass.ACCOUNT, "call.start.error-fraud"),
    (EndClass.ACCOUNT, "call.start.error-vapi-number"),
    (EndClass.ACCOUNT, "call.start.error-get"),
    (EndClass.ACCOUNT, "version-error-validation"),
    (EndClass.OURS, "assistant-request-"),
    (EndClass.OURS, "neither-assistant-nor-server"),
    (EndClass.OURS, "assistant-not-found"),
    (EndClass.OURS, "assistant-not-valid"),
    (EndClass.EXPERIENCE, "silence-timed-out"),
    (EndClass.EXPERIENCE, "exceeded-max-duration"),
    (EndClass.EXPERIENCE, "did-not-receive-customer-audio"),
    (EndClass.TELEPHONY, "transfer-failed"),
    (EndClass.TELEPHONY, "warm-transfer"),
    (EndClass.TELEPHONY, "call.forwarding."),
    (EndClass.TELEPHONY, "phone-call-provider-closed"),
    (EndClass.TELEPHONY, "failed-to-connect"),
    (EndClass.TELEPHONY, "sip-"),
    (EndClass.TELEPHONY, "assistant-join-timed-out"),
    (EndClass.PLATFORM, "vapifault"),
    (EndClass.PLATFORM, "providerfault"),
    (EndClass.PLATFORM, "pipeline-error"),
    (EndClass.PLATFORM, "pipeline-no-available"),
    (EndClass.PLATFORM, "worker-"),
    (EndClass.PLATFORM, "exceeded-quota"),
    (EndClass.PLATFORM, "-error"),
    (EndClass.PLATFORM, ".error"),
    (EndClass.NORMAL, "assistant-ended-call"),
    (EndClass.NORMAL, "assistant-said-end-call-phrase"),
    (EndClass.NORMAL, "assistant-forwarded-call"),
    (EndClass.NORMAL, "assistant-said-message-with-end-call"),
    (EndClass.NORMAL, "customer-ended-call"),
    (EndClass.NORMAL, "customer-busy"),
    (EndClass.NORMAL, "customer-did-not-answer"),
    (EndClass.NORMAL, "voicemail"),
    (EndClass.NORMAL, "manually-canceled"),
)


def end_class(reason: str) -> EndClass:
    """The class of a reason, whatever its case."""
    low = reason.lower()
    return next((found for found, part in PARTS if part in low), EndClass.UNKNOWN)

"""The family of errors. Each one knows whether to retry and what may be said aloud; none knows an HTTP status."""

from enum import StrEnum
from typing import Any, ClassVar


class Code(StrEnum):
    """Why a tool answered `ok: false` (or, for `still_checking`, answered before it knew)."""

    INVALID_ARGUMENTS = "invalid_arguments"
    PAST_DATE = "past_date"
    OUTSIDE_WINDOW = "outside_window"
    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_TOOL = "unknown_tool"
    SLOT_TAKEN = "slot_taken"
    SLOT_EXPIRED = "slot_expired"
    NOT_OFFERED = "not_offered"
    CALENDAR_UNAVAILABLE = "calendar_unavailable"
    STILL_CHECKING = "still_checking"
    DAILY_CAP = "daily_cap"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    INTERNAL = "internal"


class ReadbackError(Exception):
    """Base of everything this product raises on purpose."""

    retryable: ClassVar[bool] = False


class ConfigurationError(ReadbackError):
    """A wrong setting or business file. Its text is one sentence that names the variable, or the file and key."""


class SaidError(ReadbackError):
    """A failure whose own words the agent may say to the caller."""

    def __init__(self, code: Code, say: str, **facts: Any) -> None:
        super().__init__(say)
        self.code = code
        self.say = say
        self.facts = facts


class UnauthorizedError(ReadbackError):
    """No valid credential. Nothing else is said about it."""


class ForbiddenError(UnauthorizedError):
    """The same where a platform expects to be told so: no valid signature."""


class UnknownKeyError(UnauthorizedError):
    """An address that cannot be guessed, and that nobody was given. Looks like one that does not exist."""


class BodyTooLargeError(ReadbackError):
    """The request body passed the size limit."""


class BodyTooSlowError(ReadbackError):
    """The request body was not complete in time."""


class BadJsonError(ReadbackError):
    """The request body is not JSON."""


class OverloadedError(ReadbackError):
    """A bounded queue is full; the same request may succeed a moment later."""

    retryable = True

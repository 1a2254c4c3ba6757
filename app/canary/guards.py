"""What a new version is judged by, declared once: figures that are compared, and what is not borne at all. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from app.watch.end_reasons import EndClass

BAD_ENDS: Final = frozenset(
    {EndClass.OURS, EndClass.ACCOUNT, EndClass.PLATFORM, EndClass.TELEPHONY, EndClass.EXPERIENCE}
)
UNKNOWN_TOOL: Final = "unknown_tool"
ERRORS: Final = frozenset({"internal", "invalid_arguments", UNKNOWN_TOOL, "not_offered"})
"""Outcomes of tool calls that are the agent's mistakes, or ours."""
DONE: Final = frozenset({"ok"})
HUNG_UP: Final = "customer-ended-call"
BOOKS: Final = "book_appointment"
CHANGES: Final = frozenset({BOOKS, "reschedule_appointment", "cancel_appointment"})
FORBIDDEN: Final = "not_allowed"
"""The outcome of a tool call that wanted what it may not have. A caller who tries references gets there alone, with any
version, so it is compared like any other failure."""
NO_SUCH_ASSISTANT: Final = (
    "assistant-not-found",
    "assistant-not-valid",
    "error-get-assistant",
    "returned-invalid-assistant",
    "returned-no-assistant",
)
"""Parts of the reasons for which a call ends whose assistant is not at the platform."""
FEW_MISSING: Final = 3
"""Calls on trial that end for such a reason before it is not borne any more: one may be a slip of the platform."""


class Used(NamedTuple):
    """One tool call: tool, outcome, and the reference it told, if any."""

    tool: str
    outcome: str
    reference: str


@dataclass(frozen=True, slots=True)
class Ended:
    """One call that is over. `reason` is the platform's word for why."""

    reason: str
    kind: EndClass
    used: Sequence[Used] = ()
    to_person: bool = False

    @property
    def erred(self) -> bool:
        """Whether a tool call in it went wrong."""
        # A calendar that a person has edited answers "not allowed" too, with the reference: that is no mistake.
        return any(one.outcome in ERRORS or (one.outcome == FORBIDDEN and not one.reference) for one in self.used)

    @property
    def ended_badly(self) -> bool:
        """Whether it broke off by a fault of somebody."""
        return self.kind in BAD_ENDS

    @property
    def hung_up(self) -> bool:
        """Whether the caller left before any tool had done anything, and without a person."""
        return self.reason == HUNG_UP and not self.to_person and not any(one.outcome in DONE for one in self.used)

    @property
    def unbooked(self) -> bool:
        """Whether no appointment was made in it."""
        return not any(one.tool == BOOKS and one.outcome in DONE for one in self.used)


@dataclass(frozen=True, slots=True)
class Guard:
    """One figure: a share of calls, of which more is worse.

    `alpha`: the probability with which chance alone may ever take a version back for it. `tolerance`: by how much its
    share may be higher before anybody acts, however certain it is.
    """

    name: str
    made_of: str
    alpha: float
    tolerance: float
    bad: Callable[[Ended], bool]


GUARDS: Final = (
    Guard("failed_calls", "calls with a tool error, a bad end, or a hang-up without an outcome", 0.010, 0.03,
          lambda call: call.erred or call.ended_badly or call.hung_up),
    Guard("tool_errors", "calls in which a tool call went wrong", 0.002, 0.02, lambda call: call.erred),
    Guard("bad_ends", "calls that broke off by a fault, or in silence", 0.002, 0.02, lambda call: call.ended_badly),
    Guard("hang_ups", "calls whose caller left before anything was done", 0.001, 0.03, lambda call: call.hung_up),
    Guard("to_person", "calls that went on to a person", 0.001, 0.05, lambda call: call.to_person),
    Guard("no_booking", "calls in which nothing was booked", 0.001, 0.05, lambda call: call.unbooked),
)  # fmt: skip
"""All of them together: with a probability of at most 0.017 chance takes back a version that is as good."""

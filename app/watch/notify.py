"""The port through which a page leaves the house, whoever carries it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

CAUSE_GONE: Final = "The cause is gone."
"""What a receiver reads of a page that is over."""


class Step(StrEnum):
    """What a receiver is told about a page."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Taken(StrEnum):
    """What became of one try."""

    TAKEN = "taken"
    FAILED = "failed"
    """Not now; a later try may succeed."""
    REFUSED = "refused"
    """Not within this round: the receiver understood and will not have this page."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One step of one page. `id` is the page's own, the same at every step and repetition.

    An empty `body` of a page that is resolved: nothing a person need hear, for another page goes on about it.
    """

    id: str
    step: Step
    title: str
    body: str


class Messenger(Protocol):
    """Carries one step of a page to one receiver."""

    async def carry(self, url: str, notice: Notice) -> Taken:
        """One try within the messenger's own deadline. A step that the receiver's service does not know is taken.

        Never raises for a receiver that fails, is unknown or does not answer; trying again is the caller's business.
        """

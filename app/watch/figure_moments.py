"""What can be said of a figure where few calls come: by how many of its moments were bad, and what chance makes of it.

Pure. A moment is five minutes in which there was anything to see, a call that ended, or a conversation: what fails in
one go, and is tried again in it, counts once. That so many of them are bad is told only where chance hardly makes it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.watch.chances import at_least_of

CHANCE: Final = 0.002
"""Probability of as many bad moments where just as many are bad as is borne; less than that is no chance any more."""
WELL_AFTER: Final = 9
"""Moments after which it is known to be well: as many good ones in a row are as unlikely where every second is bad."""


class Verdict(StrEnum):
    """What moments say."""

    BAD = "bad"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Moments:
    """How many there were, and how many of them were bad."""

    bad: int = 0
    number: int = 0

    def verdict(self, borne: float) -> Verdict | None:
        """None: too few to tell. `borne`: the share of bad ones that nobody is called for."""
        if self.bad and at_least_of(self.bad, self.number, borne) <= CHANCE:
            return Verdict.BAD
        if self.number >= WELL_AFTER and self.bad <= self.number * borne / 2:
            return Verdict.WELL
        return None


NO_MOMENTS: Final = Moments()

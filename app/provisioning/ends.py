"""What can become of one record that is brought to a platform, and which of it is as it should be."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from app.provisioning.diff import Difference
from app.provisioning.plan import Live
from app.provisioning.platform import Key


class End(StrEnum):
    """What became of one record."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    MADE = "made"
    ADOPTED = "adopted"
    RESTORED = "restored"
    FORGOTTEN = "forgotten"
    """It is compared with nothing any more."""
    REFUSED = "refused"
    """By us, before anything was written."""
    MOVED = "moved"
    """Somebody changed it between the plan and the write; nothing was written."""
    NOT_TAKEN = "not taken"
    """The platform refused; nothing was written."""
    ROLLED_BACK = "rolled back"
    """What was read back was not what was written; the record is as it was before."""
    IN_DOUBT = "in doubt"
    """It is not known what the platform has, or will have."""


HOLDS: Final = frozenset((End.UNCHANGED, End.APPLIED, End.MADE, End.ADOPTED, End.RESTORED, End.FORGOTTEN))


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one record, in words too. `live`: as it was seen last."""

    key: Key
    end: End
    words: str = ""
    live: Live | None = None
    found: tuple[Difference, ...] = ()
    snapshot: str = ""
    """To come back to what was there before."""
    onward: str = ""
    """What to do now, with the commands."""

    @property
    def holds(self) -> bool:
        return self.end in HOLDS

    def also(self, way: str) -> "Done":
        """The same, with one more thing to do, or none."""
        return replace(self, onward=f"{self.onward} {way}".strip())

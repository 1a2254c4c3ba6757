"""What other processes rang: left to them to end, until none may be left that could.

Who rang is not kept. A page that is up again after it ended is told by somebody who lives, and so is one since which
no process has gone.
"""

from collections.abc import Mapping, Set
from typing import Final

from app.watch.book import Name

MAY_BE_GONE_AFTER_S: Final = 3_600.0
"""What is up for so long may be of a process that was killed; who lives rings it anew, and that stays."""
LEFT_FOR_S: Final = 86_400.0
"""The same where somebody lives who told it."""
FOR_A_PERSON: Final = frozenset({"audit_broken"})
"""Stays until somebody has put it right, however long that takes."""

NOTICED: Final = frozenset({"jobs_down", "redis_down", "cap_store_down"})
"""Whoever is well says so once, and rings when it is not: of these it need not be said since the other rang."""


class Others:
    """As one process sees them, which began at `began_at`; every time is of the wall clock."""

    def __init__(self, began_at: float) -> None:
        self._began_at = began_at
        self._up: dict[Name, float] = {}
        self._living: Set[str] = frozenset()
        self._gone_at = began_at
        """When a process was missed last."""
        self._ended: dict[Name, float] = {}
        """What ended lately, whoever ended it."""
        self._well: set[Name] = set()
        """What is over as far as this process knows."""
        self._looked = False

    def have(self, name: Name, since: float, now: float) -> bool:
        """Whether a page that is up since then is another's to end; what this process said of it is remembered."""
        too_soon = not self._looked and name[0] not in FOR_A_PERSON  # and who says so once does not say it again
        if since > self._began_at or name[0] in NOTICED or too_soon:
            self._well.add(name)
        if since <= self._began_at:
            return False
        lives = since > self._gone_at or name in self._ended
        return name[0] in FOR_A_PERSON or now - since < (LEFT_FOR_S if lives else MAY_BE_GONE_AFTER_S)

    def meets(self, name: Name) -> None:
        """This process is in trouble itself."""
        self._well.discard(name)

    def look(self, up: Mapping[Name, float], living: Set[str], now: float) -> set[Name]:
        """What is up, and since when, and which processes there are: of the first, what this process said is over, to
        be said again.
        """
        self._looked = True
        if self._living - living:
            self._gone_at = now
        self._living = living
        ended = {name: now for name, since in self._up.items() if up.get(name) != since}
        self._ended = {name: at for name, at in (self._ended | ended).items() if now - at < LEFT_FOR_S}
        self._up = dict(up)
        well = set(self._well)  # which other threads change
        self._well -= {name for name in well if name not in up and name[0] not in NOTICED}
        return well & up.keys()

"""When trouble that every process meets by itself is over: after a calm, and not since another process is well.

Whoever ended it at each good moment of his own would ring in turns with a process that lasts in trouble. Pure.
"""

from typing import Final

CALM_S: Final = 60.0
"""Without trouble, before the page of this process is over."""
ADOPT_EVERY_S: Final = 600.0
"""Between two ends of pages that another process rang, or this one before a restart: nobody else may be left to."""


class Calm:
    """What one process saw of it; every `now` is of the steady clock."""

    def __init__(self, now: float) -> None:
        self._until = now + CALM_S

    def trouble(self, now: float) -> None:
        """It goes wrong."""
        self._until = now + CALM_S

    def is_over(self, now: float) -> bool:
        """It goes well: whether that ends the page. True once for each trouble, and now and then for that of others."""
        if now < self._until:
            return False
        self._until = now + ADOPT_EVERY_S
        return True

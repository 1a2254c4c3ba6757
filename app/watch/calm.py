"""When trouble that every process meets by itself is over: after a calm, and not since another process is well.

Whoever ended it at each good moment of his own would ring in turns with a process that lasts in trouble. Pure.
"""

import math
from typing import Final

CALM_S: Final = 60.0
"""Without trouble, before the page of this process is over."""


class Calm:
    """What one process saw of it; every `now` is of the steady clock."""

    def __init__(self, now: float) -> None:
        self._until = now + CALM_S

    def trouble(self, now: float) -> None:
        """It goes wrong."""
        self._until = now + CALM_S

    def is_over(self, now: float) -> bool:
        """It goes well: whether that ends the page. True once for each trouble, and once after the start, for whoever
        died in it: nobody else may be left to end that.
        """
        if now < self._until:
            return False
        self._until = math.inf
        return True

    def left_s(self, now: float) -> float:
        """How long all must go well until then; infinite where there is nothing to end."""
        return self._until - now

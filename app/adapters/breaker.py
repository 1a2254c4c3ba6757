"""Spares an upstream that fails: after enough failures nothing is sent for a while, then exactly one request tries.

Everybody else is refused at once, without waiting. What to do with the refused is not decided here.
"""

from collections import deque
from collections.abc import Callable

from app.clock import Clock

FAILURES = 5
WINDOW_S = 60.0
OPEN_S = 30.0
LONGEST_REST_S = 300.0
CLOSED, TRYING, OPEN = 0.0, 0.5, 1.0

Tell = Callable[[float], None]


class Breaker:
    """One upstream's breaker, for one loop. `tell` hears every state: 0 closed, 0.5 trying one request, 1 open."""

    def __init__(
        self,
        clock: Clock,
        tell: Tell = lambda _: None,
        *,
        failures: int = FAILURES,
        window_s: float = WINDOW_S,
        open_s: float = OPEN_S,
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._most = failures
        self._window_s = window_s
        self._open_s = open_s
        self._failures: deque[float] = deque(maxlen=failures)
        self._opens_at = 0.0
        self._opened = 0
        self.state = CLOSED
        self._why = ""
        tell(CLOSED)

    @property
    def why(self) -> str:
        """In words for a person, why requests are refused here: how the last one failed."""
        return f"{self._why or 'it failed'} again and again, so it is asked less often"

    def admit(self) -> "Admission | None":
        """A request's admission, of which the outcome must be told; None: do not send."""
        if self.state == OPEN and self._clock.monotonic() >= self._opens_at:
            self._become(TRYING)
            return Admission(self, self._opened, probe=True)
        return Admission(self, self._opened, probe=False) if self.state == CLOSED else None

    def _became(self, admission: "Admission", well: bool | None, rest_s: float) -> None:
        if admission.opened != self._opened:
            return  # sent before it opened: says nothing about now
        if well is None:
            if admission.probe:
                self._become(OPEN)  # nobody heard the answer: the next one may try at once
        elif well:
            if admission.probe:
                self._failures.clear()
                self._become(CLOSED)
        else:
            self._failed(admission.probe, rest_s)

    def _failed(self, probe: bool, rest_s: float) -> None:
        now = self._clock.monotonic()
        self._failures.append(now)
        often = len(self._failures) == self._most and now - self._failures[0] <= self._window_s
        if probe or often or rest_s:
            self._opened += 1
            self._opens_at = now + (min(rest_s, LONGEST_REST_S) or self._open_s)
            self._become(OPEN)

    def _become(self, state: float) -> None:
        self.state = state
        self._tell(state)


class Admission:
    """Leave to send one request. Exactly one of `went_well`, `failed` and `given_up` is told, once."""

    def __init__(self, breaker: Breaker, opened: int, *, probe: bool) -> None:
        self._breaker = breaker
        self.opened = opened
        self.probe = probe

    def went_well(self) -> None:
        """The upstream answered as one that lives."""
        self._breaker._became(self, True, 0.0)

    def failed(self, rest_s: float = 0.0, why: str = "") -> None:
        """It did not answer, or said it cannot. With `rest_s` it asked to be left alone, which is done at once."""
        self._breaker._why = why or self._breaker._why
        self._breaker._became(self, False, rest_s)

    def given_up(self) -> None:
        """Nobody waited for the answer."""
        self._breaker._became(self, None, 0.0)

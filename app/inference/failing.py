"""Tells a person of a model for which our key is refused, or that only fails: also where few questions come.

Shares of what failed lately say nothing of a line on which a customer texts once an hour.
"""

from collections import Counter
from typing import Final

from app.inference.model import ModelError, ModelName, ModelRefusesKeyError
from app.watch.alarms import Alarms

PAGE: Final = "model_fails"
"""About one model, also where its key is refused: a provider may take it for another, whose answers say nothing."""
IN_A_ROW: Final = 5
"""Failures of a model, however long one after the other, after which it is not chance."""


class Minding:
    """A person hears of each model when it does not answer; what it answers next ends that page.

    A process whose key is another, or whose way there is broken, is not well because a neighbour is: what that one told
    since this one began is that one's to end.
    """

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._failed: Counter[str] = Counter()

    def answered(self, name: ModelName) -> None:
        """It lives."""
        self._failed.pop(name.text, None)
        # Also where nothing failed here: this process before it was started anew may have told of it.
        self._alarms.clear(PAGE, name.text, own=True)

    def failed(self, name: ModelName, error: ModelError) -> None:
        """It gave no answer."""
        self._failed[name.text] += 1
        times = self._failed[name.text]
        served = "Customers who text are served by another model, or without one"
        if isinstance(error, ModelRefusesKeyError):
            title = f"{name.provider} refuses our key for {name.text}"
            body = f"It answers {error.cause}. {served}, until it takes the key again: see its panel, and doctor."
        elif times >= IN_A_ROW:
            title = f"{name.text} does not answer"
            body = (
                f"{times} questions in a row got no answer; of the last one it said: {error.cause}. {served}. "
                "`readback doctor` tries it; see the provider's own status page."
            )
        else:
            return
        self._alarms.ring(PAGE, name.text, title, body, verbatim=True)

"""Tells a person of a model for which our key is refused, or that only fails: also where few questions come.

Shares of what failed lately say nothing of a line on which a customer texts once an hour.
"""

from typing import Final

from app.inference.model import Model, ModelAnswer, ModelError, ModelName, ModelRefusesKeyError, Question
from app.watch.alarms import Alarms

PAGE: Final = "model_fails"
"""About one model, also where its key is refused: a provider may take it for another, whose answers say nothing."""
IN_A_ROW: Final = 5
"""Failures of a model, however long one after the other, after which it is not chance."""


class Minded:
    """A model of which a person hears when it does not answer; what it answers next ends that page.

    A process whose key is another, or whose way there is broken, is not well because a neighbour is: what that one told
    since this one began is that one's to end.
    """

    def __init__(self, model: Model, alarms: Alarms) -> None:
        self._model = model
        self._alarms = alarms
        self._failed = 0

    @property
    def name(self) -> ModelName:
        """Which one."""
        return self._model.name

    async def ask(self, question: Question, within_s: float) -> ModelAnswer:
        """As the model itself does. Raises `ModelError`."""
        try:
            answer = await self._model.ask(question, within_s)
        except ModelError as error:
            self._failed += 1
            self._tell(error)
            raise
        self._failed = 0
        # Also where nothing failed here: this process before it was started anew may have told of it.
        self._alarms.clear(PAGE, self.name.text, own=True)
        return answer

    def _tell(self, error: ModelError) -> None:
        name, served = self.name, "Customers who text are served by another model, or without one"
        if isinstance(error, ModelRefusesKeyError):
            title = f"{name.provider} refuses our key for {name.text}"
            body = f"It answers {error.cause}. {served}, until it takes the key again: see its panel, and doctor."
        elif self._failed >= IN_A_ROW:
            title = f"{name.text} does not answer"
            body = (
                f"{self._failed} questions in a row got no answer; of the last one it said: {error.cause}. {served}. "
                "`readback doctor` tries it; see the provider's own status page."
            )
        else:
            return
        self._alarms.ring(PAGE, name.text, title, body, verbatim=True)

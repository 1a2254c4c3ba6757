"""A second look at a reply before it is sent: a cheaper model, which knows of the conversation only what the customer
wrote last, says whether the reply fits. It can hold a reply back, and do nothing else.

Fails open: a reply that code has checked is sent ungraded where the grader does not answer in time or may not be paid,
for without a grader it would be sent as well. When that goes on, a person hears of it.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.inference.attempt import Attempt, Purse
from app.inference.fallback import Fallback, NoAnswerError, UnpaidError
from app.inference.model import Message
from app.inference.output import Grade, graded
from app.inference.prompt import GRADE, Prompt, as_data, built
from app.inference.records import UNGRADED, Inference
from app.watch.alarms import Alarms

WITHIN_S: Final = 1.0
"""On top of the time that the reply took."""
RINGS_AFTER: Final = 5
"""Replies in a row that nobody graded."""
ALARM: Final = "grader_silent"


@dataclass(frozen=True, slots=True)
class Graded:
    """What came of one look. `grade` is None where nobody said anything, and `cause` why not."""

    grade: Grade | None
    prompt: Prompt
    attempts: tuple[Attempt, ...] = ()
    cause: str = ""

    @property
    def held(self) -> str:
        """Why the reply is not sent; empty when it is."""
        return "" if self.grade in (None, Grade.FITS) else f"graded {self.grade}"

    def inference(self, of: Inference) -> Inference:
        """The look itself, as it is kept beside the inference that it was about."""
        outcome, action = self.grade.value if self.grade else UNGRADED, f"grade of {of.id}"
        return Inference(of.business, of.conversation, self.prompt, outcome, self.attempts, action, cause=self.cause)


class Grader:
    """Has replies graded. One for each process; `fallback` has models and gates of its own, and `WITHIN_S`."""

    def __init__(self, fallback: Fallback, alarms: Alarms) -> None:
        self._fallback = fallback
        self._alarms = alarms
        self._silent = 0

    async def grade(self, asked: Prompt, reply: str, purse: Purse) -> Graded:
        """How `reply` to the prompt `asked` is; paid from the purse of that inference."""
        prompt = built(GRADE, _given(asked, reply))
        try:
            # It keeps to its time by itself: a look that was cut off from here would be paid for and in no record.
            got = await self._fallback.ask(prompt.question(), purse, graded)
        except (NoAnswerError, UnpaidError) as error:
            found = Graded(None, prompt, error.attempts, str(error))
        else:
            found = Graded(got.checked, prompt, got.attempts)
        self._tell(found)
        return found

    def _tell(self, found: Graded) -> None:
        self._silent = self._silent + 1 if found.grade is None else 0
        if self._silent >= RINGS_AFTER:
            body = (
                f"Replies of models are sent ungraded, the last because of: {found.cause}. Look at the grader's model."
            )
            self._alarms.ring(ALARM, "grader", "Replies are not graded any more", body)
        elif found.grade is not None:
            self._alarms.clear(ALARM, "grader", own=True)  # a neighbour may reach it though another does not


def _given(asked: Prompt, reply: str) -> dict[str, Any]:
    """What the grader is told, and nothing of what was said or known before."""
    given = orjson.loads(asked.given)
    said = next((m["text"] for m in reversed(given["messages"]) if m["who"] == "customer"), "")
    place = {name: given["place"][name] for name in ("business", "services")}
    shown = orjson.dumps({"customer": said, "reply": reply}).decode()
    return {"place": place, "messages": [as_data(Message("customer", shown))], "tools": []}

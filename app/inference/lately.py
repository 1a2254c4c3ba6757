"""Questions that were answered a moment ago: the very same bytes get the same answer again, and nobody is paid for it.

It holds hashes and ids of inferences, never words, so that what is forgotten there is gone from here. One for each
process, whose models do not change; documents, the time and the place stand in the bytes.
"""

from collections import OrderedDict
from typing import Final

import orjson

from app.clock import Clock
from app.inference.output import Decision, Understood
from app.inference.prompt import NOTHING, Prompt

CACHED_S: Final = 300.0
MOST_CACHED: Final = 1_000
KNOWLEDGE: Final = "answer_question"
"""The one tool that answers the same whoever asks, out of the business's own documents."""


class Lately:
    """What this process had answered lately. Only what `impersonal` and `shared` allow belongs in here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answered: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    def note(self, business: str, prompt: Prompt, inference: str) -> None:
        """This inference answered it now."""
        key = (business, prompt.hash)
        self._answered[key] = (self._clock.monotonic(), inference)
        self._answered.move_to_end(key)
        if len(self._answered) > MOST_CACHED:
            self._answered.popitem(last=False)

    def answered(self, business: str, prompt: Prompt) -> str:
        """The inference that answered these bytes; empty when none did, or too long ago."""
        at, inference = self._answered.get((business, prompt.hash), (float("-inf"), ""))
        return inference if self._clock.monotonic() - at < CACHED_S else ""


def impersonal(prompt: Prompt) -> bool:
    """Whether it is a first text by itself: nothing in it is known of the customer but what they wrote."""
    given = orjson.loads(prompt.given)
    nothing_known = given["place"]["facts"] == given["place"]["summary"] == NOTHING
    return nothing_known and [message["who"] for message in given["messages"]] == ["customer"]


def shared(understood: Understood) -> bool:
    """Whether somebody else may have it too: something that is said, or a question to the documents; nothing done."""
    return isinstance(understood, Decision) or all(wanted.name == KNOWLEDGE for wanted in understood)

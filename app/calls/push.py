"""The port through which words reach a call that is still going on, after its tool was answered with a filler."""

from typing import Protocol


class Push(Protocol):
    """Speaks into live calls. A control URL is a capability: it is never logged, stored or shown."""

    def allows(self, url: str | None) -> bool:
        """Whether `say` would be tried at this control URL, which came with a request and is not to be trusted.

        Costs a microsecond and never raises, so it can decide whether a filler may be given at all.
        """

    async def say(self, url: str, text: str) -> bool:
        """Have these words spoken in the call; True when the platform took them, False when the call may be over.

        Tried once: words repeated are heard twice. Never raises.
        """

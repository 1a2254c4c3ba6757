"""The port into a call that is still going on: words for it, and where it is to be transferred."""

from typing import Protocol


class Push(Protocol):
    """Reaches live calls. A control URL is a capability: it is never logged, stored or shown."""

    def allows(self, url: str | None) -> bool:
        """Whether `say` would be tried at this control URL, which came with a request and is not to be trusted.

        Costs a microsecond and never raises, so it can decide whether a filler may be given at all.
        """

    async def say(self, url: str, text: str) -> bool:
        """Have these words spoken in the call; True when the platform took them, False when the call may be over.

        Tried once: words repeated are heard twice. Never raises.
        """

    async def transfer(self, url: str, number: str, text: str) -> bool:
        """Say these words, then connect the call to `number` (E.164); True when the platform took the order.

        False says only that it is not known to have taken it. Tried once. Never raises.
        """

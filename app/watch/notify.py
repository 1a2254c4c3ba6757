"""The port through which a page leaves the house, whoever carries it."""

from typing import Protocol


class Notifier(Protocol):
    """Carries one page to one receiver."""

    async def notify(self, url: str, title: str, body: str) -> bool:
        """Hand the page to the receiver `url` names; True when the receiver took it.

        One try within the notifier's own deadline; trying again is the caller's business. Never raises for a receiver
        that fails, is unknown or does not answer.
        """

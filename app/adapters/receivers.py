"""Chooses who carries a page by the form of its receiver's URL: PagerDuty directly, everything else through Apprise."""

from app.adapters.notifier import Address, AppriseNotifier, web_address
from app.adapters.notifier import address as apprise_address
from app.adapters.notifier import check_url as check_apprise_url
from app.adapters.pagerduty import PagerDuty, integration_key
from app.watch.notify import Notice, Taken


def check_url(url: str) -> str | None:
    """None when somebody can carry pages to `url`, else one sentence without its secrets."""
    return None if integration_key(url) is not None else check_apprise_url(url)


def read_anew(url: str) -> bool:
    """Whether people read what a page says when it is told again: PagerDuty adds it to the incident without a sound."""
    return not keeps_incidents(url)


def keeps_incidents(url: str) -> bool:
    """Whether each page is an incident there, by its id, open until its end is told."""
    return integration_key(url) is not None


def address(url: str, pagerduty_url: str) -> Address | None:
    """Where pages to `url` go; None where only a page would show it."""
    return web_address(pagerduty_url) if integration_key(url) is not None else apprise_address(url)


class Receivers:
    """The port of `watch.notify` over both carriers."""

    def __init__(self, apprise: AppriseNotifier, pagerduty: PagerDuty) -> None:
        self._apprise = apprise
        self._pagerduty = pagerduty

    async def carry(self, url: str, notice: Notice) -> Taken:
        """One step of a page to one receiver."""
        if integration_key(url) is not None:
            return await self._pagerduty.carry(url, notice)
        return await self._apprise.carry(url, notice)

    async def aclose(self) -> None:
        """Close what holds connections."""
        await self._pagerduty.aclose()

"""The doctor on who is told when something is wrong: each receiver is reached, and nobody is paged unless asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from app.adapters.notifier import AppriseNotifier, shown
from app.adapters.pagerduty import PagerDuty
from app.adapters.probes import ProbeError, connected
from app.adapters.receivers import Receivers, address, check_url
from app.main.doctor.examination import AilingError, Check, LeftOutError, Patient
from app.main.page_receivers import unreached
from app.watch.notify import Notice, Step, Taken

READABLE: Final = "Correct READBACK_PAGE_URLS, and `page` in the business file."
AWAY: Final = "See that the receiver runs, and that this machine may reach it: nobody would be paged through it."
TEST_PAGE: Final = "readback-test-page"
"""The one incident of all test pages, at services that know ids."""
NOT_TAKEN: Final = "Check the receiver's address, key and service."


def pager_checks(patient: Patient) -> Iterator[Check]:
    """One for each receiver, whoever pages it."""
    lists = [patient.settings.page_urls, *(business.page for business in patient.businesses.by_id.values())]
    urls = list(dict.fromkeys(url for each in lists for url in each))
    if lacking := unreached(patient.settings, patient.businesses):
        yield Check("pager of the installation" if urls else "pager", _nobody(lacking.sentence), READABLE)
    for place, url in enumerate(urls, 1):
        yield Check("pager" if len(urls) == 1 else f"pager {place}", _pager(patient, url), AWAY)


def _nobody(why: str) -> Callable[[], Awaitable[str]]:
    async def run() -> str:
        raise LeftOutError(why)

    return run


def _pager(patient: Patient, url: str) -> Callable[[], Awaitable[str]]:
    async def run() -> str:
        if problem := await asyncio.to_thread(check_url, url):
            raise AilingError(problem, READABLE)
        return await (_paged(patient, url) if patient.page else _called(patient, url))

    return run


async def _called(patient: Patient, url: str) -> str:
    """Connect to where pages go, and say nothing there."""
    at = await asyncio.to_thread(address, url, patient.settings.pagerduty_api_url)
    if at is None:
        raise LeftOutError(f"{shown(url)} can be read, and where it leads shows only a page; --page sends a test page")
    try:
        await connected(at.host, at.port, tls=at.tls)
    except ProbeError as error:
        raise AilingError(f"{shown(url)}: {error}") from None
    return f"{shown(url)} can be reached; --page sends it a test page"


async def _paged(patient: Patient, url: str) -> str:
    receivers = Receivers(AppriseNotifier(), PagerDuty(patient.settings.pagerduty_api_url))
    words = ("Test page of Readback", f"Sent by `readback doctor --page`, run by {patient.by}. Nothing is wrong.")
    try:
        taken = await receivers.carry(url, Notice(TEST_PAGE, Step.RAISED, *words))
    finally:
        await receivers.aclose()
    if taken is not Taken.TAKEN:
        raise AilingError(f"not delivered to {shown(url)}", NOT_TAKEN)
    return f"a test page was delivered to {shown(url)}"

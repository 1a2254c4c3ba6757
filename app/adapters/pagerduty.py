"""PagerDuty's Events API v2: trigger, acknowledge and resolve one incident for each page.

Apprise triggers and resolves only, and makes an incident of every repetition; here the page's id is the incident's key.
Source: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ (202 taken, 400 never, 429 and 5xx later).
"""

import asyncio
import re
import time
from typing import Any, Final

import httpx

from app import log, metrics
from app.adapters.outcomes import outcome_of
from app.adapters.trust import authorities
from app.watch.declared_shapes import PAGERDUTY_EVENT
from app.watch.notify import Notice, Step, Taken
from app.watch.shapes import decoded, observe

DEADLINE_S: Final = 9.0
MOST_CONNECTIONS: Final = 10
MOST_SUMMARY_CHARS: Final = 1_024
MOST_BODY_CHARS: Final = 8_000
"""PagerDuty takes 512 KB; a page is read on a phone."""

_ACTIONS: Final = {Step.RAISED: "trigger", Step.ACKNOWLEDGED: "acknowledge", Step.RESOLVED: "resolve"}
_URL: Final = re.compile(r"pagerduty://(?P<key>[A-Za-z0-9]{8,64})/?", re.ASCII)
_log = log.get(__name__)


def integration_key(url: str) -> str | None:
    """The key of `pagerduty://<integration key>`; None for every other form, Apprise's own included."""
    found = _URL.fullmatch(url.strip())
    return found["key"] if found else None


class PagerDuty:
    """Carries pages (a `watch.notify.Messenger`) to whom `integration_key` reads. Close with `aclose`."""

    def __init__(self, api_url: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._url = f"{api_url.rstrip('/')}/v2/enqueue"
        self._deadline_s = deadline_s
        self._client = httpx.AsyncClient(
            timeout=deadline_s,
            follow_redirects=False,
            trust_env=False,
            verify=authorities(),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
        )

    async def carry(self, url: str, notice: Notice) -> Taken:
        """One event. Never raises but for cancellation."""
        key = integration_key(url)
        if key is None:
            return Taken.REFUSED
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._client.post(self._url, json=_event(key, notice))
                status = answer.status_code
        except (httpx.HTTPError, TimeoutError) as error:
            _log.warning("pagerduty_unreachable", page_id=notice.id, reason=type(error).__name__)
            metrics.observe_upstream("pagerduty", "error", time.perf_counter() - started)
            return Taken.FAILED
        metrics.observe_upstream("pagerduty", outcome_of(status), time.perf_counter() - started)
        taken = _taken(status)
        if taken is Taken.TAKEN:
            observe(PAGERDUTY_EVENT, decoded(answer.content))
        if taken is not Taken.TAKEN:
            _log.warning("pagerduty_refused", page_id=notice.id, status=status, action=_ACTIONS[notice.step])
        return taken

    async def aclose(self) -> None:
        """Close the pool."""
        await self._client.aclose()


def _taken(status: int) -> Taken:
    if 200 <= status < 300:
        return Taken.TAKEN
    final = 400 <= status < 500 and status not in (408, 429)
    return Taken.REFUSED if final else Taken.FAILED


def _event(key: str, notice: Notice) -> dict[str, Any]:
    event: dict[str, Any] = {"routing_key": key, "event_action": _ACTIONS[notice.step], "dedup_key": notice.id}
    if notice.step is Step.RAISED:
        event["client"] = "Readback"
        event["payload"] = {
            "summary": notice.title[:MOST_SUMMARY_CHARS],
            "source": "readback",
            "severity": "critical",
            "custom_details": {"body": notice.body[:MOST_BODY_CHARS]},
        }
    return event

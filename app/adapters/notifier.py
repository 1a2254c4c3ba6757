"""Pages by Apprise, which speaks PagerDuty, Slack, Twilio, plain JSON and some hundred more.

Apprise blocks, so each page gets a short-lived daemon thread: a receiver that never finishes its answer costs a thread
of its own and holds up neither another receiver nor the end of the process, as a shared pool would.
"""

import asyncio
import logging
import re
import threading
import warnings
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from app import log
from app.watch.notify import Notice, Step, Taken

DEADLINE_S: Final = 9.5
"""Just under the alarms' own, so that the reason is known here."""
MOST_THREADS: Final = 6
"""Per receiver; more than one alarm's tries can need, fewer than would hurt."""
HTTP_PORT, HTTPS_PORT, SMTP_PORT = 80, 443, 25
_OWN_ADDRESSES: Final = ("notify_url", "notify_sms_url", "webhook_url")
"""Where plugins of services that have one address of their own name it."""
_SCHEMES_WITH_HOST: Final = frozenset(("json", "jsons", "xml", "xmls", "form", "forms"))
"""In other schemes the place of the host is often the token itself."""

_log = log.get(__name__)
_checking: ContextVar[bool] = ContextVar("checking", default=False)
"""A page's thread has a context of its own, so what it logs is not swallowed with a check's."""


class _StatusOnly(logging.Filter):
    """Of Apprise's own complaints only the HTTP status is kept: they quote URLs, and hosts that are tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _checking.get():
            return False
        status = re.search(r"\berror=(\d{3})\b", record.getMessage())
        record.msg = f"a receiver answered {status[1]}" if status else "a receiver or its URL does not work"
        record.args, record.exc_info, record.exc_text = None, None, None
        return True


_importing = threading.Lock()


def _apprise() -> Any:
    """The library, imported with its plugins by whoever needs it first (half a second), and how we use it."""
    with _importing:
        return _import_once()


@cache
def _import_once() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a plugin imports what Python 3.13 dropped; no concern of who pages
        import apprise  # noqa: PLC0415  # 0.5 s and 20 MB that an installation without receivers never needs

        apprise.Apprise.instantiate("json://localhost")  # the plugins are imported by the first use
    logging.getLogger("apprise").addFilter(_StatusOnly())
    # A redirect is not followed: the POST would become a GET and look delivered.
    return apprise, apprise.AppriseAsset(app_id="Readback", app_desc="Readback", http_redirects=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a receiver listens."""

    host: str
    port: int
    tls: bool


def check_url(url: str) -> str | None:
    """None when Apprise can read the notification URL, else one sentence without its secrets. Logs nothing."""
    if _read(url) is None:
        return f"{shown(url)} is not a notification URL that Apprise can read."
    return None


def address(url: str) -> Address | None:
    """Where pages to this notification URL go; None where only a page would show it. Logs nothing.

    A host is taken from the URL only where its scheme has one in every form: elsewhere its place may be a token's,
    which must not be asked of a name server.
    """
    plugin = _read(url)
    if plugin is None:
        return None
    if getattr(plugin, "smtp_host", None):
        return Address(str(plugin.smtp_host), int(plugin.port or SMTP_PORT), tls=False)
    if all("{host}" in form for form in plugin.templates):
        tls = bool(plugin.secure)
        return Address(
            plugin.host.strip("[]"),
            int(plugin.port or (HTTPS_PORT if tls else HTTP_PORT)),
            tls and plugin.verify_certificate,
        )
    if any("{host}" in form for form in plugin.templates):
        return None
    return next((found for name in _OWN_ADDRESSES if (found := web_address(getattr(type(plugin), name, None)))), None)


def web_address(url: object) -> Address | None:
    """Where an http or https URL leads; None for anything else."""
    parts = urlsplit(url if isinstance(url, str) else "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    tls = parts.scheme == "https"
    return Address(parts.hostname, parts.port or (HTTPS_PORT if tls else HTTP_PORT), tls)


def _read(url: str) -> Any:
    """What Apprise makes of a notification URL; None for one that it cannot read."""
    apprise, asset = _apprise()
    checking = _checking.set(True)
    try:
        return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    finally:
        _checking.reset(checking)


def shown(url: str) -> str:
    """What may be shown of a notification URL: the scheme, and the host where that is not a token."""
    with suppress(ValueError):
        parts = urlsplit(url.strip())
        if parts.scheme in _SCHEMES_WITH_HOST and parts.hostname:
            return f"{parts.scheme}://{parts.hostname}/…"
        if parts.scheme and "://" in url:
            return f"{parts.scheme}://…"
    return "a value without a scheme"


class AppriseNotifier:
    """Carries pages (a `watch.notify.Messenger`). Safe to use from one loop; nothing to close."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._running: dict[str, int] = {}

    async def carry(self, url: str, notice: Notice) -> Taken:
        """One step of a page. What is over is good news; an acknowledgement is no news."""
        over = notice.step is Step.RESOLVED
        if notice.step is Step.ACKNOWLEDGED or (over and not notice.body):
            return Taken.TAKEN
        title = f"Resolved: {notice.title}" if over else notice.title
        return Taken.TAKEN if await self.notify(url, title, notice.body, over=over) else Taken.FAILED

    async def notify(self, url: str, title: str, body: str, *, over: bool = False) -> bool:
        """One try; True when the receiver took the page. Never raises but for cancellation."""
        if self._running.get(url, 0) >= MOST_THREADS:
            _log.error("receiver has not answered earlier pages", receiver=shown(url))
            return False
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        self._running[url] = self._running.get(url, 0) + 1

        def finished(taken: bool) -> None:
            self._running[url] -= 1
            if not self._running[url]:
                del self._running[url]
            if not answer.done():
                answer.set_result(taken)

        def carry() -> None:
            taken = _send(url, title, body, over=over)
            with suppress(RuntimeError):  # the loop has ended; nobody waits for the answer
                loop.call_soon_threadsafe(finished, taken)

        threading.Thread(target=carry, name="page", daemon=True).start()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await answer
        except TimeoutError:
            _log.warning("receiver did not answer in time", receiver=shown(url), seconds=self._deadline_s)
            return False


def _send(url: str, title: str, body: str, *, over: bool) -> bool:
    """Blocking. A fresh Apprise each time: its plugins keep state and are not made for several threads."""
    try:
        apprise, asset = _apprise()
        sender = apprise.Apprise(asset=asset)
        if not sender.add(url):
            _log.error("not a notification URL that Apprise can read", receiver=shown(url))
            return False
        # FAILURE, because PagerDuty and its like take INFO as "resolved" and page nobody.
        kind = apprise.NotifyType.SUCCESS if over else apprise.NotifyType.FAILURE
        form = apprise.NotifyFormat.TEXT
        taken = bool(sender.notify(body=body, title=title, notify_type=kind, body_format=form))
    except Exception as error:  # noqa: BLE001  # a plugin may raise anything; the page is simply not delivered
        _log.error("page could not be sent", receiver=shown(url), reason=type(error).__name__)
        return False
    if not taken:
        _log.warning("receiver refused a page", receiver=shown(url))
    return taken

"""Rings once when something needs a person and carries the page to every receiver, in the background.

Ringing never waits and never fails its caller. With a book, what rings is kept in the database and carried by the
pager; where the database does not answer, and only there, the page is carried from here.
"""

import asyncio
import random
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app import log, metrics
from app.clock import Clock
from app.errors import ReadbackError
from app.watch.book import Book, Name
from app.watch.notify import Notifier
from app.watch.pages import Page

MOST_KEYS: Final = 10_000
"""Alarms remembered as ringing; past it the one longest quiet is forgotten and may ring again."""
MOST_PAGES: Final = 500
"""Pages on their way at once, waiting ones included."""
MOST_AT_ONCE: Final = 4
"""Pages in the hands of one receiver at once."""
DEADLINE_S: Final = 10.0
"""For one try at one receiver."""
PAUSES_S: Final = (2.0, 10.0, 45.0)
"""Before the second, third and fourth try; each is stretched or shortened by up to a quarter."""
MOST_KEPT_AT_ONCE: Final = 100
"""Pages and ends of pages in one commit."""
MOST_KEY_CHARS: Final = 512
AWAY_S: Final = 5.0
"""After the database did not answer: pages are carried from here without asking it first."""
LOOK_EVERY_S: Final = 2.0
"""At what is open in the database: another process or a person may have resolved what rang here."""

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    kind: str
    key: str
    title: str
    body: str
    shown: str
    """What the log may show of the title."""
    urls: tuple[str, ...]
    extra: tuple[str, ...]
    """Those of `urls` that came with the alarm."""
    rung_at: float


class Alarms:
    """Alarms by (kind, key). `ring` and `clear` may be called from any thread; `start` and `stop` from the loop.

    `urls` are the installation's receivers, notification URLs of the notifier's own form, which are secrets.
    """

    def __init__(  # noqa: PLR0913 - the options are given by name
        self,
        notifier: Notifier,
        urls: Sequence[str],
        clock: Clock,
        *,
        deadline_s: float = DEADLINE_S,
        pauses_s: Sequence[float] = PAUSES_S,
        book: Book | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._notifier = notifier
        self._urls = tuple(urls)
        self._clock = clock
        self._deadline_s = deadline_s
        self._pauses_s = tuple(pauses_s)
        self._ringing: OrderedDict[tuple[str, str], _Page] = OrderedDict()
        self._waiting: deque[_Page | Name] = deque()
        self._book = book
        self._beat = beat
        self._kept: set[Name] = set()
        self._owed: set[Name] = set()
        self._open: frozenset[Name] = frozenset()
        self._away_until = float("-inf")
        self._keeping: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def ring(
        self, kind: str, key: str, title: str, body: str, pages: Sequence[str] = (), *, verbatim: bool = False
    ) -> bool:
        """Ring unless (kind, key) is ringing already; True when it rang now.

        `kind` comes from a closed set, `key` says about what. `pages` are further receivers, the business's own.
        Personal data is taken out of title and body unless the page has to carry it (`verbatim`); the log never
        shows it. When no receiver could be reached, the alarm counts as silent again and may ring anew.
        """
        try:
            if (kind, key) in self._ringing:  # the common case, before anything is worked out
                self._ringing.move_to_end((kind, key))
                return False
            urls = tuple(dict.fromkeys((*self._urls, *pages)))
            shown = "[not shown]" if verbatim else log.redact(title)
            if not verbatim:
                title, body = shown, log.redact(body)
            return self._ring(_Page(kind, key, title, body, shown, urls, tuple(pages), self._clock.monotonic()))
        except Exception:  # noqa: BLE001  # an alarm that fails must not fail what it was about
            _log.error("alarm lost", kind=kind, exc_info=True)
            return False

    def clear(self, kind: str, key: str) -> bool:
        """Over: the next `ring` of (kind, key) rings. True when it was ringing, here or in another process."""
        name = (kind, key)
        was = self._ringing.pop(name, None) is not None or name in self._open
        if was:
            _log.info("alarm cleared", kind=kind, key=key)
            if self._book is not None:
                self._open -= {name}
                self._hand_over(name)
        return was

    def start(self) -> None:
        """Begin to carry pages on the running loop; what rang before is carried now."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._carry_waiting()
        if self._book is not None:
            self._looking = self._loop.create_task(self._look_forever(self._book))

    async def stop(self, grace_s: float = 10.0) -> None:
        """Carry what is on its way without pausing between tries, at most `grace_s`; say in the log what was not."""
        if self._loop is None or self._stopping is None:
            return
        self._stopping.set()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self._carry_waiting()
        if self._keeping is not None:
            await asyncio.wait((self._keeping,), timeout=grace_s)
        self._loop = None
        if self._carrying:
            _, late = await asyncio.wait(self._carrying, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._waiting:
            _log.error("pages not carried before the end", pages=len(self._waiting))

    # --- ringing ------------------------------------------------------------------------------------------------------

    def _ring(self, page: _Page) -> bool:
        name = (page.kind, page.key)
        if self._ringing.setdefault(name, page) is not page:  # another thread was first
            return False
        if len(self._ringing) > MOST_KEYS:
            self._ringing.popitem(last=False)
        metrics.count_alarm(page.kind)
        _log.warning("alarm", kind=page.kind, key=page.key, title=page.shown, receivers=len(page.urls))
        if not page.urls and self._book is None:
            return True
        if len(self._waiting) + len(self._carrying) >= MOST_PAGES:
            self._ringing.pop(name, None)
            metrics.count_queue_drop("pages")
            _log.error("page dropped: too many are on their way", kind=page.kind, key=page.key)
            return True
        self._hand_over(page)
        return True

    def _hand_over(self, page: _Page | Name) -> None:
        self._waiting.append(page)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._carry_waiting)

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def _keep_waiting(self, book: Book) -> None:
        """Everything that waits into the database, in order; pages that it does not take are carried from here."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_KEPT_AT_ONCE))]
            direct = [p for p in batch if isinstance(p, _Page) and book.business_of(p.extra) is None]
            kept = [p for p in batch if p not in direct]
            if not await self._keep(book, kept):
                direct += [page for page in kept if isinstance(page, _Page)]
                self._forgive(name for name in kept if isinstance(name, tuple))
            for page in direct:
                self._carry_from_here(page)

    async def _keep(self, book: Book, entries: Sequence[_Page | Name]) -> bool:
        if self._clock.monotonic() < self._away_until:
            return False
        try:
            await book.write([_as_kept(book, entry) for entry in entries])
        except ReadbackError as error:
            self._away_until = self._clock.monotonic() + AWAY_S
            _log.error("alarms not kept", pages=len(entries), reason=str(error))
            return False
        self._kept.update((page.kind, page.key) for page in entries if isinstance(page, _Page))
        return True

    def _forgive(self, names: Iterable[Name]) -> None:
        """Ends that could not be written: the next look finds the pages open, and nothing ringing here."""
        self._owed.update(names)

    async def _look_forever(self, book: Book) -> None:
        while True:
            self._beat()
            try:
                await self._look(book)
            except ReadbackError as error:
                _log.warning("open pages not read", reason=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self, book: Book) -> None:
        """What is open anywhere; what was resolved elsewhere may ring again here."""
        before = set(self._kept)
        self._open = frozenset(await book.not_resolved())
        for name in before - self._open:
            self._kept.discard(name)
            self._ringing.pop(name, None)
        owed, self._owed = self._owed, set()
        for name in owed & self._open:
            self._hand_over(name)

    # --- carrying -----------------------------------------------------------------------------------------------------

    def _carry_waiting(self) -> None:
        if self._loop is None:
            return
        if self._book is not None:
            if self._waiting and (self._keeping is None or self._keeping.done()):
                self._keeping = self._loop.create_task(self._keep_waiting(self._book))
            return
        while self._waiting:
            page = self._waiting.popleft()
            if isinstance(page, _Page):
                self._carry_from_here(page)

    def _carry_from_here(self, page: _Page) -> None:
        if not page.urls or self._loop is None:
            return
        task = self._loop.create_task(self._carry(page))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        metrics.set_queue_depth("pages", len(self._carrying))

    async def _carry(self, page: _Page) -> None:
        """To every receiver, none waiting for another."""
        try:
            reached = await asyncio.gather(*(self._deliver(page, url) for url in page.urls))
        except asyncio.CancelledError:
            metrics.count_page("dropped")
            _log.error("page not carried before the end", kind=page.kind, key=page.key, title=page.shown)
            raise
        finally:
            metrics.set_queue_depth("pages", len(self._carrying) - 1)
        if not any(reached):
            self._ringing.pop((page.kind, page.key), None)
            _log.error("page reached nobody", kind=page.kind, key=page.key, title=page.shown)

    async def _deliver(self, page: _Page, url: str) -> bool:
        gate = self._gates.setdefault(url, asyncio.Semaphore(MOST_AT_ONCE))
        for tries, pause_s in enumerate((0.0, *self._pauses_s), start=1):
            await self._pause(pause_s)
            async with gate:
                taken = await self._try(page, url)
            if taken:
                metrics.count_page("delivered")
                waited = round(self._clock.monotonic() - page.rung_at, 3)
                _log.info("page delivered", kind=page.kind, key=page.key, tries=tries, seconds=waited)
                return True
            metrics.count_page("retried" if tries <= len(self._pauses_s) else "failed")
        _log.error("page not delivered", kind=page.kind, key=page.key, receiver=url.partition(":")[0])
        return False

    async def _try(self, page: _Page, url: str) -> bool:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._notifier.notify(url, page.title, page.body)
        except Exception as error:  # noqa: BLE001  # one receiver's failure, of whatever kind, is not the others'
            _log.warning("page try failed", kind=page.kind, receiver=url.partition(":")[0], reason=type(error).__name__)
            return False

    async def _pause(self, seconds: float) -> None:
        """Wait, with jitter; not when the end is near, when the remaining tries come at once."""
        if seconds <= 0 or self._stopping is None or self._stopping.is_set():
            return
        try:
            async with asyncio.timeout(seconds * random.uniform(0.75, 1.25)):  # noqa: S311  # jitter, not a secret
                await self._stopping.wait()
        except TimeoutError:
            pass


def _as_kept(book: Book, entry: _Page | Name) -> Page | Name:
    if isinstance(entry, _Page):
        return Page(
            entry.kind, entry.key[:MOST_KEY_CHARS], entry.title, entry.body, book.business_of(entry.extra) or ""
        )
    return entry[0], entry[1][:MOST_KEY_CHARS]

"""Rings once when something needs a person and carries the page to every receiver, in the background.

Ringing never waits and never fails its caller. With a book, what rings is kept in the database and carried by the
pager; where the database does not answer, and only there, page and end are carried from here.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from app import log, metrics
from app.clock import Clock
from app.errors import ReadbackError
from app.watch.book import Book, Name
from app.watch.database_kinds import DATABASE_DOWN, FOR_PEOPLE, OF_THE_DATABASE, OVER_AND_DONE, TOLD_AFTER_S
from app.watch.directly import Directly, Rung
from app.watch.entries import Entry, as_kept, lasting, name_of
from app.watch.escalation import Progress
from app.watch.notify import Messenger
from app.watch.others import Others
from app.watch.pages import Lasting, Past

MOST_KEYS: Final = 10_000
"""Alarms remembered as ringing; past it the one longest quiet is forgotten and may ring again."""
MOST_PAGES: Final = 500
"""Pages on their way at once, waiting ones included."""
DEADLINE_S: Final = 10.0
"""For one try at one receiver."""
PAUSES_S: Final = (2.0, 10.0, 45.0)
"""Before the second, third and fourth try; each is stretched or shortened by up to a quarter."""
MOST_KEPT_AT_ONCE: Final = 100
"""Pages and ends of pages in one commit."""
AWAY_S: Final = 5.0
"""After the database did not answer: pages are carried from here without asking it first."""
LOOK_EVERY_S: Final = 2.0
"""At what is open in the database: another process or a person may have resolved what rang here."""

_log = log.get(__name__)


class Alarms:
    """By (kind, key). `ring` and `clear` may come from any thread; the rest, and `ring` with `after_s`, from the loop.

    `urls` are the installation's receivers, notification URLs of the notifier's own form, which are secrets;
    `keeps_incidents(url)`: whether a receiver has an incident of each page, open until it hears that it is over.
    """

    def __init__(  # noqa: PLR0913 - the options are given by name
        self,
        messenger: Messenger,
        urls: Sequence[str],
        clock: Clock,
        *,
        deadline_s: float = DEADLINE_S,
        pauses_s: Sequence[float] = PAUSES_S,
        book: Book | None = None,
        beat: Callable[[], None] = lambda: None,
        shown: Callable[[str], str] = lambda url: url.partition(":")[0],
        link: Callable[[Name], str] = lambda _: "",
        keeps_incidents: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._urls = tuple(urls)
        self._clock = clock
        self._directly = Directly(
            messenger, clock, self._unheard, deadline_s=deadline_s, pauses_s=pauses_s, shown=shown, link=link
        )
        self._ringing: OrderedDict[tuple[str, str], Rung] = OrderedDict()
        self._waiting: deque[Entry] = deque()
        self._book = book
        self._keeps_incidents = keeps_incidents
        self._beat = beat
        self._kept: set[Name] = set()
        self._owed: dict[Name, Past | None] = {}
        """Ends that could not be written, of pages that the next look finds open; what had no row is written whole."""
        self._held: dict[Name, Rung] = {}
        """What rang while the database did not take it, and waits for its return."""
        self._told_of_database = False
        """Whether the page about the database was carried from here since it was last well."""
        self._later: dict[Name, asyncio.TimerHandle] = {}
        """What rings and nobody has to hear of yet."""
        self._open: dict[Name, float] = {}
        """What is up in the database, and since when."""
        self._others = Others(clock.now())
        self._away_until = float("-inf")
        self._keeping: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def ring(  # noqa: PLR0913 - what is told, to whom, and how, given by name
        self,
        kind: str,
        key: str,
        title: str,
        body: str,
        pages: Sequence[str] = (),
        *,
        verbatim: bool = False,
        after_s: float = 0.0,
        taken: tuple[str, float] | None = None,
    ) -> bool:
        """Ring unless (kind, key) is ringing already; True when it rang now.

        `kind` comes from a closed set, `key` says about what. `pages` are further receivers, the business's own.
        It is counted and in the log at once; people hear it after `after_s`, if it lasts until then. Personal data is
        taken out of title and body unless the page has to carry it (`verbatim`); the log never shows it. When no
        receiver could be reached, the alarm counts as silent again and may ring anew. `taken`: see `Rung`.
        """
        try:
            if (kind, key) in self._ringing:  # the common case, before anything is worked out
                self._ringing.move_to_end((kind, key))
                return False
            urls = tuple(dict.fromkeys((*self._urls, *pages)))
            shown = "[not shown]" if verbatim else log.redact(title)
            if not verbatim:
                title, body = shown, log.redact(body)
            page = Rung(kind, key, title, body, shown, urls, tuple(pages), self._clock.monotonic(), taken)
            return self._ring(page, after_s)
        except Exception:  # noqa: BLE001  # an alarm that fails must not fail what it was about
            _log.error("alarm lost", kind=kind, exc_info=True)
            return False

    def again(self, kind: str, key: str, title: str, body: str) -> bool:
        """Tell once more, in these words, of what rings and was carried from here; the pager repeats the rest.

        From the loop only. True when it was told again; never while somebody has it.
        """
        page = self._ringing.get((kind, key))
        if page is None or not self._directly.knows((kind, key)) or self._directly.taken((kind, key)):
            return False
        self._directly.carry(replace(page, title=log.redact(title), body=log.redact(body)))
        return True

    def withdraw(self, kind: str, key: str) -> bool:
        """Over before its `after_s` was, so that nobody has to hear of it; False when people hear of it already."""
        timer = self._later.pop((kind, key), None)
        if timer is None:
            return False
        timer.cancel()
        self._ringing.pop((kind, key), None)
        _log.info("alarm withdrawn", kind=kind, key=key)
        return True

    def acknowledged(self, kind: str, key: str, by: str, at: float) -> None:
        """Somebody has what was carried from here, since then; said twice it is the same. From the loop only."""
        self._directly.acknowledged((kind, key), by, at)

    def past(self, kind: str, key: str) -> Past | None:
        """What rings and has no row, as it is written down once it is over; None where the pager has it."""
        name = (kind, key)
        page = self._ringing.get(name)
        if page is None or name in self._kept or name in self._open or name in self._held:
            return None
        business = (self._book.business_of(page.extra) if self._book else None) or ""
        raised_at = self._clock.now() - (self._clock.monotonic() - page.rung_at)
        by, at = self._directly.taken(name) or ("", 0.0)
        return Past(
            page.as_page(business), min(raised_at, at or raised_at), self._directly.progress(name) or Progress(), by, at
        )

    def clear(self, kind: str, key: str, *, own: bool = False) -> bool:
        """Over: the next `ring` of (kind, key) rings. True when it was ringing, here or in another process.

        `own`: each meets it by itself, so that what another rang since this one began is left to that one (`Others`).
        """
        name = (kind, key)
        if own and self._others.have(name, self._open.get(name, 0.0), self._clock.now()) and name not in self._ringing:
            return False
        if self.withdraw(kind, key):
            return True
        past = self.past(kind, key)
        was = self._ringing.pop(name, None) is not None or name in self._open
        if was:
            _log.info("alarm cleared", kind=kind, key=key)
            self._open.pop(name, None)
            self._kept.discard(name)
        if was or self._directly.knows(name):
            self._hand_over(name if past is None else past)
        return was

    def clear_all(self) -> None:
        """Over, whatever rings here: for who hands on to another process part, which rings anew what lasts."""
        for kind, key in list(self._ringing):
            self.clear(kind, key)

    @property
    def ringing(self) -> int:
        """Alarms that ring here."""
        return len(self._ringing)

    @property
    def on_their_way(self) -> int:
        """Pages that wait or are being carried from here."""
        return len(self._waiting) + len(self._directly)

    @property
    def carried(self) -> int:
        """Pages carried from here whose end is still to be told."""
        return self._directly.carried

    def raised(self, kind: str) -> set[str]:
        """About what alarms of this kind ring, here or by what is open in the database."""
        return {key for other, key in {*self._ringing, *self._open} if other == kind}

    def start(self) -> None:
        """Begin to carry pages on the running loop; what rang before is carried now."""
        self._loop = asyncio.get_running_loop()
        self._others = Others(self._clock.now())
        self._directly.start()
        self._carry_waiting()
        if self._book is not None:
            self._looking = self._loop.create_task(self._look_forever(self._book))

    def left_behind(self, kind: str, key: str, title: str, words: str = "", past: Past | None = None) -> None:
        """Over, though a process that died may have told of it: who was told hears `words`; `past` is written down."""
        if past is not None:
            self._hand_over(past)
        self._directly.left_behind(Rung(kind, key, title, "", title, self._urls, (), self._clock.monotonic()), words)

    async def stop(self, grace_s: float = DEADLINE_S) -> None:
        """Carry what is on its way without pausing between tries, at most `grace_s`; say in the log what was not."""
        if self._loop is None:
            return
        for name in list(self._later):
            self.withdraw(*name)
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self._carry_waiting()
        if self._keeping is not None:
            await asyncio.wait((self._keeping,), timeout=grace_s)
        self._let_go()
        self._loop = None
        await self._directly.stop(grace_s)
        if self._waiting:
            _log.error("pages not carried before the end", pages=len(self._waiting))

    # --- ringing ------------------------------------------------------------------------------------------------------

    def _ring(self, page: Rung, after_s: float) -> bool:
        name = (page.kind, page.key)
        if self._ringing.setdefault(name, page) is not page:  # another thread was first
            return False
        self._others.meets(name)
        if len(self._ringing) > MOST_KEYS:
            self._ringing.popitem(last=False)
        metrics.count_alarm(page.kind)
        _log.warning("alarm", kind=page.kind, key=page.key, title=page.shown, receivers=len(page.urls))
        if not page.urls and self._book is None:
            return True
        if len(self._waiting) + len(self._directly) >= MOST_PAGES:
            self._ringing.pop(name, None)
            metrics.count_queue_drop("pages")
            _log.error("page dropped: too many are on their way", kind=page.kind, key=page.key)
            return True
        if after_s and self._loop is not None:
            self._later[name] = self._loop.call_later(after_s, self._has_lasted, page)
        else:
            self._hand_over(page)
        return True

    def _has_lasted(self, page: Rung) -> None:
        del self._later[page.kind, page.key]
        self._hand_over(page)

    def _hand_over(self, entry: Entry) -> None:
        self._waiting.append(entry)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._carry_waiting)

    def _unheard(self, name: Name) -> None:
        self._ringing.pop(name, None)

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def _keep_waiting(self, book: Book) -> None:
        """Everything that waits into the database, in order; pages that it does not take are carried from here."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_KEPT_AT_ONCE))]
            direct = {id(e) for e in batch if isinstance(e, Rung) and book.business_of(e.extra) is None}
            kept = await self._keep(book, [entry for entry in batch if id(entry) not in direct])
            for entry in batch:
                name = name_of(entry)
                if isinstance(entry, Lasting):
                    if kept:
                        self._directly.handed_on(name)
                elif not isinstance(entry, Rung):
                    self._directly.over(name)
                    if not kept:
                        self._owed[name] = entry if isinstance(entry, Past) else None
                elif kept and id(entry) not in direct:
                    self._directly.over(name, "")  # the pager goes on about it, and tells its end
                elif kept:
                    self._directly.carry(entry)
                else:
                    self._tell(entry)

    async def _keep(self, book: Book, entries: Sequence[Entry]) -> bool:
        if self._clock.monotonic() < self._away_until:
            return False
        rung = {name_of(entry) for entry in entries if isinstance(entry, Rung | Lasting)}
        owed = {name: self._owed.pop(name) for name in rung & self._owed.keys()}  # an end comes before what rings anew
        try:
            await book.write([as_kept(book, e) for e in (*(past or n for n, past in owed.items()), *entries)])
        except ReadbackError as error:
            self._owed |= owed
            self._away_until = self._clock.monotonic() + AWAY_S
            _log.error("alarms not kept", pages=len(entries), reason=str(error))
            return False
        self._kept |= rung
        return True

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
        before, owed = set(self._kept), set(self._owed)
        self._open, living = await book.up_since()
        self._hand_over_owed(owed)
        for name in before - self._open.keys():
            self._kept.discard(name)
            self._ringing.pop(name, None)
        self._directly.goes_on(self._open.keys() | self._kept)
        for kind, key in self._others.look(self._open, living, self._clock.now()):
            self.clear(kind, key, own=True)
        if book.takes() and self._clock.monotonic() >= self._away_until:
            self._hand_on(book)
            self._let_go(kept=True)

    def _hand_over_owed(self, names: set[Name]) -> None:
        """Ends that could not be written, owed as what is open was read; that of what rings anew is kept before it."""
        for name, past in list(self._owed.items()):
            if name in self._ringing:  # by itself it would be told as the end of what rings now
                if past is None:
                    self._open.pop(name, None)
            elif name in names:
                del self._owed[name]
                if past is not None or name in self._open:
                    self._hand_over(past or name)

    def _hand_on(self, book: Book) -> None:
        """What was carried from here and rings on: nobody can take it, or is told again, until the database has it."""
        itself = OF_THE_DATABASE | {DATABASE_DOWN}
        for name, page in list(self._ringing.items()):
            if name[0] in itself or not self._directly.knows(name) or book.business_of(page.extra) is None:
                continue
            if name in self._open:
                self._kept.add(name)
                self._directly.handed_on(name)
            elif (so_far := self.past(*name)) is not None:
                self._hand_over(lasting(so_far, filter(self._keeps_incidents, page.urls)))

    def _tell(self, page: Rung) -> None:
        """From here, as no database takes it; what follows from that waits for its return."""
        if page.kind in OF_THE_DATABASE:
            self._held[page.kind, page.key] = page
            return
        self._told_of_database = self._told_of_database or page.kind == DATABASE_DOWN
        self._directly.carry(page)

    def _let_go(self, *, kept: bool = False) -> None:
        """The database is back, or this process ends: what was held rings anew where it lasts, or is told of now; where
        it is `kept`, once however many processes held it.
        """
        held, self._held = self._held, {}
        told, self._told_of_database = self._told_of_database, False
        for name, page in held.items():
            over = told or page.kind not in OVER_AND_DONE or self._clock.monotonic() - page.rung_at >= TOLD_AFTER_S
            if over and page.kind not in FOR_PEOPLE:
                self._ringing.pop(name, None)
            elif kept and (name in self._ringing or page.kind in FOR_PEOPLE):
                self._hand_over(page)
            else:
                self._directly.carry(page)
                if name not in self._ringing:  # cleared meanwhile
                    self._directly.over(name)

    # --- carrying -----------------------------------------------------------------------------------------------------

    def _carry_waiting(self) -> None:
        if self._loop is None:
            return
        if self._book is not None:
            if self._waiting and (self._keeping is None or self._keeping.done()):
                self._keeping = self._loop.create_task(self._keep_waiting(self._book))
            return
        while self._waiting:
            entry = self._waiting.popleft()
            if isinstance(entry, Rung):
                self._tell(entry)
            elif not isinstance(entry, Lasting):
                self._directly.over(name_of(entry))

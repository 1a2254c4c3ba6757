"""Carries a page straight to its receivers, and later its end, where there is no database to keep it in.

What it knows is in memory only: of a process that dies over a page another one has to say that it is over.
"""

import asyncio
import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app import log, metrics
from app.clock import Clock
from app.watch.book import Name
from app.watch.escalation import Progress, Reach, receiver_id
from app.watch.notify import CAUSE_GONE, Messenger, Notice, Step, Taken
from app.watch.pages import Page

MOST_AT_ONCE: Final = 4
"""Pages in the hands of one receiver at once."""
MOST_CARRIED: Final = 10_000
"""Pages whose end is still to be told; past it the oldest one's end is told to nobody."""
MOST_KEY_CHARS: Final = 512
ENDS_AGAIN_S: Final = (60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 3_600.0)
"""Before an end is tried anew at who did not take it: a receiver may be away with what the page was about, and whoever
hears nothing believes that it lasts.
"""

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Rung:
    """A page as it rang. `shown`: what the log may show of the title; `extra`: those of `urls` that came with it."""

    kind: str
    key: str
    title: str
    body: str
    shown: str
    urls: tuple[str, ...]
    extra: tuple[str, ...]
    rung_at: float
    taken: tuple[str, float] | None = None
    """Who has it, and since when, as another process told of it that is gone: only its end is still to be told."""

    def as_page(self, business: str) -> Page:
        """As it is kept."""
        return Page(self.kind, self.key[:MOST_KEY_CHARS], self.title, self.body, business)


@dataclass(slots=True)
class _Carried:
    page: Rung
    reached: dict[str, bool] = field(default_factory=dict)
    """Who may know of it: True when the receiver took it, False when that is not known."""
    heard_at: dict[str, float] = field(default_factory=dict)
    """When each first took it."""
    rounds: int = 1
    """How often it was told."""
    over: str | None = None
    """What is said of its end; None while it lasts."""
    quiet: bool = False
    """Whether no person may hear of its end now: the same is up in the database, and the pager goes on about it."""
    handed_on: bool = False
    """Whether the pager has it, and tells its end to people."""
    followed: bool = False
    """Whether another page about the same waits for this one."""
    taken: tuple[str, float] | None = None
    """Who has it, and since when; None for nobody."""
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def name(self) -> Name:
        return self.page.kind, self.page.key


def notice_id(kind: str, key: str) -> str:
    """The same for every process and every wording, so that a service which knows ids has one incident of it."""
    return hashlib.sha256(f"{kind}\n{key}".encode("utf-8", "replace")).hexdigest()[:32]


class Directly:
    """Used from one loop. `unheard` is told of a page that no receiver took; `link` has where one is acknowledged."""

    def __init__(  # noqa: PLR0913 - the options are given by name
        self,
        messenger: Messenger,
        clock: Clock,
        unheard: Callable[[Name], None],
        *,
        deadline_s: float,
        pauses_s: Sequence[float],
        shown: Callable[[str], str],
        link: Callable[[Name], str] = lambda _: "",
        ends_again_s: Sequence[float] = ENDS_AGAIN_S,
    ) -> None:
        self._messenger = messenger
        self._clock = clock
        self._unheard = unheard
        self._deadline_s = deadline_s
        self._pauses_s = tuple(pauses_s)
        self._ends_again_s = tuple(ends_again_s)
        self._shown = shown
        self._link = link
        self._carried: OrderedDict[Name, _Carried] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._stopping = False
        self._resting = 0
        """Ends that nobody has taken yet, and that are tried again later."""

    def __len__(self) -> int:
        """How many are on their way now."""
        return len(self._tasks) - self._resting

    @property
    def carried(self) -> int:
        """Pages whose end is still to be told."""
        return len(self._carried)

    def knows(self, name: Name) -> bool:
        """Whether somebody may have been told of it, and not yet of its end. From any thread."""
        return name in self._carried

    def progress(self, name: Name) -> Progress | None:
        """How often it was told and whom it reached; None where nobody was told from here."""
        carried = self._carried.get(name)
        if carried is None:
            return None
        heard = dict(carried.heard_at)  # whoever asks may be on another thread
        reach = {receiver_id(url): Reach(self._shown(url), carried.rounds - 1, at) for url, at in heard.items()}
        return Progress(carried.rounds, 0, reach)

    def taken(self, name: Name) -> tuple[str, float] | None:
        """Who has it, and since when; None for nobody."""
        carried = self._carried.get(name)
        return carried.taken if carried is not None else None

    def start(self) -> None:
        """Pause between tries from now on."""
        self._stopping = False

    def carry(self, page: Rung) -> None:
        """To every receiver, none waiting for another; after whatever is still under way about the same."""
        if not page.urls:
            return
        carried = _Carried(page)
        before = self._carried.pop(carried.name, None)
        if before is not None and before.over is None:
            carried.reached, carried.heard_at = dict(before.reached), dict(before.heard_at)
            carried.rounds, carried.taken = before.rounds + 1, before.taken
        elif before is None and page.taken is not None:
            carried.reached, carried.taken = dict.fromkeys(page.urls, True), page.taken
            self._carried[carried.name] = carried
            return
        self._carried[carried.name] = carried
        if len(self._carried) > MOST_CARRIED:
            self._carried.popitem(last=False)
        self._begin(carried, self._raise(carried, before))

    def acknowledged(self, name: Name, by: str, at: float) -> None:
        """Somebody has it: services that keep an incident hear so. Nothing for what is over, or in a hand already."""
        carried = self._carried.get(name)
        if carried is None or carried.over is not None or carried.taken is not None:
            return
        carried.taken = (by, at)
        self._keep(asyncio.get_running_loop().create_task(self._in_hand(carried)))

    def over(self, name: Name, words: str = CAUSE_GONE) -> None:
        """Tell whoever was told. Without `words` only services that keep an incident close it; no person hears it.

        Said once more of an end that is still owed, it goes on with these words or without any.
        """
        carried = self._carried.get(name)
        if carried is None:
            return
        words = "" if carried.handed_on else words
        carried.quiet = not words
        if carried.over is not None:
            carried.over = carried.over or words
            return
        carried.over = words
        carried.hurry.set()
        if carried.task is None or carried.task.done():
            self._begin(carried, self._end(carried))

    def handed_on(self, name: Name) -> None:
        """The pager has it, and an incident of its own where those are kept: ours is closed."""
        carried = self._carried.get(name)
        if carried is not None:
            carried.handed_on = True
            self.over(name, "")

    def goes_on(self, up: Collection[Name]) -> None:
        """What is up in the database: nobody reads of an end owed from here that its cause is gone, until it is not."""
        for name, carried in self._carried.items():
            carried.quiet = name in up

    def left_behind(self, page: Rung, words: str = "") -> None:
        """Close what a process may have told of and died over, where incidents are kept; people hear only `words`."""
        if (page.kind, page.key) not in self._carried:
            carried = _Carried(page, dict.fromkeys(page.urls, bool(words)), over=words)
            self._carried[carried.name] = carried
            self._begin(carried, self._end(carried))

    async def stop(self, grace_s: float) -> None:
        """Finish what is under way without pausing between tries, at most `grace_s`."""
        self._stopping = True
        for carried in self._carried.values():
            carried.hurry.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, carried: _Carried, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        carried.task = task
        self._keep(task)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)
        metrics.set_queue_depth("pages", len(self._tasks))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        metrics.set_queue_depth("pages", len(self._tasks))

    async def _raise(self, carried: _Carried, before: _Carried | None) -> None:
        page = carried.page
        link = self._link(carried.name)  # not before: what may be in a page is taken out of it, and a token is
        body = f"{page.body}\n\nAcknowledge: {link}" if link else page.body
        notice = Notice(notice_id(page.kind, page.key), Step.RAISED, page.title, body)
        try:
            if before is not None and before.task is not None and not before.task.done():
                before.followed = True
                before.hurry.set()  # its end, said after this, would close what this opens
                await asyncio.wait({before.task})
            heard = await asyncio.gather(*(self._deliver(carried, notice, url) for url in page.urls))
        except asyncio.CancelledError:
            metrics.count_page("dropped")
            _log.error("page not carried before the end", kind=page.kind, key=page.key, title=page.shown)
            raise
        if Taken.TAKEN not in heard and carried.over is None:
            _log.error("page reached nobody", kind=page.kind, key=page.key, title=page.shown)
            if self._carried.get(carried.name) is carried:
                self._unheard(carried.name)
        if carried.over is not None:
            await self._end(carried)
        elif not carried.reached:
            self._forget(carried)

    async def _in_hand(self, carried: _Carried) -> None:
        page = carried.page
        notice = Notice(notice_id(*carried.name), Step.ACKNOWLEDGED, page.title, page.body)
        await asyncio.gather(*(self._deliver(carried, notice, url) for url, took in carried.reached.items() if took))

    async def _end(self, carried: _Carried) -> None:
        if not carried.followed:  # else this is said once, without a pause
            carried.hurry.clear()
        quiet = Notice(notice_id(*carried.name), Step.RESOLVED, carried.page.title, "")
        owed = dict(carried.reached)
        for pause_s in (0.0, *self._ends_again_s):
            if not owed or not await self._rests(carried, pause_s):
                break
            notice = replace(quiet, body=carried.over or "")
            told = [self._deliver(carried, notice if took else quiet, url) for url, took in owed.items()]
            heard = zip(list(owed.items()), await asyncio.gather(*told), strict=True)
            owed = dict(one for one, taken in heard if taken is Taken.FAILED)
            if self._stopping:
                break
        self._forget(carried)

    async def _rests(self, carried: _Carried, pause_s: float) -> bool:
        """Wait until an end is tried anew, or for the last time as we stop; False when it rings anew before."""
        self._resting += 1
        try:
            await self._pause(carried, pause_s)
        finally:
            self._resting -= 1
        return pause_s <= 0 or self._stopping or not carried.hurry.is_set()

    def _forget(self, carried: _Carried) -> None:
        if self._carried.get(carried.name) is carried:
            del self._carried[carried.name]

    async def _deliver(self, carried: _Carried, notice: Notice, url: str) -> Taken:
        page, raised = carried.page, notice.step is Step.RAISED
        gate = self._gates.setdefault(url, asyncio.Semaphore(MOST_AT_ONCE))
        for tries, pause_s in enumerate((0.0, *self._pauses_s), start=1):
            await self._pause(carried, pause_s)
            if raised and tries > 1 and carried.over is not None:
                return Taken.FAILED
            async with gate:
                said = replace(notice, body="") if carried.quiet and notice.step is Step.RESOLVED else notice
                taken = await self._try(carried, said, url)
            last = taken is Taken.REFUSED or tries > len(self._pauses_s)
            if raised:
                self._note(carried, url, taken)
                metrics.count_page("delivered" if taken is Taken.TAKEN else "failed" if last else "retried")
            if taken is Taken.TAKEN:
                waited = round(self._clock.monotonic() - page.rung_at, 3)
                step = str(notice.step)
                if said.body:  # else no person heard it
                    _log.info("page delivered", kind=page.kind, key=page.key, step=step, tries=tries, seconds=waited)
                return taken
            if last:
                break
        receiver = url.partition(":")[0]
        _log.error("page not delivered", kind=page.kind, key=page.key, step=str(notice.step), receiver=receiver)
        return taken

    async def _try(self, carried: _Carried, notice: Notice, url: str) -> Taken:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._messenger.carry(url, notice)
        except Exception as error:  # noqa: BLE001  # one receiver's failure, of whatever kind, is not the others'
            kind, receiver = carried.page.kind, url.partition(":")[0]
            _log.warning("page try failed", kind=kind, receiver=receiver, reason=type(error).__name__)
            return Taken.FAILED

    async def _pause(self, carried: _Carried, seconds: float) -> None:
        """Wait, with jitter; not when the end is near or another page waits for this one's, when tries come at once."""
        if seconds <= 0 or self._stopping:
            return
        try:
            async with asyncio.timeout(seconds * random.uniform(0.75, 1.25)):  # noqa: S311  # jitter, not a secret
                await carried.hurry.wait()
        except TimeoutError:
            pass

    def _note(self, carried: _Carried, url: str, taken: Taken) -> None:
        """An answer that did not come in time may have been a yes; one who was told before stays so."""
        if taken is not Taken.REFUSED:
            carried.reached[url] = carried.reached.get(url, False) or taken is Taken.TAKEN
        if taken is Taken.TAKEN:
            carried.heard_at.setdefault(url, self._clock.now())

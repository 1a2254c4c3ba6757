"""Carries pages from the database to people, again and higher up until somebody acknowledges or the cause is gone.

Any number of processes may run one: each page is leased to one of them at a time. What it knows stands in the page's
row, so a restart goes on where the last process stopped. Nobody waits for it. Killed between sending and noting, it
sends once more when the lease is over: a page heard twice, under one id, is better than one heard minutes late.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from app import log, metrics
from app.background import Background
from app.clock import Clock
from app.db.engine import Database
from app.errors import ReadbackError
from app.watch import following, held, pages
from app.watch.escalation import NEVER, Progress, after_tries, noticed, receiver_id, tried, wanted
from app.watch.notify import CAUSE_GONE, Messenger, Notice, Step, Taken
from app.watch.pages import SUPERSEDED, Kept

LOOK_EVERY_S: Final = 0.5
"""A page leaves within this of its commit, whichever process raised it."""
TRY_S: Final = 10.0
"""For one try at one receiver, waiting for its turn there included."""
MOST_WAVES: Final = 4
"""Of tries in one round: at whose turn it is, and then one more each time somebody failed."""
STOPS_WITHIN_S: Final = 10.0
LEASE_S: Final = 60.0
"""Longer than a round's waves and the note of them can take."""
BATCH: Final = 20
MOST_AT_ONCE: Final = 4
"""Pages in the hands of one receiver at once."""
NOTICE_PAUSES_S: Final = (15.0, 15.0, 15.0, 60.0, 300.0, 900.0, *(3_600.0,) * 23)
"""Between tries to tell that a page is in a hand or over: for a day, or a service that was away for longer than a
minute would keep its incident open, and go on calling people about it."""
AFTER_FAILURE_S: Final = 2.0

_STEPS: Final = {"open": Step.RAISED, "acknowledged": Step.ACKNOWLEDGED, "resolved": Step.RESOLVED}
_ENDS: Final = {"": CAUSE_GONE, SUPERSEDED: ""}

logger = log.get(__name__)


class Pager:
    """`own` are the installation's receivers, `by_business` each business's list in the order of escalation.

    `shown(url)` is what may be shown of a receiver; `link(page_id)` the address where it is acknowledged, and
    `place(page)` where the dashboard has what it is about, or "". `read_anew(url)`: whether people there read what a
    page says when it is told again.
    """

    def __init__(  # noqa: PLR0913 - who is reached, how, and when, handed in by name
        self,
        *,
        database: Database,
        messenger: Messenger,
        own: Sequence[str],
        by_business: Mapping[str, Sequence[str]],
        clock: Clock,
        shown: Callable[[str], str],
        link: Callable[[str], str],
        place: Callable[[Kept], str] = lambda _: "",
        read_anew: Callable[[str], bool] = lambda _: True,
        beat: Callable[[], None] = lambda: None,
        try_s: float = TRY_S,
    ) -> None:
        self._database = database
        self._messenger = messenger
        self._own = tuple(own)
        self._by_business = by_business
        self._clock = clock
        self._shown = shown
        self._link = link
        self._place = place
        self._read_anew = read_anew
        self._beat = beat
        self._try_s = try_s
        self._woken = asyncio.Event()
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._carrying: set[asyncio.Task[None]] = set()
        self._loop = Background()

    def start(self) -> None:
        """Begin looking, at once and then twice a second."""
        self._loop.begin(self._forever())

    def wake(self) -> None:
        """A page was just committed: look now. From the loop only."""
        self._woken.set()

    async def stop(self, grace_s: float = STOPS_WITHIN_S) -> None:
        """Look once more and finish what is under way, at most `grace_s`; the rest is in the database."""
        if await self._loop.end():
            with contextlib.suppress(ReadbackError, TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self.deliver_due()
        if self._carrying:
            _, late = await asyncio.wait(self._carrying, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def deliver_due(self) -> int:
        """One look: everything that is due goes out, and is noted; how many pages that was."""
        due = await self._take()
        await asyncio.gather(*(self._carry(page) for page in due))
        return len(due)

    async def _forever(self) -> None:
        while True:
            self._beat()
            pause_s = LOOK_EVERY_S
            try:
                for page in await self._take():
                    task = asyncio.get_running_loop().create_task(self._carry(page))
                    self._carrying.add(task)
                    task.add_done_callback(self._carrying.discard)
            except Exception as error:
                unexpected = not isinstance(error, ReadbackError)
                logger.warning("pages_not_looked_for", reason=str(error), exc_info=unexpected)
                pause_s = AFTER_FAILURE_S
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()

    async def _take(self) -> list[Kept]:
        now = self._clock.now()
        if not await self._database.read(lambda connection: pages.any_due(connection, now=now)):
            return []
        return await self._database.write(lambda t: pages.leased(t, now=now, until=now + LEASE_S, limit=BATCH))

    async def _carry(self, kept: Kept) -> None:
        try:
            wide = await self._led_by(kept) if kept.status == "open" else None
            if wide and self._hears(kept.page.business, wide.page.business):
                pause_s = following.SETTLES_S if wide.progress.heard() else following.AT_ONCE_S
                until: float | None = self._clock.now() + pause_s
            else:
                until = await self._waits_until(kept) if kept.status == "open" else None
            if until:
                if kept.told != pages.HELD:
                    metrics.count_page("held")
                progress, next_at, told = following.waiting(kept.progress), until, pages.HELD
            elif kept.status == "open":
                progress, next_at, told = await self._round(kept, () if wide else self._own)
            else:
                progress, next_at, told = await self._notice(kept)
            now = self._clock.now()
            await self._database.write(lambda t: pages.gone_on(t, kept, progress, told=told, next_at=next_at, now=now))
        except ReadbackError as error:
            # Its lease runs out and it goes out once more: twice rather than never.
            logger.error("page_progress_not_noted", page_id=kept.id, reason=str(error))

    async def _round(self, kept: Kept, own: Sequence[str]) -> tuple[Progress, float, str]:
        """Everybody whose turn it is; where one fails the next of the business's list as well, at once.

        `own`: the installation's receivers, where they do not hear of it by another page.
        """
        progress = kept.progress
        others = await self._told_along(kept)
        now_due, further = wanted(progress, own, self._by_business.get(kept.page.business, ()))
        failed = False
        for _ in range(MOST_WAVES):
            if not now_due:
                break
            outcomes = await self._tell(replace(kept, progress=progress), Step.RAISED, now_due, others)
            progress = tried(progress, outcomes, self._clock.now())
            missed = [taken for _, taken in outcomes.values() if taken is not Taken.TAKEN]
            failed = failed or Taken.FAILED in missed
            now_due, further = (further[:1], further[1:]) if missed else ([], further)
        if not progress.heard():
            logger.error("page reached nobody", page_id=kept.id, kind=kept.page.kind, key=kept.page.key)
        elif named := [one for one in others if self._was_read(kept, progress, one)]:
            with contextlib.suppress(ReadbackError):  # named once more with the next round, or each rings by itself
                await self._database.write(lambda t: held.named(t, kept.id, named, now=self._clock.now()))
        progress, next_at = after_tries(progress, failed=failed, now=self._clock.now())
        return progress, next_at, "open" if progress.heard() else ""

    def _was_read(self, kept: Kept, progress: Progress, other: Kept) -> bool:
        """Whether people read of the other in this round: not where somebody had the round already and read nothing.

        Where the page is told again, all have to be such as read that.
        """
        urls, begun = self._may_read(kept, other), _had_by(kept.progress, progress.round)
        took = _had_by(progress, progress.round) & {receiver_id(url) for url in urls}
        return bool(took) and not begun and (not kept.progress.heard() or all(map(self._read_anew, urls)))

    def _may_read(self, kept: Kept, other: Kept) -> Sequence[str]:
        """Receivers of a page who may read of the other in it: none of a business of another business's trouble."""
        same = kept.page.business == other.page.business
        return (*self._own, *self._by_business.get(kept.page.business, ())) if same else self._own

    async def _led_by(self, kept: Kept) -> Kept | None:
        """The page about many that tells the installation's people of this one, too; None where none does now."""
        name = following.led_by(kept)
        if name is None:
            return None
        with contextlib.suppress(ReadbackError):
            wide = await self._database.read(lambda connection: pages.found(connection, name))
            return wide if wide and following.leads(wide, self._clock.now()) else None
        return None

    async def _waits_until(self, kept: Kept) -> float | None:
        """Until when it waits behind a page that tells of the same trouble; None when it rings now."""
        now = self._clock.now()
        if following.has_rung(kept) or not following.may_wait(kept):
            return None
        try:
            others = await self._database.read(lambda connection: held.in_the_way(connection, now))
        except ReadbackError:
            return None
        return following.waits_until(kept, others, self._hears, now)

    async def _told_along(self, kept: Kept) -> list[Kept]:
        """Pages that wait behind this one, to be named in its words."""
        with contextlib.suppress(ReadbackError):
            return following.along(kept, await self._database.read(held.waiting), self._hears)
        return []

    def _hears(self, business: str, other: str) -> bool:
        """Whether everybody who hears of a business's pages hears of those of the other business, too."""
        return business == other or not self._by_business.get(business)

    async def _notice(self, kept: Kept) -> tuple[Progress, float, str]:
        """Tell who was paged that it is acknowledged or over; with ever longer pauses, for nobody waits for it."""
        progress, outcomes = kept.progress, {}
        everybody = dict.fromkeys((*self._own, *self._by_business.get(kept.page.business, ())))
        paged = [url for url in everybody if _is_owed(progress, url, kept.status)]
        if paged and kept.told != kept.status:
            outcomes = await self._tell(kept, _STEPS[kept.status], paged)
        failed = any(taken is Taken.FAILED for _, taken in outcomes.values())
        again = failed and progress.tries < len(NOTICE_PAUSES_S)
        done = noticed(progress, outcomes, kept.status, again=again)
        next_at = self._clock.now() + NOTICE_PAUSES_S[progress.tries] if again else NEVER
        return done, next_at, kept.told if again else kept.status

    async def _tell(
        self, kept: Kept, step: Step, urls: Sequence[str], others: Sequence[Kept] = ()
    ) -> dict[str, tuple[str, Taken]]:
        def notice(url: str) -> Notice:
            named = following.naming(kept, [one for one in others if url in self._may_read(kept, one)])
            return Notice(kept.id, step, kept.page.title, self._words(named, step))

        hand = self._hand_to_one_of_several if step is Step.RAISED and len(urls) > 1 else self._try
        taken = await asyncio.gather(*(hand(kept, url, notice(url)) for url in urls))
        return {receiver_id(url): (self._shown(url), one) for url, one in zip(urls, taken, strict=True)}

    def _words(self, kept: Kept, step: Step) -> str:
        if step is Step.RESOLVED:
            return _ENDS.get(kept.resolution, f"{pages.who_ended(kept.resolution)}.")
        if step is not Step.RAISED:
            return kept.page.body
        # Who hears a page twice sees by its id that it is one.
        how = self._link(kept.id) or f"readback pages ack {kept.id}"
        place = self._place(kept)
        look = f"Look: {place}\n" if place else ""
        return f"{kept.page.body}\n\n{look}Acknowledge: {how}"

    async def _hand_to_one_of_several(self, kept: Kept, url: str, notice: Notice) -> Taken:
        """Noted at once: a process that dies while another receiver keeps it waiting must not tell this one twice."""
        taken = await self._try(kept, url, notice)
        if taken is Taken.TAKEN:
            name, outcome = receiver_id(url), (self._shown(url), taken)
            reach = tried(kept.progress, {name: outcome}, self._clock.now()).reach[name]
            with contextlib.suppress(ReadbackError):  # noted with the whole round, in a moment
                await self._database.write(lambda t: pages.reached(t, kept.id, name, reach))
        return taken

    async def _try(self, kept: Kept, url: str, notice: Notice) -> Taken:
        shown = self._shown(url)
        try:
            async with asyncio.timeout(self._try_s), self._gates.setdefault(url, asyncio.Semaphore(MOST_AT_ONCE)):
                taken = await self._messenger.carry(url, notice)
        except Exception as error:  # noqa: BLE001  # one receiver's failure, of whatever kind, is not the others'
            logger.warning("page try failed", page_id=kept.id, receiver=shown, reason=type(error).__name__)
            taken = Taken.FAILED
        if notice.step is Step.RAISED:
            metrics.count_page("delivered" if taken is Taken.TAKEN else str(taken))
        seconds = round(self._clock.now() - kept.raised_at, 3)
        told = logger.info if taken is Taken.TAKEN else logger.error
        told("page_told", page_id=kept.id, step=str(notice.step), receiver=shown, outcome=str(taken), seconds=seconds)
        return taken


def _had_by(progress: Progress, number: int) -> set[str]:
    """Ids of the receivers that have this round of a page."""
    return {name for name, reach in progress.reach.items() if reach.round == number and not reach.refused}


def _is_owed(progress: Progress, url: str, step: str) -> bool:
    reach = progress.reach.get(receiver_id(url))
    return reach is not None and reach.reached_at > 0 and reach.told != step

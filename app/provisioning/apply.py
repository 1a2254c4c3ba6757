"""Brings records to a platform, one after the other: snapshot, look again, hand in, read back, compare, or take back.

What the platform answers to a write counts for nothing: only what is read afterwards does. A write without an answer
is in doubt, and is looked for before anything is done again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from app import log
from app.clock import Clock
from app.errors import ReadbackError
from app.provisioning import book
from app.provisioning.book import Books, Place, Snapshot, Step
from app.provisioning.diff import Difference, differences, harmful, parts_back, told
from app.provisioning.ends import Done, End
from app.provisioning.fields import MISSING, same
from app.provisioning.holds import HeldError, Holds
from app.provisioning.plan import Live, Plan, Planner, look, with_secret
from app.provisioning.platform import (
    Document,
    GoneError,
    InDoubtError,
    Kind,
    Platform,
    PlatformError,
    RefusedError,
    UnreachableError,
)
from app.provisioning.rules import RULES
from app.provisioning.sealing import SealedError, Sealer
from app.provisioning.ways import command, made_anew, onward, way_back, written_over
from app.watch.pages import Page, raised

READ_BACK_PAUSES_S: Final = (0.0, 1.0, 3.0)
"""Before each look at what was written: a platform may show it a moment late."""
PAGE: Final = "settings_unsettled"
OVERWRITTEN: Final = "settings_overwritten"

_log = log.get(__name__)


class Applier:
    """Applies plans. `by` is who does it."""

    def __init__(
        self,
        *,
        platform: Platform,
        books: Books,
        sealer: Sealer,
        clock: Clock,
        by: str,
        pauses_s: Sequence[float] = READ_BACK_PAUSES_S,
    ) -> None:
        self._platform = platform
        self._books = books
        self._sealer = sealer
        self._clock = clock
        self._by = by
        self._pauses_s = tuple(pauses_s)
        self._holds = Holds(books, clock)

    async def apply(self, plan: Plan, planner: Planner) -> Done:
        """Do what the plan says. Raises `PlatformError` only when nothing was written."""
        if plan.problem:
            await self._note("refused", plan.place, why=plan.problem)
            return Done(plan.key, End.REFUSED, plan.problem, plan.live)
        return await self._alone(plan.place, lambda: self._apply(plan, planner))

    async def restore(self, target: Snapshot) -> Done:
        """Put a record back to what it was in a snapshot, whole, and have that as the baseline."""
        return await self._alone(target.place, lambda: self._restore(target))

    async def _alone(self, place: Place, work: Callable[[], Awaitable[Done]]) -> Done:
        try:
            async with self._holds.alone(place):
                return await work()
        except HeldError as error:
            return Done(place.key, End.REFUSED, str(error))

    async def _apply(self, plan: Plan, planner: Planner) -> Done:
        base = await self._books.read(lambda c: book.baseline(c, plan.place))
        if (base and base.snapshot.id) != (plan.base and plan.base.snapshot.id):
            return Done(plan.key, End.MOVED, "somebody applied it since it was planned; plan again", plan.live)
        if plan.live is None:
            return await self._make(plan, planner)
        if plan.does_nothing:
            return await self._adopt(plan, plan.live)
        return await self._change(plan, plan.live)

    async def _adopt(self, plan: Plan, live: Live) -> Done:
        """Nothing is to be written. What is live is the baseline, unless it is that already.

        What the platform added by itself is taken into a baseline only when somebody says so.
        """
        if plan.base is not None:
            found = differences(plan.rules, plan.base.document, live.document)
            if not (found if plan.adopts else harmful(found)):
                return Done(plan.key, End.UNCHANGED, live=live)
        step = self._step()

        def keep(transaction: Any) -> Snapshot:
            kept = book.snapshot(transaction, plan.place, live.record_id, live.document, why="adopted", step=step)
            book.applied(transaction, kept, plan.asked, step)
            book.noted(transaction, "adopted", plan.place, step, snapshot=kept.id)
            return kept

        kept = await self._books.write(keep)
        return Done(plan.key, End.ADOPTED, "what is live is the baseline now", live, snapshot=kept.id)

    async def _change(self, plan: Plan, live: Live) -> Done:
        before = await self._snapshot(plan.place, live, "before", parts=sorted(plan.parts))
        now = await look(self._platform, self._sealer, plan.key.kind, live.record_id)
        if not same(now.document, live.document):
            await self._note("moved", plan.place)
            return Done(plan.key, End.MOVED, "somebody changed it since it was planned; plan again", now)
        try:
            await self._hand_in(plan.place, live.record_id, plan.parts)
        except (SealedError, RefusedError, UnreachableError) as error:
            await self._note("not_taken", plan.place, why=str(error))
            return Done(plan.key, End.NOT_TAKEN, str(error), live)
        return await self._compared(plan, before, now)

    async def _compared(self, plan: Plan, before: Snapshot, read: Live) -> Done:
        try:
            after, found = await self._read_back(plan.key.kind, read.record_id, plan.expected, read.document)
        except PlatformError as error:
            return await self._in_doubt(plan.place, before, f"it cannot be read back: {error}")
        others = await self._written_over(plan.place, read, after, plan.parts)
        return (await self._judged(plan, before, after, found)).also(others)

    async def _judged(self, plan: Plan, before: Snapshot, after: Live, found: Sequence[Difference]) -> Done:
        if not harmful(found):
            return await self._keep(plan, after, End.APPLIED, before.id)
        if not differences(plan.rules, before.document, after.document):
            await self._note("nothing_written", plan.place, snapshot=before.id)
            words = "nothing of it is there, and it may come late"
            way = f"In a minute, {command('apply', plan.place)} finds it there, or writes it again."
            return Done(plan.key, End.IN_DOUBT, words, after, tuple(found), before.id, way)
        return await self._taken_back(plan, before, after, found)

    async def _taken_back(self, plan: Plan, before: Snapshot, after: Live, found: Sequence[Difference]) -> Done:
        """What is there is not what was written. Put back what we touched, and what vanished; nobody else's edits."""
        names = [*plan.parts, *(each.path[0] for each in harmful(found) if each.seen in (None, MISSING, "", [], {}))]
        back = {name: before.document.get(name) for name in dict.fromkeys(names)}
        wrong = ", ".join(each.name for each in harmful(found))
        found_as = await self._snapshot(plan.place, after, "found")
        await self._note("mismatch", plan.place, snapshot=before.id, fields=wrong)
        words = f"read back, {wrong} was not as written (snapshot {found_as.id} has it as it was found)"
        try:
            asked = plan.base.asked if plan.base else {}
            await self._hand_in(
                plan.place, after.record_id, with_secret(plan.rules, back, before.document, after, asked)
            )
            flag = plan.rules.unseen_set
            back_at = {**after.document, flag: before.document.get(flag), **back}
            wanted = {name: value for name, value in back_at.items() if value is not None}
            now, left = await self._read_back(plan.key.kind, after.record_id, wanted)
            others = await self._written_over(plan.place, after, now, back)
        except (PlatformError, SealedError) as error:
            return await self._in_doubt(plan.place, before, f"{words}, and could not be put back: {error}")
        if not (still := harmful(left) or harmful(differences(plan.rules, before.document, now.document))):
            await self._note("rolled_back", plan.place, snapshot=before.id, fields=wrong)
            return Done(plan.key, End.ROLLED_BACK, words, now, tuple(found), before.id).also(others)
        differ = ", ".join(each.name for each in still)
        words += f"; put back, {differ} is not as it was before, by our doing or somebody else's"
        done = await self._in_doubt(plan.place, before, words, onward(plan.place, before, still), still)
        return done.also(others)

    async def _make(self, plan: Plan, planner: Planner) -> Done:
        """Looked up by its name before it is made."""
        if there := await planner.found_again(plan.record):
            return Done(plan.key, End.MOVED, "somebody made it since it was planned; plan again", there)
        try:
            record_id = await self._create(plan)
        except (SealedError, RefusedError, UnreachableError) as error:
            await self._note("not_taken", plan.place, why=str(error))
            return Done(plan.key, End.NOT_TAKEN, str(error))
        except InDoubtError:
            return await self._make_again(plan, planner)
        return await self._made(plan, record_id)

    async def _make_again(self, plan: Plan, planner: Planner) -> Done:
        """It was sent without an answer: looked for, sent once more where it is not there, and looked for once more."""
        why = ""
        for sends in (True, False):
            await asyncio.sleep(self._pauses_s[-1])
            try:
                there = await planner.found_again(plan.record)
                record_id = there.record_id if there else await self._create(plan) if sends else ""
            except (PlatformError, SealedError) as error:
                why = f": {error}"  # also a refusal, which may be for what the first one has made
                continue
            if record_id:
                return await self._made(plan, record_id)
        return await self._in_doubt(plan.place, None, f"it was sent without an answer, and is not there yet{why}")

    async def _create(self, plan: Plan) -> str:
        body = self._sealer.opened(plan.expected)
        await self._announce("making", plan.place, parts=sorted(plan.expected))
        record = await self._platform.create(plan.key.kind, body)
        record_id = record.get("id")
        if not isinstance(record_id, str) or not record_id:
            raise InDoubtError("the platform answered without an id")
        return record_id

    async def _made(self, plan: Plan, record_id: str) -> Done:
        try:
            after, found = await self._read_back(plan.key.kind, record_id, plan.expected, {})
        except PlatformError as error:
            return await self._in_doubt(plan.place, None, f"it was made and cannot be read back: {error}")
        if wrong := ", ".join(each.name for each in harmful(found) if each.wanted is not MISSING):
            await self._note("mismatch", plan.place, fields=wrong)
            words = f"it was made, and {wrong} is not as written"
            way = f"Nothing uses it yet; {command('apply', plan.place, ' --take ours')} writes it again."
            return Done(plan.key, End.IN_DOUBT, words, after, tuple(found), onward=way)
        added = ", ".join(each.name for each in harmful(found))
        done = await self._keep(plan, after, End.MADE, "")
        words = f"the platform added {added} by itself" if added else ""
        return replace(done, words=words, onward=made_anew(plan.place) if plan.base else "")

    async def _restore(self, target: Snapshot) -> Done:
        kind, key = target.place.key.kind, target.place.key
        rules, wanted = RULES[kind], target.sealed(self._sealer).document
        live = await look(self._platform, self._sealer, kind, target.record_id)
        base = await self._books.read(lambda c: book.baseline(c, target.place))
        asked = base.sealed(self._sealer).asked if base else {}
        parts: Document = {name: wanted.get(name) for name in parts_back(rules, wanted, live.document)}
        others = ""
        if parts:
            before = await self._snapshot(target.place, live, "before", parts=sorted(parts))
            again = f"Once more: {way_back(target.place, target.id)}. {onward(target.place, before)}"
            parts = {name: wanted[name] for name in rules.always if name in wanted} | parts
            try:
                await self._hand_in(target.place, live.record_id, with_secret(rules, parts, wanted, live, asked))
            except (SealedError, RefusedError, UnreachableError) as error:
                return await self._not_put_back(target.place, error)
            try:
                after, found = await self._read_back(kind, live.record_id, wanted)
            except PlatformError as error:
                return await self._in_doubt(target.place, before, f"it could not be put back: {error}", again)
            others = await self._written_over(target.place, live, after, parts)
            live = after
            if left := harmful(found):
                words = f"put back, {', '.join(each.name for each in left)} is not as it was"
                return (await self._in_doubt(target.place, before, words, again, left)).also(others)
        step = self._step()

        def keep(transaction: Any) -> None:
            kept = book.snapshot(transaction, target.place, live.record_id, live.document, why="restored", step=step)
            book.applied(transaction, kept, asked, step)
            book.noted(transaction, "restored", target.place, step, snapshot=target.id, parts=sorted(parts))

        await self._books.write(keep)
        pinned = "; assistants keep the version that they are pinned to until they are applied"
        kept_too = ", ".join(each.name for each in differences(rules, wanted, live.document) if each.seen)
        words = f"as it was in snapshot {target.id}{pinned if key.kind is Kind.TOOL and live.version else ''}"
        words += f"; new since then, and kept: {kept_too}" if kept_too else ""
        return Done(key, End.RESTORED, words, live).also(others)

    async def _not_put_back(self, place: Place, error: ReadbackError) -> Done:
        """Nothing was written: a secret is not known here, or the platform did not take it."""
        await self._note("not_taken", place, why=str(error))
        if not isinstance(error, SealedError):
            return Done(place.key, End.NOT_TAKEN, str(error))
        ours = command("apply", place, " --take ours")
        return Done(place.key, End.REFUSED, f"{error}. Nothing was written; {ours} brings what files ask for")

    async def _hand_in(self, place: Place, record_id: str, parts: Document) -> None:
        """Write, and leave it to whoever reads whether it was done. Raises what says that it was not."""
        body = self._sealer.opened(parts)
        await self._announce("submitted", place, parts=sorted(parts))
        try:
            await self._platform.change(place.key.kind, record_id, body)
        except InDoubtError as error:
            _log.warning("settings_in_doubt", record=str(place), reason=str(error))

    async def _read_back(
        self, kind: Kind, record_id: str, wanted: Document, read: Document | None = None
    ) -> tuple[Live, list[Difference]]:
        """What is there now, and how it differs; looked at again while it does, for it may come late.

        `read`: as it was read before, where `wanted` is only a wish.
        """
        error: PlatformError | None = None
        after: Live | None = None
        found: list[Difference] = []
        for pause in self._pauses_s:
            await asyncio.sleep(pause)
            try:
                after = await look(self._platform, self._sealer, kind, record_id)
            except GoneError:
                raise
            except PlatformError as last:
                error = last
                continue
            found = differences(RULES[kind], wanted, after.document, read)
            if not harmful(found):
                break
        if after is None:
            raise error or UnreachableError("it was not looked at")
        return after, found

    async def _keep(self, plan: Plan, after: Live, end: End, before: str) -> Done:
        step = self._step()

        def keep(transaction: Any) -> Snapshot:
            kept = book.snapshot(transaction, plan.place, after.record_id, after.document, why="applied", step=step)
            book.applied(transaction, kept, plan.asked, step)
            book.noted(transaction, str(end), plan.place, step, snapshot=kept.id, before=before)
            return kept

        kept = await self._books.write(keep)
        return Done(plan.key, end, live=after, snapshot=before or kept.id)

    async def _in_doubt(
        self, place: Place, before: Snapshot | None, why: str, way: str = "", left: Sequence[Difference] = ()
    ) -> Done:
        """Nobody knows what callers get now, so somebody has to look. `left`: what is there and was not before."""
        step, way = self._step(), way or onward(place, before)
        lines = [line for each in left for line in told(each.path, each.wanted, each.seen)]
        shown = "".join(f"{log.redact(line)}\n" for line in ["What was there before, and is now:", *lines] if lines)
        body = f"{log.redact(why)}.\n{shown}See it with {command('verify', place)}. {way}"
        page = Page(PAGE, str(place), f"Settings at the platform are in doubt: {place.key}", body)

        def tell(transaction: Any) -> None:
            book.noted(transaction, "in_doubt", place, step, why=why)
            raised(transaction, page, now=step.at)

        await self._books.write(tell)
        return Done(place.key, End.IN_DOUBT, why, found=tuple(left), snapshot=before.id if before else "", onward=way)

    async def _written_over(self, place: Place, read: Live, after: Live, parts: Document) -> str:
        """Tell of a write of somebody else's that came between a look and ours: what to do, or nothing.

        No write can be made to depend on what was read, so all that can be had is that it is noticed.
        """
        if after.writes_since(read) <= 1:
            return ""
        step, versions = self._step(), (read.version, after.version)
        names = sorted(parts.keys() - {*RULES[place.key.kind].always})
        way = written_over(place, versions, names)
        title = f"Somebody's settings at the platform may be overwritten: {place.key}"
        # Nothing that can be looked at ends it, and each such write is another matter.
        page = Page(OVERWRITTEN, f"{place}, version {after.version}", title, f"{way} Then resolve this page.")

        def tell(transaction: Any) -> None:
            book.noted(transaction, "overwritten", place, step, versions=versions, parts=names)
            raised(transaction, page, now=step.at)

        await self._books.write(tell)
        return way

    async def _snapshot(self, place: Place, live: Live, why: str, **data: Any) -> Snapshot:
        step = self._step()

        def keep(transaction: Any) -> Snapshot:
            kept = book.snapshot(transaction, place, live.record_id, live.document, why=why, step=step)
            book.noted(transaction, "snapshot", place, step, snapshot=kept.id, **data)
            return kept

        return await self._books.write(keep)

    async def _announce(self, what: str, place: Place, **data: Any) -> None:
        """Note what is about to be sent, while the record is still ours. Raises `HeldError`."""
        step = self._step()

        def announce(transaction: Any) -> None:
            self._holds.still(transaction, place)
            book.noted(transaction, what, place, step, **data)

        await self._books.write(announce)

    async def _note(self, what: str, place: Place, **data: Any) -> None:
        step = self._step()
        await self._books.write(lambda transaction: book.noted(transaction, what, place, step, **data))

    def _step(self) -> Step:
        return Step(self._by, self._clock.now())

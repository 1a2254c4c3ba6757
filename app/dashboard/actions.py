"""What the buttons do: the very steps that the commands take, each in one commit with its row in the audit log."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from app.audit.chain import Chain
from app.clock import utc
from app.dashboard.ports import House
from app.dashboard.request import Asked, MisusedError, NotThereError
from app.db.engine import Transaction
from app.inference import flag, guard
from app.jobs import dead_letters
from app.jobs.dead_letters import LetterError
from app.review import reviews, tasks, truth
from app.watch import incidents, limit_book, pages
from app.watch.incidents import Impact, Opening, Said, State
from app.watch.pages_told import in_hand

T = TypeVar("T")

SAID: Final[Mapping[str, str]] = {
    "task-done": "Done, and nobody is paged about it any more.",
    "approved": "Approved: it is carried out, and the customer hears of it.",
    "rejected": "Rejected: it is not done, and the customer is called back.",
    "replayed": "It is tried again.",
    "replayed-page": "They are tried again.",
    "discarded": "Discarded: it is not done.",
    "acknowledged": "Acknowledged: it is repeated no more.",
    "acknowledged-all": "Acknowledged: they are repeated no more.",
    "resolved": "Resolved: whoever was paged hears of it.",
    "flag-set": "Set: every process follows within two seconds.",
    "confirmed": "Entered: it holds for 90 days.",
    "incident-opened": "The incident is open, and on the public page within seconds.",
    "incident-told": "Said, in public.",
    "incident-resolved": "The incident is resolved.",
    "walking": "The log is being walked; load this page again to see how far.",
}
"""What a page says after a button: by a word of its address, so that no address can make it say anything else."""
OVERTAKEN: Final = (
    "{} has said something about this incident meanwhile. Nothing was said now: read that, and send yours again."
)
MOST_REPLAYED: Final = 50
MOST_TAKEN: Final = 50
"""Pages that are acknowledged at once: as many as one page of them shows."""


@dataclass(frozen=True, slots=True)
class Done:
    """Where to go on, and the word of `SAID`."""

    path: str
    word: str


Act = Callable[[Asked], Awaitable[Done]]


class Actions:
    """Every button by its address."""

    def __init__(self, house: House, chain: Chain) -> None:
        self._house = house
        self._chain = chain
        self.by_path: Mapping[str, Act] = {
            "tasks/done": self.task_done,
            "reviews/decide": self.decide,
            "dead-letters/replay": self.replay,
            "dead-letters/discard": self.discard,
            "pages/acknowledge": self.acknowledge,
            "pages/resolve": self.resolve,
            "flags/set": self.set_flag,
            "limits/confirm": self.confirm,
            "incidents/open": self.open_incident,
            "incidents/tell": self.tell,
            "audit/walk": self.walk,
        }

    async def task_done(self, asked: Asked) -> Done:
        """A task is done."""
        key, note = asked.needed("key"), asked.form.get("note", "")
        if not await self._write(lambda t, now: tasks.closed(t, key, by=asked.by, note=note, now=now)):
            raise MisusedError("There is no such open task: somebody has done it before.")
        return Done("tasks", "task-done")

    async def decide(self, asked: Asked) -> Done:
        """A review is decided; what it teaches is kept in the same commit."""
        identity, decision = asked.needed("id"), asked.needed("decision")
        if decision not in ("approve", "reject"):
            raise MisusedError("A review is approved or rejected.")
        approve = decision == "approve"
        note, corrected = asked.form.get("note", ""), asked.form.get("corrected", "")

        def work(transaction: Transaction, now: float) -> None:
            review = reviews.decided(transaction, identity, approve, by=asked.by, note=note, now=now)
            truth.learned(transaction, review, corrected=corrected, by=asked.by, now=now)

        await self._write(work)
        return Done("reviews", "approved" if approve else "rejected")

    async def replay(self, asked: Asked) -> Done:
        """One letter, or those of a page: of several, the ones that are open still."""
        chosen = asked.several.get("id", ())[:MOST_REPLAYED]
        if not chosen:
            raise MisusedError("No letter was chosen.")

        def work(transaction: Transaction, now: float) -> None:
            closed = 0
            for identity in chosen:
                try:
                    dead_letters.replay(transaction, identity, by=asked.by, now=now)
                except LetterError:
                    closed += 1
                    if len(chosen) == 1:
                        raise
            if closed == len(chosen):
                raise MisusedError("None of these letters is open: somebody has dealt with them before.")

        await self._write(work)
        return Done("dead-letters", "replayed" if len(chosen) == 1 else "replayed-page")

    async def discard(self, asked: Asked) -> Done:
        """A letter's work is not to be done."""
        identity, reason = asked.needed("id"), asked.form.get("reason", "")
        await self._write(lambda t, now: dead_letters.discard(t, identity, by=asked.by, reason=reason, now=now))
        return Done("dead-letters", "discarded")

    async def acknowledge(self, asked: Asked) -> Done:
        """Somebody has a page, or all that are shown: of several, those that nobody has taken meanwhile."""
        chosen = asked.several.get("id", ())[:MOST_TAKEN]
        if len(chosen) < 2:
            await self._page(asked, lambda t, now: pages.acknowledged(t, asked.needed("id"), by=asked.by, now=now))
            return Done("pages", "acknowledged")
        took = await self._write(lambda t, now: [pages.acknowledged(t, one, by=asked.by, now=now) for one in chosen])
        if not any(took):
            raise MisusedError("None of these pages is open: somebody has taken them before.")
        self._house.wake()
        return Done("pages", "acknowledged-all")

    async def resolve(self, asked: Asked) -> Done:
        """A page is over."""
        await self._page(asked, lambda t, now: pages.resolved_by_id(t, asked.needed("id"), by=asked.by, now=now))
        return Done("pages", "resolved")

    async def set_flag(self, asked: Asked) -> Done:
        """A share of customers; the guard's page about it is over with it, as by the command."""
        name, why = asked.needed("name"), asked.form.get("why", "")
        percent = _whole(asked.needed("percent"))

        def work(transaction: Transaction, now: float) -> None:
            flag.change(transaction, name, percent, by=asked.by, why=why, now=now)
            pages.resolved(transaction, guard.PAGE, name, now=now, by=asked.by)

        await self._write(work)
        self._house.wake()
        return Done("flags", "flag-set")

    async def confirm(self, asked: Asked) -> Done:
        """What a person has read on somebody's panel."""
        limit = self._house.confirmable.get(asked.needed("name"))
        if limit is None:
            raise NotThereError("There is no limit of this name that a person confirms.")
        value = asked.needed("value")
        await self._write(lambda t, now: limit_book.confirmed(t, limit, value, by=asked.by, now=now))
        return Done("limits", "confirmed")

    async def open_incident(self, asked: Asked) -> Done:
        """Say in public that something is wrong."""
        business = asked.form.get("business", "")
        if business and business not in self._house.businesses.by_id:
            raise MisusedError("There is no business with this id.")
        opening = Opening(
            title=asked.needed("title"),
            words=asked.form.get("words", "").strip() or incidents.FIRST_WORDS,
            parts=asked.several.get("parts", ()),
            impact=_one_of(Impact, asked.form.get("impact", Impact.MINOR)),
            business=business,
            page=asked.form.get("page", ""),
        )
        await self._write(lambda t, now: incidents.opened(t, opening, by=asked.by, now=now))
        self._house.wake()
        return Done("incidents", "incident-opened")

    async def tell(self, asked: Asked) -> Done:
        """Say in public how far we are, or that it is over; not over what somebody said since the form was shown, for
        a form hands in all there is to be chosen.
        """
        identity, state = asked.needed("id"), _one_of(State, asked.needed("state"))
        impact, whole = asked.form.get("impact"), asked.form.get("what") == "all"
        said = Said(
            asked.needed("words"),
            state=state,
            impact=_one_of(Impact, impact) if impact else None,
            parts=asked.several.get("parts", ()) if whole else None,  # a form that has the boxes, none of them ticked
        )
        seen = asked.form.get("seen", "")

        def work(transaction: Transaction, now: float) -> None:
            before = incidents.found(transaction.connection, identity)
            if before.state is not State.RESOLVED and seen not in ("", utc(before.changed_at)):
                raise MisusedError(OVERTAKEN.format(before.updates[-1].by))
            incidents.said(transaction, identity, said, by=asked.by, now=now)

        await self._write(work)
        self._house.wake()
        return Done("incidents", "incident-resolved" if state is State.RESOLVED else "incident-told")

    async def walk(self, _: Asked) -> Done:
        """Look whether the audit log holds."""
        self._chain.begin()
        return Done("audit", "walking")

    async def _page(self, asked: Asked, change: Callable[[Transaction, float], bool]) -> None:
        def work(transaction: Transaction, now: float) -> None:
            kept = pages.found(transaction.connection, asked.needed("id"))
            if kept is None:
                raise NotThereError("There is no page with this id.")
            if not change(transaction, now):
                raise MisusedError(in_hand(kept, now))

        await self._write(work)
        self._house.wake()

    async def _write(self, work: Callable[[Transaction, float], T]) -> T:
        now = self._house.clock.now()
        return await self._house.write(lambda transaction: work(transaction, now))


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise MisusedError("The share is a whole number from 0 to 100.")
    return int(text)


def _one_of(kind: type[T], text: str) -> T:
    try:
        return kind(text)  # type: ignore[call-arg]  # an enum, found by its value
    except ValueError:
        raise MisusedError(f"{text[:40]!r} is none of the choices.") from None

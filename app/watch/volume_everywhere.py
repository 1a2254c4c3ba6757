"""One page for businesses that fall silent together, or are flooded, so that whoever runs them all hears of it once.

The pages about each stay up behind it: they end by themselves, and tell the people whom a business names. As with the
lines of one business, who joins rings nobody, and who stays away though others are back rings once that is certain.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import func, select

from app.db.engine import Transaction
from app.db.schema import pages
from app.watch import held
from app.watch.following import OF_MANY, place
from app.watch.judgement import State
from app.watch.pages import NOT_RESOLVED, OVER, SUPERSEDED, Kept, Page, newest, raised, resolved, reworded, superseded
from app.watch.volume_lines import Decision
from app.watch.volume_pages import TOGETHER_S, Again
from app.watch.volume_words import FLOOD, KINDS, SILENCE, body_of_many, lead, title_of_many, whom_of_many

KEY: Final = "businesses"
LEAST: Final = 3
"""Two that are silent at once may be so by chance in an installation of hundreds; three in one outage are not."""
FLOODED_TOGETHER_S: Final = 3_600.0
"""Floods of one cause are certain within so long of each other: it is the longest window that one is looked for in."""
_p = pages.c


@dataclass(frozen=True, slots=True)
class Odd:
    """A business that pages of a silence, or of a flood, are up about: their ids, and when the first of them rang.

    `found`: what of it is least by chance; None where nothing is known of it now. `began`: since when it may have been
    so. `within`: whether the page about many tells of it.
    """

    pages: tuple[str, ...]
    raised_at: float
    within: bool
    found: Decision | None
    began: float


def see_to(transaction: Transaction, made: Mapping[str, Sequence[Decision]], again: Again, now: float) -> bool:
    """Raise, tell anew or end the pages about many; whether one was raised or has ended.

    `made`: by business, what was decided; the pages about each are as they should be already.
    """
    silent = _Many(transaction, SILENCE, made, again, now).seen_to()
    return _Many(transaction, FLOOD, made, lambda *_: False, now).seen_to() or silent


def fell_together(odd: Sequence[Odd], now: float) -> list[Odd]:
    """Those that were so already when the first of them rang, where that makes a page about many; else none."""
    lately = [one for one in odd if one.found is not None and now - one.raised_at <= TOGETHER_S]
    lately.sort(key=lambda one: one.raised_at)
    for number, first in enumerate(lately):
        party = [one for one in lately[number:] if one.began < first.raised_at]
        if len(party) >= LEAST:
            return party
    return []


def is_of_it(one: Odd, raised_at: float, back: float | None, again: Again, now: float) -> bool:
    """Whether the page about many, raised then, tells of this one. `back`: when the first of them was back."""
    if one.found is None:
        return one.within
    soon = raised_at <= one.raised_at and now - raised_at <= TOGETHER_S
    fell_with = one.within or (soon and one.began < raised_at)
    return fell_with and (back is None or not again(one.found, back))


class _Many:
    """What there is of one kind of page now."""

    def __init__(
        self,
        transaction: Transaction,
        kind: str,
        made: Mapping[str, Sequence[Decision]],
        again: Again,
        now: float,
    ) -> None:
        self._transaction, self._kind, self._made, self._again, self._now = transaction, kind, made, again, now
        self._of_many = OF_MANY[kind]

    def seen_to(self) -> bool:
        """Take the steps; whether a page was raised or has ended."""
        wide = newest(self._transaction.connection, self._of_many, KEY)
        if wide is None or wide.status == "resolved":
            if wide is not None and wide.resolution not in ("", SUPERSEDED):
                self._called_over(wide)
            party = fell_together(self._odd(None), self._now)
            return bool(party) and self._raise(party)
        odd = self._odd(wide.id)
        back = self._back(wide)
        party = [one for one in odd if is_of_it(one, wide.raised_at, back, self._again, self._now)]
        others = [one for one in odd if one not in party]
        if anew := fell_together(others, self._now):
            superseded(self._transaction, self._of_many, KEY, now=self._now)
            return self._raise([*party, *anew])
        apart = [page for one in others if one.within for page in one.pages]
        held.told_apart(self._transaction, wide.id, apart, now=self._now)
        if not party:
            return resolved(self._transaction, self._of_many, KEY, now=self._now)
        self._tell_as_it_is(wide, party)
        return False

    def _tell_as_it_is(self, wide: Kept, party: Sequence[Odd]) -> None:
        told = [page for one in party for page in one.pages]
        joined = held.told_with(self._transaction, wide.id, told, now=self._now)
        known = [one.found for one in party if one.found is not None]
        if len(known) == len(party) and not wide.page.body.startswith(whom_of_many(known, len(self._made))):
            page = self._page(known)
            more = joined and len(party) >= LEAST  # who is back is in the words; the title is what it began as
            page = page if more else replace(page, title=wide.page.title)
            reworded(self._transaction, self._of_many, KEY, page, now=self._now)

    def _odd(self, wide: str | None) -> list[Odd]:
        asked = select(_p.id, _p.business, _p.raised_at, _p.receivers).where(_p.kind == self._kind, NOT_RESOLVED)
        rows: dict[str, list[Any]] = defaultdict(list)
        for row in self._transaction.connection.execute(asked.order_by(_p.raised_at, _p.id)):
            rows[row.business].append(row)
        return [self._of_business(business, mine, wide) for business, mine in rows.items()]

    def _of_business(self, business: str, mine: Sequence[Any], wide: str | None) -> Odd:
        such = [one for one in self._made.get(business, ()) if KINDS.get(one.verdict.state) == self._kind]
        within = wide is not None and all(_mark(wide) in row.receivers for row in mine)
        found, raised_at = lead(such) if such else None, mine[0].raised_at
        began = found.verdict.since if found else raised_at
        if found and found.verdict.state is State.FLOOD:  # of which only as much is looked at as a window is long
            began = min(began, raised_at - FLOODED_TOGETHER_S)
        return Odd(tuple(row.id for row in mine), raised_at, within, found, began)

    def _back(self, wide: Kept) -> float | None:
        """When the first of them was as usual again; None while none was."""
        first = select(func.min(_p.changed_at)).where(
            OVER,
            _p.changed_at > wide.raised_at,
            _p.kind == self._kind,
            _p.resolution == "",
            _p.receivers.contains(_mark(wide.id)),
        )
        at: float | None = self._transaction.connection.execute(first).scalar_one()
        return at

    def _raise(self, party: Sequence[Odd]) -> bool:
        page = self._page([one.found for one in party if one.found is not None])
        raised(self._transaction, page, now=self._now)
        wide = newest(self._transaction.connection, self._of_many, KEY)
        if wide is not None:
            held.told_with(self._transaction, wide.id, [each for one in party for each in one.pages], now=self._now)
        return True

    def _called_over(self, wide: Kept) -> None:
        """Who says of all of them that it is over says it of each."""
        told = select(_p.kind, _p.key).where(NOT_RESOLVED, _p.kind == self._kind, _p.receivers.contains(_mark(wide.id)))
        for row in self._transaction.connection.execute(told).fetchall():
            resolved(self._transaction, row.kind, row.key, now=self._now, by=wide.resolution)

    def _page(self, party: Sequence[Decision]) -> Page:
        return Page(self._of_many, KEY, title_of_many(party), body_of_many(party, len(self._made), self._now))


def _mark(page_id: str) -> str:
    return f'"{place(page_id)}"'

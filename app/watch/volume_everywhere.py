"""One page for businesses that fall silent together, so that whoever runs them all hears of it once.

The pages about each stay up behind it: they end by themselves, and tell the people whom a business names. As with the
lines of one business, who joins rings nobody, and who stays away though others are back rings once that is certain.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, func, select

from app.db.engine import Transaction
from app.db.schema import pages
from app.watch import held
from app.watch.following import OF_MANY, place
from app.watch.judgement import State
from app.watch.pages import NOT_RESOLVED, OVER, SUPERSEDED, Kept, Page, newest, raised, resolved, reworded, superseded
from app.watch.volume_lines import Decision
from app.watch.volume_pages import TOGETHER_S, Again
from app.watch.volume_words import SILENCE, body_of_many, lead, title_of_many, whom_of_many

KEY: Final = "businesses"
LEAST: Final = 3
"""Two that are silent at once may be so by chance in an installation of hundreds; three in one outage are not."""
_p = pages.c


@dataclass(frozen=True, slots=True)
class Quiet:
    """A business that pages of a silence are up about: their ids, and when the first of them rang.

    `found`: its silence that is least by chance; None where nothing is known of it now. `within`: whether the page
    about many tells of it.
    """

    pages: tuple[str, ...]
    raised_at: float
    within: bool
    found: Decision | None


def see_to(transaction: Transaction, made: Mapping[str, Sequence[Decision]], again: Again, now: float) -> bool:
    """Raise, tell anew or end the page about many; whether one was raised or has ended.

    `made`: by business, what was decided; the pages about each are as they should be already.
    """
    connection = transaction.connection
    wide = newest(connection, OF_MANY, KEY)
    if wide is None or wide.status == "resolved":
        if wide is not None and wide.resolution not in ("", SUPERSEDED):
            _called_over(transaction, wide, now)
        party = fell_together(_quiet(connection, made, None), now)
        return bool(party) and _raise(transaction, party, len(made), now)
    quiet = _quiet(connection, made, wide.id)
    back = _back(connection, wide)
    party = [one for one in quiet if is_of_it(one, wide.raised_at, back, again, now)]
    others = [one for one in quiet if one not in party]
    if anew := fell_together(others, now):
        superseded(transaction, OF_MANY, KEY, now=now)
        return _raise(transaction, [*party, *anew], len(made), now)
    held.told_apart(transaction, wide.id, [page for one in others if one.within for page in one.pages], now=now)
    if not party:
        return resolved(transaction, OF_MANY, KEY, now=now)
    joined = held.told_with(transaction, wide.id, [page for one in party for page in one.pages], now=now)
    known = [one.found for one in party if one.found is not None]
    if len(known) == len(party) and not wide.page.body.startswith(whom_of_many(known, len(made))):
        page = _page(known, len(made), now)
        more = joined and len(party) >= LEAST  # who is back is in the words; the title is what it began as
        reworded(transaction, OF_MANY, KEY, page if more else replace(page, title=wide.page.title), now=now)
    return False


def fell_together(quiet: Sequence[Quiet], now: float) -> list[Quiet]:
    """Those that were silent already when the first of them rang, where that makes a page about many; else none."""
    lately = [one for one in quiet if one.found is not None and now - one.raised_at <= TOGETHER_S]
    lately.sort(key=lambda one: one.raised_at)
    for number, first in enumerate(lately):
        party = [one for one in lately[number:] if one.found and one.found.verdict.since < first.raised_at]
        if len(party) >= LEAST:
            return party
    return []


def is_of_it(one: Quiet, raised_at: float, back: float | None, again: Again, now: float) -> bool:
    """Whether the page about many, raised then, tells of this silence. `back`: when the first of them was back."""
    if one.found is None:
        return one.within
    soon = raised_at <= one.raised_at and now - raised_at <= TOGETHER_S
    fell_with = one.within or (soon and one.found.verdict.since < raised_at)
    return fell_with and (back is None or not again(one.found, back))


def _quiet(connection: Connection, made: Mapping[str, Sequence[Decision]], wide: str | None) -> list[Quiet]:
    asked = select(_p.id, _p.business, _p.raised_at, _p.receivers).where(_p.kind == SILENCE, NOT_RESOLVED)
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(asked.order_by(_p.raised_at, _p.id)):
        rows[row.business].append(row)
    found: list[Quiet] = []
    for business, mine in rows.items():
        silent = [one for one in made.get(business, ()) if one.verdict.state is State.SILENT]
        within = wide is not None and all(_mark(wide) in row.receivers for row in mine)
        ids = tuple(row.id for row in mine)
        found.append(Quiet(ids, mine[0].raised_at, within, lead(silent) if silent else None))
    return found


def _back(connection: Connection, wide: Kept) -> float | None:
    """When the first of them had a call again; None while none had."""
    first = select(func.min(_p.changed_at)).where(
        OVER,
        _p.changed_at > wide.raised_at,
        _p.kind == SILENCE,
        _p.resolution == "",
        _p.receivers.contains(_mark(wide.id)),
    )
    at: float | None = connection.execute(first).scalar_one()
    return at


def _raise(transaction: Transaction, party: Sequence[Quiet], of: int, now: float) -> bool:
    raised(transaction, _page([one.found for one in party if one.found is not None], of, now), now=now)
    wide = newest(transaction.connection, OF_MANY, KEY)
    if wide is not None:
        held.told_with(transaction, wide.id, [page for one in party for page in one.pages], now=now)
    return True


def _called_over(transaction: Transaction, wide: Kept, now: float) -> None:
    """Who says of all of them that it is over says it of each."""
    told = select(_p.kind, _p.key).where(NOT_RESOLVED, _p.kind == SILENCE, _p.receivers.contains(_mark(wide.id)))
    for row in transaction.connection.execute(told).fetchall():
        resolved(transaction, row.kind, row.key, now=now, by=wide.resolution)


def _page(party: Sequence[Decision], of: int, now: float) -> Page:
    return Page(OF_MANY, KEY, title_of_many(party), body_of_many(party, of, now))


def _mark(page_id: str) -> str:
    return f'"{place(page_id)}"'

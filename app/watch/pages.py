"""Pages in the database: raised and resolved in the same commit as what they are about, so that none is lost.

Whoever raises one sends nothing; the pager finds it, and keeps in its row how far it got.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, TextClause, and_, case, func, or_, select, text, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import pages
from app.watch.escalation import NEVER, Progress, Reach, as_data, from_data, merged

MOST_LISTED = 1_000
BY_MAX_CHARS = 80
SUPERSEDED = "superseded"
"""How a page ended of which another one tells from now on: nobody hears that it is over, for it is not."""

HELD = "held"
"""In the place of the last step that receivers know: it waits behind another page. See `following`."""

PLACES = "ntw"
"""Before the id, in the place of a page in a list: taken by nobody, taken, and one that waits behind another."""

OURSELVES = "readback: "
"""Before the reason, where no person said that it is over."""

_insert = BulkInsert(pages)
_p = pages.c
OVER = text("pages.status = 'resolved'")
NOT_RESOLVED = text("pages.status <> 'resolved'")
"""Written out: with a place for the value no planner may know that the index over open pages has them all."""


@dataclass(frozen=True, slots=True)
class Page:
    """Something a person has to know now. (`kind`, `key`) is one page for as long as it is not resolved.

    `kind` comes from a closed set, `key` says about what. `business` decides who is paged besides the installation's
    own receivers; empty: only those. Title and body carry no personal data.
    """

    kind: str
    key: str
    title: str
    body: str
    business: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as its row has it. `status`: open, acknowledged or resolved; `told`: the last step receivers know.

    `resolution`: who said that it is over, `OURSELVES` and why, `SUPERSEDED`, or empty when the cause is gone.
    """

    id: str
    page: Page
    status: str
    raised_at: float
    changed_at: float
    next_at: float
    progress: Progress
    told: str
    acknowledged_by: str
    acknowledged_at: float
    resolution: str


@dataclass(frozen=True, slots=True)
class Past:
    """A page that was told of without a row, and is over: since when, how often, whom it reached, and who had it."""

    page: Page
    raised_at: float
    progress: Progress
    acknowledged_by: str = ""
    acknowledged_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Lasting:
    """A page that was told of without a row, and lasts."""

    so_far: Past


def raised(transaction: Transaction, page: Page, *, now: float, reached: int = 0) -> bool:
    """Raise a page unless it is raised already; True when it was raised now. `reached`: how many rounds of another page
    told of the same, so that this one begins as high up.
    """
    connection = transaction.connection
    if connection.execute(select(_p.id).where(*_open(page.kind, page.key))).first() is not None:
        return False
    about = (uuid.uuid4().hex, page.kind, page.key, page.business, page.title, page.body, "open", now, now)
    _insert(connection, [(*about, now, reached, 0, "{}", "", "", 0.0, "")])
    record(transaction, "page_raised", business=page.business, subject=page.key, at=now, page=page.kind)
    return True


def reworded(transaction: Transaction, kind: str, key: str, page: Page, *, now: float) -> bool:
    """Another key, title and body for a page that goes on: who repeats it says the new ones, and nobody is told now.

    True when there was such a page.
    """
    values = {"key": page.key, "title": page.title, "body": page.body}
    done = transaction.connection.execute(update(pages).where(*_open(kind, key)).values(**values))
    if done.rowcount:
        about = {"before": key} if key != page.key else {}
        record(transaction, "page_reworded", business=page.business, subject=page.key, at=now, page=kind, **about)
    return bool(done.rowcount)


def written_down(transaction: Transaction, past: Past, *, now: float) -> None:
    """Keep what is over and had no row; once, where others told of it in the same time as well. Nobody is told."""
    connection, page = transaction.connection, past.page
    if resolved(transaction, page.kind, page.key, now=now):
        return
    here = (_p.kind == page.kind, _p.key == page.key, _p.changed_at >= past.raised_at)
    if connection.execute(select(_p.id).where(*here)).first() is not None:
        return
    about = (uuid.uuid4().hex, page.kind, page.key, page.business, page.title, page.body, "resolved")
    whom = orjson.dumps(as_data(past.progress.reach)).decode()
    taken = (_in_short(past.acknowledged_by), past.acknowledged_at)
    _insert(connection, [(*about, past.raised_at, now, NEVER, past.progress.round, 0, whom, "resolved", *taken, "")])
    noted: dict[str, Any] = {"business": page.business, "page": page.kind, "noted_after": True}
    record(transaction, "page_raised", subject=page.key, at=past.raised_at, **noted)
    if past.acknowledged_at:
        record(transaction, "page_acknowledged", subject=about[0], at=past.acknowledged_at, by=taken[0], **noted)
    record(transaction, "page_resolved", subject=page.key, at=now, **noted)


def taken_over(transaction: Transaction, lasting: Lasting, *, now: float) -> None:
    """Raise a page that people heard of already, unless it is raised: whoever did is told again in the next round."""
    told = lasting.so_far.progress
    if raised(transaction, lasting.so_far.page, now=now, reached=max(0, told.round - 1)) and told.heard():
        whom = {"receivers": orjson.dumps(as_data(told.reach)).decode(), "told": "open"}
        name = lasting.so_far.page.kind, lasting.so_far.page.key
        transaction.connection.execute(update(pages).where(*_open(*name)).values(**whom))


def rounds_of(transaction: Transaction, kind: str, key: str) -> int:
    """How many rounds the page had that is up; 0 where none is."""
    return transaction.connection.execute(select(_p.round).where(*_open(kind, key))).scalar() or 0


def is_raised(transaction: Transaction, kind: str, key: str) -> bool:
    """Whether there is such a page that is not resolved."""
    return transaction.connection.execute(select(_p.id).where(*_open(kind, key))).first() is not None


def is_taken(transaction: Transaction, kind: str, key: str) -> bool:
    """Whether there is such a page that somebody has acknowledged."""
    taken = select(_p.id).where(*_open(kind, key), _p.status == "acknowledged")
    return transaction.connection.execute(taken).first() is not None


def raised_about(connection: Connection, kind: str) -> set[str]:
    """Keys of the pages of this kind that are not resolved, whoever raised them."""
    return set(connection.execute(select(_p.key).where(_p.kind == kind, NOT_RESOLVED)).scalars())


def called_over(connection: Connection, kind: str, key: str, since: float) -> float | None:
    """When a person last said since then that it is over: what lasts all the same is not told again so soon."""
    ended = select(func.max(_p.changed_at)).where(_p.kind == kind, _p.key == key, _p.status == "resolved")
    by_a_person = _p.resolution.not_in(("", SUPERSEDED))
    at: float | None = connection.execute(ended.where(by_a_person, _p.changed_at > since)).scalar_one()
    return at


def resolved(transaction: Transaction, kind: str, key: str, *, now: float, by: str = "") -> bool:
    """The cause is gone, or somebody says that it is over; True when there was such a page."""
    values = {"status": "resolved", "changed_at": now, "next_at": now, "tries": 0, "resolution": _in_short(by)}
    done = transaction.connection.execute(update(pages).where(*_open(kind, key)).values(**values))
    if done.rowcount:
        record(transaction, "page_resolved", subject=key, at=now, page=kind, **({"by": _in_short(by)} if by else {}))
    return bool(done.rowcount)


def superseded(transaction: Transaction, kind: str, key: str, *, now: float) -> bool:
    """Another page tells of it from now on; True when there was such a page."""
    return resolved(transaction, kind, key, now=now, by=SUPERSEDED)


def naming(connection: Connection, word: str) -> list[tuple[str, str]]:
    """(kind, key) of every page that is up and has this word, which only one thing has, in its words."""
    rows = connection.execute(select(_p.kind, _p.key).where(NOT_RESOLVED, _p.body.contains(word, autoescape=True)))
    return [(row.kind, row.key) for row in rows]


def who_ended(resolution: str) -> str:
    """That somebody said that it is over, or why it ended by itself."""
    return resolution if resolution.startswith(OURSELVES) else f"{resolution} says that it is over"


def resolved_by_id(transaction: Transaction, page_id: str, *, by: str, now: float) -> bool:
    """A person says that it is over; True when the page was there and not resolved."""
    kept = found(transaction.connection, page_id)
    if kept is None or kept.status == "resolved":
        return False
    return resolved(transaction, kept.page.kind, kept.page.key, now=now, by=by or "somebody")


def acknowledged(transaction: Transaction, page_id: str, *, by: str, now: float) -> bool:
    """Somebody has it: no more repeats. True when it was open until now. `by` is bounded; empty is nobody named."""
    by = _in_short(by)
    done = transaction.connection.execute(
        update(pages)
        .where(_p.id == page_id, _p.status == "open")
        .values(status="acknowledged", acknowledged_by=by, acknowledged_at=now, changed_at=now, next_at=now, tries=0)
    )
    if done.rowcount:
        record(transaction, "page_acknowledged", subject=page_id, at=now, by=by)
    return bool(done.rowcount)


def found(connection: Connection, page_id: str) -> Kept | None:
    """The page with this id; None when there is none."""
    row = connection.execute(select(pages).where(_p.id == page_id)).first()
    return None if row is None else kept_of(row)


def newest(connection: Connection, kind: str, key: str) -> Kept | None:
    """The last one about this, over or not; None when there was none."""
    still = connection.execute(select(pages).where(*_open(kind, key))).first()
    over = select(pages).where(OVER, _p.kind == kind, _p.key == key).order_by(_p.changed_at.desc()).limit(1)
    row = still or connection.execute(over).first()
    return None if row is None else kept_of(row)


def listed(connection: Connection, *, all_of_them: bool = False, most: int = MOST_LISTED) -> list[Kept]:
    """Pages not resolved, or all, newest first."""
    query = select(pages).order_by(_p.raised_at.desc()).limit(most)
    rows = connection.execute(query if all_of_them else query.where(NOT_RESOLVED))
    return [kept_of(row) for row in rows]


def waiting(connection: Connection, after: tuple[float, str] | None, most: int) -> list[Kept]:
    """Pages not resolved: those that nobody has taken first, those that wait behind another one last, and the newest
    first of each; from behind `place_of` one on.
    """
    taken = case((_p.status != "open", 1), (_p.told == HELD, 2), else_=0)
    query = select(pages).where(NOT_RESOLVED).order_by(taken, _p.raised_at.desc(), _p.id).limit(most)
    if after is not None:
        (at, identity), mine = after, max(0, PLACES.find(after[1][:1]))
        older = or_(_p.raised_at < at, and_(_p.raised_at == at, _p.id > identity[1:]))
        query = query.where(or_(taken > mine, and_(taken == mine, older)))
    return [kept_of(row) for row in connection.execute(query)]


def ended(connection: Connection, after: tuple[float, str] | None, most: int) -> list[Kept]:
    """Pages that are over, the last one first; from behind the end and the id of one on."""
    query = select(pages).where(OVER).order_by(_p.changed_at.desc(), _p.id.desc()).limit(most)
    if after is not None:
        at, identity = after
        query = query.where(or_(_p.changed_at < at, and_(_p.changed_at == at, _p.id < identity)))
    return [kept_of(row) for row in connection.execute(query)]


def place_of(page: Kept) -> tuple[float, str]:
    """Where it stands among those of `waiting`."""
    mine = PLACES[1] if page.status != "open" else PLACES[2] if page.told == HELD else PLACES[0]
    return page.raised_at, f"{mine}{page.id}"


def up_since(connection: Connection) -> dict[tuple[str, str], float]:
    """(kind, key) of every page that would not be raised again, and when it was raised."""
    rows = connection.execute(select(_p.kind, _p.key, _p.raised_at).where(NOT_RESOLVED))
    return {(row.kind, row.key): row.raised_at for row in rows}


def not_resolved(connection: Connection) -> set[tuple[str, str]]:
    """(kind, key) of every page that would not be raised again."""
    rows = connection.execute(select(_p.kind, _p.key).where(NOT_RESOLVED))
    return {(row.kind, row.key) for row in rows}


def any_due(connection: Connection, *, now: float) -> bool:
    """Whether the pager has something to do; cheap enough to be asked twice a second."""
    return connection.execute(select(_p.id).where(_p.next_at <= now).limit(1)).first() is not None


def leased(transaction: Transaction, *, now: float, until: float, limit: int) -> list[Kept]:
    """Take pages that are due for this process alone, until `until`; whoever dies over one leaves it to the others."""
    connection = transaction.connection
    due = connection.execute(select(pages).where(_p.next_at <= now).order_by(_p.next_at).limit(limit)).fetchall()
    taken = []
    for row in due:
        mine = update(pages).where(_p.id == row.id, _p.next_at == row.next_at).values(next_at=until)
        if connection.execute(mine).rowcount:
            taken.append(kept_of(row))
    return taken


def gone_on(
    transaction: Transaction, before: Kept, progress: Progress, *, told: str, next_at: float, now: float
) -> None:
    """Note how far a leased page got. What was acknowledged or resolved meanwhile stays so, and is told next."""
    row = transaction.connection.execute(select(pages).where(_p.id == before.id)).first()
    if row is None:
        return
    there = kept_of(row)
    moved = there.status != before.status
    transaction.connection.execute(
        update(pages)
        .where(_p.id == before.id)
        .values(
            receivers=orjson.dumps(as_data(merged(progress.reach, there.progress.reach))).decode(),
            round=progress.round,
            tries=0 if moved else progress.tries,
            told=there.told if moved and there.told == there.status else told,
            next_at=now if moved else next_at,
        )
    )


def reached(transaction: Transaction, page_id: str, receiver: str, reach: Reach) -> None:
    """Note that one receiver has it, before the others of its round have answered."""
    kept = found(transaction.connection, page_id)
    if kept is not None:
        known = orjson.dumps(as_data(merged({receiver: reach}, kept.progress.reach))).decode()
        transaction.connection.execute(update(pages).where(_p.id == page_id).values(receivers=known))


def kept_of(row: Any) -> Kept:
    """A page from its row."""
    reach: dict[str, Reach] = from_data(orjson.loads(row.receivers))
    return Kept(
        id=row.id,
        page=Page(row.kind, row.key, row.title, row.body, row.business),
        status=row.status,
        raised_at=row.raised_at,
        changed_at=row.changed_at,
        next_at=row.next_at,
        progress=Progress(row.round, row.tries, reach),
        told=row.told,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
        resolution=row.resolution,
    )


def _in_short(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:BY_MAX_CHARS]


def _open(kind: str, key: str) -> tuple[ColumnElement[bool] | TextClause, ...]:
    return _p.kind == kind, _p.key == key, NOT_RESOLVED

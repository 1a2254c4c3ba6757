"""What each page shows, as plain values: the page is made of them, and `/api` answers them as they are.

Redacted: no name, no number in full, nothing that a customer said. Every read is bounded and goes by an index.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Connection

from app import metrics
from app.audit.chain import Chain
from app.audit.search import Found, Sought, found
from app.booking.as_it_stands import names
from app.booking.listing import changes, is_doubted, is_unsettled, recent, such
from app.booking.store import Booking, as_kept, with_reference
from app.clock import utc
from app.dashboard import latency, overview
from app.dashboard.ports import House
from app.dashboard.request import Asked, MisusedError, NotThereError
from app.dashboard.shared_look import SharedLook
from app.inference.flag import all_of_them
from app.jobs import dead_letters
from app.log import masked_phone, redact
from app.review import reviews, tasks
from app.review.sheets import as_listed
from app.watch import incidents, pages
from app.watch.incidents_told import described as incident_described
from app.watch.pages_told import described as page_described
from app.watch.volume_look import VolumeLook

MOST_SHOWN: Final = 50
"""Rows of one page; the next page begins where it ends."""
FIGURES_WITHIN_S: Final = 20.0
PAGE_LISTS: Final = ("open", "ended")
LETTER_STATES: Final = ("open", "replayed", "discarded")

T = TypeVar("T")
Data = dict[str, Any]
Read = Callable[[Asked], Awaitable[Data]]


class Views:
    """The reads behind every page, by its address."""

    def __init__(self, house: House, chain: Chain) -> None:
        clock = house.clock
        self._house = house
        self._lines = SharedLook(clock, VolumeLook(house, house.watched, clock).look)
        self._figures = SharedLook(clock, lambda: house.read(lambda c: house.figures(c, clock.now()), FIGURES_WITHIN_S))
        self._chain = chain
        self.by_path: Mapping[str, Read] = {
            "": self.overview,
            "volume": self.volume,
            "latency": self.latency,
            "figures": self.figures,
            "bookings": self.bookings,
            "tasks": self.tasks,
            "reviews": self.reviews,
            "dead-letters": self.dead_letters,
            "pages": self.pages,
            "incidents": self.incidents,
            "limits": self.limits,
            "flags": self.flags,
            "audit": self.audit,
        }

    async def overview(self, _: Asked) -> Data:
        """Whether all is normal."""
        return await overview.read(self._house, self._lines)

    async def volume(self, asked: Asked) -> Data:
        """Lines beside what is usual for them, those that are not as usual first; of one business, or one of it."""
        whose, which = asked.query.get("business", ""), asked.query.get("line")
        worst = {"silent": 0, "flood": 1, "unknown": 2}
        looked = await self._lines.soon(overview.LINES_WITHIN_S)
        some = [one for one in looked or () if whose in ("", one.business) and which in (None, one.line)]
        shown, following = part(sorted(some, key=lambda one: worst.get(one.state, 3)), asked, MOST_SHOWN)
        told = []
        for one in shown:
            business = self._house.businesses.by_id.get(one.business)
            zone = business.zone.key if business else "UTC"
            told.append(one.as_json() | {"name": business.name if business else one.business, "zone": zone})
        return {"lines": told, "next": following, "known": looked is not None, "now": self._house.clock.now()}

    async def latency(self, _: Asked) -> Data:
        """How long tools take to answer."""
        exposition, _kind = metrics.render()  # on the loop, which alone may hand in what it counts
        return {"tools": latency.rows(latency.counted(exposition.decode()))}

    async def figures(self, _: Asked) -> Data:
        """Every service figure beside its threshold, what is raised first; and how each dependency is."""
        told = [one.as_json() | {"sentence": one.detail} for one in await self._figures.now()]
        figures = sorted(told, key=lambda row: (not row["raised"], bool(row["why"])))
        states = await self._house.states()
        return {"figures": figures, "dependencies": [{"name": name, "state": how} for name, how in states.items()]}

    async def bookings(self, asked: Asked) -> Data:
        """Appointments and how far they are read back."""
        show, reference = asked.query.get("show", "recent"), as_kept(asked.query.get("reference", ""))
        if reference:
            one = await self._read(lambda c: with_reference(c, reference))
            if one is None:
                raise NotThereError(f"There is no booking {reference[:32]}.")
            return {"show": "one", "bookings": await self._bookings([one]), "next": None, "more": False}
        after, now = place(asked.query.get("after", "")), self._house.clock.now()
        some = {"doubted": is_doubted(now), "unsettled": is_unsettled(now - overview.UNSETTLED_AFTER_S)}.get(show)
        if some is None:
            show, kept = "recent", await self._read(lambda c: recent(c, after, MOST_SHOWN))
        else:
            kept = await self._read(lambda c: such(c, some, after, MOST_SHOWN))
        return {
            "show": show,
            "bookings": await self._bookings(kept),
            "next": as_place(kept[-1].updated_at, kept[-1].id) if len(kept) == MOST_SHOWN else None,
            "more": len(kept) == MOST_SHOWN,
        }

    async def tasks(self, asked: Asked) -> Data:
        """What people have to do, the most urgent first."""
        after, now = place(asked.query.get("after", "")), self._house.clock.now()
        kept = await self._read(lambda c: tasks.waiting(c, after, MOST_SHOWN))
        more = len(kept) == MOST_SHOWN
        following = as_place(kept[-1].due, kept[-1].key) if more else None
        return {"tasks": [as_listed(task, now) for task in kept], "next": following, "more": more}

    async def reviews(self, asked: Asked) -> Data:
        """What waits for a person's decision, what was decided last, and where nobody is asked though it is new."""
        after, now = place(asked.query.get("after", "")), self._house.clock.now()
        waiting = await self._read(lambda c: reviews.waiting(c, after, MOST_SHOWN))
        decided = await self._read(lambda c: reviews.decided_lately(c, MOST_SHOWN))
        return {
            "reviews": [review_told(one) for one in waiting],
            "next": as_place(waiting[-1].due, waiting[-1].id) if len(waiting) == MOST_SHOWN else None,
            "decided": [review_told(one) for one in decided],
            "unapproved": await self._read(lambda c: self._house.unapproved(c, now)) or None,
        }

    async def dead_letters(self, asked: Asked) -> Data:
        """Jobs that were given up, the oldest first."""
        status = asked.query.get("status", "open")
        if status not in LETTER_STATES:
            raise MisusedError(f"Letters are {', '.join(LETTER_STATES)}.")
        after = place(asked.query.get("after", ""))
        kept = await self._read(lambda c: dead_letters.listed(c, status, MOST_SHOWN, after))
        return {
            "status": status,
            "letters": [_letter(one) for one in kept],
            "next": as_place(kept[-1].created_at, kept[-1].id) if len(kept) == MOST_SHOWN else None,
        }

    async def pages(self, asked: Asked) -> Data:
        """What people are paged about: what nobody has taken first, then the newest; or what is over."""
        after, show = place(asked.query.get("after", "")), asked.query.get("show", "open")
        if show not in PAGE_LISTS:
            raise MisusedError(f"Pages are {' or '.join(PAGE_LISTS)}.")
        over = show == "ended"
        kept = await self._read(lambda c: (pages.ended if over else pages.waiting)(c, after, MOST_SHOWN))
        unheard = self._house.unheard
        last = kept[-1] if len(kept) == MOST_SHOWN else None
        following = ((last.changed_at, last.id) if over else pages.place_of(last)) if last else None
        return {
            "show": show,
            "pages": [page_described(one) for one in kept],
            "next": as_place(*following) if following else None,
            "more": last is not None,
            "unheard": unheard.sentence if unheard else None,
        }

    async def incidents(self, asked: Asked) -> Data:
        """What is wrong in public, open ones first, and what was said about it; with the page that one is to be opened
        from.
        """
        name = asked.query.get("id", "")
        if name:
            kept = [await self._read(lambda c: incidents.found(c, name))]
        else:
            kept = await self._read(lambda c: incidents.listed(c, all_of_them=True))
            kept.sort(key=lambda one: one.state is incidents.State.RESOLVED)
        shown, following = part(kept, asked, MOST_SHOWN)
        told_of = asked.query.get("page", "")
        page = await self._read(lambda c: pages.found(c, told_of)) if told_of else None
        if told_of and page is None:
            raise NotThereError("There is no page with this id.")
        return {
            "incidents": [
                incident_described(one) | {"late": 0 < one.due_at < self._house.clock.now()} for one in shown
            ],
            "next": following,
            "page": page_described(page) if page else None,
        }

    async def limits(self, asked: Asked) -> Data:
        """Every limit with its present use; what is missing or nearest first."""
        now = self._house.clock.now()
        told = [dict(row) for row in await self._read(lambda c: self._house.limits(c, now))]
        told.sort(key=lambda row: (not row["wrong"], row["may_fill"], -(row["share"] or 0.0)))
        shown, following = part(told, asked, MOST_SHOWN)
        return {"limits": shown, "next": following}

    async def flags(self, _: Asked) -> Data:
        """Which share of customers is served how."""
        kept = await self._read(all_of_them)
        return {
            "flags": [
                {
                    "name": flag.name,
                    "percent": flag.percent,
                    "changed_at": utc(flag.changed_at) if flag.changed_by else None,
                    "changed_by": flag.changed_by or None,
                    "why": flag.why,
                }
                for flag in kept
            ]
        }

    async def audit(self, asked: Asked) -> Data:
        """What happened, and whether the log of it holds."""
        sought = _sought(asked.query)
        looked: Found = await self._read(lambda c: found(c, sought))
        state = self._chain.state
        chain = {
            "state": state.word,
            "rows": state.rows,
            "total": state.total,
            "anchors": state.anchors,
            "why": state.why,
            "at": utc(state.at) if state.at else None,
        }
        return {"chain": chain, "rows": [_audit_row(row) for row in looked.rows], "older": looked.older}

    async def stop(self) -> None:
        """Leave what is being read."""
        await self._lines.stop()
        await self._figures.stop()

    async def _read(self, work: Callable[[Connection], Any]) -> Any:
        return await self._house.read(work)

    async def _bookings(self, kept: Sequence[Booking]) -> list[Data]:
        under_way = await self._read(lambda c: changes(c, kept))
        return [self._booking(one) | {"change": under_way.get(one.id)} for one in kept]

    def _booking(self, one: Booking) -> Data:
        then = datetime.fromtimestamp(one.starts, self._house.zone_of(one.business))
        service, technician = names(one, self._house.businesses.by_id.get(one.business))
        return {
            "reference": one.reference,
            "business": one.business,
            "status": one.status,
            "reason": one.reason,
            "read_back": one.verification or None,
            "read_back_at": utc(one.verified_at) if one.verified_at else None,
            "service": one.service,
            "service_name": service,
            "technician": one.technician,
            "technician_name": technician,
            "starts": utc(one.starts),
            "starts_there": then.strftime("%a %-d %b %Y, %H:%M %Z"),
            "phone": masked_phone(one.phone or one.caller),
            "changed_at": utc(one.updated_at),
            "synthetic": one.synthetic,
        }


def review_told(one: reviews.Kept) -> Data:
    """A review without its evidence."""
    return {
        "id": one.id,
        "business": one.business,
        "why": one.why,
        "what": one.what,
        "status": one.status,
        "due": utc(one.due),
        "opened_at": utc(one.opened_at),
        "decided_at": utc(one.decided_at) if one.decided_at else None,
        "decided_by": one.decided_by or None,
        "note": redact(one.note),
    }


def part(rows: Sequence[T], asked: Asked, most: int) -> tuple[Sequence[T], str | None]:
    """The rows of one page, and where the next one begins. Raises `MisusedError`."""
    text = asked.query.get("after", "") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise MisusedError("This page begins nowhere. Begin with the first one.")
    end = int(text) + most
    return rows[int(text) : end], str(end) if end < len(rows) else None


def place(text: str) -> tuple[float, str] | None:
    """Where a page begins, as `as_place` wrote it; None for the beginning. Raises `MisusedError`."""
    if not text:
        return None
    at, _, identity = text.partition("_")
    try:
        return float(at), identity
    except ValueError:
        raise MisusedError("This page begins nowhere. Begin with the first one.") from None


def as_place(at: float, identity: str) -> str:
    """Where the next page begins."""
    return f"{at!r}_{identity}"


def _letter(one: dead_letters.Kept) -> Data:
    return {
        "id": one.id,
        "kind": one.kind,
        "key": one.key,
        "business": one.business,
        "cause": redact(one.cause),
        "status": one.status,
        "created_at": utc(one.created_at),
        "changed_at": utc(one.changed_at),
    }


def _sought(query: Mapping[str, str]) -> Sought:
    before, until = query.get("before", "").strip(), query.get("until", "").strip()
    try:
        return Sought(
            subject=query.get("subject", "").strip(),
            kind=query.get("kind", "").strip(),
            business=query.get("business", "").strip(),
            before=max(0, min(int(before), 2**62)) if before else None,
            until=datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp() if until else None,
        )
    except (ValueError, OverflowError):
        raise MisusedError("“before” is the number of a row, “until” a time such as 2026-11-20T09:00 (UTC).") from None


def _audit_row(row: Any) -> Data:
    data: Sequence[Any] | Mapping[str, Any] = orjson.loads(row.data)
    return {
        "seq": row.seq,
        "at": utc(row.at),
        "kind": row.kind,
        "business": row.business,
        "subject": row.subject,
        "data": data,
        "hash": row.hash,
    }

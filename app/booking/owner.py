"""Whose appointment it is: by the number that calls, or by reference together with the whole name.

Nothing that is said counts as a number. Tries that match nothing are counted in the database, and too many of them end
the trying and page somebody: references are short enough to be guessed by who may guess for long.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from app.booking.contact import same_name
from app.booking.store import Booking, as_kept, by_reference
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import failed_attempts
from app.errors import Code, SaidError
from app.watch.pages import Page, raised, resolved

WINDOW_S = 3600.0
MOST_BY_ONE = 8
"""Tries of one caller, or of one call, within the window."""
MOST_AT_BUSINESS = 200
"""Tries at one business within the window, whoever makes them."""
BURST = 20
"""Tries at one business within the window from which on it looks like guessing."""
PAGE_KIND = "reference_guessing"
KNOWN = ("confirmed", "pending", "held", "cancelled")
_f = failed_attempts.c


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, as the platform signals it: the number (None when withheld) and what names the call."""

    caller: str | None
    call_key: str


class Owners:
    """Finds appointments for those they belong to."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def appointment(
        self, business: str, asking: Asking, reference: str, name: str | None, *, by_number: bool = True
    ) -> Booking:
        """The appointment with this reference, whatever its state.

        Raises `SaidError`: the same words for a wrong reference, a wrong name and somebody else's appointment, and
        others once there were too many tries, right or wrong.
        """
        spoken = as_kept(reference)
        since = self._clock.now() - WINDOW_S
        tried, booking = await self._database.read(
            lambda c: (_tried(c, business, asking, since), by_reference(c, business, spoken))
        )
        known = booking is not None and booking.status in KNOWN
        if booking is not None and known and by_number and _is_callers(booking, asking.caller):
            return booking
        if name and tried:
            raise SaidError(
                Code.NOT_ALLOWED,
                "There were too many tries that did not match, so I can't look it up by reference now. I can have "
                "someone call you back.",
            )
        if booking is not None and known and same_name(booking.customer_name, name):
            return booking
        if name:  # without one nobody gets to what is not their own, so there is nothing to guess
            now = self._clock.now()
            await self._database.write(lambda t: _note(t, business, asking, now))
        # The same words for a wrong reference and a wrong name: neither may be found out by trying.
        raise SaidError(
            Code.NOT_FOUND,
            "I can't find an appointment with that reference and name. Please check both with the caller and try "
            "again.",
        )


def _is_callers(booking: Booking, caller: str | None) -> bool:
    # A withheld number is nobody's, and so is a booking without one.
    return bool(caller) and caller in (booking.caller, booking.phone)


def _tried(connection: Connection, business: str, asking: Asking, since: float) -> bool:
    """Whether the tries within the window are used up."""
    own = _names(asking)
    found = connection.execute(
        select(_f.who, func.count().label("tries"))
        .where(_f.business == business, _f.at > since, _f.who.in_((*own, "")))
        .group_by(_f.who)
    )
    counts = {row.who: row.tries for row in found}
    return counts.get("", 0) >= MOST_AT_BUSINESS or any(counts.get(who, 0) >= MOST_BY_ONE for who in own)


def _note(transaction: Transaction, business: str, asking: Asking, now: float) -> None:
    connection = transaction.connection
    connection.execute(delete(failed_attempts).where(_f.business == business, _f.at <= now - WINDOW_S))
    rows = [{"business": business, "who": who, "at": now} for who in ("", *_names(asking))]
    connection.execute(insert(failed_attempts), rows)
    tries = connection.execute(select(func.count()).where(_f.business == business, _f.who == "")).scalar_one()
    if tries >= BURST:
        page = Page(
            PAGE_KIND,
            business,
            f"References are being guessed: {business}",
            f"{tries} tries within an hour to reach appointments of {business} by reference and name did not match. "
            f"After {MOST_BY_ONE} tries a caller is not looked up any more, after {MOST_AT_BUSINESS} nobody is whose "
            "number is not the appointment's. See the audit log for the calls.",
            business,
        )
        raised(transaction, page, now=now)
    elif tries == 1:
        resolved(transaction, PAGE_KIND, business, now=now)


def _names(asking: Asking) -> tuple[str, ...]:
    """What the tries are counted under; digests, as a number is nobody's business here."""
    named = (("caller", asking.caller), ("call", asking.call_key))
    return tuple(hashlib.blake2b(f"{kind} {who}".encode(), digest_size=24).hexdigest() for kind, who in named if who)

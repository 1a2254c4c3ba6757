"""What follows from a look at an appointment: its state, pages, a task, our claim. One transaction, and safe to repeat.

The calendar is followed, never overwritten: nothing here writes to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.audit.log import record
from app.booking import verification
from app.booking.calendar import Event, Interval, Unknown
from app.booking.comparison import Difference, Wanted, differences, is_there, moved
from app.booking.store import Booking, changed, in_the_way
from app.booking.verdict_words import Sight, became, blind_page, changed_page, mismatch_page, telling, to_put_right
from app.booking.verification import (
    BY_HAND_PAGE,
    BY_HAND_TASK,
    CANNOT_VERIFY_PAGE,
    CHANGED_PAGE,
    MISMATCH_PAGE,
    TELL_CUSTOMER,
    Watched,
)
from app.booking.whereabouts import Place, not_telling
from app.db.engine import Transaction
from app.db.schema import tasks
from app.review.tasks import OURSELVES, Task, closed, open_about, opened, paged, seen_last
from app.watch.pages import raised, resolved, superseded

VERIFIED, MISMATCH, CHANGED, CANNOT_VERIFY = "verified", "mismatch", "changed", "cannot_verify"
AS_PROMISED = "the calendar shows what was promised again"
GONE = "gone"
"""How a sight begins, in the row of an appointment, whose event is on its own calendar no more."""
ONCE_MORE_AFTER_S = 3.0
"""What is wrong is read once more after so long, before anybody hears of it."""
CANNOT_VERIFY_AFTER_S = 300.0
BLIND_PAUSE_S = (5.0, 60.0)
"""Between two tries at a calendar that does not tell: shortest and longest."""
RECHECK_S = 120.0
"""Between two looks at what is not as it should be."""
NEAR_S = 24 * 3600
SOON_S = 4 * 3600
TELL_NEAR_S, TELL_FAR_S = 900.0, 4 * 3600.0
"""How soon a person has to tell the customer of a change."""


@dataclass(frozen=True, slots=True)
class Case:
    """One appointment under judgement. `lasting` says that waiting will not make an unknown sight known."""

    booking: Booking
    watched: Watched
    zone: ZoneInfo
    sight: Sight | Unknown
    now: float
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`outcome` is the state it came to, empty when it stays as it was. `again_s` > 0: not decided, look again then.

    `claimed` is the time that is ours from now on, where it changed; `released` when none is. `agreed` is the booking
    as it is promised now, where that is something else than before.
    """

    outcome: str = ""
    again_s: float = 0.0
    claimed: Interval | None = None
    released: bool = False
    agreed: Booking | None = None


def wanted_of(booking: Booking, watched: Watched) -> Wanted:
    """What was promised to the customer."""
    return Wanted(
        event_id=booking.event_id,
        start=watched.starts,
        end=watched.ends,
        reference=booking.reference,
        customer=booking.customer_name,
        there=booking.status != "cancelled",
    )


def judge(transaction: Transaction, case: Case) -> Verdict:
    """Draw the consequences of one look, in the transaction that read the booking and its row."""
    if isinstance(case.sight, Unknown):
        verdict = _blind(transaction, case, case.sight)
    elif case.sight.problems:
        verdict = _wrong(transaction, case, case.sight)
    elif unknown := not_telling(case.sight.elsewhere):
        verdict = _blind(transaction, case, unknown, case.sight.elsewhere.silent[0])
    else:
        verdict = _right(transaction, case, case.sight)
    if verdict.outcome:
        booking = case.booking
        record(
            transaction,
            f"read_back_{verdict.outcome}",
            business=booking.business,
            subject=booking.reference,
            at=case.now,
            calendar=booking.calendar,
            revision=booking.revision,
            why=_why(case.sight),
        )
    return verdict


def next_look(booking: Booking, now: float) -> float:
    """When the sweep looks next: every two minutes in the last hours, every ten on the last day, hourly for three days,
    else four times a day."""
    ahead_s = booking.starts - now
    if booking.verification != VERIFIED or ahead_s < SOON_S:
        return now + RECHECK_S
    return now + (600.0 if ahead_s < NEAR_S else 3600.0 if ahead_s < 3 * NEAR_S else 6 * 3600.0)


# --- as promised ------------------------------------------------------------------------------------------------------


def _right(transaction: Transaction, case: Case, sight: Sight) -> Verdict:
    booking, watched, now = case.booking, case.watched, case.now
    if watched.task and not _promised_a_call(watched):
        closed(transaction, watched.task, by=OURSELVES, note=AS_PROMISED, now=now)
    if watched.task:
        _known_to_who_calls(transaction, booking, AS_PROMISED, now=now)
    if watched.wrong_since or watched.blind_since or booking.verification not in ("written", VERIFIED):
        for kind in (MISMATCH_PAGE, CHANGED_PAGE, CANNOT_VERIFY_PAGE):
            resolved(transaction, kind, booking.reference, now=now)
        _seen_again(transaction, case, sight)
    if watched.wrong_since or watched.blind_since or watched.seen or watched.task:
        verification.noted(transaction, booking, wrong_since=0.0, blind_since=0.0, seen="", task="")
    etag = sight.found.etag if isinstance(sight.found, Event) else booking.etag
    verified = changed(transaction, booking, verification=VERIFIED, verified_at=now, etag=etag or booking.etag)
    claimed = _followed(transaction, verified, watched.starts, watched.ends)
    return Verdict("" if booking.verification == VERIFIED else VERIFIED, claimed=claimed)


def _seen_again(transaction: Transaction, case: Case, sight: Sight) -> None:
    for about in (case.booking.reference, case.booking.calendar, *sight.elsewhere.without, *sight.elsewhere.calendars):
        resolved(transaction, CANNOT_VERIFY_PAGE, about, now=case.now)


# --- wrong ------------------------------------------------------------------------------------------------------------


def _wrong(transaction: Transaction, case: Case, sight: Sight) -> Verdict:
    booking, watched, now = case.booking, case.watched, case.now
    if watched.blind_since:
        verification.noted(transaction, booking, blind_since=0.0)
        _seen_again(transaction, case, sight)
    if booking.verification == MISMATCH:
        return _agreed(transaction, case, sight) if _done(transaction, watched.task) else Verdict()
    if booking.verification == CHANGED and _seen_before(watched, sight):
        return _still_changed(transaction, case, sight)
    if not watched.wrong_since or now - watched.wrong_since < ONCE_MORE_AFTER_S:
        since = watched.wrong_since or now
        verification.noted(transaction, booking, wrong_since=since)
        return Verdict(again_s=since + ONCE_MORE_AFTER_S - now)
    if booking.verified_at:
        # Of a synthetic call's nobody has to be told: what the calendar shows is how it is.
        return (_agreed if booking.synthetic else _changed)(transaction, case, sight)
    return _mismatch(transaction, case, sight)


def _mismatch(transaction: Transaction, case: Case, sight: Sight) -> Verdict:
    """It was never there as promised: a person puts it right, or agrees with the customer on what is there."""
    booking, now = case.booking, case.now
    wanted = wanted_of(booking, case.watched)
    key = f"mismatch:{booking.reference}:{booking.revision}"
    latest = max(now + TELL_NEAR_S, min(now + TELL_FAR_S, booking.starts - TELL_NEAR_S))
    phone = "" if booking.synthetic else booking.phone or booking.caller
    what = to_put_right(booking, wanted, case.zone)
    task = Task(key, "mismatch", booking.business, booking.reference, what, latest, phone, booking.customer_name)
    opened(transaction, task, now=now)
    paged(transaction, key, mismatch_page(booking, wanted, sight, case.zone), now=now)
    superseded(transaction, BY_HAND_PAGE, booking.reference, now=now)
    _known_to_who_calls(
        transaction, booking, "the calendar does not show it so, and somebody is to put that right", now=now
    )
    verification.noted(transaction, booking, task=key)
    changed(transaction, booking, verification=MISMATCH)
    return Verdict(MISMATCH)


def _changed(transaction: Transaction, case: Case, sight: Sight) -> Verdict:
    """Somebody changed it after it was seen right: follow, and have the customer told."""
    booking, watched, now = case.booking, case.watched, case.now
    wanted = wanted_of(booking, watched)
    moves = isinstance(sight.found, Event) and moved(wanted, sight.found)
    claimed, overlaps = None, False
    if isinstance(sight.found, Event) and moves:
        booking = changed(transaction, booking, etag=sight.found.etag)
        if sight.found.end > now:  # in the past it holds no time, and what was promised is still to come
            claimed = _followed(transaction, booking, sight.found.start, sight.found.end)
        blocked = _blocked(booking, sight.found.start, sight.found.end)
        overlaps = claimed is None and in_the_way(transaction.connection, booking, blocked)
    if _promised_a_call(watched) and not _done(transaction, watched.task):
        # The task says how it was when the customer asked: what there is since, or that two visits meet, goes into it.
        if overlaps or watched.seen:
            words = became(booking, wanted, sight, case.zone, overlaps=overlaps)
            seen_last(transaction, watched.task, words, now=now, ring=overlaps)
        verification.noted(transaction, booking, wrong_since=0.0, seen=_signature(sight))
        changed(transaction, booking, verification=CHANGED)
        return Verdict(CHANGED, claimed=claimed)
    if watched.task:
        closed(transaction, watched.task, by=OURSELVES, note="changed once more", now=now, goes_on=True)
    key = f"changed:{booking.reference}:{uuid4().hex[:12]}"
    near = _near(case, sight)
    due = now + (TELL_NEAR_S if near else TELL_FAR_S)
    phone = booking.phone or booking.caller
    told = telling(booking, wanted, sight, case.zone, overlaps=overlaps)
    _known_to_who_calls(transaction, booking, became(booking, wanted, sight, case.zone, overlaps=overlaps), now=now)
    opened(transaction, Task(key, "tell_customer", booking.business, booking.reference, told, due, phone), now=now)
    if near or overlaps:
        paged(transaction, key, changed_page(booking, wanted, sight, case.zone, told), now=now)
        superseded(transaction, BY_HAND_PAGE, booking.reference, now=now)
    verification.noted(transaction, booking, wrong_since=0.0, seen=_signature(sight), task=key)
    changed(transaction, booking, verification=CHANGED)
    return Verdict(CHANGED, claimed=claimed)


def _known_to_who_calls(transaction: Transaction, booking: Booking, words: str, *, now: float) -> None:
    """Who has the customer to call about how it ended, a booking in doubt say, is not to tell what is not so."""
    for key in open_about(transaction.connection, TELL_CUSTOMER, booking.reference):
        seen_last(transaction, key, f"{words.removesuffix('.')}.", now=now, ring=False)


def _still_changed(transaction: Transaction, case: Case, sight: Sight) -> Verdict:
    """Known already. Once a person has told the customer, what the calendar shows is what is promised."""
    booking, watched, now = case.booking, case.watched, case.now
    verification.noted(transaction, booking, wrong_since=0.0)
    if not _done(transaction, watched.task):
        if _near(case, sight) and not _promised_a_call(watched):
            wanted = wanted_of(booking, watched)
            told = telling(booking, wanted, sight, case.zone)
            paged(transaction, watched.task, changed_page(booking, wanted, sight, case.zone, told), now=now)
        return Verdict()
    return _agreed(transaction, case, sight)


def _agreed(transaction: Transaction, case: Case, sight: Sight) -> Verdict:
    """A person says that the customer knows: what the calendar shows is what is promised."""
    booking, watched, now = case.booking, case.watched, case.now
    for kind in (MISMATCH_PAGE, CHANGED_PAGE, BY_HAND_PAGE):
        resolved(transaction, kind, booking.reference, now=now)
    if booking.status == "cancelled":
        return Verdict()
    if not is_there(sight.found):
        if sight.elsewhere.found:
            return _given_to_colleague(transaction, case, sight.elsewhere.found)
        if sight.elsewhere.silent:
            return Verdict()  # it may stand there: neither gone nor anybody's, and looked for again
        why = "gone from the calendar, customer told"
        agreed = changed(transaction, booking, status="released", reason=why, updated_at=now, revision=_next(booking))
        verification.dropped(transaction, booking, note="", now=now)
        return Verdict(released=True, agreed=agreed)
    claimed = _followed(transaction, booking, sight.found.start, sight.found.end)
    starts, ends = (sight.found.start, sight.found.end) if claimed else (booking.starts, booking.ends)
    if differences(replace(wanted_of(booking, watched), start=starts, end=ends), sight.found):
        return Verdict(claimed=claimed)
    agreed = changed(transaction, booking, starts=starts, ends=ends, verification=VERIFIED, verified_at=now)
    if (starts, ends) != (watched.starts, watched.ends):
        agreed = changed(transaction, agreed, revision=_next(booking), updated_at=now)
    verification.noted(transaction, booking, revision=agreed.revision, starts=starts, ends=ends, seen="", task="")
    return Verdict(VERIFIED, claimed=claimed, agreed=agreed if agreed.revision != booking.revision else None)


def _given_to_colleague(transaction: Transaction, case: Case, places: Sequence[Place]) -> Verdict:
    """The visit is another technician's now. Where that cannot be followed it stays as it is: never told as gone."""
    booking, now, (place, *others) = case.booking, case.now, places
    event = place.event
    wanted = replace(wanted_of(booking, case.watched), start=event.start, end=event.end)
    blocked = _blocked(booking, event.start, event.end)
    if others or not place.technician or differences(wanted, event) or event.end <= event.start:
        return Verdict()
    if in_the_way(transaction.connection, replace(booking, calendar=place.calendar), blocked):
        return Verdict()
    record(
        transaction,
        "appointment_given_to_colleague",
        business=booking.business,
        subject=booking.reference,
        at=now,
        calendar=place.calendar,
        starts=event.start,
        old_calendar=booking.calendar,
        old_starts=booking.starts,
    )
    agreed = changed(
        transaction,
        booking,
        calendar=place.calendar,
        technician=place.technician,
        starts=event.start,
        ends=event.end,
        blocked_from=blocked[0],
        blocked_to=blocked[1],
        etag=event.etag,
        verification=VERIFIED,
        verified_at=now,
        revision=_next(booking),
        updated_at=now,
    )
    promised = {"revision": agreed.revision, "starts": agreed.starts, "ends": agreed.ends}
    verification.noted(transaction, booking, **promised, wrong_since=0.0, seen="", task="")
    return Verdict(VERIFIED, claimed=blocked, agreed=agreed)


def _next(booking: Booking) -> int:
    """What was sent about the old promise must be told from what is sent about the new one."""
    return booking.revision + 1


def _followed(transaction: Transaction, booking: Booking, starts: int, ends: int) -> Interval | None:
    """Our claim follows the event, buffers included; None when it need not, or another booking has the time."""
    if (booking.starts, booking.ends) == (starts, ends) or ends <= starts:
        return None
    blocked = _blocked(booking, starts, ends)
    if in_the_way(transaction.connection, booking, blocked):
        return None
    changed(transaction, booking, starts=starts, ends=ends, blocked_from=blocked[0], blocked_to=blocked[1])
    return blocked


def _blocked(booking: Booking, starts: int, ends: int) -> Interval:
    """What a visit from `starts` to `ends` keeps taken, with the buffers it was booked with."""
    return booking.blocked_from + starts - booking.starts, booking.blocked_to + ends - booking.ends


def _done(transaction: Transaction, task: str) -> bool:
    found = transaction.connection.execute(select(tasks.c.status).where(tasks.c.key == task)).scalar()
    return found is not None and found != "open"


def _promised_a_call(watched: Watched) -> bool:
    """Whether the customer has asked since, and was told that somebody calls: of that one page tells already."""
    return watched.task.startswith(BY_HAND_TASK)


def _near(case: Case, sight: Sight) -> bool:
    starts = [case.watched.starts]
    if isinstance(sight.found, Event) and not sight.found.cancelled:
        starts.append(sight.found.start)
    return min(starts) - case.now < NEAR_S


def _seen_before(watched: Watched, sight: Sight) -> bool:
    """Whether a task tells of this already. While a calendar does not tell, what it showed is not taken back."""
    if not is_there(sight.found) and not sight.elsewhere.found and sight.elsewhere.silent:
        return watched.seen.startswith(GONE)
    return watched.seen == _signature(sight)


def _signature(sight: Sight) -> str:
    others = {Difference.FREE: "f", Difference.REFERENCE: "r", Difference.CUSTOMER: "c"}
    if is_there(sight.found):
        place = f"{sight.found.start}-{sight.found.end}"
    else:
        places = [(place.calendar, place.event.start, place.event.end) for place in sight.elsewhere.found]
        place = GONE + (sha256(repr(places).encode()).hexdigest()[:16] if places else "")
    return place + "".join(letter for problem, letter in others.items() if problem in sight.problems)


# --- not to be seen ---------------------------------------------------------------------------------------------------


def _blind(transaction: Transaction, case: Case, unknown: Unknown, on: str = "") -> Verdict:
    booking, watched, now = case.booking, case.watched, case.now
    since = watched.blind_since or now
    if not watched.blind_since:
        verification.noted(transaction, booking, blind_since=now)
    if now - since < CANNOT_VERIFY_AFTER_S and not case.lasting:
        shortest, longest = BLIND_PAUSE_S
        return Verdict(again_s=min(longest, max(shortest, (now - since) / 2)))
    if booking.verification in (MISMATCH, CHANGED, CANNOT_VERIFY):
        return Verdict()
    left = verification.left_with(transaction.connection, booking, now) if case.lasting else None
    raised(transaction, blind_page(booking, watched, unknown.reason, case.zone, on, left), now=now)
    changed(transaction, booking, verification=CANNOT_VERIFY)
    return Verdict(CANNOT_VERIFY)


def _why(sight: Sight | Unknown) -> str:
    return sight.reason if isinstance(sight, Unknown) else "; ".join(sight.problems)

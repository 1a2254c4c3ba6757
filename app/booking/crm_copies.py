"""Carries each booking to the business's CRM and looks afterwards whether it is there, whatever the CRM said.

Never in a caller's way: everything here is a job. What may have been sent is looked for before it is sent again, and a
copy that cannot be made ends as a dead letter and a page, never in silence.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from app import log, metrics
from app.audit.log import record as audited
from app.booking import crm_jobs as jobs
from app.booking import crm_record as records
from app.booking.business import Business
from app.booking.crm import CANCELLED, Absent, Copied, Copy, Crm, Different, Refused, Seen, Unknown, Unreadable
from app.booking.crm_record import Key, Record
from app.booking.store import Booking, by_id
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.dead_letters import Letter, bury
from app.jobs.outbox import Again, Job, put
from app.watch.pages import Page, raised, resolved

MISSING, LATE, REFUSES = "crm_copy_missing", "crm_copies_late", "crm_refuses"
"""Kinds of pages: one booking's copy, and what concerns all copies of a business."""
CALL_S = 15.0
"""For one question to a CRM, however many requests it takes; two of them fit into the lease."""
MOST_ATTEMPTS = 12
BUSY_PAUSE_S = 5.0
NO_ROOM_PAUSE_S = 20.0
"""Longer: a thousand that wait for a slow CRM must not keep the engine busy with being turned away."""
UNSETTLED_PAUSE_S = 15.0
LATE_AFTER_S = 1_800.0
GIVE_UP_AFTER_S = 86_400.0
MOST_AT_ONCE = 4
"""Copies on their way to one CRM; a slow one must not keep all the hands that other jobs need."""
MOST_IN_ALL = 8

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A copy to be made now. `look`: an earlier attempt may have arrived."""

    record: Record
    copy: Copy
    look: bool = False


class CrmCopies:
    """The handlers of both kinds of jobs, and the jobs a booking needs. `crms` holds each business's CRM by id."""

    def __init__(
        self,
        database: Database,
        businesses: Mapping[str, Business],
        crms: Mapping[str, Crm],
        clock: Clock,
        *,
        read_back_after_s: float,
    ) -> None:
        self._database = database
        self._businesses = businesses
        self._crms = crms
        self._clock = clock
        self._read_back_after_s = read_back_after_s
        self._under_way: Counter[str] = Counter()

    def jobs_for(self, booking: Booking, now: float) -> list[Job]:
        """What is to be put in the transaction that changes a booking: nothing unless its business has a CRM, and
        nothing of a synthetic call.
        """
        event = records.event_of(booking)
        if not event or booking.synthetic or booking.business not in self._crms:
            return []
        return [jobs.copy_job(Key(booking.id, booking.revision, event), booking.business, now)]

    async def state(self) -> Literal["ok", "degraded"]:
        """Whether copies get there; a CRM that is down harms no caller."""
        if any(crm.resting() for crm in self._crms.values()) or await self._database.read(records.troubled):
            return "degraded"
        return "ok"

    async def copy(self, data: Mapping[str, Any]) -> Again | None:
        """Carry out a `crm_copy`: have the CRM take the booking, unless it has moved on or is there already."""
        with self._room(str(data["business"])) as room:
            if not room:
                return Again(jobs.jittered(NO_ROOM_PAUSE_S))
            turn = await self._database.write(lambda t: self._begun(t, jobs.key_of(data)))
            return await self._send(turn) if isinstance(turn, _Turn) else turn

    async def read_back(self, data: Mapping[str, Any]) -> Again | None:
        """Carry out a `crm_read_back`: look whether the CRM has what it said it has."""
        with self._room(str(data["business"])) as room:
            if not room:
                return Again(jobs.jittered(NO_ROOM_PAUSE_S))
            turn = await self._database.write(lambda t: self._looked_at(t, jobs.key_of(data)))
            if not isinstance(turn, _Turn):
                return turn
            seen = await self._crms[turn.record.business].read(turn.copy, within_s=CALL_S)
            return await self._database.write(lambda t: self._after_look(t, turn, seen))

    # --- before a request ---------------------------------------------------------------------------------------------

    def _begun(self, transaction: Transaction, key: Key) -> _Turn | Again | None:
        """Take the copy in hand, unless there is nothing to do or somebody else is about it."""
        now, connection = self._clock.now(), transaction.connection
        booking = by_id(connection, key.booking)
        if booking is None or booking.business not in self._crms:
            logger.warning("crm_copy_without_crm", booking=key.booking)
            return None
        if not records.event_of(booking):
            return Again(jobs.jittered(UNSETTLED_PAUSE_S))
        record = records.found(transaction, key, booking.business, now=now)
        if record.state not in (*records.OPEN, records.DEAD) or self._overtaken(transaction, record, booking):
            return None
        if records.somebody_sends(connection, booking, now=now):
            return Again(jobs.jittered(BUSY_PAUSE_S))
        look = record.state != records.WAITING
        if record.state == records.DEAD:  # a person asked for it again
            record = replace(record, attempts=0, rewrites=0, since=now)
        record = records.noted(
            transaction,
            record,
            now=now,
            state=records.SENDING,
            attempts=record.attempts + 1,
            rewrites=record.rewrites,
            since=record.since,
        )
        return _Turn(record, self._copy(record, booking), look)

    def _looked_at(self, transaction: Transaction, key: Key) -> _Turn | Again | None:
        booking = by_id(transaction.connection, key.booking)
        if booking is None or booking.business not in self._crms:
            return None
        if not records.event_of(booking):
            return Again(jobs.jittered(UNSETTLED_PAUSE_S))
        record = records.found(transaction, key, booking.business, now=self._clock.now())
        if record.state != records.COPIED or self._overtaken(transaction, record, booking):
            return None
        return _Turn(record, self._copy(record, booking))

    def _overtaken(self, transaction: Transaction, record: Record, booking: Booking) -> bool:
        """Whether the booking has changed since: then the CRM is told the newer state, and only that."""
        now, current = self._clock.now(), records.event_of(booking)
        never_was = current == CANCELLED and booking.status == "refused"
        if never_was and not records.ever_sent(transaction.connection, booking.id):
            records.noted(transaction, record, now=now, state=record.overtaken)
            return True
        newest = Key(booking.id, booking.revision, current)
        if newest == record.key:
            return False
        if current:
            records.noted(transaction, record, now=now, state=record.overtaken)
            put(transaction, jobs.copy_job(newest, booking.business, now), now=now)
        return True

    def _copy(self, record: Record, booking: Booking) -> Copy:
        business = self._businesses[booking.business]
        service, technician = business.service(booking.service), business.technician(booking.technician)
        return Copy(
            event=record.event,
            booking=booking,
            service=service.name if service else booking.service,
            technician=technician.name if technician else booking.technician,
            occurred_at=record.since,
        )

    # --- the requests -------------------------------------------------------------------------------------------------

    async def _send(self, turn: _Turn) -> Again | None:
        crm = self._crms[turn.copy.booking.business]
        answer: Seen | Copied | Refused | Unknown | None = None
        if turn.look:
            seen = await crm.read(turn.copy, within_s=CALL_S)
            answer = seen if isinstance(seen, Seen | Unknown) else None
        if answer is None:
            answer = await crm.upsert(turn.copy, within_s=CALL_S)
        metrics.count_crm_copy(_outcome(answer))
        return await self._database.write(lambda t: self._after_send(t, turn, answer))

    def _after_send(
        self, transaction: Transaction, turn: _Turn, answer: Seen | Copied | Refused | Unknown
    ) -> Again | None:
        now, record = self._clock.now(), turn.record
        if isinstance(answer, Seen):
            self._arrived(transaction, turn, records.VERIFIED, answer.external_id)
            return None
        if isinstance(answer, Copied):
            record = self._arrived(transaction, turn, records.COPIED, answer.external_id)
            put(transaction, jobs.read_back_job(record, now + self._read_back_after_s), now=now)
            return None
        state = records.UNKNOWN if isinstance(answer, Unknown) or (turn.look and not answer.tried) else records.WAITING
        attempts = record.attempts if answer.tried else record.attempts - 1
        record = records.noted(transaction, record, now=now, state=state, attempts=attempts, cause=answer.reason[:200])
        if answer.credentials:
            self._page(transaction, record, REFUSES, "The CRM does not accept us", answer.reason)
        for_good = isinstance(answer, Refused) and answer.for_good
        if for_good or attempts >= MOST_ATTEMPTS or now - record.since > GIVE_UP_AFTER_S:
            self._give_up(transaction, record, turn.copy, "missing", answer.reason)
            return None
        if now - record.since > LATE_AFTER_S:
            self._page(transaction, record, LATE, "Copies for the CRM are late", answer.reason)
        if not answer.tried:
            return Again(jobs.spared_s(now - record.since))
        return Again(jobs.pause_s(attempts, answer.after_s))

    def _after_look(
        self, transaction: Transaction, turn: _Turn, seen: Seen | Different | Absent | Unreadable | Unknown
    ) -> Again | None:
        now = self._clock.now()
        record = records.read(transaction.connection, turn.record.key)
        if record.state != records.COPIED:
            return None
        metrics.count_crm_copy(_outcome(seen))
        if isinstance(seen, Seen | Unreadable):
            accepted = isinstance(seen, Unreadable)
            self._arrived(transaction, turn, records.ACCEPTED if accepted else records.VERIFIED, record.external_id)
            return None
        if isinstance(seen, Unknown):
            attempts = record.attempts + seen.tried
            record = records.noted(transaction, record, now=now, attempts=attempts, cause=seen.reason[:200])
            if attempts >= MOST_ATTEMPTS or now - record.since > GIVE_UP_AFTER_S:
                self._give_up(transaction, record, turn.copy, "cannot be verified", seen.reason)
                return None
            return Again(jobs.pause_s(attempts, seen.after_s))
        cause = "is not there" if isinstance(seen, Absent) else f"differs in {', '.join(seen.fields)}"
        if record.rewrites:
            self._give_up(transaction, record, turn.copy, "missing", f"it was accepted twice, and {cause}")
            return None
        logger.warning("crm_copy_not_seen", reference=turn.copy.booking.reference, cause=cause)
        record = records.noted(
            transaction, record, now=now, state=records.WAITING, rewrites=1, attempts=0, cause=cause[:200]
        )
        put(transaction, jobs.copy_job(record.key, record.business, now, f":again:{record.since:.0f}"), now=now)
        return None

    # --- what becomes of it -------------------------------------------------------------------------------------------

    def _arrived(self, transaction: Transaction, turn: _Turn, state: str, external_id: str) -> Record:
        now, booking = self._clock.now(), turn.copy.booking
        record = records.noted(
            transaction, turn.record, now=now, state=state, external_id=external_id[:128], attempts=0, cause=""
        )
        resolved(transaction, REFUSES, booking.business, now=now)
        self._fewer_late(transaction, booking.business, now)
        if state != records.COPIED:
            resolved(transaction, MISSING, booking.reference, now=now)
        audited(
            transaction,
            f"crm_{state}",
            business=booking.business,
            subject=booking.reference,
            at=now,
            event=record.event,
            revision=record.revision,
        )
        return record

    def _give_up(self, transaction: Transaction, record: Record, copy: Copy, fate: str, reason: str) -> None:
        now, booking = self._clock.now(), copy.booking
        records.noted(transaction, record, now=now, state=records.DEAD)
        carried = jobs.data(record.key, record.business)
        cause = log.redact(reason)
        letter = bury(transaction, Letter(jobs.COPY, jobs.name(record.key), record.business, cause, carried), now=now)
        body = (
            f"The CRM does not have booking {booking.reference} as {record.event}: {cause}. Put the cause "
            f"right, then run `readback dead-letters replay {letter}`: it looks first and sends only what is missing."
        )
        page = Page(MISSING, booking.reference, f"CRM copy {fate}: {booking.reference}", body, booking.business)
        raised(transaction, page, now=now)
        self._fewer_late(transaction, booking.business, now)
        logger.error("crm_copy_given_up", reference=booking.reference, cause=cause, attempts=record.attempts)

    def _fewer_late(self, transaction: Transaction, business: str, now: float) -> None:
        """One arrived or was given up, of which its own page tells: the page about late ones ends with the last."""
        if not records.late(transaction.connection, business, before=now - LATE_AFTER_S):
            resolved(transaction, LATE, business, now=now)

    def _page(self, transaction: Transaction, record: Record, kind: str, title: str, reason: str) -> None:
        name = self._businesses[record.business].name
        body = f"Copies of bookings do not get into the CRM of {name}: {log.redact(reason)}. Bookings go on."
        page = Page(kind, record.business, f"{title}: {name}", body, record.business)
        raised(transaction, page, now=self._clock.now())

    @property
    def under_way(self) -> int:
        """Copies to CRMs under way."""
        return self._under_way.total()

    @contextmanager
    def _room(self, business: str) -> Iterator[bool]:
        """Whether one more may be under way; if so, it is for as long as this is open."""
        room = self._under_way[business] < MOST_AT_ONCE and self._under_way.total() < MOST_IN_ALL
        self._under_way[business] += room
        try:
            yield room
        finally:
            self._under_way[business] -= room


def _outcome(answer: Seen | Copied | Refused | Unknown | Different | Absent | Unreadable) -> str:
    """For the metric: `copied`, `seen`, `refused`, `unknown`, `different`, `absent`, `unreadable`, `spared`."""
    if isinstance(answer, Refused | Unknown) and not answer.tried:
        return "spared"
    return type(answer).__name__.lower()

"""Personal data, one record at a time: shown only after a click, and the click is on record in the same commit."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from app.audit.log import record
from app.booking.as_it_stands import as_they_stand, visit_in_words
from app.booking.store import with_reference
from app.dashboard.ports import House
from app.dashboard.request import Asked, MisusedError, NotThereError
from app.dashboard.views import review_told
from app.db.engine import Transaction
from app.review import reviews, tasks
from app.review.evidence import VISIT_NOW, evidence, small_print
from app.review.sheets import as_shown

SHOWN: Final = "personal_data_shown"
"""The kind of the row in the audit log."""
LISTED: Final = {"booking": "bookings", "task": "tasks", "review": "reviews"}
"""The page on which such records are listed."""
SMALL_PRINT: Final = "small print"
"""Beside what a person reads: the ids."""


class Reveal:
    """Reads a record in full, for one look."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._readers: Mapping[str, Callable[[Connection, str], tuple[str, dict[str, Any]]]] = {
            "booking": self._booking,
            "task": self._task,
            "review": self._review,
        }

    async def read(self, asked: Asked) -> dict[str, Any]:
        """The record, with everything that is hidden elsewhere. Raises `NotThereError` and `MisusedError`."""
        kind, identity = asked.needed("kind"), asked.needed("id")
        reader = self._readers.get(kind)
        if reader is None:
            raise MisusedError("There is nothing of this kind to be shown.")
        now = self._house.clock.now()

        def work(transaction: Transaction) -> tuple[str, dict[str, Any]]:
            business, facts = reader(transaction.connection, identity)
            record(transaction, SHOWN, business=business, subject=identity, at=now, by=asked.by, what=kind)
            return business, facts

        business, facts = await self._house.write(work)
        return {"kind": kind, "of": LISTED[kind], "id": identity, "business": business, "facts": facts, "now": now}

    def _task(self, connection: Connection, identity: str) -> tuple[str, dict[str, Any]]:
        task = tasks.by_key(connection, identity)
        if task is None:
            raise NotThereError("There is no such task.")
        told = as_shown(task, self._house.clock.now())
        first = {name: told.pop(name) for name in ("details", "phone", "due")}
        ids = {name: told.pop(name) for name in ("key", "kind", "subject")}
        del told["late"]  # the due time has it
        return task.business, {**first, **told, SMALL_PRINT: ids}

    def _booking(self, connection: Connection, reference: str) -> tuple[str, dict[str, Any]]:
        one = with_reference(connection, reference)
        if one is None:
            raise NotThereError("There is no such booking.")
        business = self._house.businesses.by_id.get(one.business)
        return one.business, {
            "reference": one.reference,
            "visit": visit_in_words(one, business) if business else "",
            "status": one.status,
            "customer": one.customer_name,
            "phone": one.phone or one.caller,
            "called from": one.caller if one.phone not in ("", one.caller) else "",
            "email": one.email,
            "address": one.address,
            "notes": one.notes,
            SMALL_PRINT: {"calendar": one.calendar, "event": one.event_id},
        }

    def _review(self, connection: Connection, identity: str) -> tuple[str, dict[str, Any]]:
        one = reviews.by_id(connection, identity)
        told = {name: value for name, value in review_told(one).items() if name != "id"}
        now = {VISIT_NOW: as_they_stand(connection, one, self._house.businesses)}
        return one.business, {**evidence(one.content, now), **told, SMALL_PRINT: small_print(one.content)}

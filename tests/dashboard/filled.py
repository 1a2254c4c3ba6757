"""An installation in which something of everything lies about, with hostile text wherever text comes from outside."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, delete, insert

from app.audit.log import seal
from app.db.engine import Transaction
from app.db.once import committing
from app.db.schema import bookings, dead_letters, volume
from app.jobs.dead_letters import Letter, given_up
from app.review.reviews import Proposal
from app.review.reviews import opened as review_opened
from app.review.tasks import Task
from app.review.tasks import opened as task_opened
from app.watch.incidents import Impact, Opening, Said, State
from app.watch.incidents import opened as incident_opened
from app.watch.incidents import said as incident_said
from app.watch.pages import Page, raised
from tests.flows.businesses import ACME_LINE

HOSTILE = """<script>hacked=1</script>"'><img src=x onerror="hacked=1">{{7*7}}</textarea>"""
CUSTOMER, PHONE, NOTES = "Ana Rivera", "+15125550142", "Gate code 4711, 12 Oak Street"
REFERENCES = ("K7M4QX", "R2D2XY", "W9PLM3", "B4BBAG")
STATES = (("confirmed", "verified"), ("confirmed", "mismatch"), ("pending", ""), ("cancelled", "verified"))
TASK = "callback:K7M4QX"
VISIT = "Cancel Home inspection on Tue 24 Nov 2026, 09:00 CST with Dana."
HOUR_S, DAY_S = 3_600, 86_400


def fill(url: str, *, hostile: str = HOSTILE, letters: int = 3) -> None:
    """Something of everything, as of now."""
    now = time.time()
    with committing(url, seal) as transaction:
        connection = transaction.connection
        connection.execute(insert(bookings), list(_bookings(now, hostile)))
        connection.execute(delete(volume))  # a server that runs already has counted this hour
        connection.execute(insert(volume), list(_weeks(now)))
        _buried(connection, letters, hostile, now)
        _said(transaction, hostile, now)


def _said(transaction: Transaction, hostile: str, now: float) -> None:
    late = Task(TASK, "callback", "acme", "K7M4QX", f"Call back: {hostile}", now - 600, PHONE, NOTES)
    due = Task("callback:R2D2XY", "callback", "acme", "R2D2XY", "Call back about a quote.", now + 5_400, PHONE, NOTES)
    for task in (late, due):
        task_opened(transaction, task, now=now - DAY_S / 12)
    for number, why in enumerate(("high_stakes", "low_confidence")):
        content: dict[str, Any] = {
            "tool": "cancel_appointment",
            "arguments": {"reference": "K7M4QX"},
            "customer": PHONE,
            "said": hostile,
        }
        if number:
            content |= {"in_words": [VISIT], "said_before": [{"who": "agent", "text": f"Which one? {hostile}"}]}
        what = "Cancel an appointment for a customer who texts."
        review_opened(transaction, Proposal("acme", f"sms:c{number}", why, what, content, f"rev{number}"), now=now - 60)
    raised(transaction, Page("calendar_down", "dana", f"Calendar down {hostile}", hostile, "acme"), now=now - 300)
    given_up(transaction, Letter("crm_copy", "b1:1", "acme", hostile, {"booking": "b1"}), now=now - 500)
    opening = Opening(f"Texts arrive late {hostile}"[:150], hostile, ("texts",), Impact.MINOR)
    incident = incident_opened(transaction, opening, by="Dana", now=now - 1_200)
    incident_said(transaction, incident.id, Said("We see why.", State.IDENTIFIED), by="Dana", now=now - 600)


def _bookings(now: float, hostile: str) -> Iterator[dict[str, Any]]:
    for number, (reference, (status, verification)) in enumerate(zip(REFERENCES, STATES, strict=True)):
        start = int(now) // HOUR_S * HOUR_S + DAY_S * (number + 1)
        yield {
            "id": uuid.uuid4().hex,
            "reference": reference,
            "business": "acme",
            "service": "inspection",
            "technician": "dana",
            "calendar": "embedded:acme/dana",
            "starts": start,
            "ends": start + HOUR_S,
            "blocked_from": start,
            "blocked_to": start + HOUR_S,
            "status": status,
            "reason": hostile[:60] if status == "cancelled" else "",
            "event_id": uuid.uuid4().hex,
            "customer_name": f"{CUSTOMER} {hostile}",
            "phone": PHONE,
            "caller": PHONE,
            "email": "ana@example.com",
            "address": "12 Oak Street",
            "notes": f"{NOTES} {hostile}",
            "hold_until": now - 3_600,
            "created_at": now - 7_200,
            "updated_at": now - 60 * number,
            "verification": verification,
            "verified_at": now - 900 if verification else 0.0,
        }


def _weeks(now: float) -> Iterator[dict[str, Any]]:
    """Forty days of calls, more by day than by night, and of looking at them."""
    first = int(now - 40 * DAY_S) // HOUR_S * HOUR_S
    for hour in range(first, int(now) + 1, HOUR_S):
        part = hour // HOUR_S % 24
        calls = (0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 2, 5, 6, 7, 4, 5, 6, 5, 3, 1, 1, 0)[part] + hour // HOUR_S % 2
        at = {"hour": hour, "last_at": min(now, hour + HOUR_S - 1.0)}
        share = {f"quarter_{number}": calls // 4 for number in (2, 3, 4)}
        yield (
            {"business": "acme", "line": ACME_LINE, "channel": "call", "count": calls, **at}
            | share
            | {"quarter_1": calls - 3 * (calls // 4)}
        )
        quarters = {f"quarter_{number}": 15 for number in (1, 2, 3, 4)}
        yield {"business": "", "line": "", "channel": "look", "count": 60, **at, **quarters}


def _buried(connection: Connection, letters: int, hostile: str, now: float) -> None:
    if letters:
        connection.execute(
            insert(dead_letters),
            [
                {
                    "id": f"{number:032x}",
                    "kind": "crm_copy",
                    "key": f"b{number}:1",
                    "business": "acme",
                    "cause": f"The CRM refused it: {hostile}",
                    "data": '{"booking": "b1"}',
                    "status": "open",
                    "created_at": now - 100_000 + number,
                    "changed_at": now - 100_000 + number,
                }
                for number in range(letters)
            ],
        )

"""Copies of bookings as signed webhooks, in the form of the Standard Webhooks specification, version 1.

A receiver tells by `webhook-id` what it has already: a copy that is sent again carries the same one. Without a
`read_back_url` a copy is taken at the receiver's word, and is never called seen.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from app.adapters.breaker import Breaker
from app.adapters.crm_http import NOTHING_THERE, CrmHttp, Trouble
from app.booking.crm import CANCELLED, Absent, Copied, Copy, Different, Refused, Seen, Unknown, Unreadable
from app.clock import Clock
from app.watch.declared_shapes import CRM_BOOKING, CRM_TAKEN
from app.watch.shapes import observe

PREFIX: Final = "whsec_"
KEY_BYTES: Final = range(24, 65)
PLACE: Final = "{booking}"
COMPARED: Final = ("revision", "status", "start", "end")


def signing_key(secret: str) -> bytes | None:
    """The key in a secret as the specification writes it: `whsec_` and base64; None when it is no such secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if secret.startswith(PREFIX) and len(key) in KEY_BYTES else None


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The `webhook-signature` of a message."""
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class CrmWebhook:
    """A `booking.crm.Crm` over one receiver's URL. Close with `aclose`."""

    def __init__(self, url: str, read_back_url: str, key: bytes, breaker: Breaker, clock: Clock) -> None:
        self._url = url
        self._read_back_url = read_back_url
        self._key = key
        self._clock = clock
        self._http = CrmHttp(breaker, clock, {})

    def resting(self) -> bool:
        """Whether the receiver is being spared."""
        return self._http.resting()

    async def upsert(self, copy: Copy, *, within_s: float) -> Copied | Refused | Unknown:
        """Send the event. An answer that names an event must name this one."""
        body = orjson.dumps(payload(copy))
        headers = self._signed(copy.id, body)
        try:
            _, answer = await self._http.within(
                within_s, lambda: self._http.ask("POST", self._url, body, headers=headers, writes=True)
            )
        except Trouble as trouble:
            return trouble.as_refusal()
        if isinstance(answer, dict):
            observe(CRM_TAKEN, answer)
        if isinstance(answer, dict) and answer.get("event_id", copy.id) != copy.id:
            return Unknown("accepted another event than the one that was sent")
        return Copied()

    async def read(self, copy: Copy, *, within_s: float) -> Seen | Different | Absent | Unreadable | Unknown:
        """Ask the receiver what it has of the booking, if it says where."""
        if not self._read_back_url:
            return Unreadable()
        url = self._read_back_url.replace(PLACE, copy.booking.id)
        headers = self._signed(copy.id, b"")
        try:
            status, answer = await self._http.within(
                within_s, lambda: self._http.ask("GET", url, headers=headers, also=NOTHING_THERE)
            )
        except Trouble as trouble:
            return trouble.as_unknown()
        if status in NOTHING_THERE:
            return Absent()
        observe(CRM_BOOKING, answer)
        if not isinstance(answer, dict):
            return Unknown("the answer is not a JSON object")
        wanted = _booking(copy)
        differs = tuple(name for name in COMPARED if not _same(answer.get(name), wanted[name]))
        return Different(differs) if differs else Seen()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock.now()))
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self._key, message_id, timestamp, body),
        }


def payload(copy: Copy) -> dict[str, Any]:
    """The event: `type` is `booking.booked`, `booking.moved` or `booking.cancelled`; the booking is as it is now."""
    return {
        "type": f"booking.{copy.event}",
        "event_id": copy.id,
        "timestamp": _utc(copy.occurred_at),
        "data": {
            **_booking(copy),
            "service": copy.service,
            "technician": copy.technician,
            "customer": {
                "name": copy.booking.customer_name,
                "phone": copy.phone,
                "email": copy.booking.email,
                "address": copy.booking.address,
            },
            "notes": copy.booking.notes,
        },
    }


def _booking(copy: Copy) -> dict[str, Any]:
    return {
        "booking": copy.booking.id,
        "reference": copy.booking.reference,
        "business": copy.booking.business,
        "revision": copy.booking.revision,
        "status": "cancelled" if copy.event == CANCELLED else "confirmed",
        "start": _utc(copy.booking.starts),
        "end": _utc(copy.booking.ends),
    }


def _same(seen: Any, wanted: Any) -> bool:
    """Times are the same in whatever zone and precision they are written."""
    if seen == wanted or not isinstance(seen, str) or not isinstance(wanted, str):
        return bool(seen == wanted)
    try:
        return datetime.fromisoformat(seen) == datetime.fromisoformat(wanted)
    except (ValueError, TypeError):
        return False


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

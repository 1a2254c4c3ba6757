"""Slot ids: proof that a slot was offered to this business's callers, and until when. No offer is stored."""

import hashlib
import hmac
import struct
from dataclasses import dataclass

from app.booking.business import Business, Service, Technician
from app.errors import Code, SaidError

_HEAD = struct.Struct(">II2s2s")
_MAC_BYTES = 8
_BYTES = _HEAD.size + _MAC_BYTES
MAX_ID_CHARS = 64


@dataclass(frozen=True, slots=True)
class Slot:
    """What a slot id stands for; `start` and when it was offered in epoch seconds."""

    service: Service
    technician: Technician
    start: int
    offered_at: int = 0
    expires: int = 0

    def is_offered(self, now: float) -> bool:
        """Whether the offer still stands: neither too old nor for a time that has begun."""
        return now < self.expires and now < self.start

    @property
    def end(self) -> int:
        return self.start + self.service.minutes * 60


class SlotIds:
    """Mints and reads slot ids with a secret shared by all processes. 40 hexadecimal digits, any case when read."""

    def __init__(self, secret: bytes, ttl_s: int) -> None:
        self._secret = secret
        self._ttl_s = ttl_s
        self._tags: dict[str, bytes] = {}

    def mint(self, business: Business, service: str, technician: str, start: int, now: float) -> str:
        """An id for this slot, good for the time to live from `now`."""
        expires = int(now) + self._ttl_s
        head = _HEAD.pack(start // 60, expires, self._tag(service), self._tag(technician))
        mac = self._mac(head, business.id, service, technician)
        return (head + mac).hex()

    def read(self, slot_id: str, business: Business) -> Slot:
        """The slot behind an id, however old. Raises `SaidError` when it was never offered here."""
        raw = _decoded(slot_id)
        minutes, expires, service_tag, technician_tag = _HEAD.unpack(raw[: _HEAD.size])
        for service in business.services:
            if self._tag(service.id) != service_tag:
                continue
            for technician in business.technicians_for(service):
                if self._tag(technician.id) != technician_tag:
                    continue
                wanted = self._mac(raw[: _HEAD.size], business.id, service.id, technician.id)
                if hmac.compare_digest(wanted, raw[_HEAD.size :]):
                    return Slot(service, technician, minutes * 60, expires - self._ttl_s, expires)
        raise not_offered()

    def _tag(self, name: str) -> bytes:
        tag = self._tags.get(name)
        if tag is None:
            tag = self._tags[name] = hashlib.blake2b(name.encode(), digest_size=2).digest()
        return tag

    def _mac(self, head: bytes, business: str, service: str, technician: str) -> bytes:
        message = head + f"\0{business}\0{service}\0{technician}".encode()
        return hashlib.blake2b(message, key=self._secret, digest_size=_MAC_BYTES).digest()


def not_offered() -> SaidError:
    """What a caller hears about a slot nobody offered."""
    return SaidError(
        Code.NOT_OFFERED,
        "That time was not one of the offered ones. Check the open times first, then book one of those slot ids.",
        outcome="refused",
        slots=[],
    )


def _decoded(slot_id: str) -> bytes:
    text = "".join(slot_id.split())
    if len(text) > MAX_ID_CHARS:
        raise not_offered()
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raise not_offered() from None
    if len(raw) != _BYTES:
        raise not_offered()
    return raw

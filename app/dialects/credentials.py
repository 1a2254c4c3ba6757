"""Proofs that a request comes from whom it says: shared secrets and HMAC signatures.

Pure functions over bytes; every one fails closed, compares in constant time, and never says why it said no.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence

Proof = bool | Callable[[bytes], bool]
"""Whether a request may come in; or, where only its body can tell and is worth reading, what to ask of the raw body."""

SIGNATURE_WINDOW_S = 300
"""How far a signature's timestamp may lie from now, in either direction."""
MILLISECONDS_FROM = 1e11
"""A timestamp above this is in milliseconds: as seconds it would lie in the year 5138."""

_BEARER = b"bearer "
_TIMESTAMP = re.compile(rb"[0-9]{1,16}(\.[0-9]{1,9})?")
_SIGNATURE_PREFIX = b"sha256="


def encoded(secrets: Iterable[str]) -> tuple[bytes, ...]:
    """Configured secrets as they stand in a header; empty ones are none."""
    return tuple(secret.encode() for secret in secrets if secret)


def secret_ok(given: bytes, secrets: Sequence[bytes]) -> bool:
    """Whether `given` is one of `secrets` (current and previous). Without secrets, or for an empty value: False."""
    if not given:
        return False
    found = False
    for secret in secrets:  # all of them, so that time does not tell which one matched
        found |= hmac.compare_digest(given, secret)
    return found


def bearer_ok(authorization: bytes, secrets: Sequence[bytes]) -> bool:
    """Whether the value of an `Authorization` header is `Bearer <one of the secrets>`; the scheme in any case."""
    if authorization[:7].lower() != _BEARER:
        return False
    return secret_ok(authorization[7:].strip(), secrets)


def timestamp_fresh(timestamp: bytes, now: float) -> bool:
    """Whether `timestamp` (seconds or milliseconds since the epoch, in digits) lies within the window round `now`."""
    if _TIMESTAMP.fullmatch(timestamp) is None:
        return False
    seconds = float(timestamp)
    if seconds > MILLISECONDS_FROM:
        seconds /= 1000
    return abs(now - seconds) <= SIGNATURE_WINDOW_S


def hmac_ok(signature: bytes, timestamp: bytes, body: bytes, secrets: Sequence[bytes], now: float) -> bool:
    """Whether `signature` is the hex HMAC-SHA256 of `{timestamp}.{body}` under one of `secrets`, and is fresh.

    A `sha256=` prefix and any case are accepted. Source of the form: Vapi's `HMACAuthenticationPlan`, whose default
    `payloadFormat` is `{timestamp}.{body}`; the unit of its timestamp is not documented.
    """
    if not timestamp_fresh(timestamp, now):
        return False
    given = signature.strip().lower().removeprefix(_SIGNATURE_PREFIX)
    found = False
    for secret in secrets:
        mac = hmac.new(secret, timestamp + b".", hashlib.sha256)
        mac.update(body)  # apart from the timestamp: no copy of ten megabytes
        found |= hmac.compare_digest(given, mac.hexdigest().encode())
    return found

"""Proofs: what lets a request in, and everything near it that must not."""

import hashlib
import hmac

import pytest

from app.dialects.credentials import bearer_ok, hmac_ok, secret_ok, timestamp_fresh

CURRENT, PREVIOUS = b"current-secret-0123456789", b"previous-secret-0123456789"
BOTH = (CURRENT, PREVIOUS)
NOW = 1_795_000_000.0
BODY = b'{"message": {"type":"hang" } }\r\n\xff'


def sign(body: bytes = BODY, timestamp: bytes = b"1795000000", secret: bytes = CURRENT) -> bytes:
    return hmac.new(secret, timestamp + b"." + body, hashlib.sha256).hexdigest().encode()


@pytest.mark.parametrize(
    ("header", "secrets", "welcome"),
    [
        (b"Bearer " + CURRENT, BOTH, True),
        (b"Bearer " + PREVIOUS, BOTH, True),
        (b"bearer " + CURRENT, BOTH, True),
        (b"BEARER  " + CURRENT + b" ", BOTH, True),
        (b"Bearer " + PREVIOUS, (CURRENT,), False),
        (b"Bearer " + CURRENT, (), False),
        (b"Bearer " + CURRENT[:-1], BOTH, False),
        (b"Bearer " + CURRENT + b"x", BOTH, False),
        (b"Bearer " + CURRENT.upper(), BOTH, False),
        (b"Bearer", BOTH, False),
        (b"Bearer ", BOTH, False),
        (b"Bearer ", (b"",), False),
        (b"", BOTH, False),
        (CURRENT, BOTH, False),
        (b"Basic " + CURRENT, BOTH, False),
        (b"Digest " + CURRENT, BOTH, False),
        (b"Bearer " + "geheimnisß".encode(), BOTH, False),
        (b"Bearer " + "geheimnisß".encode(), ("geheimnisß".encode(),), True),
        (b"Bearer \xff\xfe\x00", BOTH, False),
    ],
)
def test_a_bearer_is_one_of_the_secrets_or_nothing(header: bytes, secrets: tuple[bytes, ...], welcome: bool) -> None:
    assert bearer_ok(header, secrets) is welcome


def test_an_empty_secret_is_no_secret() -> None:
    assert not secret_ok(b"", (b"",))
    assert not secret_ok(b"", ())
    assert secret_ok(CURRENT, BOTH)


@pytest.mark.parametrize(
    ("timestamp", "fresh"),
    [
        (b"1795000000", True),
        (b"1795000000.25", True),
        (b"1795000000000", True),
        (b"1795000299", True),
        (b"1794999701", True),
        (b"1795000301", False),
        (b"1794999699", False),
        (b"1795000301000", False),
        (b"1794999699000", False),
        (b"0", False),
        (b"", False),
        (b"-1795000000", False),
        (b"+1795000000", False),
        (b" 1795000000", False),
        (b"1_795_000_000", False),
        (b"1.795e9", False),
        (b"nan", False),
        (b"inf", False),
        (b"0x6afd3f40", False),
        ("١٧٩٥".encode(), False),
        (b"9" * 17, False),
        (b"2026-11-20T12:00:00Z", False),
    ],
)
def test_a_timestamp_is_fresh_for_five_minutes_either_way(timestamp: bytes, fresh: bool) -> None:
    assert timestamp_fresh(timestamp, NOW) is fresh


@pytest.mark.parametrize("timestamp", [b"1795000000", b"1795000000000"])
@pytest.mark.parametrize("secret", BOTH)
@pytest.mark.parametrize(
    "form", [bytes, bytes.upper, lambda mac: b"sha256=" + mac, lambda mac: b"SHA256=" + mac.upper()]
)
def test_a_signature_over_the_raw_bytes_is_a_proof(timestamp: bytes, secret: bytes, form: object) -> None:
    signature = form(sign(timestamp=timestamp, secret=secret))  # type: ignore[operator]  # a table of callables
    assert hmac_ok(signature, timestamp, BODY, BOTH, NOW)


@pytest.mark.parametrize(
    ("signature", "timestamp", "body", "secrets", "now"),
    [
        (sign(), b"1795000000", BODY, (), NOW),
        (sign(), b"1795000000", BODY, (PREVIOUS,), NOW),
        (sign(), b"1795000000", BODY + b" ", BOTH, NOW),
        (sign(), b"1795000001", BODY, BOTH, NOW),
        (sign(), b"1795000000", BODY, BOTH, NOW + 301),
        (sign(), b"1795000000", BODY, BOTH, NOW - 301),
        (sign()[:-1], b"1795000000", BODY, BOTH, NOW),
        (sign() + b"0", b"1795000000", BODY, BOTH, NOW),
        (b"sha512=" + sign(), b"1795000000", BODY, BOTH, NOW),
        (b"", b"1795000000", BODY, BOTH, NOW),
        (b"sha256=", b"1795000000", BODY, BOTH, NOW),
        (b"\xff" * 64, b"1795000000", BODY, BOTH, NOW),
        (sign(timestamp=b""), b"", BODY, BOTH, NOW),
        (sign(secret=b""), b"1795000000", BODY, BOTH, NOW),
    ],
)
def test_anything_else_is_no_signature(
    signature: bytes, timestamp: bytes, body: bytes, secrets: tuple[bytes, ...], now: float
) -> None:
    assert not hmac_ok(signature, timestamp, body, secrets, now)


def test_every_secret_is_compared_whichever_matches() -> None:
    compared = []

    class Watched(tuple[bytes, ...]):
        def __iter__(self):  # type: ignore[no-untyped-def]  # tuple's own signature is overloaded
            for secret in super().__iter__():
                compared.append(secret)
                yield secret

    assert bearer_ok(b"Bearer " + CURRENT, Watched(BOTH))
    assert compared == list(BOTH)

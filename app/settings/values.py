"""What each single value must look like. A wrong one is a ValueError whose words follow the variable's name.

The value of a secret is never repeated, not even there.
"""

import base64
import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

import ed25519_zebra
from pydantic import BeforeValidator, SecretStr

ADMIN_TOKEN_MIN_CHARS = 16
CAP_MAX = 10_000_000
DAY_S = 86_400
CONTROL_HOSTS = ("*.vapi.ai",)
ED25519_KEY_BYTES = 32
FITS_WEAK_KEYS = b"\1" + bytes(63)
"""The signature that fits every message under a key of small order, such as one of zeros."""

HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
NOTIFICATION_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
WHOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
ACCOUNT_SID = re.compile(r"AC[0-9A-Za-z]{1,62}")
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


def shown(value: str) -> str:
    """A value in a sentence: short, on one line."""
    short = value if len(value) <= 60 else value[:57] + "..."
    return '"' + CONTROL_CHARACTER.sub("?", short) + '"'


def places(value: str) -> list[str]:
    """The filled places of a comma-separated list."""
    return [place for place in (part.strip() for part in value.split(",")) if place]


def whole(low: int, high: int) -> BeforeValidator:
    def read(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value) or not low <= int(value) <= high:
            raise ValueError(f"is {shown(value)}; it must be a whole number from {low} to {high}")
        return int(value)

    return BeforeValidator(read)


def one_of(*choices: str) -> BeforeValidator:
    def read(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"is {shown(value)}; it must be {' or '.join(choices)}")
        return value.lower()

    return BeforeValidator(read)


def file(value: str) -> Path:
    if Path(value).is_dir():
        raise ValueError(f"is {shown(value)}, a folder; it must be a file")
    return Path(value)


def _split(url: str) -> SplitResult | None:
    """The parts of a URL, None where it is malformed (a port that is no number included)."""
    if re.search(r"\s", url) or CONTROL_CHARACTER.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _web_url(value: str) -> str:
    wanted = "it must be a URL such as https://readback.example.com"
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"is not an http or https URL; {wanted}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"holds a user name or password; {wanted}")
    if parts.query or parts.fragment or "?" in value or "#" in value or "//" in parts.path:
        raise ValueError(f"goes on after host and path; {wanted}, without a query or fragment")
    return value.rstrip("/")


def origin(value: str) -> str:
    """A server whose paths are ours to choose."""
    url = _web_url(value)
    if urlsplit(url).path:
        raise ValueError("goes on after the host; it must be scheme and host alone, such as https://www.googleapis.com")
    return url


def ping_url(value: str) -> str:
    """A capability, so not repeated; unlike the others it may have a query."""
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError("is not an http or https URL; it must be one such as https://hc-ping.com/your-check")
    return value


def database_url(value: str) -> str:
    wanted = "it must be sqlite:///path/to/file.db or postgresql://user:password@host/name"
    scheme, separator, rest = value.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in ("sqlite", "postgresql", "postgres", "postgresql+psycopg"):
        raise ValueError(f"has a scheme nobody here speaks; {wanted}")
    if scheme == "sqlite":
        path = rest.partition("?")[0]
        if not path.startswith("/") or path.strip("/") in ("", ":memory:"):
            raise ValueError(f"names no file; {wanted}")
        return "sqlite://" + rest
    parts = _split("postgresql://" + rest)
    if parts is None or not parts.path.strip("/"):
        raise ValueError(f"names no database, or has a malformed host or port; {wanted}")
    return "postgresql://" + rest


def redis_url(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError("is not a Redis URL; it must be one such as redis://127.0.0.1:6379/0")
    if parts.scheme != "unix" and not re.fullmatch(r"/?[0-9]{0,4}/?", parts.path):
        raise ValueError("names a database that is no number; it must be one such as redis://127.0.0.1:6379/0")
    return value


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def host(value: str) -> str:
    bare = value.removeprefix("[").removesuffix("]")
    if not (_is_address(bare) or HOST_NAME.fullmatch(bare.lower())):
        raise ValueError(f"is {shown(value)}; it must be a host name or address to listen on, without a port")
    return bare


def host_patterns(value: str) -> tuple[str, ...]:
    patterns = []
    for place in places(value):
        bare = place.lower().removeprefix("[").removesuffix("]")
        if not (_is_address(bare) or HOST_NAME.fullmatch(bare.removeprefix("*."))):
            raise ValueError(
                f"names {shown(place)}; it must list host names or addresses without a port, such as *.vapi.ai"
            )
        patterns.append(bare)
    return tuple(patterns) or CONTROL_HOSTS


def phone(value: str) -> str:
    if not PHONE.fullmatch(value):
        raise ValueError(f"is {shown(value)}; it must be a number with + and country code, such as +15125550100")
    return value


def account_sid(value: str) -> str:
    if not ACCOUNT_SID.fullmatch(value):
        raise ValueError(f"is {shown(value)}; it must be the account's SID, which begins with AC")
    return value


def whose(value: str) -> str:
    """Somebody at a business."""
    if not WHOSE.fullmatch(value):
        raise ValueError(f"is {shown(value)}; it must be a business and a technician there, such as acme/tess")
    return value


def _secrets(value: str) -> tuple[str, ...]:
    if CONTROL_CHARACTER.search(value):
        raise ValueError("holds a line break or control character; it must be secrets separated by commas")
    return tuple(places(value))


def _secret(value: str) -> str:
    if CONTROL_CHARACTER.search(value):
        raise ValueError("holds a line break or control character; it must be one line")
    return value


def ed25519_keys(value: str) -> tuple[str, ...]:
    """Public, but a private key pasted here by mistake is not repeated."""
    keys = tuple(places(value))
    for key in keys:
        try:
            decoded = base64.b64decode(key, validate=True)
        except ValueError:
            decoded = b""
        if len(decoded) != ED25519_KEY_BYTES or ed25519_zebra.ed_verify(FITS_WEAK_KEYS, b"", decoded):
            raise ValueError(
                "has a place that is no Ed25519 public key; it must be 32 bytes in base64, as Telnyx shows it"
            )
    return keys


def admin_token(value: str) -> str:
    if len(_secret(value)) < ADMIN_TOKEN_MIN_CHARS:
        raise ValueError(f"is too short; it must have at least {ADMIN_TOKEN_MIN_CHARS} characters")
    return value


def notification_urls(value: str) -> tuple[str, ...]:
    urls = places(value)
    if not all(NOTIFICATION_URL.fullmatch(url) for url in urls):
        raise ValueError("holds something that is no notification URL; it must list URLs such as json://host/path")
    return tuple(urls)


def _pairs(value: str, example: str, read: Callable[[str], Any]) -> dict[str, Any]:
    """`name=value` places; `read` raises ValueError for a value that does not fit."""
    pairs: dict[str, Any] = {}
    for place in places(value):
        name, separator, text = (part.strip() for part in place.partition("="))
        if not name or not separator or name in pairs:
            problem = f"gives {shown(name)} twice" if name in pairs else f"has the place {shown(place)}"
            raise ValueError(f"{problem}; it must be pairs such as {example}")
        try:
            pairs[name] = read(text)
        except (ValueError, InvalidOperation):
            raise ValueError(f"has the place {shown(place)}; it must be pairs such as {example}") from None
    return pairs


def _cap(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,8}", text) or int(text) > CAP_MAX:
        raise ValueError(text)
    return int(text)


def _money(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ValueError(text)
    return Decimal(text)


def caps(value: str) -> dict[str, int]:
    return _pairs(value, "acme=200,zenith=50", _cap)


def spend_caps(value: str) -> dict[str, Decimal]:
    return _pairs(value, "acme=5.00,zenith=2.50", _money)


def _thresholds(text: str) -> tuple[float, float] | None:
    if text == "off":
        return None
    number = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
    found = re.fullmatch(f"{number}:{number}", text)
    if found is None:
        raise ValueError(text)
    return float(found[1]), float(found[2])


def figures(value: str) -> dict[str, tuple[float, float] | None]:
    """Where a figure is raised and where it is cleared; None where it is switched off."""
    return _pairs(value, "tool_p95=4:3,hangs=off", _thresholds)


def secrets_by_business(value: str) -> dict[str, SecretStr]:
    """`name=secret` places; unlike `_pairs` it never repeats one in its sentence."""
    wanted = "it must be pairs such as acme=secret"
    pairs: dict[str, SecretStr] = {}
    for place in places(_secret(value)):
        name, _, secret = (part.strip() for part in place.partition("="))
        if not name or not secret:
            raise ValueError(f"has a place without a name or without a secret; {wanted}")
        if name in pairs:
            raise ValueError(f"gives {shown(name)} twice; {wanted}")
        pairs[name] = SecretStr(secret)
    return pairs


def _dollars(value: str) -> Decimal | None:
    try:
        return None if value.strip().lower() == "none" else _money(value)
    except ValueError:
        raise ValueError(f"is {shown(value)}; it must be an amount in US dollars such as 2.50, or none") from None


def requests_per_minute(value: str) -> tuple[int, int]:
    """Two positions: per calendar, in all. A position left empty keeps its default."""
    defaults = (600, 10_000)
    positions = [position.strip() for position in value.split(",")]
    if len(positions) == 2 and all(re.fullmatch(r"([1-9][0-9]{0,6})?", position) for position in positions):
        numbers = [int(p) if p else default for p, default in zip(positions, defaults, strict=True)]
        return numbers[0], numbers[1]
    raise ValueError(f"is {shown(value)}; it must be two whole numbers from 1 on such as 600,10000")


Url = Annotated[str, BeforeValidator(_web_url)]
OptionalUrl = Annotated[str | None, BeforeValidator(_web_url)]
Secret = Annotated[SecretStr | None, BeforeValidator(_secret)]
Secrets = Annotated[tuple[str, ...], BeforeValidator(_secrets)]
Dollars = Annotated[Decimal | None, BeforeValidator(_dollars)]

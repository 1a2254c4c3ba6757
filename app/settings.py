"""Reads the environment once, checks every value, freezes the result.

Nothing else in the product looks at the environment. A wrong value is one sentence naming the variable; the value of a
secret is never repeated, not even in that sentence.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.errors import ConfigurationError

ADMIN_TOKEN_MIN_CHARS = 16
CAP_MAX = 10_000_000
DAY_S = 86_400
CONTROL_HOSTS = ("*.vapi.ai",)
TEST_PREFIX = "READBACK_TEST_"
"""The suite's own variables; nobody is warned about them."""

HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
NOTIFICATION_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


def _shown(value: str) -> str:
    """A value in a sentence: short, on one line."""
    short = value if len(value) <= 60 else value[:57] + "..."
    return '"' + CONTROL_CHARACTER.sub("?", short) + '"'


def _places(value: str) -> list[str]:
    """The filled places of a comma-separated list."""
    return [place for place in (part.strip() for part in value.split(",")) if place]


def _whole(low: int, high: int) -> BeforeValidator:
    def read(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value) or not low <= int(value) <= high:
            raise ValueError(f"is {_shown(value)}; it must be a whole number from {low} to {high}")
        return int(value)

    return BeforeValidator(read)


def _one_of(*choices: str) -> BeforeValidator:
    def read(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"is {_shown(value)}; it must be {' or '.join(choices)}")
        return value.lower()

    return BeforeValidator(read)


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


def _database_url(value: str) -> str:
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


def _redis_url(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError("is not a Redis URL; it must be one such as redis://127.0.0.1:6379/0")
    return value


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(value: str) -> str:
    bare = value.removeprefix("[").removesuffix("]")
    if not (_is_address(bare) or HOST_NAME.fullmatch(bare.lower())):
        raise ValueError(f"is {_shown(value)}; it must be a host name or address to listen on, without a port")
    return bare


def _host_patterns(value: str) -> tuple[str, ...]:
    patterns = []
    for place in _places(value):
        bare = place.lower().removeprefix("[").removesuffix("]")
        if not (_is_address(bare) or HOST_NAME.fullmatch(bare.removeprefix("*."))):
            raise ValueError(
                f"names {_shown(place)}; it must list host names or addresses without a port, such as *.vapi.ai"
            )
        patterns.append(bare)
    return tuple(patterns) or CONTROL_HOSTS


def _secrets(value: str) -> tuple[str, ...]:
    if CONTROL_CHARACTER.search(value):
        raise ValueError("holds a line break or control character; it must be secrets separated by commas")
    return tuple(_places(value))


def _secret(value: str) -> str:
    if CONTROL_CHARACTER.search(value):
        raise ValueError("holds a line break or control character; it must be one line")
    return value


def _admin_token(value: str) -> str:
    if len(_secret(value)) < ADMIN_TOKEN_MIN_CHARS:
        raise ValueError(f"is too short; it must have at least {ADMIN_TOKEN_MIN_CHARS} characters")
    return value


def _notification_urls(value: str) -> tuple[str, ...]:
    places = _places(value)
    if not all(NOTIFICATION_URL.fullmatch(place) for place in places):
        raise ValueError("holds something that is no notification URL; it must list URLs such as json://host/path")
    return tuple(places)


def _pairs(value: str, example: str, read: Callable[[str], Any]) -> dict[str, Any]:
    """`name=value` places; `read` raises ValueError for a value that does not fit."""
    pairs: dict[str, Any] = {}
    for place in _places(value):
        name, separator, text = (part.strip() for part in place.partition("="))
        if not name or not separator or name in pairs:
            problem = f"gives {_shown(name)} twice" if name in pairs else f"has the place {_shown(place)}"
            raise ValueError(f"{problem}; it must be pairs such as {example}")
        try:
            pairs[name] = read(text)
        except (ValueError, InvalidOperation):
            raise ValueError(f"has the place {_shown(place)}; it must be pairs such as {example}") from None
    return pairs


def _cap(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,8}", text) or int(text) > CAP_MAX:
        raise ValueError(text)
    return int(text)


def _money(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ValueError(text)
    return Decimal(text)


def _caps(value: str) -> dict[str, int]:
    return _pairs(value, "acme=200,zenith=50", _cap)


def _spend_caps(value: str) -> dict[str, Decimal]:
    return _pairs(value, "acme=5.00,zenith=2.50", _money)


def _dollars(value: str) -> Decimal:
    try:
        return _money(value)
    except ValueError:
        raise ValueError(f"is {_shown(value)}; it must be an amount in US dollars such as 2.50") from None


def _requests_per_minute(value: str) -> tuple[int, int]:
    """Two positions: per calendar, in all. A position left empty keeps its default."""
    defaults = (600, 10_000)
    positions = [position.strip() for position in value.split(",")]
    if len(positions) == 2 and all(re.fullmatch(r"([1-9][0-9]{0,6})?", position) for position in positions):
        numbers = [int(p) if p else default for p, default in zip(positions, defaults, strict=True)]
        return numbers[0], numbers[1]
    raise ValueError(f"is {_shown(value)}; it must be two whole numbers from 1 on such as 600,10000")


Url = Annotated[str, BeforeValidator(_web_url)]
OptionalUrl = Annotated[str | None, BeforeValidator(_web_url)]
Secret = Annotated[SecretStr | None, BeforeValidator(_secret)]
Secrets = Annotated[tuple[str, ...], BeforeValidator(_secrets)]
Dollars = Annotated[Decimal | None, BeforeValidator(_dollars)]


def _variable(name: str, default: Any = None, *, shown: bool = True) -> Any:
    """A field that is read from the variable `name`. `shown` False keeps it out of every repr."""
    return Field(default, validation_alias=name, repr=shown)


class Settings(BaseSettings):
    """Everything the environment says, checked. Times carry their unit in the name; lists are tuples."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

    host: Annotated[str, BeforeValidator(_host)] = _variable("READBACK_HOST", "127.0.0.1")
    port: Annotated[int, _whole(1, 65_535)] = _variable("READBACK_PORT", 8080)
    public_url: OptionalUrl = _variable("READBACK_PUBLIC_URL")
    web_workers: Annotated[int, _whole(1, 64)] = _variable("READBACK_WEB_WORKERS", 1)
    jobs: Annotated[Literal["on", "off"], _one_of("on", "off")] = _variable("READBACK_JOBS", "on")
    log_level: Annotated[str, _one_of("debug", "info", "warning", "error")] = _variable("READBACK_LOG_LEVEL", "info")

    database_url: Annotated[str, BeforeValidator(_database_url)] = _variable(
        "READBACK_DATABASE_URL", "sqlite:///var/readback.db", shown=False
    )
    audit_anchors: Path | None = _variable("READBACK_AUDIT_ANCHORS")
    redis_url: Annotated[str | None, BeforeValidator(_redis_url)] = _variable("READBACK_REDIS_URL", shown=False)
    businesses: Path = _variable("READBACK_BUSINESSES", Path("infra/businesses/demo.toml"))

    vapi_secrets: Secrets = _variable("READBACK_VAPI_SECRETS", (), shown=False)
    vapi_hmac_secrets: Secrets = _variable("READBACK_VAPI_HMAC_SECRETS", (), shown=False)
    tools_secrets: Secrets = _variable("READBACK_TOOLS_SECRETS", (), shown=False)
    admin_token: Annotated[SecretStr | None, BeforeValidator(_admin_token)] = _variable("READBACK_ADMIN_TOKEN")

    daily_call_cap: Annotated[int, _whole(0, CAP_MAX)] = _variable("READBACK_DAILY_CALL_CAP", 0)
    daily_call_caps: Annotated[Mapping[str, int], BeforeValidator(_caps)] = _variable("READBACK_DAILY_CALL_CAPS", {})
    filler_after_ms: Annotated[int, _whole(0, 3_600_000)] = _variable("READBACK_FILLER_AFTER_MS", 800)
    tool_deadline_ms: Annotated[int, _whole(1, 600_000)] = _variable("READBACK_TOOL_DEADLINE_MS", 6000)
    slot_ttl_s: Annotated[int, _whole(1, 7 * DAY_S)] = _variable("READBACK_SLOT_TTL_S", 900)
    repeat_window_s: Annotated[int, _whole(0, 7 * DAY_S)] = _variable("READBACK_REPEAT_WINDOW_S", 600)
    availability_ttl_s: Annotated[int, _whole(0, DAY_S)] = _variable("READBACK_AVAILABILITY_TTL_S", 30)
    read_back_after_s: Annotated[int, _whole(0, 7 * DAY_S)] = _variable("READBACK_READ_BACK_AFTER_S", 300)
    vapi_control_hosts: Annotated[tuple[str, ...], BeforeValidator(_host_patterns)] = _variable(
        "READBACK_VAPI_CONTROL_HOSTS", CONTROL_HOSTS
    )
    page_urls: Annotated[tuple[str, ...], BeforeValidator(_notification_urls)] = _variable(
        "READBACK_PAGE_URLS", (), shown=False
    )

    vapi_api_key: Secret = _variable("VAPI_API_KEY")
    vapi_api_url: Url = _variable("READBACK_VAPI_API_URL", "https://api.vapi.ai")
    twilio_account_sid: str | None = _variable("TWILIO_ACCOUNT_SID")
    twilio_auth_tokens: Secrets = _variable("TWILIO_AUTH_TOKEN", (), shown=False)
    twilio_api_key: str | None = _variable("TWILIO_API_KEY")
    twilio_api_secret: Secret = _variable("TWILIO_API_SECRET")
    twilio_api_url: Url = _variable("READBACK_TWILIO_API_URL", "https://api.twilio.com")

    google_credentials: Path | None = _variable("GOOGLE_APPLICATION_CREDENTIALS")
    google_api_url: OptionalUrl = _variable("READBACK_GOOGLE_API_URL")
    google_token_url: OptionalUrl = _variable("READBACK_GOOGLE_TOKEN_URL")
    google_requests_per_minute: Annotated[tuple[int, int], BeforeValidator(_requests_per_minute)] = _variable(
        "READBACK_GOOGLE_REQUESTS_PER_MINUTE", (600, 10_000)
    )

    openai_api_key: Secret = _variable("OPENAI_API_KEY")
    openai_base_url: OptionalUrl = _variable("OPENAI_BASE_URL")
    anthropic_api_key: Secret = _variable("ANTHROPIC_API_KEY")
    anthropic_base_url: OptionalUrl = _variable("ANTHROPIC_BASE_URL")
    models: Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(_places(value)))] = _variable(
        "READBACK_MODELS", ()
    )
    spend_cap_per_call_usd: Dollars = _variable("READBACK_SPEND_CAP_PER_CALL_USD")
    spend_cap_per_day_usd: Dollars = _variable("READBACK_SPEND_CAP_PER_DAY_USD")
    spend_caps: Annotated[Mapping[str, Decimal], BeforeValidator(_spend_caps)] = _variable("READBACK_SPEND_CAPS", {})

    warnings: tuple[str, ...] = Field(())
    """Sentences about what was read but will not do what its author may hope; for the log at start."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - likewise
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands in: it has already chosen between the variable, its file and nothing."""
        return (init_settings,)


def variables() -> tuple[str, ...]:
    """The names of all variables that are read, in the order of the fields."""
    aliases = (field.validation_alias for field in Settings.model_fields.values())
    return tuple(alias for alias in aliases if isinstance(alias, str))


def load(environ: Mapping[str, str]) -> Settings:
    """The checked settings. Raises ConfigurationError with one sentence naming the variable that is wrong."""
    given = {name: value for name in variables() if (value := _value(environ, name)) is not None}
    try:
        settings = Settings.model_validate({**given, "warnings": _warnings(environ)})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        reason = first.get("ctx", {}).get("error") or f"is wrong: {first['msg']}"
        raise ConfigurationError(f"{first['loc'][0]} {reason}.") from None
    return _reconciled(settings)


def from_environment() -> Settings:
    """The settings of this process. Raises ConfigurationError as `load` does."""
    return load(os.environ)


def _value(environ: Mapping[str, str], name: str) -> str | None:
    """The variable's value, or that of the file its `_FILE` twin names; None when neither says anything."""
    value = environ.get(name, "").strip()
    file_name = environ.get(f"{name}_FILE", "").strip()
    if not file_name:
        return value or None
    if value:
        raise ConfigurationError(f"{name} and {name}_FILE are both set; only one of them may be.")
    try:
        value = Path(file_name).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"{name}_FILE names {_shown(file_name)}, which cannot be read: {reason}.") from None
    return value or None


def _warnings(environ: Mapping[str, str]) -> tuple[str, ...]:
    known = set(variables())
    return tuple(
        f"{name} is not a variable of this version and is not read."
        for name in sorted(environ)
        if name.startswith("READBACK_") and not name.startswith(TEST_PREFIX) and name.removesuffix("_FILE") not in known
    )


def _reconciled(settings: Settings) -> Settings:
    """A filler that would come after the deadline is never said: right for a default, worth a word when asked for."""
    if settings.filler_after_ms <= settings.tool_deadline_ms or "filler_after_ms" not in settings.model_fields_set:
        return settings
    warning = "READBACK_FILLER_AFTER_MS is above READBACK_TOOL_DEADLINE_MS, so no filler will ever be said."
    return settings.model_copy(update={"warnings": (*settings.warnings, warning)})

"""Reads the environment once, checks every value, freezes the result.

Nothing else in the product looks at the environment. A wrong value is one sentence naming the variable; the value of a
secret is never repeated, not even in that sentence.
"""

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.errors import ConfigurationError
from app.settings import values
from app.settings.values import (
    CAP_MAX,
    CONTROL_HOSTS,
    DAY_S,
    Dollars,
    OptionalUrl,
    Secret,
    Secrets,
    Url,
)

TEST_PREFIX = "READBACK_TEST_"
"""The suite's own variables; nobody is warned about them."""

UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listened on, but nowhere to call


def _variable(name: str, default: Any = None, *, shown: bool = True) -> Any:
    """A field that is read from the variable `name`. `shown` False keeps it out of every repr."""
    return Field(default, validation_alias=name, repr=shown)


class Settings(BaseSettings):
    """Everything the environment says, checked. Times carry their unit in the name; lists are tuples."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

    host: Annotated[str, BeforeValidator(values.host)] = _variable("READBACK_HOST", "127.0.0.1")
    port: Annotated[int, values.whole(1, 65_535)] = _variable("READBACK_PORT", 8080)
    public_url: OptionalUrl = _variable("READBACK_PUBLIC_URL")
    web_workers: Annotated[int, values.whole(1, 64)] = _variable("READBACK_WEB_WORKERS", 1)
    jobs: Annotated[Literal["on", "off"], values.one_of("on", "off")] = _variable("READBACK_JOBS", "on")
    log_level: Annotated[str, values.one_of("debug", "info", "warning", "error")] = _variable(
        "READBACK_LOG_LEVEL", "info"
    )

    database_url: Annotated[str, BeforeValidator(values.database_url)] = _variable(
        "READBACK_DATABASE_URL", "sqlite:///var/readback.db", shown=False
    )
    audit_anchors: Annotated[Path | None, BeforeValidator(values.file)] = _variable("READBACK_AUDIT_ANCHORS")
    redis_url: Annotated[str | None, BeforeValidator(values.redis_url)] = _variable("READBACK_REDIS_URL", shown=False)
    businesses: Path = _variable("READBACK_BUSINESSES", Path("infra/businesses/demo.toml"))

    vapi_secrets: Secrets = _variable("READBACK_VAPI_SECRETS", (), shown=False)
    vapi_hmac_secrets: Secrets = _variable("READBACK_VAPI_HMAC_SECRETS", (), shown=False)
    tools_secrets: Secrets = _variable("READBACK_TOOLS_SECRETS", (), shown=False)
    retell_api_keys: Secrets = _variable("READBACK_RETELL_API_KEYS", (), shown=False)
    elevenlabs_secrets: Secrets = _variable("READBACK_ELEVENLABS_SECRETS", (), shown=False)
    bland_secrets: Secrets = _variable("READBACK_BLAND_SECRETS", (), shown=False)
    telnyx_public_keys: Annotated[tuple[str, ...], BeforeValidator(values.ed25519_keys)] = _variable(
        "READBACK_TELNYX_PUBLIC_KEYS", ()
    )
    admin_token: Annotated[SecretStr | None, BeforeValidator(values.admin_token)] = _variable("READBACK_ADMIN_TOKEN")

    daily_call_cap: Annotated[int, values.whole(0, CAP_MAX)] = _variable("READBACK_DAILY_CALL_CAP", 0)
    daily_call_caps: Annotated[Mapping[str, int], BeforeValidator(values.caps)] = _variable(
        "READBACK_DAILY_CALL_CAPS", {}
    )
    filler_after_ms: Annotated[int, values.whole(0, 3_600_000)] = _variable("READBACK_FILLER_AFTER_MS", 800)
    tool_deadline_ms: Annotated[int, values.whole(1, 600_000)] = _variable("READBACK_TOOL_DEADLINE_MS", 6000)
    slot_ttl_s: Annotated[int, values.whole(1, 7 * DAY_S)] = _variable("READBACK_SLOT_TTL_S", 900)
    repeat_window_s: Annotated[int, values.whole(0, 7 * DAY_S)] = _variable("READBACK_REPEAT_WINDOW_S", 600)
    availability_ttl_s: Annotated[int, values.whole(0, DAY_S)] = _variable("READBACK_AVAILABILITY_TTL_S", 30)
    read_back_after_s: Annotated[int, values.whole(0, 7 * DAY_S)] = _variable("READBACK_READ_BACK_AFTER_S", 300)
    vapi_control_hosts: Annotated[tuple[str, ...], BeforeValidator(values.host_patterns)] = _variable(
        "READBACK_VAPI_CONTROL_HOSTS", CONTROL_HOSTS
    )
    page_urls: Annotated[tuple[str, ...], BeforeValidator(values.notification_urls)] = _variable(
        "READBACK_PAGE_URLS", (), shown=False
    )

    heartbeat_url: Annotated[str | None, BeforeValidator(values.ping_url)] = _variable(
        "READBACK_HEARTBEAT_URL", shown=False
    )
    heartbeat_every_s: Annotated[int, values.whole(1, 3_600)] = _variable("READBACK_HEARTBEAT_EVERY_S", 60)
    pagerduty_api_url: Url = _variable("READBACK_PAGERDUTY_API_URL", "https://events.pagerduty.com")

    synthetic_every_s: Annotated[int, values.whole(0, DAY_S)] = _variable("READBACK_SYNTHETIC_EVERY_S", 0)
    synthetic_line: Annotated[str | None, BeforeValidator(values.phone)] = _variable("READBACK_SYNTHETIC_LINE")
    synthetic_technician: Annotated[str | None, BeforeValidator(values.whose)] = _variable(
        "READBACK_SYNTHETIC_TECHNICIAN"
    )

    vapi_api_key: Secret = _variable("VAPI_API_KEY")
    vapi_api_url: Url = _variable("READBACK_VAPI_API_URL", "https://api.vapi.ai")
    platform: Path = _variable("READBACK_PLATFORM", Path("infra/platform/demo.toml"))
    platform_environment: str = _variable("READBACK_PLATFORM_ENVIRONMENT", "production")
    drift_every_s: Annotated[int, values.whole(0, DAY_S)] = _variable("READBACK_DRIFT_EVERY_S", 120)
    twilio_account_sid: Annotated[str | None, BeforeValidator(values.account_sid)] = _variable("TWILIO_ACCOUNT_SID")
    twilio_auth_tokens: Secrets = _variable("TWILIO_AUTH_TOKEN", (), shown=False)
    twilio_api_key: str | None = _variable("TWILIO_API_KEY")
    twilio_api_secret: Secret = _variable("TWILIO_API_SECRET")
    twilio_api_url: Url = _variable("READBACK_TWILIO_API_URL", "https://api.twilio.com")
    texts_per_second: Annotated[int, values.whole(1, 100)] = _variable("READBACK_TEXTS_PER_SECOND", 1)

    figures: Annotated[Mapping[str, tuple[float, float] | None], BeforeValidator(values.figures)] = _variable(
        "READBACK_FIGURES", {}
    )

    crm_secrets: Annotated[Mapping[str, SecretStr], BeforeValidator(values.secrets_by_business)] = _variable(
        "READBACK_CRM_SECRETS", {}, shown=False
    )

    google_credentials: Path | None = _variable("GOOGLE_APPLICATION_CREDENTIALS")
    google_api_url: Annotated[str | None, BeforeValidator(values.origin)] = _variable("READBACK_GOOGLE_API_URL")
    google_token_url: OptionalUrl = _variable("READBACK_GOOGLE_TOKEN_URL")
    google_requests_per_minute: Annotated[tuple[int, int], BeforeValidator(values.requests_per_minute)] = _variable(
        "READBACK_GOOGLE_REQUESTS_PER_MINUTE", (600, 10_000)
    )
    caldav_credentials: SecretStr | None = _variable("READBACK_CALDAV_CREDENTIALS")

    openai_api_key: Secret = _variable("OPENAI_API_KEY")
    openai_base_url: OptionalUrl = _variable("OPENAI_BASE_URL")
    anthropic_api_key: Secret = _variable("ANTHROPIC_API_KEY")
    anthropic_base_url: OptionalUrl = _variable("ANTHROPIC_BASE_URL")
    models: Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(values.places(value)))] = _variable(
        "READBACK_MODELS", ()
    )
    grader_model: str | None = _variable("READBACK_GRADER_MODEL")
    spend_cap_per_call_usd: Dollars = _variable("READBACK_SPEND_CAP_PER_CALL_USD")
    spend_cap_per_day_usd: Dollars = _variable("READBACK_SPEND_CAP_PER_DAY_USD", Decimal(20))
    spend_caps: Annotated[Mapping[str, Decimal], BeforeValidator(values.spend_caps)] = _variable(
        "READBACK_SPEND_CAPS", {}
    )
    model_guard_usd: Dollars = _variable("READBACK_MODEL_GUARD_USD", Decimal(10))

    warnings: tuple[str, ...] = Field(())
    """Sentences about what was read but will not do what its author may hope; for the log at start."""

    @property
    def platform_keys(self) -> dict[str, tuple[str, ...]]:
        """What each platform with a route of its own proves itself with, by the platform's name in the route."""
        return {
            "retell": self.retell_api_keys,
            "elevenlabs": self.elevenlabs_secrets,
            "bland": self.bland_secrets,
            "telnyx": self.telnyx_public_keys,
        }

    @property
    def reached_at(self) -> str:
        """The address at which this very server is called: the public one, else its own on this machine."""
        host = UNSPECIFIED.get(self.host, self.host)
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

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


def secret_named(name: str) -> str:
    """The secret that the variable `name` holds, the first where it lists several; files may name any variable.

    Raises ConfigurationError when it is not set.
    """
    value = _value(os.environ, name)
    first = next(iter(values.places(value)), None) if value else None
    if first is None:
        raise ConfigurationError(f"{name} is not set, and READBACK_PLATFORM takes a secret from it.")
    return first


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
        raise ConfigurationError(
            f"{name}_FILE names {values.shown(file_name)}, which cannot be read: {reason}."
        ) from None
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

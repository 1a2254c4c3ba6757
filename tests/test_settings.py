"""Every variable: what is taken, what is refused in one sentence, and that no secret shows."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.errors import ConfigurationError
from app.settings import Settings, load, variables

LONG_SECRET = "correct-horse-battery-staple"
GOOD_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""Of RFC 8032, section 7.1."""
WEAK_KEYS = (f"{'A' * 43}=", f"AQ{'A' * 41}=", f"7P{'/' * 39}38=")
"""Points of small order: one signature, known to everybody, fits every message."""

TAKEN: list[tuple[str, str, str, Any]] = [
    ("READBACK_HOST", "0.0.0.0", "host", "0.0.0.0"),
    ("READBACK_HOST", "[::1]", "host", "::1"),
    ("READBACK_PORT", "65535", "port", 65535),
    ("READBACK_PUBLIC_URL", "https://voice.example.com/", "public_url", "https://voice.example.com"),
    ("READBACK_PUBLIC_URL", "https://example.com:8443/readback", "public_url", "https://example.com:8443/readback"),
    ("READBACK_WEB_WORKERS", "4", "web_workers", 4),
    ("READBACK_RETELL_API_KEYS", "key_new, key_old", "retell_api_keys", ("key_new", "key_old")),
    ("READBACK_TELNYX_PUBLIC_KEYS", GOOD_KEY, "telnyx_public_keys", (GOOD_KEY,)),
    ("READBACK_JOBS", "OFF", "jobs", "off"),
    ("READBACK_LOG_LEVEL", "DEBUG", "log_level", "debug"),
    ("READBACK_DATABASE_URL", "sqlite:////data/readback.db", "database_url", "sqlite:////data/readback.db"),
    ("READBACK_DATABASE_URL", "postgres://u:p@db:5433/x?sslmode=require", "database_url",
     "postgresql://u:p@db:5433/x?sslmode=require"),
    ("READBACK_DATABASE_URL", "postgresql+psycopg://u@db/x", "database_url", "postgresql://u@db/x"),
    ("READBACK_DATABASE_URL", "postgresql:///x?host=/run/postgresql", "database_url",
     "postgresql:///x?host=/run/postgresql"),
    ("READBACK_REDIS_URL", "rediss://:p@cache:6380/1", "redis_url", "rediss://:p@cache:6380/1"),
    ("READBACK_BUSINESSES", "/etc/readback", "businesses", Path("/etc/readback")),
    ("READBACK_VAPI_SECRETS", " new , ,old,", "vapi_secrets", ("new", "old")),
    ("READBACK_VAPI_HMAC_SECRETS", "one", "vapi_hmac_secrets", ("one",)),
    ("READBACK_TOOLS_SECRETS", ",one", "tools_secrets", ("one",)),
    ("READBACK_DAILY_CALL_CAP", "500", "daily_call_cap", 500),
    ("READBACK_DAILY_CALL_CAPS", "acme=200, zenith = 0,", "daily_call_caps", {"acme": 200, "zenith": 0}),
    ("READBACK_FIGURES", "tool_p95=4:3.5, hangs = off,", "figures", {"tool_p95": (4.0, 3.5), "hangs": None}),
    ("READBACK_FILLER_AFTER_MS", "0", "filler_after_ms", 0),
    ("READBACK_TOOL_DEADLINE_MS", "1500", "tool_deadline_ms", 1500),
    ("READBACK_VAPI_CONTROL_HOSTS", "*.VAPI.ai,127.0.0.1,[::1],localhost", "vapi_control_hosts",
     ("*.vapi.ai", "127.0.0.1", "::1", "localhost")),
    ("READBACK_PAGE_URLS", "json://127.0.0.1:9000/page,slack://a/b/c", "page_urls",
     ("json://127.0.0.1:9000/page", "slack://a/b/c")),
    ("TWILIO_ACCOUNT_SID", "AC0123456789abcdef0123456789abcdef", "twilio_account_sid",
     "AC0123456789abcdef0123456789abcdef"),
    ("TWILIO_AUTH_TOKEN", "now,before", "twilio_auth_tokens", ("now", "before")),
    ("READBACK_TEXTS_PER_SECOND", "3", "texts_per_second", 3),
    ("READBACK_CRM_SECRETS", "acme=whsec_a2V5==, zenith = pat-1 ,", "crm_secrets",
     {"acme": SecretStr("whsec_a2V5=="), "zenith": SecretStr("pat-1")}),
    ("READBACK_SYNTHETIC_EVERY_S", "300", "synthetic_every_s", 300),
    ("READBACK_SYNTHETIC_LINE", "+15125550100", "synthetic_line", "+15125550100"),
    ("READBACK_SYNTHETIC_TECHNICIAN", "acme/tess.2", "synthetic_technician", "acme/tess.2"),
    ("READBACK_GOOGLE_API_URL", "http://127.0.0.1:9999/", "google_api_url", "http://127.0.0.1:9999"),
    ("READBACK_GOOGLE_REQUESTS_PER_MINUTE", "60, 500", "google_requests_per_minute", (60, 500)),
    ("READBACK_GOOGLE_REQUESTS_PER_MINUTE", ",500", "google_requests_per_minute", (600, 500)),
    ("READBACK_GOOGLE_REQUESTS_PER_MINUTE", "60,", "google_requests_per_minute", (60, 10_000)),
    ("READBACK_CALDAV_CREDENTIALS", "https://a/ dana x\nhttps://b/ lee y", "caldav_credentials",
     SecretStr("https://a/ dana x\nhttps://b/ lee y")),
    ("READBACK_MODELS", "openai:small, anthropic:big", "models", ("openai:small", "anthropic:big")),
    ("READBACK_GRADER_MODEL", " openai:tiny ", "grader_model", "openai:tiny"),
    ("READBACK_SPEND_CAP_PER_DAY_USD", "12.50", "spend_cap_per_day_usd", Decimal("12.50")),
    ("READBACK_MODEL_GUARD_USD", "none", "model_guard_usd", None),
    ("READBACK_SPEND_CAPS", "acme=5.25", "spend_caps", {"acme": Decimal("5.25")}),
]  # fmt: skip

REFUSED = [
    ("READBACK_TELNYX_PUBLIC_KEYS", "not base64!"),
    ("READBACK_TELNYX_PUBLIC_KEYS", "c2hvcnQ="),
    *(("READBACK_TELNYX_PUBLIC_KEYS", key) for key in WEAK_KEYS),
    ("READBACK_HOST", "not a host"),
    ("READBACK_HOST", "127.0.0.1:8080"),
    ("READBACK_AUDIT_ANCHORS", str(Path(__file__).parent)),
    ("READBACK_PORT", "0"),
    ("READBACK_PORT", "65536"),
    ("READBACK_PORT", "eighty"),
    ("READBACK_PORT", "８０８０"),  # digits, but not those anybody means
    ("READBACK_PORT", "9" * 5000),
    ("READBACK_PUBLIC_URL", "voice.example.com"),
    ("READBACK_PUBLIC_URL", "ftp://voice.example.com"),
    ("READBACK_PUBLIC_URL", "https://"),
    ("READBACK_PUBLIC_URL", "https://voice.example.com/?a=b"),
    ("READBACK_PUBLIC_URL", "https://voice.example.com/#top"),
    ("READBACK_PUBLIC_URL", "https://voice.example.com:port"),
    ("READBACK_PUBLIC_URL", "https://user:password@voice.example.com"),
    ("READBACK_WEB_WORKERS", "0"),
    ("READBACK_JOBS", "maybe"),
    ("READBACK_LOG_LEVEL", "loud"),
    ("READBACK_DATABASE_URL", "mysql://u:p@db/x"),
    ("READBACK_DATABASE_URL", "readback.db"),
    ("READBACK_DATABASE_URL", "sqlite://readback.db"),
    ("READBACK_DATABASE_URL", "sqlite:///:memory:"),
    ("READBACK_DATABASE_URL", "postgresql://u:p@db:x/name"),
    ("READBACK_DATABASE_URL", "postgresql://u:p@db"),
    ("READBACK_REDIS_URL", "http://cache"),
    ("READBACK_REDIS_URL", "redis://cache:6379/first"),
    ("READBACK_REDIS_URL", "redis://cache:6379/1/2"),
    ("READBACK_VAPI_SECRETS", "one\ntwo"),
    ("READBACK_ADMIN_TOKEN", "fifteen-letters"),
    ("READBACK_DAILY_CALL_CAP", "-1"),
    ("READBACK_DAILY_CALL_CAP", "1.5"),
    ("READBACK_DAILY_CALL_CAPS", "acme"),
    ("READBACK_DAILY_CALL_CAPS", "acme=many"),
    ("READBACK_DAILY_CALL_CAPS", "acme=-1"),
    ("READBACK_DAILY_CALL_CAPS", "=5"),
    ("READBACK_DAILY_CALL_CAPS", "acme=1,acme=2"),
    ("READBACK_FIGURES", "tool_p95"),
    ("READBACK_FIGURES", "tool_p95=4"),
    ("READBACK_FIGURES", "tool_p95=-4:3"),
    ("READBACK_FIGURES", "tool_p95=nan:nan"),
    ("READBACK_FIGURES", "hangs=off,hangs=off"),
    ("READBACK_TOOL_DEADLINE_MS", "0"),
    ("READBACK_SLOT_TTL_S", "0"),
    ("READBACK_REPEAT_WINDOW_S", "-1"),
    ("READBACK_AVAILABILITY_TTL_S", "half"),
    ("READBACK_READ_BACK_AFTER_S", "99999999"),
    ("READBACK_VAPI_CONTROL_HOSTS", "127.0.0.1:9000"),
    ("READBACK_VAPI_CONTROL_HOSTS", "https://vapi.ai"),
    ("READBACK_VAPI_CONTROL_HOSTS", "*"),
    ("READBACK_VAPI_CONTROL_HOSTS", "a.*.vapi.ai"),
    ("READBACK_PAGE_URLS", "json://ok/x,nonsense"),
    ("READBACK_VAPI_API_URL", "nonsense"),
    ("READBACK_GOOGLE_API_URL", "localhost:9999"),
    ("READBACK_GOOGLE_API_URL", "https://www.googleapis.com/calendar/v3"),
    ("READBACK_GOOGLE_REQUESTS_PER_MINUTE", "600"),
    ("READBACK_GOOGLE_REQUESTS_PER_MINUTE", "600,0"),
    ("READBACK_GOOGLE_REQUESTS_PER_MINUTE", "1,2,3"),
    ("TWILIO_ACCOUNT_SID", "SK0123456789abcdef0123456789abcdef"),
    ("TWILIO_ACCOUNT_SID", "AC 012"),
    ("READBACK_SPEND_CAP_PER_CALL_USD", "NaN"),
    ("READBACK_SPEND_CAPS", "acme=lots"),
    ("READBACK_SYNTHETIC_EVERY_S", "-1"),
    ("READBACK_SYNTHETIC_EVERY_S", "5m"),
    ("READBACK_SYNTHETIC_LINE", "512 555 0100"),
    ("READBACK_SYNTHETIC_TECHNICIAN", "tess"),
    ("READBACK_SYNTHETIC_TECHNICIAN", "acme/tess/2"),
    ("READBACK_CRM_SECRETS", "acme"),
    ("READBACK_CRM_SECRETS", "acme="),
    ("READBACK_CRM_SECRETS", "=secret"),
    ("READBACK_CRM_SECRETS", "acme=one,acme=two"),
]


@pytest.mark.parametrize(("variable", "value", "field", "expected"), TAKEN)
def test_a_right_value_is_taken(variable: str, value: str, field: str, expected: Any) -> None:
    assert getattr(load({variable: value}), field) == expected


@pytest.mark.parametrize(("variable", "value"), REFUSED, ids=lambda value: value[:60])
def test_a_wrong_value_is_one_sentence_naming_the_variable(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({variable: value})

    sentence = str(refused.value)
    assert sentence.startswith(f"{variable} ")
    assert sentence.endswith(".")
    assert "; it must " in sentence
    assert "\n" not in sentence
    assert len(sentence) < 300


def test_without_an_environment_the_contracts_defaults_hold() -> None:
    settings = load({})

    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.database_url == "sqlite:///var/readback.db"
    assert settings.businesses == Path("infra/businesses/demo.toml")
    assert (settings.vapi_secrets, settings.tools_secrets, settings.admin_token) == ((), (), None)
    assert (settings.filler_after_ms, settings.tool_deadline_ms) == (800, 6000)
    assert (settings.slot_ttl_s, settings.repeat_window_s, settings.availability_ttl_s) == (900, 600, 30)
    assert settings.google_requests_per_minute == (600, 10_000)
    assert settings.vapi_control_hosts == ("*.vapi.ai",)
    assert settings.warnings == ()


@pytest.mark.parametrize("variable", variables())
@pytest.mark.parametrize("nothing", ["", "   "])
def test_an_empty_value_counts_as_not_set(variable: str, nothing: str) -> None:
    assert load({variable: nothing}) == load({}) == load({f"{variable}_FILE": nothing})


@pytest.mark.parametrize(
    "variable", [name for name in variables() if name.endswith(("_SECRETS", "_HOSTS", "_URLS", "_CAPS", "_MINUTE"))]
)
def test_a_list_of_empty_places_counts_as_not_set(variable: str) -> None:
    assert load({variable: " , "}) == load({})


@pytest.mark.parametrize("variable", variables())
def test_every_variable_can_be_read_from_a_file(variable: str, tmp_path: Path) -> None:
    examples = {name: value for name, value, *_ in TAKEN}
    value = examples.get(variable) or ("https://example.com" if variable.endswith("_URL") else None)
    value = value or ("7" if variable.endswith(("_MS", "_S", "_USD")) else LONG_SECRET)
    (tmp_path / "value").write_text(f"{value}\n")

    assert load({f"{variable}_FILE": str(tmp_path / "value")}) == load({variable: value}) != load({})


def test_an_empty_file_counts_as_not_set(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")

    assert load({"READBACK_VAPI_SECRETS_FILE": str(tmp_path / "empty")}).vapi_secrets == ()


def test_a_value_and_a_file_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^READBACK_PORT and READBACK_PORT_FILE are both set"):
        load({"READBACK_PORT": "80", "READBACK_PORT_FILE": str(tmp_path / "port")})


@pytest.mark.parametrize("made", ["nothing", "folder", "bytes"])
def test_a_file_that_cannot_be_read_is_refused(made: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if made == "folder":
        file.mkdir()
    if made == "bytes":
        file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigurationError, match=r"^READBACK_VAPI_SECRETS_FILE names .* cannot be read: [^\n]+\.$"):
        load({"READBACK_VAPI_SECRETS_FILE": str(file)})


SECRETS = [
    "READBACK_VAPI_SECRETS", "READBACK_VAPI_HMAC_SECRETS", "READBACK_TOOLS_SECRETS", "READBACK_ADMIN_TOKEN",
    "VAPI_API_KEY", "TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
]  # fmt: skip


@pytest.mark.parametrize("variable", SECRETS)
def test_a_secret_never_shows(variable: str) -> None:
    settings = load({variable: LONG_SECRET})

    assert LONG_SECRET not in f"{settings!r} {settings}"
    with pytest.raises(ConfigurationError) as refused:
        load({variable: f"{LONG_SECRET}\n{LONG_SECRET}"})
    assert LONG_SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("READBACK_DATABASE_URL", "postgresql://user:hunter2@db:x/name"),
        ("READBACK_REDIS_URL", "http://:hunter2@cache"),
        ("READBACK_PAGE_URLS", "hunter2"),
        ("READBACK_PUBLIC_URL", "https://user:hunter2@example.com"),
        ("READBACK_CRM_SECRETS", "hunter2"),
        ("READBACK_CRM_SECRETS", "acme=hunter2,acme=hunter2"),
        ("READBACK_CRM_SECRETS", "=hunter2"),
    ],
)
def test_a_password_inside_a_url_never_shows(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({variable: value})

    assert "hunter2" not in str(refused.value)


def test_no_caldav_password_shows() -> None:
    assert "hunter2" not in repr(load({"READBACK_CALDAV_CREDENTIALS": "https://host/ dana hunter2"}))


def test_a_crm_secret_shows_in_no_settings() -> None:
    assert "hunter2" not in repr(load({"READBACK_CRM_SECRETS": "acme=hunter2"}))


@pytest.mark.parametrize("url", ["postgresql://user:hunter2@db/name", "sqlite:///var/readback.db"])
def test_no_database_url_shows(url: str) -> None:
    assert url not in repr(load({"READBACK_DATABASE_URL": url}))


def test_an_unknown_variable_is_a_warning_and_no_error() -> None:
    environ = {"READBACK_DAILY_CALLCAP": "5", "READBACK_TEST_POSTGRES_URL": "x", "READBACK_PORT": "81", "HOME": "/"}

    assert load(environ).warnings == ("READBACK_DAILY_CALLCAP is not a variable of this version and is not read.",)


def test_a_filler_after_the_deadline_is_worth_a_word_only_when_asked_for() -> None:
    asked = load({"READBACK_FILLER_AFTER_MS": "7000"})

    assert asked.filler_after_ms == 7000
    assert [warning.split()[0] for warning in asked.warnings] == ["READBACK_FILLER_AFTER_MS"]
    assert load({"READBACK_TOOL_DEADLINE_MS": "500"}).warnings == ()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.model_validate({}).port = 81


@pytest.mark.parametrize(
    ("host", "public", "reached_at"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:9999"),
        ("0.0.0.0", "", "http://127.0.0.1:9999"),
        ("::", "", "http://[::1]:9999"),
        ("voice.internal", "", "http://voice.internal:9999"),
        ("0.0.0.0", "https://voice.example.com/", "https://voice.example.com"),
    ],
)
def test_a_server_knows_where_it_is_reached(host: str, public: str, reached_at: str) -> None:
    given = {"READBACK_HOST": host, "READBACK_PORT": "9999", "READBACK_PUBLIC_URL": public}

    assert load(given).reached_at == reached_at

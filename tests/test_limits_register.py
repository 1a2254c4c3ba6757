"""The register holds every limit: a setting or a constant that bounds something and is not in it fails here."""

import ast
import re
import sys
from pathlib import Path

import pytest

from app.booking.business_file import load_businesses
from app.main.limits import register
from app.main.limits_built_in import ROWS, Row
from app.settings import Settings, load
from app.watch.limits import Limit, Source
from tests.inner_bounds import INNER

ROOT = Path(__file__).parent.parent
GUARDED = re.compile(
    r"_?(MOST|MAX|LONGEST)(_[A-Z_]+)?|_?[A-Z_]+_(MAX|REMEMBERED|TRIES)|BACKLOG|CACHED_[A-Z]+"
    r"|_?([A-Z_]+_)?(WITHIN_S|DEADLINE_S|TIMEOUT(_S|_MS)?|AT_ONCE|THREADS)|[A-Z_]+_MAX_(BYTES|CHARS)"
    r"|_?([A-Z_]+_)?(BURST|PER_S|WINDOW_S)|(POOL_)?CONNECTIONS|PARSERS|TOGETHER"
    r"|(LIVE_)?(READ|WRITE)_S|(ASK|CALL|CONNECT|REMOVE|TRY|VALID|WAIT)_S"
)
NO_LIMIT = {"READBACK_PORT": "an address"}
"""Settings with a number that bounds nothing."""
EVERYTHING = {
    "READBACK_VAPI_SECRETS": "secret",
    "READBACK_RETELL_API_KEYS": "key",
    "READBACK_ELEVENLABS_SECRETS": "secret",
    "READBACK_BLAND_SECRETS": "secret",
    "READBACK_TELNYX_PUBLIC_KEYS": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "TWILIO_ACCOUNT_SID": "AC1",
    "READBACK_REDIS_URL": "redis://127.0.0.1",
    "READBACK_PAGE_URLS": "json://host",
    "OPENAI_API_KEY": "k",
    "ANTHROPIC_API_KEY": "k",
    "READBACK_CALDAV_CREDENTIALS": "sam:word@caldav.example",
    "READBACK_CRM_SECRETS": "acme=pat",
    "GOOGLE_APPLICATION_CREDENTIALS": "key.json",
}
BUSINESS = """
[businesses.acme]
name = "Acme"
time_zone = "UTC"
hours = { mon = ["08:00-17:00"] }
crm = { kind = "hubspot" }
services = [{ id = "inspection", name = "Home inspection", minutes = 60 }]
technicians = [{ id = "dana", name = "Dana", calendar = "google:dana@acme.example", services = ["inspection"] }]
"""


def limits(tmp_path: Path, **given: str) -> dict[str, Limit]:
    """The register of an installation that uses all there is."""
    (tmp_path / "b.toml").write_text(BUSINESS)
    settings = load({**EVERYTHING, **given})
    found = register(settings, load_businesses(tmp_path / "b.toml", settings.daily_call_caps))
    names = [limit.name for limit in found]
    assert len(set(names)) == len(names)
    return dict(zip(names, found, strict=True))


def guarded(folder: str) -> set[str]:
    """Constants of modules whose names say that they bound something."""
    found = set()
    for path in sorted((ROOT / folder).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Name) and GUARDED.fullmatch(target.id):
                found.add(f"{module}.{target.id}")
    return found


def test_every_setting_with_a_number_is_registered(tmp_path: Path) -> None:
    numbers = {
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if re.search(r"\b(int|Decimal|float)\b", str(field.annotation))
    }

    registered = {limit.where for limit in limits(tmp_path).values()}

    assert len(numbers) > 15
    assert numbers - registered == set(NO_LIMIT)


def test_every_constant_that_bounds_something_is_registered_or_a_reasoned_inner_bound() -> None:
    registered = {f"{row.module}.{row.constant}" for row in ROWS}
    inner = [name for names in INNER.values() for name in names]

    assert len(set(inner)) == len(inner)
    assert guarded("app") | guarded("tools") <= registered | set(inner), "register it, or give a reason in INNER"
    assert set(inner) <= guarded("app") | guarded("tools"), "INNER names a constant that is gone"
    assert not registered & set(inner)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.module}.{row.constant}")
def test_what_is_built_in_is_shown_with_its_real_value(row: Row, tmp_path: Path) -> None:
    shown = {limit.where: limit for limit in limits(tmp_path).values() if limit.source is Source.BUILT_IN}
    where = f"{row.module}.{row.constant}"

    assert shown[where].value == float(vars(sys.modules[row.module])[row.constant])


def test_a_limit_says_where_its_number_comes_from(tmp_path: Path) -> None:
    found = limits(tmp_path, READBACK_DAILY_CALL_CAPS="acme=200", READBACK_SLOT_TTL_S="60")

    assert (found["slot_ttl_s"].source, found["slot_ttl_s"].value) == (Source.ENVIRONMENT, 60)
    assert found["repeat_window_s"].source is Source.DEFAULT
    assert (found["daily_call_cap.acme"].source, found["daily_call_cap.acme"].value) == (Source.ENVIRONMENT, 200)
    assert (found["booking_window_days.acme"].source, found["booking_window_days.acme"].value) == (Source.FILE, 60)
    assert found["daily_call_cap"].value is None, "0 is no cap"
    assert all(limit.bounds and limit.owner and limit.how and limit.where for limit in found.values())


def test_what_a_person_has_to_look_up_follows_from_what_is_used(tmp_path: Path) -> None:
    nothing = load({})
    panels = {limit.name for limit in limits(tmp_path).values() if limit.confirmed_by_person}

    assert not any(limit.confirmed_by_person for limit in register(nothing, load_businesses(nothing.businesses, {})))
    assert panels == {
        "vapi_concurrent_calls", "vapi_tool_timeout", "vapi_balance", "twilio_texts_per_second",
        "twilio_texts_per_day", "twilio_balance", "google_requests_per_minute", "google_requests_per_minute_per_user",
        "hubspot_requests_per_day", "pager_plan", "openai_tokens_per_minute", "openai_monthly_spend",
        "anthropic_tokens_per_minute", "anthropic_monthly_spend", "redis_memory",
        "retell_concurrent_calls", "retell_balance", "elevenlabs_concurrent_calls", "elevenlabs_balance",
        "bland_concurrent_calls", "bland_balance", "telnyx_concurrent_calls", "telnyx_balance",
    }  # fmt: skip

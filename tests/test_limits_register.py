"""The register holds every limit: a setting or a number that is not in it, and does not say why, fails here."""

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.booking.business_file import load_businesses
from app.main.limits import register
from app.main.limits_built_in import ROWS, Row, readable
from app.settings import Settings, load
from app.watch.limits import Limit, Source
from tests.bounds_in_code import constants, in_place
from tests.inner_bounds import INNER
from tests.no_bounds import IN_PLACE, NO_BOUND

ROOT = Path(__file__).parent.parent
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


def sources() -> Iterator[tuple[str, str]]:
    """Every module of the product and its text. What a migration made once is not made again otherwise."""
    for path in sorted(path for folder in ("app", "tools") for path in (ROOT / folder).rglob("*.py")):
        if "versions" not in path.parts:
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield module, path.read_text(encoding="utf-8")


def test_every_setting_with_a_number_is_registered(tmp_path: Path) -> None:
    numbers = {
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if re.search(r"\b(int|Decimal|float)\b", str(field.annotation))
    }

    registered = {limit.where for limit in limits(tmp_path).values()}

    assert len(numbers) > 15
    assert numbers - registered == set(NO_LIMIT)


def test_every_constant_with_a_number_is_registered_or_says_why_it_is_no_limit() -> None:
    known = [
        *(f"{row.module}.{row.constant}" for row in ROWS),
        *(name for names in INNER.values() for name in names),
        *(f"{it}.{name}" for group in NO_BOUND.values() for it, names in group.items() for name in names.split()),
    ]
    found = {f"{module}.{name}" for module, text in sources() for name in constants(text)}

    assert sorted(found - set(known)) == [], "a row in ROWS, or a reason in INNER or NO_BOUND"
    assert sorted(set(known) - found) == [], "a constant that is gone"
    assert sorted(name for name in set(known) if known.count(name) > 1) == []


def test_every_number_that_bounds_something_where_it_is_written_says_why_it_has_no_name() -> None:
    listed = [entry for entries in IN_PLACE.values() for entry in entries]
    found = {f"{module} {entry}" for module, text in sources() for entry in in_place(text)}

    assert sorted(found - set(listed)) == [], "give it a name, or a reason in IN_PLACE"
    assert sorted(set(listed) - found) == [], "a number that is gone"
    assert len(set(listed)) == len(listed)


MADE_UP = """
DAY_S = 86_400
GOOD_FOR_S: Final = 2 * DAY_S
PATIENCE = timedelta(minutes=5)
BACKOFF = (0.5, *(1.0,) * 3)
BY_KIND = {"sms": 3, "voice": 7}
STATEMENT = {"statement_timeout": "5000"}
FAILED = frozenset(range(500, 600)) - {501}
if True:
    HIDDEN = -1
ALIAS = DAY_S
YES = True
NAME = "5"
WORDS = ("a", "b")
TABLE = Table("x", 3)


@lru_cache(maxsize=64)
def asked(question: str, within_s: float = 2.5, *, most: int = 3, ratio: float = 0.5, after_s: float = 0.0) -> None:
    client.get(question, timeout=5, follow=2)
    queue = Queue(maxsize=10 * 2)
    asyncio.sleep(0.1)
    rows.limit(7).limit(1)
    engine(connect_args={"timeout": 30, "port": 80})
    asked(question, within_s=given, most=DAY_S)
    self._deadline_s = 0.75
    self._ratio = 0.25
    return len(question) > 3 or 40 <= len(question) or len(question) == 36


class Options(Frozen):
    deadline_s: float = 1.5
    MOST = 9
    most = 8
    weight: float = 0.2
"""


def test_a_limit_that_nobody_declared_is_seen_whatever_it_is_called_and_wherever_it_stands() -> None:
    assert constants(MADE_UP) == {
        "DAY_S", "GOOD_FOR_S", "PATIENCE", "BACKOFF", "BY_KIND", "STATEMENT", "FAILED", "HIDDEN",
    }  # fmt: skip
    assert in_place(MADE_UP) == {
        "lru_cache(maxsize=64)", "asked(within_s=2.5)", "asked(most=3)", "get(timeout=5)", "Queue(maxsize=10 * 2)",
        "sleep(0.1)", "limit(7)", "{timeout: 30}", "Options(deadline_s=1.5)",
        "Options(MOST=9)", "Options(most=8)", "_deadline_s = 0.75", "len(question) <> 40",
    }  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.module}.{row.constant}")
def test_what_is_built_in_is_shown_with_its_real_value(row: Row, tmp_path: Path) -> None:
    shown = {limit.where: limit for limit in limits(tmp_path).values() if limit.source is Source.BUILT_IN}
    limit = shown[f"{row.module}.{row.constant}"]

    value = vars(sys.modules[row.module])[row.constant]
    real = value.total_seconds() if isinstance(value, timedelta) else float(value)
    assert limit.value is not None
    assert limit.value * {"days": 86_400, "h": 3_600}.get(limit.unit if row.unit == "s" else "", 1) == real


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (180 * 86_400.0, "s", (180.0, "days")),
        (86_400.0, "s", (24.0, "h")),
        (7_200.0, "s", (2.0, "h")),
        (3_600.0, "s", (3_600.0, "s")),
        (90_001.0, "s", (90_001.0, "s")),
        (172_800.0, "bytes", (172_800.0, "bytes")),
    ],
)
def test_a_long_time_is_shown_in_days_or_hours(value: float, unit: str, shown: tuple[float, str]) -> None:
    assert readable(value, unit) == shown


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

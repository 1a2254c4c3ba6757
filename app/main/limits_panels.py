"""Limits of others that only a person can read: on the panels of Vapi, Twilio, Google and whoever else is used."""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from app.booking.business import Businesses
from app.settings import Settings
from app.watch.limits import Kind, Limit, Source

VAPI_CALLS: Final = "vapi_concurrent_calls"
TWILIO_DAY: Final = "twilio_texts_per_day"
GOOGLE_MINUTE: Final = "google_requests_per_minute"
GOOGLE_USER: Final = "google_requests_per_minute_per_user"
HUBSPOT_DAY: Final = "hubspot_requests_per_day"
MONTHS: Final = ("openai_monthly_spend", "anthropic_monthly_spend")
VAPI_WAITS_S: Final = 300
"""The longest that Vapi takes for `timeoutSeconds` (its API reference, Server)."""


class _Panel(NamedTuple):
    """A limit on somebody's panel: `unit` empty where it is only words, `at_least` what we need of it.

    `at_most`: no account has more, so who enters it has mistyped; `endless`: it may be unlimited.
    """

    name: str
    unit: str
    bounds: str
    owner: str
    where: str
    how: str
    at_least: float = 0.0
    at_most: float = math.inf
    endless: bool = True
    kind: Kind = Kind.BUSY
    counted: bool = False


def panels(settings: Settings, businesses: Businesses) -> Iterator[Limit]:
    """Every one that this installation depends on."""
    for panel in (
        *_vapi(settings),
        *_other_platforms(settings),
        *_twilio(settings),
        *_google(settings, businesses),
        *_crms(businesses),
        *_pagers(settings, businesses),
        *_models(settings),
        *_redis(settings),
    ):
        yield Limit(
            name=panel.name,
            bounds=panel.bounds,
            unit=panel.unit,
            value=None,
            source=Source.PANEL,
            where=panel.where,
            owner=panel.owner,
            how=panel.how,
            at_least=panel.at_least,
            at_most=panel.at_most,
            endless=panel.endless,
            kind=panel.kind,
            counted=panel.counted,
        )


def _vapi(settings: Settings) -> Iterator[_Panel]:
    if not settings.vapi_secrets and not settings.vapi_hmac_secrets:
        return
    panel = "dashboard.vapi.ai"
    yield _Panel(VAPI_CALLS, "calls", "calls of the organization at once; the next caller is turned away", "Vapi",
                 f"{panel}, Settings, Billing: concurrency", "Buy more lines there.", at_most=100_000,
                 counted=True)  # fmt: skip
    yield _Panel("vapi_tool_timeout", "s", "how long Vapi waits for a tool (timeoutSeconds of each tool's server)",
                 "whoever keeps the assistants", f"{panel}, Tools: server, timeout", "Set it on each tool, 10 or more.",
                 settings.tool_deadline_ms / 1000, VAPI_WAITS_S, endless=False)  # fmt: skip
    yield _Panel("vapi_balance", "", "credit and automatic reload; without credit no call is taken", "Vapi",
                 f"{panel}, Settings, Billing", "Switch automatic reload on.")  # fmt: skip


def _other_platforms(settings: Settings) -> Iterator[_Panel]:
    """Of none of them do we hear when a call ends, so nothing is counted."""
    for field, name, called, panel, how in (
        ("retell_api_keys", "retell", "Retell", "dashboard.retellai.com, Billing", "Buy more there."),
        ("elevenlabs_secrets", "elevenlabs", "ElevenLabs", "elevenlabs.io, Subscription", "Take a larger plan."),
        ("bland_secrets", "bland", "Bland", "app.bland.ai, Billing", "Take a larger plan, or ask for more."),
        ("telnyx_public_keys", "telnyx", "Telnyx", "portal.telnyx.com, Account", "Ask for a higher channel limit."),
    ):
        if not getattr(settings, field):
            continue
        yield _Panel(f"{name}_concurrent_calls", "calls", "calls of the account at once; the next caller is turned "
                     "away or waits", called, panel, how, at_most=100_000)  # fmt: skip
        yield _Panel(f"{name}_balance", "", "credit or minutes, and automatic reload; without, no call is taken",
                     called, panel, "Switch automatic reload on.")  # fmt: skip


def _twilio(settings: Settings) -> Iterator[_Panel]:
    if not settings.twilio_account_sid:
        return
    panel = "console.twilio.com"
    yield _Panel("twilio_texts_per_second", "texts/s", "texts of one sender per second", "Twilio and the carriers",
                 f"{panel}, Messaging, Regulatory compliance: throughput of the campaign",
                 "Register the brand and campaign (A2P 10DLC) for a higher throughput.",
                 settings.texts_per_second, 10_000)  # fmt: skip
    yield _Panel(TWILIO_DAY, "texts", "texts of the brand in a day; beyond it carriers drop them",
                 "Twilio and the carriers", f"{panel}, Messaging, Regulatory compliance: daily limit of the brand",
                 "Have the brand vetted again for a higher tier.", at_most=100_000_000, counted=True)  # fmt: skip
    yield _Panel("twilio_balance", "", "credit and automatic recharge; without credit nothing is sent", "Twilio",
                 f"{panel}, Billing", "Switch automatic recharge on.")  # fmt: skip


def _google(settings: Settings, businesses: Businesses) -> Iterator[_Panel]:
    if not _uses(businesses, "google:"):
        return
    per_calendar, in_all = settings.google_requests_per_minute
    where = "console.cloud.google.com, APIs and services, Google Calendar API, Quotas"
    how = "Ask for more there, or lower READBACK_GOOGLE_REQUESTS_PER_MINUTE to what there is."
    yield _Panel(GOOGLE_MINUTE, "requests/min", "requests of the project to Google Calendar", "Google", where, how,
                 in_all, 100_000_000, counted=True)  # fmt: skip
    yield _Panel(GOOGLE_USER, "requests/min", "requests of the project for one user",
                 "Google", where, how, per_calendar, 100_000_000, counted=True)  # fmt: skip


def _crms(businesses: Businesses) -> Iterator[_Panel]:
    if any(business.crm and business.crm.kind == "hubspot" for business in businesses.by_id.values()):
        yield _Panel(HUBSPOT_DAY, "requests", "requests of the account's private apps in a day",
                     "HubSpot", "app.hubspot.com, Settings, Integrations, Private apps: usage",
                     "Buy the API limit increase.", at_most=1_000_000_000, counted=True)  # fmt: skip


def _pagers(settings: Settings, businesses: Businesses) -> Iterator[_Panel]:
    if settings.page_urls or any(business.page for business in businesses.by_id.values()):
        yield _Panel("pager_plan", "", "pages that the receivers' plans deliver, and to how many people",
                     "whoever is paged", "the panels of the receivers in READBACK_PAGE_URLS and `page`",
                     "Take a plan that delivers every page; `readback doctor --page` sends one.")  # fmt: skip


def _models(settings: Settings) -> Iterator[_Panel]:
    """What our own accounts say of spend is all models together: of one provider's only where no other is asked."""
    providers = {text.partition(":")[0] for text in (*settings.models, settings.grader_model) if text}
    keys = sum(key is not None for key in (settings.openai_api_key, settings.anthropic_api_key))
    for name, key, where in (
        ("openai", settings.openai_api_key, "platform.openai.com, Settings, Limits"),
        ("anthropic", settings.anthropic_api_key, "console.anthropic.com, Settings, Limits"),
    ):
        if key is not None:
            yield _Panel(f"{name}_tokens_per_minute", "tokens/min", "tokens of the organization in a minute", name,
                         where, "Move to a higher usage tier.", at_most=100_000_000_000)  # fmt: skip
            yield _Panel(f"{name}_monthly_spend", "USD", "spend of the organization in a month", name, where,
                         "Raise it there.", at_most=100_000_000, kind=Kind.STOCK,
                         counted=providers <= {name} and (bool(providers) or keys == 1))  # fmt: skip


def _redis(settings: Settings) -> Iterator[_Panel]:
    if settings.redis_url:
        yield _Panel("redis_memory", "", "memory of Redis, and what it drops when that is full (maxmemory-policy)",
                     "whoever runs Redis", "redis-cli CONFIG GET maxmemory*",
                     "Use noeviction or a volatile-* policy; give it more memory.")  # fmt: skip


def _uses(businesses: Businesses, scheme: str) -> bool:
    everybody = (technician for business in businesses.by_id.values() for technician in business.technicians)
    return any(technician.calendar.startswith(scheme) for technician in everybody)

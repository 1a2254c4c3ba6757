"""The register: every cap, quota, timeout and concurrency limit of one installation, declared once, in one list."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from app.booking.business import Business, Businesses
from app.db.opening import database_file
from app.main.limits_built_in import built_in
from app.main.limits_panels import panels
from app.main.page_receivers import unreached
from app.settings import Settings
from app.watch.limits import NEAR_SHARE, Confirmed, Kind, Limit, Source, wrong
from app.watch.unheard import REMEDY

OPERATOR: Final = "whoever runs this installation"
CAP: Final = "daily_call_cap"
SPEND: Final = "spend_per_day"
DISK: Final = "disk"
GUARD: Final = "model_guard_usd"
POSTGRES: Final = "postgres_connections"
GOOGLE: Final = "google_requests"
GOOGLE_CALENDAR: Final = "google_requests_per_calendar"
MORE_CONNECTIONS: Final = (
    "Raise max_connections, or run fewer processes: each takes up to 5, and its job engine some more."
)


class _Setting(NamedTuple):
    field: str
    unit: str
    bounds: str


SETTINGS: Final = (
    _Setting("web_workers", "processes", "processes that serve on the one port"),
    _Setting("filler_after_ms", "ms", "silence before a lookup is answered with a filler"),
    _Setting("tool_deadline_ms", "ms", "one tool call; past it the caller hears an honest not yet"),
    _Setting("slot_ttl_s", "s", "how long an offered time can be booked"),
    _Setting("repeat_window_s", "s", "how long the same request gets the first outcome again"),
    _Setting("availability_ttl_s", "s", "age of a read of the calendar when a time is offered"),
    _Setting("read_back_after_s", "s", "time between a write to a calendar and its read-back"),
    _Setting("heartbeat_every_s", "s", "time between two calls of the dead man's switch"),
    _Setting("synthetic_every_s", "s", "time between two synthetic calls; 0 is none"),
    _Setting("drift_every_s", "s", "time between two looks at settings at the platform; 0 is none"),
    _Setting("texts_per_second", "texts/s", "texts that one number sends, all processes together"),
    _Setting("spend_cap_per_call_usd", "USD", "money for one inference, repetitions included"),
    _Setting("model_guard_usd", "USD", "money for models within ten minutes; past it nobody is served by one"),
)


def register(settings: Settings, businesses: Businesses) -> list[Limit]:
    """Every limit, in the order in which a person reads them."""
    return [
        *panels(settings, businesses),
        _receivers(settings, businesses),
        *(_setting(settings, it.field, it.field, it.unit, it.bounds, counted=it.field == GUARD) for it in SETTINGS),
        _setting(settings, "figures", "figures", "", "values at which service figures page", value=None),
        *_google(settings),
        *_caps(settings, businesses),
        *_spend(settings, businesses),
        *_files(businesses),
        *_machine(settings),
        *built_in(settings),
    ]


def missing(limits: Sequence[Limit], entered: Mapping[str, Confirmed], now: float) -> list[tuple[Limit, str]]:
    """What a person still has to confirm or to set, and what is the matter with it."""
    found = ((limit, wrong(limit, entered.get(limit.name), now)) for limit in limits)
    return [(limit, why) for limit, why in found if why]


def variable(field: str) -> str:
    """The environment variable of a field of the settings."""
    return str(Settings.model_fields[field].validation_alias)


def _source(settings: Settings, field: str) -> Source:
    return Source.ENVIRONMENT if field in settings.model_fields_set else Source.DEFAULT


def _setting(settings: Settings, field: str, name: str, unit: str, bounds: str, **other: Any) -> Limit:
    value = other.pop("value", getattr(settings, field))
    return Limit(
        name=name,
        bounds=bounds,
        unit=unit,
        value=None if value is None else float(value),
        source=_source(settings, field),
        where=variable(field),
        owner=OPERATOR,
        how=f"Set {variable(field)} and restart.",
        **other,
    )


def _receivers(settings: Settings, businesses: Businesses) -> Limit:
    """Bounds who hears of anything: without one, what concerns all businesses at once wakes nobody."""
    lacking = unreached(settings, businesses)
    return Limit(
        name="page_receivers",
        bounds="receivers of every page, and of those about the whole installation the only ones",
        unit="receivers",
        value=float(len(settings.page_urls)),
        source=_source(settings, "page_urls"),
        where=variable("page_urls"),
        owner=OPERATOR,
        how=REMEDY,
        lacking=lacking.why if lacking else "",
    )


def _google(settings: Settings) -> Iterator[Limit]:
    per_calendar, in_all = settings.google_requests_per_minute
    field, unit = "google_requests_per_minute", "requests/min"
    about = "requests of one process to Google; more wait"
    yield _setting(settings, field, GOOGLE, unit, about, value=in_all, counted=True)
    about = "the same, of one calendar"
    yield _setting(settings, field, GOOGLE_CALENDAR, unit, about, value=per_calendar, counted=True)


def _caps(settings: Settings, businesses: Businesses) -> Iterator[Limit]:
    """A cap of 0 is none, and told elsewhere at 80 and 95 %: here only where it is going."""
    how = {"kind": Kind.DAILY, "told_elsewhere": True, "counted": True}
    whole = settings.daily_call_cap or None
    yield _setting(settings, CAP, CAP, "calls", "calls of a day (UTC) over all businesses", value=whole, **how)
    bounds = "calls of a day, per business; the business's daily_call_cap where it names none"
    yield _setting(settings, "daily_call_caps", "daily_call_caps", "calls", bounds, value=None)
    for business in businesses.by_id.values():
        named = business.id in settings.daily_call_caps
        yield Limit(
            name=f"{CAP}.{business.id}",
            bounds=f"calls of a day to {business.name}",
            unit="calls",
            value=float(business.daily_call_cap) or None,
            source=Source.ENVIRONMENT if named else Source.FILE if business.daily_call_cap else Source.DEFAULT,
            where=variable("daily_call_caps") if named else "daily_call_cap in the business file",
            owner=business.name,
            how=f"Set daily_call_cap, or {variable('daily_call_caps')}, and restart.",
            business=business.id,
            kind=Kind.DAILY,
            told_elsewhere=True,
            counted=True,
        )


def _spend(settings: Settings, businesses: Businesses) -> Iterator[Limit]:
    bounds = "money for models in a day of one business"
    yield _setting(settings, "spend_cap_per_day_usd", "spend_cap_per_day_usd", "USD", bounds)
    yield _setting(settings, "spend_caps", "spend_caps", "USD", f"{bounds}, where it is named", value=None)
    for business in businesses.by_id.values():
        field = "spend_caps" if business.id in settings.spend_caps else "spend_cap_per_day_usd"
        value = settings.spend_caps.get(business.id, settings.spend_cap_per_day_usd)
        about = f"money for models in a day of {business.name}"
        yield _setting(settings, field, f"{SPEND}.{business.id}", "USD", about, value=value, kind=Kind.DAILY,
                       business=business.id, counted=True)  # fmt: skip


def _files(businesses: Businesses) -> Iterator[Limit]:
    for business in businesses.by_id.values():
        yield _of_file(business, "booking_window_days", "days", "how far ahead can be booked")
        yield _of_file(business, "minimum_notice_minutes", "min", "how soon can be booked")


def _of_file(business: Business, key: str, unit: str, bounds: str) -> Limit:
    return Limit(
        name=f"{key}.{business.id}",
        bounds=f"{bounds} at {business.name}",
        unit=unit,
        value=float(getattr(business, key)),
        source=Source.FILE,
        where=f"{key} in the business file",
        owner=business.name,
        how=f"Set {key} in the business file and restart.",
    )


def _machine(settings: Settings) -> Iterator[Limit]:
    """What the machine below has; its number is read whenever its use is counted."""
    file = database_file(settings.database_url)
    yield Limit(
        name=DISK if file else POSTGRES,
        bounds="disk with the database; when it is full nothing is booked" if file else "connections to PostgreSQL",
        unit="GB" if file else "connections",
        value=None,
        source=Source.MACHINE,
        where=file or "max_connections of the server",
        owner=OPERATOR,
        how="Free some, or move the database to a larger disk." if file else MORE_CONNECTIONS,
        kind=Kind.STOCK if file else Kind.BUSY,
        near_share=0.9 if file else NEAR_SHARE,
        counted=True,
    )

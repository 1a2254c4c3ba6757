"""Limits that are constants of this version and at which somebody is declined, has to wait, or hears less."""

import importlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from app.settings import Settings
from app.watch.limits import Limit, Source


class Row(NamedTuple):
    """A constant: where it is, what it is counted in, what it bounds, and the setting without which nobody loads it.

    `use`: whether a process counts what it uses of it.
    """

    module: str
    constant: str
    unit: str
    bounds: str
    needs: str = ""
    use: str = ""


COUNTED: Final = "counted"
MAY_FILL: Final = "may fill"
"""Counted too; that it is full is usual, for then work waits."""
ROWS: Final = (
    Row("app.calls.dispatch", "MAX_RUNNING", "tool calls", "tool calls of one process at once", use=COUNTED),
    Row("app.dialects.vapi_quick", "CALLS_MAX", "tool calls", "tool calls in one message that are read the quick way"),
    Row(
        "app.calls.late",
        "MAX_FOLLOWED",
        "lookups",
        "late lookups of one process that are followed into the call",
        use=COUNTED,
    ),
    Row("app.db.engine", "MAX_QUEUED_WRITES", "writes", "database writes of one process that wait", use=COUNTED),
    Row("app.db.opening", "READER_THREADS", "reads", "database reads of one process at once", use=MAY_FILL),
    Row("app.db.opening", "WRITE_DEADLINE_S", "s", "waiting for a commit"),
    Row("app.db.engine", "READ_DEADLINE_S", "s", "waiting for a read of the database"),
    Row("app.db.behind", "MAX_ROWS", "rows", "rows that may follow a moment later, in one process", use=COUNTED),
    Row("app.calls.events", "MOST_WAITING", "reports", "reports about calls that wait for the database in one process"),
    Row("app.calls.events", "MOST_WAITING_BYTES", "bytes", "all reports that wait so, together"),
    Row("app.jobs.engine", "AT_ONCE", "loads", "loads of background jobs that one process has in hand at once"),
    Row("app.jobs.turns", "AT_ONCE", "jobs", "background jobs of one process at once", use=MAY_FILL),
    Row("app.jobs.turns", "HANDLER_DEADLINE_S", "s", "one turn of a background job"),
    Row(
        "app.web.body", "BODY_MAX_BYTES", "bytes", "one request to /vapi, /tools, /mcp or the route of another platform"
    ),
    Row("app.web.twilio", "BODY_MAX_BYTES", "bytes", "one request to /twilio"),
    Row("app.web.twilio", "STORE_DEADLINE_S", "s", "keeping a text before Twilio is told that it arrived"),
    Row("app.web.elevenlabs", "STORE_DEADLINE_S", "s", "keeping a report before ElevenLabs is told that it arrived"),
    Row("app.web.vapi", "STORE_DEADLINE_S", "s", "keeping a report before Vapi is told that it arrived"),
    Row("app.web.refusals", "BURST", "requests", "refused requests of one source in a row; the next are put off (429)"),
    Row("app.web.refusals", "REFILL_PER_S", "requests/s", "refused requests of one source from then on"),
    Row("app.web.refusals", "SOURCES_MAX", "addresses", "sources of refused requests that are told apart"),
    Row("app.dialects.credentials", "SIGNATURE_WINDOW_S", "s", "age of a signed request; an older one is refused"),
    Row("app.dialects.elevenlabs", "SIGNATURE_WINDOW_S", "s", "age of ElevenLabs' signed reports, likewise"),
    Row("app.booking.lookups", "FETCH_DEADLINE_S", "s", "one read of a calendar for a lookup"),
    Row("app.booking.book", "LIVE_READ_S", "s", "seeing that a time is still free, before it is written"),
    Row("app.booking.book", "WRITE_S", "s", "one write to a calendar; past it the caller hears not confirmed yet"),
    Row(
        "app.booking.owner", "MOST_BY_ONE", "tries an hour", "tries of one caller to find a booking that is not theirs"
    ),
    Row("app.booking.owner", "MOST_AT_BUSINESS", "tries an hour", "such tries at one business"),
    Row("app.booking.crm_copies", "MOST_IN_ALL", "copies", "copies to CRMs of one process at once", use=MAY_FILL),
    Row("app.booking.feeds", "MOST_EVENTS", "events", "events in one calendar feed"),
    Row("app.promises.callbacks", "MAX_OF_ONE_CALL", "callbacks", "callbacks asked for in one call"),
    Row("app.review.reviews", "WITHIN_S", "s", "time a person has to decide a review"),
    Row("app.canary.arms", "STALE_S", "s", "age of what a process knows to be on trial; past it nothing is"),
    Row("app.dashboard.session", "LASTS_S", "s", "one sign-in to the dashboard"),
    Row("app.dashboard.session", "IDLE_S", "s", "the same while nobody looks"),
    Row("app.dashboard.browsers", "KNOWN_FOR_S", "s", "a browser has attempts of its own after it signed in"),
    Row("app.dashboard.browsers", "PASS_LASTS_S", "s", "the address that `readback sign-in` prints"),
    Row("app.dashboard.signing_in", "TRIES_BURST", "attempts", "attempts of one source or known browser in a row"),
    Row("app.dashboard.signing_in", "TRIES_PER_S", "attempts/s", "attempts of one source from then on"),
    Row(
        "app.dashboard.signing_in", "ALL_TRIES_BURST", "attempts", "attempts of everybody together in a row to sign in"
    ),
    Row("app.dashboard.signing_in", "ALL_TRIES_PER_S", "attempts/s", "attempts of everybody together from then on"),
    Row(
        "app.dashboard.live",
        "MOST_AT_ONCE",
        "pages",
        "open pages of one process that are kept live at once",
        use=COUNTED,
    ),
    Row("app.dashboard.live", "MOST_OF_SESSION", "pages", "the same of one sign-in"),
    Row("app.sms.carrier", "SEND_WITHIN_S", "s", "handing one text to the carrier"),
    Row("app.sms.inbox", "MOST_AT_ONCE", "texts", "texts that are answered together"),
    Row("app.sms.inbox", "MOST_AN_HOUR", "texts an hour", "texts of one conversation that are answered"),
    Row("app.inference.lately", "CACHED_S", "s", "how long the same question to a model gets the answer it had"),
    Row("app.inference.lately", "MOST_CACHED", "answers", "such answers of one process; the oldest makes room"),
    Row("app.inference.fallback", "WITHIN_S", "s", "one question to a model, repetitions included"),
    Row("app.inference.grade", "WITHIN_S", "s", "the look at a reply before it is sent; past it, it goes without"),
    Row("app.watch.alarms", "MOST_PAGES", "pages", "pages waiting while the database is away", use=COUNTED),
    Row(
        "app.watch.directly",
        "MOST_CARRIED",
        "pages",
        "pages carried while it is away whose end is still to be told",
        use=COUNTED,
    ),
    Row("app.watch.alarms", "MOST_KEYS", "alarms", "alarms that ring at once", use=COUNTED),
    Row("app.metrics", "MOST_CHILDREN", "series", "series of one metric; the rest is counted as other"),
    Row("app.settings.values", "CAP_MAX", "calls", "the largest daily cap that can be set"),
    Row("tools.check_availability", "MAX_SLOTS", "times", "times offered in one answer"),
    Row("app.adapters.breaker", "FAILURES", "failures", "failures of an upstream in a minute; past it, it is spared"),
    Row("app.adapters.breaker", "OPEN_S", "s", "how long an upstream is spared at first"),
    Row("app.adapters.vapi_api", "DEADLINE_S", "s", "one message into a live call"),
    Row("app.adapters.vapi_api", "MOST_CONNECTIONS", "connections", "connections to live calls"),
    Row("app.adapters.pagerduty", "MOST_CONNECTIONS", "connections", "connections to PagerDuty"),
    Row("app.adapters.crm_http", "MOST_CONNECTIONS", "connections", "connections to one CRM", "crm_secrets"),
    Row("app.adapters.redis_connection", "MOST_CONNECTIONS", "connections", "connections to Redis", "redis_url"),
    Row(
        "app.adapters.twilio_carrier",
        "VALID_S",
        "s",
        "how long Twilio keeps a text before it drops it",
        "twilio_account_sid",
    ),
    Row("app.adapters.twilio_http", "MOST_CONNECTIONS", "connections", "connections to Twilio", "twilio_account_sid"),
    Row("app.adapters.models", "MOST_CONNECTIONS", "connections", "connections to language models"),
    Row(
        "app.adapters.google_transport",
        "POOL_CONNECTIONS",
        "connections",
        "connections to Google",
        "google_credentials",
    ),
    Row(
        "app.adapters.caldav_transport",
        "POOL_CONNECTIONS",
        "connections",
        "connections to CalDAV servers",
        "caldav_credentials",
    ),
    Row("app.adapters.google_credentials", "REQUEST_TIMEOUT_S", "s", "one request for a token", "google_credentials"),
)


def built_in(settings: Settings) -> Iterator[Limit]:
    """Every one whose part this installation uses."""
    for row in ROWS:
        if row.needs and not getattr(settings, row.needs):
            continue
        value = getattr(importlib.import_module(row.module), row.constant)  # what nobody uses is not even loaded
        yield Limit(
            name=f"{row.module.removeprefix('app.')}.{row.constant.lower()}",
            bounds=row.bounds,
            unit=row.unit,
            value=float(value),
            source=Source.BUILT_IN,
            where=f"{row.module}.{row.constant}",
            owner="Readback",
            how="Fixed in this version; more processes share the load where it counts per process.",
            counted=bool(row.use),
            may_fill=row.use == MAY_FILL,
        )

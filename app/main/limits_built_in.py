"""Limits that are constants of this version and at which somebody is declined, has to wait, or hears less."""

import importlib
from collections.abc import Iterator
from datetime import timedelta
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
    Row("app.calls.cap", "DECIDE_WITHIN_S", "s", "counting a call against its cap; past it the call goes through"),
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
    Row("app.jobs.turns", "APART_S", "s", "between the beginnings of two background jobs of one process"),
    Row("app.jobs.takeover", "MOST_DEATHS", "processes", "processes that die with one job; then it is a dead letter"),
    Row("app.db.retention", "KEEP_ANSWERS_S", "s", "what a tool call was answered is kept, to be said again"),
    Row("app.db.retention", "KEEP_CALLS_S", "s", "calls, and which arm of a trial they had, are kept"),
    Row("app.db.retention", "KEEP_INFERENCES_S", "s", "questions to models and their answers are kept"),
    Row("app.db.retention", "KEEP_TEXTS_S", "s", "texts from and to customers are kept"),
    Row("app.db.retention", "KEEP_VOLUME_S", "s", "hourly counts of calls and texts are kept"),
    Row("app.db.retention", "KEEP_FIGURES_S", "s", "rows that service figures are made of are kept"),
    Row(
        "app.web.body", "BODY_MAX_BYTES", "bytes", "one request to /vapi, /tools, /mcp or the route of another platform"
    ),
    Row("app.web.ports", "BODY_WITHIN_S", "s", "a whole request to come in; past it, it is refused (408)"),
    Row(
        "app.web.ports",
        "ARRIVAL_WITHIN_S",
        "s",
        "an answer to a platform that asks where a call goes, or for knowledge",
    ),
    Row("app.commands.serve", "BACKLOG", "connections", "connections that wait to be taken in; more are turned away"),
    Row("app.commands.serve", "KEEP_ALIVE_S", "s", "a connection to us on which nothing is asked"),
    Row(
        "app.commands.serve", "GRACE_S", "s", "beyond the tool deadline, ending what is under way when a process stops"
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
    Row("app.dialects.elevenlabs", "AHEAD_S", "s", "how far ElevenLabs' clock may be ahead of ours in one"),
    Row("app.booking.lookups", "FETCH_DEADLINE_S", "s", "one read of a calendar for a lookup"),
    Row("app.booking.book", "LIVE_READ_S", "s", "seeing that a time is still free, before it is written"),
    Row("app.booking.book", "WRITE_S", "s", "one write to a calendar; past it the caller hears not confirmed yet"),
    Row(
        "app.main.bookings",
        "HOLD_AFTER_DEADLINE_S",
        "s",
        "a time stays taken after the tool deadline, if a process dies",
    ),
    Row(
        "app.booking.settle", "SURELY_ABSENT_AFTER_S", "s", "a booking in doubt to show; past it the time is free again"
    ),
    Row("app.booking.settle_change", "SURELY_NOT_WRITTEN_AFTER_S", "s", "the same for a move or a cancellation"),
    Row("app.booking.kept_notes", "MOST_NOTES", "notes", "bookings of one machine in doubt while the database is away"),
    Row(
        "app.booking.late_notes",
        "TOO_OLD_AFTER_S",
        "s",
        "age of such a note; past it a person looks before anybody is told",
    ),
    Row("app.booking.business", "NEW_FOR", "s", "a person approves what a model changes at a business that went live"),
    Row(
        "app.booking.business_tables",
        "MOST_WINDOW_DAYS",
        "days",
        "the furthest ahead that a business can let be booked",
    ),
    Row(
        "app.booking.owner", "MOST_BY_ONE", "tries an hour", "tries of one caller to find a booking that is not theirs"
    ),
    Row("app.booking.owner", "MOST_AT_BUSINESS", "tries an hour", "such tries at one business"),
    Row("app.booking.crm_copies", "MOST_ATTEMPTS", "tries", "tries of one copy to a CRM; then it is a dead letter"),
    Row("app.booking.crm_copies", "GIVE_UP_AFTER_S", "s", "the same in time"),
    Row("app.booking.crm_copies", "MOST_IN_ALL", "copies", "copies to CRMs of one process at once", use=MAY_FILL),
    Row("app.booking.feeds", "MOST_EVENTS", "events", "events in one calendar feed"),
    Row("app.booking.feeds", "PAST_DAYS", "days", "how far back a calendar feed shows"),
    Row("app.booking.feeds", "FUTURE_DAYS", "days", "how far ahead a calendar feed shows"),
    Row("app.promises.callbacks", "MAX_OF_ONE_CALL", "callbacks", "callbacks asked for in one call"),
    Row("app.promises.transfers", "NO_WORD_S", "s", "hearing what became of a transfer; past it, it failed"),
    Row("app.promises.transfers", "NO_END_S", "s", "the same of one that is under way"),
    Row("app.promises.transfers", "URGENT_S", "s", "time a person has to call back after a transfer that failed"),
    Row("app.booking.callback_time", "SOONEST_S", "s", "open time a person has to call back where none was asked for"),
    Row("app.promises.texts", "GOOD_FOR_S", "s", "age of a text that waits to go out; an older one is not sent"),
    Row("app.review.reviews", "WITHIN_S", "s", "time a person has to decide a review"),
    Row("app.canary.arms", "STALE_S", "s", "age of what a process knows to be on trial; past it nothing is"),
    Row("app.dashboard.session", "LASTS_S", "s", "one sign-in to the dashboard"),
    Row("app.dashboard.session", "IDLE_S", "s", "the same while nobody looks"),
    Row("app.settings.values", "ADMIN_TOKEN_MIN_CHARS", "characters", "the shortest token that is taken"),
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
    Row("app.sms.inbox", "PATIENCE_S", "s", "making a reply; past it the customer hears that a person will"),
    Row("app.sms.talk", "MOST_MISSES", "texts", "texts in a row that are answered though nothing was understood"),
    Row("app.sms.agent", "OFFER_LASTS_S", "s", "how long a model can take up times that it texted"),
    Row("app.sms.model_state", "STALE_AFTER_S", "s", "silence within one conversation with a model; past it a new one"),
    Row("app.sms.guided", "STALE_AFTER_S", "s", "the same where no model is used"),
    Row("app.inference.lately", "CACHED_S", "s", "how long the same question to a model gets the answer it had"),
    Row("app.inference.lately", "MOST_CACHED", "answers", "such answers of one process; the oldest makes room"),
    Row("app.inference.fallback", "WITHIN_S", "s", "one question to a model, repetitions included"),
    Row("app.inference.fallback", "MOST_ATTEMPTS", "attempts", "attempts at one question to models"),
    Row("app.inference.fallback", "REST_S", "s", "how long a provider that hung is spared at first"),
    Row("app.inference.asking", "ANSWERED_S", "s", "a reply where no model answers, the wait for more words included"),
    Row(
        "app.inference.guard", "MOST_ERRORS", "of all", "questions to models that fail; past it nobody is served by one"
    ),
    Row("app.inference.guard", "MOST_REFUSALS", "of all", "questions that models refuse, likewise"),
    Row("app.inference.guard", "MOST_DEAD_LETTERS", "of all", "answers that cannot be read, likewise"),
    Row("app.inference.documents", "MOST_FILES", "files", "files of one business that are read; the rest is not"),
    Row("app.inference.documents", "MOST_BYTES", "bytes", "one such file; the rest of it is not read"),
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
    Row("app.watch.pager", "TRY_S", "s", "one try to reach one receiver of a page"),
    Row("app.watch.limits", "CONFIRMED_FOR_S", "s", "what a person read on a panel holds"),
    Row("app.watch.baseline", "LEAST_DAYS", "days", "a line is learned before its silence says anything"),
    Row("app.watch.judgement", "QUIET_S", "s", "silence to be certain; a line that takes longer is too quiet to tell"),
    Row("app.watch.status", "HISTORY_DAYS", "days", "how far back the status page shows"),
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
    Row("app.adapters.google_transport", "MAX_ANSWER_BYTES", "bytes", "one answer of Google", "google_credentials"),
    Row(
        "app.adapters.caldav_transport",
        "POOL_CONNECTIONS",
        "connections",
        "connections to CalDAV servers",
        "caldav_credentials",
    ),
    Row(
        "app.adapters.caldav_transport",
        "MAX_ANSWER_BYTES",
        "bytes",
        "one answer of a CalDAV server",
        "caldav_credentials",
    ),
    Row("app.adapters.google_credentials", "REQUEST_TIMEOUT_S", "s", "one request for a token", "google_credentials"),
)
FIXED: Final = "Fixed in this version."
SHARED: Final = " More processes share the load."


def built_in(settings: Settings) -> Iterator[Limit]:
    """Every one whose part this installation uses."""
    for row in ROWS:
        if row.needs and not getattr(settings, row.needs):
            continue
        value = getattr(importlib.import_module(row.module), row.constant)  # what nobody uses is not even loaded
        amount, unit = readable(value.total_seconds() if isinstance(value, timedelta) else float(value), row.unit)
        yield Limit(
            name=f"{row.module.removeprefix('app.')}.{row.constant.lower()}",
            bounds=row.bounds,
            unit=unit,
            value=amount,
            source=Source.BUILT_IN,
            where=f"{row.module}.{row.constant}",
            owner="Readback",
            how=FIXED + SHARED if "one process" in row.bounds else FIXED,
            counted=bool(row.use),
            may_fill=row.use == MAY_FILL,
        )


def readable(value: float, unit: str) -> tuple[float, str]:
    """The same in days or hours where so many seconds are a whole number of them that says more; and the unit."""
    for longer, seconds, least in (("days", 86_400, 2), ("h", 3_600, 2)):
        if unit == "s" and value >= least * seconds and value % seconds == 0:
            return value / seconds, longer
    return value, unit

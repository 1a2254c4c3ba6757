"""Every table, as SQLAlchemy Core sees it. Migrations create them; a test holds the two together."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from app.db.metadata import metadata as metadata
from app.db.schema_canary import canaries as canaries
from app.db.schema_canary import canary_calls as canary_calls
from app.db.schema_dashboard import DOUBTED_SQL
from app.db.schema_dashboard import ended_sessions as ended_sessions
from app.db.schema_dashboard import ground_truth as ground_truth
from app.db.schema_figures import figure_samples as figure_samples
from app.db.schema_figures import figure_states as figure_states
from app.db.schema_incidents import incident_updates as incident_updates
from app.db.schema_incidents import incidents as incidents
from app.db.schema_inference import flags as flags
from app.db.schema_inference import inferences as inferences
from app.db.schema_inference import model_asides as model_asides
from app.db.schema_inference import model_claims as model_claims
from app.db.schema_inference import model_spend as model_spend
from app.db.schema_inference import reviews as reviews
from app.db.schema_limits import limit_confirmations as limit_confirmations
from app.db.schema_limits import limit_points as limit_points
from app.db.schema_limits import upstream_shapes as upstream_shapes
from app.db.schema_provisioning import platform_baselines as platform_baselines
from app.db.schema_provisioning import platform_holds as platform_holds
from app.db.schema_provisioning import platform_snapshots as platform_snapshots
from app.db.schema_texting import consents as consents
from app.db.schema_texting import conversations as conversations
from app.db.schema_texting import text_outbox as text_outbox
from app.db.schema_texting import texts_in as texts_in
from app.db.schema_texting import unwanted_numbers as unwanted_numbers
from app.db.schema_volume import volume as volume

ACTIVE = ("held", "pending", "confirmed")
"""States of a booking that keep its time taken."""
ACTIVE_SQL = "status IN ('held', 'pending', 'confirmed')"

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float(53), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("business", String(128), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("data", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_about", "subject", "seq"),
)

calls = Table(
    "calls",
    metadata,
    Column("platform", String(32), nullable=False),
    Column("call_id", String(256), nullable=False),
    Column("business", String(128), nullable=False),
    Column("admitted", Boolean, nullable=False),
    Column("first_seen", Float(53), nullable=False),
    PrimaryKeyConstraint("platform", "call_id"),
    Index("calls_first_seen", "first_seen"),
)

cap_counts = Table(
    "cap_counts",
    metadata,
    Column("scope", String(128), nullable=False),
    Column("day", String(10), nullable=False),
    Column("used", Integer, nullable=False),
    Column("warned_percent", Integer, nullable=False),
    PrimaryKeyConstraint("scope", "day"),
)

call_events = Table(
    "call_events",
    metadata,
    Column("platform", String(32), nullable=False),
    Column("call_id", String(256), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("ended_reason", Text),
    Column("body", Text, nullable=False),
    Column("at", Float(53), nullable=False),
    PrimaryKeyConstraint("platform", "call_id", "kind"),
    Index("call_events_at", "at"),
)

tool_calls = Table(
    "tool_calls",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("request", String(64)),
    Column("owner", String(64), nullable=False),
    Column("business", String(128), nullable=False),
    Column("name", String(64), nullable=False),
    Column("result", Text),
    Column("started_at", Float(53), nullable=False),
    Index("tool_calls_request", "request", "started_at"),
    Index("tool_calls_started", "started_at"),
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("business", String(128), nullable=False),
    Column("service", String(128), nullable=False),
    Column("technician", String(128), nullable=False),
    Column("calendar", String(512), nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("blocked_from", BigInteger, nullable=False),
    Column("blocked_to", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(64), nullable=False, server_default=""),
    Column("event_id", String(128), nullable=False),
    Column("etag", Text, nullable=False, server_default=""),
    Column("call_key", String(320), nullable=False, server_default=""),
    Column("customer_name", Text, nullable=False),
    Column("phone", String(64), nullable=False, server_default=""),
    Column("caller", String(64), nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("notes", Text, nullable=False, server_default=""),
    Column("hold_until", Float(53), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("verification", String(16), nullable=False, server_default=""),
    Column("verified_at", Float(53), nullable=False, server_default="0"),
    Column("told", String(16), nullable=False, server_default=""),
    Column("amends", String(32), nullable=False, server_default=""),
    Column("intent", String(8), nullable=False, server_default=""),
    Index(
        "bookings_blocked", "calendar", "blocked_to", postgresql_where=text(ACTIVE_SQL), sqlite_where=text(ACTIVE_SQL)
    ),
    Index(
        "bookings_unsettled",
        "hold_until",
        postgresql_where=text("status IN ('held', 'pending')"),
        sqlite_where=text("status IN ('held', 'pending')"),
    ),
    Index("bookings_caller", "business", "caller"),
    Index("bookings_recent", "updated_at", "id"),
    Index("bookings_doubted", "updated_at", postgresql_where=text(DOUBTED_SQL), sqlite_where=text(DOUBTED_SQL)),
    Index("bookings_amends", "amends", postgresql_where=text("amends <> ''"), sqlite_where=text("amends <> ''")),
)

failed_attempts = Table(
    "failed_attempts",
    metadata,
    Column("business", String(128), nullable=False),
    Column("who", String(64), nullable=False),
    Column("at", Float(53), nullable=False),
    Index("failed_attempts_at", "business", "at"),
)

read_backs = Table(
    "read_backs",
    metadata,
    Column("booking", String(32), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("wrong_since", Float(53), nullable=False),
    Column("blind_since", Float(53), nullable=False),
    Column("seen", String(64), nullable=False),
    Column("task", String(200), nullable=False),
    Column("next_look", Float(53), nullable=False),
    Index("read_backs_next_look", "next_look"),
)

embedded_events = Table(
    "embedded_events",
    metadata,
    Column("calendar", String(256), nullable=False),
    Column("id", String(128), nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("reference", String(16), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("opaque", Boolean, nullable=False),
    Column("created", Float(53), nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("modified", Float(53), server_default="0", nullable=False),
    PrimaryKeyConstraint("calendar", "id"),
    Index("embedded_events_ends", "calendar", "ends"),
    Index("embedded_events_changed", "calendar", "changed"),
)

job_outbox = Table(
    "job_outbox",
    metadata,
    Column("kind", String(64), nullable=False),
    Column("key", String(200), nullable=False),
    Column("due", Float(53), nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    PrimaryKeyConstraint("kind", "key"),
    Index("job_outbox_due", "due"),
)

job_processes = Table(
    "job_processes",
    metadata,
    Column("process", String(32), primary_key=True),
    Column("beats", BigInteger, nullable=False),
    Column("seen_at", Float(53), nullable=False),
)

serving_processes = Table(
    "serving_processes",
    metadata,
    Column("process", String(32), primary_key=True),
    Column("beats", BigInteger, nullable=False),
    Column("seen_at", Float(53), nullable=False),
)

job_leases = Table(
    "job_leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until", Float(53), nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("key", String(200), nullable=False),
    Column("business", String(128), nullable=False),
    Column("cause", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Index("dead_letters_status", "status", "created_at"),
)

pages = Table(
    "pages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("key", String(512), nullable=False),
    Column("business", String(128), nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("raised_at", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("next_at", Float(53), nullable=False, server_default="0"),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("receivers", Text, nullable=False, server_default="{}"),
    Column("told", String(16), nullable=False, server_default=""),
    Column("acknowledged_by", String(128), nullable=False, server_default=""),
    Column("acknowledged_at", Float(53), nullable=False, server_default="0"),
    Column("resolution", String(128), nullable=False, server_default=""),
    Index("pages_due", "next_at"),
    Index(
        "pages_open",
        "kind",
        "key",
        unique=True,
        postgresql_where=text("status <> 'resolved'"),
        sqlite_where=text("status <> 'resolved'"),
    ),
    Index(
        "pages_ended",
        "changed_at",
        "id",
        postgresql_where=text("status = 'resolved'"),
        sqlite_where=text("status = 'resolved'"),
    ),
)

tasks = Table(
    "tasks",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("business", String(128), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("what", Text, nullable=False),
    Column("phone", String(64), nullable=False),
    Column("due", Float(53), nullable=False),
    Column("status", String(16), nullable=False),
    Column("opened_at", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("closed_by", String(128), nullable=False),
    Column("note", Text, nullable=False),
    Column("details", Text, nullable=False, server_default=""),
    Column("paged", String(64), nullable=False, server_default=""),
    Index("tasks_due", "status", "due"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("call_key", String(320), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("business", String(128), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("caller", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("put_through", Boolean, nullable=False),
    Column("reason", String(128), nullable=False),
    Column("details", Text, nullable=False),
    Column("asked_at", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    PrimaryKeyConstraint("call_key", "attempt"),
)

crm_copies = Table(
    "crm_copies",
    metadata,
    Column("booking", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("event", String(16), nullable=False),
    Column("business", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("rewrites", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("since", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    PrimaryKeyConstraint("booking", "revision", "event"),
    Index("crm_copies_state", "state", "changed_at"),
)

synthetic_calls = Table(
    "synthetic_calls",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", Float(53), nullable=False),
    Column("failed", String(16), nullable=False),
    Column("seen", Text, nullable=False),
    Column("seconds", Float(53), nullable=False),
    Index("synthetic_calls_at", "at"),
)

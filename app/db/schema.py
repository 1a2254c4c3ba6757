"""Every table, as SQLAlchemy Core sees it. Migrations create them; a test holds the two together."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

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
    Index("audit_subject", "subject"),
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
    PrimaryKeyConstraint("calendar", "id"),
    Index("embedded_events_ends", "calendar", "ends"),
    Index("embedded_events_changed", "calendar", "changed"),
)

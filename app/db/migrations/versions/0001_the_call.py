"""Audit log, calls and their cap, tool calls, bookings, the embedded calendar. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TAKES_TIME = sa.text("status IN ('held', 'pending', 'confirmed')")
UNSETTLED = sa.text("status IN ('held', 'pending')")

APPEND_ONLY_SQLITE = """
CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""

# INSERT OR REPLACE takes a row away without asking the trigger on DELETE.
NO_REPLACE_SQLITE = """
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""

APPEND_ONLY_POSTGRESQL = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""


def upgrade() -> None:
    _secrets()
    _audit()
    _calls()
    _call_events()
    _tool_calls()
    _bookings()
    _embedded_events()
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(APPEND_ONLY_SQLITE.format(verb=verb))
        connection.exec_driver_sql(NO_REPLACE_SQLITE)
        return
    connection.exec_driver_sql(APPEND_ONLY_POSTGRESQL)
    connection.exec_driver_sql(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
    )
    connection.exec_driver_sql(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )
    # The claim on time itself: no two active bookings of one calendar may overlap, buffers included.
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")
    connection.exec_driver_sql(
        "ALTER TABLE bookings ADD CONSTRAINT bookings_one_at_a_time EXCLUDE USING gist "
        "(calendar WITH =, int8range(blocked_from, blocked_to) WITH &&) "
        "WHERE (status IN ('held', 'pending', 'confirmed'))"
    )


def _secrets() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("audit_subject", "audit", ["subject"], unique=False)


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=256), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("admitted", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("platform", "call_id"),
    )
    op.create_index("calls_first_seen", "calls", ["first_seen"], unique=False)
    op.create_table(
        "cap_counts",
        sa.Column("scope", sa.String(length=128), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("warned_percent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "day"),
    )


def _call_events() -> None:
    op.create_table(
        "call_events",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=256), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("platform", "call_id", "kind"),
    )
    op.create_index("call_events_at", "call_events", ["at"], unique=False)


def _tool_calls() -> None:
    op.create_table(
        "tool_calls",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("started_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("tool_calls_request", "tool_calls", ["request", "started_at"], unique=False)
    op.create_index("tool_calls_started", "tool_calls", ["started_at"], unique=False)


def _bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("service", sa.String(length=128), nullable=False),
        sa.Column("technician", sa.String(length=128), nullable=False),
        sa.Column("calendar", sa.String(length=512), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("blocked_from", sa.BigInteger(), nullable=False),
        sa.Column("blocked_to", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), server_default="", nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("call_key", sa.String(length=320), server_default="", nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("caller", sa.String(length=64), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("hold_until", sa.Float(precision=53), nullable=False),
        sa.Column("created_at", sa.Float(precision=53), nullable=False),
        sa.Column("updated_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_index(
        "bookings_blocked",
        "bookings",
        ["calendar", "blocked_to"],
        unique=False,
        postgresql_where=TAKES_TIME,
        sqlite_where=TAKES_TIME,
    )
    op.create_index("bookings_caller", "bookings", ["business", "caller"], unique=False)
    op.create_index(
        "bookings_unsettled",
        "bookings",
        ["hold_until"],
        unique=False,
        postgresql_where=UNSETTLED,
        sqlite_where=UNSETTLED,
    )


def _embedded_events() -> None:
    op.create_table(
        "embedded_events",
        sa.Column("calendar", sa.String(length=256), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("etag", sa.String(length=64), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("opaque", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("calendar", "id"),
    )
    op.create_index("embedded_events_changed", "embedded_events", ["calendar", "changed"], unique=False)
    op.create_index("embedded_events_ends", "embedded_events", ["calendar", "ends"], unique=False)

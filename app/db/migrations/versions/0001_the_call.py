"""Audit log, calls and their cap, tool calls, bookings, the embedded calendar."""

from alembic import op

from app.db.schema import metadata

revision = "0001"
down_revision = None

APPEND_ONLY_SQLITE = """
CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""

APPEND_ONLY_POSTGRESQL = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(APPEND_ONLY_SQLITE.format(verb=verb))
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

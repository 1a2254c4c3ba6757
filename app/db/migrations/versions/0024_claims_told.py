"""PostgreSQL tells whoever listens which calendar's claims have changed. Written out: it never changes."""

from alembic import op

revision = "0024"
down_revision = "0023"

_TOLD = """
CREATE FUNCTION readback_claims_told() RETURNS trigger LANGUAGE plpgsql AS $told$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('readback_claims', CASE WHEN octet_length(OLD.calendar) < 7000 THEN OLD.calendar ELSE '' END);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('readback_claims', CASE WHEN octet_length(NEW.calendar) < 7000 THEN NEW.calendar ELSE '' END);
    END IF;
    RETURN NULL;
END $told$
"""
_ONE_MORE_OR_LESS = """
CREATE TRIGGER claims_told AFTER INSERT OR DELETE ON bookings
FOR EACH ROW EXECUTE FUNCTION readback_claims_told()
"""
_CHANGED = """
CREATE TRIGGER claims_told_changed AFTER UPDATE OF status, calendar, blocked_from, blocked_to ON bookings
FOR EACH ROW WHEN (
    (OLD.status, OLD.calendar, OLD.blocked_from, OLD.blocked_to)
    IS DISTINCT FROM (NEW.status, NEW.calendar, NEW.blocked_from, NEW.blocked_to)
)
EXECUTE FUNCTION readback_claims_told()
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in (_TOLD, _ONE_MORE_OR_LESS, _CHANGED):
            op.execute(statement)

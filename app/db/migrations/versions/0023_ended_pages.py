"""Pages that are over are listed newest first, by an index. Written out: it never changes."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    over = sa.text("status = 'resolved'")
    op.create_index("pages_ended", "pages", ["changed_at", "id"], postgresql_where=over, sqlite_where=over)

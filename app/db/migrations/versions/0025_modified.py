"""When each event of the embedded calendar was last changed; 0 for what is older than that. Written out: it never
changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("embedded_events", sa.Column("modified", sa.Float(precision=53), server_default="0", nullable=False))

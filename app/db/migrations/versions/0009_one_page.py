"""How a page ended, and the page that tells of a task already. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("pages", sa.Column("resolution", sa.String(length=128), server_default="", nullable=False))
    op.add_column("tasks", sa.Column("paged", sa.String(length=64), server_default="", nullable=False))

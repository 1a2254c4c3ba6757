"""Changes of appointments under way, and tries that matched none. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NOT_EMPTY = sa.text("amends <> ''")


def upgrade() -> None:
    op.add_column("bookings", sa.Column("amends", sa.String(length=32), server_default="", nullable=False))
    op.add_column("bookings", sa.Column("intent", sa.String(length=8), server_default="", nullable=False))
    op.create_index(
        "bookings_amends", "bookings", ["amends"], unique=False, postgresql_where=NOT_EMPTY, sqlite_where=NOT_EMPTY
    )
    op.create_table(
        "failed_attempts",
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
    )
    op.create_index("failed_attempts_at", "failed_attempts", ["business", "at"], unique=False)

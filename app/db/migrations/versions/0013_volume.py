"""How many calls and texts came in each hour. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "volume",
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("quarter_1", sa.Integer(), nullable=False),
        sa.Column("quarter_2", sa.Integer(), nullable=False),
        sa.Column("quarter_3", sa.Integer(), nullable=False),
        sa.Column("quarter_4", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("business", "line", "channel", "hour"),
    )
    op.create_index("volume_hour", "volume", ["hour"], unique=False)
    op.create_index("volume_line", "volume", ["line"], unique=False)

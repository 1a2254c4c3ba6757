"""What processes counted lately, and how each service figure stands. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "figure_samples",
        sa.Column("process", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("process", "number"),
    )
    op.create_index("figure_samples_at", "figure_samples", ["at"])
    op.create_table(
        "figure_states",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("of", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("raised", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Float(precision=53), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=128), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.Column("under", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("told_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("name", "of"),
    )

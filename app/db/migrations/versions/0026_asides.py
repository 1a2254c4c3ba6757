"""Money for each question that is being asked, and who asks it. Written out: it never changes.

What is set aside already is of questions that nobody can tell of any more: it counts as spent.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "model_asides",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("model_asides_at", "model_asides", ["at"], unique=False)
    op.create_table(
        "model_claims",
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("asker", sa.String(length=32), nullable=False),
        sa.Column("until", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("question"),
    )
    op.create_index("model_claims_until", "model_claims", ["until"], unique=False)
    op.execute("UPDATE model_spend SET settled = settled + reserved, reserved = 0 WHERE reserved <> 0")

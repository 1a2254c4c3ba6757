"""Sessions that were ended, what people's decisions teach, and the ways in which a page finds bookings.

Written out: it never changes again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("until", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ground_truth",
        sa.Column("review", sa.String(length=32), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("inference", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("corrected", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("review"),
    )
    op.create_index("ground_truth_at", "ground_truth", ["at"], unique=False)
    op.drop_index("audit_subject", "audit")
    op.create_index("audit_about", "audit", ["subject", "seq"], unique=False)
    op.create_index("reviews_newest", "reviews", ["opened_at"], unique=False)
    op.create_index("bookings_recent", "bookings", ["updated_at", "id"], unique=False)
    doubted = sa.text("verification IN ('mismatch', 'changed', 'cannot_verify')")
    op.create_index(
        "bookings_doubted", "bookings", ["updated_at"], unique=False, postgresql_where=doubted, sqlite_where=doubted
    )

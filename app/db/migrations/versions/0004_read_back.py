"""What an independent reader needs to remember of each appointment. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("bookings", sa.Column("told", sa.String(length=16), server_default="", nullable=False))
    op.create_table(
        "read_backs",
        sa.Column("booking", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("wrong_since", sa.Float(precision=53), nullable=False),
        sa.Column("blind_since", sa.Float(precision=53), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=200), nullable=False),
        sa.Column("next_look", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("booking"),
    )
    op.create_index("read_backs_next_look", "read_backs", ["next_look"], unique=False)
    # Appointments from before there was a reader are looked at as well, all of them at once.
    op.execute(
        "INSERT INTO read_backs (booking, revision, starts, ends, wrong_since, blind_since, seen, task, next_look) "
        "SELECT id, revision, starts, ends, 0, 0, '', '', 0 FROM bookings WHERE status = 'confirmed'"
    )

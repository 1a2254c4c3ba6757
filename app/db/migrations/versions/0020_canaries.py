"""Canaries: versions of an assistant on trial, and which one each call was given. Written out: it never changes."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "canaries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("stable", sa.String(length=128), nullable=False),
        sa.Column("assistant", sa.String(length=128), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(length=128), nullable=False),
        sa.Column("started_at", sa.Float(precision=53), nullable=False),
        sa.Column("since", sa.Float(precision=53), nullable=False),
        sa.Column("changed_at", sa.Float(precision=53), nullable=False),
        sa.Column("looked_at", sa.Float(precision=53), nullable=False),
        sa.Column("watched_s", sa.Float(precision=53), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    live = sa.text("state IN ('running', 'held', 'promoted')")
    op.create_index("canaries_live", "canaries", ["business"], unique=True, postgresql_where=live, sqlite_where=live)
    op.create_index("canaries_started", "canaries", ["started_at"], unique=False)
    op.create_table(
        "canary_calls",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=256), nullable=False),
        sa.Column("canary", sa.String(length=32), nullable=False),
        sa.Column("on_trial", sa.Boolean(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("looked_at", sa.Float(precision=53), nullable=False),
        sa.Column("ended", sa.String(length=16), nullable=False),
        sa.Column("bad", sa.String(length=256), nullable=False),
        sa.Column("broke", sa.String(length=64), nullable=False),
        sa.Column("owed", sa.Integer(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "call_id"),
    )
    op.create_index("canary_calls_open", "canary_calls", ["canary", "done", "looked_at"], unique=False)
    op.create_index("canary_calls_next", "canary_calls", ["canary", "counted", "at"], unique=False)
    broke = sa.text("broke <> ''")
    op.create_index(
        "canary_calls_broke", "canary_calls", ["canary"], unique=False, postgresql_where=broke, sqlite_where=broke
    )
    op.create_index("canary_calls_at", "canary_calls", ["at"], unique=False)

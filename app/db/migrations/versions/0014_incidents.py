"""Incidents, and what was said about each. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("parts", sa.String(length=128), nullable=False),
        sa.Column("impact", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("page", sa.String(length=32), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(precision=53), nullable=False),
        sa.Column("opened_at", sa.Float(precision=53), nullable=False),
        sa.Column("opened_by", sa.String(length=128), nullable=False),
        sa.Column("changed_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incidents_due", "incidents", ["state", "due_at"], unique=False)
    op.create_index(
        "incidents_page",
        "incidents",
        ["page"],
        unique=True,
        postgresql_where=sa.text("page <> '' AND state <> 'resolved'"),
        sqlite_where=sa.text("page <> '' AND state <> 'resolved'"),
    )
    op.create_table(
        "incident_updates",
        sa.Column("incident", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "number"),
    )

"""Texts that come in, conversations, consent, and what becomes of those sent. Written out: it never changes again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("text_outbox", sa.Column("channel", sa.String(length=16), server_default="sms", nullable=False))
    op.add_column("text_outbox", sa.Column("conversation", sa.String(length=32), server_default="", nullable=False))
    op.add_column("text_outbox", sa.Column("sid", sa.String(length=64), server_default="", nullable=False))
    op.add_column("text_outbox", sa.Column("code", sa.Integer(), server_default="0", nullable=False))
    op.add_column("text_outbox", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    for name in ("attempted_at", "not_before", "good_until", "changed_at"):
        op.add_column("text_outbox", sa.Column(name, sa.Float(precision=53), server_default="0", nullable=False))
    op.create_index("text_outbox_sid", "text_outbox", ["sid"], unique=False)
    op.create_index("text_outbox_conversation", "text_outbox", ["conversation", "created_at"], unique=False)
    op.create_table(
        "texts_in",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("conversation", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("media", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("turn", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.Float(precision=53), nullable=False),
        sa.Column("changed_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("texts_in_state", "texts_in", ["state", "received_at"], unique=False)
    op.create_index("texts_in_conversation", "texts_in", ["conversation", "state"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("customer", sa.String(length=64), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("held_until", sa.Float(precision=53), nullable=False),
        sa.Column("changed_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _consent()


def _consent() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consents_number", "consents", ["business", "number", "at"], unique=False)
    op.create_table(
        "unwanted_numbers",
        sa.Column("business", sa.String(length=128), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("business", "number"),
    )

"""The tables of texting; everybody else finds them in `schema`, with the others."""

from sqlalchemy import Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from app.db.metadata import metadata

text_outbox = Table(
    "text_outbox",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("to_number", String(64), nullable=False),
    Column("from_number", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("booking", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("channel", String(16), nullable=False, server_default="sms"),
    Column("conversation", String(32), nullable=False, server_default=""),
    Column("sid", String(64), nullable=False, server_default=""),
    Column("code", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("attempted_at", Float(53), nullable=False, server_default="0"),
    Column("not_before", Float(53), nullable=False, server_default="0"),
    Column("good_until", Float(53), nullable=False, server_default="0"),
    Column("changed_at", Float(53), nullable=False, server_default="0"),
    Index("text_outbox_about", "booking", "revision", "kind", unique=True),
    Index("text_outbox_state", "state", "created_at"),
    Index("text_outbox_sid", "sid"),
    Index("text_outbox_conversation", "conversation", "created_at"),
)

texts_in = Table(
    "texts_in",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("conversation", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("media", Integer, nullable=False),
    Column("form", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("turn", String(64), nullable=False),
    Column("received_at", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Index("texts_in_state", "state", "received_at"),
    Index("texts_in_conversation", "conversation", "state"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("customer", String(64), nullable=False),
    Column("line", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("state", Text, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("held_until", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("number", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("at", Float(53), nullable=False),
    Index("consents_number", "business", "number", "at"),
)

unwanted_numbers = Table(
    "unwanted_numbers",
    metadata,
    Column("business", String(128), nullable=False),
    Column("number", String(64), nullable=False),
    Column("why", String(16), nullable=False),
    Column("since", Float(53), nullable=False),
    PrimaryKeyConstraint("business", "number"),
)

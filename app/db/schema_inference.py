"""Tables of what models are asked, cost and may do."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from app.db.metadata import metadata

model_spend = Table(
    "model_spend",
    metadata,
    Column("business", String(128), nullable=False),
    Column("day", String(10), nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    PrimaryKeyConstraint("business", "day"),
)

model_asides = Table(
    "model_asides",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("day", String(10), nullable=False),
    Column("micros", BigInteger, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("state", String(8), nullable=False),
    Index("model_asides_at", "at"),
)

model_claims = Table(
    "model_claims",
    metadata,
    Column("question", String(32), primary_key=True),
    Column("asker", String(32), nullable=False),
    Column("until", Float(53), nullable=False),
    Index("model_claims_until", "until"),
)

inferences = Table(
    "inferences",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("conversation", String(320), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("template", String(64), nullable=False),
    Column("given", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("prompt_hash", String(64), nullable=False),
    Column("model", String(128), nullable=False),
    Column("output", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("attempts", Text, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("replays", String(32), nullable=False, server_default=""),
    Index("inferences_at", "at"),
    Index("inferences_conversation", "conversation", "at"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("conversation", String(320), nullable=False),
    Column("why", String(64), nullable=False),
    Column("what", Text, nullable=False),
    Column("proposal", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("due", Float(53), nullable=False),
    Column("opened_at", Float(53), nullable=False),
    Column("decided_at", Float(53), nullable=False, server_default="0"),
    Column("decided_by", String(128), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Index("reviews_status", "status", "due"),
    Index("reviews_newest", "opened_at"),
)

flags = Table(
    "flags",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("percent", Integer, nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("changed_by", String(128), nullable=False),
    Column("why", Text, nullable=False),
)

"""The tables of platform settings; everybody else finds them in `schema`, with the others."""

from sqlalchemy import Column, Float, Index, PrimaryKeyConstraint, String, Table, Text

from app.db.metadata import metadata

platform_snapshots = Table(
    "platform_snapshots",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("environment", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(128), nullable=False),
    Column("record_id", String(128), nullable=False),
    Column("why", String(16), nullable=False),
    Column("by", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("document", Text, nullable=False),
    Index("platform_snapshots_of", "environment", "kind", "name", "at"),
)

platform_baselines = Table(
    "platform_baselines",
    metadata,
    Column("environment", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(128), nullable=False),
    Column("record_id", String(128), nullable=False),
    Column("snapshot", String(32), nullable=False),
    Column("asked", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
    PrimaryKeyConstraint("environment", "kind", "name"),
)

platform_holds = Table(
    "platform_holds",
    metadata,
    Column("environment", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(128), nullable=False),
    Column("owner", String(32), nullable=False),
    Column("held_until", Float(53), nullable=False),
    PrimaryKeyConstraint("environment", "kind", "name"),
)

"""The tables of limits and of upstreams' shapes; everybody else finds them in `schema`, with the others."""

from sqlalchemy import Column, Float, PrimaryKeyConstraint, String, Table, Text

from app.db.metadata import metadata

limit_confirmations = Table(
    "limit_confirmations",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
)

limit_points = Table(
    "limit_points",
    metadata,
    Column("name", String(200), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("used", Float(53), nullable=False),
    PrimaryKeyConstraint("name", "at"),
)

upstream_shapes = Table(
    "upstream_shapes",
    metadata,
    Column("upstream", String(32), nullable=False),
    Column("path", String(64), nullable=False),
    Column("version", String(1600), nullable=False),
    Column("problem", Text, nullable=False),
    Column("first_seen", Float(53), nullable=False),
    Column("last_seen", Float(53), nullable=False),
    PrimaryKeyConstraint("upstream", "path", "version"),
)

"""The tables of the dashboard and of what people teach there; everybody else finds them in `schema`."""

from sqlalchemy import Column, Float, Index, String, Table, Text

from app.db.metadata import metadata

DOUBTED_SQL = "verification IN ('mismatch', 'changed', 'cannot_verify')"

ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("until", Float(53), nullable=False),
)

ground_truth = Table(
    "ground_truth",
    metadata,
    Column("review", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("inference", String(32), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("by", String(128), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("proposed", Text, nullable=False),
    Column("corrected", Text, nullable=False),
    Index("ground_truth_at", "at"),
)

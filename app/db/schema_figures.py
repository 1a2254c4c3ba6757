"""The tables of service figures: what each process counted lately, and how each figure stands."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from app.db.metadata import metadata

figure_samples = Table(
    "figure_samples",
    metadata,
    Column("process", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("counted", Text, nullable=False),
    PrimaryKeyConstraint("process", "number"),
    Index("figure_samples_at", "at"),
)

figure_states = Table(
    "figure_states",
    metadata,
    Column("name", String(64), nullable=False),
    Column("of", String(128), nullable=False),
    Column("state", String(8), nullable=False),
    Column("raised", Boolean, nullable=False),
    Column("since", Float(53), nullable=False),
    Column("value", Float(53), nullable=False),
    Column("samples", Integer, nullable=False),
    Column("why", String(128), nullable=False),
    Column("over", Integer, nullable=False),
    Column("under", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("told_at", Float(53), nullable=False),
    PrimaryKeyConstraint("name", "of"),
)

"""How many calls and texts came in each hour."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table

from app.db.metadata import metadata

volume = Table(
    "volume",
    metadata,
    Column("business", String(128), nullable=False),
    Column("line", String(64), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("hour", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("quarter_1", Integer, nullable=False),
    Column("quarter_2", Integer, nullable=False),
    Column("quarter_3", Integer, nullable=False),
    Column("quarter_4", Integer, nullable=False),
    Column("last_at", Float(53), nullable=False),
    PrimaryKeyConstraint("business", "line", "channel", "hour"),
    Index("volume_hour", "hour"),
    Index("volume_line", "line"),
)

"""The tables of canaries: new versions of an assistant on trial, and which of two each call was given."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text, text

from app.db.metadata import metadata

LIVE_SQL = "state IN ('running', 'held', 'promoted')"
BROKE_SQL = "broke <> ''"

canaries = Table(
    "canaries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("business", String(128), nullable=False),
    Column("stable", String(128), nullable=False),
    Column("assistant", String(128), nullable=False),
    Column("percent", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("changed_by", String(128), nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("since", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("looked_at", Float(53), nullable=False),
    Column("watched_s", Float(53), nullable=False),
    Column("waits_for", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Index("canaries_live", "business", unique=True, postgresql_where=text(LIVE_SQL), sqlite_where=text(LIVE_SQL)),
    Index("canaries_started", "started_at"),
)

canary_calls = Table(
    "canary_calls",
    metadata,
    Column("platform", String(32), nullable=False),
    Column("call_id", String(256), nullable=False),
    Column("canary", String(32), nullable=False),
    Column("on_trial", Boolean, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("looked_at", Float(53), nullable=False),
    Column("ended", String(16), nullable=False),
    Column("bad", String(256), nullable=False),
    Column("broke", String(64), nullable=False),
    Column("owed", Integer, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("counted", Boolean, nullable=False),
    PrimaryKeyConstraint("platform", "call_id"),
    Index("canary_calls_open", "canary", "done", "looked_at"),
    Index("canary_calls_next", "canary", "counted", "at"),
    Index("canary_calls_broke", "canary", postgresql_where=text(BROKE_SQL), sqlite_where=text(BROKE_SQL)),
    Index("canary_calls_at", "at"),
)

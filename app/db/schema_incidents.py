"""Tables of what went wrong in public: incidents, and what was said about each."""

from sqlalchemy import Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text, text

from app.db.metadata import metadata

ONE_FOR_A_PAGE_SQL = "page <> '' AND state <> 'resolved'"

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("business", String(128), nullable=False),
    Column("parts", String(128), nullable=False),
    Column("impact", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("page", String(32), nullable=False),
    Column("every_minutes", Integer, nullable=False),
    Column("due_at", Float(53), nullable=False),
    Column("opened_at", Float(53), nullable=False),
    Column("opened_by", String(128), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Index("incidents_due", "state", "due_at"),
    Index(
        "incidents_page",
        "page",
        unique=True,
        postgresql_where=text(ONE_FOR_A_PAGE_SQL),
        sqlite_where=text(ONE_FOR_A_PAGE_SQL),
    ),
)

incident_updates = Table(
    "incident_updates",
    metadata,
    Column("incident", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("by", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("incident", "number"),
)

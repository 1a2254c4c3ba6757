"""How far each page got: whom it reached, when it is repeated, who acknowledged it. Written out: it never changes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("pages", sa.Column("next_at", sa.Float(precision=53), server_default="0", nullable=False))
    op.add_column("pages", sa.Column("round", sa.Integer(), server_default="0", nullable=False))
    op.add_column("pages", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("pages", sa.Column("receivers", sa.Text(), server_default="{}", nullable=False))
    op.add_column("pages", sa.Column("told", sa.String(length=16), server_default="", nullable=False))
    op.add_column("pages", sa.Column("acknowledged_by", sa.String(length=128), server_default="", nullable=False))
    op.add_column("pages", sa.Column("acknowledged_at", sa.Float(precision=53), server_default="0", nullable=False))
    op.create_index("pages_due", "pages", ["next_at"], unique=False)

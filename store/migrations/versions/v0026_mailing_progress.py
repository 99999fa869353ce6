"""How far mailings are is counted from their index alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_MAILED = sa.text("mailing IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_messages_mailing", "messages")
    op.create_index(
        "ix_messages_mailing",
        "messages",
        ["mailing", "direction", "state"],
        sqlite_where=_MAILED,
        postgresql_where=_MAILED,
    )

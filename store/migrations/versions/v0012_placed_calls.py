"""What a call that we placed was about, and since when it rang; a person's calls by number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("purpose", "campaign", "debt"):
        op.add_column("calls", sa.Column(name, sa.Text))
    op.add_column("calls", sa.Column("ringing_at", sa.DateTime(timezone=True)))
    for number, direction in (("caller", "inbound"), ("dialled", "outbound")):
        where = sa.text(f"direction = '{direction}'")
        op.create_index(
            f"ix_calls_{number}",
            "calls",
            [number, "started_at"],
            sqlite_where=where,
            postgresql_where=where,
        )

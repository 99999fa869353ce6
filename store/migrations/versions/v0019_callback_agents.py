"""Whose callbacks are, and who ended them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("agent", "ended_by"):
        op.add_column("callback_requests", sa.Column(name, sa.Text))
    # What agents arranged in their own names was told apart by its topic alone.
    op.execute(
        "UPDATE callback_requests SET agent = substr(topic, 7) "
        "WHERE topic LIKE 'agent-%' AND source = 'agent'"
    )
    op.create_index("ix_callback_requests_ended", "callback_requests", ["ended_at"])

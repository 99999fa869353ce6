"""What agents did for a campaign, minute by minute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_minutes",
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("ready_seconds", sa.Float, nullable=False),
        sa.Column("talking_seconds", sa.Float, nullable=False),
        sa.Column("wrapping_seconds", sa.Float, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("held", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "at", "fence", name="pk_campaign_minutes"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_campaign_minutes_campaign"),
        sqlite_with_rowid=False,
    )

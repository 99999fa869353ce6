"""The last forecast of each campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "campaign_forecasts",
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("begun_at", _Time, nullable=False),
        sa.Column("ended_at", _Time, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("agents", sa.Integer, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("changes", _Json, nullable=False),
        sa.Column("settings", _Json, nullable=False),
        sa.Column("result", _Json, nullable=False),
        sa.PrimaryKeyConstraint("campaign", name="pk_campaign_forecasts"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_campaign_forecasts_campaign"),
    )

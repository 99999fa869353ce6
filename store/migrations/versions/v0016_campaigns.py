"""Campaigns, their leads and their attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settings", _Json, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("updated_at", _Time, nullable=False),
        sa.Column("started_at", _Time),
        sa.Column("finished_at", _Time),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sa.UniqueConstraint("name", name="uq_campaigns_name"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_campaigns_state", "campaigns", ["state"])
    op.create_table(
        "campaign_runs",
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("until", _Time),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("knowledge", _Json),
        sa.Column("known_at", _Time),
        sa.PrimaryKeyConstraint("campaign", name="pk_campaign_runs"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_campaign_runs_campaign"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leads",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("folded_into", sa.Text),
        sa.Column("added_at", _Time, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text),
        sa.Column("time_zone", sa.Text),
        sa.Column("debt", sa.Text),
        sa.Column("fields", _Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_leads_campaign"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_leads_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_leads_contact_id", "leads", ["contact_id"])
    op.create_index("ix_leads_debt", "leads", ["debt"])
    op.create_index("ix_leads_list", "leads", ["campaign", "added_at"])
    op.create_index(
        "ix_leads_name", "leads", ["campaign", "name_key"], postgresql_ops={"name_key": "text_pattern_ops"}
    )
    op.create_index(
        "ix_leads_person",
        "leads",
        ["person", "campaign"],
        unique=True,
        sqlite_where=sa.text("folded_into IS NULL"),
        postgresql_where=sa.text("folded_into IS NULL"),
    )
    op.create_table(
        "lead_numbers",
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("lead", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "value", name="pk_lead_numbers"),
        sa.ForeignKeyConstraint(["lead"], ["leads.id"], name="fk_lead_numbers_lead"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_lead_numbers_lead", "lead_numbers", ["lead"])
    op.create_index(
        "ix_lead_numbers_value", "lead_numbers", ["value"], postgresql_ops={"value": "text_pattern_ops"}
    )
    op.create_table(
        "lead_progress",
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reason_data", _Json, nullable=False),
        sa.Column("turn", sa.Integer),
        sa.Column("due_at", _Time),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("numbers", _Json, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tries", _Json, nullable=False),
        sa.Column("not_before", _Time),
        sa.Column("next_number", sa.Text),
        sa.Column("callback", _Json),
        sa.Column("agent", sa.Text),
        sa.Column("agent_until", _Time),
        sa.Column("last_at", _Time),
        sa.Column("last_outcome", sa.Text),
        sa.Column("last_disposition", sa.Text),
        sa.Column("reserved_by", sa.Text),
        sa.Column("reserved_until", _Time),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("lead", name="pk_lead_progress"),
        sa.ForeignKeyConstraint(["lead"], ["leads.id"], name="fk_lead_progress_lead"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_lead_progress_state", "lead_progress", ["campaign", "state", "reason"])
    op.create_index(
        "ix_lead_progress_turn",
        "lead_progress",
        ["campaign", "turn", "due_at"],
        sqlite_where=sa.text("turn IS NOT NULL"),
        postgresql_where=sa.text("turn IS NOT NULL"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("lead", sa.Text),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("caller_id", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("debt", sa.Text),
        sa.Column("callback", sa.Text),
        sa.Column("trunk", sa.Text),
        sa.Column("node", sa.Text),
        sa.Column("at", _Time, nullable=False),
        sa.Column("reserved_at", _Time, nullable=False),
        sa.Column("dialled_at", _Time),
        sa.Column("ringing_at", _Time),
        sa.Column("answered_at", _Time),
        sa.Column("verdict_at", _Time),
        sa.Column("connected_at", _Time),
        sa.Column("ended_at", _Time),
        sa.Column("result", sa.Text),
        sa.Column("cause", sa.Integer),
        sa.Column("verdict", sa.Text),
        sa.Column("audited", sa.Text),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("abandoned", sa.Boolean, nullable=False),
        sa.Column("message_played", sa.Boolean, nullable=False),
        sa.Column("conversation", sa.Boolean, nullable=False),
        sa.Column("disposition", sa.Text),
        sa.Column("step", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attempts_contact_id", "attempts", ["contact_id"])
    op.create_index(
        "ix_attempts_counted", "attempts", ["campaign", "at", "live", "abandoned", "verdict", "audited"]
    )
    op.create_index("ix_attempts_lead", "attempts", ["lead"])
    op.create_index(
        "ix_attempts_open",
        "attempts",
        ["lead"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

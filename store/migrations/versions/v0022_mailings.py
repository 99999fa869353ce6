"""Mailings, their frozen recipients, cascades on their way, and what happened to these."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    _mailings()
    _recipients()
    _runs()
    op.create_table(
        "cascade_news",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("step", sa.Integer),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cascade_news"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cascade_news_run", "cascade_news", ["run"])


def _mailings() -> None:
    op.create_table(
        "mailings",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("settings", _Json, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("updated_at", _Time, nullable=False),
        sa.Column("started_at", _Time),
        sa.Column("over_at", _Time),
        sa.Column("recipients", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("left_out", _Json, nullable=False),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", _Time),
        sa.PrimaryKeyConstraint("id", name="pk_mailings"),
        sa.UniqueConstraint("name", name="uq_mailings_name"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mailings_state", "mailings", ["state"])


def _recipients() -> None:
    op.create_table(
        "mailing_recipients",
        sa.Column("mailing", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("written_at", _Time),
        sa.Column("message_id", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("mailing", "n", name="pk_mailing_recipients"),
        sa.ForeignKeyConstraint(["mailing"], ["mailings.id"], name="fk_mailing_recipients_mailing"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_mailing_recipients_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mailing_recipients_contact_id", "mailing_recipients", ["contact_id"])
    to_come = sa.text("written_at IS NULL")
    op.create_index(
        "ix_mailing_recipients_to_come",
        "mailing_recipients",
        ["mailing", "n"],
        sqlite_where=to_come,
        postgresql_where=to_come,
    )


def _runs() -> None:
    op.create_table(
        "cascade_runs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("cascade", sa.Text, nullable=False),
        sa.Column("plan", _Json, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("mailing", sa.Text),
        sa.Column("campaign", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("given", _Json, nullable=False),
        sa.Column("states", _Json, nullable=False),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("deadline", _Time),
        sa.Column("ending", sa.Text),
        sa.Column("late", _Json, nullable=False),
        sa.Column("notes", _Json, nullable=False),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("over_at", _Time),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("id", name="pk_cascade_runs"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_cascade_runs_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cascade_runs_contact_id", "cascade_runs", ["contact_id"])
    goes_on, mailed = sa.text("ending IS NULL"), sa.text("mailing IS NOT NULL")
    op.create_index(
        "ix_cascade_runs_deadline",
        "cascade_runs",
        ["deadline"],
        sqlite_where=goes_on,
        postgresql_where=goes_on,
    )
    op.create_index(
        "ix_cascade_runs_mailing",
        "cascade_runs",
        ["mailing", "ending"],
        sqlite_where=mailed,
        postgresql_where=mailed,
    )

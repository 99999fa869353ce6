"""Debts, payments and promises to pay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")
_RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "debts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("creditor", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("created_at", _Time, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", _Time),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("id", name="pk_debts"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_debts_contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_debts_contact_id", "debts", ["contact_id"])
    op.create_index("ix_debts_person", "debts", ["person"])
    op.create_index("ix_debts_reference", "debts", ["creditor", "reference"], unique=True)
    op.create_index("ix_debts_state", "debts", ["state", "id"])
    op.create_table(
        "debt_balances",
        sa.Column("number", _RowNumber, nullable=False),
        sa.Column("debt", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("as_of", sa.Date),
        sa.PrimaryKeyConstraint("number", name="pk_debt_balances"),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name="fk_debt_balances_debt"),
    )
    op.create_index("ix_debt_balances_debt", "debt_balances", ["debt"])
    op.create_table(
        "payments",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("debt", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("paid_on", sa.Date, nullable=False),
        sa.Column("recorded_at", _Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name="fk_payments_debt"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_payments_debt", "payments", ["debt"])
    op.create_table(
        "promises",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("debt", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("instalments", _Json, nullable=False),
        sa.Column("made_at", _Time, nullable=False),
        sa.Column("counts_from", sa.Date, nullable=False),
        sa.Column("check_at", _Time),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("grace_days", sa.Integer, nullable=False),
        sa.Column("call_id", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("campaign", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ended_at", _Time),
        sa.Column("replaced_by", sa.Text),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
        sa.ForeignKeyConstraint(["debt"], ["debts.id"], name="fk_promises_debt"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_promises_check",
        "promises",
        ["check_at"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_promises_debt", "promises", ["debt"])
    op.create_index(
        "ix_promises_open",
        "promises",
        ["debt"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("creditor", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("figures", _Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliations"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reconciliations_digest", "reconciliations", ["creditor", "digest"], unique=True)
    op.create_table(
        "debt_conflicts",
        sa.Column("reconciliation", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("debt", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", _Json, nullable=False),
        sa.PrimaryKeyConstraint("reconciliation", "place", name="pk_debt_conflicts"),
        sa.ForeignKeyConstraint(
            ["reconciliation"], ["reconciliations.id"], name="fk_debt_conflicts_reconciliation"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_debt_conflicts_debt", "debt_conflicts", ["debt"])

"""Debts, their payments, and what was promised to be paid."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, text

from store.tables.columns import Json, RowNumber, UtcDateTime, metadata

# `contact_id` is the contact that owed it first, `person` the surviving one, which merges change. `reference`
# is the creditor's own number. Amounts are minor units of `currency`.
debts = Table(
    "debts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("contact_id", Text, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("person", Text, nullable=False, index=True),
    Column("creditor", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("due", Date, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", UtcDateTime),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    sqlite_with_rowid=False,
)
Index("ix_debts_reference", debts.c.creditor, debts.c.reference, unique=True)
Index("ix_debts_state", debts.c.state, debts.c.id)

# The balances of a debt, the oldest first by `number`. `source_id` is the file's or the payment's.
debt_balances = Table(
    "debt_balances",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("debt", Text, ForeignKey("debts.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("as_of", Date),
)

# `id` is that of the creditor's or bank's row: one payment counts once.
payments = Table(
    "payments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("debt", Text, ForeignKey("debts.id"), nullable=False, index=True),
    Column("amount", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# `instalments` as [[amount, "2026-12-01"], …]. One promise of a debt is open; if nothing more is paid it is
# broken at `check_at`.
promises = Table(
    "promises",
    metadata,
    Column("id", Text, primary_key=True),
    Column("debt", Text, ForeignKey("debts.id"), nullable=False, index=True),
    Column("contact_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("instalments", Json, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("counts_from", Date, nullable=False),
    Column("check_at", UtcDateTime),
    Column("time_zone", Text, nullable=False),
    Column("grace_days", Integer, nullable=False),
    Column("call_id", Text),
    Column("agent", Text),
    Column("campaign", Text),
    Column("state", Text, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("replaced_by", Text),
    Column("version", Integer, nullable=False, server_default=text("1")),
    sqlite_with_rowid=False,
)
_open = promises.c.state == "open"
Index("ix_promises_open", promises.c.debt, unique=True, sqlite_where=_open, postgresql_where=_open)
Index("ix_promises_check", promises.c.check_at, sqlite_where=_open, postgresql_where=_open)

# Files of balances that were taken in. One of the same digest changes nothing more.
reconciliations = Table(
    "reconciliations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("creditor", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("figures", Json, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_reconciliations_digest", reconciliations.c.creditor, reconciliations.c.digest, unique=True)

# What a file contradicted. `debt`: of a reference that is known.
debt_conflicts = Table(
    "debt_conflicts",
    metadata,
    Column("reconciliation", Text, ForeignKey("reconciliations.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    Column("debt", Text, index=True),
    Column("kind", Text, nullable=False),
    Column("data", Json, nullable=False),
    sqlite_with_rowid=False,
)

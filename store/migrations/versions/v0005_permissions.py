"""Consents, objections and the chained log of decisions.

What callers allowed and forbade before was told to workers in the outbox; it is in force from now on.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)
_Json = sa.JSON().with_variant(JSONB(), "postgresql")
_RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("number", _RowNumber, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("contact_id", sa.Text),
        sa.Column("point_kind", sa.Text),
        sa.Column("point_value", sa.Text),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("proof_call_id", sa.Text),
        sa.Column("proof_recording", sa.Text),
        sa.Column("proof_second", sa.Float),
        sa.Column("proof_text", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_consents"),
        sa.UniqueConstraint("id", name="uq_consents_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_consents_contact_id"),
    )
    op.create_index("ix_consents_person", "consents", ["contact_id", "at"])
    op.create_table(
        "do_not_contact",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("channels", _Json, nullable=False),
        sa.Column("purposes", _Json, nullable=False),
        sa.Column("list_name", sa.Text),
        sa.Column("first_generation", sa.BigInteger),
        sa.Column("last_generation", sa.BigInteger),
        sa.Column("lifted_at", _Time),
        sa.Column("lifted_reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_do_not_contact"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_do_not_contact_value", "do_not_contact", ["value", "scope"])
    listed = sa.text("list_name IS NOT NULL AND lifted_at IS NULL")
    op.create_index(
        "ix_do_not_contact_list",
        "do_not_contact",
        ["list_name", "scope", "value"],
        unique=True,
        sqlite_where=listed,
        postgresql_where=listed,
    )
    op.create_table(
        "do_not_contact_lists",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("newest", sa.BigInteger, nullable=False),
        sa.Column("imported_at", _Time),
        sa.PrimaryKeyConstraint("name", name="pk_do_not_contact_lists"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("point", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("debt", sa.Text),
        sa.Column("campaign", sa.Text),
        sa.Column("packs", _Json, nullable=False),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("rule", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("next_allowed_at", _Time),
        sa.Column("checked", _Json, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("writer", "seq", name="pk_decisions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_decisions_subject", "decisions", ["subject"])
    op.create_index("ix_decisions_person", "decisions", ["person", "at"])
    op.create_index("ix_decisions_time", "decisions", ["at", "writer", "seq"])
    op.create_table(
        "decision_chains",
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("writer", name="pk_decision_chains"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pseudonym_keys",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_pseudonym_keys"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_pseudonym_keys_contact_id"),
        sqlite_with_rowid=False,
    )
    _take_over()


_outbox = sa.table(
    "outbox",
    sa.column("id", sa.Text),
    sa.column("topic", sa.Text),
    sa.column("payload", _Json),
    sa.column("created_at", _Time),
)
_interactions = sa.table(
    "interactions",
    *(sa.column(name, sa.Text) for name in ("subject_id", "contact_id", "point_kind", "point_value")),
)
_consents = sa.table(
    "consents",
    *(sa.column(name, sa.Text) for name in ("id", "contact_id", "point_kind", "point_value", "channel")),
    *(sa.column(name, sa.Text) for name in ("purpose", "source", "basis", "proof_call_id", "proof_text")),
    sa.column("at", _Time),
    sa.column("given", sa.Boolean),
)
_objections = sa.table(
    "do_not_contact",
    *(sa.column(name, sa.Text) for name in ("id", "scope", "value", "reason", "source")),
    sa.column("at", _Time),
    sa.column("channels", _Json),
    sa.column("purposes", _Json),
)
_AT_ONCE = 1000


def _take_over() -> None:
    """Also of jobs that are done: another system heard of them, but no gate did."""
    bind = op.get_bind()
    for topic, rows_of, table in (
        ("stop_contact", _objections_of, _objections),
        ("consent", _consents_of, _consents),
    ):
        jobs = sa.select(_outbox).where(_outbox.c.topic == topic).order_by(_outbox.c.id).limit(_AT_ONCE)
        last = ""
        while some := bind.execute(jobs.where(_outbox.c.id > last)).all():
            last = some[-1].id
            if rows := [row for job in some for row in rows_of(job, _caller(job))]:
                bind.execute(sa.insert(table), rows)
        bind.execute(sa.delete(_outbox).where(_outbox.c.topic == topic))


def _caller(job: Any) -> Any:
    """The caller's row of the history of the call in which it was said, or None."""
    said = sa.select(_interactions).where(_interactions.c.subject_id == job.payload.get("call_id"))
    return op.get_bind().execute(said.limit(1)).one_or_none()


def _at(job: Any) -> datetime:
    at: datetime = datetime.fromisoformat(job.payload["at"]) if "at" in job.payload else job.created_at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _objections_of(job: Any, caller: Any) -> list[dict[str, Any]]:
    """Of the number; and of the caller, when it is theirs."""
    number = job.payload.get("number")
    if not number:
        return []
    reached = [("number", number)]
    if caller is not None and caller.contact_id and caller.point_value == number:
        reached.append(("person", caller.contact_id))
    return [
        {
            "id": f"{job.id}-{scope}",
            "at": _at(job),
            "scope": scope,
            "value": value,
            "reason": "asked in a call",
            "source": "flow",
            "channels": sorted(job.payload.get("channels") or ()),
            "purposes": [],
        }
        for scope, value in reached
    ]


def _consents_of(job: Any, caller: Any) -> list[dict[str, Any]]:
    """Without a channel: which ones were meant was not kept, so nobody is contacted because of it."""
    point = job.payload.get("point") or {}
    return [
        {
            "id": f"{job.id}-consent",
            "at": _at(job),
            "contact_id": None if caller is None else caller.contact_id,
            "point_kind": point.get("kind"),
            "point_value": point.get("value"),
            "channel": "",
            "purpose": job.payload.get("purpose", ""),
            "given": bool(job.payload.get("given")),
            "source": "flow",
            "basis": "consent",
            "proof_call_id": job.payload.get("call_id"),
            "proof_text": f"by {job.payload.get('by', 'key')}",
        }
    ]

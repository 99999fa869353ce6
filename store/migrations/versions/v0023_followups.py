"""Short links, one-time codes, questions for a grade, and what rules on events have answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_Time = sa.DateTime(timezone=True)


def _table(name: str, key: tuple[str, ...], *columns: sa.Column[object], message: bool = True) -> None:
    of_message = [
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=f"fk_{name}_message_id_messages")
    ]
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        *(of_message if message else ()),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    _table(
        "short_links",
        ("id",),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("made_at", _Time, nullable=False),
        sa.Column("expires_at", _Time, nullable=False),
        sa.Column("followed_at", _Time),
    )
    _table(
        "one_time_codes",
        ("id",),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("hashed", sa.Text, nullable=False),
        sa.Column("length", sa.SmallInteger, nullable=False),
        sa.Column("most_attempts", sa.SmallInteger, nullable=False),
        sa.Column("sent_at", _Time, nullable=False),
        sa.Column("expires_at", _Time, nullable=False),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("used_at", _Time),
    )
    for name in ("short_links", "one_time_codes"):
        op.create_index(f"ix_{name}_message_id", name, ["message_id"])
        op.create_index(f"ix_{name}_expires_at", name, ["expires_at"])
    _table(
        "rating_requests",
        ("message_id",),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("until", _Time, nullable=False),
        sa.Column("answered_at", _Time),
    )
    op.create_index("ix_rating_requests_until", "rating_requests", ["until"])
    _table(
        "followups",
        ("key", "rule"),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("at", _Time, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
    )
    op.create_index("ix_followups_at", "followups", ["at"])
    op.create_index("ix_followups_message", "followups", ["message_id"])
    _table(
        "readers",
        ("name",),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        message=False,
    )

"""What came in and was not looked at yet is found by a mark; the dialogues of an agent by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TO_READ = sa.text("to_read IS true")
_IN_HAND = sa.text("state = 'open' AND agent IS NOT NULL")
# Older ones are looked at no more, whether they have the mark or not.
_MARKED = """
UPDATE messages SET to_read = true
WHERE direction = 'inbound' AND point_value IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM dialogue_messages WHERE message_id = messages.id)
"""


def upgrade() -> None:
    to_read = sa.Column("to_read", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("messages", to_read)
    op.execute(_MARKED)
    op.create_index(
        "ix_messages_to_read",
        "messages",
        ["at", "id"],
        sqlite_where=_TO_READ,
        postgresql_where=_TO_READ,
    )
    op.create_index(
        "ix_dialogues_agent", "dialogues", ["agent"], sqlite_where=_IN_HAND, postgresql_where=_IN_HAND
    )

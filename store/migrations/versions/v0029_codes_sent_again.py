"""How often a one-time code was sent, and of which characters it is: another one may follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sends = sa.Column("sends", sa.SmallInteger, nullable=False, server_default=sa.text("1"))
    letters = sa.Column("letters", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("one_time_codes", sends)
    op.add_column("one_time_codes", letters)

"""What agents write and choose in a call, until it is wrapped up."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from store.tables.columns import Json, metadata

# A row is here from the talk's beginning to the end of its wrap-up; then the history has it. `data` is an
# engine.registers.desk.CallPart.
call_parts = Table(
    "call_parts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Json, nullable=False),
    sqlite_with_rowid=False,
)

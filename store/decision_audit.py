"""Auditing the log of decisions: each chain is read once, in order, and nothing is kept of it.

changed    a row does not have the hash that it was written with
deleted    rows are missing between two others, or before the first
moved      a row stands in another place than the one it was written for
broken     a row is whole, but does not follow from the row before it
inserted   rows stand where none was ever written: behind the head, or in a chain without a head
truncated  the chain ends before its head, or before a row that is expected
unexpected a row does not have the hash that was noted down elsewhere
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.ports import StoreUnavailable
from store.database import reason
from store.decision_chain import GENESIS, chained
from store.tables import decision_chains, decisions

ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a chain, from the row `seq` on; `detail` is a sentence."""

    writer: str
    seq: int
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Audited:
    """A chain that was read: its last row, which may be noted down as WRITER:SEQ:HASH."""

    writer: str
    rows: int
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Expected:
    """A row's hash as it was noted down before, outside the database."""

    writer: str
    seq: int
    hash: str


async def audit_decisions(
    engine: AsyncEngine, expected: Sequence[Expected] = ()
) -> AsyncIterator[Finding | Audited]:
    """Findings as they are found, and each chain's end. What is appended meanwhile is left out.

    Raises StoreUnavailable.
    """
    try:
        async with engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's transactions read one state anyway
                await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            heads = {row.writer: row for row in await connection.execute(select(decision_chains))}
            noted: dict[str, dict[int, str]] = {}
            for one in expected:
                noted.setdefault(one.writer, {})[one.seq] = one.hash
            # Writers one by one, by the index: there are a few, and the rows may be millions.
            writer = await _next_writer(connection, None)
            known: set[str] = set()
            while writer is not None:
                known.add(writer)
                chain = _Chain(writer, heads.get(writer), noted.get(writer, {}))
                async for found in chain.read(connection):
                    yield found
                writer = await _next_writer(connection, writer)
            for writer in sorted((heads.keys() | noted.keys()) - known):
                for found in _Chain(writer, heads.get(writer), noted.get(writer, {})).end():
                    yield found
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(reason(error)) from error


async def _next_writer(connection: AsyncConnection, after: str | None) -> str | None:
    wanted: Select[Any] = select(decisions.c.writer).order_by(decisions.c.writer).limit(1)
    if after is not None:
        wanted = wanted.where(decisions.c.writer > after)
    found: str | None = (await connection.execute(wanted)).scalar_one_or_none()
    return found


class _Chain:
    def __init__(self, writer: str, head: Any, noted: Mapping[int, str]) -> None:
        self._writer = writer
        self._head = head
        self._noted = noted
        self._unmet = dict(noted)
        self._next = 1
        self._prev = GENESIS
        self._rows = 0
        self._inserted = False

    async def read(self, connection: AsyncConnection) -> AsyncIterator[Finding | Audited]:
        """In pieces by the key, so that neither a cursor nor the memory grows with the chain."""
        after: int | None = None
        while True:
            wanted = select(decisions).where(decisions.c.writer == self._writer)
            if after is not None:
                wanted = wanted.where(decisions.c.seq > after)
            rows = (await connection.execute(wanted.order_by(decisions.c.seq).limit(ROWS_AT_ONCE))).all()
            for row in rows:
                for finding in self._follow(row._asdict()):
                    yield finding
            if len(rows) < ROWS_AT_ONCE:
                break
            after = rows[-1].seq
        for found in self.end():
            yield found

    def _follow(self, row: Mapping[str, Any]) -> list[Finding]:
        seq, found = row["seq"], list[Finding]()
        gap = seq > self._next
        if seq < self._next:
            found.append(self._finding(seq, "inserted", "a row stands before the first"))
        elif gap:
            missing = (
                f"row {self._next} is" if seq == self._next + 1 else f"rows {self._next} to {seq - 1} are"
            )
            found.append(self._finding(self._next, "deleted", f"{missing} missing"))
        follows = gap or row["prev_hash"] == self._prev
        if chained(row, row["prev_hash"]) != row["hash"]:
            if follows:
                found.append(self._finding(seq, "changed", "the row is not as it was written"))
            else:
                found.append(self._finding(seq, "moved", "the row was not written for this place"))
        elif not follows:
            found.append(self._finding(seq, "broken", "the row does not follow from the row before it"))
        if self._head is None or seq > self._head.seq:
            if not self._inserted:
                where = "in a chain without a head" if self._head is None else "behind the chain's head"
                found.append(self._finding(seq, "inserted", f"a row stands {where}"))
            self._inserted = True
        wanted = self._unmet.pop(seq, row["hash"])
        if wanted != row["hash"]:
            found.append(self._finding(seq, "unexpected", f"its hash is {row['hash']}, not {wanted}"))
        self._rows += 1
        self._next, self._prev = max(seq, self._next - 1) + 1, row["hash"]
        return found

    def end(self) -> list[Finding | Audited]:
        last, head = self._next - 1, self._head
        found: list[Finding | Audited] = []
        if head is not None and head.seq > last:
            found.append(self._finding(last + 1, "truncated", f"it ends at {last}, its head at {head.seq}"))
        elif head is not None and head.seq == last and head.hash != self._prev:
            found.append(self._finding(last, "changed", "the last row is not the one that its head names"))
        found += [
            self._finding(seq, "truncated", f"it ends at {last}; row {seq} was noted down")
            for seq in sorted(self._unmet)
            if seq > last
        ]
        return [*found, Audited(self._writer, self._rows, last, self._prev)]

    def _finding(self, seq: int, kind: str, detail: str) -> Finding:
        return Finding(self._writer, seq, kind, detail)

"""Commits written together in one transaction, over a connection that is kept until it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.database import Failure, connect_for_writing, failure_of, reason
from store.rows import POSTGRESQL, SQLITE, Rows
from store.spooled import Commit
from store.writing import write

log = structlog.get_logger("store")

# Tries of one transaction: a broken connection is made anew once, a deadlock is repeated.
_TRIES = 3


class DatabaseAway(Exception):
    """The database cannot write now; the message is its reason."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A commit that can never be written, and the database's reason."""

    commit: Commit
    why: str


class Transactions:
    """Writes for one ledger; not to be used by two tasks at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._statements = POSTGRESQL if engine.dialect.name == "postgresql" else SQLITE
        self._connection: AsyncConnection | None = None

    async def write(self, commits: Sequence[Commit]) -> list[Refused]:
        """Write the commits in one transaction; those that are refused are left out and returned.

        Raises DatabaseAway, and then none of them counts as written (halves of them may be: writing again is
        harmless).
        """
        if not commits:
            return []
        try:
            await self._write_together(commits)
        except _ValuesRefused as refusal:
            if len(commits) == 1:
                return [Refused(commits[0], str(refusal))]
            # One of them spoils the transaction: halving finds it in few steps and keeps the order.
            middle = len(commits) // 2
            return [*await self.write(commits[:middle]), *await self.write(commits[middle:])]
        return []

    async def check(self) -> None:
        """Write something that changes nothing. Raises DatabaseAway when even that fails."""
        try:
            if self._connection is None:
                self._connection = await connect_for_writing(self._engine)
            async with self._connection.begin():
                await self._connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        except Exception as error:
            await self.close()
            raise DatabaseAway(reason(error)) from error

    async def close(self) -> None:
        """Drop the connection. Idempotent; the next write makes a new one."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.invalidate()
            await connection.close()
        except (SQLAlchemyError, OSError) as error:
            log.debug("a broken connection could not be closed", reason=reason(error))

    async def _write_together(self, commits: Sequence[Commit]) -> None:
        rows = Rows(self._statements)
        try:
            for commit in commits:
                for change in commit.changes:
                    rows.add(change, commit.at)
        except Exception as error:
            # Whatever is wrong with the values of one commit must not stop the others.
            raise _ValuesRefused(f"{type(error).__name__}: {error}") from error
        for attempt in range(1, _TRIES + 1):
            try:
                if self._connection is None:
                    self._connection = await connect_for_writing(self._engine)
                async with self._connection.begin():
                    await write(self._connection, rows)
                return
            except Exception as error:
                failure = failure_of(error)
                if failure is Failure.REFUSED:
                    raise _ValuesRefused(reason(error)) from error
                if failure is Failure.AWAY:
                    await self.close()
                if attempt == _TRIES or (failure is Failure.AWAY and attempt > 1):
                    raise DatabaseAway(reason(error)) from error


class _ValuesRefused(Exception):
    pass

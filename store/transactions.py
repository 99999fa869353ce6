"""Commits written together in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from store.attempt_keeping import LeadLost
from store.connections import connection_for
from store.database import Failure, failure_of, reason
from store.rows import Rows
from store.spooled import Commit
from store.statements import statements_for
from store.writing import write

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
        self._statements = statements_for(engine.dialect)
        self._connection = connection_for(engine)

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
            await self._connection.transact(_write_nothing)
        except Exception as error:
            await self._connection.drop()
            raise DatabaseAway(reason(error)) from error

    async def close(self) -> None:
        """Idempotent."""
        await self._connection.close()

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
                await self._connection.transact(partial(write, rows=rows))
                return
            except LeadLost as lost:
                raise _ValuesRefused(str(lost)) from lost
            except Exception as error:
                failure = failure_of(error)
                if failure is Failure.REFUSED:
                    raise _ValuesRefused(reason(error)) from error
                if failure is Failure.AWAY:
                    await self._connection.drop()
                if attempt == _TRIES or (failure is Failure.AWAY and attempt > 1):
                    raise DatabaseAway(reason(error)) from error


def _write_nothing(connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")


class _ValuesRefused(Exception):
    pass

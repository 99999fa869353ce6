"""Wrong passwords, counted in the database so that all nodes share the back-off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.sign_in_backoff import FORGOTTEN_AFTER_SECONDS, wait_seconds
from store.registers.transactions import written
from store.tables import sign_in_failures as failures


class SqlSignInAttempts:
    """Implements engine.registers.accounts.SignInAttempts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert

    async def try_password(self, keys: Sequence[str], at: datetime) -> float:
        def work(connection: Connection) -> float:
            forgotten = at - timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
            found: list[Any] = []
            for key in sorted(keys):  # in one order, so that two never wait for each other
                new = self._insert(failures).values(key=key, failures=0, failed_at=at, locked_until=at)
                # An update of nothing locks the row until the transaction ends.
                locked = new.on_conflict_do_update(
                    index_elements=[failures.c.key], set_={"key": new.excluded.key}
                ).returning(failures)
                found.append(connection.execute(locked).one())
            wait: float = max((row.locked_until - at).total_seconds() for row in found)
            if wait > 0:
                return wait
            for row in found:
                counted = (row.failures if row.failed_at > forgotten else 0) + 1
                until = at + timedelta(seconds=wait_seconds(row.key, counted))
                connection.execute(
                    update(failures)
                    .where(failures.c.key == row.key)
                    .values(failures=counted, failed_at=at, locked_until=until)
                )
            return 0.0

        return await written(self._engine, work)

    async def password_was_right(self, keys: Sequence[str], at: datetime) -> None:
        forgotten = at - timedelta(seconds=FORGOTTEN_AFTER_SECONDS)

        def work(connection: Connection) -> None:
            for key in sorted(keys):
                mine = failures.c.key == key
                if key.startswith("name:"):
                    connection.execute(delete(failures).where(mine))
                else:
                    uncounted = {"failures": failures.c.failures - 1, "locked_until": at}
                    connection.execute(
                        update(failures).where(mine, failures.c.failures > 0).values(uncounted)
                    )
            connection.execute(delete(failures).where(failures.c.failed_at < forgotten))

        await written(self._engine, work)

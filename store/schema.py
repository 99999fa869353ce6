"""Bringing a database to this version's tables, when the engine starts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from store.database import StoreError, check_reachable, create_engine, database_url, reason, shown, writing

# One engine upgrades at a time; the others wait and find it done. Any number that nobody else uses would do.
_POSTGRESQL_UPGRADE_LOCK = 7_407_001
# An index on many millions of rows, or another engine that is at it, takes longer than a call may wait.
_UPGRADE_STATEMENT_SECONDS = 1800.0


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to the newest tables, or those of a revision. Raises StoreError."""
    engine = create_engine(database_url(url))
    try:
        await upgrade_engine(engine, revision)
    finally:
        await engine.dispose()


async def upgrade_engine(engine: AsyncEngine, revision: str = "head") -> None:
    """The same, through an engine that is already there. Raises StoreError."""
    await check_reachable(engine)
    try:
        async with _patient(engine) as patient, writing(patient) as connection:
            await connection.run_sync(_upgrade, revision)
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(
            f"The tables of {shown(engine.url)} cannot be brought up to date ({reason(error)}); "
            "nothing was changed. Check that this user may change tables, then start again."
        ) from error


@asynccontextmanager
async def _patient(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """One to the same database whose statements may take as long as an upgrade needs."""
    if engine.dialect.name != "postgresql":
        yield engine
        return
    options = engine.sync_engine.get_execution_options()
    own = create_engine(engine.url, options, statement_seconds=_UPGRADE_STATEMENT_SECONDS)
    try:
        yield own
    finally:
        await own.dispose()


async def make_tables(engine: AsyncEngine) -> None:
    """All tables, in a database that has none yet; another is left as it is. Raises StoreError."""
    await check_reachable(engine)
    async with engine.connect() as connection:
        revision = await connection.run_sync(_revision)
    if revision is None:
        await upgrade_engine(engine)


async def check_current(engine: AsyncEngine) -> None:
    """Raises StoreError unless the tables are exactly this version's; changes nothing."""
    await check_reachable(engine, make=False)
    async with engine.connect() as connection:
        revision = await connection.run_sync(_revision)
    newest = newest_revision()
    if revision != newest:
        _refuse_newer(revision, shown(engine.url))
        raise StoreError(
            f"The tables of {shown(engine.url)} are older than this infolinia; "
            "start the hotline once, it upgrades them."
        )


@cache
def newest_revision() -> str:
    """Of the migrations that are installed: read once, as each is a file to load."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise StoreError("This installation lacks its migrations; install the package again.")
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, wanted: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_UPGRADE_LOCK})")
    revision = _revision(connection)
    if revision == newest_revision():
        return
    _refuse_newer(revision, shown(connection.engine.url))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, wanted)


def _refuse_newer(revision: str | None, name: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"The database {name} was made by a newer infolinia (revision {revision}; this one knows up to "
            f"{newest_revision()}); install the newer version or use the backup made before it."
        )

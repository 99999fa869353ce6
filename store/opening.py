"""Registers opened beside a running engine, for commands: each with a database connection of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.clock import TimeOrderedIds
from engine.ports import Clock
from engine.registers.accounts import Accounts
from store.database import create_engine, database_url
from store.privacy.key import OPTION, ErasureKey, check_key
from store.privacy.leavings import Leavings
from store.queries import SqlQueries
from store.registers.accounts import sql_accounts
from store.registers.agents import SqlAgents
from store.registers.attempts import SqlAttempts
from store.registers.callbacks import SqlCallbacks
from store.registers.campaign_forecasts import SqlCampaignForecasts
from store.registers.campaign_minutes import SqlCampaignMinutes
from store.registers.campaigns import SqlCampaigns
from store.registers.contacts import SqlContacts
from store.registers.debts import SqlDebts
from store.registers.decisions import SqlDecisions
from store.registers.deliveries import SqlDeliveries
from store.registers.imports import SqlImports
from store.registers.leads import SqlLeads
from store.registers.list_samples import SqlListSamples
from store.registers.mailings import SqlMailings
from store.registers.messages import SqlMessages
from store.registers.permissions import SqlPermissions
from store.registers.privacy import PROOF_DAYS, SqlPrivacy
from store.registers.recordings import SqlRecordings
from store.registers.retention import SqlRetention
from store.registers.segments import SqlSegments
from store.registers.webhooks import SqlWebhooks
from store.schema import check_current, make_tables
from store.store import KEY_FILE, sql_permissions


@asynccontextmanager
async def _beside(
    url: str,
    key: ErasureKey | None = None,
    *,
    make: bool = False,
    prepared: Callable[[AsyncEngine], None] | None = None,
) -> AsyncIterator[AsyncEngine]:
    """A connection beside a running engine: upgrades nothing. Raises StoreError.

    `key`: for what may touch erased people. `make`: an empty database gets its tables.
    """
    engine = create_engine(database_url(url), {} if key is None else {OPTION: key})
    if prepared is not None:
        prepared(engine)
    try:
        if make:
            await make_tables(engine)
        await check_current(engine)
        if key is not None:
            await check_key(engine, key)
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_queries(url: str) -> AsyncIterator[SqlQueries]:
    """Queries alone, beside a running engine: upgrades nothing, writes nothing. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlQueries(engine)


@asynccontextmanager
async def open_permissions(
    url: str, clock: Clock, node: str, state: Path
) -> AsyncIterator[tuple[SqlPermissions, SqlDecisions]]:
    """Permissions and decisions alone, beside a running engine. Raises StoreError.

    `state`: the folder that holds the key of erased people.
    """
    key = ErasureKey(state / KEY_FILE)
    async with _beside(url, key) as engine:
        yield sql_permissions(engine, clock, node)


@asynccontextmanager
async def open_accounts(url: str, *, make: bool = False) -> AsyncIterator[Accounts]:
    """People, tokens and the audit log, beside a running engine. Raises StoreError.

    `make`: the first person is added before the hotline's first start, so an empty database gets its tables.
    """
    async with _beside(url, make=make) as engine:
        yield sql_accounts(engine)


@asynccontextmanager
async def open_agents(url: str, clock: Clock) -> AsyncIterator[SqlAgents]:
    """Agents who sign in, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlAgents(engine, clock, TimeOrderedIds(clock))


@asynccontextmanager
async def open_webhooks(url: str) -> AsyncIterator[tuple[SqlWebhooks, SqlDeliveries]]:
    """Webhooks and their deliveries, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlWebhooks(engine), SqlDeliveries(engine)


@asynccontextmanager
async def open_contacts(url: str, clock: Clock) -> AsyncIterator[tuple[SqlContacts, SqlSegments]]:
    """Contacts and segments, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        ids = TimeOrderedIds(clock)
        yield SqlContacts(engine, clock, ids), SqlSegments(engine, clock, ids)


@asynccontextmanager
async def open_privacy(
    url: str, clock: Clock, state: Path, recordings: Path, proof_days: int = PROOF_DAYS
) -> AsyncIterator[tuple[SqlPrivacy, SqlContacts]]:
    """Exports and erasures, beside a running engine. Raises StoreError."""
    key = ErasureKey(state / KEY_FILE)
    async with _beside(url, key) as engine:
        ids = TimeOrderedIds(clock)
        leavings = Leavings(recordings, state / "spool")
        yield SqlPrivacy(engine, clock, ids, key, leavings, proof_days), SqlContacts(engine, clock, ids)


@asynccontextmanager
async def open_retention(url: str, recordings: Path) -> AsyncIterator[SqlRetention]:
    """Retention, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlRetention(engine, recordings)


@asynccontextmanager
async def open_recordings(url: str, clock: Clock) -> AsyncIterator[SqlRecordings]:
    """Recordings, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlRecordings(engine, clock)


@asynccontextmanager
async def open_callbacks(url: str, clock: Clock) -> AsyncIterator[SqlCallbacks]:
    """Callback requests, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlCallbacks(engine, clock, TimeOrderedIds(clock))


@asynccontextmanager
async def open_campaigns(url: str, clock: Clock) -> AsyncIterator[tuple[SqlCampaigns, SqlLeads, SqlAttempts]]:
    """Campaigns, leads and attempts, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        ids = TimeOrderedIds(clock)
        yield SqlCampaigns(engine, clock), SqlLeads(engine, clock, ids), SqlAttempts(engine, clock)


@dataclass(frozen=True, slots=True)
class DryRunBooks:
    """What a campaign's dry run reads, and where its forecast is kept."""

    campaigns: SqlCampaigns
    leads: SqlLeads
    attempts: SqlAttempts
    samples: SqlListSamples
    forecasts: SqlCampaignForecasts
    permissions: SqlPermissions
    decisions: SqlDecisions


@asynccontextmanager
async def open_dry_run(url: str, clock: Clock, node: str, state: Path) -> AsyncIterator[DryRunBooks]:
    """For dry runs, beside a running engine. Raises StoreError.

    `state`: the folder that holds the key of erased people.
    """
    key = ErasureKey(state / KEY_FILE)
    async with _beside(url, key) as engine:
        yield DryRunBooks(
            SqlCampaigns(engine, clock),
            SqlLeads(engine, clock, TimeOrderedIds(clock)),
            SqlAttempts(engine, clock),
            SqlListSamples(engine),
            SqlCampaignForecasts(engine),
            *sql_permissions(engine, clock, node),
        )


@asynccontextmanager
async def open_campaign_minutes(url: str) -> AsyncIterator[SqlCampaignMinutes]:
    """What campaigns did minute by minute, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlCampaignMinutes(engine)


@asynccontextmanager
async def open_debts(url: str, clock: Clock) -> AsyncIterator[tuple[SqlDebts, SqlContacts]]:
    """Debts, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        ids = TimeOrderedIds(clock)
        yield SqlDebts(engine, clock, ids), SqlContacts(engine, clock, ids)


@asynccontextmanager
async def open_mailings(url: str, clock: Clock) -> AsyncIterator[SqlMailings]:
    """Mailings, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlMailings(engine, clock)


@asynccontextmanager
async def open_messages(url: str, clock: Clock) -> AsyncIterator[SqlMessages]:
    """Messages, beside a running engine. Raises StoreError."""
    async with _beside(url) as engine:
        yield SqlMessages(engine, clock, TimeOrderedIds(clock))


@asynccontextmanager
async def open_imports(url: str, clock: Clock) -> AsyncIterator[SqlImports]:
    """Imports, beside a running engine; an empty database gets its tables. Raises StoreError."""
    async with _beside(url, make=True, prepared=_with_more_pages) as engine:
        yield SqlImports(engine, clock, TimeOrderedIds(clock))


def _with_more_pages(engine: AsyncEngine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _hold_more_pages)


def _hold_more_pages(connection: DBAPIConnection, _record: object) -> None:
    """Telephone numbers come in no order, so an import touches pages all over the indexes."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA cache_size = -65536")
    cursor.execute("PRAGMA wal_autocheckpoint = 16384")
    cursor.close()

"""The store as the composition root sees it: one database, its ledger, queries and outbox."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from engine.clock import TimeOrderedIds
from engine.ports import Clock
from store.database import StoreError, create_engine, database_url, shown
from store.delivery_queue import SqlDeliveryQueue
from store.ledger import GroupLedger, HealthListener
from store.mailing_queue import SqlMailingQueue
from store.message_queue import KEPT_FOR, SqlMessageQueue
from store.outbox import Outbox
from store.privacy.key import OPTION, ErasureKey, check_key
from store.privacy.leavings import Leavings
from store.queries import SqlQueries
from store.registers.accounts import sql_accounts
from store.registers.agents import SqlAgents
from store.registers.attempts import SqlAttempts
from store.registers.callbacks import SqlCallbacks
from store.registers.calls import SqlCalls
from store.registers.campaign_forecasts import SqlCampaignForecasts
from store.registers.campaign_minutes import SqlCampaignMinutes
from store.registers.campaigns import SqlCampaigns
from store.registers.cascades import SqlCascades
from store.registers.chats import SqlChats
from store.registers.debts import SqlDebts
from store.registers.decisions import SqlDecisions
from store.registers.deliveries import SqlDeliveries
from store.registers.desk import SqlDesk
from store.registers.dialogues import SqlDialogues
from store.registers.followups import SqlFollowups
from store.registers.history import sql_history
from store.registers.idempotency import SqlIdempotencyKeys
from store.registers.imports import SqlImports
from store.registers.leads import SqlLeads
from store.registers.list_samples import SqlListSamples
from store.registers.mailings import SqlMailings
from store.registers.message_statistics import SqlMessageStatistics
from store.registers.messages import SqlMessages
from store.registers.one_time_codes import SqlOneTimeCodes
from store.registers.permissions import SqlPermissions
from store.registers.privacy import PROOF_DAYS, SqlPrivacy
from store.registers.publications import SqlPublications
from store.registers.queue_days import SqlQueueDays
from store.registers.ratings import SqlRatings
from store.registers.recordings import SqlRecordings
from store.registers.retention import SqlRetention
from store.registers.short_links import SqlShortLinks
from store.registers.webhooks import SqlWebhooks
from store.schema import upgrade_engine
from store.spool import Spool
from store.transactions import DatabaseAway, Transactions

# A transaction costs several milliseconds of CPU, however little is in it.
FLUSH_SECONDS = 0.25
SPOOL_LIMIT_BYTES = 1 << 30
# In the state folder.
KEY_FILE = "erasure.key"


class Store:
    """`ledger`, `queries`, `outbox` and the registers are used between `start` and `close`."""

    def __init__(
        self,
        url: str,
        spool_dir: Path,
        clock: Clock,
        on_health: HealthListener,
        flush_seconds: float,
        spool_limit_bytes: int,
        node: str,
        recordings: Path | None,
        proof_days: int,
    ) -> None:
        self._erasure_key = key = ErasureKey(spool_dir.parent / KEY_FILE)
        self._engine = create_engine(database_url(url), {OPTION: key})
        self._spool = Spool(spool_dir, spool_limit_bytes)
        self._clock = clock
        self.ledger = GroupLedger(
            Transactions(self._engine), self._spool, clock, on_health, flush_seconds=flush_seconds
        )
        self.queries = SqlQueries(self._engine)
        self.calls = SqlCalls(self._engine)
        self.outbox = Outbox(self._engine, clock)
        self.accounts = sql_accounts(self._engine)
        self.agents = SqlAgents(self._engine, clock, TimeOrderedIds(clock))
        self.history = sql_history(self._engine, clock)
        self.desk = SqlDesk(self._engine)
        self.queue_days = SqlQueueDays(self._engine)
        self.ratings = SqlRatings(self._engine)
        self.idempotency = SqlIdempotencyKeys(self._engine)
        self.webhooks = SqlWebhooks(self._engine)
        self.deliveries = SqlDeliveries(self._engine)
        self.messages = SqlMessages(self._engine, clock, TimeOrderedIds(clock))
        self.mailings = SqlMailings(self._engine, clock)
        self.cascades = SqlCascades(self._engine, clock, TimeOrderedIds(clock))
        self.message_statistics = SqlMessageStatistics(self._engine)
        self.dialogues = SqlDialogues(self._engine, clock, TimeOrderedIds(clock))
        self.chats = SqlChats(self._engine, clock, TimeOrderedIds(clock))
        self.followups = SqlFollowups(self._engine, clock, TimeOrderedIds(clock))
        self.short_links = SqlShortLinks(self._engine, clock)
        self.one_time_codes = SqlOneTimeCodes(self._engine, clock, TimeOrderedIds(clock))
        self.publications = SqlPublications(self._engine)
        self.imports = SqlImports(self._engine, clock, TimeOrderedIds(clock))
        self.callbacks = SqlCallbacks(self._engine, clock, TimeOrderedIds(clock))
        self.campaigns = SqlCampaigns(self._engine, clock)
        self.campaign_minutes = SqlCampaignMinutes(self._engine)
        self.campaign_forecasts = SqlCampaignForecasts(self._engine)
        self.list_samples = SqlListSamples(self._engine)
        self.leads = SqlLeads(self._engine, clock, TimeOrderedIds(clock))
        self.attempts = SqlAttempts(self._engine, clock)
        self.debts = SqlDebts(self._engine, clock, TimeOrderedIds(clock))
        self.permissions, self.decisions = sql_permissions(self._engine, clock, node)
        self.recordings = SqlRecordings(self._engine, clock)
        self.retention = SqlRetention(self._engine, recordings)
        self.privacy = SqlPrivacy(
            self._engine, clock, TimeOrderedIds(clock), key, Leavings(recordings, spool_dir), proof_days
        )

    def delivery_queue(self, worker: str) -> SqlDeliveryQueue:
        """Deliveries of webhooks for one worker, whose name no other process has."""
        return SqlDeliveryQueue(self._engine, self._clock, worker)

    def message_queue(self, worker: str, kept_for: timedelta = KEPT_FOR) -> SqlMessageQueue:
        """Messages for one worker, as `delivery_queue`. One without an expiry is worth sending `kept_for`."""
        return SqlMessageQueue(self._engine, self._clock, TimeOrderedIds(self._clock), worker, kept_for)

    def mailing_queue(self, worker: str) -> SqlMailingQueue:
        """Mailings for one worker, as `delivery_queue`."""
        return SqlMailingQueue(self._engine, self._clock, TimeOrderedIds(self._clock), worker)

    async def start(self) -> None:
        """Upgrade the tables, write what an earlier process left in the spool, then take commits.

        Raises StoreError: the database cannot be opened or is newer than this code, the spool is in use.
        """
        try:
            self._spool.open()
            await upgrade_engine(self._engine)
            await check_key(self._engine, self._erasure_key)
            await self.ledger.start()
        except (DatabaseAway, OSError) as error:
            await self.close()
            raise StoreError(
                f"What was kept in {self._spool.folder} cannot be written to {shown(self._engine.url)} "
                f"({error}); it stays there. Put the database or the disk right, then start again."
            ) from error
        except StoreError:
            await self.close()
            raise

    async def close(self) -> None:
        """Write what is pending, to the database or else to the spool, and close both. Idempotent."""
        await self.ledger.close()
        self._spool.close()
        await self._engine.dispose()


def sql_permissions(engine: AsyncEngine, clock: Clock, node: str) -> tuple[SqlPermissions, SqlDecisions]:
    ids = TimeOrderedIds(clock)
    return SqlPermissions(engine, clock, ids), SqlDecisions(engine, node, ids)


def _say_nothing(ok: bool, detail: str) -> None:
    """The ledger's own log line is enough."""


def open_store(
    url: str,
    spool_dir: Path,
    *,
    clock: Clock,
    on_health: HealthListener | None = None,
    flush_seconds: float = FLUSH_SECONDS,
    spool_limit_bytes: int = SPOOL_LIMIT_BYTES,
    node: str = "infolinia",
    recordings: Path | None = None,
    proof_days: int = PROOF_DAYS,
) -> Store:
    """A store that is not started yet. Raises StoreError when the URL is wrong.

    `on_health(ok, sentence)` is called on each change. Non-durable commits wait `flush_seconds` for others.
    `node` writes the chain of decisions. `recordings`: the folder from which an erased person's are deleted.
    The key of erased people lies beside the spool.
    """
    health = on_health or _say_nothing
    return Store(
        url, spool_dir, clock, health, flush_seconds, spool_limit_bytes, node, recordings, proof_days
    )

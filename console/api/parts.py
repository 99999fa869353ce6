"""ApiParts: all that the API's areas need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from aiohttp import web

from console.accounts.identity import Identity
from console.accounts.passwords import Passwords
from console.api.event_feed import EventFeed
from console.api.rate_limits import STRANGERS, Rate
from dialer.callbacks import CallbackRules
from engine.campaign_rules import CampaignRules
from engine.debt_desk import DebtDesk
from engine.explaining import Explainer
from engine.floor.changes import Floor
from engine.flows import FlowShelf
from engine.followup.code_desk import CodeDesk
from engine.followup.mailing_desk import MailingDesk
from engine.followup.message_desk import MessageDesk
from engine.forecasts import Forecasts
from engine.gatekeeper import Gate
from engine.imports import ImportIntake
from engine.live import LiveCalls
from engine.placing.outbound import OutboundCalls
from engine.ports import Clock, Ids, Queries
from engine.queues import Queues
from engine.registers.accounts import Accounts
from engine.registers.agents import AgentRegister
from engine.registers.attempts import Attempts
from engine.registers.callbacks import Callbacks
from engine.registers.calls import CallRegister
from engine.registers.campaign_minutes import CampaignMinutes
from engine.registers.campaigns import Campaigns
from engine.registers.chats import Chats
from engine.registers.debts import Debts
from engine.registers.decisions import Decisions
from engine.registers.history import HistoryRegisters
from engine.registers.idempotency import IdempotencyKeys
from engine.registers.imports import Imports
from engine.registers.leads import Leads
from engine.registers.message_statistics import MessageFiguresBook
from engine.registers.permissions import Permissions
from engine.registers.privacy import Privacy
from engine.registers.publications import PublicationLog
from engine.registers.ratings import Ratings
from engine.registers.recordings import RecordingFiles, RecordingRegister
from engine.registers.webhooks import Deliveries, Webhooks
from engine.seen_notes import SeenNotes
from history.callback_windows import Promise


async def nothing_to_refresh() -> None:
    """Nobody asks for agents but the API itself."""


def nobody_dials() -> None:
    """This engine sees a campaign's change for itself."""


def not_run_here(campaign: str) -> dict[str, Any] | None:
    """This engine runs no campaign."""
    return None


@dataclass(frozen=True, slots=True)
class ApiParts:
    """Each area adds its own here, in infolinia/assembly/api.py, and in console/api/areas.py."""

    clock: Clock
    ids: Ids
    identify: Callable[[web.Request], Awaitable[Identity | None]]
    idempotency: IdempotencyKeys
    queries: Queries
    live: LiveCalls
    flows: FlowShelf
    calls: CallRegister
    history: HistoryRegisters
    region: str  # whose national numbers are taken, as "PL"
    webhooks: Webhooks
    deliveries: Deliveries
    publications: PublicationLog
    feed: EventFeed
    new_secret: Callable[[], str]  # of a webhook
    accounts: Accounts
    permissions: Permissions
    privacy: Privacy
    decisions: Decisions
    explainer: Explainer
    gate: Gate
    callbacks: Callbacks
    campaigns: Campaigns
    campaign_minutes: CampaignMinutes
    leads: Leads
    attempts: Attempts
    debts: Debts
    debt_desk: DebtDesk
    ratings: Ratings
    chats: Chats
    campaign_rules: CampaignRules
    message_desk: MessageDesk
    mailing_desk: MailingDesk
    message_statistics: MessageFiguresBook
    passwords: Passwords
    imports: Imports
    intake: ImportIntake
    agents: AgentRegister
    queues: Queues
    callback_rules: CallbackRules = field(default_factory=CallbackRules)  # which campaigns keep which
    promise: Promise = field(default_factory=Promise)  # by when callbacks are kept that name no time
    seen: SeenNotes | None = None
    outbound: OutboundCalls | None = None
    hang_up: Callable[[str, str], Awaitable[bool]] | None = None  # a call's id, by whom
    recordings: RecordingFiles | None = None
    recorded: RecordingRegister | None = None
    zone: tzinfo = UTC  # in which a day begins
    floor: Floor | None = None  # what is done to agents on behalf of others
    refresh_agents: Callable[[], Awaitable[None]] = nothing_to_refresh  # what they can do has changed
    explain_campaign: Callable[[str], dict[str, Any] | None] = not_run_here
    refresh_campaigns: Callable[[], None] = nobody_dials  # one was started, paused or changed
    forecasts: Forecasts | None = None  # made by a process beside the calls
    codes: CodeDesk | None = None
    rate: Rate = field(default_factory=Rate)
    strangers: Rate = STRANGERS

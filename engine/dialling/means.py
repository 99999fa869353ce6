"""DiallingMeans: what campaigns are run with, wired by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from compliance.pack import CampaignLimits
from dialer.callbacks import CallbackRules
from dialer.campaign import Campaign
from dialer.schedule import Dialling
from engine.dialling.agents import CampaignAgents
from engine.dialling.open_lines import OpenLines
from engine.dialling.preview_board import PreviewBoard
from engine.exchange import Exchange
from engine.gatekeeper import Gate
from engine.placing.outbound import Lines
from engine.ports import Queries
from engine.registers.attempts import Attempts
from engine.registers.audit import AuditLog
from engine.registers.callbacks import Callbacks
from engine.registers.campaign_minutes import CampaignMinutes
from engine.registers.campaigns import Campaigns
from engine.registers.debts import Debts
from engine.registers.leads import Leads
from engine.switchboard import Switchboard
from history.dispositions import TRADE, Disposition


@dataclass(frozen=True, slots=True)
class DiallingMeans:
    """`limits`: of all packs that apply to a campaign. `dialling`: whether it may dial by its hours and days.

    `gone`: what a campaign cannot go on without and is not there any more, "": nothing. `unreachable` holds,
    at each moment, the trunks that do not answer. `dispositions`: as they are now. `open_lines`: agents'
    telephones that stay off the hook; None: they are rung for each call. `previews`: leads that agents look
    at. `audit`: has a row of each lead that is skipped; None: nobody keeps it.
    """

    exchange: Exchange
    switchboard: Switchboard
    gate: Gate
    agents: CampaignAgents
    campaigns: Campaigns
    minutes: CampaignMinutes
    leads: Leads
    attempts: Attempts
    debts: Debts
    callbacks: Callbacks
    queries: Queries
    lines: Lines
    limits: Callable[[Campaign], CampaignLimits]
    dialling: Callable[[Campaign, datetime], Dialling]
    gone: Callable[[Campaign], str] = lambda campaign: ""
    dispositions: Callable[[], Mapping[str, Disposition]] = lambda: TRADE
    unreachable: Collection[str] = field(default_factory=frozenset)
    open_lines: OpenLines | None = None
    previews: PreviewBoard = field(default_factory=PreviewBoard)
    callback_rules: CallbackRules = field(default_factory=CallbackRules)
    audit: AuditLog | None = None

    @property
    def worker(self) -> str:
        """By what name this engine reserves leads and runs campaigns."""
        return self.exchange.node

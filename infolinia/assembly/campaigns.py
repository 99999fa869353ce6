"""Campaigns, wired: who dials for them, and whom their calls get."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AsyncExitStack

from engine.campaign_rules import CampaignRules
from engine.desk.desks import Desks
from engine.dialling.agents import CampaignAgents
from engine.dialling.dialler import Dialler
from engine.dialling.freed_leads import FreedLeads
from engine.dialling.means import DiallingMeans
from engine.dialling.open_lines import OpenLines
from engine.dialling.preview_board import PreviewBoard
from engine.exchange import Exchange
from engine.gatekeeper import Gate
from engine.switchboard import Switchboard
from infolinia.assembly.background import in_background
from infolinia.assembly.callbacks import callback_rules
from infolinia.configuration import Configuration
from infolinia.sections.outbound import outbound_lines
from store.store import Store


def opened_dialler(
    configuration: Configuration,
    exchange: Exchange,
    switchboard: Switchboard,
    gate: Gate,
    agents: CampaignAgents,
    open_lines: OpenLines,
    previews: PreviewBoard,
    store: Store,
    desks: Desks,
    rules: CampaignRules,
    unreachable: Collection[str],
    stack: AsyncExitStack,
) -> Dialler:
    """It dials from now on, until the stack is closed."""
    trunks = [trunk.name for trunk in configuration.sip.trunks]
    dialler = Dialler(
        DiallingMeans(
            exchange=exchange,
            switchboard=switchboard,
            gate=gate,
            agents=agents,
            campaigns=store.campaigns,
            minutes=store.campaign_minutes,
            leads=store.leads,
            attempts=store.attempts,
            debts=store.debts,
            callbacks=store.callbacks,
            queries=store.queries,
            lines=outbound_lines(configuration.outbound, trunks),
            limits=rules.limits,
            dialling=rules.dialling,
            gone=rules.gone,
            dispositions=lambda: desks.settings.dispositions,
            unreachable=unreachable,
            open_lines=open_lines,
            callback_rules=callback_rules(configuration),
            previews=previews,
            audit=store.accounts.audit,
        )
    )
    stack.push_async_callback(dialler.close)
    in_background(dialler.run(), stack)
    freed = FreedLeads(store.campaigns, store.leads, store.publications, gate)
    in_background(freed.run(), stack)
    return dialler

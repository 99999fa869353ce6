"""The REST API's parts, wired."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

from console.accounts.identity import identify
from console.accounts.passwords import Passwords
from console.accounts.people import People
from console.api.areas import operations
from console.api.event_feed import EventFeed
from console.api.parts import ApiParts, nobody_dials, not_run_here, nothing_to_refresh
from console.api.rate_limits import Rate
from console.api.serving import Api
from console.application import Doors
from engine.campaign_rules import CampaignRules
from engine.codes import new_webhook_secret
from engine.debt_desk import DebtDesk
from engine.explaining import Explainer
from engine.floor.changes import Floor
from engine.flows import FlowShelf
from engine.followup.shelf import MessageShelf
from engine.forecasts import Forecasts
from engine.gatekeeper import Gatekeeper
from engine.imports import ImportIntake
from engine.live import LiveCalls
from engine.placing.outbound import OutboundCalls
from engine.ports import Clock, Ids
from engine.queues import Queues
from engine.registers.decisions import Decisions
from engine.registers.permissions import Permissions
from engine.roster import Roster
from infolinia.assembly.callbacks import callback_rules, promise
from infolinia.assembly.campaign_rules import campaign_rules
from infolinia.assembly.codes import code_desk
from infolinia.assembly.debts import debt_desk
from infolinia.assembly.mailings import MessageFiles, mailing_desk, message_desk
from infolinia.configuration import Configuration
from infolinia.contact_lists.desk import ImportDesk
from infolinia.sections.rules import rule_book
from store.recordings.vault import RecordingVault
from store.store import Store


def api_parts(
    configuration: Configuration,
    *,
    store: Store,
    clock: Clock,
    ids: Ids,
    live: LiveCalls,
    flows: FlowShelf,
    gate: Gatekeeper | None = None,
    rules: CampaignRules | None = None,
    doors: Doors | None = None,
    intake: ImportIntake | None = None,
    outbound: OutboundCalls | None = None,
    hang_up: Callable[[str, str], Awaitable[bool]] | None = None,
    queues: Queues | None = None,
    roster: Roster | None = None,
    floor: Floor | None = None,
    vault: RecordingVault | None = None,
    forecasts: Forecasts | None = None,
    debts: DebtDesk | None = None,
    shelf: Callable[[], MessageShelf] | None = None,
    explain_campaign: Callable[[str], dict[str, Any] | None] = not_run_here,
    refresh_campaigns: Callable[[], None] = nobody_dials,
) -> ApiParts:
    """What runs, and what the tests run, is made here."""
    rate = configuration.web.rate
    gate = gate or gate_of(configuration, store.permissions, store.decisions, clock)
    shelf = shelf or MessageFiles(configuration).shelf
    return ApiParts(
        clock=clock,
        ids=ids,
        identify=identify,
        idempotency=store.idempotency,
        queries=store.queries,
        calls=store.calls,
        history=store.history,
        live=live,
        flows=flows,
        region=configuration.country,
        webhooks=store.webhooks,
        deliveries=store.deliveries,
        publications=store.publications,
        feed=EventFeed(store.publications),
        new_secret=new_webhook_secret,
        accounts=store.accounts,
        permissions=store.permissions,
        privacy=store.privacy,
        decisions=store.decisions,
        explainer=Explainer(gate, store.permissions, clock),
        gate=gate,
        callbacks=store.callbacks,
        campaigns=store.campaigns,
        campaign_minutes=store.campaign_minutes,
        leads=store.leads,
        attempts=store.attempts,
        debts=store.debts,
        ratings=store.ratings,
        chats=store.chats,
        debt_desk=debts or debt_desk(configuration, store, gate, clock),
        campaign_rules=rules or campaign_rules(configuration, store.campaigns, flows, clock),
        message_desk=message_desk(store, shelf, gate, clock, ids),
        mailing_desk=mailing_desk(store, shelf, gate, clock, ids),
        message_statistics=store.message_statistics,
        promise=promise(configuration),
        callback_rules=callback_rules(configuration),
        passwords=doors.passwords if doors else Passwords(),
        imports=store.imports,
        intake=intake or import_desk(configuration, store, ids),
        seen=doors.seen if doors else None,
        outbound=outbound,
        hang_up=hang_up,
        agents=store.agents,
        queues=queues or Queues((), (), clock=clock),
        zone=ZoneInfo(configuration.time_zone),
        floor=floor,
        refresh_agents=roster.refresh if roster else nothing_to_refresh,
        recordings=vault or RecordingVault(configuration.place(configuration.recordings)),
        recorded=store.recordings,
        forecasts=forecasts,
        codes=code_desk(configuration, store, shelf, gate, clock, ids),
        explain_campaign=explain_campaign,
        refresh_campaigns=refresh_campaigns,
        rate=Rate(rate.per_second, rate.burst),
    )


def explainer(
    configuration: Configuration, permissions: Permissions, decisions: Decisions, clock: Clock
) -> Explainer:
    return Explainer(gate_of(configuration, permissions, decisions, clock), permissions, clock)


def gate_of(
    configuration: Configuration, permissions: Permissions, decisions: Decisions, clock: Clock
) -> Gatekeeper:
    book = rule_book(configuration.rules, configuration.country)
    return Gatekeeper(permissions, decisions, book, clock)


def import_desk(configuration: Configuration, store: Store, ids: Ids) -> ImportDesk:
    """Not started yet."""
    return ImportDesk(
        store.imports,
        ids,
        folder=configuration.place(configuration.state) / "imports",
        database_url=configuration.database_url,
        node=configuration.node,
    )


def people_of(parts: ApiParts) -> People:
    """The same for the pages."""
    return People(
        parts.history,
        parts.permissions,
        parts.callbacks,
        parts.explainer,
        parts.accounts,
        parts.ids,
        parts.region,
        parts.chats,
    )


def served_api(parts: ApiParts) -> Api:
    return Api(parts, operations(parts))

"""`infolinia why lead`: why a lead of a campaign is, or is not, called now, and what its calls came to."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from dialer.attempt import Attempt
from dialer.reasons import sentence
from engine.clock import SystemClock
from engine.lead_reasons import LeadReasons, lead_reasons
from history.forms import optional_time_form, time_form
from infolinia.assembly.api import gate_of
from infolinia.assembly.campaign_rules import campaign_rules
from infolinia.configuration import Configuration
from infolinia.flows.files import load_flows
from store.opening import open_campaigns, open_permissions

LAST_ATTEMPTS = 20


async def explain_lead(configuration: Configuration, id: str, *, as_json: bool) -> None:
    """Nothing is logged as a decision. Raises StoreUnavailable, Missing."""
    clock, url = SystemClock(), configuration.database_url
    state = configuration.place(configuration.state)
    async with (
        open_permissions(url, clock, configuration.node, state) as (permissions, decisions),
        open_campaigns(url, clock) as (campaigns, leads, _),
    ):
        await leads.get(id)  # who is not there needs no flows to be told so
        found = await lead_reasons(
            id,
            leads=leads,
            rules=campaign_rules(configuration, campaigns, load_flows(configuration), clock),
            gate=gate_of(configuration, permissions, decisions, clock),
            clock=clock,
            attempts=LAST_ATTEMPTS,
        )
    zone = ZoneInfo(configuration.time_zone)
    if as_json:
        typer.echo(json.dumps(_form(found, zone), ensure_ascii=False))
    else:
        _print(found, zone)


def _print(found: LeadReasons, zone: ZoneInfo) -> None:
    lead, campaign = found.facts.lead, found.facts.campaign
    numbers = ", ".join(number.e164 for number in lead.numbers)
    typer.echo(f"lead {lead.id} of campaign {campaign.id}: {lead.state}, {numbers}")
    for reason in found.reasons:
        typer.echo(f"  {sentence(reason, zone)}")
    for attempt in found.facts.attempts:
        typer.echo(f"  {_shown(attempt.reserved_at, zone)}  {attempt.number}  {_outcome(attempt)}")


def _form(found: LeadReasons, zone: ZoneInfo) -> dict[str, object]:
    lead = found.facts.lead
    return {
        "lead": lead.id,
        "campaign": lead.campaign,
        "state": lead.state.value,
        "may_be_called": found.may_be_called,
        "not_before": optional_time_form(lead.not_before),
        "reasons": [
            {"code": one.code.value, "data": dict(one.data), "sentence": sentence(one, zone)}
            for one in found.reasons
        ],
        "attempts": [
            {
                "call": one.id,
                "number": one.number,
                "at": time_form(one.reserved_at),
                "result": None if one.result is None else one.result.value,
                "disposition": one.disposition,
                "agent": one.agent,
            }
            for one in found.facts.attempts
        ],
    }


def _outcome(attempt: Attempt) -> str:
    told = "going on" if attempt.result is None else attempt.result.value
    if attempt.disposition is not None:
        told += f", {attempt.disposition}"
    return told if attempt.agent is None else f"{told} ({attempt.agent})"


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

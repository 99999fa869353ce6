"""What campaigns are checked by, wired from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compliance.gate import PACKS
from dialer.checking import Known
from engine.campaign_rules import CampaignRules
from engine.flows import FlowShelf
from engine.ports import Clock
from engine.registers.campaigns import Campaigns
from infolinia.assembly.callbacks import hours_of
from infolinia.configuration import Configuration
from infolinia.sections.rules import rule_book
from ivr.flow import Flow
from ivr.sentences import LANGUAGES
from ivr.steps.queue import Queue
from ivr.steps.stop_contact import StopContactStep
from schedules.opening_hours import OpeningHours


def campaign_rules(
    configuration: Configuration, campaigns: Campaigns, flows: FlowShelf, clock: Clock
) -> CampaignRules:
    return CampaignRules(
        rule_book(configuration.rules, configuration.country),
        campaigns,
        clock,
        known=lambda: known_to_campaigns(configuration, flows.all()),
        hours=schedule(configuration),
    )


def names_anew(configuration: Configuration, rules: CampaignRules, flows: FlowShelf) -> None:
    """After a reload. Packs, lines and caller ids are those of the start."""
    rules.put(lambda: known_to_campaigns(configuration, flows.all()), schedule(configuration))


def known_to_campaigns(configuration: Configuration, flows: Iterable[Flow]) -> Known:
    """The names that a campaign may use."""
    named = {flow.name: flow for flow in flows}
    dispositions = configuration.desk.all_dispositions()
    return Known(
        queues=frozenset(configuration.queues),
        flows=frozenset(named),
        opt_out_flows=frozenset(name for name, flow in named.items() if _ends_calls(flow)),
        flow_queues={name: _queues(flow) for name, flow in named.items()},
        hours=frozenset(configuration.hours),
        packs=frozenset(PACKS),
        dispositions=frozenset(dispositions),
        disposition_labels={name: one.label for name, one in dispositions.items()},
        spoken=LANGUAGES,
        scripts=frozenset(configuration.desk.scripts),
        lines=max(1, configuration.outbound.lines),
        company=configuration.outbound.company.strip(),
        caller_id=configuration.outbound.caller_id,
    )


def _ends_calls(flow: Flow) -> bool:
    return any(isinstance(step.body, StopContactStep) for step in flow.steps.values())


def _queues(flow: Flow) -> frozenset[str]:
    return frozenset(step.body.name for step in flow.steps.values() if isinstance(step.body, Queue))


def schedule(configuration: Configuration) -> Callable[[str], OpeningHours | None]:
    """Hours by their name."""

    def named(name: str) -> OpeningHours | None:
        return hours_of(configuration, name) if name in configuration.hours else None

    return named

"""What campaigns are checked by, wired from the configuration."""

from __future__ import annotations

from collections.abc import Callable

from compliance.gate import PACKS
from dialer.checking import Known
from engine.campaign_rules import CampaignRules
from engine.flows import FlowShelf
from engine.ports import Clock
from engine.registers.campaigns import Campaigns
from infolinia.assembly.callbacks import hours_of
from infolinia.configuration import Configuration
from infolinia.sections.rules import rule_book
from schedules.opening_hours import OpeningHours


def campaign_rules(
    configuration: Configuration, campaigns: Campaigns, flows: FlowShelf, clock: Clock
) -> CampaignRules:
    return CampaignRules(
        rule_book(configuration.rules, configuration.country),
        campaigns,
        clock,
        known=lambda: known_to_campaigns(configuration, [flow.name for flow in flows.all()]),
        hours=schedule(configuration),
    )


def known_to_campaigns(configuration: Configuration, flows: list[str]) -> Known:
    """The names that a campaign may use."""
    return Known(
        queues=frozenset(configuration.queues),
        flows=frozenset(flows),
        hours=frozenset(configuration.hours),
        packs=frozenset(PACKS),
        dispositions=frozenset(configuration.desk.all_dispositions()),
        scripts=frozenset(configuration.desk.scripts),
        lines=max(1, configuration.outbound.lines),
    )


def schedule(configuration: Configuration) -> Callable[[str], OpeningHours | None]:
    """Hours by their name."""

    def named(name: str) -> OpeningHours | None:
        return hours_of(configuration, name) if name in configuration.hours else None

    return named

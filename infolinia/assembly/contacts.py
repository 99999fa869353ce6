"""What contacts people, wired: the gate, and the calls that are placed through it."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from engine.exchange import Exchange
from engine.gatekeeper import Gate, Gatekeeper
from engine.placing.manual_placing import ManualPlacing
from engine.placing.outbound import Lines, OutboundCalls
from engine.ports import Clock
from engine.switchboard import Switchboard
from infolinia.configuration import Configuration
from infolinia.sections.outbound import outbound_lines
from infolinia.sections.rules import rule_book
from store.store import Store

log = structlog.get_logger(__name__)


def gatekeeper(configuration: Configuration, store: Store, clock: Clock) -> Gatekeeper:
    book = rule_book(configuration.rules, configuration.country)
    for own in book.own_numbers.values():
        for override in own.at(clock.now()).overrides:
            log.warning("a pack is looser than its source", pack=own.pack.name, override=str(override))
    return Gatekeeper(store.permissions, store.decisions, book, clock)


def outbound_calls(
    configuration: Configuration,
    exchange: Exchange,
    switchboard: Switchboard,
    gate: Gate,
    store: Store,
    unreachable: Collection[str],
) -> OutboundCalls:
    lines = _lines(configuration)
    return OutboundCalls(exchange, switchboard, gate, store.queries, lines, unreachable)


def manual_calls(
    configuration: Configuration,
    exchange: Exchange,
    switchboard: Switchboard,
    gate: Gate,
    unreachable: Collection[str],
) -> ManualPlacing:
    """What agents place themselves, over the same trunk."""
    return ManualPlacing(exchange, switchboard, gate, _lines(configuration), unreachable)


def _lines(configuration: Configuration) -> Lines:
    trunks = [trunk.name for trunk in configuration.sip.trunks]
    return outbound_lines(configuration.outbound, trunks)

"""Queues and the agents who serve them, wired."""

from __future__ import annotations

import structlog

from engine.ports import Clock, StoreUnavailable
from engine.queues import Queues
from engine.roster import Roster, Staff
from infolinia.configuration import Configuration
from infolinia.sections.queues import staff_of
from ivr.surroundings import Surroundings
from store.store import Store

log = structlog.get_logger(__name__)


async def staffed_queues(
    configuration: Configuration, store: Store, clock: Clock, surroundings: Surroundings
) -> tuple[Queues, Roster]:
    """With the people of the register in them, if the database answers; else they come once it does."""
    staff = _staff(configuration)
    _name_agents(configuration, store)
    queues = Queues(staff.queues, staff.lines, clock=clock, opening=surroundings.opening)
    roster = Roster(store.agents, queues, staff)
    try:
        await roster.refresh()
    except StoreUnavailable as away:
        log.warning("people are no agents before the database answers", reason=str(away))
    _warn(roster)
    return queues, roster


def staff_anew(configuration: Configuration, store: Store, roster: Roster) -> None:
    """As another configuration has it; whoever waits or talks goes on."""
    _name_agents(configuration, store)
    roster.put(_staff(configuration))
    _warn(roster)


def _warn(roster: Roster) -> None:
    for sentence in roster.nobody():
        log.warning(sentence)


def _staff(configuration: Configuration) -> Staff:
    return staff_of(configuration.agents, configuration.queues, configuration.desk.missed)


def _name_agents(configuration: Configuration, store: Store) -> None:
    store.agents.configure({name: section.person for name, section in configuration.agents.items()})

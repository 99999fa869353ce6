"""The registers of people over one database."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from engine.clock import TimeOrderedIds
from engine.ports import Clock
from engine.registers.history import HistoryRegisters
from store.registers.contacts import SqlContacts
from store.registers.groups import SqlGroups
from store.registers.merges import SqlMerges
from store.registers.segments import SqlSegments
from store.registers.timeline import SqlTimeline


def sql_history(engine: AsyncEngine, clock: Clock) -> HistoryRegisters:
    ids = TimeOrderedIds(clock)
    return HistoryRegisters(
        contacts=SqlContacts(engine, clock, ids),
        merges=SqlMerges(engine, clock, ids),
        groups=SqlGroups(engine, clock, ids),
        segments=SqlSegments(engine, clock, ids),
        timeline=SqlTimeline(engine, clock, ids),
    )

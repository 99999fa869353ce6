"""HistoryRegisters: what is kept of people."""

from __future__ import annotations

from dataclasses import dataclass

from engine.registers.contacts import Contacts, Groups, Merges
from engine.registers.segments import Segments
from engine.registers.timeline import Timeline


@dataclass(frozen=True, slots=True)
class HistoryRegisters:
    contacts: Contacts
    merges: Merges
    groups: Groups
    segments: Segments
    timeline: Timeline

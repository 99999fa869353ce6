"""Privacy: all that is kept of a person given out, people erased, and what may not be deleted yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engine.registers.actor import Actor


class ErasureState(StrEnum):
    RUNNING = "running"  # rows are emptied; files and what is scattered are not yet
    COMPLETE = "complete"  # nothing of the person was found any more
    INCOMPLETE = "incomplete"  # something is left, as it says; it is tried again


@dataclass(frozen=True, slots=True)
class Erasure:
    """`counts`: rows by table, and "recordings". `left`: places by table, with how many rows each."""

    id: str
    at: datetime
    state: ErasureState
    reason: str
    counts: Mapping[str, int]
    kept: Sequence[str]
    left: Mapping[str, int]
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """`tables`: rows of the person by the table's name, as JSON. `recordings`: names in their folder."""

    contact_id: str
    at: datetime
    tables: Mapping[str, Sequence[Mapping[str, object]]]
    recordings: Sequence[str]


@dataclass(frozen=True, slots=True)
class LegalHold:
    """`subject`: "contact:ID" or "call:ID". It stands until `lifted_at`."""

    id: str
    subject: str
    reason: str
    by: str
    at: datetime
    lifted_at: datetime | None = None


class Privacy(Protocol):
    """Every method raises StoreUnavailable; who is not there raises Missing.

    A contact that was merged into another stands for the whole person, that other's profiles too.
    """

    async def export(self, actor: Actor, contact_id: str) -> PersonRecord:
        """All that is kept of the person. The audit log is told."""

    async def plan(self, contact_id: str) -> Erasure:
        """What an erasure would do; nothing is changed. Raises Refused as `erase`."""

    async def erase(self, actor: Actor, contact_id: str, reason: str) -> Erasure:
        """Erase the person, and look whether anything is left. Once done, the same answer again.

        Refused while a call of theirs goes on, while a legal hold stands, and while something waits in the
        spool. Killed halfway, the next call of this or of `finish` goes on.
        """

    async def finish(self) -> Sequence[Erasure]:
        """Go on with erasures that did not end."""

    async def erasures(self, *, limit: int = 50, before: str | None = None) -> Sequence[Erasure]:
        """Newest first; `before` is the id of the last one seen."""

    async def hold(self, actor: Actor, subject: str, reason: str) -> LegalHold:
        """The one that stands already, or a new one. Refused for a subject that is none."""

    async def lift(self, actor: Actor, hold_id: str) -> LegalHold:
        """Lifting it again changes nothing."""

    async def holds(self, *, standing: bool = True) -> Sequence[LegalHold]:
        """Newest first."""

"""Segments: saved queries over contacts.

Every method raises StoreUnavailable; what is not there, Missing. A contact belongs to a segment as long as
the query holds for it: nothing is kept of who does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.pages import Page


@dataclass(frozen=True, slots=True)
class Segment:
    """`query` is JSON that history.segment_reading reads."""

    id: str
    name: str
    query: Mapping[str, object]
    created_at: datetime
    updated_at: datetime
    version: int = 1


class Segments(Protocol):
    async def create(self, actor: Actor, name: str, query: Mapping[str, object]) -> Segment:
        """Refused when the name is taken, or the query is wrong: `query.` and the mistake's place."""

    async def get(self, segment_id: str) -> Segment: ...

    async def named(self, name: str) -> Segment: ...

    async def list(self, *, limit: int = 50, after: Sequence[str] | None = None) -> Page[Segment]: ...

    async def change(
        self,
        actor: Actor,
        segment_id: str,
        *,
        name: str | None = None,
        query: Mapping[str, object] | None = None,
        version: int | None = None,
    ) -> Segment:
        """Changed and Refused as above."""

    async def delete(self, actor: Actor, segment_id: str, *, version: int | None = None) -> None: ...

    async def count(self, segment_id: str) -> int:
        """How many people are in it now."""

    async def holds(self, segment_id: str, contact_id: str) -> bool:
        """Whether this contact is in it now."""

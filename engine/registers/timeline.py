"""The timeline: a person's interactions, whatever the channel and whoever wrote them.

Every method raises StoreUnavailable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.pages import Page
from history.interaction import Channel, Interaction


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """All that are given must hold; `since` is included, `until` is not."""

    channel: Channel | None = None
    direction: str | None = None
    outcome: str | None = None
    campaign: str | None = None
    agent: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of `field` (subject, note, transcript); a match is its first letter's place and its length."""

    field: str
    text: str
    matches: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    interaction: Interaction
    snippets: tuple[Snippet, ...]


class Timeline(Protocol):
    async def of(
        self,
        contact_id: str | None,
        wanted: TimelineFilter,
        *,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[Interaction]:
        """Newest first. `contact_id` None: of everybody. Raises Missing when there is no such contact."""

    async def get(self, interaction_id: str) -> Interaction:
        """Raises Missing."""

    async def add(self, actor: Actor, interaction: Interaction) -> tuple[Interaction, bool]:
        """Write a row of another system: as it is kept, and whether it is new.

        The contact is `contact_id`, else found by `point`, or made. The same source and external id again is
        the same row. Refused: no such contact, or `corrects` names no row of this contact.
        """

    async def search(
        self,
        text: str,
        wanted: TimelineFilter,
        *,
        contact_id: str | None = None,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[Found]:
        """Words, "a phrase", a prefix* in notes, transcripts and subjects; what was written last comes first.

        Raises Refused for a text without words.
        """

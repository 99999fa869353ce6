"""Campaigns: kept, changed, started and stopped; and by which engine each is run.

Every method raises StoreUnavailable; those that take an id raise Missing when there is no such campaign.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.campaign import Campaign, CampaignMove, CampaignState, Cause
from engine.registers.actor import Actor
from engine.registers.pages import Page


@dataclass(frozen=True, slots=True)
class CampaignCounters:
    """Of the attempts that were written since a moment.

    `live`: a person answered; `abandoned`: and no agent came. `machines`: a machine's verdict; of these
    `audited` were listened to by people, who heard a person in `mistaken`.
    """

    attempts: int = 0
    live: int = 0
    abandoned: int = 0
    machines: int = 0
    audited: int = 0
    mistaken: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """`fence` grows with each new owner: what comes with an older one is refused."""

    campaign: str
    owner: str
    fence: int
    until: datetime


class Campaigns(Protocol):
    async def create(self, actor: Actor, campaign: Campaign) -> Campaign:
        """As a draft, of version 1. Raises Refused when the id or the name is taken."""

    async def get(self, id: str) -> Campaign: ...

    async def list(
        self,
        states: Collection[CampaignState] = (),
        *,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[Campaign]:
        """Newest first. No states: all."""

    async def change(self, actor: Actor, campaign: Campaign) -> Campaign:
        """Put all but its state and times, read at its version.

        Raises Changed, and Refused for a name that is taken or a campaign that is finished.
        """

    async def set_state(
        self,
        actor: Actor,
        id: str,
        move: CampaignMove,
        *,
        cause: Cause = Cause.PERSON,
        note: str = "",
        version: int | None = None,
    ) -> Campaign:
        """Who, why and when are kept with it. Raises Changed, and Refused for a move that it cannot make."""

    async def counters(self, id: str, since: datetime) -> CampaignCounters: ...

    async def knowledge(self, id: str) -> Mapping[str, object] | None:
        """What its pacer had learned; None: nothing yet."""

    async def keep_knowledge(self, lease: Lease, knowledge: Mapping[str, object]) -> None:
        """Raises Changed when another engine has the lease by now."""

    async def lease(self, id: str, owner: str, seconds: float) -> Lease | None:
        """Run it alone, or go on doing so; None while another engine does."""

    async def end_lease(self, lease: Lease) -> None:
        """Another engine may run it at once. Nothing happens when it does already."""

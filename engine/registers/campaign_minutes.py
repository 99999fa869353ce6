"""A campaign minute by minute: its agents' seconds as they were sampled, its calls as they are counted.

Every method raises StoreUnavailable. A minute is named by its beginning, in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.registers.campaigns import Lease


@dataclass(frozen=True, slots=True)
class AgentMinute:
    """Seconds of all its agents together. `lines`: the most calls at once.

    `held`: why nothing was dialled (a code of engine.dialling.held) when the minute ended; "": it was.
    """

    at: datetime
    ready_seconds: float = 0.0
    talking_seconds: float = 0.0
    wrapping_seconds: float = 0.0
    lines: int = 0
    held: str = ""


@dataclass(frozen=True, slots=True)
class CallMinute:
    """Of the attempts that were written in it, however they ended later. `live`: a person answered."""

    at: datetime
    attempts: int
    live: int
    abandoned: int
    machines: int


class CampaignMinutes(Protocol):
    async def keep(self, lease: Lease, minutes: Sequence[AgentMinute]) -> None:
        """Minutes that are over for this holder of the lease; one that was kept before is replaced."""

    async def agents(self, campaign: str, since: datetime, until: datetime) -> Sequence[AgentMinute]:
        """Oldest first; what several engines saw of a minute is added up."""

    async def calls(self, campaign: str, since: datetime, until: datetime) -> Sequence[CallMinute]:
        """Oldest first; minutes without a call are left out."""

"""Samples of a campaign's list with all that the gate goes by, for a dry run.

Every method raises StoreUnavailable, and Missing when there is no such campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.lead import Lead
from dialer.recycling import AttemptCaps
from engine.registers.permissions import PersonFacts


@dataclass(frozen=True, slots=True)
class SampledLead:
    """`facts` None: no number is left, or no contact. `elsewhere`: they wait on another list too."""

    lead: Lead
    facts: PersonFacts | None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ListSample:
    """`standing`: leads that are not over. `ids`: all of them, or as many as wanted, evenly over the list."""

    standing: int
    ids: tuple[str, ...]


class ListSamples(Protocol):
    async def sample(self, campaign: str, most: int) -> ListSample: ...

    async def read(self, ids: Sequence[str], caps: AttemptCaps, now: datetime) -> Sequence[SampledLead]:
        """In one transaction, about the number that is next; those that are over by now are left out."""

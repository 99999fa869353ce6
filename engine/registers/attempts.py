"""Attempts as they are read; they are written through the ledger (engine.changes).

Every method raises StoreUnavailable.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from dialer.attempt import Attempt, Verdict
from engine.registers.actor import Actor
from engine.registers.pages import Page


class Attempts(Protocol):
    async def get(self, id: str) -> Attempt:
        """Raises Missing."""

    async def of_lead(self, lead: str, *, limit: int = 50) -> Sequence[Attempt]:
        """Newest first."""

    async def page(
        self, campaign: str, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Attempt]:
        """Of a campaign, newest first."""

    async def open(self, node: str) -> Sequence[Attempt]:
        """Those of this node that have not ended, for recovery; oldest first."""

    async def forgotten(
        self, node: str, before: datetime, campaigns: Collection[str], *, limit: int = 100
    ) -> Sequence[Attempt]:
        """Of these campaigns those of other nodes that began before then and have not ended, oldest first."""

    async def to_audit(self, campaign: str, since: datetime, *, limit: int = 50) -> Sequence[Attempt]:
        """Machines' verdicts that nobody has listened to, newest first."""

    async def audit(self, actor: Actor, id: str, heard: Verdict) -> Attempt:
        """What a person who listened says of a machine's verdict.

        Raises Missing, and Refused for another verdict or for `unsure`.
        """

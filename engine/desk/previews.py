"""Leads that agents look at before they are called, as desks show them and act on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.campaign import Campaign
from dialer.lead import Lead
from engine.desk.refusals import DeskRefused


@dataclass(frozen=True, slots=True)
class Preview:
    """A lead that is this agent's alone until then. `number`: the one that is due."""

    agent: str
    campaign: Campaign
    lead: Lead
    number: str
    since: datetime
    until: datetime


class Previews(Protocol):
    """Whoever hands out leads; `call` and `skip` raise DeskRefused ("no_lead" of one that is not there)."""

    def attend(self, at_desk: Callable[[str], bool], tell: Callable[[str], None]) -> None:
        """`at_desk`: whether an agent would see a lead. `tell` is told when an agent's lead has changed."""

    def of(self, agent: str) -> Preview | None: ...

    async def call(self, agent: str, lead_id: str, number: str = "") -> str:
        """Ring the agent and the person, at this number of theirs. Returns the call's id.

        Raises ContactForbidden by the gate; then the lead is planned anew, and another one comes.
        """

    async def skip(self, agent: str, lead_id: str, why: str) -> None:
        """Not now, for this reason."""


class NoPreviews:
    """Implements Previews where no campaign runs."""

    def attend(self, at_desk: Callable[[str], bool], tell: Callable[[str], None]) -> None:
        pass

    def of(self, agent: str) -> Preview | None:
        return None

    async def call(self, agent: str, lead_id: str, number: str = "") -> str:
        raise no_lead()

    async def skip(self, agent: str, lead_id: str, why: str) -> None:
        raise no_lead()


def no_lead() -> DeskRefused:
    return DeskRefused("no_lead", "This lead is not here any more: it went back to its campaign.")

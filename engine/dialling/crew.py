"""What a campaign's call asks for: an agent who is free, and what has answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from engine.dialling.campaign_dial import CampaignDial
from engine.dialling.verdicts import NoDetection, Verdicts


@dataclass(frozen=True, slots=True)
class AgentGiven:
    """This agent is for the call, and for nothing else now. `leg`: of their open line, "": they are rung."""

    agent: str
    leg: str = ""


class Crew(Protocol):
    """The agents of all campaigns."""

    def ask(self, call_id: str, dial: CampaignDial, tell: Callable[[AgentGiven], None]) -> None:
        """An agent of the campaign, as soon as one is free: whoever has been idle longest. `tell` once."""

    def leave(self, call_id: str) -> None:
        """None is wanted any more. Idempotent."""


class NoCrew:
    """Implements Crew where no campaign runs: nobody is ever free."""

    def ask(self, call_id: str, dial: CampaignDial, tell: Callable[[AgentGiven], None]) -> None:
        pass

    def leave(self, call_id: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class CampaignMeans:
    """What calls of campaigns are led with, beside what all calls have."""

    crew: Crew = field(default_factory=NoCrew)
    verdicts: Verdicts = field(default_factory=NoDetection)

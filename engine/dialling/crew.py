"""What a campaign's call asks for: an agent who is free, and what has answered."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from calls.control import NetworkEvent
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


class LineBook(Protocol):
    """Telephones of agents that stay off the hook between talks (engine.dialling.open_lines)."""

    def __contains__(self, channel_id: object) -> bool: ...

    def hear(self, event: NetworkEvent) -> str | None:
        """The id of the call that is to hear it too, "" for none; None: it is about no open line."""

    def restored(self, alive: Collection[str]) -> None:
        """Asterisk is connected again, and these channels live."""

    def adopt(self, agent: str, leg: str, call_id: str) -> None:
        """An earlier engine's, in a talk that goes on."""

    async def back(self, leg: str) -> bool:
        """The talk is over for this leg: it goes back into quiet. False: it is no open line."""


class NoOpenLines:
    """Implements LineBook where agents are rung for each call."""

    def __contains__(self, channel_id: object) -> bool:
        return False

    def hear(self, event: NetworkEvent) -> str | None:
        return None

    def restored(self, alive: Collection[str]) -> None:
        pass

    def adopt(self, agent: str, leg: str, call_id: str) -> None:
        pass

    async def back(self, leg: str) -> bool:
        return False


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
    lines: LineBook = field(default_factory=NoOpenLines)

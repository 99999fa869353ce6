"""A talk's phases, and who hears whom in each: that follows from the phase alone (`room_of`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.talks.talk import Target, TargetKind


class Phase(StrEnum):
    DIALLING = "dialling"  # the agent has called the customer, whose telephone rings
    TALKING = "talking"
    HELD = "held"
    RINGING = "ringing"  # somebody is rung, for advice or for a transfer; the customer hears music
    CONSULTING = "consulting"
    CONFERENCE = "conference"
    GIVEN = "given"  # the agent has left, and the one who gets the customer is still rung
    OUTSIDE = "outside"  # the customer talks with a number, and no agent of ours with them
    OVER = "over"


# Phases in which the customer hears music, alone.
WAITING = frozenset({Phase.HELD, Phase.RINGING, Phase.CONSULTING, Phase.GIVEN})
# Phases in which an agent leads.
LED = frozenset(Phase) - {Phase.GIVEN, Phase.OUTSIDE, Phase.OVER}


@dataclass(frozen=True, slots=True)
class Other:
    """Whoever is beside customer and agent: an agent or a number. `blind`: to get the customer at once."""

    leg: str
    target: Target
    since: datetime
    up: bool = False
    blind: bool = False

    @property
    def agent(self) -> str:
        """The agent's name; "" of a number."""
        return self.target.name if self.target.kind is TargetKind.AGENT else ""


@dataclass(frozen=True, slots=True)
class Talk:
    """`customer`, `agent_leg`: their channels. `agent` is "" where none leads.

    `since` of the phase; `began`: this agent's part; `held_seconds` of it, until `since`. `supervisors`:
    leg -> name. `queue` is "" when the agent called the customer. `given_by`: who left, in phase GIVEN.
    """

    phase: Phase
    customer: str
    agent: str
    agent_leg: str
    queue: str
    began: datetime
    since: datetime
    other: Other | None = None
    supervisors: Mapping[str, str] | None = None
    muted: bool = False
    held_seconds: float = 0.0
    given_by: str = ""

    def held_until(self, now: datetime) -> float:
        """Seconds of this agent's part that the customer heard music."""
        return self.held_seconds + ((now - self.since).total_seconds() if self.phase in WAITING else 0.0)

    @property
    def legs(self) -> frozenset[str]:
        """All channels but the customer's."""
        others = () if self.other is None else (self.other.leg,)
        agent = (self.agent_leg,) if self.agent_leg else ()
        return frozenset((*agent, *others, *(self.supervisors or ())))


@dataclass(frozen=True, slots=True)
class Room:
    """Who hears whom. `main` are with the customer; `apart` talk among themselves; others hear nothing.

    `music`: for the customer. `ringback`: the agent hears that somebody is rung.
    """

    main: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    music: bool = False
    ringback: bool = False


def room_of(talk: Talk) -> Room:
    """Nobody who is up is alone in it without music, but an agent who has chosen so or waits for a ring."""
    guests = frozenset(talk.supervisors or ())
    agent = frozenset({talk.agent_leg} if talk.agent_leg else ())
    other = frozenset({talk.other.leg} if talk.other is not None and talk.other.up else ())
    customer = frozenset({talk.customer})
    match talk.phase:
        case Phase.DIALLING:
            return Room(ringback=True)
        case Phase.TALKING:
            return Room(customer | agent | guests)
        case Phase.CONFERENCE | Phase.OUTSIDE:
            return Room(customer | agent | other | guests)
        case Phase.HELD:
            return Room(customer, agent | guests if guests else frozenset(), music=True)
        case Phase.RINGING:
            apart = agent | guests if guests else frozenset()
            return Room(customer, apart, music=True, ringback=not guests)
        case Phase.CONSULTING:
            return Room(customer, agent | other | guests, music=True)
        case Phase.GIVEN:
            return Room(customer, music=True)
        case Phase.OVER:
            return Room()

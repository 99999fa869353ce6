"""One step of a talk: what the rows of the table are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from acd.talks.commands import (
    Arrange,
    Command,
    Ending,
    EndLeg,
    Held,
    Note,
    Over,
    PartBegan,
    PartEnded,
    Released,
)
from acd.talks.phases import LED, WAITING, Phase, Talk
from calls.events import CallEventKind


class Turn:
    """One step of a talk: the talk as it becomes, and what is to be done, gathered by the table's rows."""

    def __init__(self, talk: Talk, now: datetime) -> None:
        self.talk = talk
        self.now = now
        self.commands: list[Command] = []

    def do(self, *commands: Command) -> None:
        self.commands += commands

    def note(self, what: CallEventKind, /, **data: object) -> None:
        self.commands.append(Note(what, data))

    def to(self, phase: Phase) -> None:
        talk = self.talk
        held_seconds, was_waiting = talk.held_until(self.now), talk.phase in WAITING
        self.talk = replace(talk, phase=phase, since=self.now, held_seconds=held_seconds)
        waits = phase in WAITING
        if talk.agent and waits is not was_waiting and phase in LED:
            self.do(Held(talk.agent, waits))

    def set(self, **changes: Any) -> None:
        self.talk = replace(self.talk, **changes)

    def seconds(self, since: datetime) -> float:
        return round((self.now - since).total_seconds(), 1)

    def without_other(self, outcome: str) -> None:
        """Whoever was asked is no longer part of it; their leg is ended by the caller of this."""
        talk = self.talk
        other = talk.other
        assert other is not None
        if talk.phase in (Phase.CONFERENCE, Phase.OUTSIDE):
            self.note(CallEventKind.PARTY_LEFT, leg=other.leg, role="consulted")
        else:
            self.note(
                CallEventKind.CONSULT_ENDED,
                agent=talk.agent,
                target=other.target.name,
                outcome=outcome,
                seconds=self.seconds(other.since) if other.up else 0.0,
            )
        if other.up and other.agent:
            self.do(Released(other.agent))
        self.set(other=None)

    def end_part(self, by: str) -> None:
        """The agent who leads is no longer in it. Who barged in was with them."""
        talk = self.talk
        if talk.agent:
            never = talk.phase is Phase.DIALLING
            talked = 0.0 if never else self.seconds(talk.began)
            self.do(PartEnded(talk.agent, by, talked, round(talk.held_until(self.now), 1)))
        for leg in talk.supervisors or ():
            self.do(EndLeg(leg))
        self.set(agent="", agent_leg="", supervisors=None, muted=False)

    def hand_over(self, how: str) -> None:
        """The customer goes to whoever was asked, who has answered; the agent's part is over."""
        talk = self.talk
        other = talk.other
        assert other is not None
        giver = talk.agent or talk.given_by
        told = Turn(talk, self.now)  # behind the moves: a log tells of people together once they are
        if talk.phase is not Phase.CONFERENCE:
            told.note(
                CallEventKind.CONSULT_ENDED,
                agent=giver,
                target=other.target.name,
                outcome="transferred",
                seconds=self.seconds(other.since) if other.up else 0.0,
            )
        told.note(
            CallEventKind.TRANSFERRED,
            agent=giver,
            kind=other.target.kind.value,
            target=other.target.name,
            how=how,
        )
        told.end_part("transfer")
        self.talk = told.talk
        if other.agent:
            self.set(other=None)
            self.to(Phase.TALKING)
            self.set(agent=other.agent, agent_leg=other.leg, began=self.now, held_seconds=0.0, given_by="")
            told.do(PartBegan(other.agent, other.leg))
        else:
            self.set(other=replace(other, up=True), given_by="")
            self.to(Phase.OUTSIDE)
        self.do(Arrange(), *told.commands)
        if talk.agent_leg:
            self.do(EndLeg(talk.agent_leg))

    def over(self, ending: Ending, name: str = "", cause: int | None = None) -> None:
        """Nobody but the customer stays."""
        legs = sorted(self.talk.legs)
        self.set(other=None, agent="", agent_leg="", supervisors=None)
        self.to(Phase.OVER)
        self.do(*(EndLeg(leg) for leg in legs), Over(ending, name, cause))

"""Written work in the queues: what waits there, who is offered it, and who has it in hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from acd.events import (
    AgentAnswered,
    AgentMissed,
    CancelOffer,
    Command,
    Connected,
    OfferCall,
    Refused,
    TalkEnded,
)
from acd.work import Waiting, WorkKind
from engine.ports import Clock
from engine.queues import Queues
from messaging.dialogue import Dialogue

# A caller waits now, a writer looks again later: after so many levels of priority a writer's turn comes too.
BEHIND_CALLERS = -30
# Nobody is sent away: in years.
PATIENCE_SECONDS = 10 * 365 * 86_400.0
# The agent who knows the person, or whom somebody chose, is waited for so long.
KNOWN_AGENT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Offer:
    """`until`: by then the agent takes it, or it goes on."""

    dialogue_id: str
    agent: str
    until: datetime


class WrittenOffers:
    """`tell(agent)`: what is written has changed at their desk."""

    def __init__(self, queues: Queues, clock: Clock, tell: Callable[[str], None]) -> None:
        self._queues = queues
        self._clock = clock
        self._tell = tell
        self._waiting: dict[str, Dialogue] = {}
        self._offers: dict[str, Offer] = {}
        self._held: dict[str, str] = {}  # dialogue -> agent

    @property
    def held(self) -> dict[str, str]:
        return dict(self._held)

    def waits(self, id: str) -> Dialogue | None:
        return self._waiting.get(id)

    def waiting(self) -> tuple[str, ...]:
        return tuple(self._waiting)

    def of(self, agent: str) -> tuple[Offer, ...]:
        return tuple(one for one in self._offers.values() if one.agent == agent)

    def offer(self, id: str, agent: str) -> Offer | None:
        offer = self._offers.get(id)
        return offer if offer is not None and offer.agent == agent else None

    def put(self, dialogue: Dialogue, skills: tuple[str, ...]) -> None:
        """Let it wait, or wait otherwise; one in a queue that is not there waits nowhere."""
        before = self._waiting.get(dialogue.id)
        if before is not None and (before.queue, before.agent) == (dialogue.queue, dialogue.agent):
            self._waiting[dialogue.id] = dialogue
            if (offer := self._offers.get(dialogue.id)) is not None and before.version != dialogue.version:
                self._tell(offer.agent)
            return
        self.take_out(dialogue.id)
        if dialogue.queue not in self._queues or dialogue.owed_since is None:
            return
        self._waiting[dialogue.id] = dialogue
        waiting = Waiting(
            dialogue.id,
            dialogue.queue,
            dialogue.owed_since,
            skills,
            BEHIND_CALLERS,
            PATIENCE_SECONDS,
            WorkKind.TASK,
            dialogue.agent or "",
            KNOWN_AGENT_SECONDS,
        )
        self._queues.join(waiting, partial(self._told, dialogue.id))

    def accept(self, id: str, agent: str) -> bool:
        """Whether it was still offered to this agent."""
        if self.offer(id, agent) is None:
            return False
        self._queues.tell(AgentAnswered(id, agent))
        return self._held.get(id) == agent

    def decline(self, id: str, agent: str) -> None:
        if self.offer(id, agent) is not None:
            del self._offers[id]
            self._queues.tell(AgentMissed(id, agent))
            self._tell(agent)

    def hold(self, id: str, agent: str) -> None:
        """A supervisor has it now, beside the queues."""
        self.take_out(id)
        self._held[id] = agent

    def take_out(self, id: str) -> None:
        """It waits no longer, is offered to nobody, and is no agent's work. Idempotent."""
        self._waiting.pop(id, None)
        offer = self._offers.pop(id, None)
        agent = self._held.pop(id, None)
        if agent is not None:
            self._queues.tell(TalkEnded(id, agent))
        self._queues.leave(id)
        for one in {offer.agent if offer else None, agent} - {None}:
            self._tell(str(one))

    def close(self) -> None:
        for one in {*self._waiting, *self._held}:
            self._queues.leave(one)

    def _told(self, id: str, command: Command) -> None:
        match command:
            case OfferCall(_, agent, ring_seconds):
                self._offers[id] = Offer(id, agent, self._clock.now() + timedelta(seconds=ring_seconds))
                self._tell(agent)
            case CancelOffer(_, agent):
                self._offers.pop(id, None)
                self._tell(agent)
            case Connected(_, agent):
                self._offers.pop(id, None)
                self._waiting.pop(id, None)
                self._held[id] = agent
                self._tell(agent)
            case Refused():  # its queue is no more: it is put again once its dialogue has another
                self._waiting.pop(id, None)
            case _:
                pass

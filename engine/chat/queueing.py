"""A chat in the queues: offered to agents as a call is, and theirs once one of them takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from acd.agents import AgentState
from acd.events import (
    AgentAnswered,
    AgentMissed,
    AgentTaken,
    CancelOffer,
    Command,
    Connected,
    Disposed,
    Moved,
    OfferCall,
    TalkEnded,
    TalkFound,
    WrapUpEnded,
)
from acd.work import Waiting, WorkKind
from engine.chat.means import ChatMeans
from engine.chat.sides import ChatOffer
from messaging.chat import Chat

# Whom the visitor has talked with is waited for so long.
KNOWN_AGENT_SECONDS = 30.0
OVERFLOW = "overflow"


class ChatQueueing:
    """For one chat. `decided` is told what the queues command about it, in their own moment."""

    def __init__(self, id: str, means: ChatMeans, decided: Callable[[Command], None]) -> None:
        self._id = id
        self._means = means
        self._decided = decided
        self.offer: ChatOffer | None = None
        self.position: int | None = None
        self.wait_seconds: float | None = None

    def join(self, chat: Chat, *, again: bool = False, front: bool = False, preferred: str = "") -> None:
        """Wait, since the moment that the chat says. What it has waited before a talk is no waiting."""
        assert chat.since is not None
        self._forget()
        longest = chat.patience_seconds
        if front:
            longest += (self._means.clock.now() - chat.since).total_seconds()
        waiting = Waiting(
            self._id,
            chat.queue,
            chat.since,
            chat.skills,
            chat.priority,
            longest,
            WorkKind.CHAT,
            preferred,
            KNOWN_AGENT_SECONDS,
        )
        self._means.queues.join(waiting, self._told, again=again, front=front)

    def leave(self) -> None:
        """It waits no longer, and nobody is offered it. Idempotent."""
        offered = self.offer
        self._forget()
        self._means.queues.leave(self._id)
        if offered is not None:
            self._means.tell(offered.agent)

    def accept(self, agent: str) -> bool:
        """Whether it was still offered to this agent. Connected follows."""
        if self.offer is None or self.offer.agent != agent:
            return False
        self._means.queues.tell(AgentAnswered(self._id, agent))
        return True

    def decline(self, agent: str) -> None:
        if self.offer is not None and self.offer.agent == agent:
            self.offer = None
            self._decided(CancelOffer(self._id, agent, missed=True))
            self._means.queues.tell(AgentMissed(self._id, agent))
            self._means.tell(agent)

    def found(self, chat: Chat, since: datetime) -> None:
        """Two who talk since before this engine."""
        assert chat.agent is not None
        self._means.queues.follow(self._id, self._told)
        self._means.queues.tell(TalkFound(self._id, chat.agent, chat.queue, since, WorkKind.CHAT))

    def give(self, agent: str, queue: str) -> None:
        """An agent has it from now on without an offer; who has no room for it has it all the same."""
        self.leave()
        self._means.queues.follow(self._id, self._told)
        self._means.queues.tell(AgentTaken(self._id, agent, queue, WorkKind.CHAT))

    def ended(self, agent: str, *, lost: bool = False, disposed: bool = False) -> datetime | None:
        """The agent's part is over; until when they wrap up, None: not at all."""
        queues = self._means.queues
        if disposed:
            queues.tell(Disposed(self._id, agent))
        queues.tell(TalkEnded(self._id, agent, failed=lost))
        queues.leave(self._id)
        self._forget()
        if disposed:
            self.wrapped_up(agent)
        view = queues.agent_view(agent)
        part = next((one for one in (view.all_work if view else ()) if one.work_id == self._id), None)
        if view is None or part is None or part.state is not AgentState.WRAP_UP:
            return None
        setup = queues.setup().get(part.queue)
        seconds = 0.0 if setup is None else setup.wrap_up_seconds
        if setup is not None and setup.disposition_required:
            seconds = max(seconds, setup.wrap_up_limit_seconds)
        return self._means.clock.now() + timedelta(seconds=seconds)

    def wrapped_up(self, agent: str) -> None:
        """Its outcome is said. The end of wrap-up is told of an agent who wraps up nothing else."""
        queues = self._means.queues
        queues.tell(Disposed(self._id, agent))
        view = queues.agent_view(agent)
        wrapping = [one for one in (view.all_work if view else ()) if one.state is AgentState.WRAP_UP]
        if [one.work_id for one in wrapping] == [self._id]:
            queues.tell(WrapUpEnded(agent))

    def close(self) -> None:
        """The engine stops: nothing more is told of it."""
        self._means.queues.leave(self._id)

    # --- inside ---------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self.offer, self.position, self.wait_seconds = None, None, None

    def _told(self, command: Command) -> None:
        match command:
            case OfferCall(_, agent, ring_seconds):
                until = self._means.clock.now() + timedelta(seconds=ring_seconds)
                self.offer = ChatOffer(self._id, agent, until)
                self._means.tell(agent)
            case CancelOffer(_, agent):
                self.offer = None
                self._means.tell(agent)
            case Connected():  # who took it is told with the line of it
                self.offer = None
            case Moved(_, position, wait_seconds):
                self.position, self.wait_seconds = position, wait_seconds
        self._decided(command)

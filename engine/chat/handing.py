"""From the flow to a queue, to an agent, to another, and back: whose turn it is in one chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from acd import events as acd
from calls.events import CallEventKind
from calls.outcome import Outcome
from calls.queue_stay import QueueStay
from engine.changes import AgentEventsAppended, Change
from engine.chat.agent_part import part_of
from engine.chat.lines import ChatLines
from engine.chat.means import ChatMeans
from engine.chat.notes import ChatNotes
from engine.chat.queueing import OVERFLOW, ChatQueueing
from engine.chat.sentences import AGENT_LOST, NOBODY, sentence
from engine.queues import Waited
from engine.registers.agents import AgentEvent, AgentEventKind
from ivr import events as told
from ivr.commands import Enqueue
from messaging.chat import Chat, ChatPhase, LineKind, Speaker
from messaging.chat_talk import led, talking, waiting


class Handed(Protocol):
    """The chat, as far as it is handed around. `parked`: the flow leads it no more."""

    chat: Chat
    lines: ChatLines
    notes: ChatNotes
    parked: bool
    known_agent: str

    @property
    def language(self) -> str | None: ...

    def add(self, speaker: Speaker, kind: LineKind, text: str, *, agent: str | None = None) -> object: ...

    def flow_says(self, text: str) -> None: ...

    def event(self, event: told.Event) -> None:
        """For the flow, if it still leads."""

    def keep(self, changes: Sequence[Change]) -> None: ...

    def shut(self, by: str, outcome: str = "") -> None: ...


class Handing:
    """Used by the chat alone, in its own turn. `decided` is told what the queues command."""

    def __init__(self, one: Handed, queueing: ChatQueueing, means: ChatMeans, *, queued: bool) -> None:
        self._one = one
        self._queueing = queueing
        self._means = means
        self.queued = queued
        self.stay: QueueStay | None = None
        self.wrap_up_until: datetime | None = None
        self.agent_ended_at: int | None = None  # the number of the last line by then

    # --- the flow's queue -----------------------------------------------------------------------------------

    def enqueue(self, command: Enqueue) -> told.Finished | None:
        """Finished when there is no such queue."""
        one, now = self._one, self._means.clock.now()
        if command.queue not in self._means.queues:
            detail = f"there is no queue {command.queue!r}: add it to `queues` in the configuration"
            one.keep(one.notes.event(CallEventKind.TROUBLE, {"what": "queue", "detail": detail}))
            return told.Finished(command.work_id, "nobody")
        one.chat = waiting(
            one.chat,
            command.queue,
            now,
            work_id=command.work_id,
            skills=command.skills,
            priority=command.priority,
            patience_seconds=command.max_wait_seconds,
        )
        self.queued, self.stay = True, QueueStay(command.queue, now)
        self._queueing.join(one.chat, preferred=one.known_agent)
        return None

    def leave_queue(self, outcome: str = "left") -> None:
        self._left(outcome)
        self._queueing.leave()

    def decided(self, command: acd.Command) -> None:
        """What the queues have decided for who waits."""
        one, work_id = self._one, self._one.chat.work_id
        if one.chat.phase is not ChatPhase.WAITING:
            return
        match command:
            case acd.Moved(_, position, wait_seconds) if work_id is not None:
                one.event(told.QueueMoved(work_id, position, wait_seconds))
            case acd.CancelOffer(_, agent, missed=True):
                data = {"work": one.chat.id, "queue": one.chat.queue, "outcome": Outcome.NO_ANSWER.value}
                self._log(agent, AgentEventKind.MISSED, data)
            case acd.Overflowed(_, queue):
                self._left(OVERFLOW)
                one.chat = replace(one.chat, queue=queue)
            case acd.Connected(_, agent, waited_seconds):
                self._connected(agent, waited_seconds)
            case acd.Refused(_, why) if why is not acd.Refusal.BUSY:
                self.leave_queue(why.value)
                if work_id is None or one.parked:
                    one.flow_says(sentence(NOBODY, one.language))
                    one.shut("engine")
                else:
                    one.chat = led(one.chat)
                    one.event(told.Finished(work_id, why.value))
            case _:
                pass

    # --- agents ---------------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Who waited waits on, and who talked talks on, as an earlier engine left them."""
        one = self._one
        if one.chat.phase is ChatPhase.WAITING:
            if one.chat.queue in self._means.queues:
                self._queueing.join(one.chat, again=True)
            else:
                one.shut("engine")
            return
        view = self._means.queues.agent_view(one.chat.agent or "")
        if view is None or not view.signed_in:
            self.agent_lost()
        else:
            self._queueing.found(one.chat, one.chat.since or one.chat.opened_at)

    def pass_to_queue(self, agent: str | None, queue: str) -> None:
        """As part of the same work of the flow, if it waits for any."""
        one, work_id = self._one, self._one.chat.work_id
        one.add(Speaker.AGENT, LineKind.MOVED, "", agent=agent)
        self._let_go()
        self._waits(queue, self._means.clock.now())
        if work_id is not None:
            one.event(told.GivenToQueue(work_id))
        self._queueing.join(one.chat)

    def goes_to(self, agent: str, *, moved_by: str | None = None, moved: bool = False) -> None:
        """Theirs at once, without an offer, whoever had it."""
        one, queue, now = self._one, self._one.chat.queue, self._means.clock.now()
        if moved:
            one.add(Speaker.AGENT, LineKind.MOVED, "", agent=moved_by)
        if one.chat.phase is ChatPhase.TALKING:
            self._let_go()
        if one.chat.phase is not ChatPhase.WAITING:
            self._waits(queue, one.chat.since or now)
        self._queueing.give(agent, queue)
        self._connected(agent, (now - (one.chat.since or now)).total_seconds())

    def agent_lost(self) -> None:
        """Before all others they wait again, at the place that they had; unless their queue is no more."""
        one, work_id = self._one, self._one.chat.work_id
        agent, since = one.chat.agent or "", one.chat.since
        self._waits(one.chat.queue, since or self._means.clock.now())
        self._queueing.ended(agent, lost=True)  # which tells the board, and so asks whom the agent has left
        self._means.tell(agent)
        if one.chat.queue not in self._means.queues:
            one.flow_says(sentence(NOBODY, one.language))
            one.shut("engine")
            return
        before = len(one.lines)
        if work_id is not None:
            one.event(told.AgentLost(work_id))
        if len(one.lines) == before:  # restored, or parked: the flow says nothing
            one.flow_says(sentence(AGENT_LOST, one.language))
        self._queueing.join(one.chat, again=True, front=True)

    def talk_over(self, *, disposed: bool) -> None:
        """Of the agent who talks. Not `disposed`: they may still say what came of it."""
        one = self._one
        agent = one.chat.agent or ""
        self.agent_ended_at = len(one.lines)
        until = self._queueing.ended(agent, disposed=disposed)
        self.wrap_up_until = None if disposed else until
        one.keep(one.notes.event(CallEventKind.QUEUE_LEFT, self._stay_data("next")))
        part = part_of(one.chat, one.lines.all, agent, self._means.clock.now())
        self._log(agent, AgentEventKind.CHATTED, part)
        self._means.tell(agent)

    def outcome_said(self) -> None:
        self.wrap_up_until = None
        self._queueing.wrapped_up(self._one.chat.agent or "")

    # --- inside ---------------------------------------------------------------------------------------------

    def _connected(self, agent: str, waited_seconds: float) -> None:
        one, work_id, queue = self._one, self._one.chat.work_id, self._one.chat.queue
        one.chat = talking(one.chat, agent, self._means.clock.now())
        one.add(Speaker.AGENT, LineKind.JOINED, "", agent=agent)
        data = {"queue": queue, "agent": agent, "waited_seconds": round(waited_seconds, 1)}
        one.keep(one.notes.event(CallEventKind.AGENT_CONNECTED, data))
        self._means.queues.on_left(queue, waited_seconds, Waited.ANSWERED)
        if self.stay is not None:
            self.stay = replace(self.stay, outcome="next", waited_seconds=waited_seconds)
        if work_id is not None:
            one.event(told.AgentAnswered(work_id))

    def _let_go(self) -> None:
        if self._one.chat.phase is ChatPhase.TALKING:
            self.talk_over(disposed=True)
        elif self._one.chat.phase is ChatPhase.WAITING:
            self.leave_queue()

    def _waits(self, queue: str, since: datetime) -> None:
        """In whatever phase it was. Who was led is led no more."""
        one, chat = self._one, self._one.chat
        if chat.phase is ChatPhase.LED:
            one.parked = True
        if chat.phase is ChatPhase.WAITING:
            one.chat = replace(chat, queue=queue, since=since, skills=())
        else:
            patience = chat.patience_seconds
            one.chat = waiting(chat, queue, since, work_id=chat.work_id, patience_seconds=patience)
        self.queued, self.stay = True, QueueStay(queue, since)

    def _log(self, agent: str, kind: AgentEventKind, data: Mapping[str, object]) -> None:
        event = AgentEvent(self._means.ids.new(), agent, self._means.clock.now(), kind, data)
        self._one.keep((AgentEventsAppended((event,)),))
        self._means.noted(event)

    def _left(self, outcome: str) -> None:
        """The queue, without an agent. Who has talked with one before was answered."""
        one = self._one
        data = self._stay_data(outcome)
        one.keep(one.notes.event(CallEventKind.QUEUE_LEFT, data))
        came_of_it = Waited.ANSWERED if one.chat.agent is not None else Waited.UNANSWERED
        if outcome == OVERFLOW:
            came_of_it = Waited.OVERFLOWED
        if came_of_it is not Waited.ANSWERED:
            self._means.queues.on_left(one.chat.queue, self._waited_seconds(), came_of_it)
        if self.stay is not None:
            self.stay = replace(self.stay, outcome=outcome, waited_seconds=self._waited_seconds())

    def _stay_data(self, outcome: str) -> dict[str, object]:
        waited = round(self._waited_seconds(), 1)
        return {"queue": self._one.chat.queue, "outcome": outcome, "waited_seconds": waited}

    def _waited_seconds(self) -> float:
        now = self._means.clock.now()
        return (now - (self._one.chat.since or now)).total_seconds()

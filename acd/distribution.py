"""Distribution: brings those who wait and agents who are free together.

Told what happens and the time, it answers with commands. It reads no clock: `next_deadline()` says when it
wants to be told TimePassed. The same events at the same times always give the same commands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from acd.agenda import Agenda
from acd.agents import Agent, AgentState
from acd.considered import Choice, choice_of
from acd.estimate import HandleTimes
from acd.events import (
    AgentAnswered,
    AgentMissed,
    AgentRung,
    AgentTaken,
    CallerJoined,
    CallerLeft,
    Command,
    Connected,
    DeskChanged,
    Disposed,
    Event,
    HoldChanged,
    LineChanged,
    OfferCall,
    OpeningChanged,
    RingingEnded,
    StandingFound,
    StatusChanged,
    TalkEnded,
    TalkFound,
    TimePassed,
    WrapUpEnded,
)
from acd.floor import Demand, Floor
from acd.lobby import Lobby
from acd.matching import Reserve, Round
from acd.queues import Queue
from acd.seats import Part, Seat
from acd.shift import Shift
from acd.views import AgentView, QueueView
from acd.waiting import Place, wanted
from acd.work import Waiting, WorkKind

# The network ends the ringing by itself; an offer whose end was not reported is over after this.
OFFER_GRACE_SECONDS = 2.0
_WRITTEN = frozenset({WorkKind.TASK})


class Distribution:
    """All queues and agents of one engine."""

    def __init__(self, queues: Iterable[Queue], agents: Iterable[Agent]) -> None:
        self._queues = {queue.name: queue for queue in queues}
        self._commands: list[Command] = []
        self._agenda: Agenda[Place | Seat] = Agenda()
        self._floor = Floor()
        self._floor.set_up(self._queues, agents)
        self._handled = HandleTimes(self._queues)
        self._lobby = Lobby(self._queues, self._floor, self._agenda, self._commands, self._handled)
        self._shift = Shift(self._queues, self._floor, self._agenda, self._commands)
        self._talks: dict[str, Place] = {}  # work that an agent answered
        self._matched = (-1, -1, -1)  # what the last round found: without change another finds nothing
        self._last_offered: dict[str, str] = {}  # queue -> agent
        self._shown: Mapping[str, QueueView] | None = None  # until something happens

    @property
    def queues(self) -> Mapping[str, Queue]:
        return self._queues

    def handle(self, event: Event, now: datetime) -> tuple[Command, ...]:
        """What to do about `event`. What no longer matters changes nothing."""
        match event:
            case CallerJoined():
                self._take_back(event.caller.work_id, now)
                self._lobby.join(event, now)
            case CallerLeft(work_id):
                self._take_back(work_id, now)
                self._lobby.leave(work_id)
                self._let_go(work_id, now)
            case AgentAnswered(work_id, agent):
                self._answered(work_id, agent, now)
            case AgentMissed(work_id, agent):
                self._put_back(self._shift.missed(work_id, agent, now))
            case TalkEnded():
                self._talk_ended(event, now)
            case OpeningChanged(queue, is_open):
                self._lobby.opening[queue] = is_open
            case HoldChanged() | TalkFound() | AgentTaken() | Disposed() | WrapUpEnded():
                self._put_back(self._shift.at_work(event, now))
            case AgentRung() | RingingEnded():
                self._put_back(self._shift.asked(event, now))
            case StatusChanged() | StandingFound() | LineChanged() | DeskChanged():
                self._put_back(self._shift.presence(event, now))
            case TimePassed():
                pass
        return self._settled(now)

    def take(self, agent: str, work_id: str, now: datetime, queue: str = "") -> tuple[Command, ...]:
        """Have an agent for a call that is placed: Refused when there is no room for it."""
        return self.handle(AgentTaken(work_id, agent, queue), now)

    def may_take(self, agent: str, kind: WorkKind = WorkKind.CALL) -> bool:
        """Whether AgentTaken would be heeded now."""
        seat = self._floor.seats.get(agent)
        return seat is not None and seat.signed_in and seat.has_room_for(kind, beside_offers=True)

    def is_free(self, agent: str, kind: WorkKind = WorkKind.CALL) -> bool:
        """Whether such work could be offered to the agent now."""
        seat = self._floor.seats.get(agent)
        return seat is not None and seat.free_for(kind)

    def agents_of(self, queue: str) -> tuple[str, ...]:
        """Who may serve the queue, there or not, whatever they are at."""
        setup = self._queues[queue]
        able = self._floor.able(Demand(queue, wanted(setup, (), 0)))
        return tuple(name for name, seat in self._floor.seats.items() if seat.bit & able)

    def serves(self, queue: str, kind: WorkKind) -> bool:
        """Whether anybody is there who could be given such work, now or after what they are at."""
        able = self._floor.able(Demand(queue, wanted(self._queues[queue], (), 0)))
        return any(seat.bit & able and seat.serves(kind) for seat in self._floor.seats.values())

    def free_for(self, queue: str, kind: WorkKind = WorkKind.CALL) -> int:
        """How many free agents of the queue may be taken, when those kept for more important queues stay."""
        setup = self._queues[queue]
        free = self._floor.able(Demand(queue, wanted(setup, (), 0))) & self._floor.free[kind]
        count = free.bit_count()
        for reserve in self._reserves():
            if reserve.priority > setup.priority:
                kept = max(0, min(reserve.kept - (reserve.agents & ~free).bit_count(), count))
                count -= kept
        return count

    def reconfigure(
        self, queues: Iterable[Queue], agents: Iterable[Agent], now: datetime
    ) -> tuple[Command, ...]:
        """Another configuration for what runs.

        Who waits in a queue that is no more, waits on there for its agents. An agent who is no more is
        offered nothing, and ends the present work.
        """
        named = {queue.name: queue for queue in queues}
        self._queues.clear()
        self._queues.update(named)
        self._handled.keep(self._queues)
        retired = self._lobby.retired()
        for seat in self._floor.set_up(self._queues | retired, agents):
            self._put_back(self._shift.revoke(seat, now))
            self._shift.changed.add(seat.agent.name)
        self._lobby.reconfigured(now)
        self._shift.changed.update(self._floor.seats)
        return self._settled(now)

    def next_deadline(self) -> datetime | None:
        """When something is due next."""
        return self._agenda.next()

    # --- what is shown ------------------------------------------------------------------------------------

    def agents(self) -> Counter[str]:
        """How many agents there are in each state, those not available by their status."""
        return Counter(seat.counted() for seat in self._floor.seats.values())

    def waiting(self) -> Counter[str]:
        """How many wait in each queue, those queues named in which somebody does."""
        return self._lobby.waiting()

    def waiting_in(self, queue: str) -> tuple[tuple[Waiting, str], ...]:
        """Who waits in this queue, in turn, each with the agent who is rung for them; "": nobody is."""
        return tuple((place.work, place.offered_to) for place in self._lobby.room.callers_in(queue))

    def agent_view(self, agent: str) -> AgentView | None:
        seat = self._floor.seats.get(agent)
        return None if seat is None else seat.view()

    def agent_views(self) -> dict[str, AgentView]:
        """Each agent as they are now."""
        return {name: seat.view() for name, seat in self._floor.seats.items()}

    def queue_views(self) -> Mapping[str, QueueView]:
        """Each queue as it is now. All desks ask, and little happens meanwhile."""
        if self._shown is None:
            self._shown = self._looked_at()
        return self._shown

    def _looked_at(self) -> Mapping[str, QueueView]:
        free = self._floor.free[WorkKind.CALL]
        counted: dict[str, int] = {}  # each agent is looked at once, however many queues there are
        for seat in self._floor.seats.values():
            word = seat.counted()
            counted[word] = counted.get(word, 0) | seat.bit
        views: dict[str, QueueView] = {}
        for name, queue in self._queues.items():
            members = self._floor.able(Demand(name))
            places = self._lobby.room.callers_in(name)
            chats = [place.work.since for place in places if place.work.kind is WorkKind.CHAT]
            calls = [place.work.since for place in places if place.work.kind is WorkKind.CALL]
            views[name] = QueueView(
                name,
                len(calls),
                min(calls, default=None),
                Counter({word: n for word, mask in counted.items() if (n := (mask & members).bit_count())}),
                (members & free).bit_count(),
                queue.service_level_seconds,
                self._lobby.opening.get(name, True),
                len(chats),
                min(chats, default=None),
            )
        return MappingProxyType(views)

    def choice(self, work_id: str, agent: str, now: datetime) -> Choice | None:
        """Why this agent is offered this work, and others are not; None when they no longer are."""
        place = self._lobby.room.places.get(work_id)
        if place is None or place.offered_to != agent:
            return None
        return choice_of(self._floor, place.demand, place.queue.strategy.value, agent, now)

    def take_changed_agents(self) -> frozenset[str]:
        """The agents who may look otherwise than when this was asked last."""
        changed = frozenset(self._shift.changed)
        self._shift.changed.clear()
        return changed

    # --- inside -------------------------------------------------------------------------------------------

    def _settled(self, now: datetime) -> tuple[Command, ...]:
        self._shown = None
        self._lobby.look_round(now)
        for item in self._agenda.take(now):
            if isinstance(item, Seat):
                self._put_back(self._shift.due(item, now))
            else:
                if self._lobby.moves(item, now):
                    self._take_back(item.work.work_id, now)
                self._lobby.step(item, now)
        self._lobby.look_round(now)
        self._lobby.tell_places()
        self._match(now)
        commands = tuple(self._commands)
        self._commands.clear()
        return commands

    def _take_back(self, work_id: str, now: datetime) -> None:
        """An offer of work that waits no longer."""
        place = self._lobby.room.places.get(work_id)
        if place is not None and place.offered_to:
            self._shift.cancel(work_id, place.offered_to, now)
            place.offered_to = ""

    def _put_back(self, work_ids: Iterable[str]) -> None:
        """Work whose offer came to nothing can be offered again."""
        for work_id in work_ids:
            self._lobby.room.places[work_id].offered_to = ""
            self._lobby.wanted += 1

    def _answered(self, work_id: str, agent: str, now: datetime) -> None:
        place = self._lobby.room.places.get(work_id)
        if place is None or place.offered_to != agent:
            return
        self._lobby.leave(work_id)
        self._shift.answered(work_id, agent, now)
        self._talks[work_id] = place
        self._commands.append(Connected(work_id, agent, (now - place.work.since).total_seconds()))

    def _let_go(self, work_id: str, now: datetime) -> None:
        place = self._talks.pop(work_id, None)
        if place is not None:
            self._shift.let_go(work_id, place.offered_to, now)

    def _talk_ended(self, event: TalkEnded, now: datetime) -> None:
        seconds = self._shift.talk_ended(event, now)
        place = self._talks.get(event.work_id)
        if seconds is None or place is None or place.offered_to != event.agent:
            return
        del self._talks[event.work_id]
        if event.failed:
            self._lobby.back(place)
        else:
            if place.work.kind is WorkKind.CALL:  # of several at once, as chats are, the time tells nothing
                self._handled.add(place.queue.name, seconds)
            self._lobby.moved.add(place.queue.name)

    def _reserves(self) -> tuple[Reserve, ...]:
        free = self._floor.free[WorkKind.CALL]
        keeping = (queue for queue in self._queues.values() if queue.reserve > 0)
        return tuple(
            Reserve(q.priority, self._floor.able(Demand(q.name, wanted(q, (), 0))) & free, q.reserve)
            for q in keeping
        )

    def _match(self, now: datetime) -> None:
        floor = self._floor
        state = floor.freed, floor.staffing, self._lobby.wanted
        if state == self._matched or not self._lobby.room.in_turn or not any(floor.free.values()):
            return
        self._matched = state
        matching = Round(floor, now, self._last_offered, self._reserves())
        found = matching.match(self._lobby.room.in_turn)
        if not found:
            return
        deadlines: dict[float, datetime] = {}
        again: list[str] = []
        for place, seat in found:
            work, queue, agent = place.work, place.queue, seat.agent.name
            if seat.parts and not work.kind.patient:
                again += self._shift.revoke(seat, now, _WRITTEN)
            deadline = deadlines.get(queue.ring_seconds)
            if deadline is None:
                deadline = now + timedelta(seconds=queue.ring_seconds + OFFER_GRACE_SECONDS)
                deadlines[queue.ring_seconds] = deadline
            # Behind a caller who comes now. What has waited long enough is as urgent, and is let ring.
            yields = work.kind.patient and place.turn[:2] > (1, now)
            seat.parts[work.work_id] = Part(
                work.work_id, work.kind, queue.name, now, AgentState.OFFERED, deadline, yields=yields
            )
            self._agenda.put(seat, deadline if seat.due is None or deadline < seat.due else seat.due)
            self._shift.changed.add(agent)
            self._last_offered[queue.name] = agent
            place.offered_to = agent
            self._commands.append(OfferCall(work.work_id, agent, queue.ring_seconds))
        for kind in floor.free:
            floor.free[kind] &= matching.untouched
        for _, seat in found:
            if any(part.yields for part in seat.parts.values()):
                floor.refresh(seat)
        if again:
            self._put_back(again)
            self._match(now)

"""Distribution: brings callers who wait and agents who are free together.

Told what happens and the time, it answers with commands. It reads no clock: `next_deadline()` says when it
wants to be told TimePassed. The same events at the same times always give the same commands.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from acd.agents import Agent, AgentState, AgentStatus
from acd.events import (
    AgentAnswered,
    AgentMissed,
    CallerJoined,
    CallerLeft,
    CancelOffer,
    Command,
    Connected,
    Event,
    LineChanged,
    Moved,
    OfferCall,
    Refusal,
    Refused,
    StatusChanged,
    TalkEnded,
    TalkFound,
    TimePassed,
)
from acd.matching import chosen, expected_wait_seconds, serves
from acd.queues import Demand, Offer, Queue
from acd.seats import Seat
from acd.views import AgentView, QueueView, WorkView
from acd.work import Waiting, WorkKind

# An agent who did not answer is offered nothing for so long: the others are tried meanwhile.
MISSED_PAUSE_SECONDS = 30.0
# The network ends the ringing by itself; an offer whose end was not reported is over after this.
OFFER_GRACE_SECONDS = 2.0
# When the last agent logs out, those who wait are kept for so long: a telephone may only register anew.
ABSENCE_SECONDS = 20.0
# Skills come from flows, and so from what callers say: no more combinations than this are remembered.
MOST_DEMANDS = 1000
# The expected wait is judged by this many calls.
REMEMBERED_TALKS = 20


class Distribution:
    """All queues and agents of one engine."""

    def __init__(self, queues: Iterable[Queue], agents: Iterable[Agent]) -> None:
        self._queues = {queue.name: queue for queue in queues}
        self._seats = {agent.name: Seat(agent) for agent in agents}
        self._waiting: dict[str, Waiting] = {}
        self._in_turn: list[Waiting] = []
        self._able: dict[Demand, tuple[Seat, ...]] = {}
        self._staff: dict[Demand, tuple[int, int]] = {}  # how many are logged in, and how many available
        self._moved: set[str] = set()  # queues in which places must be told anew
        self._offers: dict[str, Offer] = {}  # by call
        self._absent_since: dict[str, datetime] = {}  # by call: nobody for it is logged in
        self._places: dict[str, Moved] = {}  # as told last, by call
        self._handled: dict[str, deque[float]] = {
            name: deque(maxlen=REMEMBERED_TALKS) for name in self._queues
        }
        self._commands: list[Command] = []

    @property
    def queues(self) -> Mapping[str, Queue]:
        return self._queues

    def handle(self, event: Event, now: datetime) -> tuple[Command, ...]:
        """What to do about `event`. What no longer matters changes nothing."""
        match event:
            case CallerJoined():
                self._joined(event, now)
            case CallerLeft(work_id):
                self._leave(work_id)
                self._let_go(work_id)
            case AgentAnswered(work_id, agent):
                self._answered(work_id, agent, now)
            case AgentMissed(work_id, agent):
                if self._offered(work_id, agent):
                    self._missed(self._offers.pop(work_id), now)
            case TalkEnded():
                self._talk_ended(event, now)
            case TalkFound():
                self._talk_found(event)
            case StatusChanged(agent, status, reason):
                self._status(agent, status, now)
                if agent in self._seats:
                    self._seats[agent].reason = reason
            case LineChanged(agent, busy, reachable):
                if agent in self._seats:
                    self._seats[agent].line_busy = busy
                    self._seats[agent].reachable = reachable
            case _:
                pass
        self._expire(now)
        self._tell_places()
        self._match(now)
        commands = tuple(self._commands)
        self._commands.clear()
        return commands

    def next_deadline(self) -> datetime | None:
        """When something is due next."""
        return min(self._deadlines(), default=None)

    def agents(self) -> Counter[str]:
        """How many agents there are in each state, those who are away or offline by that."""
        return Counter(_counted(seat) for seat in self._seats.values())

    def waiting(self) -> Counter[str]:
        """How many callers wait in each queue."""
        return Counter(caller.queue for caller in self._waiting.values())

    def agent_views(self) -> dict[str, AgentView]:
        """Each agent as they are now."""
        return {name: _view(seat) for name, seat in self._seats.items()}

    def queue_views(self, now: datetime) -> dict[str, QueueView]:
        """Each queue as it is now."""
        views = {}
        for name, queue in self._queues.items():
            since = [caller.since for caller in self._waiting.values() if caller.queue == name]
            seats = [seat for seat in self._seats.values() if queue.has_member(seat.agent.name)]
            views[name] = QueueView(
                name,
                len(since),
                min(since, default=None),
                Counter(_counted(seat) for seat in seats),
                sum(seat.free(now) for seat in seats),
                queue.service_level_seconds,
                True,
            )
        return views

    def reconfigure(
        self, queues: Iterable[Queue], agents: Iterable[Agent], now: datetime
    ) -> tuple[Command, ...]:
        """Another configuration for what runs."""
        self._queues = {queue.name: queue for queue in queues}
        self._handled = {
            name: self._handled.get(name, deque(maxlen=REMEMBERED_TALKS)) for name in self._queues
        }
        for agent in agents:
            self._seats.setdefault(agent.name, Seat(agent)).agent = agent
        self._able.clear()
        self._staff.clear()
        return self.handle(TimePassed(), now)

    # --- callers ------------------------------------------------------------------------------------------

    def _joined(self, event: CallerJoined, now: datetime) -> None:
        caller = event.caller
        queue = self._queues[caller.queue]
        self._leave(caller.work_id)
        if event.again:
            self._wait(caller)
        elif not event.open:
            self._commands.append(Refused(caller.work_id, Refusal.CLOSED))
        elif not self._staff_for(caller.demand)[0]:
            self._commands.append(Refused(caller.work_id, Refusal.NOBODY))
        elif self.waiting()[queue.name] >= queue.capacity:
            self._commands.append(Refused(caller.work_id, Refusal.FULL))
        else:
            self._wait(caller)

    def _wait(self, caller: Waiting) -> None:
        self._waiting[caller.work_id] = caller
        insort(self._in_turn, caller, key=lambda waiting: waiting.turn)
        self._moved.add(caller.queue)

    def _leave(self, work_id: str) -> Waiting | None:
        self._absent_since.pop(work_id, None)
        self._places.pop(work_id, None)
        if (offer := self._offers.pop(work_id, None)) is not None:
            self._seats[offer.agent].become(AgentState.IDLE)
            self._commands.append(CancelOffer(work_id, offer.agent))
        caller = self._waiting.pop(work_id, None)
        if caller is not None:
            del self._in_turn[bisect_left(self._in_turn, caller.turn, key=lambda waiting: waiting.turn)]
            self._moved.add(caller.queue)
        return caller

    def _let_go(self, work_id: str) -> None:
        """An agent who had answered, but whom the caller did not live to hear."""
        for seat in self._seats.values():
            if seat.state is AgentState.TALKING and seat.work_id == work_id:
                seat.become(AgentState.IDLE)

    def _able_for(self, demand: Demand) -> tuple[Seat, ...]:
        """The agents who may serve such callers, whatever they are at."""
        able = self._able.get(demand)
        if able is None:
            if len(self._able) >= MOST_DEMANDS:
                self._able.clear()
                self._staff.clear()
            queue = self._queues[demand[0]]
            able = tuple(seat for seat in self._seats.values() if serves(seat.agent, queue, demand[1]))
            self._able[demand] = able
        return able

    def _staff_for(self, demand: Demand) -> tuple[int, int]:
        """How many of them are logged in, and how many of these are not away."""
        staff = self._staff.get(demand)
        if staff is None:
            able = self._able_for(demand)
            available = sum(seat.status is AgentStatus.AVAILABLE for seat in able)
            staff = self._staff[demand] = (sum(seat.logged_in for seat in able), available)
        return staff

    # --- agents -------------------------------------------------------------------------------------------

    def _status(self, agent: str, status: AgentStatus, now: datetime) -> None:
        seat = self._seats.get(agent)
        if seat is None or seat.status is status:
            return
        seat.status, seat.status_since = status, now
        self._staff.clear()
        self._moved.update(self._queues)
        seat.idle_since = now
        seat.skipped_until = None

    def _offered(self, work_id: str, agent: str) -> bool:
        offer = self._offers.get(work_id)
        return offer is not None and offer.agent == agent

    def _answered(self, work_id: str, agent: str, now: datetime) -> None:
        if not self._offered(work_id, agent):
            return
        del self._offers[work_id]
        caller = self._leave(work_id)
        assert caller is not None
        seat = self._seats[agent]
        seat.become(AgentState.TALKING, work_id, caller.queue)
        seat.talking_since, seat.caller = now, caller
        self._commands.append(Connected(work_id, agent, (now - caller.since).total_seconds()))

    def _missed(self, offer: Offer, now: datetime) -> None:
        seat = self._seats[offer.agent]
        seat.become(AgentState.IDLE)
        seat.idle_since = now
        seat.skipped_until = now + timedelta(seconds=MISSED_PAUSE_SECONDS)

    def _talk_ended(self, event: TalkEnded, now: datetime) -> None:
        seat = self._seats.get(event.agent)
        if seat is None or seat.state is not AgentState.TALKING or seat.work_id != event.work_id:
            return
        queue, began, caller = self._queues.get(seat.queue or ""), seat.talking_since, seat.caller
        seat.idle_since = now
        wrap_up_seconds = 0.0 if queue is None or event.failed else queue.wrap_up_seconds
        if wrap_up_seconds > 0:
            seat.become(AgentState.WRAP_UP)
            seat.until = now + timedelta(seconds=wrap_up_seconds)
        else:
            seat.become(AgentState.IDLE)
        if event.failed:
            seat.skipped_until = now + timedelta(seconds=MISSED_PAUSE_SECONDS)
            if caller is not None:
                self._wait(caller)
        elif queue is not None and began is not None:
            self._handled[queue.name].append((now - began).total_seconds() + wrap_up_seconds)
            self._moved.add(queue.name)

    def _talk_found(self, event: TalkFound) -> None:
        seat = self._seats.get(event.agent)
        if seat is None or seat.state is AgentState.TALKING:
            return
        if seat.state is AgentState.OFFERED and seat.work_id is not None:
            offer = self._offers.pop(seat.work_id)
            self._commands.append(CancelOffer(offer.work_id, offer.agent))
        seat.become(AgentState.TALKING, event.work_id, event.queue)
        seat.talking_since = event.since

    # --- time and matching --------------------------------------------------------------------------------

    def _expire(self, now: datetime) -> None:
        for caller in tuple(self._in_turn):
            if caller.deadline <= now:
                self._leave(caller.work_id)
                self._commands.append(Refused(caller.work_id, Refusal.TIMEOUT))
            elif self._staff_for(caller.demand)[0]:
                self._absent_since.pop(caller.work_id, None)
            elif now - self._absent_since.setdefault(caller.work_id, now) >= _ABSENCE:
                self._leave(caller.work_id)
                self._commands.append(Refused(caller.work_id, Refusal.NOBODY))
        for offer in [offer for offer in self._offers.values() if offer.deadline <= now]:
            del self._offers[offer.work_id]
            self._missed(offer, now)
            self._commands.append(CancelOffer(offer.work_id, offer.agent, missed=True))
        for seat in self._seats.values():
            if seat.until is not None and seat.until <= now:
                idle_since = seat.until
                seat.become(AgentState.IDLE)
                seat.idle_since = idle_since
            if seat.skipped_until is not None and seat.skipped_until <= now:
                seat.skipped_until = None

    def _match(self, now: datetime) -> None:
        if len(self._offers) == len(self._waiting):
            return
        free = {name for name, seat in self._seats.items() if seat.free(now)}
        in_vain: set[Demand] = set()
        for caller in self._in_turn if free else ():
            if caller.work_id in self._offers or caller.demand in in_vain:
                continue
            queue = self._queues[caller.queue]
            seat = chosen((s for s in self._able_for(caller.demand) if s.agent.name in free), queue)
            if seat is None:
                in_vain.add(caller.demand)
            else:
                name = seat.agent.name
                free.remove(name)
                seat.become(AgentState.OFFERED, caller.work_id, queue.name)
                deadline = now + timedelta(seconds=queue.ring_seconds + OFFER_GRACE_SECONDS)
                self._offers[caller.work_id] = Offer(caller.work_id, name, deadline)
                self._commands.append(OfferCall(caller.work_id, name, queue.ring_seconds))

    def _tell_places(self) -> None:
        positions: Counter[str] = Counter()
        for caller in self._in_turn if self._moved else ():
            if caller.queue not in self._moved:
                continue
            positions[caller.queue] += 1
            agents = self._staff_for(caller.demand)[1]
            position = positions[caller.queue]
            wait_seconds = expected_wait_seconds(position, agents, self._handled[caller.queue])
            place = Moved(caller.work_id, position, wait_seconds)
            if self._places.get(caller.work_id) != place:
                self._places[caller.work_id] = place
                self._commands.append(place)
        self._moved.clear()

    def _deadlines(self) -> Iterator[datetime]:
        for caller in self._waiting.values():
            yield caller.deadline
        for absent_since in self._absent_since.values():
            yield absent_since + _ABSENCE
        for offer in self._offers.values():
            yield offer.deadline
        for seat in self._seats.values():
            if seat.until is not None:
                yield seat.until
            if seat.skipped_until is not None:
                yield seat.skipped_until


_ABSENCE = timedelta(seconds=ABSENCE_SECONDS)


def _counted(seat: Seat) -> str:
    idle = seat.state is AgentState.IDLE and seat.status is not AgentStatus.AVAILABLE
    return seat.status.value if idle else seat.state.value


def _view(seat: Seat) -> AgentView:
    all_work: tuple[WorkView, ...] = ()
    if seat.work_id is not None and seat.state_since is not None:
        all_work = (WorkView(seat.work_id, WorkKind.CALL, seat.queue or "", seat.state, seat.state_since),)
    return AgentView(
        seat.agent.name,
        seat.status,
        seat.reason,
        seat.status_since,
        None,
        "",
        seat.state,
        seat.state_since,
        seat.work_id,
        seat.queue or "",
        all_work,
        seat.until,
        seat.agent.skills,
        seat.logged_in,
        seat.reachable,
    )

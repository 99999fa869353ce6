"""The agents' side: who comes and goes, who is rung, talks and wraps up, and what of it ends when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from acd.agenda import Agenda
from acd.agents import AgentState, AgentStatus, MissedRule
from acd.events import (
    AgentRung,
    AgentTaken,
    CancelOffer,
    Command,
    DeskChanged,
    Disposed,
    HoldChanged,
    LineChanged,
    Refusal,
    Refused,
    RingingEnded,
    StandingFound,
    StatusChanged,
    TalkEnded,
    TalkFound,
    WrapUpEnded,
)
from acd.floor import Floor
from acd.queues import Queue
from acd.seats import Part, Seat
from acd.waiting import Place
from acd.work import WorkKind

# An agent who did not answer is offered nothing for so long: the others are tried meanwhile.
MISSED_PAUSE_SECONDS = 30.0
_PAUSE = timedelta(seconds=MISSED_PAUSE_SECONDS)
_EVERYTHING = frozenset(WorkKind)
_AT_DESK = _EVERYTHING - {WorkKind.CALL}
_TALKING = (AgentState.TALKING, AgentState.HOLD)


class Shift:
    """What ends offers returns the work that can be offered anew. `changed`: agents to be shown anew."""

    def __init__(
        self,
        queues: Mapping[str, Queue],
        floor: Floor,
        agenda: Agenda[Place | Seat],
        commands: list[Command],
    ) -> None:
        self.changed: set[str] = set()
        self._queues = queues
        self._floor = floor
        self._agenda = agenda
        self._commands = commands

    # --- offers -------------------------------------------------------------------------------------------

    def cancel(self, work_id: str, agent: str, now: datetime) -> None:
        """Take an offer back; the agent keeps the turn."""
        seat = self._floor.seats[agent]
        seat.end(seat.parts[work_id], now)
        self._commands.append(CancelOffer(work_id, agent))
        self._settle(seat)

    def revoke(self, seat: Seat, now: datetime, kinds: frozenset[WorkKind] = _EVERYTHING) -> list[str]:
        """Take back what is being offered to an agent."""
        offered = [part for part in seat.parts.values() if part.offered and part.kind in kinds]
        for part in offered:
            self.cancel(part.work_id, seat.agent.name, now)
        return [part.work_id for part in offered]

    def missed(self, work_id: str, agent: str, now: datetime) -> list[str]:
        """The offer came to nothing."""
        seat, part = self._part(work_id, agent, AgentState.OFFERED)
        if seat is None or part is None or not part.offered:
            return []
        seat.end(part, now)
        if part.kind.patient:  # callers are taken all the same
            seat.no_task_until = now + _PAUSE
            self._settle(seat)
            return [work_id]
        seat.idle_since = now
        if seat.agent.missed is MissedRule.STATUS and seat.status is AgentStatus.AVAILABLE:
            seat.choose(AgentStatus.MISSED, "", now)
        elif seat.agent.missed is MissedRule.PAUSE:
            seat.skipped_until = now + _PAUSE
        self._settle(seat)
        return [work_id]

    def answered(self, work_id: str, agent: str, now: datetime) -> None:
        seat = self._floor.seats[agent]
        seat.answer(seat.parts[work_id], now)
        self._settle(seat)

    # --- work ---------------------------------------------------------------------------------------------

    def at_work(
        self, event: HoldChanged | TalkFound | AgentTaken | Disposed | WrapUpEnded, now: datetime
    ) -> list[str]:
        """What an agent does about the work they have."""
        seat = self._floor.seats.get(event.agent)
        if seat is None:
            if isinstance(event, AgentTaken):
                self._commands.append(Refused(event.work_id, Refusal.BUSY))
            return []
        again: list[str] = []
        match event:
            case HoldChanged(work_id, _, on):
                part = seat.parts.get(work_id)
                before, after = _TALKING if on else _TALKING[::-1]
                if part is not None and part.state is before:
                    part.become(after, now)
            case TalkFound():
                part = seat.parts.get(event.work_id)
                if part is not None and part.rung:
                    part.wrap_up_seconds = event.wrap_up_seconds
                    seat.answer(part, event.since)
                elif part is None or part.state not in _TALKING:
                    again = self.revoke(seat, now)
                    if part is not None and part.state is AgentState.WRAP_UP:
                        seat.end(part, now)  # of a call that came back
                    part = Part(event.work_id, event.kind, event.queue, event.since)
                    part.wrap_up_seconds = event.wrap_up_seconds
                    seat.begin(part, AgentState.TALKING, event.since)
            case AgentTaken():
                if not seat.signed_in or not seat.has_room_for(event.kind, beside_offers=True):
                    self._commands.append(Refused(event.work_id, Refusal.BUSY))
                else:
                    again = self.revoke(seat, now)
                    part = Part(event.work_id, event.kind, event.queue, now)
                    part.wrap_up_seconds = event.wrap_up_seconds
                    seat.begin(part, AgentState.TALKING, now)
            case Disposed(work_id):
                if (part := seat.parts.get(work_id)) is not None:
                    part.disposed = True
                    if part.state is AgentState.WRAP_UP and part.plain_end is not None:
                        part.ends = part.plain_end
                        if part.plain_end <= now:
                            seat.end(part, now)
            case WrapUpEnded():
                for part in tuple(seat.parts.values()):
                    if part.state is AgentState.WRAP_UP and not part.undisposed:
                        seat.end(part, now)
        self._settle(seat)
        return again

    def asked(self, event: AgentRung | RingingEnded, now: datetime) -> list[str]:
        """A colleague has an agent rung, or no longer."""
        seat = self._floor.seats.get(event.agent)
        if seat is None:
            return []
        again: list[str] = []
        part = seat.parts.get(event.work_id)
        if isinstance(event, RingingEnded):
            if part is not None and part.rung:
                seat.end(part, now)
        elif part is None:
            again = self.revoke(seat, now)
            rung = Part(event.work_id, event.kind, event.queue, now, asked=True)
            seat.begin(rung, AgentState.OFFERED, now)
        self._settle(seat)
        return again

    def talk_ended(self, event: TalkEnded, now: datetime) -> float | None:
        """What the work took, with the wrap-up that is due. None: the agent had no part in it."""
        seat, part = self._part(event.work_id, event.agent, *_TALKING)
        if seat is None or part is None:
            return None
        # What is answered in writing is done when it is sent.
        queue = None if part.kind.patient else self._queues.get(part.queue)
        seconds = part.wrap_up_seconds
        if seconds is None:
            seconds = 0.0 if queue is None else queue.wrap_up_seconds
        limit_seconds = seconds
        if queue is not None and queue.disposition_required and not part.disposed:
            limit_seconds = max(seconds, queue.wrap_up_limit_seconds)
        took = (now - (part.began or now)).total_seconds() + seconds
        if event.failed:
            seat.end(part, now)
            seat.skipped_until = now + _PAUSE
        elif limit_seconds <= 0:
            seat.end(part, now)
        else:
            part.become(AgentState.WRAP_UP, now)
            part.ends = part.plain_end = now + timedelta(seconds=seconds)
            if limit_seconds > seconds:
                part.limit = now + timedelta(seconds=limit_seconds)
                if seconds <= 0:
                    part.ends = part.limit
        self._settle(seat)
        return took

    def let_go(self, work_id: str, agent: str, now: datetime) -> None:
        """An agent who had answered, but whom the caller did not live to hear."""
        seat, part = self._part(work_id, agent, *_TALKING)
        if seat is not None and part is not None:
            idle_since = seat.idle_since
            seat.end(part, now)
            seat.idle_since = idle_since
            self._settle(seat)

    # --- coming and going ---------------------------------------------------------------------------------

    def presence(
        self, event: StatusChanged | StandingFound | LineChanged | DeskChanged, now: datetime
    ) -> list[str]:
        """What agents, and their telephones, say of themselves."""
        seat = self._floor.seats.get(event.agent)
        if seat is None:
            return []
        again: list[str] = []
        match event:
            case StatusChanged(_, status, reason):
                if status is not AgentStatus.AVAILABLE:
                    again = self.revoke(seat, now)
                seat.choose(status, reason, now)
            case StandingFound(_, status, reason, since, work_id, until, queue):
                if not seat.parts:
                    seat.choose(status, reason, since)
                if work_id is not None and until is not None and until > now and work_id not in seat.parts:
                    again = self.revoke(seat, now)
                    part = Part(work_id, WorkKind.CALL, queue, now)
                    seat.begin(part, AgentState.WRAP_UP, now)
                    part.ends = part.plain_end = until
            case LineChanged(_, busy, reachable):
                seat.line_busy, seat.reachable = busy, reachable
                if not reachable:
                    again = self.revoke(seat, now, frozenset({WorkKind.CALL}))
            case DeskChanged(_, present):
                seat.at_desk = present
                if not present:
                    again = self.revoke(seat, now, _AT_DESK)
        self._settle(seat)
        return again

    def due(self, seat: Seat, now: datetime) -> list[str]:
        """What of an agent's ends by itself."""
        again: list[str] = []
        for part in tuple(seat.parts.values()):
            if part.ends is None or part.ends > now:
                continue
            if part.state is AgentState.WRAP_UP:
                if part.undisposed and part.limit is not None and part.limit > now:
                    part.ends = part.limit
                else:
                    seat.end(part, part.ends)
            else:
                again += self.missed(part.work_id, seat.agent.name, now)
                self._commands.append(CancelOffer(part.work_id, seat.agent.name, missed=True))
        if seat.skipped_until is not None and seat.skipped_until <= now:
            seat.skipped_until = None
        if seat.no_task_until is not None and seat.no_task_until <= now:
            seat.no_task_until = None
        self._settle(seat)
        return again

    # --- inside -------------------------------------------------------------------------------------------

    def _part(self, work_id: str, agent: str, *states: AgentState) -> tuple[Seat | None, Part | None]:
        seat = self._floor.seats.get(agent)
        part = None if seat is None else seat.parts.get(work_id)
        return seat, part if part is not None and part.state in states else None

    def _settle(self, seat: Seat) -> None:
        """Once something of the seat has changed."""
        self.changed.add(seat.agent.name)
        self._agenda.put(seat, seat.next_end())
        if seat.leaving and not seat.parts:
            self._agenda.put(seat, None)
            self._floor.remove(seat)
        else:
            self._floor.refresh(seat)

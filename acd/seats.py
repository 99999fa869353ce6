"""Seats: each agent as they are now, and their parts in the work that goes on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from acd.agents import Agent, AgentState, AgentStatus
from acd.views import AgentView, WorkView
from acd.work import WorkKind

# Each state's lawful successors, of one part in a piece of work. IDLE is before it and after it.
TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    AgentState.IDLE: frozenset({AgentState.OFFERED, AgentState.TALKING, AgentState.WRAP_UP}),
    AgentState.OFFERED: frozenset({AgentState.IDLE, AgentState.TALKING}),
    AgentState.TALKING: frozenset({AgentState.HOLD, AgentState.WRAP_UP, AgentState.IDLE}),
    AgentState.HOLD: frozenset({AgentState.TALKING, AgentState.WRAP_UP, AgentState.IDLE}),
    AgentState.WRAP_UP: frozenset({AgentState.IDLE}),
}
# While a part is in one of these, nothing is offered.
UNDISTURBED = frozenset({AgentState.OFFERED, AgentState.WRAP_UP})
OCCUPIED = frozenset({AgentState.TALKING, AgentState.HOLD, AgentState.WRAP_UP})
ON_THE_LINE = frozenset({AgentState.TALKING, AgentState.HOLD})
IN_WRITING = {WorkKind.CHAT: "chatting", WorkKind.TASK: "writing"}
HOUR = timedelta(hours=1)
_PERCENT = HOUR / 100
_NOT_KNOWN = datetime.min.replace(tzinfo=UTC)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)

_KIND_ORDER = {kind: order for order, kind in enumerate(WorkKind)}
_STATE_ORDER = {state: order for order, state in enumerate(AgentState)}


@dataclass(slots=True, eq=False)
class Part:
    """An agent's part in one piece of work. `ends`: of an offer or of wrap-up. `asked`: it is no queue's
    offer, but a colleague's. `yields`: while it is offered only, a caller comes before it.

    Wrap-up goes on until `plain_end`, and until `limit` while a disposition is demanded and not given.
    """

    work_id: str
    kind: WorkKind
    queue: str
    since: datetime
    state: AgentState = AgentState.IDLE
    ends: datetime | None = None
    began: datetime | None = None
    wrap_up_seconds: float | None = None
    plain_end: datetime | None = None
    limit: datetime | None = None
    disposed: bool = False
    asked: bool = False
    yields: bool = False

    def become(self, state: AgentState, now: datetime) -> None:
        """Raises ValueError when the table forbids it."""
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"work {self.work_id} cannot go from {self.state} to {state}")
        self.state, self.since, self.ends = state, now, None

    @property
    def offered(self) -> bool:
        """Whether a queue offers it, and can take it back."""
        return self.state is AgentState.OFFERED and not self.asked

    @property
    def rung(self) -> bool:
        """Whether a colleague has the agent rung for it."""
        return self.state is AgentState.OFFERED and self.asked

    @property
    def undisposed(self) -> bool:
        """Whether wrap-up waits for a disposition."""
        return self.limit is not None and not self.disposed


@dataclass(slots=True, eq=False)
class Seat:
    """An agent as they are now. `idle_since` decides whose turn it is.

    `skipped_until`: offered nothing before, since an offer came to nothing; `no_task_until`: nothing written,
    since they let that go. `line_busy`: the telephone is in
    use, by whatever call. `at_desk`: a page is open where they could write. `next_status`: chosen during
    work. `leaving`: no configuration names them any more. `bit`: their place in the masks of the Floor, which
    `placed` them when they were idle since then; `rank`: their place by name. `due`: when something of theirs
    ends.
    """

    agent: Agent
    status: AgentStatus = AgentStatus.OFFLINE
    reason: str = ""
    status_since: datetime | None = None
    next_status: AgentStatus | None = None
    next_reason: str = ""
    parts: dict[str, Part] = field(default_factory=dict)
    idle_since: datetime | None = None
    skipped_until: datetime | None = None
    no_task_until: datetime | None = None
    line_busy: bool = False
    reachable: bool = True
    at_desk: bool = True
    leaving: bool = False
    bit: int = 0
    placed: datetime | None = None
    rank: int = 0
    due: datetime | None = None
    _busy_since: datetime | None = None
    _busy: deque[tuple[datetime, datetime]] = field(default_factory=deque)  # within the last hour
    _busy_sum: timedelta = timedelta()  # of all in it
    _percent: int = 0
    _percent_until: datetime = _FOR_EVER  # it is right for hours that begin by then
    _counted_on: date | None = None
    _count: int = 0

    # --- what they are at ---------------------------------------------------------------------------------

    @property
    def main(self) -> Part | None:
        """The part that gives the state: a call before a chat before a task."""
        if len(self.parts) < 2:
            return next(iter(self.parts.values()), None)
        return min(self.parts.values(), key=lambda p: (_KIND_ORDER[p.kind], -_STATE_ORDER[p.state]))

    @property
    def state(self) -> AgentState:
        main = self.main
        return AgentState.IDLE if main is None else main.state

    @property
    def signed_in(self) -> bool:
        """Whether they are there, and mean to stay."""
        return (self.next_status or self.status) is not AgentStatus.OFFLINE and not self.leaving

    @property
    def available(self) -> bool:
        """Whether work can be expected of them, now or after the present work."""
        return (self.next_status or self.status) is AgentStatus.AVAILABLE and not self.leaving

    def serves(self, kind: WorkKind) -> bool:
        """Whether such work may come to them, now or after what they are at."""
        there = self.at_desk if kind is not WorkKind.CALL else self.reachable
        return self.available and there and self.agent.room_for(kind) > 0

    def free_for(self, kind: WorkKind) -> bool:
        """Whether such work can be offered."""
        return self.would_be_free_for(kind) and self.has_room_for(kind)

    def would_be_free_for(self, kind: WorkKind) -> bool:
        """Whether such work could be offered if they had nothing else to do."""
        if self.status is not AgentStatus.AVAILABLE or not self.available or self.skipped_until is not None:
            return False
        if kind is WorkKind.CALL and (self.line_busy or not self.reachable):
            return False
        if kind is not WorkKind.CALL and not self.at_desk:
            return False
        if kind is WorkKind.TASK and self.no_task_until is not None:
            return False
        return self.agent.room_for(kind) > 0

    def has_room_for(self, kind: WorkKind, *, beside_offers: bool = False) -> bool:
        """Whether such work fits beside what they are at, whatever their status.

        `beside_offers`: if what is only offered were taken back; a caller takes back what yields in any case.
        """
        agent = self.agent
        caller = not kind.patient
        parts = [
            p for p in self.parts.values() if not (p.offered and (beside_offers or (p.yields and caller)))
        ]
        if not parts:
            return agent.room_for(kind) > 0
        if kind in agent.alone or any(p.state in UNDISTURBED or p.kind in agent.alone for p in parts):
            return False
        return sum(p.kind is kind for p in parts) < agent.room_for(kind)

    # --- changes ------------------------------------------------------------------------------------------

    def choose(self, status: AgentStatus, reason: str, now: datetime) -> None:
        """At once, or after the present work."""
        self.skipped_until = self.no_task_until = None
        if self.parts:
            same = status is self.status and reason == self.reason
            self.next_status, self.next_reason = (None, "") if same else (status, reason)
        else:
            self._take(status, reason, now)

    def begin(self, part: Part, state: AgentState, now: datetime) -> None:
        part.become(state, now)
        self.parts[part.work_id] = part
        if state in OCCUPIED:
            self._occupied(part, now)

    def answer(self, part: Part, now: datetime) -> None:
        part.become(AgentState.TALKING, now)
        self._occupied(part, now)

    def end(self, part: Part, now: datetime) -> None:
        """The part is over, at `now`; with the last one, a status chosen meanwhile is taken."""
        part.become(AgentState.IDLE, now)
        del self.parts[part.work_id]
        if self._busy_since is not None and not any(p.state in OCCUPIED for p in self.parts.values()):
            self._busy.append((self._busy_since, now))
            self._busy_sum += now - self._busy_since
            self._busy_since = None
            self._measure(now - HOUR)
            self.idle_since = now
        if not self.parts and self.next_status is not None:
            self._take(self.next_status, self.next_reason, now)

    def next_end(self) -> datetime | None:
        """When something of theirs ends by itself."""
        ends = [part.ends for part in self.parts.values() if part.ends is not None]
        ends += [until for until in (self.skipped_until, self.no_task_until) if until is not None]
        return min(ends, default=None)

    def _take(self, status: AgentStatus, reason: str, now: datetime) -> None:
        if status is not self.status:
            self.idle_since = now
        if (status, reason) != (self.status, self.reason):
            self.status, self.reason, self.status_since = status, reason, now
        self.next_status, self.next_reason = None, ""

    def _occupied(self, part: Part, now: datetime) -> None:
        part.began = now
        if self._busy_since is None:
            self._busy_since = now
            self._percent_until = _NOT_KNOWN
        today = now.date()
        self._count = self.handled_on(today) + 1
        self._counted_on = today

    # --- measures -----------------------------------------------------------------------------------------

    def handled_on(self, today: date) -> int:
        """Pieces of work taken since midnight UTC."""
        return self._count if self._counted_on == today else 0

    def occupancy_percent(self, now: datetime) -> int:
        """The part of the last hour spent on work, in whole percent."""
        since = now - HOUR
        if since > self._percent_until:
            self._measure(since)
        return self._percent

    def _measure(self, since: datetime) -> None:
        self._forget_before(since)
        busy, of = self._busy, self._busy_sum
        self._percent_until = busy[0][0] if busy else _FOR_EVER
        slides = bool(busy) and busy[0][0] < since
        if slides:
            of -= since - busy[0][0]
        if self._busy_since is not None:
            of += since + HOUR - max(self._busy_since, since)
            self._percent_until = _NOT_KNOWN
        self._percent, rest = divmod(of, _PERCENT)
        if slides and self._busy_since is None:
            self._percent_until = since + rest  # the oldest work leaves the hour, second by second

    def _forget_before(self, since: datetime) -> None:
        while self._busy and self._busy[0][1] <= since:
            start, end = self._busy.popleft()
            self._busy_sum -= end - start

    def view(self) -> AgentView:
        main = self.main
        return AgentView(
            name=self.agent.name,
            status=self.status,
            reason=self.reason,
            status_since=self.status_since,
            next_status=self.next_status,
            next_reason=self.next_reason,
            state=AgentState.IDLE if main is None else main.state,
            state_since=self.idle_since if main is None else main.since,
            work=None if main is None else main.work_id,
            queue="" if main is None else main.queue,
            all_work=tuple(
                WorkView(p.work_id, p.kind, p.queue, p.state, p.since) for p in self.parts.values()
            ),
            wrap_up_until=main.ends if main is not None and main.state is AgentState.WRAP_UP else None,
            skills=self.agent.skills,
            signed_in=self.signed_in,
            reachable=self.reachable,
            room_for_call=not self.parts or self.has_room_for(WorkKind.CALL, beside_offers=True),
        )

    def counted(self) -> str:
        """The word by which they are counted: the state, or the status of one who is idle for it; of who
        talks in writing "chatting" or "writing"."""
        main, state = self.main, self.state
        if main is not None and state in ON_THE_LINE and main.kind in IN_WRITING:
            return IN_WRITING[main.kind]
        idle = state is AgentState.IDLE and self.status is not AgentStatus.AVAILABLE
        return self.status.value if idle else state.value

"""In whatever order things happen: nobody is offered twice or forgotten, and it can be repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.agents import Agent, AgentState, AgentStatus, MissedRule
from acd.distribution import Distribution
from acd.events import (
    AgentAnswered,
    AgentMissed,
    AgentRung,
    AgentTaken,
    CallerJoined,
    CallerLeft,
    CancelOffer,
    Command,
    Connected,
    Disposed,
    Event,
    HoldChanged,
    LineChanged,
    Moved,
    OfferCall,
    Overflowed,
    Refused,
    RingingEnded,
    StatusChanged,
    TalkEnded,
    TimePassed,
    WrapUpEnded,
)
from acd.queues import Overflow, Queue, RelaxStep, Strategy
from acd.views import AgentView
from acd.work import Waiting, WorkKind

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AGENTS = [
    Agent("anna", {"pl": 3}, missed=MissedRule.STATUS),
    Agent("jan", {"pl": 1, "en": 2}, {WorkKind.CHAT: 2}),
    Agent("ola", {"en": 1}, {WorkKind.CHAT: 1}, alone=frozenset()),
    Agent("ewa"),
]
NAMES = [agent.name for agent in AGENTS]
QUEUES = [
    Queue("orders", agents=frozenset({"anna", "jan", "ola"}), capacity=4, wrap_up_seconds=10),
    Queue(
        "service",
        capacity=6,
        ring_seconds=5,
        wrap_up_seconds=0,
        strategy=Strategy.LEAST_OCCUPIED,
        overflow=(Overflow("orders", after_seconds=50),),
    ),
    Queue(
        "experts",
        priority=1,
        skills={"pl": 3},
        relax=(RelaxStep(10, lower_by=1), RelaxStep(25.1234564, lower_by=1), RelaxStep(40, drop="pl")),
        strategy=Strategy.ROUND_ROBIN,
        disposition_required=True,
        wrap_up_limit_seconds=40,
    ),
]
OTHER_QUEUES = [Queue("orders", capacity=2, wrap_up_seconds=10, skills={"en": 1}), QUEUES[2]]
LONGEST_WAIT = 120.0

acts = st.one_of(
    st.tuples(
        st.just("join"),
        st.sampled_from(["orders", "service", "experts"]),
        st.sampled_from([(), ("pl",), ("en",), ("pl", "en")]),
        st.integers(-1, 2),
        st.sampled_from([WorkKind.CALL, WorkKind.CALL, WorkKind.CHAT, WorkKind.TASK]),
        st.sampled_from(["", "", "anna", "ewa"]),
    ),
    st.tuples(
        st.sampled_from(["answer", "answer", "miss", "fail", "end", "end", "leave", "quiet"]),
        st.integers(0, 9),
    ),
    st.tuples(st.sampled_from(["hold", "dispose", "wrapped", "take", "ring"]), st.sampled_from(NAMES)),
    st.tuples(st.just("status"), st.sampled_from(NAMES), st.sampled_from(list(AgentStatus))),
    st.tuples(st.just("line"), st.sampled_from(NAMES), st.booleans(), st.booleans()),
    st.tuples(st.just("wait"), st.floats(0.1, 60)),
    st.tuples(st.just("set up"), st.booleans(), st.sets(st.sampled_from(NAMES), min_size=1)),
)


def serves(agent: AgentView, queue: Queue, wants: Mapping[str, int]) -> bool:
    return queue.has_member(agent.name) and all(agent.skills.get(s, 0) >= level for s, level in wants.items())


class World:
    """Does what the commands say, and checks each of them against what it knows itself."""

    def __init__(self) -> None:
        self.core = Distribution(QUEUES, AGENTS)
        self.agents = {agent.name: agent for agent in AGENTS}
        self.queues = {queue.name: queue for queue in QUEUES}
        self.now = START
        self.offers: dict[str, str] = {}  # work -> agent, as a network would know them
        self.talks: dict[str, tuple[str, Waiting | None]] = {}  # work -> agent
        self.rung: dict[str, str] = {}  # work -> agent, by a colleague
        self.wrapped_until: dict[str, tuple[datetime, datetime]] = {}  # agent -> the least, and the most
        self.status = dict.fromkeys(NAMES, AgentStatus.OFFLINE)
        self.lines = dict.fromkeys(NAMES, (False, True))
        self.named = set(NAMES)  # by the configuration
        self.waiting: dict[str, Waiting] = {}
        self.in_queue: dict[str, str] = {}
        self.places: dict[str, int] = {}  # as told last
        self.left: Counter[str] = Counter()
        self.log: list[tuple[datetime, Command]] = []
        self.calls = 0

    def tell(self, event: Event) -> None:
        self.see(self.core.handle(event, self.now))

    def see(self, commands: Sequence[Command]) -> None:
        self.log += [(self.now, command) for command in commands]
        for command in commands:
            match command:
                case OfferCall(work_id, agent):
                    self._check_offer(work_id, agent)
                    self.offers[work_id] = agent
                case CancelOffer(work_id, agent, missed):
                    assert self.offers.pop(work_id) == agent
                    if missed:
                        self._missed(agent, work_id)
                case Connected(work_id, agent):
                    assert self.offers.pop(work_id) == agent
                    self.talks[work_id] = agent, self.waiting[work_id]
                    self._gone(work_id)
                case Moved(work_id, position):
                    self.places[work_id] = position
                case Overflowed(work_id, queue):
                    assert work_id not in self.offers
                    self.in_queue[work_id] = queue
                case Refused(work_id):
                    assert work_id not in self.offers
                    if work_id in self.waiting:
                        self._gone(work_id)
        for name in set(NAMES) - self.core.agent_views().keys():  # who comes back begins anew
            self.status[name], self.lines[name] = AgentStatus.OFFLINE, (False, True)
        self._check()

    def _check_offer(self, work_id: str, agent: str) -> None:
        assert agent in self.named, "offered to one who leaves"
        assert agent not in self.offers.values(), "two offers to one agent"
        assert work_id not in self.offers, "two offers of one piece of work"
        assert agent not in self.rung.values(), "offered to one whom a colleague rings"
        assert self.wrapped_until.get(agent, (START, START))[0] <= self.now, "wrap-up was cut short"
        assert self.status[agent] is AgentStatus.AVAILABLE, "offered to one who is not available"
        work, setup = self.waiting[work_id], self.agents[agent]
        if work.kind is WorkKind.CALL:
            assert self.lines[agent] == (False, True)
        at_work = [self.kind_of(other) for other, (who, _) in self.talks.items() if who == agent]
        assert at_work.count(work.kind) < setup.room_for(work.kind), "more than they can do"
        if at_work:
            assert not setup.alone & {work.kind, *at_work}, "not beside other work"

    def kind_of(self, work_id: str) -> WorkKind:
        work = self.talks[work_id][1]
        return WorkKind.CALL if work is None else work.kind

    def _missed(self, agent: str, work_id: str) -> None:
        if self.waiting[work_id].kind.patient:
            return  # who lets a message go is there for callers
        if self.agents[agent].missed is MissedRule.STATUS:
            self.status[agent] = AgentStatus.MISSED

    def _gone(self, work_id: str) -> None:
        self.waiting.pop(work_id, None)
        self.left[work_id] += 1

    def _check(self) -> None:
        views = self.core.agent_views()
        for name, view in views.items():
            parts = {part.work_id: part.state for part in view.all_work}
            assert {w for w, a in (self.offers | self.rung).items() if a == name} == {
                w for w, state in parts.items() if state is AgentState.OFFERED
            }
            assert {w for w, (a, _) in self.talks.items() if a == name} == {
                w for w, state in parts.items() if state in (AgentState.TALKING, AgentState.HOLD)
            }
            if AgentState.WRAP_UP in parts.values():
                assert self.now < self.wrapped_until[name][1], "wrap-up does not end"
        for work_id, work in self.waiting.items():
            assert self.now < work.deadline, "waits for too long"
            if work_id in self.offers or work.kind is not WorkKind.CALL or work.preferred:
                continue
            queue = self.queues.get(self.in_queue[work_id], None)
            wants = dict.fromkeys(work.skills, 1) | dict(queue.skills if queue is not None else {"x": 1})
            for view in views.values():
                seat = self.core._floor.seats[view.name]
                free = seat.free_for(WorkKind.CALL)
                assert not (free and queue and serves(view, queue, wants)), "forgotten"
        callers = [name for name, work in self.waiting.items() if not work.kind.patient]
        for name, queue_name in Counter(self.in_queue[w] for w in callers).items():
            told = sorted(self.places[w] for w in callers if self.in_queue[w] == name)
            assert told == list(range(1, queue_name + 1)), "a wrong place was told"
        deadline = self.core.next_deadline()
        assert deadline is None or deadline > self.now

    def pass_time(self, seconds: float) -> None:
        end = self.now + timedelta(seconds=seconds)
        while (deadline := self.core.next_deadline()) is not None and deadline <= end:
            self.now = deadline
            self.tell(TimePassed())
        self.now = end

    def act(self, act: tuple) -> None:  # type: ignore[type-arg]
        match act:
            case ("join", queue, skills, priority, kind, preferred):
                self.calls += 1
                name = f"work{self.calls}"
                work = Waiting(name, queue, self.now, skills, priority, LONGEST_WAIT, kind, preferred)
                self.waiting[name], self.in_queue[name] = work, queue
                self.tell(CallerJoined(work))
            case ("answer", index) if self.offers:
                work_id, agent = list(self.offers.items())[index % len(self.offers)]
                self.tell(AgentAnswered(work_id, agent))
            case ("miss", index) if self.offers:
                work_id = list(self.offers)[index % len(self.offers)]
                agent = self.offers.pop(work_id)
                self._missed(agent, work_id)
                self.tell(AgentMissed(work_id, agent))
            case (("end" | "fail") as how, index) if self.talks:
                work_id = list(self.talks)[index % len(self.talks)]
                agent, caller = self.talks.pop(work_id)
                if how == "fail" and caller is not None:
                    self.waiting[work_id] = caller
                    self.left[work_id] -= 1
                elif (
                    caller is not None
                    and not caller.kind.patient  # done when it is sent
                    and (queue := self.queues.get(self.in_queue[work_id])) is not None
                ):
                    least = self.now + timedelta(seconds=queue.wrap_up_seconds)
                    most = least + timedelta(seconds=40 if queue.disposition_required else 0)
                    before = self.wrapped_until.get(agent, (START, START))
                    self.wrapped_until[agent] = max(before[0], least), max(before[1], most)
                self.tell(TalkEnded(work_id, agent, failed=how == "fail"))
            case ("leave", index) if self.waiting:
                work_id = list(self.waiting)[index % len(self.waiting)]
                self._gone(work_id)
                self.tell(CallerLeft(work_id))
            case ("hold", agent):
                for work_id in [w for w, (who, _) in self.talks.items() if who == agent]:
                    self.tell(HoldChanged(work_id, agent, on=self.calls % 2 == 0))
            case ("dispose", agent) if agent in self.core.agent_views():
                for part in self.core.agent_views()[agent].all_work:
                    self.tell(Disposed(part.work_id, agent))
            case ("wrapped", agent):
                self.wrapped_until[agent] = self.now, self.wrapped_until.get(agent, (START, START))[1]
                self.tell(WrapUpEnded(agent))
            case ("take", agent):
                self.calls += 1
                work_id = f"taken{self.calls}"
                if self.core.may_take(agent):
                    self.talks[work_id] = agent, None
                self.tell(AgentTaken(work_id, agent))
            case ("ring", agent) if agent in self.core.agent_views():
                self.calls += 1
                self.rung[f"rung{self.calls}"] = agent
                self.tell(AgentRung(f"rung{self.calls}", agent))
            case ("quiet", index) if self.rung:
                work_id = list(self.rung)[index % len(self.rung)]
                self.tell(RingingEnded(work_id, self.rung.pop(work_id)))
            case ("status", agent, status) if agent in self.core.agent_views():
                self.status[agent] = status
                self.tell(StatusChanged(agent, status))
            case ("line", agent, busy, reachable) if agent in self.core.agent_views():
                self.lines[agent] = busy, reachable
                self.tell(LineChanged(agent, busy, reachable))
            case ("wait", seconds):
                self.pass_time(seconds)
            case ("set up", other, names):
                queues = OTHER_QUEUES if other else QUEUES
                self.queues = {queue.name: queue for queue in queues}
                agents = [agent for agent in AGENTS if agent.name in names]
                self.named = names
                self.see(self.core.reconfigure(queues, agents, self.now))


def played(script: list[tuple]) -> World:  # type: ignore[type-arg]
    world = World()
    for name in ("anna", "jan"):
        world.act(("status", name, AgentStatus.AVAILABLE))
    for act in script:
        world.act(act)
    return world


@settings(deadline=None, max_examples=150)
@given(st.lists(acts, max_size=50))
def test_nobody_is_offered_twice_and_nobody_is_forgotten(script: list[tuple]) -> None:  # type: ignore[type-arg]
    world = played(script)
    world.pass_time(LONGEST_WAIT)
    assert not world.waiting, "everybody has left by the limit"
    came = {f"work{number}" for number in range(1, world.calls + 1)} & set(world.in_queue)
    assert {work_id for work_id, times in world.left.items() if times} == came
    assert set(world.left.values()) <= {1}, "each leaves once"


@settings(deadline=None, max_examples=50)
@given(st.lists(acts, max_size=40))
def test_the_same_events_give_the_same_commands(script: list[tuple]) -> None:  # type: ignore[type-arg]
    assert played(script).log == played(script).log


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 2), min_size=2, max_size=12))
def test_those_of_one_priority_are_served_in_the_order_in_which_they_came(priorities: list[int]) -> None:
    queue = Queue("orders", wrap_up_seconds=0)
    core = Distribution([queue], [Agent("anna")])
    core.handle(StatusChanged("anna", AgentStatus.AVAILABLE), START)
    core.handle(CallerJoined(Waiting("talks", "orders", START)), START)
    core.handle(AgentAnswered("talks", "anna"), START)
    for number, priority in enumerate(priorities):
        since = START + timedelta(seconds=number)
        core.handle(CallerJoined(Waiting(f"{number:02}", "orders", since, priority=priority)), since)
    served, talking, now = [], "talks", START + timedelta(seconds=60)
    for _ in priorities:
        (offer,) = [c for c in core.handle(TalkEnded(talking, "anna"), now) if isinstance(c, OfferCall)]
        talking = offer.work_id
        served.append(talking)
        core.handle(AgentAnswered(talking, "anna"), now)
    assert served == sorted(served, key=lambda call_id: (-priorities[int(call_id)], call_id))

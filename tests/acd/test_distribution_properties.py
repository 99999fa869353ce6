"""In whatever order things happen: nobody is offered twice or forgotten, and it can be repeated."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.agents import Agent, AgentState, AgentStatus
from acd.distribution import Distribution
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
    Refused,
    StatusChanged,
    TalkEnded,
    TimePassed,
)
from acd.queues import Queue, Waiting
from acd.waiting import PRIORITY_SECONDS
from acd.work import WorkKind

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AGENTS = [
    Agent("anna", {"pl": 3}),
    Agent("jan", {"pl": 1, "en": 2}),
    Agent("ola", {"en": 1}),
    Agent("ewa"),
]
NAMES = [agent.name for agent in AGENTS]
QUEUES = [
    Queue("orders", agents=frozenset({"anna", "jan", "ola"}), capacity=4, wrap_up_seconds=10),
    Queue("service", capacity=6, ring_seconds=5, wrap_up_seconds=0),
]
LONGEST_WAIT = 120.0

acts = st.one_of(
    st.tuples(
        st.just("join"),
        st.sampled_from(["orders", "service"]),
        st.sampled_from([(), ("pl",), ("en",), ("pl", "en")]),
        st.integers(0, 2),
    ),
    st.tuples(st.sampled_from(["answer", "miss", "end", "leave"]), st.integers(0, 9)),
    st.tuples(st.just("status"), st.sampled_from(NAMES), st.sampled_from(list(AgentStatus))),
    st.tuples(st.just("line"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("wait"), st.floats(0.1, 60)),
)


def serves(agent: Agent, queue: Queue, skills: tuple[str, ...]) -> bool:
    return queue.has_member(agent.name) and all(agent.skills.get(skill, 0) > 0 for skill in skills)


def turn(caller: Waiting) -> tuple[datetime, str]:
    return caller.since - timedelta(seconds=PRIORITY_SECONDS * caller.priority), caller.work_id


class World:
    """Does what the commands say, and checks each of them."""

    def __init__(self) -> None:
        self.core = Distribution(QUEUES, AGENTS)
        self.now = START
        self.offers: dict[str, str] = {}  # call -> agent, as a network would know them
        self.talks: dict[str, str] = {}  # agent -> call
        self.wrapped_until: dict[str, datetime] = {}
        self.status = dict.fromkeys(NAMES, AgentStatus.OFFLINE)
        self.busy = dict.fromkeys(NAMES, False)
        self.waiting: dict[str, Waiting] = {}
        self.places: dict[str, int] = {}  # as told last
        self.left: Counter[str] = Counter()
        self.log: list[tuple[datetime, Command]] = []
        self.calls = 0

    def tell(self, event: Event) -> None:
        commands = self.core.handle(event, self.now)
        self.log += [(self.now, command) for command in commands]
        for command in commands:
            match command:
                case OfferCall(call_id, agent):
                    assert agent not in self.offers.values(), "two offers to one agent"
                    assert call_id not in self.offers, "two offers of one caller"
                    assert agent not in self.talks
                    assert self.wrapped_until.get(agent, START) <= self.now, "wrap-up was cut short"
                    assert self.status[agent] is AgentStatus.AVAILABLE
                    assert not self.busy[agent]
                    self.offers[call_id] = agent
                case CancelOffer(call_id, agent):
                    assert self.offers.pop(call_id) == agent
                case Connected(call_id, agent):
                    assert self.offers.pop(call_id) == agent
                    self.talks[agent] = call_id
                    self._gone(call_id)
                case Moved(call_id, position):
                    self.places[call_id] = position
                case Refused(call_id):
                    assert call_id not in self.offers
                    self._gone(call_id)
        self._check()

    def _gone(self, call_id: str) -> None:
        self.waiting.pop(call_id, None)
        self.left[call_id] += 1

    def _check(self) -> None:
        seats = self.core._floor.seats
        for name, seat in seats.items():
            assert (seat.state is AgentState.OFFERED) == (name in self.offers.values())
            assert (seat.state is AgentState.TALKING) == (name in self.talks)
        free = [seat.agent for seat in seats.values() if seat.free_for(WorkKind.CALL)]
        queues = {queue.name: queue for queue in QUEUES}
        for caller in self.waiting.values():
            assert self.now < caller.deadline, "waits for too long"
            if caller.work_id not in self.offers:
                queue = queues[caller.queue]
                assert not any(serves(agent, queue, caller.skills) for agent in free), "forgotten"
        for name in queues:
            in_turn = sorted((c for c in self.waiting.values() if c.queue == name), key=turn)
            told = [self.places[caller.work_id] for caller in in_turn]
            assert told == list(range(1, len(told) + 1)), "a wrong place was told"
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
            case ("join", queue, skills, priority):
                self.calls += 1
                caller = Waiting(f"call{self.calls}", queue, self.now, skills, priority, LONGEST_WAIT)
                self.waiting[caller.work_id] = caller
                self.tell(CallerJoined(caller))
            case ("answer", index) if self.offers:
                call_id, agent = list(self.offers.items())[index % len(self.offers)]
                self.tell(AgentAnswered(call_id, agent))
            case ("miss", index) if self.offers:
                call_id = list(self.offers)[index % len(self.offers)]
                self.tell(AgentMissed(call_id, self.offers.pop(call_id)))
            case ("end", index) if self.talks:
                agent = list(self.talks)[index % len(self.talks)]
                call_id = self.talks.pop(agent)
                if self.core.agent_views()[agent].queue == "orders":
                    self.wrapped_until[agent] = self.now + timedelta(seconds=10)
                self.tell(TalkEnded(call_id, agent))
            case ("leave", index) if self.waiting:
                call_id = list(self.waiting)[index % len(self.waiting)]
                self._gone(call_id)
                self.tell(CallerLeft(call_id))
            case ("status", agent, status):
                self.status[agent] = status
                self.tell(StatusChanged(agent, status))
            case ("line", agent, busy):
                self.busy[agent] = busy
                self.tell(LineChanged(agent, busy))
            case ("wait", seconds):
                self.pass_time(seconds)


def played(script: list[tuple]) -> World:  # type: ignore[type-arg]
    world = World()
    for name in ("anna", "jan"):
        world.act(("status", name, AgentStatus.AVAILABLE))
    for act in script:
        world.act(act)
    return world


@settings(deadline=None, max_examples=300)
@given(st.lists(acts, max_size=60))
def test_nobody_is_offered_twice_and_nobody_is_forgotten(script: list[tuple]) -> None:  # type: ignore[type-arg]
    world = played(script)
    world.pass_time(LONGEST_WAIT)
    assert not world.waiting, "everybody has left by the limit"
    assert set(world.left) == {f"call{number}" for number in range(1, world.calls + 1)}
    assert set(world.left.values()) <= {1}, "each caller leaves once"


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

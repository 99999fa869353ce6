"""Which agent gets which caller: skills that relax, strategies, preferred agents, reserves, many at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.agents import Agent, AgentStatus
from acd.events import AgentAnswered, StatusChanged, WrapUpEnded
from acd.queues import Queue, RelaxStep, Strategy
from acd.waiting import PRIORITY_SECONDS, wanted
from tests.acd.floors import Floor, offers

STEPS = (RelaxStep(20, lower_by=1), RelaxStep(40, lower_by=2), RelaxStep(60, drop="cards"))
CARDS = Queue("orders", skills={"cards": 4}, relax=STEPS)


def test_wanted_levels_are_lowered_and_skills_dropped_as_the_wait_grows() -> None:
    assert wanted(CARDS, ("pl",), 0) == (("cards", 4), ("pl", 1))
    assert wanted(CARDS, ("pl",), 1) == (("cards", 3), ("pl", 1))
    assert wanted(CARDS, ("pl", "cards"), 2) == (("cards", 1), ("pl", 1))
    assert wanted(CARDS, ("pl",), 3) == (("pl", 1),)


@pytest.mark.parametrize(("level", "seconds"), [(4, 0), (3, 20), (2, 40), (1, 40), (0, 60)])
def test_an_agent_gets_the_caller_when_what_is_wanted_has_come_down_to_them(level: int, seconds: int) -> None:
    floor = Floor([CARDS], [Agent("anna", {"cards": level} if level else {})])
    found = offers(floor.join("one"))
    if seconds:
        assert not found
        assert not floor.wait(seconds - 0.1)
        found = offers(floor.wait(0.1))
    assert found == {"one": "anna"}


relaxes = st.builds(
    RelaxStep, st.floats(0, 100), st.integers(0, 3), st.none() | st.sampled_from(["a", "b", "c"])
)


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 5)),
    st.sets(st.sampled_from("abcd")),
    st.lists(relaxes, max_size=5),
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 5)),
)
def test_relaxing_is_monotone(
    skills: dict[str, int], needed: set[str], steps: list[RelaxStep], has: dict[str, int]
) -> None:
    queue = Queue("orders", skills=skills, relax=tuple(steps))
    able = [
        all(has.get(skill, 0) >= level for skill, level in wanted(queue, tuple(needed), taken))
        for taken in range(len(steps) + 1)
    ]
    assert able == sorted(able), "who could serve the caller, can later as well"


def test_a_generalist_is_left_to_the_caller_whom_no_specialist_can_serve() -> None:
    queue = Queue("orders", skills={"nobody": 1}, relax=(RelaxStep(30, drop="nobody"),))
    floor = Floor([queue], [Agent("both", {"pl": 1, "ru": 1}), Agent("one", {"pl": 1})])
    floor.join("polish", skills=("pl",))
    floor.join("russian", skills=("ru",))
    assert offers(floor.wait(30)) == {"polish": "one", "russian": "both"}, "though `both` was idle for longer"


def test_at_one_moment_as_many_are_served_as_can_be() -> None:
    """Each caller would take the agent idle for longest, whom alone the next one can have."""
    steps = (RelaxStep(30, drop="nobody"),)
    queue = Queue("orders", skills={"nobody": 1}, relax=steps)
    agents = [Agent("a", {"x": 1, "y": 1}), Agent("b", {"y": 1, "z": 1}), Agent("c", {"z": 1})]
    floor = Floor([queue], agents)
    # x: a only; y: a or b; z: b or c. In turn, z takes b, y takes a, and x has nobody unless both move.
    for work_id, skill in (("1", "z"), ("2", "y"), ("3", "x")):
        assert not floor.join(work_id, skills=(skill,))
    assert offers(floor.wait(30)) == {"1": "c", "2": "b", "3": "a"}


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sets(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=5),
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 1)), min_size=1, max_size=6),
)
def test_a_round_serves_the_most_and_the_first_in_turn(
    agents: list[set[str]], callers: list[tuple[str, int]]
) -> None:
    people = [Agent(f"agent{n}", dict.fromkeys(skills, 1)) for n, skills in enumerate(agents)]
    queue = Queue("orders", skills={"nobody": 1}, relax=(RelaxStep(30, drop="nobody"),))
    floor = Floor([queue], people)
    for number, (skill, priority) in enumerate(callers):
        floor.join(f"{number}", skills=(skill,), priority=priority)
    found = offers(floor.wait(30))
    in_turn = sorted(range(len(callers)), key=lambda n: (-callers[n][1], n))
    served: list[str] = []
    for number in in_turn:  # one after the other, by brute force: is there a way to serve them all?
        if _all_can_be_served([*served, callers[number][0]], agents):
            served.append(callers[number][0])
            assert str(number) in found
        else:
            assert str(number) not in found
    for work_id, agent in found.items():
        assert callers[int(work_id)][0] in agents[int(agent.removeprefix("agent"))]
    assert len(set(found.values())) == len(found), "each agent once"


def _all_can_be_served(skills: list[str], agents: list[set[str]]) -> bool:
    if not skills:
        return True
    return any(
        skills[0] in has and _all_can_be_served(skills[1:], agents[:index] + agents[index + 1 :])
        for index, has in enumerate(agents)
    )


def served_in_order(strategy: Strategy, calls: int) -> list[str]:
    """Each caller talks for as many minutes as the agent's name says."""
    queue = Queue("orders", strategy=strategy, wrap_up_seconds=0)
    floor = Floor([queue], [Agent("b2"), Agent("a9"), Agent("c1")])
    order = []
    for number in range(calls):
        agent = floor.talk(f"{number}")
        order.append(agent)
        floor.end(f"{number}", 60 * int(agent[1]))
    return order


def test_strategies_choose_among_free_agents() -> None:
    assert served_in_order(Strategy.LONGEST_IDLE, 6) == ["b2", "a9", "c1", "b2", "a9", "c1"]
    assert served_in_order(Strategy.ROUND_ROBIN, 6) == ["a9", "b2", "c1", "a9", "b2", "c1"]
    assert served_in_order(Strategy.FEWEST_CALLS, 6) == ["b2", "a9", "c1", "b2", "a9", "c1"]
    # One minute, two and nine of work: c1 catches up with b2, and a9 is left in peace.
    assert served_in_order(Strategy.LEAST_OCCUPIED, 6) == ["b2", "a9", "c1", "c1", "b2", "c1"]


def test_fewest_calls_begin_anew_each_day() -> None:
    floor = Floor([Queue("orders", strategy=Strategy.FEWEST_CALLS, wrap_up_seconds=0)], [Agent("a")])
    floor.talk("one")
    floor.end("one", 60)
    floor.core.reconfigure(floor.core.queues.copy().values(), [Agent("a"), Agent("b")], floor.now)  # type: ignore[attr-defined]
    floor.do(StatusChanged("b", AgentStatus.AVAILABLE))
    assert floor.talk("two") == "b"
    floor.end("two", 60)
    floor.wait(86400)
    assert {floor.talk("three"), floor.talk("four")} == {"a", "b"}


def test_a_preferred_agent_is_waited_for_and_then_anybody_is_taken() -> None:
    floor = Floor([Queue("orders", wrap_up_seconds=0)], [Agent("anna"), Agent("jan"), Agent("ola")])
    assert floor.talk("first") == "anna"
    assert not floor.join("back", preferred="anna", preferred_seconds=20)
    assert offers(floor.join("plain")) == {"plain": "jan"}, "the others do not wait for her"
    assert not floor.wait(19)
    assert offers(floor.wait(1)) == {"back": "ola"}
    assert not floor.join("again", preferred="anna")
    assert offers(floor.end("first")) == {"again": "anna"}


@pytest.mark.parametrize("status", [AgentStatus.BREAK, AgentStatus.OFFLINE])
def test_a_preferred_agent_who_is_not_there_is_not_waited_for(status: AgentStatus) -> None:
    floor = Floor([Queue("orders", wrap_up_seconds=0)], [Agent("anna"), Agent("jan")])
    assert floor.talk("first") == "anna"
    assert not floor.join("back", preferred="anna")
    assert offers(floor.do(StatusChanged("anna", status))) == {"back": "jan"}
    assert not floor.join("stranger", preferred="nobody of that name")
    floor.do(AgentAnswered("back", "jan"))
    assert offers(floor.end("back")) == {"stranger": "jan"}


def test_a_reserve_is_kept_from_what_is_less_important() -> None:
    queues = [Queue("gold", priority=1, reserve=1), Queue("plain")]
    floor = Floor(queues, [Agent("anna"), Agent("jan")])
    assert floor.core.free_for("plain") == 1
    assert floor.core.free_for("gold") == 2
    assert offers(floor.join("one", "plain")) == {"one": "anna"}
    assert not floor.join("two", "plain"), "the last free agent is kept"
    assert floor.core.free_for("plain") == 0
    assert offers(floor.join("three", "gold")) == {"three": "jan"}
    floor.do(AgentAnswered("three", "jan"))
    floor.do(AgentAnswered("one", "anna"))
    floor.end("one", 5)
    assert not floor.do(WrapUpEnded("anna")), "she is the one to be kept now"
    floor.end("three", 5)
    assert offers(floor.do(WrapUpEnded("jan"))) == {"two": "anna"}


def test_priority_is_worth_a_longer_wait_and_nobody_waits_for_ever() -> None:
    floor = Floor([Queue("orders", wrap_up_seconds=0)], [Agent("anna")])
    floor.talk("talks")
    floor.join("plain")
    floor.wait(PRIORITY_SECONDS - 1)
    floor.join("valued", priority=1)
    floor.wait(2)
    floor.join("late", priority=1)
    assert offers(floor.end("talks")) == {"valued": "anna"}
    floor.do(AgentAnswered("valued", "anna"))
    assert offers(floor.end("valued")) == {"plain": "anna"}, "waits for as long as priority is worth"


def test_who_lost_their_agent_goes_before_all_others() -> None:
    floor = Floor([Queue("orders", wrap_up_seconds=0)], [Agent("anna")])
    assert floor.talk("lost") == "anna"
    floor.join("valued", priority=9)
    floor.do(StatusChanged("anna", AgentStatus.OFFLINE))
    floor.end("lost")
    floor.join("lost", again=True, front=True)
    assert offers(floor.do(StatusChanged("anna", AgentStatus.AVAILABLE))) == {"lost": "anna"}

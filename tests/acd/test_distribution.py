"""One queue, step by step: who is offered to whom, who waits, who is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acd.agents import Agent, AgentState, AgentStatus
from acd.distribution import OFFER_GRACE_SECONDS, Distribution
from acd.estimate import expected_wait_seconds
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
from acd.lobby import ABSENCE_SECONDS
from acd.queues import Queue, Waiting
from acd.seats import Part
from acd.shift import MISSED_PAUSE_SECONDS
from acd.work import WorkKind

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ORDERS = Queue("orders", agents=frozenset({"anna", "jan", "ola"}), capacity=3)


class Floor:
    """A Distribution and a clock. `do` returns the commands but those that tell places."""

    def __init__(self, *agents: str, queue: Queue = ORDERS, skills: dict[str, dict[str, int]] | None = None):
        names = sorted(queue.agents)
        self.core = Distribution([queue], [Agent(name, (skills or {}).get(name, {})) for name in names])
        self.now = START
        self.places: list[Moved] = []
        for agent in agents:
            self.log_in(agent)

    def do(self, event: Event, after: float = 0.0) -> list[Command]:
        self.now += timedelta(seconds=after)
        commands = self.core.handle(event, self.now)
        self.places += [c for c in commands if isinstance(c, Moved)]
        return [c for c in commands if not isinstance(c, Moved)]

    def join(
        self, call_id: str, after: float = 0.0, *, open: bool = True, again: bool = False, **more: object
    ) -> list[Command]:
        self.now += timedelta(seconds=after)
        caller = Waiting(call_id, "orders", **{"since": self.now, **more})  # type: ignore[arg-type]
        return self.do(CallerJoined(caller, open, again))

    def log_in(self, agent: str, status: AgentStatus = AgentStatus.AVAILABLE) -> list[Command]:
        return self.do(StatusChanged(agent, status), 1)

    def wait(self) -> list[Command]:
        """Until the next deadline."""
        deadline = self.core.next_deadline()
        assert deadline is not None
        self.now = deadline
        return self.do(TimePassed())


def offer(call_id: str, agent: str) -> OfferCall:
    return OfferCall(call_id, agent, 20.0)


def test_the_agent_who_is_idle_longest_gets_the_caller_who_waits_longest() -> None:
    floor = Floor("jan", "anna")
    assert floor.join("one") == [offer("one", "jan")]
    assert floor.join("two", 1) == [offer("two", "anna")]
    assert floor.join("three", 1) == []
    assert floor.do(AgentAnswered("two", "anna"), 3) == [Connected("two", "anna", 4.0)]
    assert floor.do(AgentAnswered("one", "jan"), 1) == [Connected("one", "jan", 6.0)]
    assert floor.join("four", 1) == []
    assert floor.do(TalkEnded("one", "jan"), 60) == [], "wrap-up"
    assert floor.wait() == [offer("three", "jan")]


def test_a_caller_of_higher_priority_goes_first() -> None:
    floor = Floor("anna")
    floor.join("talks")
    floor.do(AgentAnswered("talks", "anna"))
    floor.join("plain", 1)
    floor.join("valued", 1, priority=5)
    assert [(m.work_id, m.position) for m in floor.places[-2:]] == [("valued", 1), ("plain", 2)]
    floor.do(TalkEnded("talks", "anna"), 30)
    assert floor.wait() == [offer("valued", "anna")]


def test_an_agent_who_misses_is_passed_over_for_a_while() -> None:
    floor = Floor("anna", "jan")
    floor.join("one")
    assert floor.do(AgentMissed("one", "anna"), 20) == [offer("one", "jan")]
    assert floor.do(AgentMissed("one", "jan"), 5) == []
    assert floor.wait() == [offer("one", "anna")]
    assert (floor.now - START).total_seconds() == pytest.approx(22 + MISSED_PAUSE_SECONDS)


def test_an_offer_of_which_nothing_is_reported_ends_by_itself() -> None:
    floor = Floor("anna", "jan")
    floor.join("one")
    assert floor.wait() == [CancelOffer("one", "anna", missed=True), offer("one", "jan")]
    assert (floor.now - START).total_seconds() == pytest.approx(2 + 20 + OFFER_GRACE_SECONDS)
    assert floor.do(AgentAnswered("one", "anna")) == [], "too late: another agent is rung"


def test_a_caller_who_leaves_ends_the_ringing_and_the_agent_keeps_the_turn() -> None:
    floor = Floor("anna", "jan")
    floor.join("one")
    assert floor.do(CallerLeft("one"), 5) == [CancelOffer("one", "anna")]
    assert floor.join("two", 1) == [offer("two", "anna")]
    assert floor.do(CallerLeft("nobody knows")) == []


@pytest.mark.parametrize(
    ("queue", "changes", "why"),
    [
        (ORDERS, {"open": False}, Refusal.CLOSED),
        (ORDERS, {"skills": ("pl",)}, Refusal.NOBODY),
        (Queue("orders", agents=frozenset({"anna"}), capacity=1), {}, Refusal.FULL),
    ],
)
def test_who_cannot_wait_is_told_why(queue: Queue, changes: dict[str, object], why: Refusal) -> None:
    floor = Floor("anna", queue=queue)
    floor.join("first")
    assert floor.join("second", **changes) == [Refused("second", why)]  # type: ignore[arg-type]
    assert floor.core.waiting() == {"orders": 1}


def test_nobody_is_there_when_all_are_offline_but_not_when_they_are_on_a_break() -> None:
    assert Floor().join("one") == [Refused("one", Refusal.NOBODY)]
    floor = Floor()
    floor.log_in("anna", AgentStatus.BREAK)
    assert floor.join("one") == []
    assert floor.log_in("anna") == [offer("one", "anna")]


def test_those_who_wait_are_let_go_when_all_agents_have_logged_out() -> None:
    floor = Floor("anna")
    floor.join("talks")
    floor.do(AgentAnswered("talks", "anna"))
    floor.join("one", 1)
    floor.log_in("anna", AgentStatus.OFFLINE)
    floor.log_in("anna")  # the telephone registered anew
    assert floor.core.next_deadline() == START + timedelta(seconds=2 + 600)
    floor.log_in("anna", AgentStatus.OFFLINE)
    gone_at = floor.now
    assert floor.wait() == [Refused("one", Refusal.NOBODY)]
    assert (floor.now - gone_at).total_seconds() == ABSENCE_SECONDS


def test_waiting_has_a_limit_also_while_it_rings() -> None:
    floor = Floor("anna")
    floor.join("one", max_wait_seconds=15.0)
    assert floor.wait() == [CancelOffer("one", "anna"), Refused("one", Refusal.TIMEOUT)]
    assert (floor.now - START).total_seconds() == 16


def test_only_an_agent_with_all_the_skills_is_rung() -> None:
    queue = Queue("orders", agents=frozenset({"anna", "jan"}))
    floor = Floor("anna", "jan", queue=queue, skills={"anna": {"en": 2}, "jan": {"en": 1, "pl": 3}})
    assert floor.join("one", skills=("pl", "en")) == [offer("one", "jan")]
    assert floor.join("two", skills=("pl",)) == []
    assert floor.join("three", skills=("en",)) == [offer("three", "anna")]


def test_a_queue_that_names_no_agents_is_served_by_all() -> None:
    core = Distribution([Queue("orders")], [Agent("ewa")])
    core.handle(StatusChanged("ewa", AgentStatus.AVAILABLE), START)
    commands = core.handle(CallerJoined(Waiting("one", "orders", START)), START)
    assert offer("one", "ewa") in commands


def test_wrap_up_and_a_busy_line_and_a_break_are_not_cut_short() -> None:
    floor = Floor("anna")
    floor.join("one")
    floor.do(AgentAnswered("one", "anna"), 1)
    floor.do(LineChanged("anna", busy=True))
    floor.join("two", 1)
    assert floor.do(TalkEnded("one", "anna"), 60) == []
    assert floor.wait() == [], "the line is still in use"
    assert floor.core.agents() == {"idle": 1, "offline": 2}
    floor.log_in("anna", AgentStatus.BREAK)
    assert floor.do(LineChanged("anna", busy=False)) == []
    assert floor.core.agents() == {"break": 1, "offline": 2}
    assert floor.log_in("anna") == [offer("two", "anna")]


def test_the_expected_wait_comes_from_what_the_last_calls_took() -> None:
    floor = Floor("anna", "jan")
    floor.join("one")
    floor.do(AgentAnswered("one", "anna"))
    floor.join("two")
    floor.do(AgentAnswered("two", "jan"))
    floor.join("three")
    assert floor.places[-1] == Moved("three", 1, None)
    floor.do(TalkEnded("one", "anna"), 110)  # and 10 s of wrap-up
    assert floor.places[-1] == Moved("three", 1, 60.0)
    floor.join("four")
    assert floor.places[-1] == Moved("four", 2, 120.0)
    count = len(floor.places)
    floor.do(TimePassed(), 1)
    assert len(floor.places) == count, "nothing has changed"


def test_the_expected_wait_is_told_in_steps() -> None:
    assert [expected_wait_seconds(1, 1, handle) for handle in (0.4, 61.9, 62.1, 63.0)] == [5, 60, 60, 65]
    assert expected_wait_seconds(1, 0, 60.0) is None


def test_a_place_is_kept_by_one_who_comes_again() -> None:
    floor = Floor("anna")
    floor.join("talks")
    floor.do(AgentAnswered("talks", "anna"))
    for call_id in ("one", "two", "three"):
        floor.join(call_id, 1)
    since = START + timedelta(seconds=2)
    floor.do(CallerLeft("one"), 5)
    floor.join("four", 1)
    assert floor.join("one", 5, again=True, open=False, since=since) == [], "full and closed do not matter"
    assert floor.places[-4:] == [Moved(c, n, None) for n, c in enumerate(("one", "two", "three", "four"), 1)]


def test_two_who_talk_already_are_taken_over() -> None:
    floor = Floor("anna")
    floor.join("one")
    found = TalkFound("older", "anna", "orders", START - timedelta(seconds=40))
    assert floor.do(found) == [CancelOffer("one", "anna")]
    assert floor.do(AgentAnswered("one", "anna")) == []
    assert floor.do(TalkFound("x", "a stranger", "orders", START)) == []
    assert floor.do(TalkEnded("one", "anna"), 10) == [], "not that talk"
    assert floor.do(TalkEnded("older", "anna"), 9) == []
    assert floor.wait() == [offer("one", "anna")]


def test_two_who_could_not_be_connected_count_for_nothing() -> None:
    floor = Floor("anna", "jan")
    floor.join("one")
    floor.do(AgentAnswered("one", "anna"))
    assert floor.do(TalkEnded("one", "anna", failed=True)) == [offer("one", "jan")]
    assert floor.places[-1] == Moved("one", 1, None), "back at the place they had"


def test_a_caller_who_leaves_as_the_agent_answers_leaves_the_agent_free() -> None:
    floor = Floor("anna")
    floor.join("one")
    floor.do(AgentAnswered("one", "anna"))
    floor.do(CallerLeft("one"))
    assert floor.join("two") == [offer("two", "anna")]


def test_an_unlawful_change_of_state_is_a_fault() -> None:
    with pytest.raises(ValueError, match="work one cannot go from wrap_up to talking"):
        Part("one", WorkKind.CALL, "orders", START, AgentState.WRAP_UP).become(AgentState.TALKING, START)

"""Written work: it waits patiently, comes behind callers, and only to agents whose desk is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acd.agents import Agent, AgentState, AgentStatus, MissedRule
from acd.distribution import Distribution
from acd.events import (
    AgentAnswered,
    AgentMissed,
    AgentTaken,
    CallerJoined,
    CallerLeft,
    CancelOffer,
    Connected,
    DeskChanged,
    Moved,
    OfferCall,
    Refused,
    StatusChanged,
    TalkEnded,
    TimePassed,
)
from acd.queues import Queue
from acd.work import Waiting, WorkKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG = 10_000_000.0


def task(name: str = "t1", priority: int = 0, since: datetime = NOW) -> CallerJoined:
    return CallerJoined(Waiting(name, "orders", since, (), priority, LONG, WorkKind.TASK))


def call(name: str = "c1") -> CallerJoined:
    return CallerJoined(Waiting(name, "orders", NOW))


@pytest.fixture
def core() -> Distribution:
    queue = Queue("orders", capacity=1, wrap_up_seconds=10, disposition_required=True, max_wait_seconds=60)
    return Distribution([queue], [Agent("anna")])


def come(core: Distribution) -> None:
    core.handle(StatusChanged("anna", AgentStatus.AVAILABLE), NOW)


def test_it_waits_while_nobody_is_there_the_queue_is_full_or_its_patience_is_short(
    core: Distribution,
) -> None:
    assert core.handle(task(), NOW) == ()
    assert core.handle(task("t2"), NOW) == ()
    later = NOW + timedelta(hours=30)
    assert core.handle(TimePassed(), later) == ()
    offered = core.handle(StatusChanged("anna", AgentStatus.AVAILABLE), later)
    assert offered == (OfferCall("t1", "anna", 20.0),)


def test_it_is_no_caller_in_what_callers_and_boards_are_told(core: Distribution) -> None:
    core.handle(AgentTaken("c0", "anna"), NOW)
    come(core)
    core.handle(AgentTaken("c0", "anna"), NOW)
    core.handle(task(), NOW)
    assert core.handle(call(), NOW) == (Moved("c1", 1, None),)
    assert core.waiting() == {"orders": 1}
    assert core.queue_views()["orders"].waiting == 1
    assert [work.work_id for work, _ in core.waiting_in("orders")] == ["c1"]
    assert core.handle(call("c2"), NOW)[0] == Refused("c2", "full")


def test_it_comes_only_to_an_open_desk(core: Distribution) -> None:
    core.handle(DeskChanged("anna", False), NOW)
    come(core)
    assert core.handle(task(), NOW) == ()
    assert core.handle(DeskChanged("anna", True), NOW) == (OfferCall("t1", "anna", 20.0),)
    assert core.handle(DeskChanged("anna", False), NOW) == (CancelOffer("t1", "anna"),)
    assert core.handle(call(), NOW)[-1] == OfferCall("c1", "anna", 20.0)


def test_who_writes_longer_comes_first_and_yet_a_caller_before_both(core: Distribution) -> None:
    come(core)
    core.handle(AgentTaken("c0", "anna"), NOW)
    core.handle(task("t2", -30, NOW - timedelta(minutes=5)), NOW)
    core.handle(task("t1", -30, NOW - timedelta(minutes=30)), NOW)
    core.handle(call(), NOW)
    done = core.handle(TalkEnded("c0", "anna"), NOW)
    assert OfferCall("c1", "anna", 20.0) in done
    assert core.handle(CallerLeft("c1"), NOW) == (CancelOffer("c1", "anna"), OfferCall("t1", "anna", 20.0))


def test_an_answer_is_done_when_it_is_sent_without_wrap_up(core: Distribution) -> None:
    come(core)
    core.handle(task(), NOW)
    later = NOW + timedelta(seconds=5)
    assert core.handle(AgentAnswered("t1", "anna"), later) == (Connected("t1", "anna", 5.0),)
    view = core.agent_view("anna")
    assert view is not None
    assert view.state is AgentState.TALKING
    core.handle(TalkEnded("t1", "anna"), later)
    view = core.agent_view("anna")
    assert view is not None
    assert view.state is AgentState.IDLE


@pytest.mark.parametrize("rule", MissedRule)
def test_who_lets_it_go_is_offered_calls_all_the_same(rule: MissedRule) -> None:
    core = Distribution([Queue("orders")], [Agent("anna", missed=rule)])
    come(core)
    core.handle(task(), NOW)
    assert core.handle(AgentMissed("t1", "anna"), NOW) == ()
    view = core.agent_view("anna")
    assert view is not None
    assert view.status is AgentStatus.AVAILABLE
    assert OfferCall("c1", "anna", 20.0) in core.handle(call(), NOW)
    core.handle(CallerLeft("c1"), NOW)
    assert core.handle(TimePassed(), NOW + timedelta(seconds=29)) == ()
    assert core.handle(TimePassed(), NOW + timedelta(seconds=30)) == (OfferCall("t1", "anna", 20.0),)


def test_a_caller_takes_an_agent_to_whom_it_is_only_offered(core: Distribution) -> None:
    core.reconfigure([Queue("orders")], [Agent("anna"), Agent("jan")], NOW)
    come(core)
    core.handle(task("t1", -30), NOW)
    assert core.is_free("anna")
    later = NOW + timedelta(seconds=3)
    assert core.handle(call(), later)[-2:] == (CancelOffer("t1", "anna"), OfferCall("c1", "anna", 20.0))
    assert core.handle(StatusChanged("jan", AgentStatus.AVAILABLE), later) == (OfferCall("t1", "jan", 20.0),)
    assert CancelOffer("t1", "jan") in core.handle(call("c2"), later)
    assert not core.is_free("anna")


def test_what_a_caller_takes_back_goes_to_whoever_else_is_free() -> None:
    queues = [Queue("orders"), Queue("letters")]
    core = Distribution(queues, [Agent("anna", {"pl": 1}), Agent("jan")])
    come(core)
    core.handle(CallerJoined(Waiting("t1", "letters", NOW, (), -30, LONG, WorkKind.TASK)), NOW)
    core.handle(StatusChanged("jan", AgentStatus.AVAILABLE), NOW)
    done = core.handle(CallerJoined(Waiting("c1", "orders", NOW, ("pl",))), NOW)
    offers = [one for one in done if not isinstance(one, Moved)]
    assert offers == [
        CancelOffer("t1", "anna"),
        OfferCall("c1", "anna", 20.0),
        OfferCall("t1", "jan", 20.0),
    ]


def test_one_that_has_waited_for_an_hour_is_let_ring(core: Distribution) -> None:
    come(core)
    core.handle(task("t1", -30, NOW - timedelta(hours=1)), NOW)
    assert not core.is_free("anna")
    assert core.handle(call(), NOW) == (Moved("c1", 1, None),)

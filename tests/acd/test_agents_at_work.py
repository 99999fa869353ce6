"""Statuses apart from states, wrap-up, and work of several kinds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acd.agents import Agent, AgentState, AgentStatus, MissedRule
from acd.events import (
    AgentAnswered,
    AgentMissed,
    AgentRung,
    AgentTaken,
    CallerLeft,
    CancelOffer,
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
from acd.queues import Queue
from acd.views import WorkView
from acd.work import WorkKind
from tests.acd.floors import START, Floor, offers

ORDERS = Queue("orders", wrap_up_seconds=30, capacity=2)
CHAT, TASK, CALL = WorkKind.CHAT, WorkKind.TASK, WorkKind.CALL
SOON = timedelta(seconds=60)


def one(queue: Queue = ORDERS, **more: object) -> Floor:
    return Floor([queue], [Agent("anna", **more)])  # type: ignore[arg-type]


# --- status and state ---------------------------------------------------------------------------------------


def test_a_status_chosen_during_work_is_taken_after_its_wrap_up() -> None:
    floor = one()
    floor.talk("one")
    floor.join("two")
    floor.do(StatusChanged("anna", AgentStatus.BREAK, "lunch"))
    view = floor.view("anna")
    assert (view.status, view.next_status, view.next_reason) == ("available", "break", "lunch")
    floor.end("one")
    assert floor.view("anna").status is AgentStatus.AVAILABLE, "the break begins when wrap-up is over"
    assert not floor.wait(30)
    view = floor.view("anna")
    assert (view.status, view.reason, view.status_since, view.next_status) == (
        "break",
        "lunch",
        floor.now,
        None,
    )
    assert offers(floor.do(StatusChanged("anna", AgentStatus.AVAILABLE))) == {"two": "anna"}


def test_who_thinks_better_of_a_break_during_work_stays() -> None:
    floor = one()
    floor.talk("one")
    floor.do(StatusChanged("anna", AgentStatus.BREAK))
    floor.do(StatusChanged("anna", AgentStatus.AVAILABLE))
    floor.join("two")
    floor.end("one")
    assert offers(floor.wait(30)) == {"two": "anna"}


@pytest.mark.parametrize("status", [s for s in AgentStatus if s is not AgentStatus.AVAILABLE])
def test_who_is_not_available_is_offered_nothing_and_what_rings_goes_elsewhere(status: AgentStatus) -> None:
    floor = Floor([ORDERS], [Agent("anna"), Agent("jan")])
    floor.join("one")
    found = floor.do(StatusChanged("anna", status))
    assert found[0] == CancelOffer("one", "anna")
    assert offers(found) == {"one": "jan"}
    assert not floor.join("two")


def test_an_agent_who_misses_has_to_say_that_they_are_there() -> None:
    floor = one(missed=MissedRule.STATUS)
    floor.join("one")
    assert not floor.do(AgentMissed("one", "anna"), 20)
    assert floor.view("anna").status is AgentStatus.MISSED
    assert not floor.wait(300)
    assert offers(floor.do(StatusChanged("anna", AgentStatus.AVAILABLE))) == {"one": "anna"}
    found = floor.wait(22)
    assert found == [CancelOffer("one", "anna", missed=True)]
    assert floor.view("anna").status is AgentStatus.MISSED


def test_a_telephone_out_of_reach_is_not_rung_and_a_talk_goes_on() -> None:
    floor = Floor([ORDERS], [Agent("anna"), Agent("jan")])
    floor.join("one")
    found = floor.do(LineChanged("anna", busy=True, reachable=False))
    assert found[0] == CancelOffer("one", "anna")
    assert offers(found) == {"one": "jan"}
    floor.do(AgentAnswered("one", "jan"))
    floor.do(LineChanged("jan", busy=False, reachable=False))
    assert floor.view("jan").state is AgentState.TALKING
    assert not floor.join("two")
    assert offers(floor.do(LineChanged("anna", busy=False))) == {"two": "anna"}


def test_hold_is_seen_and_counts_as_work() -> None:
    floor = one()
    floor.talk("one")
    floor.do(HoldChanged("one", "anna", on=True))
    assert floor.view("anna").state is AgentState.HOLD
    assert floor.core.agents() == {"hold": 1}
    floor.do(HoldChanged("one", "anna", on=True))
    floor.do(HoldChanged("one", "anna", on=False))
    assert floor.view("anna").state is AgentState.TALKING
    floor.do(HoldChanged("one", "anna", on=True))
    floor.end("one")
    assert floor.view("anna").state is AgentState.WRAP_UP


# --- wrap-up ------------------------------------------------------------------------------------------------


def test_nobody_but_the_agent_and_time_end_wrap_up() -> None:
    floor = one()
    floor.talk("one")
    floor.join("two", priority=9)
    floor.end("one")
    ends = floor.now + timedelta(seconds=30)
    assert floor.view("anna").wrap_up_until == ends
    for event in (StatusChanged("anna", AgentStatus.AVAILABLE), LineChanged("anna", busy=False)):
        assert not floor.do(event, 1)
    assert not floor.wait(27)
    assert offers(floor.do(WrapUpEnded("anna"))) == {"two": "anna"}


def test_wrap_up_goes_on_until_the_disposition_that_the_queue_demands() -> None:
    queue = Queue("orders", wrap_up_seconds=10, disposition_required=True, wrap_up_limit_seconds=100)
    floor = one(queue)
    floor.talk("one")
    floor.join("two")
    floor.end("one")
    floor.do(WrapUpEnded("anna"))
    assert not floor.wait(50)
    assert offers(floor.do(Disposed("one", "anna"))) == {"two": "anna"}, "its time had been over"
    floor.do(AgentAnswered("two", "anna"))
    floor.do(Disposed("two", "anna"))
    floor.join("three")
    floor.end("two")
    assert not floor.wait(9)
    assert offers(floor.wait(1)) == {"three": "anna"}, "nothing more is demanded"
    floor.do(AgentAnswered("three", "anna"))
    floor.join("four")
    floor.end("three")
    assert not floor.wait(99)
    assert offers(floor.wait(1)) == {"four": "anna"}, "there is a limit"


def test_wrap_up_and_status_outlive_the_engine() -> None:
    floor = Floor([ORDERS], [])
    floor.core.reconfigure([ORDERS], [Agent("anna"), Agent("jan")], floor.now)
    since = START - timedelta(seconds=40)
    floor.do(StandingFound("anna", AgentStatus.AVAILABLE, "", since, "old", floor.now + SOON, "orders"))
    floor.do(StandingFound("jan", AgentStatus.BREAK, "lunch", since))
    assert not floor.join("one")
    assert (floor.view("jan").status, floor.view("jan").reason) == ("break", "lunch")
    assert floor.view("jan").status_since == since
    assert (floor.view("anna").work, floor.view("anna").queue) == ("old", "orders")
    assert not floor.wait(59)
    assert offers(floor.wait(1)) == {"one": "anna"}


# --- asked by a colleague -----------------------------------------------------------------------------------


def test_who_is_rung_by_a_colleague_is_offered_nothing_else() -> None:
    floor = one()
    assert offers(floor.join("one")) == {"one": "anna"}
    assert floor.do(AgentRung("theirs", "anna", "orders")) == [CancelOffer("one", "anna")]
    view = floor.view("anna")
    assert (view.state, view.work, view.queue) == ("offered", "theirs", "orders")
    assert not floor.core.may_take("anna")
    assert not floor.do(AgentRung("theirs", "anna", "orders"), 5), "told twice"
    assert not floor.wait(60), "nothing but its end ends it"
    assert not floor.do(LineChanged("anna", True, False)), "the colleague's own ringing ends then"
    floor.do(LineChanged("anna", False))
    assert offers(floor.do(RingingEnded("theirs", "anna"))) == {"one": "anna"}


def test_who_answers_a_colleague_talks_and_then_goes_where_they_chose() -> None:
    floor = one()
    floor.do(AgentRung("theirs", "anna", "orders"))
    assert not floor.do(AgentMissed("theirs", "anna")), "it is no queue's offer"
    floor.do(TalkFound("theirs", "anna", "orders", floor.now + SOON), 60)
    view = floor.view("anna")
    assert (view.state, view.state_since) == ("talking", floor.now)
    assert not floor.do(RingingEnded("theirs", "anna"))
    assert floor.view("anna").state is AgentState.TALKING
    floor.end("theirs")
    assert floor.view("anna").state is AgentState.WRAP_UP
    floor.wait(30)
    floor.do(AgentRung("more", "anna"))
    floor.do(StatusChanged("anna", AgentStatus.BREAK, "lunch"))
    assert floor.view("anna").status is AgentStatus.AVAILABLE
    floor.do(RingingEnded("more", "anna"))
    assert floor.view("anna").status is AgentStatus.BREAK
    assert not floor.do(AgentRung("theirs", "nobody"))


# --- several kinds of work ----------------------------------------------------------------------------------


def test_chats_go_beside_each_other_up_to_the_capacity_and_a_call_goes_alone() -> None:
    floor = one(Queue("orders", wrap_up_seconds=0), capacity={CHAT: 2})
    floor.talk("chat1", kind=CHAT)
    floor.talk("chat2", kind=CHAT)
    assert not floor.join("chat3", kind=CHAT)
    assert offers(floor.end("chat2")) == {"chat3": "anna"}
    floor.do(AgentAnswered("chat3", "anna"))
    assert not floor.join("call"), "a call is offered to nobody with other work"
    assert not floor.join("chat4", kind=CHAT)
    assert not floor.end("chat1"), "it came after the call, which else would wait for ever"
    assert offers(floor.end("chat3")) == {"call": "anna"}


def test_work_that_was_kept_from_an_agent_is_offered_when_what_was_before_it_has_left() -> None:
    floor = one(Queue("orders", wrap_up_seconds=0))
    floor.talk("chat1", kind=CHAT)
    assert not floor.join("call")
    assert not floor.join("chat2", kind=CHAT)
    assert offers(floor.do(CallerLeft("call"))) == {"chat2": "anna"}


def test_beside_a_call_nothing_is_offered_unless_the_agent_takes_calls_beside_other_work() -> None:
    free = Queue("orders", wrap_up_seconds=0)
    floor = one(free)
    floor.talk("call")
    assert not floor.join("chat", kind=CHAT)
    assert offers(floor.end("call")) == {"chat": "anna"}
    floor = one(free, alone=frozenset())
    floor.talk("call")
    assert offers(floor.join("chat", kind=CHAT)) == {"chat": "anna"}
    assert not floor.join("task", kind=TASK), "one offer at a time"
    assert offers(floor.do(AgentAnswered("chat", "anna"))) == {"task": "anna"}
    floor.do(AgentAnswered("task", "anna"))
    assert not floor.join("call2"), "one call at a time"
    view = floor.view("anna")
    assert (view.work, view.state) == ("call", "talking"), "the call is what shows"
    assert view.all_work == tuple(
        WorkView(name, kind, "orders", AgentState.TALKING, floor.now)
        for name, kind in (("call", CALL), ("chat", CHAT), ("task", TASK))
    )


def test_one_offer_at_a_time_and_none_in_wrap_up_though_there_is_room() -> None:
    floor = one()
    assert offers(floor.join("chat1", kind=CHAT)) == {"chat1": "anna"}
    floor.do(LineChanged("anna", busy=False))
    assert not floor.join("chat2", kind=CHAT)
    assert offers(floor.do(AgentAnswered("chat1", "anna"))) == {"chat2": "anna"}
    floor.do(AgentAnswered("chat2", "anna"))
    floor.end("chat1")
    assert not floor.join("chat3", kind=CHAT)
    assert offers(floor.wait(30)) == {"chat3": "anna"}


def test_a_capacity_of_nothing_keeps_a_kind_away() -> None:
    floor = one(capacity={CALL: 0})
    assert not floor.join("call")
    assert offers(floor.join("chat", kind=CHAT)) == {"chat": "anna"}


# --- work that no queue offers ------------------------------------------------------------------------------


def test_an_agent_is_taken_for_a_call_that_is_placed() -> None:
    floor = Floor([ORDERS], [Agent("anna"), Agent("jan")])
    floor.join("one")
    found = floor.do(AgentTaken("manual", "anna", wrap_up_seconds=5))
    assert offers(found) == {"one": "jan"}, "what rang at her goes to another"
    assert not floor.core.may_take("anna")
    assert floor.core.may_take("jan"), "he only is rung"
    assert floor.core.take("anna", "another", floor.now) == (Refused("another", Refusal.BUSY),)
    assert floor.do(AgentTaken("x", "a stranger")) == [Refused("x", Refusal.BUSY)]
    floor.end("manual")
    assert floor.view("anna").wrap_up_until == floor.now + timedelta(seconds=5)
    floor.wait(5)
    floor.do(StatusChanged("anna", AgentStatus.BREAK))
    assert floor.core.may_take("anna"), "who has a break may call somebody"
    floor.do(StatusChanged("anna", AgentStatus.OFFLINE))
    assert not floor.core.may_take("anna")


def test_a_call_that_comes_back_to_an_agent_in_its_wrap_up_is_a_talk_again() -> None:
    floor = one()
    floor.talk("one")
    floor.end("one")
    floor.do(TalkFound("one", "anna", "orders", floor.now))
    assert floor.view("anna").state is AgentState.TALKING
    floor.do(TalkEnded("one", "anna"))
    assert floor.view("anna").state is AgentState.WRAP_UP

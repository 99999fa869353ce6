"""Where callers go who wait for too long or find it full, and what a new configuration changes."""

from __future__ import annotations

from datetime import timedelta

from acd.agents import Agent, AgentStatus
from acd.events import (
    AgentAnswered,
    CancelOffer,
    OpeningChanged,
    Overflowed,
    Refusal,
    Refused,
    StatusChanged,
)
from acd.lobby import ABSENCE_SECONDS
from acd.queues import Overflow, Queue
from acd.work import WorkKind
from tests.acd.floors import Floor, offers

ORDERS = Queue("orders", wrap_up_seconds=30, capacity=2)
CHAT, TASK, CALL = WorkKind.CHAT, WorkKind.TASK, WorkKind.CALL
SOON = timedelta(seconds=60)


def one(queue: Queue = ORDERS, **more: object) -> Floor:
    return Floor([queue], [Agent("anna", **more)])  # type: ignore[arg-type]


def lines() -> list[Queue]:
    overflow = (Overflow("service", after_seconds=30), Overflow("service", when_full=True))
    back = (Overflow("orders", after_seconds=10),)
    return [
        Queue("orders", frozenset({"anna"}), capacity=1, overflow=overflow),
        Queue("service", frozenset({"jan"}), overflow=back, wrap_up_seconds=0),
    ]


def test_who_waits_for_too_long_waits_elsewhere_from_then_on() -> None:
    floor = Floor(lines(), [Agent("anna"), Agent("jan")])
    floor.talk("talks")
    began = floor.now
    floor.join("one")
    found = floor.wait(30)
    assert found[0] == Overflowed("one", "service")
    assert offers(found) == {"one": "jan"}
    floor.do(AgentAnswered("one", "jan"))
    assert floor.core.queue_views()["service"].waiting == 0
    floor.join("two")
    floor.wait(30)
    assert floor.core.queue_views()["service"].longest_wait_since == began + timedelta(seconds=30)
    assert not floor.wait(60), "nobody goes round in circles"
    assert offers(floor.end("one")) == {"two": "jan"}


def test_who_comes_when_it_is_full_waits_elsewhere_at_once_unless_that_is_closed() -> None:
    floor = Floor(lines(), [Agent("anna"), Agent("jan")])
    floor.talk("talks")
    floor.join("one")
    found = floor.join("two")
    assert found[0] == Overflowed("two", "service")
    assert offers(found) == {"two": "jan"}
    floor.do(AgentAnswered("two", "jan"))
    floor.do(OpeningChanged("service", open=False))
    assert floor.join("three") == [Refused("three", Refusal.FULL)]
    assert not floor.wait(31), "who waited stays, since the other queue is closed"
    assert floor.core.waiting() == {"orders": 1}


def test_who_has_nobody_goes_where_there_is_somebody() -> None:
    floor = Floor(lines(), [Agent("anna"), Agent("jan")])
    floor.talk("talks")
    floor.join("one")
    floor.do(StatusChanged("anna", AgentStatus.OFFLINE))
    assert offers(floor.wait(ABSENCE_SECONDS)) == {"one": "jan"}
    assert offers(floor.join("two")) == {}
    assert floor.core.waiting() == {"service": 2}, "one is rung for, and one waits: nobody serves their queue"
    floor.do(StatusChanged("jan", AgentStatus.OFFLINE))
    assert floor.join("three") == [Refused("three", Refusal.NOBODY)]


def test_the_queue_has_a_limit_of_its_own() -> None:
    floor = Floor([Queue("orders", max_wait_seconds=15)], [Agent("anna")])
    floor.talk("talks")
    floor.join("one")
    assert floor.wait(15) == [Refused("one", Refusal.TIMEOUT)]


# --- another configuration ----------------------------------------------------------------------------------


def test_a_new_configuration_loses_nobody() -> None:
    floor = Floor([ORDERS, Queue("old")], [Agent("anna"), Agent("jan"), Agent("ola", {"new": 1})])
    floor.talk("talks")
    assert offers(floor.join("rings", "old")) == {"rings": "jan"}
    floor.do(StatusChanged("ola", AgentStatus.BREAK))
    floor.join("waits")
    new = [Queue("orders", skills={"new": 1}, wrap_up_seconds=0), Queue("more")]
    found = floor.core.reconfigure(new, [Agent("ola", {"new": 2}), Agent("ewa")], floor.now)
    assert CancelOffer("rings", "jan") in found, "he is no agent any more"
    assert {"old", "orders"} == set(floor.core.waiting())
    assert [v.name for v in floor.views()] == ["anna", "ola", "ewa"], "she ends her talk first"
    assert offers(floor.do(StatusChanged("ewa", AgentStatus.AVAILABLE))) == {"rings": "ewa"}
    assert offers(floor.do(StatusChanged("ola", AgentStatus.AVAILABLE))) == {"waits": "ola"}
    floor.end("talks")
    assert [v.name for v in floor.views()] == ["ola", "ewa"]
    assert floor.join("late", "old") == [Refused("late", Refusal.NOBODY)]


def test_an_agent_who_is_named_again_during_the_last_talk_stays() -> None:
    floor = one()
    floor.talk("talks")
    floor.core.reconfigure([ORDERS], [], floor.now)
    assert not floor.view("anna").signed_in
    floor.core.reconfigure([ORDERS], [Agent("anna")], floor.now)
    floor.end("talks")
    floor.wait(30)
    assert offers(floor.join("one")) == {"one": "anna"}


def test_boards_see_queues_and_agents() -> None:
    floor = Floor([ORDERS, Queue("service", frozenset({"jan"}))], [Agent("anna"), Agent("jan")])
    floor.core.take_changed_agents()
    floor.talk("one")
    assert floor.core.take_changed_agents() == {"anna"}
    floor.join("two")
    floor.join("three", "service")
    views = floor.core.queue_views()
    assert views["orders"].agents == {"talking": 1, "offered": 1}
    assert (views["orders"].waiting, views["orders"].longest_wait_since) == (1, floor.now)
    assert (views["service"].agents, views["service"].free) == ({"offered": 1}, 0)
    assert not floor.core.take_changed_agents() - {"jan"}


# --- what is kept -------------------------------------------------------------------------------------------


def test_what_an_agent_was_at_an_hour_ago_is_not_kept() -> None:
    floor = one(Queue("orders", wrap_up_seconds=0))
    for number in range(200):
        floor.talk(f"call-{number}")
        floor.end(f"call-{number}", after=60)
    assert len(floor.core._floor.seats["anna"]._busy) <= 61


def test_a_telephone_rings_on_when_the_caller_cannot_go_to_the_next_queue() -> None:
    orders = Queue("orders", overflow=(Overflow("more", after_seconds=5),), ring_seconds=20)
    floor = Floor([orders, Queue("more", frozenset({"jan"}))], [Agent("anna")])
    assert offers(floor.join("one")) == {"one": "anna"}
    assert floor.wait(10) == []

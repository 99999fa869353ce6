"""Why an agent is offered a call, and others are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acd.agents import Agent, AgentStatus
from acd.considered import MOST_NAMED, Choice, Considered
from acd.distribution import Distribution
from acd.events import AgentAnswered, CallerJoined, LineChanged, OfferCall, StatusChanged
from acd.queues import Queue, Waiting

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENGLISH = Queue("orders", skills={"english": 3})


def floor(**skills: int) -> Distribution:
    core = Distribution([ENGLISH], [Agent(name, {"english": level}) for name, level in skills.items()])
    for number, name in enumerate(skills):
        core.handle(StatusChanged(name, AgentStatus.AVAILABLE), START + timedelta(seconds=number))
    return core


def offered(core: Distribution, call_id: str, now: datetime) -> Choice:
    commands = core.handle(CallerJoined(Waiting(call_id, "orders", now)), now)
    (offer,) = [one for one in commands if isinstance(one, OfferCall)]
    choice = core.choice(call_id, offer.agent, now)
    assert choice is not None
    return choice


def test_the_chosen_one_the_next_in_turn_and_those_who_could_not() -> None:
    core = floor(anna=4, jan=5, ewa=3, ola=1, piotr=3, zofia=3)
    now = START + timedelta(seconds=60)
    first = offered(core, "c0", now)
    assert [one.why for one in first.named] == ["chosen", "later", "later", "later", "later", "skills"]
    core.handle(AgentAnswered("c0", "anna"), now)
    core.handle(StatusChanged("ewa", AgentStatus.BREAK, "lunch"), now)
    core.handle(LineChanged("piotr", False, False), now)
    core.handle(StatusChanged("zofia", AgentStatus.OFFLINE), now)
    choice = offered(core, "c1", now)
    assert choice.strategy == "longest_idle"
    assert choice.named[0] == Considered("jan", "chosen", 59.0)
    assert {one.agent: (one.why, one.lacks) for one in choice.named[1:]} == {
        "ola": ("skills", "english 3"),
        "anna": ("talking", ""),
        "ewa": ("break", ""),
        "piotr": ("unreachable", ""),
    }
    assert choice.others == 0


def test_of_many_a_few_are_named() -> None:
    core = floor(**{f"a{number:02}": 3 for number in range(40)})
    choice = offered(core, "c1", START + timedelta(seconds=60))
    assert len(choice.named) == MOST_NAMED
    assert choice.others == 40 - MOST_NAMED
    assert choice.named[0].agent == "a00"
    assert choice.as_logged()["considered"][0] == {"agent": "a00", "why": "chosen", "idle_seconds": 60.0}  # type: ignore[index]


def test_an_offer_that_is_over_has_no_reasons() -> None:
    core = floor(anna=3)
    now = START + timedelta(seconds=60)
    offered(core, "c1", now)
    core.handle(AgentAnswered("c1", "anna"), now)
    assert core.choice("c1", "anna", now) is None

"""What a pacer is told of its agents: from how they look twice a second."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from acd.agents import AgentState, AgentStatus
from acd.views import AgentView as Seat
from dialer.pacing import AgentFreed, AgentLoggedIn, AgentLoggedOut, AgentView, TalkEnded
from engine.dialling.floor import Floor

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def seat(state: AgentState, since: float, work: str | None = None) -> Seat:
    at = NINE + timedelta(seconds=since)
    return Seat(
        name="anna",
        status=AgentStatus.AVAILABLE,
        reason="",
        status_since=NINE,
        next_status=None,
        next_reason="",
        state=state,
        state_since=at,
        work=work,
        queue="sales",
        all_work=(),
        wrap_up_until=None,
        skills={},
        signed_in=True,
        reachable=True,
    )


def floor() -> Floor:
    return Floor(lambda agent: True, lambda moment: (moment - NINE).total_seconds())


def ours(call: str) -> bool:
    return call.startswith("ours")


def test_a_talk_and_its_wrap_up_are_told() -> None:
    seen = floor()
    views, events = seen.look([seat(AgentState.IDLE, 0)], ours, 1.0)
    assert (views, events) == ([AgentView("anna", "idle", 0.0)], [AgentLoggedIn("anna", 1.0)])
    assert seen.look([seat(AgentState.TALKING, 2, "ours1")], ours, 2.5)[1] == []
    assert seen.look([seat(AgentState.HOLD, 30, "ours1")], ours, 31.0)[1] == []
    views, events = seen.look([seat(AgentState.WRAP_UP, 62, "ours1")], ours, 62.5)
    assert (views[0].state, events) == ("wrapping", [TalkEnded("anna", 60.0, 62.0)])
    _, events = seen.look([seat(AgentState.IDLE, 72)], ours, 72.5)
    assert events == [AgentFreed("anna", 60.0, 10.0, 72.0, True)]


def test_one_talk_right_after_another_is_told_as_two() -> None:
    seen = floor()
    seen.look([seat(AgentState.TALKING, 0, "ours1")], ours, 0.5)
    _, events = seen.look([seat(AgentState.TALKING, 20, "ours2")], ours, 20.5)
    assert events == [TalkEnded("anna", 20.0, 20.0), AgentFreed("anna", 20.0, 0.0, 20.0, True)]


def test_other_work_teaches_nothing_of_this_campaign() -> None:
    seen = floor()
    seen.look([seat(AgentState.TALKING, 0, "theirs")], ours, 0.5)
    assert seen.look([seat(AgentState.IDLE, 900)], ours, 900.5)[1] == []


def test_who_leaves_after_wrapping_up_does_not_stay() -> None:
    seen = floor()
    seen.look([seat(AgentState.TALKING, 0, "ours1")], ours, 0.5)
    seen.look([seat(AgentState.WRAP_UP, 30, "ours1")], ours, 30.5)
    assert seen.look([], ours, 40.0)[1] == [
        AgentFreed("anna", 30.0, 10.0, 40.0, False),
        AgentLoggedOut("anna", 40.0),
    ]


def test_an_agent_who_cannot_be_given_a_call_is_not_idle() -> None:
    paused = Floor(lambda agent: False, lambda moment: 0.0)
    views, _ = paused.look([replace(seat(AgentState.IDLE, 0))], ours, 1.0)
    assert views[0].state == "wrapping"


def test_who_is_offered_what_yields_to_a_call_is_idle() -> None:
    seen = floor()
    views, _ = seen.look([seat(AgentState.OFFERED, 5, "written")], ours, 6.0)
    assert views == [AgentView("anna", "idle", 5.0)]

"""Whatever the pacer is told, it stays inside its limits."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing import (
    AgentFreed,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentView,
    CallEnded,
    CallView,
    PacingSettings,
    PacingView,
    PersonAnswered,
    TalkEnded,
    create_pacer,
)

SETTINGS = PacingSettings()
MODES = ("progressive", "predictive")
seconds = st.floats(0, 500)
ids = st.sampled_from([f"id-{number}" for number in range(8)])

agents = st.builds(AgentView, ids, st.sampled_from(["idle", "talking", "wrapping"]), seconds)
calls = st.builds(
    lambda at, ring, stage, number: CallView(f"call-{number}", at, stage, at + ring),
    seconds,
    st.floats(0, 40),
    st.sampled_from(["dialling", "ringing", "detecting", "waiting"]),
    st.integers(0, 10_000),
)
events = st.one_of(
    st.builds(
        CallEnded,
        ids,
        st.sampled_from(["no_answer", "failed", "machine", "abandoned", "cancelled", "hung_up"]),
        seconds,
        st.none() | seconds,
        seconds,
    ),
    st.builds(PersonAnswered, ids, seconds, seconds, seconds),
    st.builds(TalkEnded, ids, st.floats(-5, 10_000), seconds),
    st.builds(AgentFreed, ids, seconds, st.floats(-5, 10_000), seconds, st.booleans()),
    st.builds(AgentLoggedIn, ids, seconds),
    st.builds(AgentLoggedOut, ids, seconds),
)
views = st.builds(
    PacingView,
    now=seconds,
    agents=st.lists(agents, max_size=12),
    calls=st.lists(calls, max_size=12, unique_by=lambda call: call.id),
    events=st.lists(events, max_size=6),
    free_lines=st.integers(-2, 30),
    attempts=st.integers(0, 1000),
    live=st.integers(0, 300),
    abandoned=st.integers(0, 20),
    leads_left=st.none() | st.integers(0, 20),
    dial_limit=st.none() | st.integers(0, 20),
)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=60, deadline=None)
@given(days=st.lists(views, min_size=1, max_size=6))
def test_no_decision_passes_a_limit_however_odd_the_day(mode, days):
    """The clock stands or runs backwards, calls and agents are unknown, events contradict each other."""
    pacer, twin = create_pacer(mode, SETTINGS), create_pacer(mode, SETTINGS)
    for view in days:
        decision = pacer.decide(view)
        assert decision == twin.decide(view)
        limits = [view.free_lines, view.leads_left, view.dial_limit]
        assert 0 <= decision.dial <= max(0, min(limit for limit in limits if limit is not None))
        if not view.agents:
            assert decision.dial == 0
        by_id = {call.id: call for call in view.calls}
        assert len(set(decision.cancel)) == len(decision.cancel)
        for call_id in decision.cancel:
            call = by_id[call_id]
            assert call.stage == "ringing"
            assert view.now - call.since >= SETTINGS.min_ring
        json.dumps(pacer.explain(), allow_nan=False)
    again = create_pacer(mode, SETTINGS, json.loads(json.dumps(pacer.knowledge(), allow_nan=False)))
    assert "knowledge" not in again.explain()
    again.decide(days[0])


def view(now, agents=(), calls=(), **more):
    told = {"free_lines": 40, "attempts": 0, "live": 0, "abandoned": 0, "events": ()}
    return PacingView(now=now, agents=agents, calls=calls, **(told | more))


def idle(count):
    return [AgentView(f"agent-{number}", "idle", 0.0) for number in range(count)]


def test_progressive_places_one_call_for_each_idle_agent():
    pacer = create_pacer("progressive", SETTINGS)
    assert pacer.decide(view(0.0, idle(3))).dial == 3
    ringing = [CallView("a", 0.0, "ringing", 2.0), CallView("b", 0.0, "dialling", 0.0)]
    assert pacer.decide(view(3.0, idle(3), ringing)).dial == 1
    busy = [AgentView("x", "talking", 0.0), AgentView("y", "wrapping", 0.0)]
    assert pacer.decide(view(4.0, busy)).dial == 0


def test_calls_beyond_need_are_given_up_when_everybody_leaves():
    pacer = create_pacer("predictive", SETTINGS)
    calls = [CallView(f"call-{number}", 0.0, "ringing", 2.0 + number / 10) for number in range(30)]
    assert pacer.decide(view(10.0, idle(10), calls, free_lines=10)).cancel == ()
    gone = pacer.decide(view(18.0, (), calls, free_lines=10))
    assert gone.dial == 0
    assert set(gone.cancel) == {call.id for call in calls if 18.0 - call.since >= SETTINGS.min_ring}
    assert pacer.explain()["why"] == "no_agents"


def test_a_spent_budget_leaves_one_call_for_each_agent():
    fresh, spent = create_pacer("predictive", SETTINGS), create_pacer("predictive", SETTINGS)
    generous = fresh.decide(view(0.0, idle(20), live=1000, abandoned=0)).dial
    careful = spent.decide(view(0.0, idle(20), live=1000, abandoned=35)).dial
    assert careful < generous
    assert careful >= 20  # nobody can be abandoned while each call has its agent
    assert spent.explain()["budget"]["left"] == pytest.approx(-5.0)


def test_an_error_of_detection_counts_as_abandoned():
    exact = create_pacer("predictive", SETTINGS)
    erring = create_pacer("predictive", PacingSettings(machine_error=0.01))
    for pacer in (exact, erring):
        pacer.decide(view(0.0, idle(5), live=990, abandoned=10))
    assert exact.explain()["budget"]["left"] == pytest.approx(0.03 * 990 - 10)
    assert erring.explain()["budget"]["left"] < 0.03 * 1000 - 20
    assert erring.explain()["risk"] < exact.explain()["risk"]


def test_an_error_beyond_the_cap_leaves_no_risk_at_all():
    pacer = create_pacer("predictive", PacingSettings(machine_error=0.04))
    assert pacer.decide(view(0.0, idle(4), live=100)).dial == 4
    busy = [AgentView("x", "wrapping", -60.0)]
    assert pacer.decide(view(1.0, busy, live=100)).dial == 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"free_lines": 2}, "lines"),
        ({"leads_left": 1}, "leads"),
        ({"dial_limit": 0}, "calls_per_second"),
        ({}, "worth_it"),
    ],
)
def test_it_says_what_kept_it_from_dialling_more(more, why):
    pacer = create_pacer("predictive", SETTINGS)
    pacer.decide(view(0.0, idle(5), **more))
    assert pacer.explain()["why"] == why


def test_an_unknown_mode_is_refused_by_name():
    with pytest.raises(ValueError, match="no pacing mode 'ratio'; the modes are progressive and predictive"):
        create_pacer("ratio", SETTINGS)  # type: ignore[arg-type]

"""The simulated world: every call has one fate, nobody talks twice, agents wait as renewal theory says."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from dialer.forecast import (
    AnswerRate,
    CallList,
    LogNormal,
    Run,
    Shift,
    World,
    all_day,
    away,
    simulate,
    with_pauses,
)
from dialer.forecast.fates import Fates
from dialer.pacing import (
    AgentFreed,
    AgentLoggedIn,
    AgentLoggedOut,
    CallEnded,
    PacingDecision,
    PacingEvent,
    PacingSettings,
    PacingView,
    PersonAnswered,
    TalkEnded,
)


class Lines:
    """Keeps so many calls in flight for each agent that is idle, or that is there; gives up long rings."""

    def __init__(self, per_idle: float = 1.0, per_agent: float = 0.0, gives_up: bool = False) -> None:
        self.per_idle, self.per_agent, self.gives_up = per_idle, per_agent, gives_up
        self.views: list[PacingView] = []

    def decide(self, view: PacingView) -> PacingDecision:
        self.views.append(view)
        idle = sum(agent.state == "idle" for agent in view.agents)
        wanted = self.per_idle * idle + self.per_agent * len(view.agents)
        limits = [limit for limit in (view.free_lines, view.leads_left, view.dial_limit) if limit is not None]
        old = [call.id for call in view.calls if call.stage == "ringing" and view.now - call.since >= 15]
        return PacingDecision(
            max(0, min(int(wanted) - len(view.calls), *limits)), tuple(old) if self.gives_up else ()
        )

    def knowledge(self) -> dict[str, Any]:
        return {}

    def explain(self) -> dict[str, Any]:
        return {}

    @property
    def events(self) -> list[PacingEvent]:
        return [event for view in self.views for event in view.events]


def fates_of(run: Run) -> int:
    return (
        run.connected
        + run.abandoned
        + run.mistaken
        + run.machines
        + run.no_answer
        + run.failed
        + run.cancelled
        + run.unfinished
    )


BUSY = World(false_positive=0.05, calls_per_second=2)
HOUR = 3600.0


@pytest.mark.parametrize("gives_up", [False, True])
def test_each_call_has_one_fate_and_nobody_talks_twice(gives_up: bool) -> None:
    pacer = Lines(per_idle=2.0, per_agent=0.5, gives_up=gives_up)
    settings = PacingSettings(lines=20)
    shifts = with_pauses(away(all_day(12, HOUR), 0.5, 1000.0, 2000.0), 900.0, 200.0, seed=4)
    run = simulate(pacer, BUSY, shifts, settings, seed=3, seconds=HOUR)

    assert fates_of(run) == run.attempts > 300
    assert min(run.abandoned, run.mistaken, run.machines, run.failed) > 0
    # Nothing rings until the timeout if it is given up before.
    assert (run.cancelled > 0, run.no_answer > 0) == (gives_up, not gives_up)
    assert run.over_limits == run.refused_cancels == 0
    ended = Counter(event.call_id for event in pacer.events if isinstance(event, CallEnded))
    answered = Counter(event.call_id for event in pacer.events if isinstance(event, PersonAnswered))
    assert set((ended + answered).values()) <= {1, 2}
    assert set(ended.values()) == set(answered.values()) == {1}
    results = Counter(event.result for event in pacer.events if isinstance(event, CallEnded))
    assert results["machine"] == run.machines + run.mistaken
    assert all(
        event.result == "abandoned"
        for event in pacer.events
        if isinstance(event, CallEnded) and event.call_id in answered
    )
    for view in pacer.views:
        talking = sum(agent.state == "talking" for agent in view.agents)
        assert view.free_lines == 20 - talking - len(view.calls) >= 0
        assert len({agent.id for agent in view.agents}) == len(view.agents)
        assert len({call.id for call in view.calls}) == len(view.calls)
        idle = any(agent.state == "idle" for agent in view.agents)
        for call in view.calls:
            rung = view.now - call.since
            assert call.stage != "waiting" or (rung <= settings.connect_window and not idle)
            assert call.stage != "ringing" or rung <= settings.ring_timeout
    assert_talks_follow_each_other(pacer.events)


def assert_talks_follow_each_other(events: list[PacingEvent]) -> None:
    """Of each agent: in, any number of (talk ended, freed), out; a leave after a talk is announced."""
    state: dict[str, str] = {}
    freed_at: dict[str, float] = {}
    for event in events:
        match event:
            case AgentLoggedIn():
                assert state.get(event.agent_id, "out") == "out"
                state[event.agent_id] = "in"
            case TalkEnded():
                assert state[event.agent_id] == "in"
                assert event.talk_seconds <= event.at - freed_at.get(event.agent_id, 0.0) + 1e-6
                state[event.agent_id] = "wrapping"
            case AgentFreed():
                assert state[event.agent_id] == "wrapping"
                state[event.agent_id] = "in" if event.stays else "leaving"
                freed_at[event.agent_id] = event.at
            case AgentLoggedOut():
                assert state[event.agent_id] in ("in", "leaving")
                state[event.agent_id] = "out"
            case _:
                pass
    assert "leaving" not in state.values()


def test_the_same_seed_has_the_same_run_and_another_one_another() -> None:
    def run(seed: int) -> Run:
        return simulate(Lines(2.0), World(), all_day(5, HOUR), PacingSettings(), seed=seed, seconds=HOUR)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_fate_is_of_the_call_s_number_alone() -> None:
    one, other = Fates(World(), 5, 25.0), Fates(World(talk=LogNormal(60.0, 0.0)), 5, 25.0)
    late = one[5000]
    assert other[5000]._replace(talk=0) == late._replace(talk=0)
    assert Fates(World(), 5, 25.0)[3] == one[3] != one[5]
    assert Fates(World(), 6, 25.0)[3] != one[3]


def test_calls_become_what_the_world_says() -> None:
    world = World(answer=AnswerRate.constant(0.3))
    run = simulate(Lines(1.0), world, all_day(60, HOUR), PacingSettings(lines=248), seed=1, seconds=HOUR)
    done = run.attempts - run.unfinished
    picked_up = 0.5 * (1 + math.erf((25 - 19) / 3 / math.sqrt(2)))
    for count, share in (
        (run.live, 0.3),
        (run.failed, 0.7 * 0.1),
        (run.machines, 0.7 * 0.3 * picked_up),
        (run.no_answer, 0.7 * (0.6 + 0.3 * (1 - picked_up))),
    ):
        # Calls that ring for long are a little rarer among those that ended.
        assert abs(count / done - share) < 4 * math.sqrt(share * (1 - share) / done) + 0.005
    fates = Fates(World(), 1, 18.0)
    rings = sorted(fates[number].ring for number in range(4000))
    assert rings[-1] < 18
    assert rings[2000] == pytest.approx(7.8, abs=0.3)


@pytest.mark.parametrize("p", [0.15, 0.5])
def test_one_call_per_idle_agent_keeps_them_as_busy_as_renewal_theory_says(p: float) -> None:
    # Each idle agent has one call in flight. Until a person answers there are (1 - p) / p other calls on the
    # mean, and half a tick before each.
    tick, timeout = 0.5, 25.0
    ring = 8 * math.exp(0.125) * 0.963  # the mean of a log-normal cut off at 25 s
    listening = 1.4 * math.exp(0.35**2 / 2)
    other = 0.1 * 2.5 + 0.3 * (2.5 + 19 + listening) + 0.6 * (2.5 + timeout)
    idle = 2.5 + ring + listening + tick / 2 + (1 - p) / p * (other + tick / 2)
    expected = 140 / (140 + idle)
    runs = [
        simulate(
            Lines(1.0),
            World(answer=AnswerRate.constant(p)),
            all_day(40, 2 * HOUR),
            PacingSettings(lines=168, tick=tick, ring_timeout=timeout),
            seed=seed,
            seconds=2 * HOUR,
        )
        for seed in (1, 2)
    ]
    assert sum(run.utilisation for run in runs) / 2 == pytest.approx(expected, abs=0.015)
    gaps = [gap for run in runs for gap in run.idle_gaps]
    assert sum(gaps) / len(gaps) == pytest.approx(idle, rel=0.06)
    assert sum(run.abandoned for run in runs) == 0


def test_periods_add_up_to_the_run() -> None:
    run = simulate(Lines(3.0), World(), all_day(7, 4000.0), PacingSettings(), seed=2, seconds=4000.0)
    assert len(run.periods) == 5
    for name in ("attempts", "connected", "logged_seconds"):
        assert sum(getattr(period, name) for period in run.periods) == pytest.approx(getattr(run, name))
    assert sum(period.live for period in run.periods) in (run.live, run.live + 1)  # one may wait at the end
    assert sum(period.abandoned for period in run.periods) == run.dropped
    busy = sum(period.busy_seconds for period in run.periods)
    assert busy == pytest.approx(run.talk_seconds + run.wrap_seconds)
    assert run.logged_seconds == pytest.approx(7 * 4000)


def test_who_leaves_finishes_the_call_first() -> None:
    talk = World(answer=AnswerRate.constant(1.0), talk=LogNormal(300.0, 0.0), wrap=LogNormal(50.0, 0.0))
    pacer = Lines(1.0)
    shift = Shift("anna", ((0.0, 100.0), (1000.0, 1010.0)))
    run = simulate(pacer, talk, [shift], PacingSettings(), seed=1, seconds=2000.0)
    freed = [event for event in pacer.events if isinstance(event, AgentFreed)]
    assert [event.stays for event in freed] == [False] * run.connected
    out = [event for event in pacer.events if isinstance(event, AgentLoggedOut)]
    assert out[0].at == freed[0].at > 350
    assert not any(view.agents for view in pacer.views if freed[0].at < view.now < 1000)


def test_what_the_pacer_may_not_do_is_not_done_and_counted() -> None:
    class Unruly(Lines):
        def decide(self, view: PacingView) -> PacingDecision:
            super().decide(view)
            return PacingDecision(50, (*(call.id for call in view.calls), "nobody's"))

    pacer = Unruly()
    world = World(calls_per_second=3)
    settings = PacingSettings(lines=10, min_ring=25.0)
    run = simulate(pacer, world, all_day(1, 60.0), settings, seed=1, seconds=60.0)
    assert run.cancelled == 0
    assert run.refused_cancels > 100
    assert run.over_limits > 100
    assert max(len(view.calls) for view in pacer.views) == 10
    dialled = {call.id: int(call.dialled_at) for view in pacer.views for call in view.calls}
    assert max(Counter(dialled.values()).values()) <= 3


def test_a_list_ends_when_everybody_was_reached_or_tried_often_enough() -> None:
    calls = CallList(60, tries=3, retry_seconds=300.0)
    run = simulate(
        Lines(1.0), World(), all_day(10, 4 * HOUR), PacingSettings(), seed=1, seconds=4 * HOUR, calls=calls
    )
    assert run.finished
    assert run.leads_left == 0
    assert run.seconds < 4 * HOUR
    assert 60 < run.attempts <= 180
    assert run.live < 60
    short = simulate(
        Lines(1.0), World(), all_day(10, 200.0), PacingSettings(), seed=1, seconds=200.0, calls=calls
    )
    assert not short.finished
    assert short.leads_left == 60 - short.live


def test_nobody_is_dialled_when_nobody_is_there() -> None:
    run = simulate(Lines(1.0), World(), (), PacingSettings(), seed=1, seconds=60.0)
    assert run.attempts == run.utilisation == run.abandon_rate == 0


def test_a_machine_that_is_taken_for_a_person_costs_an_agent_and_is_called_again() -> None:
    world = World(
        answer=AnswerRate.constant(0.0),
        failed_share=0.0,
        voicemail_share=1.0,
        voicemail_seconds=(5.0, 0.0),
        machines_missed=0.5,
        machine_talk=LogNormal(6.0, 0.0),
        wrap=LogNormal(10.0, 0.0),
    )
    lines = Lines()
    run = simulate(
        lines, world, all_day(4, 3600), PacingSettings(), seed=5, seconds=3600, calls=CallList(200, 2, 60.0)
    )
    told = [event for view in lines.views for event in view.events]
    assert run.finished
    assert run.attempts == 400  # nobody was reached
    assert 170 < run.connected < 230
    assert run.connected + run.abandoned + run.machines == run.attempts
    assert {event.talk_seconds for event in told if isinstance(event, TalkEnded)} == {6.0}
    assert run.talk_seconds == pytest.approx(6.0 * run.connected)

"""The pacer in short simulated runs, and the arithmetic of its budget."""

from __future__ import annotations

import pytest

from dialer.forecast import AnswerRate, CallList, World, all_day, away, simulate
from dialer.pace.budget import Budget
from dialer.pacing import PacingSettings, create_pacer

HOUR = 3600.0


def run(mode="predictive", *, agents=5, hours=0.5, seed=1, world=None, shifts=None, calls=None, **settings):
    told = {"lines": 4 * agents + 8, "horizon": hours * HOUR} | settings
    chosen = PacingSettings(**told)
    on_shift = shifts or all_day(agents, hours * HOUR)
    pacer = create_pacer(mode, chosen)
    done = simulate(pacer, world or World(), on_shift, chosen, seed=seed, seconds=hours * HOUR, calls=calls)
    assert done.over_limits == 0
    assert done.refused_cancels == 0
    return done


def kept(done, cap=0.03):
    return done.dropped <= int(cap * done.live)


def test_prediction_beats_one_each_and_keeps_the_cap():
    one_each, predicted = run("progressive", agents=8), run(agents=8)
    assert one_each.dropped == 0
    assert one_each.cancelled == 0
    assert predicted.utilisation > one_each.utilisation + 0.05
    assert kept(predicted)


def test_an_unknown_end_is_kept_too():
    assert kept(run(horizon=None, agents=6))


def test_a_jump_of_the_answer_rate_does_not_break_the_cap():
    world = World(answer=AnswerRate(((0.0, 0.2), (900.0, 0.5))))
    assert kept(run(world=world, agents=6))


def test_people_taken_for_machines_are_paid_from_the_same_budget():
    assert kept(run(world=World(false_positive=0.01), machine_error=0.01, agents=6))


def test_half_the_floor_leaves_and_comes_back():
    done = run(shifts=away(all_day(6, 0.5 * HOUR), 0.5, 500.0, 1100.0), agents=6)
    assert kept(done)
    assert done.utilisation > 0.6


def test_a_list_that_runs_out_ends_within_the_cap():
    done = run(calls=CallList(180), agents=6)
    assert done.finished
    assert kept(done)


def looked(budget, *, live, abandoned, coming, agents=10):
    return budget.look(live, abandoned, coming, 4.0, agents)


def test_the_risk_falls_with_each_abandoned_call_and_most_near_the_end():
    early = [looked(Budget(PacingSettings()), live=500, abandoned=n, coming=1500.0) for n in range(8, 19)]
    late = [looked(Budget(PacingSettings()), live=500, abandoned=n, coming=20.0) for n in range(8, 19)]
    assert early == sorted(early, reverse=True)
    assert late == sorted(late, reverse=True)
    assert late[0] > early[0]  # what is not spent by now is lost
    assert late[-1] < early[-1] / 10


def test_a_smaller_cap_risks_less():
    risks = [
        looked(Budget(PacingSettings(abandon_cap=cap)), live=100, abandoned=0, coming=2000.0)
        for cap in (0.01, 0.03, 0.05)
    ]
    assert risks == sorted(risks)
    assert risks[0] > 0


@pytest.mark.parametrize("lost_per_hundred", [0, 6])
def test_the_measure_of_risk_is_learned(lost_per_hundred):
    """Risks taken that came to less or more than foreseen are measured anew."""
    budget = Budget(PacingSettings())
    first = budget.factor
    for hundred in range(30):
        looked(budget, live=100 * hundred, abandoned=lost_per_hundred * hundred, coming=100_000.0)
    assert (budget.factor > first) == (lost_per_hundred == 0)
    again = Budget(PacingSettings())
    again.recall(budget.knowledge())
    assert again.factor == pytest.approx(budget.factor, rel=0.01)


def test_counters_that_fall_back_are_another_window():
    budget = Budget(PacingSettings())
    looked(budget, live=1000, abandoned=29, coming=None)
    before = budget.factor
    assert looked(budget, live=0, abandoned=0, coming=None) > 0
    assert budget.factor == before

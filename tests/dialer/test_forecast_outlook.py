"""The dry run of a plan: days that are simulated with the pacer that would dial them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from statistics import stdev

import pytest

from dialer.forecast import (
    AnswerRate,
    Counted,
    LogNormal,
    Moment,
    Plan,
    World,
    agents_needed,
    forecast,
    simulate_day,
    summarise,
    what_if,
)
from dialer.pacing import PacingSettings

NINE = 9 * 3600.0
SETTINGS = PacingSettings(lines=40, tick=1.0)
SHORT_TALKS = World(talk=LogNormal.of_mean(60.0, 0.8), wrap=LogNormal.of_mean(10.0, 0.5))
PLAN = Plan(NINE, (4, 0, 5), (0.3,), world=SHORT_TALKS, mode="progressive", answer_spread=0.15)


def test_a_forecast_is_of_all_its_days_and_speaks_json() -> None:
    days = [simulate_day(PLAN, 5000, SETTINGS, seed) for seed in range(4)]
    of = summarise(PLAN, SETTINGS, days)
    assert of == forecast(PLAN, 5000, SETTINGS, range(4))
    assert of == summarise(PLAN, SETTINGS, days[::-1])
    runs = [day.run for day in days]
    assert of.utilisation.expected == pytest.approx(sum(run.utilisation for run in runs) / 4)
    assert of.utilisation.low95 < of.utilisation.low80 < of.utilisation.expected < of.utilisation.high80
    assert of.holds_cap == 4
    # All leave at the end of the first hour, while some calls ring.
    assert of.abandoned.expected < of.abandoned.high95 < 0.02
    assert of.calls_per_answer == pytest.approx(1 / 0.3, rel=0.15)
    assert [hour.starts for hour in of.hours] == [NINE + 3600 * hour for hour in range(3)]
    assert sum(hour.calls.expected for hour in of.hours) == pytest.approx(of.calls.expected)
    assert of.hours[1].reached.expected < 5 < of.hours[2].reached.expected
    assert len(of.curve) == 12
    assert of.curve[0].utilisation is not None
    assert of.curve[7].utilisation is None  # nobody is there
    assert of.curve[-1].ends == NINE + 3 * 3600
    read = json.loads(json.dumps(of.as_json(), allow_nan=False))
    assert read["holds_cap_share"] == 1
    assert read["hours"][0]["agents"] == 4


def test_its_intervals_hold_further_days() -> None:
    plan = replace(PLAN, agents=(5,))
    of = forecast(plan, 5000, SETTINGS, range(20))
    fresh = [simulate_day(plan, 5000, SETTINGS, seed).run for seed in range(100, 140)]
    for estimate, values in (
        (of.utilisation, [run.utilisation for run in fresh]),
        (of.reached, [run.connected for run in fresh]),
    ):
        assert 0.6 <= sum(estimate.low80 <= value <= estimate.high80 for value in values) / 40 <= 0.95
        assert sum(estimate.low95 <= value <= estimate.high95 for value in values) / 40 >= 0.85


def test_a_list_that_the_day_does_not_empty_ends_on_a_later_one() -> None:
    plan = replace(PLAN, agents=(4,), answer_spread=0.0)
    one = simulate_day(plan, 100_000, SETTINGS, 1)
    a_day = one.run.attempts
    enough = forecast(plan, a_day // 2, SETTINGS, range(3)).finish
    assert enough.on_the_day == 1
    assert enough.expected is not None
    assert NINE < enough.expected.second < NINE + 3600
    later = forecast(plan, round(2.5 * a_day), SETTINGS, [1]).finish
    assert later.on_the_day == 0
    assert later.expected is not None
    assert later.expected.day == 2
    assert later.expected.second == pytest.approx(NINE + 1800, abs=300)
    assert forecast(plan, 500 * a_day, SETTINGS, [1]).finish.expected is None


def test_more_agents_are_done_sooner_and_as_many_as_needed_are_found() -> None:
    plan = replace(PLAN, agents=(4, 4), answer_spread=0.0)
    fewer, more = what_if(plan, 600, SETTINGS, [1, 2], (-2, 2))
    assert (fewer.change, more.change) == (-2, 2)
    ends = [(of.forecast.finish.expected.day, of.forecast.finish.expected.second) for of in (fewer, more)]  # type: ignore[union-attr]
    assert ends[0] > ends[1]
    target = Moment(0, NINE + 3600)
    needed = agents_needed(plan, 600, SETTINGS, [1], target, most=20)
    assert needed is not None
    for change, in_time in ((needed, True), (needed - 1, False)):
        finish = forecast(plan.with_agents(change), 600, SETTINGS, [1]).finish.expected
        assert finish is not None
        assert ((finish.day, finish.second) <= (0, target.second)) == in_time
    assert agents_needed(plan, 10**6, SETTINGS, [1], target, most=3) is None


def test_the_predictive_day_is_paced_by_the_pacer_and_the_window_counts() -> None:
    slow = replace(SETTINGS, tick=2.0)
    plan = Plan(NINE, (6,), (0.3,), world=SHORT_TALKS)
    day = simulate_day(plan, 5000, slow, 1)
    progressive = simulate_day(replace(plan, mode="progressive"), 5000, slow, 1)
    assert day.run.utilisation > progressive.run.utilisation
    over = simulate_day(replace(plan, counted=Counted(3000, 1000, 100)), 5000, slow, 1)
    assert not over.holds_cap
    assert over.run.abandoned <= day.run.abandoned


def test_a_plan_may_end_within_an_hour() -> None:
    of = forecast(replace(PLAN, agents=(4,), ends_after=1200.0), 5000, SETTINGS, [1, 2])
    assert [point.ends for point in of.curve] == [NINE + 900, NINE + 1200]
    assert of.hours[0].reached.expected < 60


def test_days_differ_as_much_as_is_said() -> None:
    def reached(seed: int, spread: float) -> int:
        return simulate_day(
            replace(PLAN, agents=(3,), answer_spread=spread), 5000, SETTINGS, seed
        ).run.connected

    calm, wild = ([reached(seed, spread) for seed in range(6)] for spread in (0.0, 1.0))
    assert stdev(wild) > 1.5 * stdev(calm)


def test_a_plan_that_cannot_be_is_refused_in_a_sentence() -> None:
    for change in (
        {"starts": 90_000.0},
        {"agents": ()},
        {"agents": (0, 0)},
        {"agents": (1,) * 25},
        {"answer": (0.3, 0.2)},
        {"answer": (1.3,)},
        {"answer_spread": -1.0},
        {"ends_after": 0.0},
    ):
        with pytest.raises(ValueError, match=r"^\S.{30,}\.$"):
            replace(PLAN, **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seeds"):
        forecast(PLAN, 10, SETTINGS, ())


def test_the_world_s_own_answer_rate_is_not_read() -> None:
    deaf = replace(SHORT_TALKS, answer=AnswerRate.constant(0.0))
    plan = replace(PLAN, agents=(2,), world=deaf)
    assert simulate_day(plan, 500, SETTINGS, 1).run.live > 0
    assert math.isclose(plan.seconds, 3600)

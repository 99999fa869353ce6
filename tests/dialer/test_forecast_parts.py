"""Durations, shifts and estimates of which a forecast is made."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dialer.forecast import (
    AnswerRate,
    LogNormal,
    Mixture,
    Observed,
    World,
    all_day,
    away,
    by_period,
    with_pauses,
)
from dialer.forecast.durations import Duration
from dialer.forecast.estimates import estimate, mean_interval, next_day, student_t
from dialer.forecast.learned import DEFAULT_SPREAD, answer_by_hour, answer_spread, learned_duration
from dialer.forecast.world import CallList

UNIFORM = (np.arange(20_000) + 0.5) / 20_000


@pytest.mark.parametrize(
    ("duration", "mean", "cv"),
    [
        (LogNormal.of_mean(120.0, 1.0), 120.0, 1.0),
        (LogNormal.of_mean(20.0, 0.0), 20.0, 0.0),
        (Mixture(((0.4, LogNormal.of_mean(20.0, 0.5)), (0.6, LogNormal.of_mean(200.0, 0.4)))), 128.0, 0.84),
        (Observed.of([30.0, 10.0, 20.0]), 20.0, 0.29),
        (Observed.of([7.0]), 7.0, 0.0),
    ],
)
def test_durations_have_their_mean_and_spread(duration: Duration, mean: float, cv: float) -> None:
    seconds = duration.quantiles(UNIFORM)
    assert seconds.mean() == pytest.approx(mean, rel=0.01)
    assert seconds.std() / seconds.mean() == pytest.approx(cv, abs=0.02)
    assert duration.quantiles(np.array([0.0, 1.0])).min() >= 0


def test_agents_by_the_hour_and_away() -> None:
    shifts = by_period([2, 3, 0, 1], 3600.0)
    assert [shift.spans for shift in shifts] == [
        ((0.0, 7200.0), (10800.0, 14400.0)),
        ((0.0, 7200.0),),
        ((3600.0, 7200.0),),
    ]
    lunch = away(all_day(4, 100.0), 0.5, 40.0, 60.0)
    assert [shift.spans for shift in lunch] == [((0.0, 40.0), (60.0, 100.0))] * 2 + [((0.0, 100.0),)] * 2
    paused = with_pauses(all_day(50, 36_000.0), 2400.0, 300.0, seed=1)
    away_share = 1 - sum(end - begin for shift in paused for begin, end in shift.spans) / (50 * 36_000)
    assert away_share == pytest.approx(300 / 2700, abs=0.02)
    assert paused == with_pauses(all_day(50, 36_000.0), 2400.0, 300.0, seed=1)


def test_the_answer_rate_holds_until_its_next_step() -> None:
    rate = AnswerRate(((0.0, 0.5), (10.0, 0.2)))
    assert [rate.at(second) for second in (0.0, 9.9, 10.0, 1e6)] == [0.5, 0.5, 0.2, 0.2]


def test_student_s_t_is_that_of_the_tables() -> None:
    table = {(0.95, 1): 12.706, (0.95, 2): 4.303, (0.95, 9): 2.262, (0.8, 5): 1.476, (0.95, 30): 2.042}
    for (share, degrees), value in table.items():
        assert student_t(share, degrees) == pytest.approx(value, abs=0.001)


@pytest.mark.parametrize("days", [5, 100])
def test_intervals_cover_the_next_day_and_the_mean(days: int) -> None:
    chance = np.random.default_rng(1)
    repeats = 400
    samples = chance.normal(10.0, 2.0, (repeats, days + 1))
    for share in (0.8, 0.95):
        inside = means = 0
        for *known, fresh in samples.tolist():
            low, high = next_day(known, share)
            inside += low <= fresh <= high
            low, high = mean_interval(known, share)
            means += low <= 10.0 <= high
        assert inside / repeats == pytest.approx(share, abs=0.04)
        assert means / repeats == pytest.approx(share, abs=0.04)


def test_an_estimate_stays_within_what_can_be() -> None:
    of = estimate([0.0, 0.02, 0.9], at_most=1.0)
    assert (of.low80, of.low95, of.high95) == (0.0, 0.0, 1.0)
    assert estimate([3.0]).low95 == 3.0


def test_answer_rates_are_learned_and_drawn_to_the_mean_where_calls_were_few() -> None:
    assert answer_by_hour([9, 10], {}) == (0.25, 0.25)
    nine, ten, eleven = answer_by_hour([9, 10, 11], {9: (20_000, 8_000), 10: (20_000, 2_000), 11: (4, 4)})
    assert nine == pytest.approx(0.4, abs=0.005)
    assert ten == pytest.approx(0.1, abs=0.005)
    assert 0.25 < eleven < 0.28


def test_the_spread_of_days_is_told_from_chance() -> None:
    chance = np.random.default_rng(3)
    assert answer_spread([(100, 30)] * 4) == DEFAULT_SPREAD
    for spread in (0.0, 0.4):
        odds = math.log(0.3 / 0.7) + spread * chance.standard_normal(300)
        answers = chance.binomial(400, 1 / (1 + np.exp(-odds)))
        assert answer_spread([(400, int(number)) for number in answers]) == pytest.approx(spread, abs=0.06)


def test_talks_are_the_measured_ones_once_there_are_enough() -> None:
    default = LogNormal.of_mean(120.0, 1.0)
    assert learned_duration([5.0] * 29, default) is default
    assert learned_duration([5.0] * 30, default).quantiles(np.array([0.3])) == 5.0


def test_what_cannot_be_is_refused_in_a_sentence() -> None:
    for wrong in (
        lambda: LogNormal(0.0, 1.0),
        lambda: LogNormal.of_mean(-1.0, 1.0),
        lambda: Mixture(((0.4, LogNormal(1.0, 1.0)),)),
        lambda: Observed.of([]),
        lambda: AnswerRate(()),
        lambda: AnswerRate(((0.0, 1.2),)),
        lambda: AnswerRate(((0.0, 0.2), (0.0, 0.3))),
        lambda: World(false_positive=2.0),
        lambda: World(voicemail_share=0.8, failed_share=0.3),
        lambda: World(calls_per_second=0),
        lambda: CallList(-1),
        lambda: by_period([-1], 60.0),
    ):
        with pytest.raises(ValueError, match=r"^\S.{30,}\.$"):
            wrong()

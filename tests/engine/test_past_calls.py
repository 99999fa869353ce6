"""What past calls say of the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from compliance.facts import Mode
from dialer.attempt import Attempt
from dialer.forecast.durations import Observed
from dialer.results import AttemptResult
from engine.past_calls import learned_from

WARSAW = ZoneInfo("Europe/Warsaw")
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 9:00 in Warsaw


def call(at: datetime, result: AttemptResult | None, talk_seconds: float | None = None) -> Attempt:
    to = "+48600000001"
    made = Attempt("c", "l", "spring", "p", to, "", Mode.PREDICTIVE, at, dialled_at=at, result=result)
    if talk_seconds is None:
        return made
    connected = at + timedelta(seconds=10)
    ended = connected + timedelta(seconds=talk_seconds)
    return replace(made, answered_at=at, connected_at=connected, ended_at=ended)


def test_answers_are_learned_by_the_campaigns_own_hour() -> None:
    many = [call(NINE, AttemptResult.ANSWERED, 100.0)] * 300 + [call(NINE, AttemptResult.NO_ANSWER)] * 100
    later = [call(NINE + timedelta(hours=3), AttemptResult.NO_ANSWER)] * 400
    known = learned_from(many + later, [NINE, NINE + timedelta(hours=3)], WARSAW)
    assert (known.calls, known.talks) == (800, 300)
    assert known.answer[0] > 0.55 > 0.25 > known.answer[1]
    assert isinstance(known.talk, Observed)
    assert len(known.notes) == 1


def test_what_says_nothing_of_people_is_left_out() -> None:
    network = [AttemptResult.CONGESTION, AttemptResult.FAILED]
    others = [*network, AttemptResult.CANCELLED, AttemptResult.LOST, None]
    known = learned_from([call(NINE, result) for result in others], [NINE], WARSAW)
    assert (known.calls, known.talks) == (0, 0)
    assert known.answer == pytest.approx((0.25,))
    assert len(known.notes) == 3

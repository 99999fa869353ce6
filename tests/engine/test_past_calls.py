"""What past calls say of the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from compliance.facts import Mode
from dialer.attempt import Attempt, Verdict
from dialer.forecast.durations import Observed
from dialer.results import AttemptResult
from engine.past_calls import is_machine, learned_from

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
    others = [*network, AttemptResult.CANCELLED, AttemptResult.LOST, AttemptResult.INTERRUPTED, None]
    known = learned_from([call(NINE, result) for result in others], [NINE], WARSAW)
    assert (known.calls, known.talks) == (0, 0)
    assert known.answer == pytest.approx((0.25,))
    assert len(known.notes) == 3


def judged(verdict: Verdict | None, *, said: str | None = None, seconds: float = 0.8) -> Attempt:
    """A call that was answered, and its talk if it was given to an agent."""
    taken = verdict is Verdict.MACHINE
    made = call(NINE, AttemptResult.MACHINE if taken else AttemptResult.ANSWERED, None if taken else 6.0)
    verdict_at = None if verdict is None else NINE + timedelta(seconds=seconds)
    return replace(made, answered_at=NINE, verdict=verdict, verdict_at=verdict_at, disposition=said)


RANG_OUT = call(NINE, AttemptResult.NO_ANSWER)


def test_machines_are_learned_from_verdicts_and_from_what_agents_said() -> None:
    people = [judged(Verdict.HUMAN, said="sale")] * 60
    slipped = [judged(Verdict.HUMAN, said="machine")] * 8 + [judged(Verdict.UNSURE, said="machine")] * 2
    calls = people + slipped + [judged(Verdict.MACHINE)] * 30 + [RANG_OUT] * 40
    known = learned_from(calls, [NINE], WARSAW, detects=True)
    assert (known.machines.share, known.machines.missed) == (0.5, 0.25)
    assert (known.talks, known.machines.talks) == (60, (6.0,) * 10)
    assert known.machines.detections == (0.8,) * 100
    assert known.calls == 140
    heard = replace(judged(Verdict.MACHINE), audited=Verdict.HUMAN)
    assert not is_machine(heard)
    assert learned_from([heard] * 400, [NINE], WARSAW, detects=True).answer[0] > 0.5


def test_calls_of_before_detection_was_switched_are_left_out() -> None:
    without = [judged(None)] * 70
    calls = [RANG_OUT, judged(Verdict.HUMAN), *without, RANG_OUT]
    assert learned_from(calls, [NINE], WARSAW, detects=True).calls == 2
    assert learned_from(without + calls[:2], [NINE], WARSAW, detects=False).calls == 71
    few = learned_from([judged(Verdict.MACHINE)] * 29, [NINE], WARSAW, detects=True).machines
    assert (few.share, few.missed) == (None, None)

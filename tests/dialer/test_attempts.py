"""How far an attempt got, as the gate counts it; and how often detection takes people for machines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.outcome import Outcome
from compliance.facts import Mode, Reached
from dialer.attempt import Verdict, counts, ended, furthest, is_live
from dialer.machine import Detect, DetectionCounts, MachinePolicy, detection_error, detection_refused, wilson
from dialer.results import OF_OUTCOME
from tests.dialer.leads_and_calls import MONDAY, R, attempt


@pytest.mark.parametrize(
    ("result", "rang", "talked", "reached", "counted", "live"),
    [
        (R.NO_ANSWER, True, False, Reached.ATTEMPT, True, False),
        (R.NO_ANSWER, False, False, Reached.ATTEMPT, True, False),
        (R.REFUSED, False, False, Reached.ATTEMPT, True, False),
        (R.BUSY, False, False, Reached.FAILED, True, False),
        (R.BUSY, True, False, Reached.ATTEMPT, True, False),
        (R.CANCELLED, True, False, Reached.ATTEMPT, True, False),
        (R.CANCELLED, False, False, Reached.FAILED, False, False),
        (R.UNALLOCATED, False, False, Reached.FAILED, False, False),
        (R.CHANGED, False, False, Reached.FAILED, False, False),
        (R.CONGESTION, False, False, Reached.FAILED, False, False),
        (R.FAILED, False, False, Reached.FAILED, False, False),
        (R.FAILED, True, False, Reached.ATTEMPT, True, False),
        (R.INTERRUPTED, False, False, Reached.ATTEMPT, True, False),
        (R.MACHINE, True, False, Reached.CONNECTION, True, False),
        (R.ABANDONED, True, False, Reached.CONNECTION, True, True),
        (R.ANSWERED, True, False, Reached.CONNECTION, True, True),
        (R.ANSWERED, True, True, Reached.CONVERSATION, True, True),
    ],
)
def test_how_far_an_attempt_got(
    result: R, rang: bool, talked: bool, reached: Reached, counted: bool, live: bool
) -> None:
    over = attempt(result, rang=rang, talked=talked)
    assert (furthest(over), counts(over), is_live(over)) == (reached, counted, live)


def test_what_was_never_dialled_counts_nowhere() -> None:
    never = replace(attempt(R.LOST, rang=False), dialled_at=None)
    assert (furthest(never), counts(never)) == (Reached.FAILED, False)


def test_while_it_goes_on_it_counts_as_far_as_it_is() -> None:
    now = replace(attempt(R.NO_ANSWER, rang=False), result=None, ended_at=None)
    assert furthest(now) is Reached.FAILED
    now = replace(now, ringing_at=MONDAY)
    assert furthest(now) is Reached.ATTEMPT
    now = replace(now, answered_at=MONDAY + timedelta(seconds=8))
    assert furthest(now) is Reached.CONNECTION


@pytest.mark.parametrize(
    ("stages", "cause", "how", "result"),
    [
        ({}, 17, {}, R.BUSY),
        ({}, 1, {}, R.UNALLOCATED),
        ({}, 22, {}, R.CHANGED),
        ({}, 34, {}, R.CONGESTION),
        ({}, 127, {}, R.FAILED),
        ({}, None, {}, R.FAILED),
        ({"ringing_at": MONDAY}, 19, {}, R.NO_ANSWER),
        ({"ringing_at": MONDAY}, 16, {}, R.NO_ANSWER),  # it rang long enough
        ({"ringing_at": MONDAY}, 16, {"cancelled": True}, R.CANCELLED),
        ({"ringing_at": MONDAY}, 21, {}, R.REFUSED),
        ({"ringing_at": MONDAY}, None, {"lost": True}, R.INTERRUPTED),
        ({"dialled_at": None}, None, {"lost": True}, R.LOST),
        ({"answered_at": MONDAY}, 16, {}, R.ANSWERED),  # they hung up at once
        ({"answered_at": MONDAY, "verdict": Verdict.MACHINE}, 16, {}, R.MACHINE),
        ({"answered_at": MONDAY, "verdict": Verdict.HUMAN, "abandoned": True}, 16, {}, R.ABANDONED),
        ({"answered_at": MONDAY, "verdict": Verdict.HUMAN}, None, {"lost": True}, R.INTERRUPTED),
        ({"answered_at": MONDAY, "connected_at": MONDAY}, None, {"lost": True}, R.ANSWERED),
        # Connected to an agent all the same, whatever detection said.
        ({"answered_at": MONDAY, "verdict": Verdict.MACHINE, "connected_at": MONDAY}, 16, {}, R.ANSWERED),
    ],
)
def test_how_an_attempt_ended(
    stages: dict[str, Any], cause: int | None, how: dict[str, bool], result: R
) -> None:
    begun = replace(attempt(R.NO_ANSWER, rang=False), result=None, ended_at=None)
    over = ended(replace(begun, **stages), MONDAY + timedelta(seconds=20), cause, **how)
    assert (over.result, over.cause, over.ended_at) == (result, cause, MONDAY + timedelta(seconds=20))


def test_every_outcome_of_the_network_is_a_result() -> None:
    assert set(OF_OUTCOME) == set(Outcome)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 1000, 0.0041, 0.0157), (30, 100, 0.2189, 0.3958)],
)
def test_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    """Numbers that were known before the code was."""
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


def test_nothing_listened_to_leaves_everything_open() -> None:
    error = detection_error(DetectionCounts(humans=900, machines=100))
    assert (error.share, error.low, error.high) == (0.0, 0.0, 0.1)
    assert (error.measured, error.counted) == (False, 0.01)


def test_the_measured_error_is_the_share_of_people() -> None:
    # 4 % of 2,500 machines are 100 people; with 9,900 known people they are 1 % of all.
    error = detection_error(DetectionCounts(humans=9_900, machines=2_500, audited=200, audited_people=8))
    assert error.measured
    assert error.counted == pytest.approx(0.01)
    assert error.low < 0.01 < error.high


@pytest.mark.parametrize(
    ("people", "cap", "refused"), [(8, 0.03, False), (8, 0.01, True), (12, 0.03, True), (11, 0.03, False)]
)
def test_half_the_cap_is_too_much(people: int, cap: float, refused: bool) -> None:
    counts = DetectionCounts(humans=9_850, machines=2_500, audited=200, audited_people=people)
    error = detection_error(counts)
    amd = MachinePolicy(Detect.AMD)
    assert detection_refused(Mode.PREDICTIVE, amd, cap, error) == refused
    assert not detection_refused(Mode.AGENTLESS, amd, cap, error)
    assert not detection_refused(Mode.PREDICTIVE, MachinePolicy(), cap, error)
    assert not detection_refused(Mode.PREDICTIVE, amd, None, error)


@given(
    humans=st.integers(0, 10_000),
    machines=st.integers(0, 10_000),
    audited=st.integers(0, 500),
    data=st.data(),
)
def test_the_estimate_lies_in_its_interval(
    humans: int, machines: int, audited: int, data: st.DataObject
) -> None:
    counts = DetectionCounts(humans, machines, audited, data.draw(st.integers(0, audited)))
    error = detection_error(counts)
    assert 0 <= error.low <= error.share <= error.high <= 1
    assert error.counted >= error.share

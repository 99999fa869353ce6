"""What the pacer learns of its campaign, keeps over a restart, and throws away when it does not fit."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from dialer.pace.answering import AnswerCurves
from dialer.pace.residuals import NONE, Durations, Releases
from dialer.pace.risk import Balance, Exact, Moments
from dialer.pacing import (
    AgentFreed,
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


def heard(curves, chance, calls, p):
    """Calls of a world where `p` answer after 6 to 14 s, and the others ring for 27 s."""
    for _ in range(calls):
        if chance.random() < p:
            curves.ended(chance.uniform(6, 14), "person")
            curves.detected(chance.uniform(1, 2), "person")
        else:
            curves.ended(27.0, "nobody")
    curves.rebuild()


@pytest.mark.parametrize("p", [0.1, 0.3, 0.6])
def test_the_answer_rate_is_learned(p):
    curves = AnswerCurves(45.0)
    heard(curves, np.random.default_rng(1), 800, p)
    assert p * 0.85 < curves.share < p * 1.3  # rather too high than too low
    assert curves.answer_seconds() == pytest.approx(10.0, abs=1.0)
    ten_seconds_on, silent_for_20 = curves.ringing[0], curves.ringing[40]
    assert ten_seconds_on[-1] > 5 * silent_for_20[-1]


def test_a_jump_of_the_answer_rate_is_followed_within_some_dozens_of_calls():
    curves, chance = AnswerCurves(45.0), np.random.default_rng(2)
    heard(curves, chance, 2000, 0.2)
    heard(curves, chance, 80, 0.5)
    assert curves.share > 0.35
    heard(curves, chance, 400, 0.2)
    assert curves.share < 0.28


def test_calls_given_up_while_ringing_teach_the_same_rate():
    curves, chance = AnswerCurves(45.0), np.random.default_rng(3)
    for _ in range(1500):
        answers_at = chance.uniform(6, 24)
        if chance.random() < 0.4 and answers_at < 15:
            curves.ended(answers_at, "person")
        else:
            curves.ended(15.0, "cancelled")
    curves.rebuild()
    # until 15 s, half of the 40 % have answered
    assert 1 - np.prod(1 - curves._chances[:30]) == pytest.approx(0.2, abs=0.03)


def test_the_first_quick_answers_are_not_taken_for_all():
    """300 calls ring, 30 were answered at once: far from everybody answers."""
    curves = AnswerCurves(45.0)
    for _ in range(30):
        curves.ended(8.0, "person")
    curves.rebuild(np.full(270, 9.0))
    assert curves.share < 0.5


def test_how_long_things_last_is_learned():
    talks, chance = Durations(2.0, 90.0, 2.0), np.random.default_rng(4)
    for _ in range(400):
        talks.ended(float(chance.lognormal(np.log(30), 0.3)))
    talks.rebuild(NONE)
    assert talks.mean == pytest.approx(31.4, rel=0.1)
    assert np.exp(-talks.hazard(np.array([15.0]))[0]) > 0.93  # hardly any ends within 15 s


def test_those_still_talking_count():
    """Of ten talks the two shortest ended: talks are not short."""
    alone, together = Durations(2.0, 90.0, 2.0), Durations(2.0, 90.0, 2.0)
    for durations, others in ((alone, NONE), (together, np.full(8, 300.0))):
        durations.ended(10.0)
        durations.ended(15.0)
        durations.rebuild(others)
    assert together.mean > 2 * alone.mean


def test_who_writes_up_is_free_before_who_talks():
    releases = Releases(2.0)
    talking, wrapping = releases.talking(np.array([5.0])), releases.wrapping(np.array([5.0]))
    assert (wrapping > talking).all()
    assert (np.diff(talking) >= 0).all()
    assert (np.diff(wrapping) >= 0).all()


def test_the_exact_risk_is_that_of_counting():
    """Two calls against one who writes up and one who is idle, by every combination."""
    a, b, freed = np.linspace(0.05, 0.6, 16), np.linspace(0.1, 0.3, 16), np.linspace(0.2, 0.7, 16)
    talking = np.zeros((0, 16))
    exact = Exact(1, 0, np.array([a, b]), talking, np.array([freed]), 5)
    expected = (1 - freed) * (1 - (1 - a) * (1 - b)) + freed * a * b
    assert exact.overflow() == pytest.approx(expected)


def test_moments_come_close_to_the_exact_risk():
    chance = np.random.default_rng(5)
    calls = np.sort(chance.uniform(0.0, 0.5, (60, 16)), axis=1)
    agents = np.sort(chance.uniform(0.0, 0.4, (40, 16)), axis=1)
    exact = Exact(7, 0, calls, np.zeros((0, 16)), agents, 5).overflow()
    close = Moments(7, 0, calls, agents).overflow()
    assert close == pytest.approx(exact, abs=0.004)


def test_one_more_call_never_costs_less():
    releases = Releases(2.0)
    balance = Balance(Exact(2, 0, np.zeros((0, 16)), releases.talking(np.arange(5.0)), NONE_WRAPS, 10))
    curves = AnswerCurves(45.0)
    costs = []
    for _ in range(6):
        costs.append(balance.cost(curves.when[0]))
        balance.add(curves.ringing[0])
    assert costs == sorted(costs)
    assert costs[0] == 0.0


NONE_WRAPS = np.zeros((0, 16))


def taught():
    """A pacer after a few dozen calls."""
    pacer = create_pacer("predictive", SETTINGS)
    for number in range(60):
        at = 30.0 * number
        events = [
            PersonAnswered(f"p-{number}", at, at + 9, at + 10),
            CallEnded(f"n-{number}", "no_answer", at, None, at + 27),
            CallEnded(f"m-{number}", "machine", at, at + 20, at + 22),
            TalkEnded("agent-1", 55.0, at + 25),
            AgentFreed("agent-1", 55.0, 8.0, at + 28, True),
        ]
        agents = [AgentView(f"agent-{other}", "talking", at) for other in range(4)]
        calls = [CallView(f"c-{number}", at, "ringing", at + 2)]
        pacer.decide(PacingView(at + 29, agents, calls, events, 40, 3 * number, number, 0))
    return pacer


def test_a_restart_goes_on_with_what_was_known():
    before = taught()
    known = json.loads(json.dumps(before.knowledge()))
    assert len(json.dumps(known)) < 20_000
    after = create_pacer("predictive", SETTINGS, known)
    cold, warm, old = (
        pacer.explain()["beliefs"] for pacer in (create_pacer("predictive", SETTINGS), after, before)
    )
    assert (
        abs(warm["talk_seconds"] - old["talk_seconds"]) < abs(cold["talk_seconds"] - old["talk_seconds"]) / 2
    )
    assert warm["wrap_seconds"] == pytest.approx(old["wrap_seconds"], rel=0.2)
    assert warm["answer_probability"] == pytest.approx(old["answer_probability"], rel=0.25)
    assert warm["answer_seconds"] == pytest.approx(old["answer_seconds"], rel=0.05)


def broken(change):
    known = copy.deepcopy(taught().knowledge())
    change(known)
    return known


@pytest.mark.parametrize(
    "known",
    [
        broken(lambda known: known.update(version=0)),
        broken(lambda known: known.update(ring_timeout=60.0)),
        broken(lambda known: known.pop("answers")),
        broken(lambda known: known["answers"]["person"].append(1.0)),
        broken(lambda known: known["answers"].update(person=["x"] * 91)),
        broken(lambda known: known["talk"].update(ended=None)),
        broken(lambda known: known["wrap"]["lasted"].__setitem__(0, float("nan"))),
        broken(lambda known: known.update(stays=7)),
        broken(lambda known: known.update(budget=[])),
        broken(lambda known: known.update(run={"seconds": "soon", "live": 3})),
        {"something": "else"},
    ],
)
def test_knowledge_that_cannot_be_read_is_left_aside_with_a_sentence(known):
    pacer, cold = create_pacer("predictive", SETTINGS, known), create_pacer("predictive", SETTINGS)
    told = pacer.explain()
    assert told.pop("knowledge").startswith("What the pacer knew before cannot be read")
    assert told == cold.explain()
    idle = [AgentView("agent-1", "idle", 0.0)]
    assert pacer.decide(PacingView(0.0, idle, [], [], 40, 0, 0, 0)).dial >= 1

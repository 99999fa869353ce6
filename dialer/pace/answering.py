"""When calls are answered and by whom, learned from calls that have ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dialer.pace.lookahead import AHEAD_SECONDS, Floats

AGE_SECONDS: Final = 0.5  # width of an age
DETECTION_SECONDS: Final = 0.25
DETECTIONS: Final = 32  # 8 s; a longer detection counts as one of 8 s
MEMORY_CALLS: Final = 3000.0  # calls after which an observation has lost two thirds of its weight
RATE_CALLS: Final = (500.0, 60.0)  # the same, of the answer rate of now: as a rule, and when it has jumped
PRIOR_CALLS: Final = 12.0  # the weight of what is assumed of a campaign nobody knows
PRIOR_PERSON: Final = 0.3
PRIOR_RING: Final = (11.0, 0.6)  # median seconds from dialling to answer, sigma of its logarithm
JUMP_BEGINS, JUMP_IS_SURE = 2.5, 4.0  # standard deviations of the shorter count from which it is believed
ASSUMED_ANSWERS: Final = 6.0  # in both counts, that keep them near the long memory while they are small
CAUTION: Final = 0.5  # of the standard deviations of the answer rate that it is taken to be higher by
FIRST_CAUTION: Final = 2.0  # of what is assumed at first; gone after some dozens of answers
NONE: Final[Floats] = np.zeros(0)


class AnswerCurves:
    """Chances by a call's age: that a person, a machine, or nobody ends the ringing in the next half second.

    Chances rather than shares, so that calls given up while ringing still teach what they can: an age counts
    only the calls that were still ringing then.
    """

    def __init__(self, longest_seconds: float) -> None:
        self.ages = math.ceil(longest_seconds / AGE_SECONDS) + 1
        edges = np.arange(self.ages + 1) * AGE_SECONDS
        answered = _lognormal(edges, *PRIOR_RING)
        answered /= max(answered[-1], 1e-9)
        left = 1 - PRIOR_PERSON * answered[:-1]
        self._person = PRIOR_CALLS * PRIOR_PERSON * np.diff(answered)
        self._machine = PRIOR_CALLS * 0.005 * AGE_SECONDS * left
        self._nobody = PRIOR_CALLS * 0.005 * AGE_SECONDS * left
        self._at_risk = PRIOR_CALLS * left
        detected = np.diff(_lognormal(np.arange(DETECTIONS + 1) * DETECTION_SECONDS, 1.5, 0.6))
        self._detection = {"person": 4 * detected, "machine": 4 * detected}
        self._weight = 1.0  # of the next observation; grows, so that older ones fade
        self._seen = 0.0
        self._lately_people = np.zeros(2)
        self._lately_at_risk = np.zeros((2, self.ages))
        self._lately_keep = 1 - 1 / np.array(RATE_CALLS)
        self._memory = MEMORY_CALLS
        self._in_flight = np.zeros(self.ages)
        self._chances = self._person / np.maximum(self._at_risk, 1e-9)
        self._age_of = np.arange(self.ages)[None, :] - np.arange(self.ages)[:, None]
        self.level = 1.0
        self.share = PRIOR_PERSON
        self.ringing = np.zeros((self.ages, AHEAD_SECONDS.size))
        self.detecting = np.zeros((self.ages, DETECTIONS, AHEAD_SECONDS.size))
        self.when = self.ringing
        self.rebuild()

    def ended(self, seconds: float, how: str) -> None:
        """A call rang until `seconds` after dialling: `person`, `machine`, `nobody` or `cancelled`."""
        age = min(self.ages - 1, max(0, int(seconds / AGE_SECONDS)))
        self._at_risk[: age + 1] += self._weight
        if how == "person":
            self._person[age] += self._weight
        elif how == "machine":
            self._machine[age] += self._weight
        elif how == "nobody":
            self._nobody[age] += self._weight
        self._weight *= 1 + 1 / self._memory
        if self._weight > 1e3:
            self._fade(1 / self._weight)
            self._weight = 1.0
        self._seen += 1
        self._lately_people *= self._lately_keep
        self._lately_people += how == "person"
        self._lately_at_risk *= self._lately_keep[:, None]
        self._lately_at_risk[:, : age + 1] += 1

    def detected(self, seconds: float, who: str) -> None:
        """It took `seconds` from the answer to tell that it was a `person` or a `machine`."""
        place = min(DETECTIONS - 1, max(0, int(seconds / DETECTION_SECONDS)))
        self._detection[who] *= 1 - 1 / 500
        self._detection[who][place] += 1

    def rebuild(self, ringing_seconds: Floats = NONE) -> None:
        """The tables by which calls in flight are read; due every few seconds.

        Those that still ring count with the ages that they have passed: else the quick answers of a first
        minute would be all that is known.
        """
        passed = np.clip((ringing_seconds / AGE_SECONDS).astype(np.int64), 0, self.ages)
        in_flight = np.bincount(passed, minlength=self.ages + 1)
        self._in_flight = np.cumsum(in_flight[::-1])[::-1][1:].astype(np.float64)
        # a memory shorter than what is in flight would forget the answers of calls that still ring beside it
        self._lately_keep = 1 - 1 / (np.array(RATE_CALLS) + 3.0 * passed.size)
        self._memory = MEMORY_CALLS + 10.0 * passed.size
        risk = np.maximum(self._at_risk + self._weight * self._in_flight, 1e-9)
        self._chances = np.minimum(_smooth(self._person) / risk, 0.9)
        self.level = self._rate()
        person = np.minimum(self._chances * self.level, 0.95)
        machine = np.minimum(_smooth(self._machine) / risk, 0.9)
        nobody = np.minimum(self._nobody / risk, 0.9)
        stays = np.log1p(-person) + np.log1p(-machine) + np.log1p(-nobody)
        before = np.concatenate(([0.0], np.cumsum(stays)))[:-1]
        still = np.exp(np.minimum(before[None, :] - before[:, None], 0.0))
        answered = np.where(self._age_of >= 0, still * person[None, :], 0.0)
        verdict = np.cumsum(self._detection["person"]) / self._detection["person"].sum()
        # calls are placed at decisions, so a call is at an age's beginning; its answer comes in one's middle
        waits = AHEAD_SECONDS[None, :] - ((np.arange(self.ages) + 0.5) * AGE_SECONDS)[:, None]
        reached = _at(verdict, waits)
        self.ringing = np.zeros((self.ages, AHEAD_SECONDS.size))
        for lag in range(min(self.ages, int(AHEAD_SECONDS[-1] / AGE_SECONDS) + 1)):
            self.ringing[: self.ages - lag] += np.diagonal(answered, lag)[:, None] * reached[lag]
        self.share = float(answered[0].sum())
        when = np.diff(self.ringing, axis=1, prepend=0.0)
        self.when = when / np.maximum(self.ringing[:, -1:], 1e-12)
        self._detecting(person, machine, verdict)

    def _detecting(self, person: Floats, machine: Floats, verdict: Floats) -> None:
        is_person = (person + 1e-4) / (person + machine + 2e-4)
        tail = {
            who: 1 - np.concatenate(([0.0], np.cumsum(counts)[:-1])) / counts.sum()
            for who, counts in self._detection.items()
        }
        odds = is_person[:, None] * tail["person"]
        still_person = odds / np.maximum(odds + (1 - is_person)[:, None] * tail["machine"], 1e-9)
        ages = np.arange(DETECTIONS) * DETECTION_SECONDS
        by_then = _at(verdict, ages[:, None] + AHEAD_SECONDS[None, :])
        until_now = (1 - tail["person"])[:, None]
        told = np.clip((by_then - until_now) / np.maximum(1 - until_now, 1e-3), 0, 1)
        self.detecting = still_person[:, :, None] * told[None, :, :]

    def _rate(self) -> float:
        """The answer rate of now over the long memory's.

        The shorter count is believed by as much as chance cannot explain how far it is from the longer one.
        """
        level = 1.0
        all_expected = (self._lately_at_risk + self._in_flight) @ self._chances
        for place, (people, expected) in enumerate(zip(self._lately_people, all_expected, strict=True)):
            ratio = (people + ASSUMED_ANSWERS * level) / (expected + ASSUMED_ANSWERS)
            off = abs(people - expected * level) / math.sqrt(max(expected * level, 1.0))
            belief = min(1.0, max(0.0, (off - JUMP_BEGINS) / (JUMP_IS_SURE - JUMP_BEGINS))) if place else 1.0
            level += belief * (ratio - level)
        answers = float(self._person.sum()) / self._weight
        lately = min(answers, float(self._lately_people[0]) + ASSUMED_ANSWERS)
        return level * (1 + CAUTION / math.sqrt(max(lately, 1.0)) + FIRST_CAUTION / max(answers, 1.0))

    def _fade(self, factor: float) -> None:
        for counts in (self._person, self._machine, self._nobody, self._at_risk):
            counts *= factor

    def answer_seconds(self) -> float:
        """Mean from dialling to a person's answer."""
        total = self._person.sum()
        middle = (np.arange(self.ages) + 0.5) * AGE_SECONDS
        return float((self._person * middle).sum() / total)

    def knowledge(self) -> dict[str, Any]:
        scale = 1 / self._weight
        return {
            "person": _rounded(self._person * scale * self.level),
            "machine": _rounded(self._machine * scale),
            "nobody": _rounded(self._nobody * scale),
            "at_risk": _rounded(self._at_risk * scale),
            "detection": {who: _rounded(counts) for who, counts in self._detection.items()},
        }

    def recall(self, known: Mapping[str, Any], trust: float) -> None:
        """Take over what was known, at `trust` of its weight. ValueError if it does not fit."""
        counts = [_counts(known[name], self.ages) for name in ("person", "machine", "nobody", "at_risk")]
        detection = {who: _counts(known["detection"][who], DETECTIONS) for who in ("person", "machine")}
        if (counts[0] > counts[3] * 1.5 + 1).any() or min(d.sum() for d in detection.values()) <= 0:
            raise ValueError("the counts of answers contradict each other")
        self._person, self._machine, self._nobody, self._at_risk = (trust * c for c in counts)
        self._detection = detection
        self._weight = 1.0
        self.rebuild()


def _lognormal(at: NDArray[Any], median: float, sigma: float) -> Floats:
    z = (np.log(np.maximum(at, 1e-9)) - math.log(median)) / sigma
    return np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z])


def _smooth(counts: Floats) -> Floats:
    """Neighbouring ages lend each other a part: a curve of few calls is jagged."""
    padded = np.concatenate((counts[:1], counts, counts[-1:]))
    smoothed: Floats = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return smoothed


def _at(verdict: Floats, seconds: Floats) -> Floats:
    """The distribution of detection times, read at any second."""
    return np.interp(seconds, np.arange(1, DETECTIONS + 1) * DETECTION_SECONDS, verdict, left=0.0, right=1.0)


def _rounded(counts: Floats) -> list[float]:
    return [float(f"{value:.4g}") for value in counts]


def _counts(values: Any, size: int) -> Floats:
    counts = np.asarray(values, dtype=np.float64)
    if counts.shape != (size,) or not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError(f"{size} counts were expected")
    return counts

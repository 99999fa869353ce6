"""The people who are called and the network between: what a simulated day is made of."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

from dialer.forecast.durations import Duration, LogNormal

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class AnswerRate:
    """The probability that a person answers, by the time of dialling, in steps."""

    steps: tuple[tuple[float, float], ...]  # (from second, probability); the first from 0

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0][0] > 0:
            raise ValueError("The answer rate needs a step that begins at second 0.")
        if any(later[0] <= earlier[0] for earlier, later in pairwise(self.steps)):
            raise ValueError("The steps of the answer rate must follow each other in time.")
        for second, probability in self.steps:
            if not 0 <= probability <= 1:
                raise ValueError(
                    f"The answer rate {probability} from second {second:g} is not between 0 and 1."
                )

    @classmethod
    def constant(cls, probability: float) -> AnswerRate:
        return cls(((0.0, probability),))

    def at(self, second: float) -> float:
        place = bisect_right(self.steps, second, key=lambda step: step[0])
        return self.steps[max(0, place - 1)][1]


@dataclass(frozen=True, slots=True)
class World:
    """What becomes of a call that is placed.

    A person answers at `answer`'s probability after `ring`, which is cut off at the ring timeout; of the
    other calls `failed_share` fail at once, `voicemail_share` are taken by a voicemail after about
    `voicemail_seconds` (mean, standard deviation) if that is before the timeout, and the rest ring out.
    Whoever answers is listened to for `detection`; `false_positive` of the people are taken for machines,
    `machines_missed` of the machines for people: an agent has such a one for `machine_talk`.
    """

    answer: AnswerRate = field(default_factory=lambda: AnswerRate.constant(0.3))
    setup_seconds: Range = (1.0, 4.0)
    ring: LogNormal = field(default_factory=lambda: LogNormal(8.0, 0.5))
    voicemail_share: float = 0.3
    voicemail_seconds: Range = (19.0, 3.0)
    failed_share: float = 0.1
    failing_seconds: Range = (1.0, 4.0)
    detection: Duration = field(default_factory=lambda: LogNormal(1.4, 0.35))
    false_positive: float = 0.0
    machines_missed: float = 0.0
    talk: Duration = field(default_factory=lambda: LogNormal.of_mean(120.0, 1.0))
    wrap: Duration = field(default_factory=lambda: LogNormal.of_mean(20.0, 0.6))
    machine_talk: Duration = field(default_factory=lambda: LogNormal(6.0, 0.3))
    calls_per_second: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.false_positive <= 1:
            raise ValueError(
                f"The share of people taken for machines, {self.false_positive}, is not in 0..1."
            )
        if not 0 <= self.machines_missed <= 1:
            raise ValueError(
                f"The share of machines taken for people, {self.machines_missed}, is not in 0..1."
            )
        if min(self.voicemail_share, self.failed_share) < 0 or self.voicemail_share + self.failed_share > 1:
            raise ValueError(
                f"Voicemails ({self.voicemail_share}) and failures ({self.failed_share}) are shares of the"
                " calls that no person answers: 0 or more each, at most 1 together."
            )
        if self.calls_per_second is not None and self.calls_per_second < 1:
            raise ValueError("A limit of calls per second must be 1 or more; leave it out for none.")


@dataclass(frozen=True, slots=True)
class CallList:
    """How many leads there are, and how often each is tried.

    A lead is done when a person was reached, or after `tries`. A try that reaches nobody is made again after
    `retry_seconds`.
    """

    leads: int
    tries: int = 1
    retry_seconds: float = 4 * 3600.0

    def __post_init__(self) -> None:
        if self.leads < 0 or self.tries < 1 or self.retry_seconds < 0:
            raise ValueError(
                f"{self.leads} leads with {self.tries} tries {self.retry_seconds:g} s apart cannot be:"
                " there must be 0 leads or more, 1 try or more and no negative time between them."
            )

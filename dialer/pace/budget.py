"""How much risk the next call may take, so that the share of abandoned calls ends just under the cap.

A bucket in the logarithm: answers fill it at the cap's rate, abandoned calls empty it, and its level moves
the risk up or down: softly while much of the run is to come, firmly near its end or when that is not known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dialer.pace.view import PacingSettings

RISK_PER_RATE: Final = 1.25  # the last call's risk over the share abandoned: the calls before it risk less
FIRMEST: Final = 1.5  # of the risk's logarithm per abandoned call that may still be spent
FIRM: Final = 0.15  # the same where the end is not known
AT_THE_END: Final = (1.1, 1.5)  # abandoned calls left then, of short runs and of those long enough to count
AT_ONCE: Final = (
    0.06,
    0.03,
)  # abandoned calls an agent that may come of the calls in flight when the last is risked
SHORT_RUN: Final = 900.0  # people
BORROWED: Final = 0.4  # of what will be earned by the end, what may be spent before
MOST_BORROWED: Final = (4.0, 0.1)  # that many calls, and that share, at the most
HIGHEST: Final = 5.0  # times the risk that would keep the rate at the cap
LOWEST: Final = 0.1
SURE: Final = (1.65, 2.2)  # deviations of the people taken for machines that are set aside, of the same runs
LEARNED_CALLS: Final = 40.0  # abandoned calls in which the risk's measure is learned anew
ASSUMED_CALLS: Final = 12.0
FILLING: Final = 3  # answers an agent, in which a floor that begins idle is no measure


@dataclass(frozen=True, slots=True)
class Account:
    """People who answered and found no agent, false positives of detection included, and what is left.

    `coming`: people who will answer until the end, if it is known. `left`: abandoned calls that may still be.
    """

    live: float = 0.0
    abandoned: float = 0.0
    left: float = 0.0
    coming: float | None = None


class Budget:
    def __init__(self, settings: PacingSettings) -> None:
        self._cap = settings.abandon_cap
        self._error = min(max(settings.machine_error, 0.0), 0.9)
        self._rate = max(self._cap - self._error, 0.0)  # what is left to the dialler of the cap
        self._seen: tuple[int, int] | None = None
        self._foreseen = ASSUMED_CALLS
        self._happened = ASSUMED_CALLS
        self._answers = 0
        self.account = Account()
        self.risk = 0.0

    def look(self, live: int, abandoned: int, coming: float | None, per_minute: float, agents: int) -> float:
        """The highest chance of taking somebody's agent at which one more call is worth it.

        `coming`: people who will answer until the end; None if unknown. `per_minute`: who answer in a minute.
        """
        self._learn(live, abandoned, agents)
        error = self._error
        answered = live / (1 - error)
        mistaken = answered * error
        at_end = answered + (coming or 0.0)
        long = coming is None or at_end > SHORT_RUN
        left = (
            self._cap * answered - abandoned - mistaken - SURE[long] * math.sqrt(at_end * error * (1 - error))
        )
        self.account = Account(answered, abandoned + mistaken, left, coming)
        if coming is None:
            # several are abandoned at a time where many are called
            bursts = math.sqrt(1 + self._rate * per_minute)
            floor = AT_THE_END[True] + AT_ONCE[True] * agents
            firmness, spare = FIRM / bursts, floor + 2 * bursts
        else:
            earned = self._rate * coming
            firmness = 1 / (earned + 1 / FIRMEST)
            end = AT_THE_END[long] + AT_ONCE[long] * agents
            spare = end + 0.1 * math.sqrt(min(earned, 9.0))
            floor = end - min(BORROWED * earned, MOST_BORROWED[0] + MOST_BORROWED[1] * earned)
        over = min(math.exp(min(firmness * (left - spare), 5.0)), HIGHEST)
        if left < floor:
            over = min(over, LOWEST) * math.exp(max(2 * (left - floor), -4.0))
        self.risk = min(self._rate * self.factor * over, 0.5)
        return self.risk

    @property
    def factor(self) -> float:
        """The risk of the last call that makes one in a hundred abandoned, over one in a hundred."""
        return RISK_PER_RATE * min(max(self._foreseen / self._happened, 0.3), 3.0)

    def _learn(self, live: int, abandoned: int, agents: int) -> None:
        before, self._seen = self._seen, (live, abandoned)
        if before is None or live < before[0] or abandoned < before[1]:
            return
        answers, lost = live - before[0], abandoned - before[1]
        self._answers += answers
        if self._answers < FILLING * agents:
            return
        foreseen = answers * self.risk / RISK_PER_RATE
        keep = 1 - min(foreseen / LEARNED_CALLS, 0.5)
        self._foreseen = ASSUMED_CALLS + (self._foreseen - ASSUMED_CALLS) * keep + foreseen
        self._happened = ASSUMED_CALLS + (self._happened - ASSUMED_CALLS) * keep + lost

    def knowledge(self) -> dict[str, float]:
        return {"foreseen": round(self._foreseen, 3), "happened": round(self._happened, 3)}

    def recall(self, known: Mapping[str, Any]) -> None:
        """ValueError if it does not fit."""
        foreseen, happened = float(known["foreseen"]), float(known["happened"])
        if not (ASSUMED_CALLS <= foreseen < 1e4 and ASSUMED_CALLS <= happened < 1e4):
            raise ValueError("the measure of risk is out of its range")
        self._foreseen, self._happened = foreseen, happened

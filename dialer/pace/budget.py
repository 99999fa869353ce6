"""How much risk the next call may take, so that the share of abandoned calls ends just under the cap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from dialer.pacing import PacingSettings

STIFFNESS: Final = 0.15  # of the logarithm of the risk, per abandoned call that is still allowed
SPARE_CALLS: Final = (
    3.0  # abandoned calls that are kept unspent, about one and a half deviations of the spending
)
FIRST_FACTOR: Final = 1.2  # risk of the last call over the cap, before anything is learned
LEARNING: Final = 0.0004  # of that factor's logarithm, per answer and spare call
LOWEST, HIGHEST = 1 / 50, 6.0  # of the risk over the cap
SURE: Final = 2.3  # deviations of the people taken for machines that are set aside


@dataclass(frozen=True, slots=True)
class Account:
    """People who answered, people who found no agent, and what may still be spent of the latter."""

    live: float
    abandoned: float
    left: float

    @property
    def rate(self) -> float:
        return self.abandoned / self.live if self.live else 0.0


class Budget:
    """A bucket of abandoned calls: answers fill it at the cap's rate, its level says how much to risk."""

    def __init__(self, settings: PacingSettings) -> None:
        self._settings = settings
        self.factor = FIRST_FACTOR
        self._live: int | None = None
        self.account = Account(0, 0, 0)
        self.risk = 0.0

    def look(self, live: int, abandoned: int) -> float:
        """The highest chance of taking somebody's agent at which one more call is worth it."""
        cap, error = self._settings.abandon_cap, min(max(self._settings.machine_error, 0.0), 0.9)
        answered = live / (1 - error)
        mistaken = answered * error
        left = cap * answered - abandoned - mistaken
        left -= SURE * math.sqrt(mistaken * (1 - error))
        self.account = Account(answered, abandoned + mistaken, left)
        if self._live is not None and live > self._live:
            off = min(max(left - SPARE_CALLS, -5.0), 5.0)
            self.factor *= math.exp(LEARNING * (live - self._live) * off)
            self.factor = min(max(self.factor, 0.2), 4.0)
        self._live = live
        if cap <= error:
            self.risk = 0.0
            return 0.0
        over = self.factor * math.exp(STIFFNESS * min(left - SPARE_CALLS, 12.0))
        if left < 1:
            over = min(over, LOWEST * 5) * math.exp(2 * min(left - 1, 0.0))
        self.risk = cap * min(over, HIGHEST)
        return self.risk

    def knowledge(self) -> dict[str, Any]:
        return {"factor": round(self.factor, 4)}

    def recall(self, known: dict[str, Any]) -> None:
        factor = float(known["factor"])
        if not 0.1 <= factor <= 10:
            raise ValueError("the factor of risk is out of its range")
        self.factor = factor

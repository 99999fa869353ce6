"""What became of those who waited: a queue's numbers since a moment, as the calls' log tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QueueDay:
    """`in_time`: answered within the queue's target; `gone_in_time`: hung up within it.

    `unanswered`: hung up, or sent on after the longest wait, `gone_in_time` among them. Who went to another
    queue is counted there, and who chose a callback nowhere.
    """

    answered: int = 0
    in_time: int = 0
    unanswered: int = 0
    gone_in_time: int = 0

    @property
    def service_level(self) -> float | None:
        """answered in time / (offered - hung up in time), 0 to 1; None when there was nobody."""
        counted = self.answered + self.unanswered - self.gone_in_time
        return self.in_time / counted if counted > 0 else None


class QueueDays(Protocol):
    async def since(self, since: datetime, targets: Mapping[str, float]) -> Mapping[str, QueueDay]:
        """`targets`: queue -> seconds; only of these. Raises StoreUnavailable."""

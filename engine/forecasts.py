"""Forecasts of campaigns: one is made at a time, beside the calls, and kept until the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class ForecastState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ForecastBusy(Exception):
    """Another campaign's is being made. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class ForecastOrder:
    """`agents` in each hour; `days` are simulated for them and for each of the `changes`, such as 5 or -2."""

    agents: int
    days: int = 10
    changes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptForecast:
    """`stage` "leads" or "days", of which `done` of `of` are done. `result`: engine.forecasting's as_json."""

    campaign: str
    order: ForecastOrder
    begun_at: datetime
    state: ForecastState = ForecastState.RUNNING
    stage: str = "leads"
    done: int = 0
    of: int = 0
    ended_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    error: str | None = None


class Forecasts(Protocol):
    """One is made at a time. They are kept as long as this engine runs."""

    async def begin(self, campaign: str, order: ForecastOrder) -> KeptForecast:
        """The one that is being made, or a new one. Raises ForecastBusy."""

    def latest(self, campaign: str) -> KeptForecast | None: ...

    async def cancel(self, campaign: str) -> KeptForecast | None:
        """Nothing happens to one that has ended."""

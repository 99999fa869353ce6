"""Forecasts of campaigns: one is made at a time, beside the calls; the last of each campaign is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import orjson

from dialer.campaign import Campaign
from engine.registers.actor import Actor


class ForecastState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ForecastPlace(StrEnum):
    """Where it was asked for."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"


class ForecastBusy(Exception):
    """Another campaign's is being made. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class ForecastOrder:
    """`agents` in each hour; `days` are simulated for them and for each of the `changes`, such as 5 or -2.

    `by`: who asks for it, as "person:ID", "token:ID" or "command:NAME".
    """

    agents: int
    days: int = 10
    changes: tuple[int, ...] = ()
    place: ForecastPlace = ForecastPlace.COMMAND
    by: str = ""


def by_of(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


@dataclass(frozen=True, slots=True)
class KeptForecast:
    """`stage` "leads" or "days", of which `done` of `of` are done. `result`: engine.forecasting's as_json.

    `settings`: the campaign's when it was begun, as `settings_of` tells them.
    """

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
    settings: Mapping[str, Any] = field(default_factory=dict)


class Forecasts(Protocol):
    """One is made at a time. The last of each campaign that was done is kept, whoever made it."""

    async def begin(self, campaign: str, order: ForecastOrder) -> KeptForecast:
        """The one that is being made, or a new one. Raises ForecastBusy."""

    async def latest(self, campaign: str) -> KeptForecast | None:
        """The one that is being made here, else whichever ended last. Raises StoreUnavailable."""

    async def done(self, campaign: str) -> KeptForecast | None:
        """The last that has a result. Raises StoreUnavailable."""

    async def cancel(self, campaign: str) -> KeptForecast | None:
        """Nothing happens to one that has ended. Raises StoreUnavailable."""


# What a campaign is called and how far it is: no calls follow from it.
_NO_SETTING = frozenset(
    {
        *("id", "name", "script", "version", "created_at", "updated_at", "started_at", "finished_at"),
        *("state", "state_since", "state_by", "state_cause", "state_note"),
    }
)


def settings_of(campaign: Campaign) -> dict[str, Any]:
    """What calls follow from, as plain JSON by field."""
    plain = orjson.loads(orjson.dumps(campaign, default=_plain, option=orjson.OPT_NON_STR_KEYS))
    return {name: value for name, value in plain.items() if name not in _NO_SETTING}


def changed_since(made: KeptForecast, campaign: Campaign) -> tuple[str, ...]:
    """Fields of the campaign that are not any more what they were when the forecast was made.

    A field that came with a later version of the program tells nothing.
    """
    now = settings_of(campaign)
    return tuple(sorted(name for name, value in made.settings.items() if name in now and now[name] != value))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")

"""Calls as they are asked for: a list that is filtered, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calls.call import Call, Direction
from calls.outcome import Outcome

CallPlace = tuple[datetime, str]
"""(began at, id): where a page of the list ended."""


@dataclass(frozen=True, slots=True)
class CallsWanted:
    """What is None does not count. `number` is the person's, in the form in which calls have it.

    `since` counts itself, `until` does not. `live`: whether it has not ended yet.
    """

    direction: Direction | None = None
    since: datetime | None = None
    until: datetime | None = None
    flow: str | None = None
    number: str | None = None
    outcome: Outcome | None = None
    campaign: str | None = None
    live: bool | None = None


class CallRegister(Protocol):
    """Raises StoreUnavailable."""

    async def page(self, wanted: CallsWanted, limit: int, after: CallPlace | None) -> Sequence[Call]:
        """The latest that began before `after`; of calls in progress only what was last stored of them."""

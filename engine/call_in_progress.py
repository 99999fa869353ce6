"""What the switchboard needs of a call in progress, whoever leads it: a flow, or an agent who dials."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from acd.talks.talk import TalkView
from calls.control import NetworkEvent
from engine.call_log import CallLog
from engine.talks.talking import Asked


class CallInProgress(Protocol):
    """`resume`, `lost` and `rescue` are for one task at a time: that which holds `turn`.

    `channel_id`: the customer's.
    """

    id: str
    channel_id: str
    log: CallLog
    turn: asyncio.Lock

    @property
    def talk(self) -> TalkView | None:
        """The talk with an agent that it is in."""

    @property
    def guarded(self) -> bool:
        """Whether the dead-man must be renewed."""

    @property
    def placed(self) -> bool:
        """Whether we called."""

    def tell(self, item: NetworkEvent | Asked) -> None:
        """Something that happens, for the call's own task."""

    def forget_reports(self) -> None:
        """What the network reported until now is of before a break."""

    async def resume(self, why: str, up: frozenset[str] | None = None) -> Successor | None:
        """Go on after a break. `up`: channels that live and have answered, None: as before.

        Returns what is to take the call over, if it is not over.
        """

    async def lost(self, at: datetime | None) -> None:
        """Asterisk died under it."""

    async def rescue(self, fault: Exception) -> None:
        """Our own fault: nobody is left in silence."""

    async def cut_off(self) -> None:
        """The engine stops."""

    async def hang_up(self, by: str) -> None:
        """End it from outside."""


class Successor(CallInProgress, Protocol):
    """The same call, in another stage: a flow, or an agent."""

    async def take_over(self) -> Successor | None:
        """Go on with a person who is on the line already."""

"""CallingOff: calls that ring for nobody are given up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any

from dialer.pacing import CallView
from engine.switchboard import Switchboard


class CallingOff:
    """Of one campaign; each call once. `write` does what need not be waited for."""

    def __init__(self, switchboard: Switchboard, write: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._switchboard = switchboard
        self._write = write
        self._cancelled: set[str] = set()

    def cancel(self, call_ids: Iterable[str]) -> None:
        for call_id in call_ids:
            if call_id not in self._cancelled:
                self._cancelled.add(call_id)
                self._write(self._hang_up(call_id))

    def all_that_ring(self, calls: Iterable[CallView], now: float, shortest_seconds: float) -> None:
        """Nobody is there any more who could talk with those who still ring. `now`: the loop's seconds."""
        rung = (call for call in calls if call.stage == "ringing")
        self.cancel(call.id for call in rung if now - call.since >= shortest_seconds)

    def forget_all_but(self, call_ids: Collection[str]) -> None:
        self._cancelled &= set(call_ids)

    async def _hang_up(self, call_id: str) -> None:
        await self._switchboard.hang_up(call_id, "engine")

"""Dead-men: the dialplan takes a person back unless each call's is renewed while nobody talks with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable

import structlog

from calls.control import CallControl, CallControlError, ChannelEnded, ChannelGone
from engine.call_in_progress import CallInProgress

# asterisk-conf sets the same for a new call, which is renewed at the second round after it came: two rounds
# must be well within it.
DEADMAN_SECONDS = 15
DEADMAN_RENEWED_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Deadmen:
    """Those of `calls`, as they are now; `connected`: whether Asterisk can be asked."""

    def __init__(
        self,
        control: CallControl,
        calls: Callable[[], Iterable[CallInProgress]],
        connected: Callable[[], bool],
        run: Callable[[Coroutine[None, None, None]], None],
    ) -> None:
        self._control = control
        self._calls = calls
        self._connected = connected
        self._run = run
        self._just_arrived: set[str] = set()  # channels whose dead-man the dialplan has just set

    def arrived(self, channel_id: str) -> None:
        """From the dialplan: it has just set this one's."""
        self._just_arrived.add(channel_id)

    async def keep(self) -> None:
        """Renew them until cancelled."""
        while True:
            await asyncio.sleep(DEADMAN_RENEWED_SECONDS)
            just_arrived, self._just_arrived = self._just_arrived, set()
            for call in tuple(self._calls()):
                if not self._connected():
                    break
                if call.guarded and call.channel_id not in just_arrived:
                    await self._renew(call)

    def renew_at_once(self, call: CallInProgress) -> None:
        """Of a caller found waiting, it may be about to strike: nobody renewed it meanwhile."""
        if call.guarded:
            self._run(self._renew(call))

    async def _renew(self, call: CallInProgress) -> None:
        try:
            await self._control.guard(call.channel_id, DEADMAN_SECONDS)
        except ChannelGone:
            call.tell(ChannelEnded(call.channel_id, 0))  # its end was never told to us
        except CallControlError as failure:
            log.warning("a dead-man was not renewed", call=call.id, why=str(failure))
        except Exception:
            log.exception("a dead-man was not renewed", call=call.id)  # the others must be

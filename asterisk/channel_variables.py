"""Variables of channels, which ARI sets at once and on a channel that plays or records only after that."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from asterisk.ami import AmiConnection
from asterisk.ari import AriConnection
from asterisk.busy import BusyChannels


class ChannelVariables:
    """`run` does an errand that nobody waits for."""

    def __init__(
        self,
        ari: AriConnection,
        ami: AmiConnection | None,
        busy: BusyChannels,
        run: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._ari = ari
        self._ami = ami
        self._busy = busy
        self._run = run

    async def set(self, channel_id: str, name: str, value: str) -> None:
        where = f"channels/{channel_id}/variable"
        query = {"variable": name, "value": value}
        if channel_id not in self._busy:
            await self._ari.request("POST", where, query)
        elif self._ami is not None and self._ami.connected:
            await self._ami.set_variable(channel_id, name, value)
        else:
            self._run(self._ari.tidy("POST", where, query, apart=True))

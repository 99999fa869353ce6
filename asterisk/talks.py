"""People who talk with each other: who hears whom, who listens in, and what is recorded of it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from asterisk.ami import AmiConnection
from asterisk.ari import AriConnection
from asterisk.busy import BusyChannels
from calls.control import ChannelGone, ControlLost, RequestRefused
from calls.talk_control import TalkFiles

SNOOP_ARGUMENT = "snoop"
STASIS_SECONDS = 3.0
"""How long a channel that listens in may take to enter our application; a few milliseconds are usual."""
_RECORDING = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]{0,127}")


class Talks:
    """`live` holds the channels that are there. `talk_dir` is where MixMonitor writes."""

    def __init__(
        self,
        ari: AriConnection,
        app: str,
        live: set[str],
        busy: BusyChannels,
        ami: AmiConnection | None,
        talk_dir: Path,
    ) -> None:
        self._ari = ari
        self._app = app
        self._live = live
        self._busy = busy
        self._ami = ami
        self._talk_dir = talk_dir
        self._entering: dict[str, asyncio.Future[None]] = {}

    async def mute(self, channel_id: str, *, on: bool) -> None:
        ask = self._ari.request_apart if channel_id in self._busy else self._ari.request
        await ask("POST" if on else "DELETE", f"channels/{channel_id}/mute", {"direction": "in"})

    async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None:
        """Ready for a bridge when it returns."""
        if snoop_id in self._live:
            raise RequestRefused(f"there is a channel {snoop_id} already")
        entered = self._entering[snoop_id] = asyncio.get_running_loop().create_future()
        query: dict[str, str | int] = {
            "spy": "both",
            # "in" would speak to the others.
            "whisper": "out" if whisper else "none",
            "app": self._app,
            "appArgs": SNOOP_ARGUMENT,
        }
        self._live.add(snoop_id)
        try:
            await self._ari.request("POST", f"channels/{channel_id}/snoop/{snoop_id}", query)
            async with asyncio.timeout(STASIS_SECONDS):
                await entered
        except BaseException as error:
            self._live.discard(snoop_id)
            if isinstance(error, TimeoutError):
                raise ControlLost(f"the channel {snoop_id} did not reach us in time") from None
            raise
        finally:
            del self._entering[snoop_id]

    def entered(self, channel_id: str) -> None:
        """A StasisStart came for a channel that listens in."""
        waiting = self._entering.get(channel_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    # --- recording ----------------------------------------------------------------------------------------

    def files(self, recording_id: str) -> TalkFiles:
        if not _RECORDING.fullmatch(recording_id):
            raise RequestRefused(f"{recording_id!r} is no name of a recording: use letters, digits and . _ -")
        # Raw: a WAV's header is written at its end, and a crash would leave the file without it. Two files:
        # interleaved into one (option D), half of each frame of a wideband channel would be lost.
        said, heard = (self._talk_dir / f"{recording_id}.{side}.raw" for side in ("said", "heard"))
        return TalkFiles(str(said), str(heard))

    async def record(self, channel_id: str, recording_id: str) -> TalkFiles:
        files = self.files(recording_id)
        # S keeps the two at one pace.
        await self._ask_monitor("MixMonitor", channel_id, {"Options": f"Sr({files.said})t({files.heard})"})
        return files

    async def pause(self, channel_id: str, *, on: bool) -> None:
        fields = {"Direction": "both", "State": "1" if on else "0"}
        await self._ask_monitor("MixMonitorMute", channel_id, fields)

    async def end(self, channel_id: str) -> None:
        try:
            await self._ask_monitor("StopMixMonitor", channel_id, {})
        except (ChannelGone, RequestRefused):
            return  # it has ended with its channel, or before

    async def _ask_monitor(self, action: str, channel_id: str, fields: dict[str, str]) -> None:
        if self._ami is None:
            raise RequestRefused("talks are recorded over AMI, and there is no connection to it")
        try:
            await self._ami.action(action, {"Channel": channel_id, **fields})
        except RequestRefused as refused:
            if "No such channel" in str(refused) or channel_id not in self._live:
                raise ChannelGone(f"{channel_id}: no such channel") from None
            raise

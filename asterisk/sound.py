"""Asterisk's own playing and recording on a channel, for when nobody needs to be heard by us."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asterisk.ari import AriConnection, Json
from asterisk.busy import BusyChannels
from calls.control import ChannelGone, RecordingEnded, RequestRefused

WAV_HEADER_BYTES = 44
WAV_BYTES_PER_SECOND = 16000
"""Asterisk's "wav" is 8 kHz, 16 bit, mono."""


class ChannelSound:
    """Notes in `busy` what goes on. `recording_dir` is Asterisk's."""

    def __init__(self, ari: AriConnection, busy: BusyChannels, recording_dir: Path) -> None:
        self._ari = ari
        self._busy = busy
        self._recording_dir = recording_dir

    async def play(self, channel_id: str, playback_id: str, files: Sequence[str]) -> None:
        for file in files:
            if "," in file:
                raise RequestRefused(f"Asterisk cannot play {file}: its name holds a comma")
        media = ",".join(f"sound:{file}" for file in files)
        self._busy.begin(channel_id, playback_id)
        try:
            await self._ari.request("POST", f"channels/{channel_id}/play/{playback_id}", {"media": media})
        except (ChannelGone, RequestRefused):
            self._busy.end(playback_id)
            raise

    async def record(
        self, channel_id: str, recording_id: str, longest_seconds: int, silence_seconds: int, *, beep: bool
    ) -> None:
        query: dict[str, str | int] = {
            "name": recording_id,
            "format": "wav",
            "maxDurationSeconds": longest_seconds,
            "maxSilenceSeconds": silence_seconds,
            "beep": "true" if beep else "false",
            "terminateOn": "#",
            "ifExists": "fail",
        }
        self._busy.begin(channel_id, recording_id)
        try:
            # 409 is a name that is taken, not a channel that is gone.
            await self._ari.request(
                "POST", f"channels/{channel_id}/record", query, gone=frozenset({404, 412})
            )
        except (ChannelGone, RequestRefused):
            self._busy.end(recording_id)
            raise

    def recorded(self, recording: Json, *, failed: bool) -> RecordingEnded:
        name: str = recording["name"]
        path = self._recording_dir / f"{name}.{recording['format']}"
        try:
            # Asterisk tells whole seconds, and none of what ends at once: the file knows better.
            recorded_bytes = max(0, path.stat().st_size - WAV_HEADER_BYTES)
        except FileNotFoundError:  # the caller hung up before or during the tone
            recorded_bytes, failed = 0, True
        seconds = 0.0 if failed else recorded_bytes / WAV_BYTES_PER_SECOND
        return RecordingEnded(name, str(path), seconds, failed)

"""Visitors: callers who are media channels of ours, their audio and keys in our hands."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from asterisk.ari import AriConnection
from asterisk.media import MediaPath
from asterisk.media_channel import MediaChannels
from asterisk.translation import KEYS, VISITOR_PREFIX
from calls.control import CallArrived, KeyPressed, NetworkListener


class VisitorChannels:
    """`live` holds the channels that are there; `run` does an errand that nobody waits for."""

    def __init__(
        self,
        ari: AriConnection,
        media: MediaChannels,
        live: set[str],
        run: Callable[[Coroutine[Any, Any, None]], None],
        listener: NetworkListener,
    ) -> None:
        self._ari = ari
        self._media = media
        self._live = live
        self._run = run
        self._tell = listener
        self._paths: dict[str, MediaPath] = {}  # by channel
        self._recordings: dict[str, str] = {}  # by channel: the recording that `#` ends

    async def admit(self, visitor_id: str, dialled: str, *, wideband: bool, caller: str) -> MediaPath:
        channel_id = VISITOR_PREFIX + visitor_id
        path = await self._media.open(channel_id, 16000 if wideband else 8000)
        self._paths[channel_id] = path
        self._live.add(channel_id)
        self._tell(CallArrived(channel_id, channel_id, caller, dialled, "visitor", wideband))
        return path

    def pressed(self, visitor_id: str, key: str) -> None:
        """Raises KeyError when there is no such visitor, ValueError when it is no key."""
        channel_id = VISITOR_PREFIX + visitor_id
        if channel_id not in self._paths:
            raise KeyError(visitor_id)
        if not KEYS.fullmatch(key) or len(key) != 1:
            raise ValueError(f"{key!r} is no key: use one of 0-9, *, #, A-D")
        if key == "#" and channel_id in self._recordings:
            # The key never reaches Asterisk, which would have ended the recording.
            self._run(self._ari.tidy("POST", f"recordings/live/{self._recordings.pop(channel_id)}/stop"))
        self._tell(KeyPressed(channel_id, key))

    def recording_began(self, channel_id: str, recording_id: str) -> None:
        if channel_id in self._paths:
            self._recordings[channel_id] = recording_id

    def recording_ended(self, recording_id: str) -> None:
        for channel_id, name in tuple(self._recordings.items()):
            if name == recording_id:
                del self._recordings[channel_id]

    def ended(self, channel_id: str) -> None:
        """The channel is no more."""
        path = self._paths.pop(channel_id, None)
        if path is not None:
            self._recordings.pop(channel_id, None)
            self._media.close(path)

    def keep_live(self) -> None:
        """After an outage: only those whose channels are still there."""
        for channel_id in self._paths.keys() - self._live:
            self.ended(channel_id)

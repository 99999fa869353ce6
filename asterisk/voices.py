"""Callers whose audio is in our hands: each in a bridge of its own with a media channel."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from asterisk.bridges import ONE_PERSON, Bridges
from asterisk.media import MediaPath
from asterisk.media_channel import MediaChannels
from asterisk.translation import MEDIA_PREFIX
from calls.control import ChannelGone


class Voices:
    """`live` holds the channels that are there; `run` does an errand that nobody waits for."""

    def __init__(
        self,
        bridges: Bridges,
        media: MediaChannels,
        app: str,
        live: Collection[str],
        run: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._bridges = bridges
        self._media = media
        self._live = live
        self._run = run
        self._paths: dict[str, MediaPath] = {}  # by the channel they serve
        self._count = 0
        # Of an engine that died, bridges and media channels may still be there: no id is used twice.
        self._run_id = secrets.token_hex(3)
        self.bridge_prefix = f"{app}-voice-"

    async def open(self, channel_id: str, *, wideband: bool) -> MediaPath:
        """A path that the channel still has is closed first. Raises ChannelGone when it ends meanwhile."""
        if (earlier := self._paths.get(channel_id)) is not None:
            await earlier.close()
        self._count += 1
        suffix = f"{self._run_id}-{self._count}-{channel_id}"
        bridge_id = self.bridge_prefix + suffix
        await self._bridges.make(bridge_id, ONE_PERSON)
        path: MediaPath | None = None
        try:
            path = await self._media.open(MEDIA_PREFIX + suffix, 16000 if wideband else 8000)
            await self._bridges.connect(bridge_id, (channel_id, path.media_id))
            if channel_id not in self._live:
                raise ChannelGone(f"{channel_id} has ended")
        except BaseException:
            if path is not None:
                self._media.close(path)
            self._run(self._bridges.destroy(bridge_id))
            raise
        voice = path

        async def release() -> None:
            if self._paths.get(channel_id) is voice:
                del self._paths[channel_id]
            self._media.close(voice)
            await self._bridges.destroy(bridge_id)

        voice.release = release
        self._paths[channel_id] = voice
        return voice

    async def close(self, channel_id: str) -> None:
        """The channel leaves our hands. Idempotent."""
        path = self._paths.get(channel_id)
        if path is not None:
            await path.close()

    async def close_all(self) -> None:
        await asyncio.gather(*(path.close() for path in tuple(self._paths.values())), return_exceptions=True)

    def ended(self, channel_id: str) -> None:
        """The channel is no more."""
        path = self._paths.pop(channel_id, None)
        if path is not None:
            self._run(path.close())

    def keep_live(self) -> None:
        """After an outage: only those of channels that are still there."""
        for channel_id in self._paths.keys() - frozenset(self._live):
            self.ended(channel_id)

    def media_ids(self) -> frozenset[str]:
        return frozenset(path.media_id for path in self._paths.values())

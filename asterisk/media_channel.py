"""Media channels: Asterisk's ends of our media sockets, made by externalMedia."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from asterisk.ari import AriConnection
from asterisk.media import MediaPath, MediaServer
from calls.control import ControlLost

STASIS_SECONDS = 5.0
"""How long a media channel may take to enter our application; 3 ms are usual."""


class MediaChannels:
    """Opens channels whose audio is in our hands. One per connection to Asterisk."""

    def __init__(self, ari: AriConnection, media: MediaServer, app: str) -> None:
        self._ari = ari
        self._media = media
        self._app = app
        self._entering: dict[str, asyncio.Future[None]] = {}

    async def open(self, media_id: str, sample_rate: int) -> MediaPath:
        """A channel named `media_id` in our application, its socket open: ready for a bridge.

        Raises ControlLost or RequestRefused, and leaves nothing behind then.
        """
        path = self._media.expect(media_id, sample_rate)
        entered = self._entering[media_id] = asyncio.get_running_loop().create_future()
        try:
            await self._ari.request(
                "POST",
                "channels/externalMedia",
                {
                    "app": self._app,
                    "channelId": media_id,
                    "external_host": self._media.connection,
                    "transport": "websocket",
                    "encapsulation": "none",
                    "connection_type": "client",
                    "format": "slin16" if sample_rate == 16000 else "slin",
                    "transport_data": f"f(json)v(call={quote(media_id, safe='')})",
                },
                gone=frozenset(),
            )
            await path.wait_opened()
            # Before its StasisStart a channel cannot be bridged (422).
            async with asyncio.timeout(STASIS_SECONDS):
                await entered
        except BaseException as error:
            self.close(path)
            if isinstance(error, TimeoutError):
                raise ControlLost(f"the media channel {media_id} did not reach us in time") from None
            raise
        finally:
            del self._entering[media_id]
        return path

    def entered(self, channel_id: str) -> bool:
        """A StasisStart came for `channel_id`; returns whether it is a media channel on its way."""
        waiting = self._entering.get(channel_id)
        if waiting is None:
            return False
        if not waiting.done():
            waiting.set_result(None)
        return True

    def close(self, path: MediaPath) -> None:
        """Hang the channel up through its socket, and expect it no more."""
        self._media.forget(path.media_id)
        path.disconnect()

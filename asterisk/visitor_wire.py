"""What the engine and the visitors' worker process say to each other over a socket pair."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

MESSAGE, AUDIO = 0, 1
# kind, visitor's number, length of what follows
_HEADER = struct.Struct("!BII")
# An offer or an answer is the longest thing sent.
_LONGEST_BYTES = 256 * 1024
# Audio beyond this is dropped: late sound is worse than none. 20 visitors' 100 ms at 16 kHz.
_AUDIO_BACKLOG_BYTES = 64 * 1024


class Wire:
    """One end. Messages are JSON objects, always delivered; audio may be dropped when the far end is slow.

    To the worker: {"do": "offer", "sdp"} and {"do": "end"}.
    From it: {"is": "ready"}, {"is": "answer", "sdp", "wideband"}, {"is": "refused", "why"},
    {"is": "connected"}, {"is": "gone", "why"}.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def tell(self, visitor: int, message: Mapping[str, Any]) -> None:
        """Send a message about a visitor (0: about the worker itself)."""
        self._send(MESSAGE, visitor, json.dumps(message).encode())

    def play(self, visitor: int, pcm: bytes) -> None:
        """Send 20 ms of a visitor's audio, unless the far end is behind."""
        if self._writer.transport.get_write_buffer_size() < _AUDIO_BACKLOG_BYTES:
            self._send(AUDIO, visitor, pcm)

    def _send(self, kind: int, visitor: int, body: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(_HEADER.pack(kind, visitor, len(body)) + body)

    async def receive(self) -> tuple[int, int, bytes] | None:
        """The next (kind, visitor, body); None when the far end has gone."""
        try:
            kind, visitor, length = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
            if length > _LONGEST_BYTES:
                raise ValueError(f"a message of {length} bytes on the visitors' wire")
            return kind, visitor, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def close(self) -> None:
        self._writer.close()

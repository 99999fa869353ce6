"""The WebSocket that Asterisk's chan_websocket opens to us: its handshake and frames, and nothing more.

A plain asyncio protocol instead of a server library: one call sends 50 small frames a second, and a task
and a message object for each of them would cost several times what the audio itself does.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Protocol, cast
from urllib.parse import parse_qs, urlsplit

log = logging.getLogger(__name__)

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _BINARY, _CLOSE, _PING = 0x1, 0x2, 0x8, 0x9
_FIN = 0x80
HANDSHAKE_SECONDS = 5.0
_LONGEST_REQUEST = 8192
_LONGEST_MESSAGE = 65535
"""Asterisk's own limit; a longer announcement means we have lost the frame boundary."""


class SocketUser(Protocol):
    """Whoever is behind a connection."""

    def opened(self, socket: MediaSocket) -> None: ...

    def audio(self, pcm: bytes) -> None: ...

    def message(self, text: bytes) -> None: ...

    def lost(self) -> None:
        """Called once, after the last audio or message."""


Doorkeeper = Callable[[str], SocketUser | None]
"""Who expects the connection with this `call` parameter? None: nobody."""


class MediaSocket(asyncio.Protocol):
    """One connection from Asterisk."""

    def __init__(self, path: str, credentials: str, doorkeeper: Doorkeeper) -> None:
        self._path = path
        self._authorization = (
            f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else ""
        )
        self._doorkeeper = doorkeeper
        self._user: SocketUser | None = None
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._limit: asyncio.TimerHandle | None = None

    # --- sending ------------------------------------------------------------------------------------------

    def send_audio(self, pcm: bytes) -> None:
        """At most 65,535 bytes, a multiple of 20 ms (Asterisk fills a shorter frame up with silence)."""
        self._send(_BINARY, pcm)

    def send_text(self, text: bytes) -> None:
        self._send(_TEXT, text)

    def close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._send(_CLOSE, b"\x03\xe8")
            self._transport.close()

    def _send(self, kind: int, payload: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        length = len(payload)
        if length < 126:
            transport.write(bytes((_FIN | kind, length)) + payload)
        else:
            transport.write(bytes((_FIN | kind, 126, length >> 8, length & 0xFF)) + payload)

    # --- receiving ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._limit = asyncio.get_running_loop().call_later(HANDSHAKE_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._limit is not None:
            self._limit.cancel()
        user, self._user = self._user, None
        if user is not None:
            user.lost()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if self._user is None:
            self._shake_hands(data)
        else:
            self._take_frames(self._user, data)

    def _shake_hands(self, data: bytes) -> None:
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            self._rest = data
            if len(data) > _LONGEST_REQUEST:
                self._refuse("400 Bad Request", "a request head without end")
            return
        request, *lines = head.decode("latin-1").split("\r\n")
        method, _, target = request.partition(" ")
        url = urlsplit(target.partition(" ")[0])
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        key = headers.get("sec-websocket-key")
        if method != "GET" or url.path != self._path or not key:
            self._refuse("400 Bad Request", f"{request!r} is no WebSocket request for {self._path}")
            return
        shown = headers.get("authorization", "")
        if self._authorization and not hmac.compare_digest(shown.encode(), self._authorization.encode()):
            self._refuse("401 Unauthorized", "its password differs from that in websocket_client.conf")
            return
        call = parse_qs(url.query).get("call", [""])[0]
        user = self._doorkeeper(call)
        if user is None:
            self._refuse("404 Not Found", f"nobody expects a media connection for {call!r}")
            return
        digest = hashlib.sha1(key.encode("latin-1") + _GUID, usedforsecurity=False).digest()
        answer = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}",
        ]
        if protocol := headers.get("sec-websocket-protocol"):
            answer.append(f"Sec-WebSocket-Protocol: {protocol.partition(',')[0]}")
        assert self._transport is not None
        self._transport.write("\r\n".join((*answer, "", "")).encode("latin-1"))
        if self._limit is not None:
            self._limit.cancel()
        self._user = user
        user.opened(self)
        if rest:
            self._take_frames(user, rest)

    def _refuse(self, status: str, why: str) -> None:
        log.warning("media connection refused: %s", why)
        assert self._transport is not None
        self._transport.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        self._transport.close()

    def _take_frames(self, user: SocketUser, data: bytes) -> None:
        start, end = 0, len(data)
        while end - start >= 2:
            first, length = data[start], data[start + 1]
            at = start + 2
            masked = length & 0x80
            length &= 0x7F
            if length == 126:
                length = int.from_bytes(data[at : at + 2])
                at += 2
            elif length == 127:
                length = int.from_bytes(data[at : at + 8])
                at += 8
            if masked:
                mask = data[at : at + 4]
                at += 4
            if at + length > end:
                if length > _LONGEST_MESSAGE:
                    self._give_up(f"a frame of {length} bytes was announced")
                    return
                break
            payload = data[at : at + length]
            start = at + length
            if masked:
                payload = _unmasked(payload, mask)
            if first == _FIN | _BINARY:
                user.audio(payload)
            elif first == _FIN | _TEXT:
                user.message(payload)
            elif first == _FIN | _PING:
                self._send(0xA, payload)
            elif first == _FIN | _CLOSE:
                self.close()
                return
            elif first != _FIN | 0xA:
                self._give_up(f"a frame of kind {first:#x} is not known here")
                return
        self._rest = data[start:]

    def _give_up(self, why: str) -> None:
        log.error("media connection closed: %s", why)
        if self._transport is not None:
            self._transport.abort()


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    length = len(payload)
    pattern = (mask * ((length >> 2) + 1))[:length]
    # One big integer is far quicker than a loop over bytes.
    return (int.from_bytes(payload) ^ int.from_bytes(pattern)).to_bytes(length)

"""A bare socket echo: a caller is answered and bridged to a media WebSocket that sends every frame back."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import cast

from bench.bare_ari import BareAri, Json, arguments, serve

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_AUDIO, _CLOSE = 0x82, 0x88


class EchoSocket(asyncio.Protocol):
    """The least WebSocket server that can echo Asterisk's audio frames."""

    def __init__(self) -> None:
        self._rest = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        self._rest = b""
        if self._open:
            self._echo(data)
        elif b"\r\n\r\n" in data:
            self._accept(data)
        else:
            self._rest = data

    def _accept(self, head: bytes) -> None:
        lines = [line.partition(b":") for line in head.split(b"\r\n")]
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        digest = base64.b64encode(hashlib.sha1(headers[b"sec-websocket-key"] + _GUID).digest())
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: media\r\nSec-WebSocket-Accept: " + digest + b"\r\n\r\n"
        )
        self._open = True

    def _echo(self, data: bytes) -> None:
        start, end = 0, len(data)
        while end - start >= 8:
            length, at = data[start + 1] & 0x7F, start + 2
            if length == 126:
                length, at = data[at] << 8 | data[at + 1], at + 2
            over = at + 4 + length
            if over > end:
                break
            if data[start] == _AUDIO:
                mask = int.from_bytes(data[at : at + 4] * (length >> 2))
                frame = (int.from_bytes(data[at + 4 : over]) ^ mask).to_bytes(length)
                self._transport.write(bytes((_AUDIO, 126, length >> 8, length & 0xFF)) + frame)
            elif data[start] == _CLOSE:
                self._transport.close()
                return
            start = over
        self._rest = data[start:]


async def main() -> None:
    options = arguments(__doc__, ("url", "app", "port", "connection"))
    await asyncio.get_running_loop().create_server(EchoSocket, "127.0.0.1", int(options.port), backlog=1024)

    def entered(event: Json) -> None:
        channel = event["channel"]["id"]
        if channel.startswith("echo-"):
            caller = channel.removeprefix("echo-")
            ari.ask("POST", f"bridges/bridge-{caller}/addChannel", {"channel": f"{caller},{channel}"})
            return
        ari.ask("POST", f"channels/{channel}/answer")
        ari.ask("POST", f"bridges/bridge-{channel}", {"type": "mixing"})
        media = {
            "app": options.app,
            "channelId": f"echo-{channel}",
            "external_host": options.connection,
            "transport": "websocket",
            "encapsulation": "none",
            "connection_type": "client",
            "format": "slin",
        }
        ari.ask("POST", "channels/externalMedia", media)

    def left(event: Json) -> None:
        channel = event["channel"]["id"]
        if not channel.startswith("echo-"):
            ari.ask("DELETE", f"channels/echo-{channel}")
            ari.ask("DELETE", f"bridges/bridge-{channel}")

    ari = BareAri(options.url, options.app, options.password, {"StasisStart": entered, "StasisEnd": left})
    await ari.run()


if __name__ == "__main__":
    serve(main)

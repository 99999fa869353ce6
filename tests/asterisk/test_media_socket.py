"""The media server by itself: who may connect, and how frames are read. A real WebSocket client calls it."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from asterisk.media import MediaPath, MediaPortTaken, MediaServer
from calls.control import ControlLost
from tests.asterisk.network import Recorder, until
from tests.house import Ports

RATE = 8000
SECOND = bytes(2 * RATE)


@asynccontextmanager
async def _listening(ports: Ports, password: str = "") -> AsyncIterator[MediaServer]:
    server = MediaServer(ports.media, password=password)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def _asterisk(
    ports: Ports, call: str = "call-1", credentials: str = ""
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Connects as chan_websocket does."""
    headers = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
    url = f"http://127.0.0.1:{ports.media}/media?call={call}"
    async with (
        aiohttp.ClientSession(headers=headers if credentials else None) as session,
        session.ws_connect(url, protocols=["media"]) as socket,
    ):
        assert socket.protocol == "media"
        yield socket


async def _sent(socket: aiohttp.ClientWebSocketResponse) -> bytes | dict[str, str]:
    message = await socket.receive(timeout=3)
    sent: bytes | dict[str, str] = message.data
    if message.type is not aiohttp.WSMsgType.BINARY:
        sent = orjson.loads(message.data)
    return sent


async def _chunks(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[str]:
    """Take `count` chunks of audio with their marks; returns the marks."""
    marks = []
    for _ in range(count):
        assert isinstance(await _sent(socket), bytes)
        mark = await _sent(socket)
        assert isinstance(mark, dict)
        assert mark["command"] == "MARK_MEDIA"
        marks.append(mark["correlation_id"])
    return marks


async def _play(socket: aiohttp.ClientWebSocketResponse, mark: str) -> None:
    await socket.send_json({"event": "MEDIA_MARK_PROCESSED", "correlation_id": mark})


@pytest.mark.parametrize(("call", "status"), [("nobody", 404), ("", 404)])
async def test_a_connection_nobody_expects_is_closed(ports: Ports, call: str, status: int) -> None:
    async with _listening(ports) as server:
        server.expect("call-1", RATE)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with _asterisk(ports, call):
                pass
    assert refused.value.status == status


async def test_only_asterisk_knows_the_password(ports: Ports) -> None:
    async with _listening(ports, password="right") as server:
        path = server.expect("call-1", RATE)
        for credentials in ("", "infolinia:wrong"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with _asterisk(ports, credentials=credentials):
                    pass
            assert refused.value.status == 401
        async with _asterisk(ports, credentials="infolinia:right"):
            await path.wait_opened()


async def test_a_taken_port_is_told_in_one_sentence(ports: Ports) -> None:
    async with _listening(ports):
        with pytest.raises(
            MediaPortTaken, match=rf"127\.0\.0\.1:{ports.media}: another program listens there; .*"
        ):
            await MediaServer(ports.media).start()


async def test_asterisk_that_never_connects_is_told(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asterisk.media.CONNECT_SECONDS", 0.05)
    async with _listening(ports) as server:
        with pytest.raises(ControlLost, match=r"websocket_client\.conf"):
            await server.expect("call-1", RATE).wait_opened()


async def test_frames_are_whole_however_they_are_split(ports: Ports) -> None:
    """The bytes of a real client, once more through a slow and uneven wire."""
    async with _listening(ports) as server:
        path, heard = server.expect("call-1", RATE), Recorder()
        path.attach(heard)
        frames = [os.urandom(size) for size in (320, 1, 125, 126, 640, 4000)]
        reader, writer = await asyncio.open_connection("127.0.0.1", ports.media)
        head = "GET /media?call=call-1 HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n"
        wire = head.encode()
        for frame in frames:
            mask = os.urandom(4)
            length = bytes([0x80 | len(frame)]) if len(frame) < 126 else b"\xfe" + len(frame).to_bytes(2)
            wire += b"\x82" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(frame))
        for start in range(0, len(wire), 7):
            writer.write(wire[start : start + 7])
            await writer.drain()
        await until(lambda: len(heard.frames) == len(frames))
        assert [pcm for _, pcm in heard.frames] == frames
        writer.close()
        await until(lambda: path.closed)
        assert b"101 Switching" in await reader.read()


async def test_never_more_than_eight_seconds_are_sent_ahead(ports: Ports) -> None:
    async with _listening(ports) as server:
        path = server.expect("call-1", RATE)
        async with _asterisk(ports) as socket:
            await path.wait_opened()
            spoken: list[str] = []
            path.speak(SECOND * 20, lambda: spoken.append("all"))
            marks = await _chunks(socket, 8)
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.1)
            for _ in range(12):
                await _play(socket, marks.pop(0))
                marks += await _chunks(socket, 1)
            assert spoken == []
            for mark in marks:
                await _play(socket, mark)
            await until(lambda: spoken == ["all"])


async def test_an_overfull_asterisk_is_sent_nothing(ports: Ports) -> None:
    async with _listening(ports) as server:
        path = server.expect("call-1", RATE)
        async with _asterisk(ports) as socket:
            await path.wait_opened()
            await socket.send_json({"event": "MEDIA_XOFF"})
            await socket.send_json({"event": "MEDIA_MARK_PROCESSED", "correlation_id": "0"})
            await until(lambda: path._held_back)
            path.speak(SECOND, lambda: None)
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.1)
            await socket.send_json({"event": "MEDIA_XON"})
            await _chunks(socket, 1)


async def test_flush_forgets_all_and_tells_what_was_heard(ports: Ports) -> None:
    async with _listening(ports) as server:
        path = server.expect("call-1", RATE)
        async with _asterisk(ports) as socket:
            await path.wait_opened()
            spoken: list[str] = []
            path.speak(SECOND * 3, lambda: spoken.append("flushed"))
            marks = await _chunks(socket, 3)
            await _play(socket, marks[0])
            await until(lambda: path._heard_seconds == 1.0)
            assert 1.0 <= path.flush() < 1.5
            assert await _sent(socket) == {"command": "FLUSH_MEDIA"}
            assert path.flush() == 0.0
            path.speak(SECOND, lambda: spoken.append("next"))
            (mark,) = await _chunks(socket, 1)
            await _play(socket, marks[2])  # late news of what was flushed
            await _play(socket, mark)
            await until(lambda: bool(spoken))
            assert spoken == ["next"]


async def test_a_lost_socket_ends_the_waiting_of_a_conversation(ports: Ports) -> None:
    async with _listening(ports) as server:
        path = server.expect("call-1", RATE)
        ended: list[str] = []
        path.on_closed = lambda: ended.append("closed")
        async with _asterisk(ports) as socket:
            await path.wait_opened()
            path.speak(SECOND * 20, lambda: ended.append("first"))
            path.speak(SECOND, lambda: ended.append("second"))
            await _chunks(socket, 1)
        await until(lambda: len(ended) == 3)
        assert ended == ["first", "second", "closed"]
        path.speak(SECOND, lambda: ended.append("late"))
        await until(lambda: ended[-1] == "late")


async def test_close_hangs_asterisks_end_up_and_is_quiet(ports: Ports) -> None:
    async with _listening(ports) as server:
        path: MediaPath = server.expect("call-1", RATE)
        told: list[str] = []
        path.on_closed = lambda: told.append("closed")
        async with _asterisk(ports) as socket:
            await path.wait_opened()
            path.speak(SECOND, lambda: told.append("spoken"))
            await _chunks(socket, 1)
            await path.close()
            await path.close()
            assert await _sent(socket) == {"command": "HANGUP"}
            assert (await socket.receive(timeout=3)).type is aiohttp.WSMsgType.CLOSE
        assert told == []

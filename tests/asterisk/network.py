"""What the tests of this room share: ears for events, sound to speak, and a cable that can be cut."""

from __future__ import annotations

import array
import asyncio
import math
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from asterisk.ari import AriAddress
from asterisk.control import AsteriskControl
from asterisk.media import MediaServer
from asterisk.process import AsteriskProcess
from calls.control import NetworkEvent
from tests.patience import patient

LOUD = 1000  # of 32,767: a line's noise stays far below, the tone far above
LIMIT_SECONDS = 8.0
Event = TypeVar("Event")


class Ears:
    """A listener that keeps every event until it is asked for."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self._queue: asyncio.Queue[object] = asyncio.Queue()

    def __call__(self, event: NetworkEvent) -> None:
        self.events.append(event)
        self._queue.put_nowait(event)

    async def hear(self, kind: type[Event], seconds: float = LIMIT_SECONDS) -> Event:
        """The next event of `kind`; those before it are passed over."""
        async with asyncio.timeout(patient(seconds)):
            while True:
                event = await self._queue.get()
                if isinstance(event, kind):
                    return event


class Recorder:
    """What came out of a voice path, frame by frame, with the time of its arrival."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, bytes]] = []

    def __call__(self, pcm: bytes) -> None:
        self.frames.append((time.monotonic(), pcm))

    def loud(self) -> list[float]:
        """When the loud frames came."""
        return [at for at, pcm in self.frames if pcm and max(map(abs, array.array("h", pcm))) > LOUD]


def tone(sample_rate: int, seconds: float, hertz: float = 440.0) -> bytes:
    step = 2 * math.pi * hertz / sample_rate
    return array.array(
        "h", (int(8000 * math.sin(step * i)) for i in range(int(sample_rate * seconds)))
    ).tobytes()


async def until(condition: Callable[[], bool], seconds: float = LIMIT_SECONDS) -> None:
    async with asyncio.timeout(patient(seconds)):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


@asynccontextmanager
async def frozen(asterisk: AsteriskProcess) -> AsyncIterator[None]:
    """It takes requests but answers none: stopped, on every core, until the block ends."""
    assert asterisk.pid is not None
    os.kill(asterisk.pid, signal.SIGSTOP)
    try:
        await until(lambda: _has_stopped(asterisk))
        yield
    finally:
        os.kill(asterisk.pid, signal.SIGCONT)


def _has_stopped(asterisk: AsteriskProcess) -> bool:
    threads = Path(f"/proc/{asterisk.pid}/task").iterdir()
    return all((thread / "stat").read_text().rpartition(") ")[2].startswith("T") for thread in threads)


def address_of(asterisk: AsteriskProcess, app: str = "infolinia", port: int | None = None) -> AriAddress:
    return AriAddress(
        url=f"http://127.0.0.1:{port or asterisk.settings.http_port}",
        app=app,
        user="infolinia",
        password=asterisk.secrets.ari_password,
    )


@asynccontextmanager
async def control_of(
    asterisk: AsteriskProcess,
    listener: Callable[[NetworkEvent], None],
    *,
    app: str = "infolinia",
    media: tuple[int, str] | None = None,
    port: int | None = None,
    phones: Sequence[str] = (),
) -> AsyncIterator[AsteriskControl]:
    """A started AsteriskControl with a media server of its own."""
    media_port, connection = media or (asterisk.settings.media_port, "media")
    server = MediaServer(media_port, connection, password=asterisk.secrets.media_password)
    await server.start()
    control = AsteriskControl(
        address_of(asterisk, app, port),
        server,
        listener,
        recording_dir=asterisk.folders.spool / "recording",
        phones=phones,
    )
    try:
        await control.start(patience_seconds=patient(10))
        yield control
    finally:
        await control.close()
        await server.close()


class Cable:
    """A TCP relay on loopback: `cut` breaks it, `freeze` leaves it open and silent."""

    def __init__(self, port: int, target_port: int) -> None:
        self._port = port
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.sent = b""  # all that went towards Asterisk

    async def plug(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)

    async def __aenter__(self) -> Cable:
        await self.plug()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Drop what is connected and take no new connection until plugged again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._flowing.set()

    def freeze(self) -> None:
        self._flowing.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers |= {writer, back}
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pour(source, sink, kept=sink is back))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, kept: bool) -> None:
        try:
            while data := await source.read(65536):
                await self._flowing.wait()
                if kept:
                    self.sent += data
                sink.write(data)
        except OSError:
            pass
        finally:
            sink.transport.abort()
            self._writers.discard(sink)

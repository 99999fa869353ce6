"""A caller's audio over chan_websocket: the server Asterisk connects to, and the paced path of each call."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import deque
from collections.abc import Awaitable, Callable

import orjson

from asterisk.media_socket import MediaSocket
from calls.control import ControlLost

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PATH = "/media"
AHEAD_SECONDS = 8
"""How much is sent before it is heard. Asterisk holds 20 s and silently drops the rest."""
CONNECT_SECONDS = 5.0
FRAMES_PER_SECOND = 50

_MARK = b'{"command":"MARK_MEDIA","correlation_id":"%d"}'
_FLUSH = b'{"command":"FLUSH_MEDIA"}'
_HANGUP = b'{"command":"HANGUP"}'


class MediaPortTaken(Exception):
    """The media port cannot be listened on; the text names the remedy."""


class MediaServer:
    """Listens on loopback at `port`. `connection` is the section of websocket_client.conf that names it.

    With a `password`, Asterisk must show it and `user` (the same section's username and password).
    """

    def __init__(
        self, port: int, connection: str = "media", *, user: str = "infolinia", password: str = ""
    ) -> None:
        self.port = port
        self.connection = connection
        self._credentials = f"{user}:{password}" if password else ""
        self._server: asyncio.Server | None = None
        self._expected: dict[str, MediaPath] = {}

    async def start(self) -> None:
        """Raises MediaPortTaken."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: MediaSocket(PATH, self._credentials, self._expected.get),
                HOST,
                self.port,
                backlog=1024,
            )
        except OSError as error:
            why = "another program listens there" if error.errno == errno.EADDRINUSE else str(error)
            raise MediaPortTaken(
                f"Asterisk's audio cannot be listened for on {HOST}:{self.port}: {why};"
                " stop that program or set another `media_port`."
            ) from error

    async def close(self) -> None:
        """Stop listening and end every path. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for path in tuple(self._expected.values()):
            path.disconnect()
        self._expected.clear()

    def expect(self, call: str, sample_rate: int) -> MediaPath:
        """A path for the connection that will come with `v(call=<call>)`; `forget` it in the end."""
        path = self._expected[call] = MediaPath(call, sample_rate)
        return path

    def forget(self, call: str) -> None:
        self._expected.pop(call, None)


class MediaPath:
    """One call's audio, as s16le mono PCM at `sample_rate`. Implements VoicePath.

    `on_closed` is called once when the path has ended for any reason but `close`.
    """

    def __init__(self, media_id: str, sample_rate: int) -> None:
        self.media_id = media_id
        self.sample_rate = sample_rate
        self.on_closed: Callable[[], None] | None = None
        self.release: Callable[[], Awaitable[None]] | None = None
        self.closed = False
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self._soon = loop.call_soon
        self._opened: asyncio.Future[None] = loop.create_future()
        self._socket: MediaSocket | None = None
        self._on_audio: Callable[[bytes], None] | None = None
        self._second = 2 * sample_rate
        # Chunks (at most a second each) not sent yet, and those in Asterisk's queue, with their marks.
        self._queued: deque[tuple[bytes, Callable[[], None] | None]] = deque()
        self._sent: deque[tuple[int, float, Callable[[], None] | None]] = deque()
        self._last_mark = 0
        self._held_back = False
        self._heard_seconds = 0.0
        self._chunk_began = 0.0

    # --- VoicePath ----------------------------------------------------------------------------------------

    def attach(self, on_audio: Callable[[bytes], None]) -> None:
        """Call `on_audio` with each 20 ms frame from now on; replaces an earlier one."""
        self._on_audio = on_audio

    def speak(self, audio: bytes, on_spoken: Callable[[], None]) -> None:
        """Queue `audio`, of any length; `on_spoken` is called once when its last sample was played.

        On a path that has ended it is called at once, so that no conversation waits for a dead socket.
        """
        if self.closed or not audio:
            self._soon(on_spoken)
            return
        if not self._sent and not self._queued:
            self._heard_seconds = 0.0
        frame = self._second // FRAMES_PER_SECOND
        audio += bytes(-len(audio) % frame)
        last = (len(audio) - 1) // self._second * self._second
        for start in range(0, last, self._second):
            self._queued.append((audio[start : start + self._second], None))
        self._queued.append((audio[last:], on_spoken))
        self._send_ahead()

    def flush(self) -> float:
        """Stop speaking at once; returns the seconds that were heard since the path was last silent."""
        if not self._sent and not self._queued:
            return 0.0
        heard = self._heard_seconds
        if self._sent:
            heard += min(self._now() - self._chunk_began, self._sent[0][1])
        self._sent.clear()
        self._queued.clear()
        self._held_back = False
        if self._socket is not None:
            self._socket.send_text(_FLUSH)
        return heard

    async def close(self) -> None:
        """Give the path up: nothing is reported any more, and Asterisk's end of it is hung up. Idempotent."""
        self.on_closed = None
        self._sent.clear()
        self._queued.clear()
        self.disconnect()
        release, self.release = self.release, None
        if release is not None:
            await release()

    # --- for the rest of this room ------------------------------------------------------------------------

    def send(self, pcm: bytes) -> None:
        """Live audio (a multiple of 20 ms) straight to Asterisk, neither paced nor reported."""
        if self._socket is not None:
            self._socket.send_audio(pcm)

    async def wait_opened(self) -> None:
        """Until Asterisk has connected; raises ControlLost when it does not."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.shield(self._opened)
        except TimeoutError:
            raise ControlLost(
                f"Asterisk did not open the media socket within {CONNECT_SECONDS:g} s:"
                " see whether websocket_client.conf names this port"
            ) from None

    def disconnect(self) -> None:
        """Hang Asterisk's media channel up and drop the socket."""
        socket, self._socket = self._socket, None
        self._on_audio = None
        self.closed = True
        if socket is not None:
            socket.send_text(_HANGUP)
            socket.close()

    # --- the socket's side --------------------------------------------------------------------------------

    def opened(self, socket: MediaSocket) -> None:
        if self._socket is not None or self.closed:
            log.warning("a second media connection for one call was closed")
            socket.close()
            return
        self._socket = socket
        if not self._opened.done():
            self._opened.set_result(None)

    def audio(self, pcm: bytes) -> None:
        if self._on_audio is not None:
            self._on_audio(pcm)

    def message(self, text: bytes) -> None:
        event = orjson.loads(text)
        match event["event"]:
            case "MEDIA_MARK_PROCESSED":
                self._played(int(event["correlation_id"]))
            case "MEDIA_XOFF":
                self._held_back = True
            case "MEDIA_XON":
                self._held_back = False
                self._send_ahead()
            case "ERROR":
                log.error("Asterisk's media socket: %s", event.get("error_text", text.decode()))

    def lost(self) -> None:
        self._socket = None
        self.closed = True
        spoken = [sent[2] for sent in self._sent] + [queued[1] for queued in self._queued]
        self._sent.clear()
        self._queued.clear()
        for call_back in spoken:
            if call_back is not None:
                self._soon(call_back)
        if self.on_closed is not None:
            self._soon(self.on_closed)
            self.on_closed = None

    def _send_ahead(self) -> None:
        socket = self._socket
        if socket is None or self._held_back:
            return
        if self._queued and not self._sent:
            self._chunk_began = self._now()
        while self._queued and len(self._sent) < AHEAD_SECONDS:
            chunk, on_spoken = self._queued.popleft()
            self._last_mark += 1
            self._sent.append((self._last_mark, len(chunk) / self._second, on_spoken))
            socket.send_audio(chunk)
            socket.send_text(_MARK % self._last_mark)

    def _played(self, mark: int) -> None:
        # Marks come in order; one from before a flush is older than all that was sent since.
        while self._sent and self._sent[0][0] <= mark:
            _, seconds, on_spoken = self._sent.popleft()
            self._heard_seconds += seconds
            self._chunk_began = self._now()
            if on_spoken is not None:
                on_spoken()
        self._send_ahead()

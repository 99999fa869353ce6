"""Visitors who call from a browser. Their WebRTC peers live in a worker process, started anew when it dies.

Browser -> HTTP offer -> VisitorGate -> worker (aiortc) -> PCM on a socket pair -> Asterisk's media socket.
The call reaches Asterisk only once the browser's audio is connected, so nothing is said to nobody.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from asterisk.visitor_offer import LARGEST_OFFER_CHARS
from asterisk.visitor_wire import AUDIO, Wire
from calls.control import CallControlError
from engine.ports import Ids, VisitorAnswer, VisitorRefused

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
START_SECONDS = 15.0
STOP_SECONDS = 5.0
# A worker that dies at once is started less and less often.
RESTART_SECONDS = (0.2, 1.0, 2.0, 5.0, 15.0, 30.0)
STEADY_SECONDS = 60.0
MOST_EARLY_KEYS = 32
RESTARTING = "Calls from browsers are being restarted; try again in a moment."
# The folder that holds the rooms, for a worker of a tree that is not installed.
ROOMS = str(Path(__file__).resolve().parent.parent)


class VisitorVoice(Protocol):
    """The visitor's channel in Asterisk, as AsteriskControl hands it out."""

    on_closed: Callable[[], None] | None

    def send(self, pcm: bytes) -> None: ...

    def attach(self, on_audio: Callable[[bytes], None]) -> None: ...


class VisitorControl(Protocol):
    """What of AsteriskControl is used here. Raises CallControlError."""

    async def admit_visitor(self, visitor_id: str, dialled: str, *, wideband: bool) -> VisitorVoice: ...

    def visitor_pressed(self, visitor_id: str, key: str) -> None: ...

    async def visitor_left(self, visitor_id: str) -> None: ...


@dataclass(slots=True, eq=False)
class _Visitor:
    id: str
    number: int
    dialled: str
    answered: asyncio.Future[str]
    wideband: bool = True
    voice: VisitorVoice | None = None
    early_keys: list[str] = field(default_factory=list)


class VisitorGate:
    """Implements `engine.ports.Visitors`. `on_health` is told whether browsers can call, and why not."""

    def __init__(
        self,
        control: VisitorControl,
        ids: Ids,
        *,
        limit: int = 20,
        on_health: Callable[[bool, str], None] | None = None,
    ) -> None:
        self._control = control
        self._ids = ids
        self._limit = limit
        self._on_health = on_health or (lambda ok, detail: None)
        self._wire: Wire | None = None  # None while no worker is ready
        self._by_id: dict[str, _Visitor] = {}
        self._by_number: dict[int, _Visitor] = {}
        self._last_number = 0
        self._supervisor: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._work: set[asyncio.Future[None]] = set()
        self.worker_pid: int | None = None

    @property
    def alive(self) -> bool:
        return self._wire is not None

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, visitor_id: object) -> bool:
        return visitor_id in self._by_id

    async def start(self) -> None:
        """Start the worker and keep one running. Raises TimeoutError when none gets ready."""
        self._supervisor = asyncio.create_task(self._supervise())
        try:
            await asyncio.wait_for(self._ready.wait(), START_SECONDS)
        except TimeoutError:
            await self.close()
            raise

    async def close(self) -> None:
        """End every visitor's call and the worker. Idempotent."""
        for visitor in tuple(self._by_id.values()):
            await self.hang_up(visitor.id)
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
            self._supervisor = None
        await asyncio.gather(*self._work, return_exceptions=True)

    # --- the port ---

    async def offer(self, sdp: str, dialled: str) -> VisitorAnswer:
        """Raises VisitorRefused."""
        if self._wire is None:
            raise VisitorRefused(RESTARTING)
        if len(self._by_id) >= self._limit:
            raise VisitorRefused(f"All {self._limit} lines for browsers are taken; try again later.")
        if len(sdp) > LARGEST_OFFER_CHARS:
            raise VisitorRefused("The offer is too long; offer audio only.")
        self._last_number += 1
        answered = asyncio.get_running_loop().create_future()
        visitor = _Visitor(self._ids.new(), self._last_number, dialled, answered)
        self._by_id[visitor.id] = self._by_number[visitor.number] = visitor
        self._wire.tell(visitor.number, {"do": "offer", "sdp": sdp})
        try:
            answer = await asyncio.wait_for(answered, ANSWER_SECONDS)
        except TimeoutError:
            await self.hang_up(visitor.id)
            raise VisitorRefused("The browser's offer was not answered in time; try again.") from None
        except BaseException:
            await self.hang_up(visitor.id)
            raise
        return VisitorAnswer(visitor.id, answer)

    async def press(self, visitor_id: str, keys: str) -> None:
        """Raises KeyError."""
        visitor = self._by_id[visitor_id]
        if visitor.voice is None:
            visitor.early_keys = [*visitor.early_keys, *keys][:MOST_EARLY_KEYS]
            return
        for key in keys:
            self._control.visitor_pressed(visitor_id, key)

    async def hang_up(self, visitor_id: str) -> None:
        visitor = self._by_id.get(visitor_id)
        if visitor is not None:
            self._end_peer(visitor)
            await self._forget(visitor)

    # --- one visitor ---

    async def _admit(self, visitor: _Visitor) -> None:
        """The browser's audio is up: now it is a call."""
        try:
            voice = await self._control.admit_visitor(visitor.id, visitor.dialled, wideband=visitor.wideband)
        except CallControlError as error:
            log.warning("visitor %s was not admitted: %s", visitor.id, error)
            self._end_peer(visitor)
            await self._forget(visitor)
            return
        if visitor.id not in self._by_id:  # hung up meanwhile
            await self._control.visitor_left(visitor.id)
            return
        visitor.voice = voice
        voice.on_closed = lambda: self._line_ended(visitor)
        voice.attach(lambda pcm: self._wire.play(visitor.number, pcm) if self._wire else None)
        for key in visitor.early_keys:
            self._control.visitor_pressed(visitor.id, key)

    def _line_ended(self, visitor: _Visitor) -> None:
        """The call ended on the line's side."""
        self._end_peer(visitor)
        visitor.voice = None
        self._run(self._forget(visitor))

    def _end_peer(self, visitor: _Visitor) -> None:
        if self._wire is not None:
            self._wire.tell(visitor.number, {"do": "end"})

    async def _forget(self, visitor: _Visitor) -> None:
        if self._by_id.pop(visitor.id, None) is None:
            return
        del self._by_number[visitor.number]
        if not visitor.answered.done():
            visitor.answered.set_exception(VisitorRefused(RESTARTING))
        if visitor.voice is not None:
            await self._control.visitor_left(visitor.id)

    # --- the worker ---

    async def _supervise(self) -> None:
        deaths = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._run_worker()
            deaths = 0 if loop.time() - began > STEADY_SECONDS else deaths + 1
            wait_seconds = RESTART_SECONDS[min(deaths, len(RESTART_SECONDS) - 1)]
            log.error("the visitors' worker died; it is started again in %.1f s", wait_seconds)
            self._on_health(False, "The process for browser calls died and is being restarted.")
            await asyncio.sleep(wait_seconds)

    async def _run_worker(self) -> None:
        """One worker's life. Whatever ends it, its visitors' calls are ended and it is gone."""
        ours, theirs = socket.socketpair()
        paths = os.pathsep.join(filter(None, (ROOMS, os.environ.get("PYTHONPATH"))))
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "asterisk.visitor_worker",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": paths},
                start_new_session=True,
            )
        self.worker_pid = process.pid
        reader, writer = await asyncio.open_connection(sock=ours)
        wire = Wire(reader, writer)
        try:
            while (received := await wire.receive()) is not None:
                self._received(wire, *received)
        finally:
            self._wire = None
            self.worker_pid = None
            wire.close()
            for visitor in tuple(self._by_id.values()):
                self._run(self._forget(visitor))
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()

    def _received(self, wire: Wire, kind: int, number: int, body: bytes) -> None:
        visitor = self._by_number.get(number)
        if kind == AUDIO:
            if visitor is not None and visitor.voice is not None:
                visitor.voice.send(body)
            return
        message = json.loads(body)
        if message["is"] == "ready":
            self._wire = wire
            self._ready.set()
            self._on_health(True, "Browsers can call.")
        if visitor is None:
            return
        match message["is"]:
            case "answer":
                visitor.wideband = message["wideband"]
                if not visitor.answered.done():
                    visitor.answered.set_result(message["sdp"])
            case "refused":
                if not visitor.answered.done():
                    visitor.answered.set_exception(VisitorRefused(message["why"]))
            case "connected":
                self._run(self._admit(visitor))
            case "gone":
                log.info("visitor %s: %s", visitor.id, message["why"])
                self._run(self._forget(visitor))

    def _run(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Future[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a visitor's call could not be ended cleanly: %s", error, exc_info=error)

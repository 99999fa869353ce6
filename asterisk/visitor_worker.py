"""The process that holds the visitors' WebRTC peers. Started and restarted by VisitorGate; ends with it.

python -m asterisk.visitor_worker FD     FD: this end of the socket pair
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
from typing import Any

import uvloop

from asterisk.visitor_offer import OfferRefused
from asterisk.visitor_peer import VisitorPeer
from asterisk.visitor_wire import AUDIO, Wire

log = logging.getLogger(__name__)


class Worker:
    """Serves one engine until the wire closes."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._peers: dict[int, VisitorPeer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the engine has gone; then every visitor's call is ended."""
        self._wire.tell(0, {"is": "ready"})
        while (received := await self._wire.receive()) is not None:
            kind, visitor, body = received
            if kind == AUDIO:
                if peer := self._peers.get(visitor):
                    peer.play(body)
                continue
            message: dict[str, Any] = json.loads(body)
            self._start(
                self._offer(visitor, message["sdp"]) if message["do"] == "offer" else self._end(visitor)
            )
        await asyncio.gather(*(self._end(visitor) for visitor in tuple(self._peers)))
        self._wire.close()

    async def _offer(self, visitor: int, sdp: str) -> None:
        def gone(why: str) -> None:
            self._wire.tell(visitor, {"is": "gone", "why": why})
            self._start(self._end(visitor))

        peer = self._peers[visitor] = VisitorPeer(
            on_connected=lambda: self._wire.tell(visitor, {"is": "connected"}),
            on_audio=lambda pcm: self._wire.play(visitor, pcm),
            on_gone=gone,
        )
        try:
            answer = await peer.answer(sdp)
        except OfferRefused as refusal:
            self._wire.tell(visitor, {"is": "refused", "why": str(refusal)})
            await self._end(visitor)
        except Exception:
            log.exception("an offer that could not be answered")
            self._wire.tell(
                visitor, {"is": "refused", "why": "The offer could not be answered; see the log."}
            )
            await self._end(visitor)
        else:
            self._wire.tell(visitor, {"is": "answer", "sdp": answer, "wideband": peer.sample_rate == 16000})

    async def _end(self, visitor: int) -> None:
        peer = self._peers.pop(visitor, None)
        if peer is not None:
            await peer.close()

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def serve(descriptor: int) -> None:
    """Run a worker on an inherited socket."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor))
    await Worker(Wire(reader, writer)).run()


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="visitors: %(name)s: %(message)s")
    # The engine ends us by closing the wire, after it has ended the calls.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()

"""The open streams of server-sent events by which pages hear what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from console.faults import Fault
from console.sending import send
from engine.ports import Clock


class PageStreams:
    """Each open page holds one stream, at most `most` of them: a leak must not exhaust the process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, tell: Callable[[web.StreamResponse], Awaitable[None]]) -> web.StreamResponse:
        """Until `tell`, which prepares the answer and writes to it, has ended. Raises Fault 503."""
        if len(self._open) >= self._most:
            raise Fault(503, f"{self._most} pages are open already; close some and load this one anew.")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        task = asyncio.ensure_future(_told(tell, response))
        self._open.add(task)
        try:
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()
        except ConnectionResetError:
            pass  # the page was closed: the usual end of a stream
        finally:
            task.cancel()
            self._open.discard(task)
        return response

    async def close(self, app: web.Application) -> None:
        """At shutdown: every stream ends now, so that the server need not wait for its pages."""
        for task in tuple(self._open):
            task.cancel()


async def _told(tell: Callable[[web.StreamResponse], Awaitable[None]], response: web.StreamResponse) -> None:
    await tell(response)


async def tell_names(response: web.StreamResponse, clock: Clock, names: Iterable[str]) -> None:
    """The server's time, and an event without data for each name. Raises ConnectionResetError."""
    clock_ms = int(clock.now().timestamp() * 1000)
    text = f"event: clock\ndata: {clock_ms}\n\n" + "".join(f"event: {n}\ndata: -\n\n" for n in names)
    await send(response, text.encode())

"""The event stream: what is told, as it is written, to those who stay connected."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import orjson
import structlog
from aiohttp import web

from console.accounts.admission import goes_on
from console.api.problem import Problem
from console.sending import send
from engine.ports import StoreUnavailable
from engine.registers.publications import PublicationLog, Told

log = structlog.get_logger(__name__)

MOST_STREAMS = 50
# What other processes write is seen by looking; one look serves all streams.
LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
# A stream ends after this time, and its client comes again.
LIFE_SECONDS = 900.0
# How often it is asked whether the token or session that opened a stream is still in force.
ASKED_SECONDS = 5.0
CLOSE_LIMIT_SECONDS = 5.0
_RETRY_MS = 2000
_AT_ONCE = 200


class EventFeed:
    """Serves all streams of this process. `close` ends them, so that the server need not wait."""

    def __init__(
        self,
        log: PublicationLog,
        *,
        look_seconds: float = LOOK_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        life_seconds: float = LIFE_SECONDS,
    ) -> None:
        self._log = log
        self._look_seconds = look_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._life_seconds = life_seconds
        self._streams = 0
        self._head = 0
        self._news = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._closing = False

    async def serve(
        self, request: web.Request, after: int | None, kinds: Collection[str], subject: str | None
    ) -> web.StreamResponse:
        """All that is told after this number (None: from now on). Problem 503: too many streams."""
        async with self._following():
            position = await self._log.settled() if after is None else after
            response = web.StreamResponse(
                headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
            )
            await response.prepare(request)
            try:
                await send(response, f"retry: {_RETRY_MS}\nid: {position}\n\n".encode())
                await self._tell_on(request, response, position, kinds, subject)
            except ConnectionResetError:
                pass  # the client went away, or takes nothing: it comes again with the last id it has
            except StoreUnavailable as unavailable:
                log.warning("an event stream ended: the database is away", why=str(unavailable))
            return response

    async def close(self, app: web.Application) -> None:
        """Returns once nothing asks the database any more."""
        self._closing = True
        self._news.set()
        self._ending.set()
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=CLOSE_LIMIT_SECONDS)

    async def _tell_on(
        self,
        request: web.Request,
        response: web.StreamResponse,
        position: int,
        kinds: Collection[str],
        subject: str | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._life_seconds
        asked_at = loop.time()
        while not self._closing and loop.time() < until:
            head = await self._beyond(position)
            if loop.time() - asked_at >= ASKED_SECONDS:
                asked_at = loop.time()
                if not await goes_on(request):
                    return
            if head <= position:
                await send(response, b":\n\n")
                continue
            some = await self._log.between(position, head, limit=_AT_ONCE, kinds=kinds, subject=subject)
            position = some[-1].number if len(some) == _AT_ONCE else head
            shown = "".join(event_text(told) for told in some)
            # The place reached is told too, so that what was passed over is not looked through again.
            await send(response, (shown + f"id: {position}\n\n").encode())

    async def _beyond(self, position: int) -> int:
        """The last number there is, once it is beyond this one, or after a while, or at the end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._heartbeat_seconds
        while self._head <= position and not self._closing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._news.wait()
            if loop.time() >= until:
                break
        return self._head

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[None]:
        if self._streams >= MOST_STREAMS or self._closing:
            raise Problem(
                503,
                "unavailable",
                f"{MOST_STREAMS} streams are open already; close some, then try again.",
                headers={"Retry-After": "5"},
            )
        self._streams += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_on())
        try:
            yield
        finally:
            self._streams -= 1

    async def _look_on(self) -> None:
        """Ends by itself after the last stream: a look that is cut off would leave its connection behind."""
        while self._streams and not self._closing:
            try:
                head = await self._log.settled()
                if head > self._head:
                    self._head = head
                    news, self._news = self._news, asyncio.Event()
                    news.set()
            except StoreUnavailable as unavailable:
                log.warning("event streams wait for the database", why=str(unavailable))
            except Exception:
                log.exception("new events could not be looked for; looking again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await self._ending.wait()


def event_text(told: Told) -> str:
    """One event as the stream has it: its id is the number by which a client resumes."""
    data = orjson.dumps({"number": told.number, **told.body()}).decode()
    return f"id: {told.number}\nevent: {told.kind}\ndata: {data}\n\n"

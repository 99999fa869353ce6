"""/events: tells pages what has changed, so that they fetch that part anew. It carries no data itself."""

from __future__ import annotations

import asyncio

from aiohttp import web

from console.accounts.admission import goes_on
from console.page_streams import PageStreams, tell_names
from engine.live import LiveCalls
from engine.ports import Clock

MOST_STREAMS = 100
# Changes within this time are told once, so that a busy line does not make a page fetch all the time.
GATHER_SECONDS = 0.2
HEARTBEAT_SECONDS = 10.0
# Told to the page of somebody who may not see it any more, as the last thing.
SIGNED_OUT = ("signed-out",)
# The history is written behind the call's end; where that took longer, the page looks once more.
SETTLED_SECONDS = 1.5
SUBJECTS = frozenset({"floor", "flows", "health", "history"})
EVERYTHING = ("health", "live", "call", "history", "flows", "floor")


class EventStream:
    """Server-sent events: `clock` (server time, also the heartbeat), and the names in EVERYTHING.

    `call` is about the call named in `?call=ID`; `live` about any call.
    """

    def __init__(self, live: LiveCalls, clock: Clock) -> None:
        self._live = live
        self._clock = clock
        self._streams = PageStreams(MOST_STREAMS)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Raises Fault 503 when too many pages are open."""
        return await self._streams.serve(lambda response: self._serve(request, response))

    async def close(self, app: web.Application) -> None:
        await self._streams.close(app)

    async def _serve(self, request: web.Request, response: web.StreamResponse) -> None:
        mine = request.query.get("call")
        async with self._live.watch() as changes:
            await response.prepare(request)
            # A page may have been rendered before the watch began.
            await tell_names(response, self._clock, EVERYTHING)
            settling: tuple[str, ...] = ()
            asked_at = self._clock.monotonic()
            while True:
                if self._clock.monotonic() - asked_at >= HEARTBEAT_SECONDS:
                    asked_at = self._clock.monotonic()
                    if not await goes_on(request):
                        await tell_names(response, self._clock, SIGNED_OUT)
                        return
                try:
                    first = await asyncio.wait_for(
                        changes.get(), SETTLED_SECONDS if settling else HEARTBEAT_SECONDS
                    )
                except TimeoutError:
                    await tell_names(response, self._clock, settling)
                    settling = ()
                    continue
                await asyncio.sleep(GATHER_SECONDS)
                subjects = {first}
                while not changes.empty():
                    subjects.add(changes.get_nowait())
                names = self._told(subjects, mine)
                await tell_names(response, self._clock, names)
                if "history" in names:
                    settling = tuple(name for name in ("call", "history") if name in names)

    def _told(self, subjects: set[str | None], mine: str | None) -> tuple[str, ...]:
        """The event names for what changed. None among them: changes were lost, so everything may have."""
        if None in subjects:
            return EVERYTHING
        names = [name for name in sorted(SUBJECTS) if name in subjects]
        calls = {subject for subject in subjects - SUBJECTS if subject is not None}
        if calls:
            names.append("live")
        if mine in calls:
            names.append("call")
        # A call that changed and is no longer live has ended, and will be in the history.
        if "history" not in names and any(self._live.get(call_id) is None for call_id in calls):
            names.append("history")
        return tuple(names)

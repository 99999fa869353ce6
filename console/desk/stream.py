"""/desk/events: tells the desk which of its parts are old. It carries no data itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from console.accounts.admission import goes_on
from console.desk.pages import agent_of
from console.faults import Fault
from console.page_streams import PageStreams, tell_names
from console.sending import send
from engine.desk.desks import Desks
from engine.desk.refusals import DeskRefused
from engine.desk.view import DeskPart
from engine.ports import Clock

MOST_STREAMS = 1000
# Changes within this time are told once. A call that rings is told of at once.
GATHER_SECONDS = 0.05
HEARTBEAT_SECONDS = 10.0
LONGEST_PAGE_ID = 40
# The page's parts that are old when this has changed.
OLD: Mapping[DeskPart, tuple[str, ...]] = {
    DeskPart.STATE: ("status", "band", "timeline", "side"),
    DeskPart.OFFER: ("status", "band"),
    DeskPart.TALK: ("band",),
    DeskPart.POPUP: ("band", "customer", "timeline", "side"),
    DeskPart.NOTES: ("side", "band", "customer"),
    DeskPart.DAY: ("strip",),
    DeskPart.QUEUES: ("queues", "targets", "idle"),
    DeskPart.WRITTEN: ("written",),
    DeskPart.CHATS: ("chats",),
    DeskPart.PHONE: ("phone",),
    DeskPart.ELSEWHERE: ("elsewhere",),
    DeskPart.SIGNED_OUT: ("dismissed",),
    DeskPart.ALL: ("status", "band", "customer", "timeline", "side", "strip", "queues", "written", "chats"),
}
LAST = frozenset({DeskPart.ELSEWHERE, DeskPart.SIGNED_OUT})


class DeskStream:
    """Server-sent events: `clock` (server time in ms, also the heartbeat), and `desk-PART` as in OLD."""

    def __init__(self, desks: Desks, clock: Clock) -> None:
        self._desks = desks
        self._clock = clock
        self._streams = PageStreams(MOST_STREAMS)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/desk/events", self.get)]

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Raises Fault 400 and 503. The desk's page is there while this is open."""
        agent = await agent_of(request, self._desks)
        page = page_id(request.query.get("page", ""))
        return await self._streams.serve(lambda response: self._serve(request, response, agent, page))

    async def close(self, app: web.Application) -> None:
        await self._streams.close(app)

    async def _serve(self, request: web.Request, response: web.StreamResponse, agent: str, page: str) -> None:
        await response.prepare(request)
        try:
            async with self._desks.watch(agent, page) as changes:
                # The page may have been rendered before the watch began.
                await self._tell(response, {DeskPart.ALL})
                asked_at = self._clock.monotonic()
                while True:
                    if self._clock.monotonic() - asked_at >= HEARTBEAT_SECONDS:
                        asked_at = self._clock.monotonic()
                        if not await goes_on(request):
                            await send(response, b"event: signed-out\ndata: -\n\n")
                            return
                    try:
                        first = await asyncio.wait_for(changes.get(), HEARTBEAT_SECONDS)
                    except TimeoutError:
                        await self._tell(response, set())
                        continue
                    await asyncio.sleep(GATHER_SECONDS)
                    parts = {first}
                    while not changes.empty():
                        parts.add(changes.get_nowait())
                    await self._tell(response, parts)
                    if parts & LAST:
                        return
        except DeskRefused:  # another page is the desk, or the person may not have one any more
            await self._tell(response, {DeskPart.ELSEWHERE})

    async def _tell(self, response: web.StreamResponse, parts: set[DeskPart]) -> None:
        names = sorted({name for part in parts for name in OLD[part]})
        await tell_names(response, self._clock, [f"desk-{name}" for name in names])


def page_id(given: str) -> str:
    """Raises Fault 400."""
    if not given or len(given) > LONGEST_PAGE_ID or not given.isascii() or not given.isprintable():
        raise Fault(400, "The page's own id is wanted as `page`. Load /desk anew.")
    return given

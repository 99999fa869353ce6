"""The visitor's side of chats, as one set of routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from aiohttp import web

from console.web_chat.calls import ChatCalls
from console.web_chat.contact_form import ContactForms
from console.web_chat.door import Door
from console.web_chat.pages import ChatPages
from console.web_chat.stream import ChatStream
from console.web_chat.talking import Talking
from engine.chat.sides import VisitorSide
from engine.ports import Clock, Ids, Visitors
from engine.registers.callbacks import Callbacks
from messaging.chat_site import ChatSite
from schedules.opening_hours import OpeningHours


class WebChat:
    """`sites`, and the company's `hours`: by name, as they are now. `region`, `zone`: the company's."""

    def __init__(
        self,
        sites: Callable[[], Mapping[str, ChatSite]],
        side: VisitorSide,
        visitors: Visitors,
        callbacks: Callbacks,
        *,
        hours: Callable[[str], OpeningHours | None],
        clock: Clock,
        ids: Ids,
        region: str,
        zone: tzinfo,
    ) -> None:
        door = Door(sites, clock)
        pages = ChatPages(door, side)
        self._stream = ChatStream(door, side)
        forms = ContactForms(
            door,
            callbacks,
            page=pages.rendered,
            hours=hours,
            clock=clock,
            ids=ids,
            region=region,
            zone=zone,
        )
        self._parts = (
            pages,
            Talking(door, side, clock, region),
            self._stream,
            ChatCalls(door, side, visitors),
            forms,
        )

    def routes(self) -> list[web.RouteDef]:
        return [route for part in self._parts for route in part.routes()]

    async def close(self, app: web.Application) -> None:
        """At shutdown: the streams end, so that the server need not wait for visitors' pages."""
        await self._stream.close(app)

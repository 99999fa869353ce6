"""*Call from the browser*: a visitor's offer becomes a call that carries the chat along."""

from __future__ import annotations

import re

from aiohttp import web

from console.api.rate_limits import address_key
from console.web_chat.asking import BrowserCall, Sent, sent
from console.web_chat.door import Door
from console.web_chat.refusals import Turned
from console.web_chat.talking import turned_away
from engine.chat.sides import VisitorSide
from engine.ports import VisitorAnswer, VisitorRefused, Visitors

MOST_OF_ADDRESS = 5
_KEYS = re.compile(r"[0-9*#]{1,32}")


class _Keys(Sent):
    keys: str


class ChatCalls:
    """As console.visitor_calls, for whoever has a chat; its visitor's id is known to them alone."""

    def __init__(self, door: Door, side: VisitorSide, visitors: Visitors) -> None:
        self._door = door
        self._side = side
        self._visitors = visitors
        # Chat -> its visitor's call, "" while it is offered, and from where it comes.
        self._calls: dict[str, tuple[str, str]] = {}

    def routes(self) -> list[web.RouteDef]:
        one = "/chat/{site}/call/{visitor_id}"
        return [
            web.post("/chat/{site}/call/offer", turned_away(self._door, self.offer)),
            web.post(f"{one}/keys", turned_away(self._door, self.keys)),
            web.get(one, turned_away(self._door, self.there)),
            web.delete(one, turned_away(self._door, self.hang_up)),
        ]

    async def offer(self, request: web.Request) -> web.Response:
        """{"chat", "secret", "sdp"} -> {"visitor", "sdp"}."""
        site = self._door.from_own_page(request)
        asked = await sent(BrowserCall, request)
        self._door.of_chat(asked.chat)
        if site.number is None:
            raise Turned("no_call")
        if not (await self._side.check(asked.chat, asked.secret)).is_open:
            raise Turned("closed")
        answer = await self._offered(asked, site.number, address_key(request.remote))
        return web.json_response({"visitor": answer.visitor_id, "sdp": answer.sdp})

    async def _offered(self, asked: BrowserCall, number: str, address: str) -> VisitorAnswer:
        """A chat has one call at a time, an address a few: lines for browsers are few, and everybody's."""
        over = [chat for chat, (call, _) in self._calls.items() if call and call not in self._visitors]
        for chat in over:
            del self._calls[chat]
        before, _ = self._calls.get(asked.chat, (None, ""))
        if before == "":
            raise Turned("too_fast")
        if sum(caller == address for _, caller in self._calls.values()) - bool(before) >= MOST_OF_ADDRESS:
            raise Turned("no_call")
        self._calls[asked.chat] = (call := "", address)
        try:
            if before:  # of a page that was loaded anew
                await self._visitors.hang_up(before)
            answer = await self._visitors.offer(asked.sdp, number)
            call = answer.visitor_id
            await self._side.calls(asked.chat, asked.secret, call)
        except BaseException as failed:
            del self._calls[asked.chat]
            if call:
                await self._visitors.hang_up(call)
            if isinstance(failed, VisitorRefused):
                raise Turned("no_call") from failed
            raise
        self._calls[asked.chat] = (call, address)
        return answer

    async def keys(self, request: web.Request) -> web.Response:
        self._door.from_own_page(request)
        keys = (await sent(_Keys, request)).keys
        if not _KEYS.fullmatch(keys):
            raise Turned("unreadable")
        try:
            await self._visitors.press(request.match_info["visitor_id"], keys)
        except KeyError as error:
            raise Turned("gone") from error
        return web.Response(status=204)

    async def there(self, request: web.Request) -> web.Response:
        """-> {"there"}."""
        self._door.from_own_page(request)
        return web.json_response({"there": request.match_info["visitor_id"] in self._visitors})

    async def hang_up(self, request: web.Request) -> web.Response:
        self._door.from_own_page(request)
        await self._visitors.hang_up(request.match_info["visitor_id"])
        return web.Response(status=204)

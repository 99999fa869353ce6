"""GET /chat/{site}/events: what is new in a chat, as server-sent events."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

import orjson
from aiohttp import web

from console.api.rate_limits import address_key
from console.faults import Fault
from console.page_streams import PageStreams
from console.sending import send
from console.web_chat.door import Door
from console.web_chat.refusals import Turned, code_of
from console.web_chat.talking import turned_away
from console.web_chat.telling import news_told
from engine.chat.sides import ChatNews, ChatRefused, VisitorSide

MOST_STREAMS = 2000
# Of one address, which may be an office or a mobile network: it must not take the others' away.
MOST_OF_ADDRESS = 200
HEARTBEAT_SECONDS = 15.0
_LARGEST_SEQ = 10**9


class ChatStream:
    """Events `news` (telling.news_told; its id is the last line's number) and `refused` (a code).

    The chat and its secret come as headers, X-Chat and X-Chat-Secret: addresses get into logs.
    """

    def __init__(self, door: Door, side: VisitorSide) -> None:
        self._door = door
        self._side = side
        self._streams = PageStreams(MOST_STREAMS)
        self._addresses = Counter[str]()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/chat/{site}/events", turned_away(self._door, self.get))]

    async def close(self, app: web.Application) -> None:
        await self._streams.close(app)

    async def get(self, request: web.Request) -> web.StreamResponse:
        self._door.from_own_page(request)
        chat, secret = request.headers.get("X-Chat", ""), request.headers.get("X-Chat-Secret", "")
        if not chat or not secret or len(chat) > 100 or len(secret) > 200 or not (chat + secret).isascii():
            raise Turned("gone")
        await self._side.check(chat, secret)
        self._door.of_chat(chat)  # one that is over is read from the store each time
        last = request.headers.get("Last-Event-ID", "0")
        after = min(int(last), _LARGEST_SEQ) if last.isascii() and last.isdecimal() and len(last) < 12 else 0

        async def tell(response: web.StreamResponse) -> None:
            await response.prepare(request)
            try:
                await self._tell(response, self._side.follow(chat, secret, after), after)
            except ChatRefused as refused:
                await send(response, f"event: refused\ndata: {code_of(refused)}\n\n".encode())

        address = address_key(request.remote)
        if self._addresses[address] >= MOST_OF_ADDRESS:
            raise Turned("full")
        self._addresses[address] += 1
        try:
            return await self._streams.serve(tell)
        except Fault as full:
            raise Turned("full") from full
        finally:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    async def _tell(self, response: web.StreamResponse, news: AsyncIterator[ChatNews], last: int) -> None:
        """Until the chat is closed, or the page has gone."""
        coming = asyncio.ensure_future(_next(news))
        try:
            while True:
                done, _ = await asyncio.wait([coming], timeout=HEARTBEAT_SECONDS)
                if not done:
                    await send(response, b": here\n\n")
                    continue
                one = coming.result()
                if one is None:
                    return
                last = max([last, *(line.seq for line in one.lines)])
                await send(
                    response, b"event: news\nid: %d\ndata: %b\n\n" % (last, orjson.dumps(news_told(one)))
                )
                coming = asyncio.ensure_future(_next(news))
        finally:
            coming.cancel()
            with suppress(asyncio.CancelledError, ChatRefused):
                await coming
            if isinstance(news, AsyncGenerator):
                await news.aclose()  # else the visitor counts as present until it is collected


async def _next(news: AsyncIterator[ChatNews]) -> ChatNews | None:
    return await anext(news, None)

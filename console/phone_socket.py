"""/phone: the WebSocket by which the telephone in an agent's page reaches Asterisk."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web

from console.accounts.admission import goes_on
from console.accounts.identity import identified
from console.faults import Fault

log = logging.getLogger(__name__)

SUBPROTOCOL = "sip"
LONGEST_MESSAGE = 64 * 1024  # bytes; an offer with many addresses has 8 KiB
CONNECT_SECONDS = 5.0
SEND_SECONDS = 10.0
HEARTBEAT_SECONDS = 20.0
"""A page or an Asterisk that does not answer a ping for half of this is taken for gone."""
CHECK_SECONDS = 60.0
"""How often it is asked whether the person may still be here."""
MOST_SOCKETS = 6
"""Of one person: windows that are about to close, and the one that stays."""
AWAY = "Asterisk is not reachable just now. The page tries again."

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse[bool]


class PhoneSocket:
    """`url` is Asterisk's WebSocket; `from_address` the address of this machine that it is asked from.

    `ready`: whether Asterisk has booted. Before that it takes connections, and drops what they send: a page
    would wait half a minute for its answer.
    """

    def __init__(self, url: str, from_address: str, ready: Callable[[], bool] = lambda: True) -> None:
        self._url = url
        self._ready = ready
        self._from_address = from_address
        self._open: weakref.WeakSet[web.WebSocketResponse] = weakref.WeakSet()
        self._by_person: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/phone", self.get)]

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Raises Fault 401 for nobody, 403 for another site, 429 for too many, 503 without Asterisk."""
        identity = identified(request)
        if identity is None:
            raise Fault(401, "A telephone belongs to a person. Sign in first, at /sign-in.")
        _check_origin(request)
        ours = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            max_msg_size=LONGEST_MESSAGE,
            heartbeat=HEARTBEAT_SECONDS,
            compress=False,
        )
        if not ours.can_prepare(request) or SUBPROTOCOL not in _protocols_of(request):
            raise Fault(400, 'This address takes WebSockets of the subprotocol "sip" only.')
        person = identity.actor.id
        if self._by_person[person] >= MOST_SOCKETS:
            raise Fault(429, "You have too many telephones open. Close other windows of the desk.")
        if not self._ready():
            raise Fault(503, AWAY)
        self._by_person[person] += 1
        try:
            return await self._serve(request, ours)
        finally:
            self._by_person[person] -= 1
            if not self._by_person[person]:
                del self._by_person[person]

    async def close(self, _: web.Application) -> None:
        """The console shuts down."""
        sockets = tuple(self._open)
        await asyncio.gather(*(_close(one, WSCloseCode.GOING_AWAY) for one in sockets))

    async def _serve(self, request: web.Request, ours: web.WebSocketResponse) -> web.WebSocketResponse:
        connector = aiohttp.TCPConnector(local_addr=(self._from_address, 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    theirs = await session.ws_connect(
                        self._url,
                        protocols=(SUBPROTOCOL,),
                        max_msg_size=LONGEST_MESSAGE,
                        heartbeat=HEARTBEAT_SECONDS,
                    )
            except (aiohttp.ClientError, OSError, TimeoutError) as failure:
                log.info("a page's telephone does not reach Asterisk: %s", failure)
                raise Fault(503, AWAY) from None
            await ours.prepare(request)
            self._open.add(ours)
            ways = [
                asyncio.create_task(_pour(ours, theirs)),
                asyncio.create_task(_pour(theirs, ours)),
                asyncio.create_task(_until_left(request)),
            ]
            left = False
            try:
                done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                left = ways[2] in done
                for way in done:
                    if (fault := way.exception()) is not None:
                        log.info("a page's telephone is cut off: %r", fault)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                code = WSCloseCode.POLICY_VIOLATION if left else WSCloseCode.GOING_AWAY
                await asyncio.gather(_close(ours, code), _close(theirs, WSCloseCode.OK))
        return ours


async def _pour(source: Socket, sink: Socket) -> None:
    """Until either ends. Raises TimeoutError when `sink` takes nothing, OSError when it is gone."""
    while True:
        message = await source.receive()
        async with asyncio.timeout(SEND_SECONDS):
            if message.type is WSMsgType.TEXT:
                await sink.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await sink.send_bytes(message.data)
            else:
                return


async def _until_left(request: web.Request) -> None:
    """Until the person's session or account has ended."""
    while await goes_on(request):  # noqa: ASYNC110 - it is a question, and nobody tells
        await asyncio.sleep(CHECK_SECONDS)


async def _close(socket: Socket, code: int) -> None:
    try:
        async with asyncio.timeout(1.0):
            await socket.close(code=code)
    except (OSError, TimeoutError) as failure:
        log.debug("a telephone's connection was not closed in form: %s", failure)


def _protocols_of(request: web.Request) -> list[str]:
    return [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]


def _check_origin(request: web.Request) -> None:
    """The guard lets every GET pass, and a browser opens WebSockets for any site, cookies and all."""
    origin = urlsplit(request.headers.get("Origin", "")).netloc.lower()
    if origin != request.host.lower():
        raise Fault(403, "Another site's page may not do this. Use the console's own page.")

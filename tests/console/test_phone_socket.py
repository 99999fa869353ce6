"""/phone: who may use the way to Asterisk, and that neither end is left with half of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from console.phone_socket import MOST_SOCKETS, PhoneSocket
from tests.browser_phone import OnePerson, phone_application

ADDRESS = "127.0.0.61"
HANDSHAKE = {
    "Sec-WebSocket-Protocol": "sip",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@dataclass
class Way:
    """A page's side, the person whose page it is, and an Asterisk that says everything back."""

    client: TestClient
    person: OnePerson
    asterisk: TestServer
    ready: bool = True
    callers: list[str | None] = field(default_factory=list)
    there: list[web.WebSocketResponse] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")

    async def status(self, **headers: str) -> int:
        sent = {"Origin": self.origin, **HANDSHAKE, **headers}
        async with self.client.get("/phone", headers=sent) as answer:
            return answer.status

    async def open(self) -> ClientWebSocketResponse:
        return await self.client.ws_connect("/phone", protocols=("sip",), origin=self.origin)

    async def all_closed(self) -> None:
        async with asyncio.timeout(5):
            while not all(socket.closed for socket in self.there):  # noqa: ASYNC110 - it is elsewhere
                await asyncio.sleep(0.01)


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    found: list[Way] = []

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        found[0].callers.append(request.remote)
        found[0].there.append(socket)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    application = web.Application()
    application.router.add_get("/ws", echo)
    async with TestServer(application, host="127.0.0.1") as asterisk:
        person = OnePerson()
        socket = PhoneSocket(str(asterisk.make_url("/ws")), ADDRESS, lambda: found[0].ready)
        pages = phone_application(person, socket)
        pages.on_shutdown.append(socket.close)
        async with TestClient(TestServer(pages, host="127.0.0.1")) as client:
            found.append(Way(client, person, asterisk))
            yield found[0]


async def test_what_a_page_says_reaches_asterisk_from_an_address_of_its_own(way: Way) -> None:
    page = await way.open()
    await page.send_str("REGISTER sip:infolinia.invalid SIP/2.0\r\n\r\n")
    assert (await page.receive(5)).data.startswith("REGISTER ")
    assert way.callers == [ADDRESS]
    await page.close()
    await way.all_closed()


async def test_the_way_is_for_those_who_signed_in_on_our_own_page(way: Way) -> None:
    way.person.signed_in = False
    assert await way.status() == 401
    way.person.signed_in = True
    assert await way.status(Origin="http://elsewhere.example.com") == 403
    assert await way.status(Origin="") == 403
    assert await way.status(**{"Sec-WebSocket-Protocol": "chat"}) == 400
    assert await way.status(Upgrade="") == 400
    assert way.callers == []


async def test_one_person_has_so_many_and_no_more(way: Way) -> None:
    pages = [await way.open() for _ in range(MOST_SOCKETS)]
    assert await way.status() == 429
    await pages[0].close()
    async with asyncio.timeout(5):
        while await way.status() == 429:  # noqa: ASYNC110 - it is elsewhere
            await asyncio.sleep(0.01)


async def test_a_message_that_no_telephone_sends_ends_both_ends(way: Way) -> None:
    page = await way.open()
    await page.send_str("x" * 70_000)
    assert (await page.receive(5)).type is WSMsgType.CLOSE
    await way.all_closed()


async def test_who_is_signed_out_loses_the_telephone(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.phone_socket.CHECK_SECONDS", 0.02)
    page = await way.open()
    way.person.signed_in = False
    assert (await page.receive(5)).type is WSMsgType.CLOSE
    assert page.close_code == 1008
    await way.all_closed()


async def test_a_page_learns_that_asterisk_is_away(way: Way) -> None:
    page = await way.open()
    await page.send_str("so that both are there")
    await page.receive(5)
    await way.there[0].close()
    assert (await page.receive(5)).type is WSMsgType.CLOSE
    way.ready = False
    assert await way.status() == 503
    way.ready = True
    await way.asterisk.close()
    assert await way.status() == 503

"""A client that takes nothing of a streamed answer is let go."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from console import sending
from console.sending import send

PIECE = b"x" * 65_536
MORE_THAN_BUFFERS_HOLD = 4_000  # pieces


async def test_a_client_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WRITE_LIMIT_SECONDS", 0.2)
    ended: asyncio.Future[ConnectionResetError | None] = asyncio.get_running_loop().create_future()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(MORE_THAN_BUFFERS_HOLD):
                await send(response, PIECE)
            ended.set_result(None)
        except ConnectionResetError as reset:
            ended.set_result(reset)
        return response

    app = web.Application()
    app.router.add_get("/", endless)
    async with TestServer(app) as server:
        _, writer = await asyncio.open_connection(server.host, server.port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(20):
            reset = await ended
        writer.transport.abort()
    assert "took nothing" in str(reset)

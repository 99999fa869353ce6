"""Forms that no browser sends."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from console.faults import Fault
from console.form_bodies import form_of


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"message%3Am1=yes&reason=no%00", 2), (b"message%3Am1%00=yes", 400)],
)
async def test_names_of_fields_may_be_ids(body: bytes, told: int) -> None:
    async def take(request: web.Request) -> web.Response:
        try:
            return web.json_response(len(await form_of(request)))
        except Fault as fault:
            return web.json_response(fault.status)

    application = web.Application()
    application.add_routes([web.post("/", take)])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with TestClient(TestServer(application)) as client:
        answer = await client.post("/", data=body, headers=headers)
        assert await answer.json() == told
